"""Documents that add attributes and resource types, the examples of ``docs`` among them."""

import json
import os
from pathlib import Path
from typing import Any

from .scim import Record
from .server import ROOT

EXAMPLES = ROOT / "docs" / "examples"
TOGETHER = [EXAMPLES / name for name in ("badge", "device", "okta")]  # the others clash with them
EXAMPLE_FOLDERS = os.pathsep.join(map(str, TOGETHER))
DEVICE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Device"
OWNERSHIP_SCHEMA = "urn:example:params:scim:schemas:extension:ownership:1.0:Device"
BADGE_SCHEMA = "urn:example:params:scim:schemas:extension:badge:1.0:User"
ENTITLEMENT_SCHEMA = "urn:okta:scim:schemas:core:1.0:Entitlement"
ROLE_SCHEMA = "urn:okta:scim:schemas:core:1.0:Role"
ROOM_SCHEMA = "urn:example:params:scim:schemas:core:1.0:Room"
LOCK_SCHEMA = "urn:example:params:scim:schemas:extension:lock:1.0:Room"


def schema(urn: str, *attributes: Record) -> Record:
    document = "urn:ietf:params:scim:schemas:core:2.0:Schema"
    return {"schemas": [document], "id": urn, "attributes": list(attributes)}


def attribute(name: str, type: str = "string", **characteristics: Any) -> Record:
    return {"name": name, "type": type, **characteristics}


def complex_attribute(name: str, *sub_attributes: Record, **characteristics: Any) -> Record:
    return attribute(name, "complex", subAttributes=list(sub_attributes), **characteristics)


def reference(name: str, *types: str, **characteristics: Any) -> Record:
    """Return an attribute that refers to a resource of one of some types, as ``manager`` does."""
    return complex_attribute(
        name,
        attribute("value", caseExact=True),
        attribute("$ref", "reference", mutability="readOnly", referenceTypes=list(types)),
        attribute("displayName", mutability="readOnly"),
        **characteristics,
    )


def rooms(*attributes: Record) -> tuple[Record, Record]:
    """Return the documents of a resource type with these attributes, at ``/Rooms``."""
    document = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
    named = {"name": "Room", "endpoint": "/Rooms", "schema": ROOM_SCHEMA}
    return {"schemas": [document], **named}, schema(ROOM_SCHEMA, *attributes)


def write(folder: Path, *documents: Record) -> str:
    """Write each document to a file of a folder, and return the folder."""
    for number, document in enumerate(documents):
        (folder / f"{number}.json").write_text(json.dumps(document))
    return str(folder)


def room(**attributes: Any) -> Record:
    return {"schemas": [ROOM_SCHEMA], **attributes}


def device(display_name: str = "laptop", **attributes: Any) -> Record:
    return {"schemas": [DEVICE_SCHEMA], "displayName": display_name, "active": True, **attributes}


def owned_by(owner: Record) -> Record:
    """Return the extension of a device as an attribute that says whose it is."""
    return {OWNERSHIP_SCHEMA: {"owner": {"value": owner["id"]}}}


def badge(**attributes: Any) -> Record:
    """Return the extension of a user as an attribute."""
    return {BADGE_SCHEMA: attributes}
