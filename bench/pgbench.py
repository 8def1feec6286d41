"""PostgreSQL without Python: pgbench sends statements by key."""

import re
from collections.abc import Iterator
from math import ceil

import sqlalchemy as sa

from .directory import CONNECTIONS, USERS, Place, key

BY_KEY = f"id = ('{key(USERS, 0)[:-12]}' || lpad(to_hex(cast(:number AS int)), 12, '0'))::uuid"
STATEMENTS = {
    "SELECT by key": f"SELECT body FROM users WHERE tenant_id = 1 AND {BY_KEY};",
    "UPDATE by key": f"UPDATE floor SET body = body WHERE {BY_KEY};",
}


def pgbench(place: Place, seconds: float) -> Iterator[tuple[str, float, float]]:
    """Yield name, statements a second and mean milliseconds of each statement."""
    assert place.postgres
    for name, statement in STATEMENTS.items():
        script = place.postgres.directory / "pgbench.sql"
        script.write_text(f"\\set number random(0, {place.size - 1})\n{statement}\n")
        arguments = f"-h 127.0.0.1 -p {place.postgres.port} -U postgres -n -M prepared -j 2"
        arguments += f" -c {CONNECTIONS} -T {ceil(seconds)} -f {script}"
        database = str(sa.make_url(place.url).database)
        said = place.postgres.run("pgbench", *arguments.split(), database)
        yield name, _figure(r"tps = (\S+)", said), _figure(r"latency average = (\S+)", said)


def _figure(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    assert found, said
    return float(found.group(1))
