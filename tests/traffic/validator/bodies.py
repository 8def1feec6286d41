"""The bodies Microsoft's SCIM Validator makes up, and the PATCH operations that lead to them."""

from collections.abc import Iterator
from typing import Any

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"


def user(word: str, active: bool = True) -> dict[str, Any]:
    """Return a user with every attribute of the default mapping, all values holding the word."""
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
        "userName": f"{word}@example.com".lower(),
        "active": active,
        "displayName": f"{word} OYLTUDV",
        "title": f"{word} Engineer",
        "nickName": word,
        "userType": f"{word} type",
        "preferredLanguage": "or-IN",
        "locale": "ar-KW",
        "timezone": "America/Havana",
        "profileUrl": f"HWXRNBN{word}",
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
            {"type": "work", "value": f"{word} 95-585-9597", "primary": True},
            {"type": "mobile", "value": f"{word} 95-585-9598"},
            {"type": "fax", "value": f"{word} 95-585-9599"},
            {"type": "home", "value": f"{word} 95-585-9590"},
        ],
        "addresses": [
            {"type": "work", **address, "primary": True},
            {"type": "home", **address},
            {"type": "other", **address},
        ],
        "roles": [{"primary": True, "display": word, "value": f"{word} role", "type": "app"}],
        ENTERPRISE: {
            "employeeNumber": f"{word}-7",
            "department": word,
            "costCenter": word,
            "organization": word,
            "division": word,
        },
    }


def bare_user(word: str) -> dict[str, Any]:
    return {"schemas": [USER_SCHEMA], "userName": f"{word}@example.com".lower()}


def group(word: str, *members: str) -> dict[str, Any]:
    return {
        "schemas": [GROUP_SCHEMA],
        "externalId": f"{word}-8aa1a0c0",
        "displayName": f"{word} Engineers",
        "members": [{"value": member} for member in members],
    }


def paths(resource: dict[str, Any], text: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield every value of a resource with its PATCH path, booleans as text if wished."""
    for name, value in resource.items():
        if name == "schemas":
            continue
        if isinstance(value, list):
            for element in value:
                yield from _element_paths(name, element, text)
        elif isinstance(value, dict):
            separator = ":" if name == ENTERPRISE else "."
            yield from ((f"{name}{separator}{sub}", value[sub]) for sub in value)
        else:
            yield name, _boolean(value, text)


def _element_paths(name: str, element: dict[str, Any], text: bool) -> Iterator[tuple[str, Any]]:
    """Roles are found by their primary value, everything else by its type."""
    selector, selected = "type", f'"{element["type"]}"'
    if name == "roles":
        selector, selected = "primary", '"True"' if text else "true"
    for sub, value in element.items():
        if sub != selector:
            yield f"{name}[{selector} eq {selected}].{sub}", _boolean(value, text)


def _boolean(value: Any, text: bool) -> Any:
    return str(value) if text and isinstance(value, bool) else value


def id_of(path: str) -> str:
    return path.rsplit("/", 1)[1]
