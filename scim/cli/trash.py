"""``trash``: deleted users, groups and other resources."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import click
from flask.cli import with_appcontext

from scim.protocol.values import date_time
from scim.provider import recovery

from .common import explain_errors, of_tenant, resource_id, say, service, store

SHOWN = 100


@click.group()
def trash() -> None:
    """Show, restore or purge deleted users and groups."""


@trash.command("list")
@of_tenant
@with_appcontext
def list_trash(tenant: str) -> None:
    """Show deleted users and groups, the latest first."""
    directory = store(tenant)
    latest, size = directory.atomically(lambda t: (t.trash.latest(SHOWN), t.trash.size()))
    for row in latest:
        say(f"{row.deleted[:19]}Z  {row.resource_type:10}  {row.id}  {row.name or ''}")
    if size > len(latest):
        say(f"and {size - len(latest)} deleted earlier")
    elif not size:
        say("The trash is empty.")


@trash.command("restore")
@click.argument("id", callback=resource_id)
@of_tenant
@with_appcontext
def restore(id: str, tenant: str) -> None:
    """Restore a deleted user or group.

    It gets back its id, and its memberships in groups that still exist.
    """
    with explain_errors():
        done = recovery.restore(store(tenant), id)
    say(f"Restored the {done.resource_type.name} {id}.")
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
@with_appcontext
def purge(days: int | None, tenant: str) -> None:
    """Delete users and groups for good that were deleted more than SCIM_TRASH_DAYS ago."""
    days = service().settings.trash_days if days is None else days
    say_purged(recovery.purge_trash(store(tenant), days_ago(days)), "deleted", days)


def days_ago(days: int) -> str:
    """Return the instant ``days`` days ago."""
    return date_time(datetime.now(UTC) - timedelta(days=days))


def say_purged(parts: Iterable[int], what: str, days: int) -> None:
    """Print the number of purged rows, after each part and at the end."""
    gone = 0
    for part in parts:
        gone += part
        click.echo(f"{gone} purged", err=True)
    say(f"Purged {gone} {what} more than {days} days ago.")
