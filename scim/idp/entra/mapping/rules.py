"""How users and groups of Entra ID become SCIM resources: the attribute mapping.

A mapping has a source expression as Entra ID's portal shows it, and a target, which is a path as
in PATCH (RFC 7644 §3.5.2). Values that are missing in the source are never provisioned.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scim.protocol.filters.nodes import AttributePath, Comparison, ValuePath
from scim.protocol.filters.parser import parse_path

from .expressions import evaluate
from .scope import Scope

Value = str | bool | list[dict[str, Any]]  # the list is one of app roles
Values = dict[str, Value]

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
ALWAYS = "Always"
SOFT_DELETED = "IsSoftDeleted"  # Entra ID's word for out of scope, blocked or deleted


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """What of a directory object goes where in a SCIM resource."""

    source: str
    target: str
    flow_type: str = ALWAYS
    matching_priority: int = 0  # objects are looked for by the lowest one first; not by 0
    default: str = ""


@dataclass(frozen=True, slots=True)
class ObjectMapping:
    """How objects of one kind are provisioned."""

    attributes: tuple[AttributeMapping, ...]
    scope: Scope = ()

    @property
    def matching(self) -> list[str]:
        """The targets by which objects are looked for, the first one first."""
        matching = [each for each in self.attributes if each.matching_priority]
        return [each.target for each in sorted(matching, key=lambda each: each.matching_priority)]

    @property
    def updated(self) -> frozenset[str]:
        """The targets that are not for new objects only."""
        return frozenset(each.target for each in self.attributes if each.flow_type == ALWAYS)

    def refers(self, target: str) -> bool:
        """Does the mapping have a manager, or members?"""
        return any(each.target == target for each in self.attributes)


Rules = Mapping[str, ObjectMapping]  # by the kind of the objects: User, Group


# Entra ID's defaults for an app that is not in its gallery. ``manager`` and ``members`` refer to
# other objects: they are provisioned after all users and groups.
USER_MAPPING = (
    AttributeMapping("[userPrincipalName]", "userName"),
    AttributeMapping('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "active"),
    AttributeMapping("[displayName]", "displayName"),
    AttributeMapping("[jobTitle]", "title"),
    AttributeMapping("[mail]", 'emails[type eq "work"].value'),
    AttributeMapping("[preferredLanguage]", "preferredLanguage"),
    AttributeMapping("[givenName]", "name.givenName"),
    AttributeMapping("[surname]", "name.familyName"),
    AttributeMapping('Join(" ", [givenName], [surname])', "name.formatted"),
    AttributeMapping("[physicalDeliveryOfficeName]", 'addresses[type eq "work"].formatted'),
    AttributeMapping("[streetAddress]", 'addresses[type eq "work"].streetAddress'),
    AttributeMapping("[city]", 'addresses[type eq "work"].locality'),
    AttributeMapping("[state]", 'addresses[type eq "work"].region'),
    AttributeMapping("[postalCode]", 'addresses[type eq "work"].postalCode'),
    AttributeMapping("[country]", 'addresses[type eq "work"].country'),
    AttributeMapping("[telephoneNumber]", 'phoneNumbers[type eq "work"].value'),
    AttributeMapping("[mobile]", 'phoneNumbers[type eq "mobile"].value'),
    AttributeMapping("[facsimileTelephoneNumber]", 'phoneNumbers[type eq "fax"].value'),
    AttributeMapping("[mailNickname]", "externalId"),
    AttributeMapping("[employeeId]", f"{ENTERPRISE}:employeeNumber"),
    AttributeMapping("[department]", f"{ENTERPRISE}:department"),
    AttributeMapping("[manager]", MANAGER),
)
GROUP_MAPPING = (
    AttributeMapping("[displayName]", "displayName", matching_priority=1),
    AttributeMapping("[objectId]", "externalId"),
    AttributeMapping("[members]", "members"),
)
REFERENCES = {MANAGER: ("User", "[manager]"), "members": ("Group", "[members]")}
MATCHING = {  # what users are looked up by; groups are by displayName
    "userName": "userName",
    "externalId": "externalId",
    "email": 'emails[type eq "work"].value',
}
BOOLEANS = frozenset({"active", "primary"})
ROLES = "AppRoleAssignmentsComplex([appRoleAssignments])"  # the only expression for ``roles``
APP_ROLE = {"type": "WindowsAzureActiveDirectoryRole"}
NEW_ELEMENTS: Mapping[tuple[str, object], dict[str, Any]] = {
    ("emails", "work"): {"primary": True},
    ("roles", True): APP_ROLE,
}


def default_rules(matching: str) -> Rules:
    """Return Entra ID's default mapping, with users looked for by one of ``MATCHING``."""
    users = tuple(
        replace(each, matching_priority=1) if each.target == MATCHING[matching] else each
        for each in USER_MAPPING
    )
    return {"User": ObjectMapping(users), "Group": ObjectMapping(GROUP_MAPPING)}


def mapped(source: Mapping[str, Any], mapping: tuple[AttributeMapping, ...]) -> Values:
    """Return the value for each target that has one; references are left out."""
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
    """Return what a resource has at a target, or None."""
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
    """Return a member of what an app answers, which may be anything."""
    return holder.get(name) if isinstance(holder, dict) else None


def write(resource: dict[str, Any], target: str, value: Value) -> None:
    """Set what a resource has at a target."""
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
    element[path.sub_attribute] = value


def written(document: dict[str, Any], values: Values) -> dict[str, Any]:
    """Return a document, which gets a value for each target."""
    for target, value in values.items():
        write(document, target, value)
    return document


def _condition(path: ValuePath) -> tuple[str, Any]:
    """Return the attribute and the value of ``[type eq "work"]``; mappings have no others."""
    assert isinstance(path.value_filter, Comparison)
    assert isinstance(path.value_filter.path, AttributePath)
    named, value = path.value_filter.path.name, path.value_filter.value
    return named, str(value) == "True" if named in BOOLEANS else value


def user_document(values: Values) -> dict[str, Any]:
    """Return the body that creates a user."""
    document = {
        "schemas": [USER_SCHEMA, ENTERPRISE],  # those of other extensions are not sent
        "meta": {"resourceType": "User"},
        "roles": [],
    }
    roles = values.get("roles")
    if isinstance(roles, list):
        values = values | {"roles": [role_document(role) for role in roles]}
    return written(document, values)


def role_document(role: Mapping[str, Any]) -> dict[str, Any]:
    """Return an app role as it is sent unless the default dialect patches it."""
    shown = {"displayName": role["displayName"], "value": role["value"]}
    return {"primary": False} | APP_ROLE | shown


def incompatible(resource: Mapping[str, Any]) -> str | None:
    """Say what of an answer the provisioning service cannot read, if anything."""
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
