"""Fixtures and the table of ``make steadfast``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..support.ports import free_port
from ..support.postgres import throw_away_server
from ..support.server import run, running_server
from .house import House
from .sizes import IS_FULL
from .target import Target, fill

LINES: list[str] = []
FIGURES: list[str] = []


def figure(line: str) -> None:
    """Add a line to what ``make steadfast`` prints at the end."""
    FIGURES.append(line)


@pytest.fixture(scope="module")
def steady(migrated_database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A real server with two workers and a database of its own, filled with users."""
    log = Path(tmp_path_factory.mktemp("steadfast") / "log")
    with running_server(log, SCIM_DATABASE_URL=migrated_database(), SCIM_WORKERS="2") as server:
        target = Target(server)
        fill(target)
        yield target


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if IS_FULL and LINES:
        terminalreporter.section("another client's requests: p50, p99 and longest in ms")
        terminalreporter.write_line("\n".join(LINES))
    if IS_FULL and FIGURES:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(FIGURES))
