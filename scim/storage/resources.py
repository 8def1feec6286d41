"""Users and groups: the rows behind the resources."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    bindparam,
    cast,
    func,
    null,
    select,
    text,
    update,
)

from models import Group, Total, User
from scim.protocol.errors import InvalidValueError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, ResourceType
from scim.protocol.values import date_time, fold, fold_text

from .keys import is_id
from .membership import among, managed, related

TABLES: Mapping[str, Any] = {"User": User.__table__, "Group": Group.__table__}
LONGEST_KEY = 2000  # bytes; a row of a B-tree index holds little more
SLOTS = 16

totals = Total.__table__
COUNT = text(
    "INSERT INTO totals (tenant_id, resource_type, slot, resources)"
    " VALUES (:tenant_id, :resource_type, :slot, :more)"
    " ON CONFLICT (tenant_id, resource_type, slot)"
    " DO UPDATE SET resources = totals.resources + excluded.resources"
)
TOTAL = select(func.coalesce(func.sum(totals.c.resources), 0)).where(
    totals.c.tenant_id == bindparam("tenant_id"),
    totals.c.resource_type == bindparam("resource_type"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it was read.

    ``body`` is its JSON text without meta and with the placeholder for the base URL;
    ``related`` the JSON texts of its groups or members, joined by commas, or None if there are
    none or nobody asked; ``manager`` what stands beside the id of a user's manager.
    """

    id: str
    body: str
    version: int
    created: str
    last_modified: str
    related: str | None = None
    manager: str | None = None
    password: str | None = None


@cache
def rows(table: Any, with_related: bool, with_password: bool = False) -> Select[Any]:
    """Return the SELECT whose rows, in order, are the arguments of ``Stored``."""
    return select(
        cast(table.c.id, Text),
        table.c.body,
        table.c.version,
        table.c.created,
        table.c.last_modified,
        related(table) if with_related else null(),
        managed() if table is TABLES["User"] else null(),
        table.c.password if with_password and table is TABLES["User"] else null(),
    )


def _by_id(table: Any, with_related: bool) -> Select[Any]:
    return rows(table, with_related).where(
        table.c.tenant_id == bindparam("tenant_id"), table.c.id == bindparam("id")
    )


def _locked(table: Any) -> Select[Any]:
    """Return the SELECT of rows to be changed, with all of them but the members of a group."""
    chosen = rows(table, with_related=table is TABLES["User"], with_password=True)
    return chosen.with_for_update(of=table, key_share=True)


GET = {
    (name, with_related): _by_id(table, with_related)
    for name, table in TABLES.items()
    for with_related in (True, False)
}
LOCK = {
    name: _locked(table).where(
        table.c.tenant_id == bindparam("tenant_id"), table.c.id == bindparam("id")
    )
    for name, table in TABLES.items()
}
REPORTS = _locked(TABLES["User"])
# In an UPDATE, a parameter named as a column is a new value of it.
UPDATE = {
    name: update(table).where(
        table.c.tenant_id == bindparam("of_tenant"), table.c.id == bindparam("of_id")
    )
    for name, table in TABLES.items()
}
UPDATE_AND_SHOW = {
    "User": UPDATE["User"].returning(related(TABLES["User"]), managed()),
    "Group": UPDATE["Group"].returning(null(), null()),
}
TOUCH = {
    name: update(table)
    .where(table.c.tenant_id == bindparam("of_tenant"), among(table.c.id))
    .values(version=table.c.version + 1)
    for name, table in TABLES.items()
}


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
    values: dict[str, Any] = {
        "external_id": _key("externalId", external_id) if external_id else None,
        "body": body,
        "search": fold(document, resource_type.attributes),
    }
    if resource_type.name == "User":
        manager_id = document.get(ENTERPRISE_USER_SCHEMA, {}).get("manager", {}).get("value", "")
        return values | {
            "user_name": _key("userName", fold_text(document["userName"])),
            "display": document.get("displayName"),
            "password": document.get("password"),
            "manager_id": manager_id if is_id(manager_id) else None,
        }
    return values | {
        "display_name": _key("displayName", fold_text(document["displayName"])),
        "display": document["displayName"],
        "name_scope": "" if unique_names else document["id"],
    }


def _key(name: str, value: str) -> str:
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValueError(f"{name} is longer than {LONGEST_KEY} bytes")
    return value


def bump(connection: Connection, table: FromClause, chosen: ColumnElement[bool]) -> None:
    """Move the version and lastModified of the rows that meet ``chosen``, in one statement."""
    moved = {"version": table.c.version + 1, "last_modified": now()}
    connection.execute(update(table).where(chosen).values(moved))  # type: ignore[arg-type]


def count(connection: Connection, tenant_id: int, resource_type: ResourceType, more: int) -> None:
    """Add ``more`` to the number of resources, in the slot of this process."""
    connection.execute(
        COUNT,
        {
            "tenant_id": tenant_id,
            "resource_type": resource_type.name,
            "slot": os.getpid() % SLOTS,
            "more": more,
        },
    )
