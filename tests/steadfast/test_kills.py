"""Processes are killed while clients write: no acknowledged write is lost, none is half done."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import sleep

import pytest
import sqlalchemy as sa

from ..support.scim import Record
from ..support.server import open_session
from .conftest import figure
from .consistency import contradictions
from .ledger import Writer
from .sizes import SIZE
from .target import Target

WRITERS = 4
AFTERWARDS = 0.1  # seconds that clients write after a kill
PAGE = 1000


@pytest.mark.slow
def test_kills_lose_no_acknowledged_write_and_leave_none_half_done(house):
    kinds = [*(["PostgreSQL"] if house.postgres else []), "server", "worker"]
    target, engine = house.open(), sa.create_engine(house.database_url, poolclass=sa.NullPool)
    writers = [Writer(f"writer{number}", random.Random(number)) for number in range(WRITERS)]
    kills, wrong = Counter(), []
    for number in range(SIZE.crashes):
        what, chance = kinds[number % len(kinds)], random.Random(number)
        with written(writers, target):
            sleep(chance.uniform(*SIZE.moments))
            house.kill(what, target, chance)
            sleep(AFTERWARDS)
        kills[what] += 1
        target = house.recover(what, target)
        there = everything(target)
        wrong += [fault for writer in writers for fault in writer.settle(there)]
        wrong += contradictions(engine)

    counts = sum((writer.counts for writer in writers), Counter())
    figure(f"kills on {engine.dialect.name}: {dict(kills)}; {dict(counts)}; wrong: {len(wrong)}")
    assert not wrong, wrong[:5]
    assert counts["acknowledged"] > SIZE.crashes
    assert "Traceback" not in house.log_path.read_text()


@contextmanager
def written(writers: list[Writer], target: Target) -> Iterator[None]:
    """Let the clients write until the block ends."""
    ended = Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        writing = [pool.submit(each.write, target.server, ended) for each in writers]
        try:
            yield
        finally:
            ended.set()
        for each in writing:
            each.result()


def everything(target: Target) -> dict[str, Record]:
    """Return all users and groups by their paths."""
    found: dict[str, Record] = {}
    with open_session(target.server.url, target.server.token) as session:
        for endpoint in ("/Users", "/Groups"):
            first, total = 1, 1
            while first <= total:
                page = session.get(f"{endpoint}?count={PAGE}&startIndex={first}").json()
                total, first = page["totalResults"], first + PAGE
                found |= {f"{endpoint}/{each['id']}": each for each in page["Resources"]}
    return found
