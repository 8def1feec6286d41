"""The bodies that Microsoft's SCIM Validator sends, and the same as PATCH operations."""

from collections.abc import Iterator
from typing import Any

from ..service import GROUP_SCHEMA, USER_SCHEMA, Resource

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"


def full_user(word: str) -> Resource:
    """Return a user with every attribute of Entra ID's default mapping, with a word in it."""
    address = {
        "formatted": f"{word} 6 Street",
        "streetAddress": f"6 {word} Street",
        "locality": f"{word}ville",
        "region": word,
        "postalCode": f"{word} 5rg",
        "country": "Turkey",
    }
    return {
        "schemas": [USER_SCHEMA, ENTERPRISE],
        "externalId": f"{word}-0a21f0f2",
        "userName": f"{word}@example.com",
        "active": True,
        "displayName": f"{word} display",
        "title": f"{word} Engineer",
        "nickName": word,
        "userType": f"{word} type",
        "preferredLanguage": "or-IN",
        "locale": "ar-KW",
        "timezone": "America/Havana",
        "profileUrl": f"https://example.com/{word}",
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": f"Dr. {word} M. Wisozk III",
            "familyName": "Wisozk",
            "givenName": word,
            "middleName": "M.",
            "honorificPrefix": "Dr.",
            "honorificSuffix": "III",
        },
        "emails": [
            {"type": "work", "value": f"{word}@work.example", "primary": True},
            {"type": "home", "value": f"{word}@home.example"},
            {"type": "other", "value": f"{word}@other.example"},
        ],
        "phoneNumbers": [
            {"type": "work", "value": "+90 212 555 01 01", "primary": True},
            {"type": "mobile", "value": "+90 212 555 01 02"},
            {"type": "fax", "value": "+90 212 555 01 03"},
        ],
        "addresses": [
            {"type": "work", **address, "primary": True},
            {"type": "home", **address},
            {"type": "other", **address},
        ],
        "roles": [{"primary": True, "display": word, "value": f"{word} role", "type": "app"}],
        ENTERPRISE: {
            "employeeNumber": f"{word}-7",
            "department": f"{word} department",
            "costCenter": f"{word} cost center",
            "organization": f"{word} organization",
            "division": f"{word} division",
        },
    }


def full_group(word: str, *members: str) -> Resource:
    return {
        "schemas": [GROUP_SCHEMA],
        "externalId": f"{word}-8aa1a0c0",
        "displayName": f"{word} Engineers",
        "meta": {"resourceType": "Group"},
        "members": [{"value": member} for member in members],
    }


def replacements(resource: Resource) -> list[Resource]:
    """Return a replace operation for each value of a resource."""
    return [
        {"op": "replace", "path": path, "value": value}
        for name, member in resource.items()
        if name not in ("schemas", "meta")
        for path, value in _paths(name, member)
    ]


def _paths(name: str, member: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(member, dict):
        separator = ":" if name == ENTERPRISE else "."
        yield from ((f"{name}{separator}{sub}", value) for sub, value in member.items())
    elif isinstance(member, list):
        for element in member:
            selected = f'{name}[type eq "{element["type"]}"]'
            values = (pair for pair in element.items() if pair[0] != "type")
            yield from ((f"{selected}.{sub}", value) for sub, value in values)
    else:
        yield name, member
