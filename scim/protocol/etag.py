"""Entity tags of resources (RFC 7644 §3.14): weak, with the version number in them."""

import re

ENTITY_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    """Return the entity tag, which is also ``meta.version``."""
    return f'W/"{version}"'


def matches(condition: str, version: int) -> bool:
    """Tell whether an If-Match or If-None-Match header names that version of a resource."""
    return condition.strip() == "*" or str(version) in ENTITY_TAG.findall(condition)
