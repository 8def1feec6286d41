"""The progress of one visitor in the lessons, and the people whom the lessons need."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import session

from scim.storage.tokens import Tenant

from ..lab.payloads import Answer, ask
from .lessons import Lesson, Names, Sent
from .lessons.lesson import BLANK, DOMAIN, patch, user, written

KEPT = 20  # paths of what a visitor has made, in the session
MARK = re.compile(r"\(lesson [0-9a-f]{4}\)")  # in the name of a group
PAGE = 100
WRITING_ONE = ("PUT", "PATCH", "DELETE")

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ana": {"name": {"givenName": "Ana", "familyName": "Novak"}},
    "vera": {"name": {"givenName": "Vera", "familyName": "Lind"}},
    "omar": {"name": {"givenName": "Omar", "familyName": "Demir"}, "title": "Guide"},
    "eva": {"name": {"givenName": "Eva", "familyName": "Moreau"}},
    **{f"guest{n}": {"name": {"givenName": "Guest", "familyName": str(n)}} for n in range(1, 6)},
}


class NotPreparedError(Exception):
    """A person whom a lesson needs could not be made; the message says why."""


@dataclass(slots=True)
class Visitor:
    """A visitor of the lessons, as the session keeps it. ``ids`` and ``made`` are of one tenant.

    ``made`` are the paths of what the visitor's own requests have made.
    """

    tenant: str
    tag: str
    ids: dict[str, str]
    made: list[str]
    done: list[str]

    @classmethod
    def current(cls, tenant: Tenant) -> "Visitor":
        """Return the visitor of this session; a new one gets a tag of its own."""
        kept = session.get("lessons", {})
        ids = kept.get("ids", {}).get(tenant.name, {})
        tag = kept.get("tag") or secrets.token_hex(2)
        made = kept.get("made", {}).get(tenant.name, [])
        return cls(tenant.name, tag, dict(ids), list(made), kept.get("done", []))

    @property
    def names(self) -> Names:
        return Names(self.tag, self.ids)

    def keep(self) -> None:
        """Keep this visitor in the session."""
        kept = session.get("lessons", {})
        ids = kept.get("ids", {}) | {self.tenant: self.ids}
        made = kept.get("made", {}) | {self.tenant: self.made[-KEPT:]}
        session["lessons"] = {"tag": self.tag, "ids": ids, "made": made, "done": self.done}

    def lacks(self, lesson: Lesson) -> list[str]:
        """Return who must be made before a lesson."""
        return [who for who in lesson.needs if who not in self.ids]

    def owns(self, sent: Sent) -> bool:
        """Tell whether a request changes nothing but what the lessons of this visitor made."""
        own = {*self.ids.values(), *(each.rpartition("/")[2] for each in self.made)}
        return all(each in own for each in _changed(sent))

    def objection(self, lesson: Lesson, sent: Sent) -> str:
        """Return why a request is not sent; empty if it is."""
        if sent.is_unfinished:
            return f"Nothing was sent. Put {lesson.blank} in place of {BLANK} first."
        if not self.owns(sent):
            return (
                "This is none of the people or groups that your lessons made, so it stays as it "
                "is. Use an id of this lesson."
            )
        endings = {"users": f".{self.tag}@{DOMAIN}", "groups": f"(lesson {self.tag})"}
        for kind, name in _named(sent):
            if not name.lower().endswith(endings[kind]):
                what = "a userName" if kind == "users" else "the name of a group"
                return (
                    f"Nothing was sent. In the lessons {what} ends in {endings[kind]}, "
                    "so that all of it can be deleted again."
                )
        return ""

    def forget(self, resource_id: str) -> None:
        """Forget a person who is gone, and must be made again."""
        self.ids = {who: each for who, each in self.ids.items() if each != resource_id}


def prepare(tenant: Tenant, visitor: Visitor, lesson: Lesson) -> None:
    """Make the people whom a lesson needs, or make them again what they were at first.

    :raises NotPreparedError: the server refuses it
    """
    for who in lesson.needs:
        found = find(tenant, f'userName eq "{visitor.names.user_name(who)}"', "/Users")
        body = written(user(visitor.names, who, **PEOPLE[who], active=True))
        if found:
            answer = ask(tenant, "PUT", f"/Users/{found[0]}", body)
        else:
            answer = ask(tenant, "POST", "/Users", body)
        visitor.ids[who] = _id(answer)
        if who == "vera":  # her version must not be the first one any more
            change = patch({"op": "replace", "path": "nickName", "value": "Vee"})
            ask(tenant, "PATCH", f"/Users/{visitor.ids[who]}", change)


def clean(tenant: Tenant, visitor: Visitor, everybody: bool) -> int:
    """Delete what the lessons of a visitor made, or those of everybody; return how many."""
    tag = "" if everybody else visitor.tag
    people = find(tenant, f'userName ew "{tag}@{DOMAIN}"', "/Users")
    groups = find(tenant, f'displayName ew "{f" {tag})" if tag else ")"}"', "/Groups", MARK)
    count = 0
    found = [f"/Groups/{each}" for each in groups] + [f"/Users/{each}" for each in people]
    for target in dict.fromkeys([*found, *visitor.made]):
        count += ask(tenant, "DELETE", target).status == 204
    visitor.ids, visitor.made = {}, []
    return count


def make_room(tenant: Tenant, visitor: Visitor, lesson: Lesson) -> None:
    """Delete what an earlier try has made, so that the lesson can make it."""
    for endpoint, text in lesson.makes(visitor.names):
        for each in find(tenant, text, endpoint):
            ask(tenant, "DELETE", f"{endpoint}/{each}")
            visitor.forget(each)


def find(
    tenant: Tenant, text: str, endpoint: str, named: re.Pattern[str] | None = None
) -> list[str]:
    """Return the ids of what a filter finds, of groups those whose name has a pattern."""
    found: list[dict[str, Any]] = []
    target = f"{endpoint}?filter={text}&count={PAGE}&attributes=displayName"
    while page := _page(ask(tenant, "GET", f"{target}&startIndex={len(found) + 1}")):
        found += page
    return [
        each["id"] for each in found if not named or named.search(each.get("displayName") or "")
    ]


def _page(answer: Answer) -> list[dict[str, Any]]:
    return (answer.json or {}).get("Resources") or []


def _id(answer: Answer) -> str:
    if answer.status not in (200, 201) or not answer.json:
        detail = (answer.json or {}).get("detail", "")
        raise NotPreparedError(f"The server answered {answer.status}: {detail}")
    return str(answer.json["id"])


def _changed(sent: Sent) -> Iterator[str]:
    """Yield the ids of the resources that a request changes."""
    if sent.method in WRITING_ONE:
        yield sent.path.rpartition("/")[2]
    body = sent.json
    for name, operations in body.items() if isinstance(body, dict) else ():
        if name.lower() == "operations" and isinstance(operations, list):
            yield from _changed_in_bulk(operations)


def _changed_in_bulk(operations: list[Any]) -> Iterator[str]:
    for operation in operations:
        if not isinstance(operation, dict):
            continue
        named = {name.lower(): each for name, each in operation.items()}
        if str(named.get("method")).upper() in WRITING_ONE:
            yield str(named.get("path")).rpartition("/")[2]


def _named(sent: Sent) -> Iterator[tuple[str, str]]:
    """Yield each userName and each name of a group that a request writes, with its kind.

    Names are looked for at any depth: in bulk requests, and in PATCH operations with and without
    a path.
    """
    waiting: list[tuple[str, Any]] = [(sent.path, sent.json)]
    while waiting:
        path, data = waiting.pop()
        if isinstance(data, list):
            waiting += ((path, each) for each in data)
        for name, value in _members(data):
            attribute = name.rpartition(":")[2]
            if attribute == "username":
                yield "users", str(value)
            elif attribute == "displayname" and path.lower().startswith("/groups"):
                yield "groups", str(value)
            else:
                waiting.append((_member_path(path, data), value))


def _members(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object; an operation of a PATCH is an object with its path."""
    if isinstance(data, dict):
        named = [(name.lower(), value) for name, value in data.items()]
        yield from named
        if "op" in dict(named):
            yield str(dict(named).get("path", "")).lower(), dict(named).get("value")


def _member_path(path: str, data: Mapping[str, Any]) -> str:
    """Return the path that the members of an object are about; bulk operations have their own."""
    named = {name.lower(): value for name, value in data.items()}
    return str(named.get("path")) if "method" in named else path
