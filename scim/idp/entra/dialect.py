"""The two dialects of Entra ID for PATCH requests (RFC 7644 §3.5.2).

The default dialect writes ``op`` with a capital letter, booleans as text, and one operation for
each attribute. The flag ``aadOptscim062020`` in the tenant URL turns on the other dialect.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..values import Record
from .mapping.rules import GROUP_SCHEMA, Value, Values
from .mapping.values import read, to_role, write_all

COMPLIANT = "aadOptscim062020"
MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

Operations = list[Record]


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """A change of one attribute in the app."""

    op: Literal["Add", "Replace", "Remove"]
    path: str
    value: Value | None = None


def differences(values: Values, resource: Record) -> list[AttributeChange]:
    """Return the changes that give a resource these values. Its other values stay."""
    found = {path: read(resource, path) for path in values}
    return [
        AttributeChange("Add" if found[path] is None else "Replace", path, value)
        for path, value in values.items()
        if found[path] != value and not isinstance(value, list)
    ] + _missing_roles(values.get("roles"), found.get("roles"))


def _missing_roles(wanted: Any, found: Any) -> list[AttributeChange]:
    """Return the roles to add. AppRoleAssignmentsComplex never removes a role."""
    known = [role.get("value") for role in found or ()]
    missing = [role for role in wanted or () if not {role["value"], role_text(role)} & {*known}]
    return [AttributeChange("Add", "roles", missing)] if missing else []


def role_text(role: Record) -> str:
    """Return an app role as the default dialect patches it: JSON within JSON."""
    return json.dumps(role, separators=(",", ":"), ensure_ascii=False)


class DefaultDialect:
    """The dialect of a tenant URL without the flag."""

    name = "default"

    def attributes(self, changes: Sequence[AttributeChange]) -> Operations:
        return [
            {"op": each.op, "path": each.path}
            | ({} if each.value is None else {"value": self._value(each.value)})
            for each in changes
        ]

    def _value(self, value: Value) -> Any:
        if isinstance(value, list):
            return [{"value": role_text(role)} for role in value]
        return str(value)

    def members(self, added: Sequence[str], removed: Sequence[str]) -> Operations:
        return [
            {
                "op": op,
                "path": "members",
                "value": [{"$ref": None, "value": target_id} for target_id in target_ids],
            }
            for op, target_ids in (("Add", added), ("Remove", removed))
            if target_ids
        ]

    def group_document(self, values: Values) -> Record:
        document = write_all({"schemas": [GROUP_SCHEMA, MICROSOFT_GROUP]}, values)
        return document | {"meta": {"resourceType": "Group"}}


class CompliantDialect(DefaultDialect):
    """The dialect of a tenant URL with the flag. One operation replaces all plain attributes."""

    name = COMPLIANT

    def attributes(self, changes: Sequence[AttributeChange]) -> Operations:
        together = {
            each.path: each.value
            for each in changes
            if each.op == "Replace" and each.path != "active" and "[" not in each.path
        }
        operations: Operations = [
            {"op": each.op.lower(), "path": each.path}
            | ({} if each.value is None else {"value": self._value(each.value)})
            for each in changes
            if each.path not in together
        ]
        if together:
            operations.append({"op": "replace", "value": together})
        return operations

    def _value(self, value: Value) -> Any:
        return [*map(to_role, value)] if isinstance(value, list) else value

    def members(self, added: Sequence[str], removed: Sequence[str]) -> Operations:
        operations: Operations = [
            {"op": "remove", "path": f'members[value eq "{target_id}"]'} for target_id in removed
        ]
        if added:
            value = [{"value": target_id} for target_id in added]
            operations.insert(0, {"op": "add", "path": "members", "value": value})
        return operations

    def group_document(self, values: Values) -> Record:
        return write_all({"schemas": [GROUP_SCHEMA]}, values) | {"members": []}


DIALECTS = {each.name: each for each in (DefaultDialect(), CompliantDialect())}
