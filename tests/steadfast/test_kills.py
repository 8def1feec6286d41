"""Processes are killed while clients write: no acknowledged write is lost, none is half done."""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import sleep

import pytest
import sqlalchemy as sa

from ..support.ports import free_port
from ..support.postgres import PostgresServer, throw_away_server
from ..support.scim import Record
from ..support.server import open_session, run, running_server
from ..support.waiting import children, happens
from .conftest import figure
from .consistency import contradictions
from .ledger import Writer
from .sizes import SIZE
from .target import Target

WRITERS = 4
AFTERWARDS = 0.1  # seconds that clients write after a kill
PAGE = 1000


@dataclass
class House:
    """A server with its database, each of which can be killed and comes back."""

    log_path: Path
    database_url: str
    postgres: PostgresServer | None
    stack: ExitStack
    port: int

    def open(self) -> Target:
        """Start the server."""
        place = {"SCIM_DATABASE_URL": self.database_url, "SCIM_PORT": str(self.port)}
        server = running_server(self.log_path, SCIM_WORKERS="2", **place)
        return Target(self.stack.enter_context(server))

    def kill(self, what: str, target: Target, chance: random.Random) -> None:
        if what == "worker":
            os.kill(chance.choice(target.workers()), signal.SIGKILL)
        elif what == "server":
            target.server.kill()
        else:
            assert self.postgres
            kill_postgres(self.postgres)

    def recover(self, what: str, target: Target) -> Target:
        """Return the server when it can answer again."""
        if what == "server":
            return self.open()
        if what == "PostgreSQL":
            assert self.postgres
            self.postgres.start(synchronous_commit="on")
        target.wait_for_workers(2)
        assert happens(lambda: target.server.session.get("/Users?count=1").status_code == 200)
        return target


def kill_postgres(postgres: PostgresServer) -> None:
    """Kill all processes of PostgreSQL at once."""
    first = int((postgres.data / "postmaster.pid").read_text().split()[0])
    pids = [first, *children(first)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert happens(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids))


@pytest.fixture
def house(migrated_database: Callable[[], str], tmp_path: Path) -> Iterator[House]:
    """A house whose PostgreSQL is its own, so that it can be killed."""
    with ExitStack() as stack:
        url = migrated_database()
        if url.startswith("sqlite"):
            yield House(tmp_path / "log", url, None, stack, free_port())
            return
        postgres = stack.enter_context(throw_away_server())
        postgres.stop()
        postgres.start(synchronous_commit="on")  # what others do not wait for may be lost
        run("manage.py", "db", "upgrade", DATABASE_URL=postgres.url).check_returncode()
        yield House(tmp_path / "log", postgres.url, postgres, stack, free_port())


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
