"""Clients that write, and a ledger of what the server has acknowledged to each of them.

A write whose answer never came, or was 503, may be there or not: the ledger has both states of the
resource until a read tells which. Every other difference between the ledger and the server is an
acknowledged write that is lost, or half of one.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from time import sleep
from typing import Any

import httpx2

from ..support.bulk import bulk_request, post
from ..support.scim import Record, add, group, patch_op, remove, replace, user
from ..support.server import Server, plain_client

State = dict[str, Any] | None  # the attributes that a client has sent; None if there is none
PAUSE = 0.05  # seconds after a request that failed
AT_ONCE = 3  # creates in a bulk request


@dataclass
class Writer:
    """One client; nobody else changes its resources.

    ``known`` has the acknowledged state of each resource by its path, ``open`` the state that it
    may have instead. ``nameless`` are names of creates of which no answer came.
    """

    name: str
    chance: random.Random
    known: dict[str, State] = field(default_factory=dict)
    open: dict[str, State] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    number: int = 0

    def write(self, server: Server, ended: Event) -> None:
        """Send one write after the other until ``ended``."""
        with plain_client(headers=server.session.headers) as session:
            while not ended.is_set():
                self.number += 1
                if not self.one(lambda *sent: self.send(session, server.url, *sent)):
                    sleep(PAUSE)

    def send(self, session: httpx2.Client, base: str, method: str, path: str, body: Any) -> Any:
        """Return an acknowledged answer, or None if nobody knows whether the write was done."""
        try:
            answer = session.request(method, base + path, json=body)
        except httpx2.TransportError:
            self.counts["unanswered"] += 1
            return None
        if answer.status_code == 503:
            self.counts["answered 503"] += 1
            return None
        assert answer.status_code in (200, 201, 204), answer.text
        self.counts["acknowledged"] += 1
        return answer

    def one(self, send: Callable[..., Any]) -> bool:
        """Do one write, and note what it means; tell whether it was acknowledged."""
        mine = [path for path in self.known if path not in self.open and self.known[path]]
        users = [path for path in mine if path.startswith("/Users")]
        groups = [path for path in mine if path.startswith("/Groups")]
        kinds: list[Callable[[], bool]] = [lambda: self.create_many(send)]
        if len(users) > 2:
            pair = self.chance.sample(users, 2)
            kinds += [lambda: self.create_group(send, pair)] * 2
            kinds += [lambda: self.retitle(send, pair[0])] * 4
            kinds += [lambda: self.delete(send, pair[0])]
        if groups and users:
            chosen = self.chance.choice(groups)
            kinds += [lambda: self.change_member(send, chosen, self.chance.choice(users))] * 4
            kinds += [lambda: self.delete(send, chosen)]
        return self.chance.choice(kinds)()

    def create_many(self, send: Callable[..., Any]) -> bool:
        names = [f"{self.name}-{self.number}-{index}" for index in range(AT_ONCE)]
        operations = [post(name, user(name, title=name)) for name in names]
        answer = send("POST", "/Bulk", bulk_request(*operations))
        results = answer.json()["Operations"] if answer else []
        for name, result in zip(names, results, strict=False):
            if result["status"] == "201":
                path = "/Users/" + result["location"].rpartition("/")[2]
                self.known[path] = {"userName": name, "title": name}
            else:
                assert result["status"] == "503", result
                self.nameless.add(name)
        self.nameless.update(names[len(results) :])
        return bool(answer)

    def create_group(self, send: Callable[..., Any], users: list[str]) -> bool:
        name = f"{self.name}-{self.number}"
        members = {path.rpartition("/")[2] for path in users}
        body = group(name) | {"members": [{"value": each} for each in members]}
        answer = send("POST", "/Groups", body)
        if answer:
            self.known[f"/Groups/{answer.json()['id']}"] = {"displayName": name, "members": members}
        else:
            self.nameless.add(name)
        return bool(answer)

    def retitle(self, send: Callable[..., Any], path: str) -> bool:
        title = f"title {self.number}"
        changed = (self.known[path] or {}) | {"title": title}
        return self.change(send, path, changed, patch_op(replace("title", title)))

    def change_member(self, send: Callable[..., Any], path: str, member: str) -> bool:
        before: Record = self.known[path] or {}
        own = member.rpartition("/")[2]
        joins = own not in before["members"]
        after = before | {"members": before["members"] ^ {own}}
        value = [{"value": own}]
        operation = add("members", value) if joins else remove(f'members[value eq "{own}"]')
        return self.change(send, path, after, patch_op(operation))

    def change(self, send: Callable[..., Any], path: str, after: State, body: Any) -> bool:
        answer = send("PATCH", path, body)
        (self.known if answer else self.open)[path] = after
        return bool(answer)

    def delete(self, send: Callable[..., Any], path: str) -> bool:
        """Delete a group, or a user, who thereby leaves all groups."""
        answer = send("DELETE", path, None)
        (self.known if answer else self.open)[path] = None
        if answer:
            self.leave(path)
        return bool(answer)

    def leave(self, path: str) -> None:
        own = path.rpartition("/")[2]
        for states in (self.known, self.open):
            for each, state in states.items():
                if state and own in state.get("members", ()):
                    states[each] = state | {"members": state["members"] - {own}}

    def settle(self, there: dict[str, Record]) -> Iterator[str]:
        """Compare the ledger with what is there, by path; yield what is lost or halved."""
        for path in [path for path, state in self.open.items() if state is None]:
            if path not in there:  # the delete was done, so the user has left all groups
                self.leave(path)
        for path, state in self.known.items():
            expected = [state, *([self.open[path]] if path in self.open else [])]
            found = seen(there.get(path))
            if found not in expected:
                yield f"{path} is {found}, and was acknowledged as {state}"
            self.known[path] = found
            if path in self.open:
                self.counts["stored unanswered" if found != state else "not stored"] += 1
        self.open.clear()
        for path, resource in there.items():
            name = resource.get("userName") or resource["displayName"]
            if name in self.nameless:
                self.known[path] = seen(resource)
                self.counts["stored unanswered"] += 1
                if "userName" in resource and resource.get("title") != name:
                    yield f"{path} was created without its title"
                if "displayName" in resource and len(resource.get("members", ())) != 2:
                    yield f"{path} was created without its members"
        self.nameless.clear()


def seen(resource: Record | None) -> State:
    """Return of a resource what the ledger knows of it."""
    if resource is None:
        return None
    if "userName" in resource:
        return {name: resource.get(name) for name in ("userName", "title")}
    members = {each["value"] for each in resource.get("members", ())}
    return {"displayName": resource["displayName"], "members": members}
