"""References: the mark in a stored body, and what a read makes of it (RFC 7643 §4.3, manager)."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scim.protocol.definitions.assembly import extended
from scim.protocol.references import (
    SEPARATOR,
    cut_out,
    has_marks,
    mark,
    resolve_marks,
    server_made,
    take_out,
    without_marks,
)
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.serializers.resources import dump_resource

from ..support.definitions import LOCK_SCHEMA, attribute, reference, room, rooms, schema
from ..support.scim import UNKNOWN_ID, enterprise

[MANAGER] = USER.references.values()
BABS = {"userName": "babs", **enterprise(manager={"value": "1", "$ref": "forged"})}
WRITTEN = {"userName": "babs", **enterprise(manager={"value": "1"})}
BODY = dump_resource(mark(BABS, USER.attributes), USER)


def test_server_marks_a_manager_only():
    marked = mark(BABS, USER.attributes)[ENTERPRISE_USER_SCHEMA]["manager"]

    assert marked["value"] == "1"
    assert marked["$ref"] != "forged"
    forged = {"userName": "babs", **enterprise(manager={"$ref": "forged"})}
    empty = {"userName": "babs", **enterprise()}
    assert mark(forged, USER.attributes) == mark(empty, USER.attributes) == {"userName": "babs"}
    assert mark({"displayName": "Tours"}, GROUP.attributes) == {"displayName": "Tours"}


def test_body_without_its_marks_is_what_the_client_wrote():
    assert has_marks(BODY)
    assert json.loads(without_marks(BODY)) == WRITTEN
    assert not has_marks(without_marks(BODY))


@pytest.mark.parametrize(
    ("found", "manager"),
    [
        (None, {"value": "1"}),
        (f'another{SEPARATOR}"$ref":"/Users/1"', {"value": "1"}),
        (
            f'{MANAGER.key}{SEPARATOR}"$ref":"/Users/1","displayName":"Boss"',
            {"value": "1", "$ref": "/Users/1", "displayName": "Boss"},
        ),
    ],
)
def test_read_shows_what_it_found_for_a_mark(found, manager):
    assert json.loads(resolve_marks(BODY, found))[ENTERPRISE_USER_SCHEMA]["manager"] == manager


@pytest.mark.parametrize(
    ("name", "made"), [("$ref", True), ("displayname", True), ("value", False)]
)
def test_server_makes_all_of_a_manager_but_its_value(name, made):
    found = server_made((*MANAGER.keys, name), USER.references)

    assert found is (MANAGER if made else None)
    assert server_made((name,), USER.references) is None


def test_reference_is_taken_out_of_a_resource_that_has_it():
    document = json.loads(without_marks(BODY))

    assert take_out(MANAGER, document) == "1"
    assert take_out(MANAGER, document) == take_out(MANAGER, {}) == ""
    assert document == {"userName": "babs", ENTERPRISE_USER_SCHEMA: {}}


@pytest.mark.parametrize(
    "beside",
    [{"department": "d"}, {"organization": "o", "department": "d"}, {"employeeNumber": "7"}],
)
def test_reference_that_is_cut_out_is_gone_as_if_it_was_taken_out(beside):
    document = mark(
        {"userName": "babs", **enterprise(manager={"value": "1"}, **beside)}, USER.attributes
    )
    body = dump_resource(document, USER)

    cut = cut_out(MANAGER, "1", body)

    take_out(MANAGER, document)
    assert cut == dump_resource(document, USER)


def test_reference_that_stands_alone_or_leads_elsewhere_is_not_cut_out():
    assert cut_out(MANAGER, "1", BODY) is None
    both = mark({**enterprise(manager={"value": "2"}, department="1")}, USER.attributes)
    assert cut_out(MANAGER, "1", dump_resource(both, USER)) is None


# A root attribute and one of an extension have one name, and texts look like references.
PLACES = extended(
    {
        f"{number}.json": json.dumps(document)
        for number, document in enumerate(
            [
                *rooms(attribute("displayName"), reference("keeper", "User"), attribute("title")),
                schema(LOCK_SCHEMA, attribute("note"), reference("keeper", "User")),
            ]
        )
    }
)
ROOM = PLACES.by_name["Room"]
LIKE_A_REFERENCE = f',"keeper":{{"value":"{UNKNOWN_ID}","$ref":"keeper"}},'
TEXTS = st.none() | st.sampled_from(
    [LIKE_A_REFERENCE, UNKNOWN_ID, '"', "\\", '\\",', '","', "é\u2028😀", "{},[]"]
)
KEEPERS = st.sampled_from([None, UNKNOWN_ID, UNKNOWN_ID.upper(), LIKE_A_REFERENCE, "1"])


@given(texts=st.tuples(TEXTS, TEXTS, TEXTS), keepers=st.tuples(KEEPERS, KEEPERS))
@example(texts=(None, None, None), keepers=(UNKNOWN_ID, UNKNOWN_ID))
@example(texts=(LIKE_A_REFERENCE, None, LIKE_A_REFERENCE), keepers=(UNKNOWN_ID, UNKNOWN_ID))
def test_reference_is_cut_out_of_any_text_or_left_to_parsing(texts, keepers):
    name, title, note = texts
    kept, locked = ({"value": each} if each else None for each in keepers)
    lock = {name: value for name, value in {"note": note, "keeper": locked}.items() if value}
    sent = {"displayName": name, "keeper": kept, "title": title, LOCK_SCHEMA: lock or None}
    sent = room(**{name: value for name, value in sent.items() if value})
    body = dump_resource(mark(sent, ROOM.attributes), ROOM)

    for each, keeper in zip(ROOM.references.values(), keepers, strict=True):
        cut = cut_out(each, UNKNOWN_ID, body)
        document = json.loads(body, strict=False)
        taken = take_out(each, document)
        assert taken == (keeper or "").lower()
        if cut is not None:
            assert taken == UNKNOWN_ID
            assert json.loads(cut, strict=False) == document
