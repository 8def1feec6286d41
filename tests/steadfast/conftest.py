"""Fixtures and the table of ``make steadfast``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.server import running_server
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if IS_FULL and LINES:
        terminalreporter.section("another client's requests: p50, p99 and longest in ms")
        terminalreporter.write_line("\n".join(LINES))
    if IS_FULL and FIGURES:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(FIGURES))
