"""The rows of resources, and the statements for them, each built once."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType

from .database.prepared import Prepared
from .references import select_references
from .relations import has_many, select_related
from .tables import among, belongs, is_this, kind_of, table_of


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it was read.

    ``body`` is its JSON text without meta and with the placeholder for the base URL. ``related`` is
    the JSON texts of its groups or members, joined by commas; None if it has none, or they were not
    read, as those of a group that ``has_many``. ``references`` resolves the marks in the body.
    ``hidden`` is the JSON text of the attributes that are never returned. ``created`` is empty if
    nothing tells it, as of a membership that is older than the history.
    """

    id: str
    body: str
    version: int
    created: str
    last_modified: str
    related: str | None = None
    references: str | None = None
    hidden: str | None = None
    has_many: bool = False


@cache
def select_rows(
    resource_type: ResourceType, with_related: bool, with_hidden: bool = False
) -> sa.Select[Any]:
    """Return the SELECT whose rows are, in order, the arguments of ``Stored``."""
    table = table_of(resource_type)
    return sa.select(
        sa.cast(table.c.id, sa.Text),
        table.c.body,
        table.c.version,
        table.c.created,
        table.c.last_modified,
        _related(resource_type, with_related),
        select_references(resource_type),
        table.c.hidden if with_hidden else sa.null(),
    )


def _related(resource_type: ResourceType, wanted: bool) -> Any:
    relates = wanted and kind_of(resource_type).related
    return select_related(resource_type) if relates else sa.null()


@cache
def select_by_id(resource_type: ResourceType, with_related: bool) -> Prepared:
    """Return the SELECT of the resource that the parameter ``this`` names."""
    return Prepared(select_rows(resource_type, with_related).where(is_this(resource_type)))


@cache
def select_with_hidden(resource_type: ResourceType) -> Prepared:
    """Return the SELECT of the resource ``this`` with what is never returned; it locks nothing."""
    chosen = select_rows(resource_type, with_related=False, with_hidden=True)
    return Prepared(chosen.where(is_this(resource_type)))


@cache
def select_by_id_unless_many(resource_type: ResourceType) -> Prepared:
    """Return the same SELECT, where ``related`` is NULL if there are many and '' if there are none.

    They are many if there are more than the parameter ``at_once``.
    """
    columns = list(select_rows(resource_type, with_related=True).selected_columns)
    members = sa.func.coalesce(columns[5], sa.literal_column("''"))
    columns[5] = sa.case((has_many(table_of(resource_type)), sa.null()), else_=members)
    return Prepared(sa.select(*columns).where(is_this(resource_type)))


@cache
def select_for_update(resource_type: ResourceType) -> Prepared:
    """Return the SELECT that locks the resource ``this``, with all of it but a group's members."""
    with_groups = kind_of(resource_type).has_groups
    chosen = select_rows(resource_type, with_groups, with_hidden=True)
    locked = chosen.with_for_update(of=table_of(resource_type), key_share=True)
    return Prepared(locked.where(is_this(resource_type)))


@cache
def update_by_id(resource_type: ResourceType) -> Prepared:
    """Return the UPDATE of the resource ``this``."""
    return Prepared(_update(resource_type), _updated_columns(resource_type))


@cache
def update_returning_related(resource_type: ResourceType) -> Prepared:
    """Return the same UPDATE, whose row is ``related`` and ``references`` of ``Stored``."""
    shown = _related(resource_type, kind_of(resource_type).has_groups)
    changed = _update(resource_type).returning(shown, select_references(resource_type))
    return Prepared(changed, _updated_columns(resource_type))


def _update(resource_type: ResourceType) -> sa.Update:
    return sa.update(table_of(resource_type)).where(is_this(resource_type))


def _updated_columns(resource_type: ResourceType) -> list[str]:
    kept = {"tenant_id", "id", "created", "resource_type"}
    return [column.name for column in table_of(resource_type).c if column.name not in kept]


@cache
def insert_row(resource_type: ResourceType) -> Prepared:
    """Return the INSERT of one resource."""
    table = table_of(resource_type)
    return Prepared(sa.insert(table), table.c.keys())


@cache
def update_versions(resource_type: ResourceType) -> Prepared:
    """Return the UPDATE that bumps the versions of the resources ``ids``."""
    table = table_of(resource_type)
    chosen = sa.update(table).where(belongs(resource_type), among(table.c.id))
    bumped = chosen.values(version=table.c.version + 1, last_modified=sa.bindparam("at"))
    return Prepared(bumped.returning(sa.cast(table.c.id, sa.Text), table.c.version))
