"""Several machines that migrate one database at once all succeed."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from ..support.server import ROOT, run
from ..support.tries import cases

PROCESSES = 3


@pytest.mark.slow
@pytest.mark.parametrize("first", cases([None], ["0002"]))
def test_processes_that_migrate_at_once_all_succeed(new_database, first, monkeypatch):
    url = new_database()
    if first:
        assert run("manage.py", "db", "upgrade", first, DATABASE_URL=url).returncode == 0
    monkeypatch.setenv("SCIM_DATABASE_URL", url)

    started = [
        subprocess.Popen(
            [sys.executable, "manage.py", "db", "upgrade"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(PROCESSES)
    ]

    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, said
    applied = [line for line in "".join(said).splitlines() if line.startswith("Migrated")]
    assert len(applied) == len(set(applied)) > 0
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    engine.dispose()
    assert len(versions) == 1
