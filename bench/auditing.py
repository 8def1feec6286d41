"""``python -m bench.auditing``: what the audit costs a write, in turns with and without it."""

import time
from typing import Any

import click
import sqlalchemy as sa

from scim.operate.audit import verify
from scim.storage import ENGINE_OPTIONS, Database
from scim.storage.audit import Audit
from scim.storage.chain import Chain
from scim.storage.seal import Seal
from scim.storage.tokens import DEFAULT_TENANT

from .directory import Place
from .operations import Operation
from .turns import compare_all, with_turns
from .writes import create, patch_active

OPERATIONS: dict[str, Operation] = {"POST": create, "PATCH": patch_active}
KEY = "the-key-of-a-bench-is-no-secret-"
PATIENCE = 60.0  # seconds until all changes are chained


@click.command()
@with_turns
def main(**turns: Any) -> None:
    """Compare a server with an audit to one without, under full and under half load."""
    compare_all(OPERATIONS, show_chain, audit_key=KEY, **turns)


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
