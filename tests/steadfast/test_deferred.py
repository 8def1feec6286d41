"""Processes are killed while clients send asynchronous requests: each that was accepted is done.

A request of which no 202 came may have been accepted or not. Nothing is done twice: a second create
would be refused, and a second change would show in the version of its user.
"""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from time import sleep

import httpx2
import jwt
import pytest
import sqlalchemy as sa

from scim.protocol.events import ASYNC_RESPONSE

from ..support.bulk import bulk_request, post
from ..support.scim import patch_op, replace, user
from ..support.server import open_session, plain_client
from ..support.tenants import new_tenant, new_token
from ..support.waiting import happens
from .conftest import figure
from .consistency import contradictions
from .sizes import SIZE
from .target import Target

CLIENTS = 3  # each with a tenant of its own
AT_ONCE = 3  # creates in a bulk request
PAUSE = 0.05  # seconds after a request that failed


@dataclass
class Client:
    """A client that sends one asynchronous request after the other, and waits for none.

    ``accepted`` are the paths of the results. ``titles`` have the number of each change of its user
    that was or may have been accepted, in their order, and whether it was.
    """

    token: str
    path: str = ""
    number: int = 0
    names: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    titles: list[tuple[int, bool]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def begin(self, target: Target) -> None:
        """Create the user whom it changes."""
        with open_session(target.server.url, self.token) as session:
            self.path = f"/Users/{session.post('/Users', json=user('own')).json()['id']}"

    def write(self, target: Target, ended: Event) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Prefer": "respond-async"}
        with plain_client(headers=headers) as session:
            while not ended.is_set():
                self.number += 1
                if not self.send(session, target.server.url):
                    sleep(PAUSE)

    def send(self, session: httpx2.Client, base: str) -> bool:
        """Send a request; tell whether it was accepted."""
        method, path, body = self.request()
        try:
            answer = session.request(method, base + path, json=body)
        except httpx2.TransportError:
            self.counts["unanswered"] += 1
            is_accepted = False
        else:
            assert answer.status_code in (202, 429, 503), answer.text
            is_accepted = answer.status_code == 202
            self.counts["accepted" if is_accepted else f"answered {answer.status_code}"] += 1
            if is_accepted:
                self.accepted.append("/Async/" + answer.headers["Set-Txn"])
        if method == "PATCH":
            self.titles.append((self.number, is_accepted))
        elif is_accepted:
            self.names += [name_of(each) for each in body.get("Operations", [body])]
        return is_accepted

    def request(self):
        name = f"user{self.number}"
        if self.number % 3 == 0:
            creates = [post(each, user(f"{name}-{each}")) for each in "abc"]
            return "POST", "/Bulk", bulk_request(*creates)
        if self.number % 3 == 1:
            return "POST", "/Users", user(name)
        return "PATCH", self.path, patch_op(replace("title", str(self.number)))

    def faults(self, target: Target) -> Iterator[str]:
        """Wait until all that was accepted is done; yield what is wrong."""
        with open_session(target.server.url, self.token) as session:
            for path in self.accepted:
                if not happens(lambda: session.get(path).status_code == 200):  # noqa: B023
                    yield f"{path} is not done: {session.get(path).status_code}"
                    return
                yield from faulty(path, session.get(path))
            self.accepted.clear()
            there = names_of(session)
            yield from (
                f"{name} is there {there[name]} times" for name in self.names if there[name] != 1
            )
            own = session.get(self.path).json()
            yield from self.misordered(own["title"], int(own["meta"]["version"][3:-1]))

    def misordered(self, title: str, version: int) -> Iterator[str]:
        """Yield what is wrong with the user whom the client has changed again and again."""
        sure = [number for number, is_sure in self.titles if is_sure]
        if not sure[-1:] <= [int(title)]:
            yield f"the title is {title}, {sure[-1]} was accepted later"
        if not 1 + len(sure) <= version <= 1 + len(self.titles):
            yield f"{len(sure)} to {len(self.titles)} changes have made version {version}"


def name_of(operation):
    return operation.get("data", operation)["userName"]


def names_of(session):
    """Return how often each userName is there."""
    found, first, total = Counter(), 1, 1
    while first <= total:
        page = session.get(f"/Users?count=1000&startIndex={first}").json()
        total, first = page["totalResults"], first + 1000
        found.update(each["userName"] for each in page["Resources"])
    return found


def faulty(path, answer):
    """Yield the results that are no success."""
    is_bulk = answer.headers["Content-Type"] == "application/json"
    tokens = answer.json()["sets"].values() if is_bulk else [answer.text]
    assert len(tokens) == (AT_ONCE if is_bulk else 1)
    for each in tokens:
        claims = jwt.decode(each, options={"verify_signature": False})
        result = claims["events"][ASYNC_RESPONSE]
        if result["status"] not in ("200", "201"):
            yield f"{path}: {result}"


@pytest.mark.slow
def test_kills_let_all_that_was_accepted_be_done_once(house):
    kinds = ["companion", "server", *(["PostgreSQL"] if house.postgres else []), "worker"]
    target, engine = house.open(), sa.create_engine(house.database_url, poolclass=sa.NullPool)
    clients = [Client(new_token(engine, new_tenant(engine))) for _ in range(CLIENTS)]
    for each in clients:
        each.begin(target)
    kills, wrong = Counter(), []
    for number in range(SIZE.crashes):
        what, chance = kinds[number % len(kinds)], random.Random(number)
        with sending(clients, target):
            sleep(chance.uniform(*SIZE.moments))
            house.kill(what, target, chance)
        kills[what] += 1
        target = house.recover(what, target)
    wrong = [fault for each in clients for fault in each.faults(target)]
    wrong += contradictions(engine)

    counts = sum((each.counts for each in clients), Counter())
    figure(
        f"asynchronous on {engine.dialect.name}: {dict(kills)}; {dict(counts)}; wrong: {len(wrong)}"
    )
    assert not wrong, wrong[:5]
    assert counts["accepted"] > 10 * SIZE.crashes
    assert "Traceback" not in house.log_path.read_text()


@contextmanager
def sending(clients, target):
    """Let the clients send until the block ends."""
    ended = Event()
    with ThreadPoolExecutor(len(clients)) as pool:
        writing = [pool.submit(each.write, target, ended) for each in clients]
        try:
            yield
        finally:
            ended.set()
        for each in writing:
            each.result()
