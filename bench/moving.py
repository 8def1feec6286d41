"""``python -m bench.moving``: a directory moves to the other database and back, and is compared.

Here the directory of the bench has nested groups, trash and history, too.
"""

import hashlib
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from app import create_app
from tests.support.moved import answers
from tests.support.scim import Scim, add, replace

from .directory import CONNECTIONS, DIVISIONS, HERE, TEAMS, USERS, Place, key, places
from .loading import fill

IN_A_DIVISION, IN_A_TEAM = 20, 5  # teams
CHANGED, DELETED = 200, 100  # users
LEAST = 10 * CONNECTIONS * IN_A_DIVISION * (IN_A_TEAM + 1)
PART = 2**20
PAUSE = 0.2  # seconds between looks at the memory


@click.command()
@click.argument("users", type=click.IntRange(min=LEAST), default=100_000)
def main(users: int) -> None:
    """Move USERS users from SQLite to PostgreSQL, and from there to another SQLite."""
    with ExitStack() as stack:
        first, last = stack.enter_context(places("sqlite", [users, users]))
        [middle] = stack.enter_context(places("postgresql", [users]))
        fill(first.url, users)
        with opened(first) as scim:
            bring_to_life(scim)
        for source, target in ((first, middle), (middle, last)):
            start(target, "db", "upgrade", stdout=subprocess.DEVNULL).wait()
            move(source, target)
            compare(source, target)


@contextmanager
def opened(place: Place) -> Iterator[Scim]:
    """Yield a client of the application on a database."""
    app = create_app({"DATABASE_URL": place.url, "CONSOLE": "off"})
    logging.getLogger("scim").setLevel(logging.WARNING)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    yield Scim(client)
    app.extensions["scim"].database.close()


def bring_to_life(scim: Scim) -> None:
    """Nest teams in divisions, and teams in these; change some users, and delete some."""
    outer = CONNECTIONS * IN_A_DIVISION
    for division in range(CONNECTIONS):
        nest(scim, key(DIVISIONS, division), division * IN_A_DIVISION, IN_A_DIVISION)
    for team in range(outer):
        nest(scim, key(TEAMS, team), outer + team * IN_A_TEAM, IN_A_TEAM)
    for number in range(CHANGED):
        title = replace("title", f"Guide {number}")
        assert scim.patch(f"/Users/{key(USERS, number)}", title).status_code == 200
    for number in range(DELETED):
        assert scim.delete(f"/Users/{key(USERS, number)}").status_code == 204


def nest(scim: Scim, group: str, first: int, teams: int) -> None:
    """Add teams to a group, from the ``first`` on."""
    members = [{"value": key(TEAMS, number)} for number in range(first, first + teams)]
    assert scim.patch(f"/Groups/{group}", add("members", members)).status_code == 200


def start(place: Place, *command: str, **streams: Any) -> subprocess.Popen[bytes]:
    """Start a command of manage.py on a database."""
    environment = os.environ | {"SCIM_DATABASE_URL": place.url}
    words = [sys.executable, "manage.py", *command]
    return subprocess.Popen(words, cwd=HERE.parent, env=environment, **streams)


def move(source: Place, target: Place) -> None:
    """Move the directory, and print the time and the memory that it takes."""
    started = time.monotonic()
    reading = start(source, "export", "--history", stdout=subprocess.PIPE)
    writing = start(target, "import", stdin=reading.stdout, stdout=subprocess.DEVNULL)
    most = {reading: 0.0, writing: 0.0}
    while any(process.poll() is None for process in most):
        most = {process: max(seen, memory(process)) for process, seen in most.items()}
        time.sleep(PAUSE)
    assert not reading.returncode + writing.returncode
    seconds = time.monotonic() - started
    click.echo(
        f"{source.size} users, {named(source)} to {named(target)}: {seconds:.0f} s; "
        f"at most {most[reading]:.0f} MiB in export, {most[writing]:.0f} MiB in import"
    )


def memory(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory that a process has used, in MiB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0


def named(place: Place) -> str:
    return "PostgreSQL" if place.postgres else "SQLite"


def compare(source: Place, target: Place) -> None:
    """Check that exports of both are equal, and answers to queries."""
    sums = [digest(place) for place in (source, target)]
    with opened(source) as one, opened(target) as other:
        pairs = zip(answers(one), answers(other), strict=True)
        different = [query for (query, known), (_, found) in pairs if known != found]
    click.echo(
        f"exports {'equal' if sums[0] == sums[1] else 'DIFFERENT'}, answers differ to: {different}"
    )


def digest(place: Place) -> str:
    """Return the digest of an export."""
    found = hashlib.sha256()
    with start(place, "export", "--history", stdout=subprocess.PIPE) as process:
        assert process.stdout
        while part := process.stdout.read(PART):
            found.update(part)
    return found.hexdigest()


if __name__ == "__main__":
    main()
