"""Find the faults of a resource, judged by the schema documents and RFC 7643 alone.

Nothing of how the server reads, keeps or writes resources is used here: what both get wrong in the
same way would go unseen.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import scim.protocol

Record = dict[str, Any]

ENDPOINTS = {"User": "Users", "Group": "Groups"}
EXTENSIONS = {"User": ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"], "Group": []}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
TYPES = {
    "string": str,
    "reference": str,
    "binary": str,
    "dateTime": str,
    "boolean": bool,
    "integer": int,
    "decimal": (int, float),
    "complex": dict,
}


def _attribute(name: str, type: str = "string", **characteristics: Any) -> Record:
    return {"name": name, "type": type, "multiValued": False, "required": True} | characteristics


# RFC 7643 §3 and §3.1: what every resource has, and no schema document lists.
COMMON = [
    _attribute("schemas", multiValued=True),
    _attribute("id"),
    _attribute("externalId", required=False),
    _attribute(
        "meta",
        "complex",
        subAttributes=[
            _attribute("resourceType"),
            _attribute("created", "dateTime"),
            _attribute("lastModified", "dateTime"),
            _attribute("location", "reference"),
            _attribute("version"),
        ],
    ),
]


def _schemas() -> dict[str, Record]:
    folder = Path(scim.protocol.__file__).parent / "schemas"
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {document["id"]: document for document in documents}


SCHEMAS = _schemas()


def faults(resource: Record, resource_type: str) -> Iterator[str]:
    """Yield a line for everything in the answer to a GET that is not as it must be."""
    core = f"urn:ietf:params:scim:schemas:core:2.0:{resource_type}"
    present = [urn for urn in EXTENSIONS[resource_type] if urn in resource]
    attributes = [*COMMON, *SCHEMAS[core]["attributes"]]
    attributes += [
        _attribute(urn, "complex", required=False, subAttributes=SCHEMAS[urn]["attributes"])
        for urn in present
    ]
    yield from _in_record(resource, attributes, "")
    if resource.get("schemas") != [core, *present]:  # RFC 7643 §3.3
        yield f"schemas: {resource.get('schemas')} with {present}"
    yield from _in_meta(resource, resource_type)


def _in_record(record: Record, attributes: list[Record], place: str) -> Iterator[str]:
    known = {attribute["name"]: attribute for attribute in attributes}
    yield from (f"{place}{name}: no such attribute" for name in record if name not in known)
    for name, attribute in known.items():
        if name in record:
            yield from _in_attribute(record, attribute, f"{place}{name}")
        elif attribute["required"]:
            yield f"{place}{name}: missing"


def _in_attribute(owner: Record, attribute: Record, place: str) -> Iterator[str]:
    value = owner[attribute["name"]]
    if attribute.get("returned") == "never":  # RFC 7643 §2.4
        yield f"{place}: shown"
    if attribute["required"] and value == "":
        yield f"{place}: empty"
    if not attribute["multiValued"]:
        yield from _in_value(value, owner, attribute, place)
    elif not isinstance(value, list) or not value:  # RFC 7643 §2.5
        yield f"{place}: {value!r} is not a list of values"
    else:
        for index, item in enumerate(value):
            yield from _in_value(item, owner, attribute, f"{place}[{index}]")
        if len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
            yield f"{place}: the same value twice"
        primaries = [item for item in value if isinstance(item, dict) and item.get("primary")]
        if len(primaries) > 1:  # RFC 7643 §2.4
            yield f"{place}: {len(primaries)} primary values"


def _in_value(value: Any, owner: Record, attribute: Record, place: str) -> Iterator[str]:
    """Yield what is wrong with one value, a singular one or an element of a list."""
    kind = attribute["type"]
    if not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{place}: {value!r} is not a {kind}"
    elif kind == "complex":
        if not value:  # RFC 7643 §2.5
            yield f"{place}: an empty object"
        yield from _in_record(value, attribute["subAttributes"], f"{place}.")
    elif kind == "dateTime" and not _is_date_time(value):
        yield f"{place}: {value!r} is not a dateTime"
    elif kind == "binary" and not _is_base64(value):
        yield f"{place}: {value!r} is not base64"
    elif attribute["name"] == "$ref":
        ends = [f"/{ENDPOINTS[kind]}/{owner.get('value')}" for kind in attribute["referenceTypes"]]
        if not (value.startswith("http") and value.endswith(tuple(ends))):  # RFC 7643 §2.3.7
            yield f"{place}: {value!r} does not end in {' or '.join(ends)}"


def _is_date_time(text: str) -> bool:
    """Tell whether a text is an xsd:dateTime with date and time (RFC 7643 §2.3.5)."""
    try:
        return DATE_TIME.fullmatch(text) is not None and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    """Tell whether a text is base64 in lines of any length, padded or not (RFC 7643 §2.3.6)."""
    joined = "".join(text.split())
    padding = "" if "=" in joined else "=" * (-len(joined) % 4)
    try:
        return bool(joined == "" or b64decode(joined + padding, validate=True))
    except ValueError:
        return False


def _in_meta(resource: Record, resource_type: str) -> Iterator[str]:
    meta = resource.get("meta", {})
    if meta.get("resourceType") != resource_type:
        yield f"meta.resourceType: {meta.get('resourceType')!r}"
    if not str(meta.get("location")).endswith(f"/{ENDPOINTS[resource_type]}/{resource.get('id')}"):
        yield f"meta.location: {meta.get('location')!r} is not where the resource is"
    if not str(meta.get("created")) <= str(meta.get("lastModified")):
        yield "meta.lastModified: before meta.created"
