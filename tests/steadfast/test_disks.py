"""A full disk and a read-only database: 503 in plain words, and no restart when it is over."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from scim.storage.database.failures import State

from ..support.databases import POSTGRESQL, new_sqlite
from ..support.disks import Disk, small_disk
from ..support.errors import detail_of
from ..support.postgres import PostgresServer, unprivileged_account
from ..support.scim import group, patch_op, path_of, replace, user
from ..support.server import run, running_server
from ..support.waiting import happens
from .conftest import figure
from .consistency import contradictions
from .sizes import SIZE

LARGE = Random(1).randbytes(15_000).hex()  # which no database can compress
LEFT = 2_000_000  # bytes, when writes begin
MOST_WRITES = 400


@contextmanager
def sqlite_on(disk: Disk) -> Iterator[str]:
    yield new_sqlite(disk.path)


@contextmanager
def postgres_on(disk: Disk) -> Iterator[str]:
    """Run a PostgreSQL whose data are on the disk; as long as there is no room, it may stop."""
    postgres = PostgresServer(disk.path.parent)
    if account := unprivileged_account():
        os.chown(disk.path, account["user"], account["group"])
    postgres.create()
    postgres.start(synchronous_commit="on")
    try:
        yield postgres.url
    finally:
        postgres.stop("immediate")


DATABASES = {"sqlite": ("16m", sqlite_on), "postgresql": ("160m", postgres_on)}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the account of PostgreSQL can enter."""
    with TemporaryDirectory(prefix="scim-disk-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(DATABASES)[: SIZE.disks])
def test_full_disk_is_503_until_there_is_room_again(place, tmp_path, kind):
    size, database_on = DATABASES[kind]
    acknowledged, statuses = {}, Counter()
    with small_disk(place / "data", size) as disk, database_on(disk) as url:
        run("manage.py", "db", "upgrade", DATABASE_URL=url).check_returncode()
        with running_server(tmp_path / "log", SCIM_DATABASE_URL=url, SCIM_WORKERS="1") as server:
            created = server.session.post("/Users", json=user("before")).json()
            disk.fill(LEFT)
            refusal = None
            for number in range(MOST_WRITES):
                sent = user(f"user{number}", title=LARGE)
                answer = server.session.post("/Users", json=sent)
                statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    acknowledged[answer.json()["id"]] = LARGE
                elif (refusal := answer) and statuses[503] > SIZE.refusals:
                    break
            assert refusal, statuses
            assert set(statuses) == {201, 503}
            assert detail_of(refusal) == State.FULL.value
            assert int(refusal.headers["Retry-After"]) > 0
            assert server.session.get(path_of(created)).status_code == 200
            assert server.session.get("/Users?filter=title pr&count=1").status_code == 200

            disk.empty()
            assert happens(lambda: server.session.post("/Users", json=user("after")).is_success)
            members = [{"value": each} for each in acknowledged]
            crowd = server.session.post("/Groups", json=group("crowd") | {"members": members})
            assert crowd.status_code == 201
            assert len(server.session.get(path_of(crowd.json())).json()["members"]) == len(members)
            found = {
                own: server.session.get(f"/Users/{own}").json().get("title") for own in acknowledged
            }
            assert found == acknowledged
            assert contradictions(sa.create_engine(url, poolclass=sa.NullPool)) == []
            assert "Traceback" not in server.log
    figure(f"full disk on {kind}: {dict(statuses)}; lost: 0")


@pytest.mark.slow
@POSTGRESQL  # the file of SQLite cannot become read-only beneath a server that has it open
def test_read_only_database_is_503_for_writes_alone(server, engine):
    path = path_of(server.session.post("/Users", json=user("before")).json())

    def choose(mode):
        with engine.connect() as connection:
            name = engine.url.database
            chosen = f'ALTER DATABASE "{name}" SET default_transaction_read_only = {mode}'
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(chosen)
            others = f"datname = '{name}' AND pid <> pg_backend_pid()"
            ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
            connection.exec_driver_sql(ended)

    choose("on")
    try:
        for method, place, body in (
            ("POST", "/Users", user("during")),
            ("PUT", path, user("before")),
            ("PATCH", path, patch_op(replace("title", "x"))),
            ("DELETE", path, None),
        ):
            answer = server.session.request(method, place, json=body)
            assert (answer.status_code, detail_of(answer)) == (503, State.READ_ONLY.value)
        assert server.session.get(path).status_code == 200
    finally:
        choose("off")
    assert server.session.post("/Users", json=user("after")).status_code == 201
