"""``reset``: empty the directories; the server, the tenants and their tokens stay."""

import click
from flask.cli import with_appcontext

from scim.storage.emptying import count_resources, empty
from scim.storage.tokens import list_tenants

from .common import database, find, say


@click.command()
@click.option("--tenant", "name", help="the only tenant to empty  [default: all tenants]")
@click.option("--yes", is_flag=True, help="do not ask")
@with_appcontext
def reset(name: str | None, yes: bool) -> None:
    """Delete all users and groups, with trash and history.

    Tenants and tokens stay. The server may run meanwhile. Do not delete the database's file
    instead: then the server answers 503.
    """
    opened = database()
    tenants = [find(name)] if name else opened.read(list_tenants)
    ids = [each.id for each in tenants]
    number = opened.read(lambda connection: count_resources(connection, ids))
    whose = ", ".join(each.name for each in tenants)
    say(f"{opened.url} has {number} users, groups and other resources (tenants: {whose}).")
    if not yes:
        click.confirm("Delete them for good, with trash and history?", abort=True)
    opened.write(lambda connection: empty(connection, ids))
    if opened.replica:
        for each in ids:
            opened.replica.remember(each)
    say("Deleted. The tenants and their tokens are still there.")
