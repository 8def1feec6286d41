"""RFC 7643 §5 to §7 and RFC 9865 §4: what the service provider says of itself."""

from dataclasses import replace

from scim.protocol.attributes import Attribute
from scim.protocol.definitions.assembly import BUILT_IN, Definitions
from scim.protocol.discovery import (
    CONFIGURATION_SCHEMA,
    Offer,
    resource_type_documents,
    schema_documents,
    service_provider_config,
)
from scim.protocol.events import EVENT_URIS
from scim.protocol.profile import INTEROP_PROFILE
from scim.protocol.schema import SCHEMAS, USER, ResourceType, Schema, SchemaExtension, read_schema

OFFER = Offer(
    max_results=1000,
    max_payload_size=1048576,
    max_operations=500,
    default_page_size=100,
    cursor_timeout=3600,
    unique_group_names=True,
)
PLACE = Schema("urn:example:place", "Place", (), {"id": "urn:example:place", "attributes": []})
FLOOR = Schema("urn:example:floor", "Floor", (), {"id": "urn:example:floor", "attributes": []})
ROOM = ResourceType("Room", "/Rooms", "", PLACE, (SchemaExtension(FLOOR, required=True),))
WITH_ROOM = Definitions((*BUILT_IN.resource_types, ROOM), (*SCHEMAS, PLACE, FLOOR))


def test_config_announces_bulk_and_both_kinds_of_pages():
    config = service_provider_config(OFFER)

    assert config["bulk"] == {
        "supported": True,
        "maxOperations": 500,
        "maxPayloadSize": 1048576,
    }
    assert config["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600,
    }


def test_config_shows_what_its_schema_describes():
    told = {"async_request": "request", "event_uris": EVENT_URIS, "grants": frozenset({"roles"})}
    told |= {"delta_seconds": 60, "delta_types": ("User",)}
    config = service_provider_config(replace(OFFER, profile=INTEROP_PROFILE, **told))
    described = read_schema("service_provider_config").attributes

    assert set(config) - {"schemas", "meta"} == {attribute.name for attribute in described}
    for attribute in described:
        check_described(attribute, config[attribute.name])


def test_security_events_are_announced_and_described_only_when_configured():
    urn = CONFIGURATION_SCHEMA
    told = replace(OFFER, event_uris=EVENT_URIS[:2])
    for offer in (OFFER, replace(OFFER, async_request="request"), told):
        described = schema_documents(BUILT_IN, offer)[urn]["attributes"]
        is_described = "securityEvents" in {each["name"] for each in described}
        announced = service_provider_config(offer).get("securityEvents")

        assert is_described == bool(offer.event_uris)
        expected = {"asyncRequest": "none", "eventUris": list(EVENT_URIS[:2])}
        assert announced == (expected if is_described else None)


def check_described(attribute: Attribute, value):
    for item in value if attribute.multi_valued else [value]:
        if attribute.type == "complex":
            assert item.keys() <= {below.name for below in attribute.sub_attributes}
            assert {b.name for b in attribute.sub_attributes if b.required} <= item.keys()


def test_resource_types_are_those_defined():
    documents = resource_type_documents(WITH_ROOM)

    assert list(documents) == ["User", "Group", "Room", "GroupMembership"]
    assert documents["Room"]["endpoint"] == "/Rooms"
    assert documents["Room"]["schemaExtensions"] == [{"schema": FLOOR.id, "required": True}]
    assert documents["User"]["schema"] == USER.schema.id


def test_schemas_are_those_defined():
    documents = schema_documents(WITH_ROOM, OFFER)

    assert list(documents) == [schema.id for schema in WITH_ROOM.schemas]
    assert documents[PLACE.id]["meta"]["location"].endswith(f"/Schemas/{PLACE.id}")
