"""The server's own messages fit their marshmallow schemas."""

import json

import pytest
from marshmallow import RAISE, fields

from scim.protocol import errors
from scim.protocol.definitions.assembly import BUILT_IN
from scim.protocol.discovery import Offer, schema_documents
from scim.protocol.errors import InvalidPathError, ScimError
from scim.serializers.answers import ErrorMessage, ListResponse, dump_error, list_response, schemas
from scim.serializers.resources import to_json

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]
KINDS = [kind for kind in KINDS if issubclass(kind, ScimError)]


@pytest.mark.parametrize("kind", KINDS)
def test_error_message_has_what_rfc_7644_says(kind):
    message = dump_error(kind("what to change"))

    assert ErrorMessage(unknown=RAISE).validate(message) == {}
    assert message["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert message["status"] == str(kind.status)
    assert message["detail"] == "what to change"
    assert message.get("scimType") == kind.scim_type
    assert None not in message.values()


def test_members_of_an_error_are_in_the_order_of_the_rfc():
    assert list(dump_error(InvalidPathError(""))) == ["schemas", "status", "scimType", "detail"]


@pytest.mark.parametrize("resources", [[], ['{"id":"1"}'], ['{"id":"1"}', '{"id":"2"}']])
def test_list_response_counts_what_it_shows(resources):
    response = json.loads(list_response(iter(resources), 7, 3))

    assert response == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 7,
        "startIndex": 3,
        "itemsPerPage": len(resources),
        "Resources": [json.loads(resource) for resource in resources],
    }


@pytest.mark.parametrize(
    ("cursors", "shown"),
    [
        ({}, {}),  # the only page
        ({"next_cursor": "n"}, {"nextCursor": "n"}),
        ({"previous_cursor": "p"}, {"previousCursor": "p"}),
        (
            {"previous_cursor": "p", "next_cursor": "n"},
            {"previousCursor": "p", "nextCursor": "n"},
        ),
    ],
)
def test_cursor_page_names_its_neighbours_and_no_index(cursors, shown):
    response = json.loads(list_response(['{"id":"1"}'], 7, **cursors))

    assert response == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 7,
        "itemsPerPage": 1,
        "Resources": [{"id": "1"}],
        **shown,
    }


class Listed(ListResponse):
    """A ListResponse as a client gets it, with its resources."""

    Resources = fields.List(fields.Dict(), required=True)


def test_list_response_fits_its_schema(client):
    for query in ("", "?cursor", "?count=0"):
        answer = client.get(f"/scim/v2/Users{query}").json

        assert Listed(unknown=RAISE).validate(answer) == {}


def test_texts_of_schemas_leave_nothing_out():
    """Their own Schema does not describe the sub-attributes of sub-attributes that it shows."""
    offer = Offer(1, 1, 1, 1, 1, unique_group_names=True)
    documents = schema_documents(BUILT_IN, offer)

    shown = schemas(BUILT_IN, offer, False)

    assert shown == {urn: to_json(document) for urn, document in documents.items()}
    assert schemas(BUILT_IN, offer, False) is shown  # made once
