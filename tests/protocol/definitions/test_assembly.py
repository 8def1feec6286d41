"""RFC 7643 §6 and §7: what documents add to the resource types and schemas, and which are wrong."""

import json
from pathlib import Path

import pytest

from scim.protocol.definitions.assembly import BUILT_IN, DefinitionError, extended
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, SCHEMAS, USER_SCHEMA

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
BADGE = "urn:example:params:scim:schemas:extension:badge:1.0:User"
ROOM = "urn:example:params:scim:schemas:core:1.0:Room"
FLOOR = "urn:example:params:scim:schemas:extension:floor:1.0:Place"
EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("*/*.json"))
FOLDERS = sorted({path.parent for path in EXAMPLES})

OWNER = {
    "name": "owner",
    "type": "complex",
    "subAttributes": [
        {"name": "value"},
        {
            "name": "$ref",
            "type": "reference",
            "mutability": "readOnly",
            "referenceTypes": ["User"],
        },
    ],
}


def schema(*attributes, **members):
    """Return the text of a Schema; an attribute that is only a string has that name."""
    named = [{"name": each} if isinstance(each, str) else each for each in attributes]
    return json.dumps({"schemas": [SCHEMA], "id": BADGE, "attributes": named, **members})


def resource_type(name="Room", **members):
    """Return the text of a ResourceType, with the endpoint and schema of a room."""
    document = {"schemas": [RESOURCE_TYPE], "name": name, "endpoint": "/Rooms", "schema": ROOM}
    return json.dumps({**document, **members})


def of_owner(**changes):
    """Return ``OWNER`` with changes to its ``$ref``."""
    value, link = OWNER["subAttributes"]
    return {**OWNER, "subAttributes": [value, {**link, **changes}]}


def in_complex(sub_attribute, **characteristics):
    return {
        "name": "lock",
        "type": "complex",
        "subAttributes": [{"name": "model"}, sub_attribute],
        **characteristics,
    }


def refusal(**documents):
    """Return why documents are refused, without the name of the wrong one: ``wrong.json``."""
    with pytest.raises(DefinitionError) as caught:
        extended({f"{name}.json": text for name, text in documents.items()})
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("wrong.json: ")
    return message.removeprefix("wrong.json: ")


def all_attributes(attributes):
    for attribute in attributes:
        yield attribute
        yield from all_attributes(attribute.get("subAttributes", ()))


def test_without_documents_there_is_what_is_built_in():
    definitions = extended({})

    assert definitions.resource_types == BUILT_IN.resource_types
    assert definitions.schemas == SCHEMAS


@pytest.mark.parametrize(
    ("urn", "name"),
    [
        (BADGE, "User"),
        (BADGE.upper().replace("URN", "urn"), "User"),
        ("urn:okta:my_app_1:1.0:group", "Group"),
    ],
)
def test_schema_extends_the_type_that_its_urn_ends_in(urn, name):
    definitions = extended({"badge.json": schema("number", id=urn)})

    extension = definitions.by_name[name].extensions[-1]
    assert (extension.schema.id, extension.required) == (urn, False)
    assert definitions.by_name[name].locate(f"{urn}:number")[-1].name == "number"
    assert definitions.schemas == (*SCHEMAS, extension.schema)


def test_extension_leaves_what_is_built_in_as_it_was():
    definitions = extended({"badge.json": schema("number")})

    assert definitions.by_name["User"].schema is BUILT_IN.by_name["User"].schema
    assert definitions.by_name["Group"] is BUILT_IN.by_name["Group"]
    assert len(BUILT_IN.by_name["User"].extensions) == 1


def test_resource_type_is_added_behind_user_and_group():
    definitions = extended(
        {
            "a_type.json": resource_type(description="Where people meet"),
            "b_schema.json": schema("displayName", id=ROOM),
        }
    )

    user, group, room = definitions.resource_types
    assert (user.name, group.name, room.name) == ("User", "Group", "Room")
    assert definitions.by_endpoint["/Rooms"] is definitions.by_name["Room"] is room
    assert room.description == "Where people meet"
    assert [attribute.name for attribute in room.attributes] == [
        *("schemas", "id", "externalId"),
        *("displayName", "meta"),
    ]


def test_description_of_the_schema_serves_a_type_that_has_none():
    definitions = extended(
        {"type.json": resource_type(), "schema.json": schema("x", id=ROOM, description="A room")}
    )

    assert definitions.by_name["Room"].description == "A room"


def test_added_type_has_the_extensions_it_names_and_those_that_name_it():
    extensions = [
        {"schema": FLOOR.upper(), "required": True},
        {"schema": ENTERPRISE_USER_SCHEMA},
    ]
    implied = "urn:example:params:scim:schemas:extension:audio:1.0:room"
    definitions = extended(
        {
            "audio.json": schema("speakers", id=implied),
            "floor.json": schema("level", id=FLOOR),
            "room.json": resource_type(schemaExtensions=extensions),
            "room_schema.json": schema("displayName", id=ROOM),
        }
    )

    found = [(each.schema.id, each.required) for each in definitions.by_name["Room"].extensions]
    assert found == [(FLOOR, True), (ENTERPRISE_USER_SCHEMA, False), (implied, False)]


def test_extension_may_serve_several_types():
    extensions = [{"schema": FLOOR, "required": False}]
    members = {"endpoint": None, "schema": None, "schemaExtensions": extensions}
    definitions = extended(
        {
            "floor.json": schema("level", id=FLOOR),
            "group.json": resource_type("Group", **members),
            "user.json": resource_type("user", **members),
        }
    )

    on_user, on_group = (each.extensions[-1] for each in definitions.resource_types)
    assert on_user.schema is on_group.schema
    assert len(definitions.schemas) == len(SCHEMAS) + 1


def test_types_may_share_a_schema():
    definitions = extended(
        {
            "hall.json": resource_type("Hall", endpoint="/Halls"),
            "room.json": resource_type(),
            "schema.json": schema("displayName", id=ROOM),
        }
    )

    assert definitions.by_name["Hall"].schema is definitions.by_name["Room"].schema


def test_document_of_user_makes_its_extensions_required():
    document = resource_type(
        "User",
        id="User",
        endpoint="/Users",
        schema=USER_SCHEMA,
        description="Staff",
        schemaExtensions=[{"schema": ENTERPRISE_USER_SCHEMA, "required": True}],
    )

    user = extended({"user.json": document}).by_name["User"]

    assert [extension.required for extension in user.extensions] == [True]
    assert (user.description, user.endpoint) == ("Staff", "/Users")


def test_reference_may_lead_to_a_type_that_another_document_adds():
    definitions = extended(
        {
            "badge.json": schema(of_owner(referenceTypes=["Room", "Group"]), id=BADGE),
            "room.json": resource_type(),
            "schema.json": schema("displayName", id=ROOM),
        }
    )

    [_, reference] = definitions.by_name["User"].references.values()
    assert reference.targets == {"Room": "/Rooms", "Group": "/Groups"}


def test_characteristics_left_out_are_those_of_rfc_7643():
    [document] = [
        each.document for each in extended({"badge.json": schema("number")}).schemas[len(SCHEMAS) :]
    ]

    assert document == {
        "schemas": [SCHEMA],
        "id": BADGE,
        "name": "User",
        "description": "",
        "attributes": [
            {
                "name": "number",
                "type": "string",
                "multiValued": False,
                "description": "",
                "required": False,
                "caseExact": False,
                "mutability": "readWrite",
                "returned": "default",
                "uniqueness": "none",
            }
        ],
    }


def test_completed_attribute_is_what_is_shown():
    text = schema({**OWNER, "required": True, "canonicalValues": None}, {"name": "n"}, meta={})

    added = extended({"badge.json": text}).schemas[-1]

    owner, _ = added.document["attributes"]
    assert owner["required"] is added.attributes[0].required is True
    assert "caseExact" not in owner
    assert "canonicalValues" not in owner
    assert owner["subAttributes"][1]["referenceTypes"] == ["User"]
    assert "meta" not in added.document
    for attribute in all_attributes(added.document["attributes"]):
        assert {"multiValued", "description", "returned", "uniqueness"} <= attribute.keys()


@pytest.mark.parametrize("kind", ["reference", "binary"])
def test_reference_and_binary_are_case_exact_whatever_the_document_says(kind):
    attribute = {"name": "photo", "type": kind, "caseExact": False}
    more = {"referenceTypes": ["external"]} if kind == "reference" else {}

    [photo] = extended({"a.json": schema(attribute | more)}).schemas[-1].attributes

    assert photo.case_exact


@pytest.mark.parametrize("built_in", SCHEMAS[:3], ids=lambda schema: schema.name)
def test_built_in_schema_is_one_that_would_be_accepted(built_in):
    document = built_in.document | {"id": f"{FLOOR}:User"}
    text = json.dumps(document)

    assert json.dumps(extended({"copy.json": text}).schemas[-1].document) == text


@pytest.mark.parametrize(
    "attribute",
    [
        {"name": "$ref"},
        {"name": "a-b_c$1"},
        {"name": "schemas"},  # an extension keeps its names to itself
        {"name": "pin", "mutability": "writeOnly", "returned": "never"},
        {"name": "pin", "returned": "never"},
        {"name": "pins", "multiValued": True, "returned": "never"},
        {"name": "serial", "mutability": "immutable", "returned": "never"},
        {"name": "count", "type": "integer", "uniqueness": "global"},
        {"name": "key", "type": "binary", "uniqueness": "server"},
        {"name": "since", "type": "dateTime", "caseExact": True},
        {"name": "made", "mutability": "readOnly"},
        {"name": "size", "canonicalValues": ["S", "M"], "subAttributes": [], "type": None},
        in_complex({"name": "pin", "returned": "never"}),
        in_complex({"name": "made", "mutability": "readOnly"}, required=True),
        in_complex({"name": "made", "mutability": "readOnly", "required": True})
        | {"mutability": "readOnly"},
        {**OWNER, "required": True},
        {**of_owner(referenceTypes=["external", "uri"]), "multiValued": True},
        of_owner(referenceTypes=["external"], mutability="readWrite"),
    ],
    ids=json.dumps,
)
def test_attribute_is_accepted(attribute):
    [accepted] = extended({"a.json": schema(attribute)}).schemas[-1].attributes

    assert accepted.name == attribute["name"]


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ({}, "attributes[1]: name is missing, it must be a string"),
        ({"name": 5}, "attributes[1]: name must be a string"),
        ({"name": ""}, "attributes[1]: name must be letters"),
        ({"name": "1st"}, "not '1st'"),
        ({"name": "a.b"}, "not 'a.b'"),
        ({"name": "naïve"}, "not 'naïve'"),
        ({"name": "a\nb"}, r"not 'a\nb'"),
        ({"name": "Not"}, "Not: name not is a keyword of filters"),
        ({"name": "FIRST"}, "attributes[1]: name FIRST is in use"),
        ({"name": "x", "mutabilty": "readOnly"}, "x: unknown name 'mutabilty'; did you mean mutab"),
        ({"name": "x", "Type": "string"}, "unknown name 'Type'; did you mean type?"),
        ({"name": "x", "pattern": "[A-Z]"}, "unknown name 'pattern'; leave it out"),
        ({"name": "x", "type": "text"}, "type must be one of string, boolean, "),
        ({"name": "x", "type": "datetime"}, "not 'datetime'"),
        ({"name": "x", "multiValued": "true"}, "x: multiValued must be true or false"),
        ({"name": "x", "required": 1}, "x: required must be true or false"),
        ({"name": "x", "caseExact": "no"}, "x: caseExact must be true or false"),
        ({"name": "x", "description": 1}, "x: description must be a string"),
        ({"name": "x", "mutability": "readonly"}, "mutability must be one of readWrite, readOnly"),
        ({"name": "x", "returned": "sometimes"}, "returned must be one of default, always"),
        ({"name": "x", "uniqueness": True}, "uniqueness must be a string"),
        ({"name": "x", "uniqueness": "Manufacturer"}, "uniqueness must be one of none, server"),
        ({"name": "x", "canonicalValues": "a"}, "canonicalValues must be a list of strings"),
        ({"name": "x", "canonicalValues": ["a", 1]}, "canonicalValues must be a list of strings"),
        ({"name": "x", "type": "reference"}, "x: is of type reference and has no referenceTypes"),
        (
            {"name": "x", "type": "reference", "referenceTypes": "User"},
            "x: referenceTypes must be a list of strings",
        ),
        (
            {"name": "x", "type": "reference", "referenceTypes": ["uri", "user"]},
            "x: referenceTypes has 'user'; use external, uri or a type (User, G",
        ),
        ({"name": "x", "referenceTypes": ["User"]}, "is of type string; change type to reference"),
        ({"name": "x", "type": "complex"}, "x: is of type complex and has no subAttributes"),
        ({"name": "x", "type": "complex", "subAttributes": []}, "has no subAttributes"),
        (
            {"name": "x", "type": "complex", "subAttributes": {"name": "y"}},
            "x: subAttributes must be a list of objects",
        ),
        (
            {"name": "x", "subAttributes": [{"name": "y"}]},
            "is of type string; change type to complex",
        ),
        (in_complex({"type": "string"}), "lock.subAttributes[1]: name is missing"),
        (in_complex({"name": "Model"}), "lock.subAttributes[1]: name Model is in use"),
        (in_complex({"name": "x", "type": "text"}), "lock.x: type must be one of"),
        (in_complex(OWNER), "lock.owner: a sub-attribute cannot be complex"),
        ({"name": "x", "mutability": "writeOnly"}, 'set "returned": "never"'),
        (
            {"name": "x", "mutability": "writeOnly", "returned": "request"},
            'x: is writeOnly; set "returned": "never"',
        ),
        (
            {"name": "x", "mutability": "readOnly", "returned": "never"},
            "x: is readOnly and never returned",
        ),
        (
            in_complex({"name": "pin", "returned": "never"}, multiValued=True),
            "lock.pin: is never returned, but part of multi-valued lock",
        ),
        (
            {"name": "x", "returned": "never", "uniqueness": "server"},
            "x: is never returned, but a clash would reveal it",
        ),
        (
            in_complex({"name": "x", "uniqueness": "server"}, returned="never"),
            "lock.x: is never returned, but a clash would reveal it",
        ),
        (
            {"name": "x", "mutability": "readOnly", "required": True},
            "x: is required, but no client can write it",
        ),
        (
            in_complex({"name": "x", "mutability": "readOnly", "required": True}),
            "lock.x: is required, but no client can write it",
        ),
        (
            {
                "name": "x",
                "type": "complex",
                "required": True,
                "subAttributes": [{"name": "y", "mutability": "readOnly"}],
            },
            "x: is required, but no client can write it",
        ),
        (of_owner(required=True), "owner.$ref: is required, but no client can write it"),
        *(
            (
                {"name": "x", "type": kind, "uniqueness": "server"},
                f'x: is of type {kind}, never unique; set "uniqueness": "none"',
            )
            for kind in ("boolean", "decimal", "dateTime")
        ),
        (
            {**OWNER, "uniqueness": "global"},
            'owner: is of type complex, never unique; set "uniqueness"',
        ),
        (of_owner(referenceTypes=["external"]), "owner: $ref is made from value"),
        (of_owner(type="string", referenceTypes=None), "owner: $ref is made from value"),
    ],
)
def test_attribute_is_refused(attribute, problem):
    assert problem in refusal(wrong=schema("first", attribute))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cannot be read as JSON: "),
        ("{", "cannot be read as JSON: "),
        ("[" * 100_000, "cannot be read as JSON: "),
        ('{"id": "x", "id": "y"}', "cannot be read as JSON: 'id' is given twice"),
        (schema({"name": "x", "description": "\ud800"}), "cannot be read as JSON: "),
        ("null", "must be one JSON object"),
        (f"[{schema('x')}]", "must be one JSON object"),
        ("{}", "schemas must be "),
        (schema("x", schemas=SCHEMA), "schemas must be a list of strings"),
        (schema("x", schemas=[1]), "schemas must be a list of strings"),
        (schema("x", schemas=[USER_SCHEMA]), f'schemas must be ["{SCHEMA}"] or '),
        (schema("x", schemas=[SCHEMA, RESOURCE_TYPE]), f'schemas must be ["{SCHEMA}"] or '),
        (schema("x", attribute=[1]), "unknown name 'attribute'; did you mean attributes?"),
        (schema("x", endpoint="/Xs"), "unknown name 'endpoint'; leave it out"),
        (schema("x", id=None), "id is missing"),
        (schema("x", id="https://example.com/User"), "id must be a URN such as urn:"),
        (schema("x", id="urn:User"), "id must be a URN such as urn:"),
        (schema("x", id="urn:example:a b:User"), "id must be a URN such as urn:"),
        (schema("x", id="urn:example:a/b:User"), "id must be a URN such as urn:"),
        (schema("x", id="urn:example::User"), "id must be a URN such as urn:"),
        (
            schema("x", id="urn:ietf:params:scim:api:messages:2.0:User"),
            "id must not begin with urn:ietf:params:scim:api:",
        ),
        (schema("x", id=ENTERPRISE_USER_SCHEMA.upper()), "is built in; choose"),
        (schema("x", id=SCHEMA), "is built in; choose"),
        (schema("x", name=7), "name must be a string"),
        (schema("x", description=[7]), "description must be a string"),
        (schema(), "attributes is missing; list at least one"),
        (schema("x", attributes="x"), "attributes must be a list of objects"),
        (schema("x", attributes=["x"]), "attributes must be a list of objects"),
        (schema("x", id=FLOOR), "end its id in one of User, Group, or name it in a ResourceType"),
    ],
)
def test_document_is_refused(text, problem):
    assert problem in refusal(wrong=text)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"name": None}, "name is missing"),
        ({"name": "Meeting Room"}, "name must be letters, digits, - and _"),
        ({"name": "a/b"}, "name must be letters, digits, - and _"),
        ({"name": "hall"}, "name hall is in use"),
        ({"name": "Schema"}, "name Schema is in use"),
        ({"name": "external"}, "name external is in use"),
        ({"id": "room"}, "id must be the name, Room"),
        ({"id": 1}, "id must be a string"),
        ({"description": 1}, "description must be a string"),
        ({"endpoints": "/Rooms"}, "unknown name 'endpoints'; did you mean endpoint?"),
        ({"attributes": [1]}, "unknown name 'attributes'; leave it out"),
        ({"endpoint": None}, "endpoint is missing"),
        *(
            ({"endpoint": endpoint}, "endpoint must be a slash, letters and digits, as /Devices")
            for endpoint in ("Rooms", "/", "/Rooms/", "/a/b", "/.search", "/Räume", "/R?x", "//R")
        ),
        *(
            ({"endpoint": endpoint}, f"endpoint {endpoint} is in use; choose another")
            for endpoint in (
                *("/Users", "/groups", "/Halls", "/Bulk", "/Me", "/schemas", "/ResourceTypes"),
                *("/ServiceProviderConfig", "/serviceProviderConfigs"),
            )
        ),
        ({"schema": None}, "schema is missing"),
        ({"schema": "urn:example:x"}, "schema 'urn:example:x' is unknown; add a Schema"),
        ({"schema": SCHEMA}, f"schema '{SCHEMA}' is unknown"),
        ({"schemaExtensions": FLOOR}, "schemaExtensions must be a list of objects"),
        ({"schemaExtensions": [FLOOR]}, "schemaExtensions must be a list of objects"),
        ({"schemaExtensions": [{"required": True}]}, "schemaExtensions[0]: schema is missing"),
        (
            {"schemaExtensions": [{"schema": BADGE, "required": "yes"}]},
            "schemaExtensions[0]: required must be true or false",
        ),
        (
            {"schemaExtensions": [{"schema": BADGE, "require": True}]},
            "schemaExtensions[0]: unknown name 'require'; did you mean required?",
        ),
        (
            {"schemaExtensions": [{"schema": BADGE}, {"schema": "urn:example:x"}]},
            "schemaExtensions[1]: schema 'urn:example:x' is unknown",
        ),
        (
            {"schemaExtensions": [{"schema": BADGE}, {"schema": BADGE.lower()}]},
            f"schemaExtensions[1]: schema {BADGE} is listed twice",
        ),
        ({"schemaExtensions": [{"schema": ROOM}]}, f"schema {ROOM} is listed twice"),
        (
            {"schemaExtensions": [{"schema": FLOOR, "required": True}]},
            "schemaExtensions[0]: is required, but no client can write to it",
        ),
        ({"name": "User", "endpoint": "/Users"}, f"schema of User is {USER_SCHEMA}"),
        ({"name": "Group", "schema": GROUP_SCHEMA}, "endpoint of Group is /Groups"),
        ({"name": "Group", "schema": USER_SCHEMA}, f"schema of Group is {GROUP_SCHEMA}"),
    ],
)
def test_resource_type_is_refused(members, problem):
    documents = {
        "badge": schema("number"),
        "floor": schema({"name": "level", "mutability": "readOnly"}, id=FLOOR),
        "hall": resource_type("Hall", endpoint="/Halls", schemaExtensions=[{"schema": FLOOR}]),
        "room": schema("displayName", id=ROOM),
    }

    assert problem in refusal(**documents, wrong=resource_type(**members))


def second_schema(*attributes):
    """Return documents of rooms, and of the same rooms by another schema with ``attributes``."""
    again = "urn:example:params:scim:schemas:core:2.0:Room"
    return {
        "a": resource_type(),
        "b": schema("number", "level", id=ROOM),
        "c": schema(*attributes, id=again),
        "wrong": resource_type(schema=again),
    }


def test_documents_with_one_name_and_endpoint_give_a_type_two_schemas():
    documents = second_schema("level", {"name": "seats", "type": "integer", "required": True})

    room = extended(documents).by_name["Room"]

    assert [each.name for each in room.own_attributes] == ["number", "level", "seats"]
    for urn in room.own_urns:
        assert room.locate(f"{urn}:seats") == room.locate("seats")


def test_schemas_of_one_type_agree_about_what_they_share():
    problem = refusal(**second_schema({"name": "level", "type": "integer"}))

    assert problem.startswith("level of urn:example:params:scim:schemas:core:2.0:Room differs")


@pytest.mark.parametrize("name", ["schemas", "ID", "externalId", "Meta"])
def test_schema_of_a_type_has_none_of_the_common_attributes(name):
    problem = refusal(room=resource_type(), wrong=schema("x", name, id=ROOM))

    assert problem.startswith(f"{name}: every resource has this attribute")


def test_urn_is_defined_once():
    problem = refusal(first=schema("x"), wrong=schema("y", id=BADGE.lower()))

    assert problem == f"id {BADGE.lower()} is also the id of first.json; keep one of them"


def test_order_of_the_files_does_not_matter():
    documents = {
        "a.json": resource_type(),
        "b.json": schema("x", id=ROOM),
        "c.json": schema("y", id="urn:example:c:room"),
    }
    backwards = dict(reversed(documents.items()))

    for each in (extended(documents), extended(backwards)):
        assert [s.id for s in each.schemas[len(SCHEMAS) :]] == [ROOM, "urn:example:c:room"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_example_is_complete_by_itself(folder):
    documents = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}

    added = extended(documents).schemas[len(SCHEMAS) :]

    written = {json.loads(text)["id"]: json.loads(text) for text in documents.values()}
    assert added
    for each in added:  # so that who copies it sees everything there is to set
        assert each.document == written[each.id]


def test_examples_go_together():
    paths = [path for path in EXAMPLES if path.parent.name in ("badge", "device", "okta")]
    definitions = extended({path.name: path.read_text(encoding="utf-8") for path in paths})

    assert list(definitions.by_endpoint) == [
        *("/Users", "/Groups"),
        *("/Devices", "/Entitlements", "/Roles"),
        "/GroupMemberships",
    ]
    [owner] = definitions.by_name["Device"].references.values()
    assert (owner.targets, owner.display) == ({"User": "/Users"}, "displayName")
    assert definitions.by_name["User"].shows_on_request
    number = definitions.by_name["User"].locate_unqualified("number")[-1]
    assert number.uniqueness == "server"
