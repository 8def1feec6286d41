"""The directory that is measured: its users and groups, their ids, and its database.

Ids follow from numbers. User ``n`` is in team ``n // 10`` with nine others. Each connection has
its own division with a fifth of all users. One company has all users. A division and the company
have at most 100,000 members.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from tests.support.postgres import PostgresServer, temporary_database

HERE = Path(__file__).parent
USER_TEMPLATE = (HERE / "user.json").read_text(encoding="utf-8")
TENANT, TEAM_SIZE, CONNECTIONS = 1, 10, 8
MOST_MEMBERS = 100_000
DATABASES = "sqlite, postgresql, or both with a comma between"  # the help of --databases
USERS, TEAMS, DIVISIONS, COMPANIES = range(4)  # kinds of ids
# The tests turn these off for speed. Here a commit has to reach the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True)
class Place:
    """A database for ``size`` users; ``postgres`` is its server, unless it is SQLite."""

    url: str
    size: int
    postgres: PostgresServer | None = None


def key(kind: int, number: int) -> str:
    """Return the id of a user or of a group."""
    return f"01900000-0000-7000-800{kind}-{number:012x}"


COMPANY = key(COMPANIES, 0)


def user(number: int, size: int) -> dict[str, Any]:
    """Return user ``number`` as a client sends it; ten of the ``size`` users share a department."""
    return filled_in(str(number), str(department(number, size)))


def filled_in(number: str, department: str) -> dict[str, Any]:
    """Return the user of the template with this number and department."""
    text = USER_TEMPLATE.replace("{number}", number)
    found: dict[str, Any] = json.loads(text.replace("{department}", department))
    return found


def department(number: int, size: int) -> int:
    """Return the number of a user's department."""
    return number % (size // 10)


def in_division(division: int, size: int) -> Sequence[int]:
    """Return the numbers of the users in a division; none of them is in the next division."""
    members = min(size // 5, MOST_MEMBERS)
    apart = size // members
    return range(division % apart, size, apart)[:members]


def in_company(size: int) -> Sequence[int]:
    """Return the numbers of the users in the company, the group with the most members."""
    return range(min(size, MOST_MEMBERS))


@contextmanager
def places(dialect: str, sizes: Sequence[int]) -> Iterator[list[Place]]:
    """Yield a new database of the dialect for each size; remove them afterwards."""
    with TemporaryDirectory(prefix="scim-bench-") as name:
        if dialect == "sqlite":
            yield [Place(f"sqlite:///{name}/{n}.db", size) for n, size in enumerate(sizes)]
            return
        server = PostgresServer(Path(name))
        server.create()
        server.start(**DURABLE)
        try:
            with ExitStack() as stack:
                url = sa.make_url(server.url)
                urls = [stack.enter_context(temporary_database(url)) for _ in sizes]
                yield [Place(*each, server) for each in zip(urls, sizes, strict=True)]
        finally:
            server.stop()
