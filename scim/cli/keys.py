"""``key``: the keys that sign security event tokens, the same for all tenants."""

import click
from flask.cli import with_appcontext

from scim.deliver.events.signing import KEPT_DAYS, replace, rotate
from scim.storage.keys import now
from scim.storage.signing import list_keys, signing_key

from .common import database, say


@click.group()
def key() -> None:
    """Show or rotate the keys that sign security events."""


@key.command("list")
@with_appcontext
def list_all() -> None:
    """Show the keys that receivers see, the newest first."""
    current = database().read(signing_key)
    found = database().read(list_keys)
    for each in found:
        if current and each.kid == current.kid:
            state = f"signs since {each.starts[:19]}Z"
        elif each.starts > now():
            state = f"signs from {each.starts[:19]}Z on"
        else:
            state = "was replaced, and is shown to verify earlier tokens"
        say(f"{each.created[:19]}Z  {each.kid}  {state}")
    if not found:
        say("There is no key; the first token makes one.")


@key.command("rotate")
@click.option(
    "--compromised", is_flag=True, help="sign by the new key at once, and forget all others"
)
@with_appcontext
def renew(compromised: bool) -> None:
    """Make a new key, which signs ten minutes later.

    Receivers see it at once. The key before it is shown for a week longer.
    """
    made = (replace if compromised else rotate)(database())
    say(f"{made.kid} signs from {made.starts[:19]}Z on.")
    if not compromised:
        click.echo(f"The key before it is shown for {KEPT_DAYS} days from then on.", err=True)
