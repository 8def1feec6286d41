"""References to a deleted resource, removed from many resources by few statements.

A delete removes some of them itself. If there are more, it leaves a row in ``releases``: until that
row goes, no read shows the references, and they are removed part by part, each part in a
transaction of its own. After a crash ``trash purge`` goes on.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType

from .database.prepared import Prepared
from .keys import now
from .rows import Stored
from .tables import TENANT, THIS, among, belongs, referrals, releases, table_of

MINE = releases.c.tenant_id == TENANT
IS_THIS = sa.and_(MINE, releases.c.id == THIS)
PENDING = sa.select(releases.c.resource_type, sa.cast(releases.c.id, sa.Text))
SELECT_PENDING = Prepared(PENDING.where(MINE))
SELECT_HELD = Prepared(PENDING.where(IS_THIS).with_for_update(read=True))
# By the primary key: SQLite would go through all references to the target for each part.
DELETE_REFERRALS = Prepared(
    sa.delete(referrals).where(
        referrals.c.tenant_id == TENANT,
        among(referrals.c.source_id),
        referrals.c.key == sa.bindparam("reference"),
    )
)
# One statement for any number of rows, which are the JSON of one parameter.
UPDATE = {
    "sqlite": (
        "UPDATE \"{table}\" SET body = given.value ->> 'body',"
        " search = json_remove(search, given.value ->> 'place'),"
        " version = version + 1, last_modified = :at FROM json_each(:rows) AS given"
        ' WHERE "{table}".tenant_id = :tenant{typed} AND "{table}".id = given.value ->> \'id\''
        " AND \"{table}\".version = given.value ->> 'version' RETURNING id"
    ),
    "postgresql": (
        'UPDATE "{table}" AS stored SET body = given.body, search = stored.search #- given.place,'
        " version = stored.version + 1, last_modified = :at"
        " FROM json_to_recordset(CAST(:rows AS json))"
        " AS given (id uuid, version bigint, body text, place text[])"
        " WHERE stored.tenant_id = :tenant{typed} AND stored.id = given.id"
        " AND stored.version = given.version RETURNING CAST(stored.id AS text)"
    ),
}


class Releases:
    """The deleted resources of a tenant that others still refer to."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}

    def add(self, resource_type: ResourceType, resource_id: str) -> None:
        """Leave the references to a resource that is deleted now to later transactions."""
        row = {"id": resource_id, "resource_type": resource_type.name}
        self.connection.execute(sa.insert(releases), row | {"tenant_id": self.tenant["tenant"]})

    def pending(self) -> list[tuple[str, str]]:
        """Return the type and id of each resource whose references are not yet removed."""
        return [(row[0], row[1]) for row in SELECT_PENDING.rows(self.connection, self.tenant)]

    def hold(self, resource_id: str) -> bool:
        """Tell whether a resource is among them, and keep it there until the commit."""
        return bool(SELECT_HELD.rows(self.connection, self.tenant | {"this": resource_id}))

    def end(self, resource_id: str) -> None:
        """Note that all references are removed, or that the resource came back."""
        self.connection.execute(
            sa.delete(releases).where(IS_THIS), self.tenant | {"this": resource_id}
        )

    def read(self, resource_type: ResourceType, ids: Sequence[str]) -> list[Stored]:
        """Return resources without what they show of others."""
        found = select_plain(resource_type).rows(self.connection, self.tenant | {"ids": list(ids)})
        return [Stored(*row) for row in found]

    def write(
        self, resource_type: ResourceType, key: str, rows: Sequence[dict[str, Any]]
    ) -> tuple[set[str], str]:
        """Write resources without the reference ``key``, as the next version of each.

        A row has ``id``, ``body``, the ``version`` it was made from, and as ``place`` the keys of
        the value that is gone, in ``search``. Return the ids of those that still had that version,
        and the instant of the change.
        """
        at, ordered = now(), sorted(rows, key=lambda row: str(row["id"]))
        if self.connection.dialect.name == "sqlite":
            ordered = [row | {"place": json_path(row["place"])} for row in ordered]
        names = self.tenant | {"at": at, "rows": json.dumps(ordered), "type": resource_type.name}
        updated = update(resource_type, self.connection.dialect.name).rows(self.connection, names)
        ids = [str(row[0]) for row in updated]
        DELETE_REFERRALS.rows(self.connection, self.tenant | {"reference": key, "ids": ids})
        return set(ids), at


@cache
def select_plain(resource_type: ResourceType) -> Prepared:
    """Return the SELECT of the resources in ``ids``: the first arguments of ``Stored``."""
    table = table_of(resource_type)
    plain = (table.c.body, table.c.version, table.c.created, table.c.last_modified)
    columns = sa.cast(table.c.id, sa.Text), *plain
    return Prepared(sa.select(*columns).where(belongs(resource_type), among(table.c.id)))


@cache
def update(resource_type: ResourceType, dialect: str) -> Prepared:
    """Return the UPDATE of the resources in ``rows`` that have the version given there."""
    table = table_of(resource_type)
    typed = " AND resource_type = :type" if "resource_type" in table.c else ""
    return Prepared(sa.text(UPDATE[dialect].format(table=table.name, typed=typed)))


def json_path(keys: Sequence[str]) -> str:
    """Return the path of SQLite that leads to a place in a JSON object."""
    return "$" + "".join(f'."{key}"' for key in keys)
