"""``history`` and ``revert``: show the changes of a user or group, and go back to a version."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from scim.protocol.values import PLACEHOLDER
from scim.provider import recovery
from scim.storage import Cause, Change, Reason, Store

from .common import explain_errors, of_tenant, resource_id, say, service, store
from .trash import days_ago, say_missing, say_purged

MEMBERS_SHOWN = 20


@click.command()
@click.argument("id", callback=resource_id, required=False)
@click.option("--purge", is_flag=True, help="delete changes older than SCIM_HISTORY_DAYS")
@of_tenant
@with_appcontext
def history(id: str | None, purge: bool, tenant: str) -> None:
    """Show the changes of a user or group: when, by whom, and which values."""
    opened = store(tenant)
    if purge:
        days = service().settings.history_days
        say_purged(recovery.purge_history(opened, days_ago(days)), "changes made", days)
    elif id is None:
        raise click.UsageError("give the id of a user or group, or --purge")
    else:
        with explain_errors():
            changes = recovery.history(opened, id)
        for line in lines(opened, id, changes):
            say(line)


@click.command()
@click.argument("id", callback=resource_id)
@click.option("--to", "version", type=int, required=True, help="the version to go back to")
@of_tenant
@with_appcontext
def revert(id: str, version: int, tenant: str) -> None:
    """Go back to an earlier version of a user or group; this makes a new version."""
    with explain_errors():
        done = recovery.revert(store(tenant), id, version)
    name = done.resource_type.name
    say(f"The {name} is now at version {done.stored.version}, as it was at {version}.")
    say_missing(done.missing)


def lines(opened: Store, resource_id: str, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines that describe the changes of a resource to a person."""
    for change in changes:
        when = f"{change.at[:19]}Z  {change.token}"
        if change.resource_id != resource_id:
            verb = "joined" if change.members[resource_id] else "left"
            yield f"             {when}  {verb} the group {_named(opened, change.resource_id)}"
            continue
        yield f"version {change.version:<4} {when}  {_operation(opened, change)}"
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
    """Return an id with the name of the user or group, if there is one."""
    for name in ("User", "Group"):
        resource_type = opened.directory.definitions.by_name[name]
        found = opened.get(resource_type, resource_id, with_related=False)
        if found:
            document = json.loads(found.body, strict=False)
            return f"{resource_id} ({document.get('userName') or document['displayName']})"
    return resource_id


def difference(before: str | None, after: str | None) -> Iterator[str]:
    """Yield a line for every value that one body has and the other has not."""
    old, new = _values(before), _values(after)
    for place in dict.fromkeys([*old, *new]):
        was, became = old.get(place, ()), new.get(place, ())
        yield from (f"- {place}: {value}" for value in was if value not in became)
        yield from (f"+ {place}: {value}" for value in became if value not in was)


def _values(body: str | None) -> dict[str, list[str]]:
    """Return the values of a body as JSON texts, by the places where they are."""
    values: dict[str, list[str]] = {}

    def collect(place: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                collect(f"{place}.{name}" if place else name, member)
        elif isinstance(value, list):
            for item in value:
                collect_one(place, item)
        else:
            collect_one(place, value)

    def collect_one(place: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        if not text.startswith(json.dumps(PLACEHOLDER)[:-1]):  # what the server makes of an id
            values.setdefault(place, []).append(text)

    collect("", json.loads(body, strict=False) if body else {})
    return values
