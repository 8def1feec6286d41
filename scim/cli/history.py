"""``history`` and ``revert``: what has been done to a resource, and undoing it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from scim.protocol.values import PLACEHOLDER
from scim.provider import recovery
from scim.storage import Change, Store

from .common import of_tenant, resource_id, said_plainly, service, store
from .trash import days_ago, say_missing, say_purged

MEMBERS_SHOWN = 20


@click.command()
@click.argument("id", callback=resource_id, required=False)
@click.option("--purge", is_flag=True, help="forget changes older than SCIM_HISTORY_DAYS")
@of_tenant
@with_appcontext
def history(id: str | None, purge: bool, tenant: str) -> None:
    """Show who changed a resource, when, and what."""
    directory = store(tenant)
    if purge:
        days = service().settings.history_days
        say_purged(recovery.purge_history(directory, days_ago(days)), "changes made", days)
    elif id is None:
        raise click.UsageError("name a resource by its id, or say --purge")
    else:
        with said_plainly():
            changes = recovery.history(directory, id)
        for line in lines(directory, id, changes):
            click.echo(line)


@click.command()
@click.argument("id", callback=resource_id)
@click.option("--to", "version", type=int, required=True, help="the version to go back to")
@of_tenant
@with_appcontext
def revert(id: str, version: int, tenant: str) -> None:
    """Go back to an earlier version of a resource, as its next version."""
    with said_plainly():
        done = recovery.revert(store(tenant), id, version)
    name = done.resource_type.name
    click.echo(f"The {name} is now at version {done.stored.version}, as it was at {version}.")
    say_missing(done.missing)


def lines(directory: Store, resource_id: str, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what a person reads of the changes of a resource."""
    for change in changes:
        when = f"{change.at[:19]}Z  {change.token}"
        if change.resource_id != resource_id:
            verb = "joined" if change.members[resource_id] else "left"
            yield f"             {when}  {verb} the group {_named(directory, change.resource_id)}"
            continue
        yield f"version {change.version:<4} {when}  {change.operation}"
        yield from (f"  {line}" for line in difference(change.before, change.after))
        if change.unseen:
            yield "  something changed that is never shown, a password for example"
        members = sorted(change.members.items())
        for member, added in members[:MEMBERS_SHOWN]:
            yield f"  {'+' if added else '-'} member {_named(directory, member)}"
        if len(members) > MEMBERS_SHOWN:
            yield f"  and {len(members) - MEMBERS_SHOWN} more members"


def _named(directory: Store, resource_id: str) -> str:
    """Return an id with the name of the user or group, if it is there."""
    for name in ("User", "Group"):
        found = directory.get(directory.definitions.by_name[name], resource_id, with_related=False)
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
