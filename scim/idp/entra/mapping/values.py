"""The values of SCIM resources: mapped from the directory, written into documents, read back."""

import re
from collections.abc import Mapping
from typing import Any

from scim.protocol.filters.nodes import AttributePath, Comparison, ValuePath
from scim.protocol.filters.parser import parse_path

from ...values import Record
from .expressions import evaluate
from .rules import (
    APP_ROLE,
    BOOLEANS,
    ENTERPRISE,
    NEW_ELEMENTS,
    REFERENCES,
    ROLES,
    USER_SCHEMA,
    AttributeMapping,
    Value,
    Values,
)


def map_values(source: Mapping[str, Any], mapping: tuple[AttributeMapping, ...]) -> Values:
    """Return the value of each target that has one. References are left out."""
    values = {
        each.target: _value(each, source) for each in mapping if each.target not in REFERENCES
    }
    return {target: value for target, value in values.items() if value is not None}


def _value(mapping: AttributeMapping, source: Mapping[str, Any]) -> Value | None:
    if mapping.source == ROLES:
        return source.get("appRoleAssignments") or None
    text = evaluate(mapping.source, source) or mapping.default
    is_boolean = re.split("[.:]", mapping.target)[-1] in BOOLEANS
    return (text == "True" if is_boolean else text) if text else None


def read(resource: Mapping[str, Any], target: str) -> Any:
    """Return the value of a resource at a target, or None."""
    path = parse_path(target)
    if isinstance(path, AttributePath):
        value = _part(_part(resource, path.urn) if path.urn else resource, path.name)
        return _part(value, path.sub_attribute) if path.sub_attribute else value
    named, value = _condition(path)
    elements = resource.get(path.path.name)
    for element in elements if isinstance(elements, list) else ():
        if _part(element, named) == value:
            return _part(element, path.sub_attribute)
    return None


def _part(holder: Any, name: str | None) -> Any:
    """Return a member of an answer, which may have any shape."""
    return holder.get(name) if isinstance(holder, dict) else None


def write(resource: Record, target: str, value: Value) -> None:
    """Set the value of a resource at a target."""
    path = parse_path(target)
    if isinstance(path, AttributePath):
        holder = resource.setdefault(path.urn, {}) if path.urn else resource
        if path.sub_attribute:
            holder = holder.setdefault(path.name, {})
        holder[path.sub_attribute or path.name] = value
        return
    named, selected = _condition(path)
    elements = resource.setdefault(path.path.name, [])
    element = next((each for each in elements if each.get(named) == selected), None)
    if element is None:
        element = {named: selected} | NEW_ELEMENTS.get((path.path.name, selected), {})
        elements.append(element)
    element[str(path.sub_attribute)] = value


def write_all(document: Record, values: Values) -> Record:
    """Set the value of each target in a document, and return the document."""
    for target, value in values.items():
        write(document, target, value)
    return document


def _condition(path: ValuePath) -> tuple[str, Any]:
    """Return the attribute and the value of ``[type eq "work"]``, the only filters of mappings."""
    assert isinstance(path.value_filter, Comparison)
    assert isinstance(path.value_filter.path, AttributePath)
    named, value = path.value_filter.path.name, path.value_filter.value
    return named, str(value) == "True" if named in BOOLEANS else value


def build_user(values: Values) -> Record:
    """Return the body that creates a user."""
    document: Record = {
        "schemas": [USER_SCHEMA, ENTERPRISE],  # Entra ID sends no URNs of other extensions
        "meta": {"resourceType": "User"},
        "roles": [],
    }
    roles = values.get("roles")
    if isinstance(roles, list):
        values = values | {"roles": [to_role(role) for role in roles]}
    return write_all(document, values)


def to_role(role: Mapping[str, Any]) -> Record:
    """Return an app role as a value of ``roles``."""
    shown = {"displayName": role["displayName"], "value": role["value"]}
    return {"primary": False} | APP_ROLE | shown


def find_incompatibility(resource: Mapping[str, Any]) -> str | None:
    """Say why the provisioning service cannot read a resource, if it cannot."""
    if not isinstance(resource.get("id"), str):
        return "id is not a string"
    if not isinstance(resource.get("active", True), bool):
        return "active is not a boolean"
    for name in ("name", ENTERPRISE):
        if not isinstance(resource.get(name), dict | None):
            return f"{name} is not complex"
    if not isinstance((resource.get(ENTERPRISE) or {}).get("manager"), dict | None):
        return "manager is not complex"
    for name in ("emails", "phoneNumbers", "addresses", "roles"):
        elements = resource.get(name)
        if not isinstance(elements, list | None):
            return f"{name} is not a list"
        for element in elements or ():
            if not isinstance(element, dict):
                return f"a value of {name} is not complex"
            if not isinstance(element.get("primary", False), bool):
                return f"primary in {name} is not a boolean"
    return None
