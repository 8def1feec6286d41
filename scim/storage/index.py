"""The index of a tenant: which resources refer to which, and the values that must be unique."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from scim.protocol.attributes import notation
from scim.protocol.errors import UniquenessError
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER, fold

from .columns import indexable
from .keys import is_id
from .tables import TENANT, THIS, is_this, referrals, unique_values

SELECT_REFERRING = sa.select(referrals.c.source_type, referrals.c.source_id, referrals.c.key).where(
    referrals.c.tenant_id == TENANT, referrals.c.target_id == THIS
)
SELECT_TAKEN = sa.select(unique_values.c.value).where(
    *(
        unique_values.c[name] == sa.bindparam(name)
        for name in ("tenant_id", "resource_type", "key", "value")
    )
)
DELETE_REFERRALS = sa.delete(referrals).where(
    referrals.c.tenant_id == TENANT, referrals.c.source_id == THIS
)
DELETE_VALUES = sa.delete(unique_values).where(
    unique_values.c.tenant_id == TENANT, unique_values.c.resource_id == THIS
)
Folded = Mapping[str, Any]  # a resource as it is in ``search``


class Index:
    """The rows of a tenant's references and unique values, kept beside its resources."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def has(self, resource_type: ResourceType, resource_id: str) -> bool:
        """Tell whether there is a resource with that id; nothing is locked."""
        if not is_id(resource_id):
            return False
        found: sa.Select[Any] = sa.select(sa.literal_column("1")).where(is_this(resource_type))
        names = {"tenant": self.tenant_id, "this": resource_id}
        return self.connection.execute(found, names).first() is not None

    def add(self, resource_type: ResourceType, folded: Sequence[tuple[str, Folded]]) -> None:
        """Insert the reference rows and the unique values of new resources, given by id.

        :raises UniquenessError: a unique value is in use
        """
        tenant, name = {"tenant_id": self.tenant_id}, resource_type.name
        found = [
            dict(tenant, source_id=resource_id, source_type=name, key=key, target_id=target)
            for resource_id, search in folded
            for key, target in targets(resource_type, search)
        ]
        if found:
            self.connection.execute(sa.insert(referrals), found)
        values = [
            dict(tenant, resource_type=name, key=key, value=value, resource_id=resource_id)
            for resource_id, search in folded
            for key, value in dict.fromkeys(uniques(resource_type, search))
        ]
        for each in values:
            if self.connection.scalar(SELECT_TAKEN, each):
                attribute = notation(resource_type.uniques[str(each["key"])])
                raise UniquenessError(f"{attribute} is already in use")
        if values:
            self.connection.execute(sa.insert(unique_values), values)

    def change(
        self, resource_type: ResourceType, resource_id: str, before: str, search: Folded
    ) -> None:
        """Replace the rows of a resource if they have changed; ``before`` is its old body.

        :raises UniquenessError: a unique value is in use
        """
        if not resource_type.uniques and not (
            PLACEHOLDER in before or any(targets(resource_type, search))
        ):
            return
        known = fold(json.loads(before, strict=False), resource_type.attributes)
        if any(
            set(each(resource_type, known)) != set(each(resource_type, search))
            for each in (targets, uniques)
        ):
            names = {"tenant": self.tenant_id, "this": resource_id}
            self.connection.execute(DELETE_REFERRALS, names)
            self.connection.execute(DELETE_VALUES, names)
            self.add(resource_type, [(resource_id, search)])

    def remove(self, resource_type: ResourceType, resource_id: str) -> None:
        """Delete the rows of a resource."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        self.connection.execute(DELETE_REFERRALS, names)
        if resource_type.uniques:
            self.connection.execute(DELETE_VALUES, names)

    def referring(
        self, resource_id: str, most: int | None = None
    ) -> Sequence[tuple[str, str, str]]:
        """Return the references to a resource: the type and id of the source, and their key."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        found = self.connection.execute(SELECT_REFERRING.limit(most), names)
        return [(row.source_type, row.source_id, row.key) for row in found]


def targets(resource_type: ResourceType, search: Folded) -> Iterator[tuple[str, str]]:
    """Yield the key of each reference in a folded resource, and the id that it may lead to."""
    for key, reference in resource_type.references.items():
        for value in _values(search, (*reference.keys, "value")):
            if reference.targets and isinstance(value, str) and is_id(value):
                yield key, value


def uniques(resource_type: ResourceType, search: Folded) -> Iterator[tuple[str, str]]:
    """Yield the key and each value of the attributes that documents declare unique.

    :raises InvalidValueError: a value is too long for an index
    """
    for key, chain in resource_type.uniques.items():
        for value in _values(search, [attribute.key for attribute in chain]):
            if value not in (None, ""):
                yield key, indexable(notation(chain), str(value))


def _values(folded: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield the values at a place in a folded resource, those of each element of a list."""
    if isinstance(folded, list):
        for element in folded:
            yield from _values(element, keys)
    elif not keys:
        yield folded
    elif isinstance(folded, dict):
        yield from _values(folded.get(keys[0]), keys[1:])
