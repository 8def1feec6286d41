"""``trash``: deleted users, groups and other resources."""

from collections.abc import Iterable

import click
from flask.cli import with_appcontext

from scim.provider import recovery
from scim.storage.keys import from_now

from .common import explain_errors, of_all_tenants, of_tenant, say, service, store, stores
from .names import find_deleted, name_in, with_name

SHOWN = 100


@click.group()
def trash() -> None:
    """Show, restore or purge deleted users and groups."""


@trash.command("list")
@click.argument("search", default="")
@click.option("--all", "shows_all", is_flag=True, help=f"show all, not only the last {SHOWN}")
@of_tenant
@with_appcontext
def list_trash(search: str, shows_all: bool, tenant: str) -> None:
    """Show deleted users and groups, the latest first.

    With SEARCH, show those that have it in the name.
    """
    opened = store(tenant)
    size = opened.atomically(lambda known: known.trash.size(search))
    shown = size if shows_all else SHOWN
    for row in opened.atomically(lambda known: known.trash.latest(shown, search)):
        say(f"{row.deleted[:19]}Z  {row.resource_type:10}  {row.id}  {name_in(row.body)}")
    if size > shown:
        say(f"and {size - shown} deleted earlier; --all shows them, SEARCH finds one by its name")
    elif not size:
        say("The trash has no such name." if search else "The trash is empty.")


@trash.command("restore")
@with_name
@of_tenant
@with_appcontext
def restore(name: str, type_name: str | None, tenant: str) -> None:
    """Restore a deleted user or group.

    NAME is its userName, displayName or id. It gets back its id, and its memberships in groups that
    still exist.
    """
    opened = store(tenant)
    resource_id = find_deleted(opened, name, type_name)
    with explain_errors():
        done = recovery.restore(opened, resource_id)
    shown = name_in(done.stored.body)
    say(f"Restored the {done.resource_type.name} {resource_id} ({shown}).")
    say_missing(done.missing)


def say_missing(ids: Iterable[str]) -> None:
    """Name the users and groups whose memberships could not be restored."""
    for missing in ids:
        say(f"Without {missing}, which does not exist any more.")


@trash.command("purge")
@click.option(
    "--days",
    type=click.IntRange(0),
    help="days to keep deleted users and groups  [default: SCIM_TRASH_DAYS]",
)
@of_tenant
@of_all_tenants
@with_appcontext
def purge(days: int | None, tenant: str, of_all: bool) -> None:
    """Delete for good what was deleted long ago.

    Long ago is more than SCIM_TRASH_DAYS days.
    """
    days = service().settings.trash_days if days is None else days
    before = from_now(days=-days)
    parts = (part for each in stores(tenant, of_all) for part in recovery.purge_trash(each, before))
    say_purged(parts, "deleted", days)


def say_purged(parts: Iterable[int], what: str, days: int) -> None:
    """Print the number of purged rows, after each part and at the end."""
    gone = 0
    for part in parts:
        gone += part
        click.echo(f"{gone} purged", err=True)
    say(f"Purged {gone} {what} more than {days} days ago.")
