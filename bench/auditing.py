"""``python -m bench.auditing``: what the audit costs a write, in turns with and without it."""

import time
from contextlib import ExitStack

import click
import sqlalchemy as sa

from scim.operate.audit import verify
from scim.storage import ENGINE_OPTIONS, Database
from scim.storage.audit import Audit
from scim.storage.chain import Chain
from scim.storage.seal import Seal
from scim.storage.tokens import DEFAULT_TENANT

from .directory import DATABASES, Place, places
from .loading import fill
from .measure import clients
from .operations import Operation
from .recording import compare
from .server import SERVER, serve
from .writes import create, patch_active

OPERATIONS: dict[str, Operation] = {"POST": create, "PATCH": patch_active}
USERS = 1000
KEY = "the-key-of-a-bench-is-no-secret-"
PATIENCE = 60.0  # seconds until all changes are chained


@click.command()
@click.option("--rounds", default=10, show_default=True, help="turns of each server")
@click.option("--seconds", default=2.0, show_default=True, help="how long a turn takes")
@click.option("--workers", default=2, show_default=True, help="worker processes of each server")
@click.option("--databases", default="sqlite,postgresql", show_default=True, help=DATABASES)
def main(rounds: int, seconds: float, workers: int, databases: str) -> None:
    """Compare a server with an audit to one without, under full and under half load."""
    with clients() as pool:
        for dialect in databases.split(","):
            with ExitStack() as stack:
                without, audited = stack.enter_context(places(dialect, [USERS, USERS]))
                fill(without.url, without.size)
                fill(audited.url, audited.size)
                off = stack.enter_context(serve(without, workers, *SERVER))
                on = stack.enter_context(serve(audited, workers, *SERVER, audit_key=KEY))
                for name, operation in OPERATIONS.items():
                    compare(pool, (off, on), f"{dialect} {name}", operation, rounds, seconds)
                show_chain(audited)


def show_chain(place: Place) -> None:
    """Print how long the last changes take to be chained, and the chain to be verified."""
    database = Database(sa.create_engine(place.url, **ENGINE_OPTIONS))
    started = time.monotonic()
    while database.read(lambda known: Audit(known, DEFAULT_TENANT, None).waiting()):
        if time.monotonic() > started + PATIENCE:
            raise click.ClickException("the changes are not chained")
        time.sleep(0.05)
    chained = time.monotonic()
    verdict = verify(Chain(database, DEFAULT_TENANT).entries(), Seal(KEY, "default"))
    seconds = time.monotonic() - chained
    click.echo(
        f"the last change was chained {chained - started:.1f} s after it; "
        f"verified {verdict.verified:,} in {seconds:.1f} s {verdict.fault}"
    )
    database.close()


if __name__ == "__main__":
    main()
