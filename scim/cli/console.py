"""``console link``: another link that opens the console of a running server."""

import click
import httpx2
from flask.cli import with_appcontext

from scim.console.keys import link, new_key
from scim.storage import digest
from scim.storage.recordings import Recordings

from .common import SAME, recordings

NOT_RUNNING = (
    "no console runs: start the server with `python app.py`; "
    "if it listens beyond this machine, or SCIM_ENV is production, set SCIM_CONSOLE=on; "
    f"if it runs, {SAME}"
)


@click.group()
def console() -> None:
    """Open the console of a running server."""


@console.command("link")
@click.option("--read-only", is_flag=True, help="a link for people who may only look")
@with_appcontext
def make_link(read_only: bool) -> None:
    """Print another link to the console.

    It lasts until the server stops.
    """
    found = recordings()
    origins = [each for each in found.consoles() if _runs(found, each)]
    if not origins:
        raise click.ClickException(NOT_RUNNING)
    for origin in origins:
        key = new_key()
        found.add_link(origin, digest(key), read_only)
        click.echo(link(origin, key))


def _runs(found: Recordings, origin: str) -> bool:
    """Tell whether a console is there; forget one that was killed."""
    try:
        httpx2.get(f"{origin}/static/icon.svg", timeout=2, trust_env=False).raise_for_status()
    except httpx2.HTTPError:
        found.close_console(origin)
        return False
    return True
