"""``history`` and ``revert``: show the changes of a user or group, and go back to a version."""

from collections.abc import Iterator, Sequence

import click
from flask.cli import with_appcontext

from scim.explain.changes.differences import difference
from scim.provider import recovery
from scim.storage import Cause, Change, Reason, Store
from scim.storage.keys import from_now

from .braking import stopping
from .common import explain_errors, find, of_all_tenants, of_tenant, say, service, store, stores
from .names import find_alive, name_in, name_of, with_name
from .times import instant
from .trash import say_missing, say_purged

MEMBERS_SHOWN = 20


@click.command()
@click.argument("name", required=False)
@click.option("--type", "type_name", help="its type, for example User or Group")
@click.option(
    "--since",
    metavar="WHEN",
    callback=instant,
    help="show everything that changed in the last 30m, 1h or 7d, or since 2026-11-29",
)
@click.option("--purge", is_flag=True, help="delete changes older than SCIM_HISTORY_DAYS")
@of_tenant
@of_all_tenants
@with_appcontext
def history(
    name: str | None,
    type_name: str | None,
    since: str | None,
    purge: bool,
    tenant: str,
    of_all: bool,
) -> None:
    """Show who changed a user or group, when, and which values.

    NAME is a userName, a displayName or an id. With --since it may be left out.
    """
    if of_all and not purge:
        raise click.UsageError("--all-tenants goes with --purge")
    if purge and (name or type_name or since):
        raise click.UsageError("--purge takes no NAME, --type or --since; it is of a whole tenant")
    opened = store(tenant)
    if purge:
        _purge(stores(tenant, of_all))
    elif name is None and since is None:
        raise click.UsageError("give the name of a user or group, --since, or --purge")
    elif name is None:
        _say_all(lines_of_all(opened, recovery.changes_since(opened, since or "")))
        if stopped := stopping(find(tenant)):  # of refused writes there is no change
            say(stopped)
    else:
        resource_id = find_alive(opened, name, type_name)
        with explain_errors():
            changes = recovery.history(opened, resource_id)
        recent = [change for change in changes if change.at >= (since or "")]
        _say_all(lines(opened, resource_id, recent))


def _purge(opened: list[Store]) -> None:
    days = service().settings.history_days
    before = from_now(days=-days)
    parts = (part for each in opened for part in recovery.purge_history(each, before))
    with explain_errors():
        say_purged(parts, "changes made", days)


def _say_all(described: Iterator[str]) -> None:
    line = None
    for line in described:
        say(line)
    if line is None:
        say("Nothing has changed since then.")


@click.command()
@with_name
@click.option("--to", "version", type=int, required=True, help="the version to go back to")
@of_tenant
@with_appcontext
def revert(name: str, type_name: str | None, version: int, tenant: str) -> None:
    """Go back to an earlier version of a user or group.

    This makes a new version. NAME is a userName, a displayName or an id; `history NAME` shows the
    versions.
    """
    opened = store(tenant)
    with explain_errors():
        done = recovery.revert(opened, find_alive(opened, name, type_name), version)
    kind = done.resource_type.name
    say(f"The {kind} is now at version {done.stored.version}, as it was at {version}.")
    say_missing(done.missing)


def lines_of_all(opened: Store, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines that describe the changes of several resources to a person."""
    for change in changes:
        name = name_in(change.after or change.before) or name_of(opened, change.resource_id)
        what = f"{change.resource_type} {change.resource_id} ({name})"
        version = f"version {change.version}{_request(change)}"
        yield f"{_when(change)}  {_operation(opened, change)}  {what} {version}"
        yield from _details(opened, change)


def lines(opened: Store, resource_id: str, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines that describe the changes of a resource to a person."""
    for change in changes:
        when = _when(change)
        if change.resource_id != resource_id:
            verb = "joined" if change.members[resource_id] else "left"
            yield f"             {when}  {verb} the group {_named(opened, change.resource_id)}"
            continue
        yield f"version {change.version:<4} {when}  {_operation(opened, change)}{_request(change)}"
        yield from _details(opened, change)


def _when(change: Change) -> str:
    return f"{change.at[:19]}Z  {change.token}"


def _request(change: Change) -> str:
    """Return the id of the request as the log has it; a command has none."""
    return f"  request_id={change.request_id}" if change.request_id else ""


def _details(opened: Store, change: Change) -> Iterator[str]:
    """Yield a line for each value and each member that a change added or removed."""
    yield from (f"  {line}" for line in difference(change.before, change.after))
    if change.unseen:
        yield "  an attribute changed that is never shown, a password for example"
    members = sorted(change.members.items())
    for member, added in members[:MEMBERS_SHOWN]:
        yield f"  {'+' if added else '-'} member {_named(opened, member)}"
    if len(members) > MEMBERS_SHOWN:
        yield f"  and {len(members) - MEMBERS_SHOWN} more members"


def _operation(opened: Store, change: Change) -> str:
    """Return an operation with its cause: ``patch, because 2819c223 was deleted``."""
    match change.cause:
        case None:
            return change.operation
        case Cause(Reason.VERSION, version):
            return f"{change.operation} to version {version}"
        case Cause(reason, subject):
            other = _named(opened, subject) if subject else "another resource"
            return f"{change.operation}, because {other} was {reason}"


def _named(opened: Store, resource_id: str) -> str:
    """Return an id with the name of the user or group, also of one that is gone."""
    name = name_of(opened, resource_id)
    return f"{resource_id} ({name})" if name else resource_id
