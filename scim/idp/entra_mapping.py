"""How users and groups of Entra ID become SCIM resources: the attribute mapping.

A mapping has a source expression as Entra ID's portal shows it, and a target, which is a path as
in PATCH (RFC 7644 §3.5.2). Values that are missing in the source are never provisioned.
"""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scim.protocol.nodes import AttributePath, Comparison, ValuePath
from scim.protocol.parser import parse_path

Values = dict[str, str | bool]

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """What of a directory object goes where in a SCIM resource."""

    source: str
    target: str


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
    AttributeMapping("[displayName]", "displayName"),
    AttributeMapping("[objectId]", "externalId"),
    AttributeMapping("[members]", "members"),
)
REFERENCES = frozenset({MANAGER, "members"})
MATCHING = {  # what users are looked up by; groups are by displayName
    "userName": "userName",
    "externalId": "externalId",
    "email": 'emails[type eq "work"].value',
}
# The provisioning service has older names for some properties than Graph has.
GRAPH_NAMES = {
    "objectId": "id",
    "physicalDeliveryOfficeName": "officeLocation",
    "telephoneNumber": "businessPhones",
    "mobile": "mobilePhone",
    "facsimileTelephoneNumber": "faxNumber",
}


def _switch(value: str, default: str, *cases: str) -> str:
    return dict(zip(cases[::2], cases[1::2], strict=True)).get(value, default)


def _join(separator: str, *values: str) -> str:
    return separator.join(filter(None, values))


FUNCTIONS: Mapping[str, Callable[..., str]] = {"Switch": _switch, "Join": _join}
FUNCTION = re.compile(r"(\w+)\((.*)\)")


def evaluate(expression: str, source: Mapping[str, Any]) -> str:
    """Return what an expression makes of a directory object, as text; empty for nothing."""
    if called := FUNCTION.fullmatch(expression):
        [arguments] = csv.reader([called[2]], skipinitialspace=True)
        return FUNCTIONS[called[1]](*(evaluate(each, source) for each in arguments))
    if not expression.startswith("["):
        return expression
    name = expression[1:-1]
    value = source.get(GRAPH_NAMES.get(name, name))
    if isinstance(value, list):
        value = next(iter(value), None)
    return "" if value is None else str(value)


def mapped(source: Mapping[str, Any], mapping: tuple[AttributeMapping, ...]) -> Values:
    """Return the value for each target that has one; references are left out."""
    texts = {
        each.target: evaluate(each.source, source)
        for each in mapping
        if each.target not in REFERENCES
    }
    return {
        target: text == "True" if target == "active" else text
        for target, text in texts.items()
        if text
    }


def read(resource: Mapping[str, Any], target: str) -> Any:
    """Return what a resource has at a target, or None."""
    path = parse_path(target)
    if isinstance(path, AttributePath):
        holder = resource.get(path.urn) or {} if path.urn else resource
        value = holder.get(path.name)
        return (value or {}).get(path.sub_attribute) if path.sub_attribute else value
    named, value = _condition(path)
    for element in resource.get(path.path.name) or ():
        if element.get(named) == value:
            return element.get(path.sub_attribute)
    return None


def write(resource: dict[str, Any], target: str, value: str | bool) -> None:
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
    element = next((each for each in elements if each[named] == selected), None)
    if element is None:
        element = {named: selected}
        if path.path.name == "emails":
            element["primary"] = True
        elements.append(element)
    element[path.sub_attribute] = value


def _condition(path: ValuePath) -> tuple[str, Any]:
    """Return the attribute and the value of ``[type eq "work"]``; mappings have no others."""
    assert isinstance(path.value_filter, Comparison)
    assert isinstance(path.value_filter.path, AttributePath)
    return path.value_filter.path.name, path.value_filter.value


def user_document(values: Values) -> dict[str, Any]:
    """Return the body that creates a user."""
    document: dict[str, Any] = {
        "schemas": [USER_SCHEMA, ENTERPRISE],
        "meta": {"resourceType": "User"},
        "roles": [],
    }
    for target, value in values.items():
        write(document, target, value)
    return document


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
