"""People name a user by userName and a group by displayName; commands find the id."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import click

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.nodes import AttributePath, Comparison
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import ResourceType
from scim.storage import Query, Selection, Store, is_id, kind_of

from .common import explain_errors, with_options

SHOWN = 5  # ids that the line about an ambiguous name has


@dataclass(frozen=True, slots=True)
class Known:
    """A resource that has a name, or had it; ``deleted`` is the instant of its delete, or ''."""

    type_name: str
    id: str
    deleted: str = ""

    def __str__(self) -> str:
        return f"{self.type_name} {self.id}" + (
            f" (deleted {self.deleted[:19]}Z)" * bool(self.deleted)
        )


def with_name(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument NAME and the option ``--type``."""
    options = (
        click.argument("name", metavar="NAME"),
        click.option("--type", "type_name", help="its type, for example User or Group"),
    )
    return with_options(command, options)


def find_alive(opened: Store, name: str, type_name: str | None = None) -> str:
    """Return the id of the resource with an id or a name; if there is none, of a deleted one."""
    return _one(name, type_name, is_id(name), (_alive(opened, name), _deleted(opened, name)))


def find_deleted(opened: Store, name: str, type_name: str | None = None) -> str:
    """Return the id of the resource in the trash with an id or a name."""
    return _one(name, type_name, is_id(name), (_deleted(opened, name),), "deleted ")


def find_user(opened: Store, name: str) -> str:
    """Return the id of the user with an id or a userName."""
    user_type = opened.directory.definitions.by_name["User"]
    with explain_errors():
        if found := opened.get(user_type, name, with_related=False):
            return found.id
        return _one(name, "User", False, (_alive(opened, name),))


def _one(
    name: str,
    type_name: str | None,
    is_given: bool,
    places: Iterable[Iterator[Known]],
    state: str = "",
) -> str:
    """Return the only resource that the first place with any has; an id is taken as it is."""
    if is_given:
        return name
    for place in places:
        with explain_errors():
            found = [
                each
                for each in place
                if type_name is None or each.type_name.lower() == type_name.lower()
            ]
        if len(found) > 1:
            listed = ", ".join(map(str, found[:SHOWN]))
            more = ", and more" if len(found) > SHOWN else ""
            hint = "" if type_name else "--type or "
            raise click.ClickException(
                f"{name!r} names several: {listed}{more}; give {hint}one of the ids"
            )
        if found:
            return found[0].id
    what, tenant = type_name or "user or group", click.get_current_context().params["tenant"]
    raise click.ClickException(
        f"no {state}{what} has the id or name {name!r} in the tenant {tenant!r}"
    )


def _alive(opened: Store, name: str) -> Iterator[Known]:
    for resource_type in opened.directory.definitions.resource_types:
        path = AttributePath(kind_of(resource_type).name)
        try:
            named = resolve(Comparison(path, "eq", name), resource_type)
        except InvalidFilterError:
            continue  # its resources have no displayName
        query = Query((Selection(resource_type, named, with_related=False),), limit=SHOWN + 1)
        for each in opened.query(query).resources:
            yield Known(resource_type.name, each.stored.id)


def _deleted(opened: Store, name: str) -> Iterator[Known]:
    for row in opened.atomically(lambda transaction: transaction.trash.all_named(name)):
        yield Known(row.resource_type, row.id, row.deleted)


def name_in(body: str | None) -> str:
    """Return the name in a body as it was written, or ''."""
    document = json.loads(body, strict=False) if body else {}
    return document.get("userName") or document.get("displayName") or ""


def name_of(opened: Store, resource_id: str) -> str:
    """Return the name of a resource, or the last one that history knows; '' if none."""
    for name in ("User", "Group"):
        resource_type: ResourceType = opened.directory.definitions.by_name[name]
        if found := opened.get(resource_type, resource_id, with_related=False):
            return name_in(found.body)
    return name_in(opened.recall(lambda known: known.last_body(resource_id)))
