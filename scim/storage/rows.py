"""The rows behind the resources, and the statements for them, each built once."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.attributes import notation
from scim.protocol.errors import InvalidValueError
from scim.protocol.projection import unreturned
from scim.protocol.schema import ResourceType
from scim.protocol.values import date_time, fold, fold_text

from .database.prepared import Prepared
from .keys import is_id
from .relations import RELATED, has_many, references, related
from .tables import among, belongs, is_this, table_of, totals

LONGEST_KEY = 2000  # bytes; a row of a B-tree index holds little more
SLOTS = 16
MANY = "many"  # stands for members that are better read in parts

COUNT = Prepared(
    sa.text(
        "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
        " VALUES (:tenant, :resource_type, :slot, :more, :moves)"
        " ON CONFLICT (tenant_id, resource_type, slot)"
        " DO UPDATE SET resources = totals.resources + excluded.resources,"
        " moves = totals.moves + excluded.moves"
    )
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it was read.

    ``body`` is its JSON text without meta and with the placeholder for the base URL;
    ``related`` the JSON texts of its groups or members, joined by commas, ``MANY``, or None if
    there are none or nobody asked; ``references`` what stands beside the ids in its references,
    keys and texts by turns; ``hidden`` the JSON text of what is never returned.
    """

    id: str
    body: str
    version: int
    created: str
    last_modified: str
    related: str | None = None
    references: str | None = None
    hidden: str | None = None


@cache
def rows(
    resource_type: ResourceType, with_related: bool, with_hidden: bool = False
) -> sa.Select[Any]:
    """Return the SELECT whose rows, in order, are the arguments of ``Stored``."""
    table = table_of(resource_type)
    relates = with_related and resource_type.name in RELATED
    return sa.select(
        sa.cast(table.c.id, sa.Text),
        table.c.body,
        table.c.version,
        table.c.created,
        table.c.last_modified,
        related(resource_type) if relates else sa.null(),
        _references(resource_type),
        table.c.hidden if with_hidden else sa.null(),
    )


def _references(resource_type: ResourceType) -> Any:
    found = references(resource_type, table_of(resource_type))
    return sa.null() if found is None else found


@cache
def by_id(resource_type: ResourceType, with_related: bool) -> Prepared:
    """Return the SELECT of the resource that the parameter ``this`` names."""
    return Prepared(rows(resource_type, with_related).where(is_this(resource_type)))


@cache
def by_id_unless_many(resource_type: ResourceType) -> Prepared:
    """Return the same with ``MANY`` in place of a group's members, if it has so many."""
    columns = list(rows(resource_type, with_related=True).selected_columns)
    many = has_many(table_of(resource_type))
    columns[5] = sa.case((many, sa.literal_column(f"'{MANY}'")), else_=columns[5])
    return Prepared(sa.select(*columns).where(is_this(resource_type)))


@cache
def locking(resource_type: ResourceType) -> Prepared:
    """Return the SELECT of a resource to be changed, with all of it but the members of a group."""
    chosen = rows(resource_type, with_related=resource_type.name == "User", with_hidden=True)
    locked = chosen.with_for_update(of=table_of(resource_type), key_share=True)
    return Prepared(locked.where(is_this(resource_type)))


@cache
def changing(resource_type: ResourceType) -> Prepared:
    """Return the UPDATE of the resource that the parameter ``this`` names."""
    return Prepared(_changing(resource_type), _changed(resource_type))


@cache
def changing_and_showing(resource_type: ResourceType) -> Prepared:
    """Return the same with what the resource shows of others."""
    shown = related(resource_type) if resource_type.name == "User" else sa.null()
    changed = _changing(resource_type).returning(shown, _references(resource_type))
    return Prepared(changed, _changed(resource_type))


def _changing(resource_type: ResourceType) -> sa.Update:
    return sa.update(table_of(resource_type)).where(is_this(resource_type))


def _changed(resource_type: ResourceType) -> list[str]:
    kept = {"tenant_id", "id", "created", "resource_type"}
    return [column.name for column in table_of(resource_type).c if column.name not in kept]


@cache
def adding(resource_type: ResourceType) -> Prepared:
    """Return the INSERT of one resource."""
    table = table_of(resource_type)
    return Prepared(sa.insert(table), table.c.keys())


@cache
def moving(resource_type: ResourceType) -> Prepared:
    """Return the UPDATE that moves the versions of the resources in the parameter ``ids``."""
    table = table_of(resource_type)
    chosen = sa.update(table).where(belongs(resource_type), among(table.c.id))
    moved = chosen.values(version=table.c.version + 1, last_modified=sa.bindparam("at"))
    return Prepared(moved.returning(sa.cast(table.c.id, sa.Text), table.c.version))


@cache
def total(*resource_types: ResourceType) -> sa.Select[Any]:
    """Return the SELECT of how many resources of these types a tenant has."""
    return _sum(totals.c.resources, *resource_types)


@cache
def moves(resource_type: ResourceType) -> sa.Select[Any]:
    """Return the SELECT of how often a resource has left its place among the others, or come back.

    Only those that are new come behind all others.
    """
    return _sum(totals.c.moves, resource_type)


def _sum(column: Any, *resource_types: ResourceType) -> sa.Select[Any]:
    named = [resource_type.name for resource_type in resource_types]
    return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(
        totals.c.tenant_id == sa.bindparam("tenant"),
        sa.or_(*(totals.c.resource_type == name for name in named)),
    )


def now() -> str:
    """Return the instant at which a change is made."""
    return date_time(datetime.now(UTC))


def columns(
    resource_type: ResourceType, document: Mapping[str, Any], body: str, unique_names: bool
) -> dict[str, Any]:
    """Return the columns of a resource that follow from what it says.

    :raises InvalidValueError: a value that is kept in an index is too long for it
    """
    external_id = document.get("externalId")
    hidden = unreturned(document, resource_type.attributes)
    values: dict[str, Any] = {
        "external_id": _key("externalId", external_id) if external_id else None,
        "display": _display(resource_type, document),
        "body": body,
        "search": fold(document, resource_type.searched),
        "hidden": json.dumps(hidden, ensure_ascii=False) if hidden else None,
    }
    if resource_type.name == "User":
        return values | {"user_name": _key("userName", fold_text(document["userName"]))}
    if resource_type.name == "Group":
        return values | {
            "display_name": _key("displayName", fold_text(document["displayName"])),
            "name_scope": "" if unique_names else document["id"],
        }
    return values | {"resource_type": resource_type.name}


def _display(resource_type: ResourceType, document: Mapping[str, Any]) -> str | None:
    """Return the displayName by which others show a resource; None without one for everybody."""
    attribute = resource_type.root.find("displayName")
    if attribute is None or attribute.returned not in ("default", "always"):
        return None
    value = document.get(attribute.name)
    return value if isinstance(value, str) else None


def _key(name: str, value: str) -> str:
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValueError(f"{name} is longer than {LONGEST_KEY} bytes")
    return value


def name_of(resource_type: ResourceType, body: str) -> str | None:
    """Return the folded userName of a user, the displayName of anything else."""
    name = json.loads(body, strict=False).get(
        "userName" if resource_type.name == "User" else "displayName"
    )
    return fold_text(name) if isinstance(name, str) else None


def targets(resource_type: ResourceType, search: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the key of each reference in a folded resource and the id that it could lead to."""
    for key, reference in resource_type.references.items():
        for value in _values(search, (*reference.keys, "value")):
            if reference.targets and isinstance(value, str) and is_id(value):
                yield key, value


def uniques(resource_type: ResourceType, search: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the key and each value of the attributes that documents declare unique.

    :raises InvalidValueError: a value is too long for an index
    """
    for key, chain in resource_type.uniques.items():
        for value in _values(search, [attribute.key for attribute in chain]):
            if value not in (None, ""):
                yield key, _key(notation(chain), str(value))


def _values(folded: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield what a folded resource has at some place, of each element of what is multi-valued."""
    if isinstance(folded, list):
        for element in folded:
            yield from _values(element, keys)
    elif not keys:
        yield folded
    elif isinstance(folded, dict):
        yield from _values(folded.get(keys[0]), keys[1:])


def count(
    connection: sa.Connection,
    tenant_id: int,
    resource_type: ResourceType,
    more: int,
    are_new: bool = False,
) -> None:
    """Add ``more`` to the number of resources, in the slot of this process.

    Unless they are new, all places that are remembered are forgotten: see ``anchors``.
    """
    names = {"tenant": tenant_id, "resource_type": resource_type.name}
    moves = 0 if are_new else abs(more)
    COUNT.rows(connection, names | {"slot": os.getpid() % SLOTS, "more": more, "moves": moves})
