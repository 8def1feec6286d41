"""Ten thousand tenants on one server: each request, command and page stays as it is with one."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import environ
from pathlib import Path

import pytest
import sqlalchemy as sa

from scim.storage.tokens import digest

from ..console.conftest import Console, opened
from ..support.ports import free_port
from ..support.scim import user
from ..support.server import ROOT, open_session, running_server
from .conftest import figure
from .sizes import IS_FULL, SIZE
from .victim import Seen

CLIENTS = 4
PAGES = ("/operate", "/", "/directory", "/problems", "/connect", "/operate?tenant=tenant7")
QUICK, LARGEST = 5_000, 400_000  # milliseconds and bytes of a page; others may be busy here
SLOWEST = 500  # milliseconds within which 99 of 100 requests are answered
MEMORY = 100  # MB that a worker may grow by


@pytest.fixture
def crowded(migrated_database, tmp_path: Path) -> Iterator[Console]:
    """A server with a console and many tenants, each with a token: its name behind ``token``."""
    url = migrated_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for table, row in (("tenants", tenant), ("tokens", token)):
            names = row(0)
            listed, values = ", ".join(names), ", ".join(f":{name}" for name in names)
            statement = sa.text(f"INSERT INTO {table} ({listed}) VALUES ({values})")
            connection.execute(statement, [row(number) for number in range(SIZE.tenants)])
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval('tenants_id_seq', 1000000)")
    ports = {"SCIM_CONSOLE": "on", "SCIM_CONSOLE_PORT": str(free_port())}
    with (
        running_server(tmp_path / "log", SCIM_DATABASE_URL=url, **ports) as server,
        opened(server) as console,
    ):
        yield console


def tenant(number: int) -> dict[str, object]:
    return {"id": number + 2, "name": f"tenant{number}", "cursor_key": f"{number:064}"}


def token(number: int) -> dict[str, object]:
    made = {"tenant_id": number + 2, "digest": digest(f"token{number}"), "name": "okta"}
    return made | {"created": "2026-11-29T00:00:00.000000Z"}


@pytest.mark.slow
@pytest.mark.parametrize("new_database", ["sqlite", "postgresql"][: 1 + IS_FULL], indirect=True)
def test_many_tenants_are_served_as_one_is(crowded):
    server, lines = crowded.server, []
    before = memory(server.process.pid)
    for what, ask in (("creates", create), ("reads", read)):
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = pool.map(partial(ask, server), range(CLIENTS))
            seen = Seen([answer for part in parts for answer in part])
        assert set(seen.statuses) == {201 if what == "creates" else 200}
        assert len(seen.answers) == SIZE.tenants
        assert seen.at(0.99) <= SLOWEST, seen
        lines.append(f"{what} {seen} ms")
    grown = memory(server.process.pid) - before
    begun = time.monotonic()
    listed = tenants_listed(server.database_url)
    lines += [f"memory +{grown} MB", f"tenant list {time.monotonic() - begun:.1f} s"]
    for path in PAGES:
        begun = time.monotonic()
        page = crowded.web.get(path)
        took = (time.monotonic() - begun) * 1000
        lines.append(f"{path} {took:.0f} ms, {len(page.content) // 1000} kB")
        assert page.status_code == 200
        assert '<input id="tenant"' in page.text  # a list would have all of them
        assert took <= QUICK, lines
        assert len(page.content) <= LARGEST, lines
    assert f"{SIZE.tenants + 1:,} tenants in all" in page.text
    kind = server.database_url.partition(":")[0].partition("+")[0]
    figure(f"{SIZE.tenants} tenants on {kind}: {'; '.join(lines)}")
    assert len(listed) == SIZE.tenants + 1
    assert grown <= MEMORY


def create(server, part):
    return list(each_tenant(server, part, lambda session: session.post("/Users", json=user("ada"))))


def read(server, part):
    def ask(session):
        answer = session.get("/Users")
        assert answer.json()["totalResults"] == 1
        return answer

    return list(each_tenant(server, part, ask))


def each_tenant(server, part, ask):
    """Ask as each tenant of a part in turn; yield milliseconds and statuses."""
    with open_session(server.url, "") as session:
        for number in range(part, SIZE.tenants, CLIENTS):
            session.headers["Authorization"] = f"Bearer token{number}"
            begun = time.perf_counter()
            answer = ask(session)
            yield (time.perf_counter() - begun) * 1000, answer.status_code


def tenants_listed(url):
    done = subprocess.run(
        [sys.executable, "manage.py", "tenant", "list"],
        cwd=ROOT,
        env={**environ, "SCIM_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    return re.findall(r"^(?:default|tenant\d+)  ", done.stdout, re.MULTILINE)


def memory(pid: int) -> int:
    """Return the MB that a process and all that it has started have for themselves."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = sum(map(int, re.findall(r"Private_\w+: +(\d+) kB", text)))
    return own // 1000 + sum(memory(int(child)) for child in children)
