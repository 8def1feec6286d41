"""``python -m bench.recording``: what recording exchanges costs, in turns with and without it."""

from typing import Any

import click
import sqlalchemy as sa

from scim.storage import ENGINE_OPTIONS, Database
from scim.storage.recordings import Recordings

from .directory import Place
from .operations import Operation
from .reads import get
from .turns import compare_all, with_turns
from .writes import create

OPERATIONS: dict[str, Operation] = {"GET": get, "POST": create}


@click.command()
@with_turns
def main(**turns: Any) -> None:
    """Compare a server that records with one that does not, under full and under half load."""
    compare_all(OPERATIONS, show_recorded, console="on", **turns)


def show_recorded(place: Place) -> None:
    """Print how many exchanges were recorded and how many dropped."""
    database = Database(sa.create_engine(place.url, **ENGINE_OPTIONS))
    recordings = Recordings.open(database, most=1, days=1)
    number, dropped = recordings.last(), recordings.dropped()
    click.echo(f"{number:,} exchanges were recorded, {dropped:,} were too many at once")
    recordings.close()
    database.close()


if __name__ == "__main__":
    main()
