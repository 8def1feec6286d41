"""RFC 7643 §2.2: what a document declares unique is so within its resource type."""

import pytest

from ..support.definitions import (
    BADGE_SCHEMA,
    LOCK_SCHEMA,
    attribute,
    badge,
    complex_attribute,
    room,
    rooms,
    schema,
)
from ..support.errors import check_error
from ..support.scim import add, path_of, remove, replace, user

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
UNIQUE = {"uniqueness": "server"}
NUMBER = f"{BADGE_SCHEMA}:number"
NAME = attribute("displayName")


def code(type="string", **characteristics):
    return attribute("code", type, **UNIQUE, **characteristics)


LOCKS = complex_attribute("lock", code(), attribute("type"), multiValued=True)
LINK = code("reference", referenceTypes=["uri"])
CASES = [
    (rooms(NAME, code()), "code", "É-1", "e\u0301-1", "É-2"),
    (rooms(NAME, code(caseExact=True)), "code", "A", "A", "a"),
    (rooms(NAME, code("integer")), "code", 0, 0, 1),
    (rooms(NAME, code("binary")), "code", "YQ==", "YQ", "Yg=="),
    (rooms(NAME, LINK), "code", "urn:a", "urn:a", "urn:A"),
    (rooms(NAME, code(multiValued=True)), "code", ["a", "b"], ["d", "B"], ["c"]),
    (
        rooms(NAME, complex_attribute("lock", code())),
        "lock.code",
        {"code": "a"},
        {"code": "A"},
        {"code": "b"},
    ),
    (
        rooms(NAME, LOCKS),
        "lock.code",
        [{"code": "a"}, {"code": "b"}],
        [{"code": "B", "type": "x"}],
        [{"type": "x"}, {"code": "c"}],
    ),
    (
        (*rooms(NAME), schema(LOCK_SCHEMA, code())),
        f"{LOCK_SCHEMA}:code",
        {"code": "a"},
        {"code": "A"},
        {"code": "b"},
    ),
]


@pytest.mark.parametrize(("documents", "path", "first", "same", "other"), CASES)
def test_unique_value_is_taken_once(defining, documents, path, first, same, other):
    sent = path.partition(".")[0] if path[:3] != "urn" else LOCK_SCHEMA
    scim = defining(*documents)
    owner = scim.create(room(**{sent: first}))
    second = scim.create(room(**{sent: other}))
    third = scim.create(room(displayName="x"))

    for response in (
        scim.post("/Rooms", room(**{sent: same})),
        scim.put(path_of(second), room(**{sent: same})),
        scim.put(path_of(third), room(**{sent: same})),
        scim.patch(path_of(second), replace(sent, same)),
        scim.patch(path_of(third), add(None, {sent: same})),
    ):
        assert check_error(response, 409, "uniqueness") == f"{path} is already in use"
    assert [scim.read(each) for each in (owner, second, third)] == [owner, second, third]

    again = scim.put(path_of(owner), room(displayName="y", **{sent: same}))
    assert again.status_code == 200
    assert scim.patch(path_of(owner), remove(sent)).status_code == 200
    assert scim.patch(path_of(third), add(sent, first)).status_code == 200
    assert scim.delete(path_of(third)).status_code == 204
    assert scim.post("/Rooms", room(**{sent: first})).status_code == 201


def test_values_are_unique_within_their_type_and_attribute(defining):
    code = attribute("code", **UNIQUE)
    urn = LOCK_SCHEMA.replace("Room", "User")
    scim = defining(*rooms(code, attribute("number", **UNIQUE)), schema(urn, code))

    scim.create(room(code="a", number="b"))
    scim.create(room(code="b", number="a"))
    scim.create(user(**{urn: {"code": "a"}}))
    scim.create(room(number=""))
    scim.create(room(number=""))

    assert scim.get("/").json["totalResults"] == 5


def test_name_of_a_column_is_no_exception_in_an_extension(defining):
    urn = LOCK_SCHEMA.replace("Room", "User")
    scim = defining(schema(urn, attribute("userName", **UNIQUE), attribute("id", **UNIQUE)))
    scim.create(user("ada", **{urn: {"userName": "x", "id": "y"}}))

    for extension in ({"userName": "X"}, {"id": "Y"}):
        response = scim.post("/Users", user("bob", **{urn: extension}))
        check_error(response, 409, "uniqueness")
    assert scim.post("/Users", user("x", **{urn: {"userName": "ada"}})).status_code == 201


def test_two_users_have_not_the_same_badge(examples):
    ada, bob = examples.create(user("ada", **badge(number="A-1"))), examples.create(user("bob"))

    for response in (
        examples.post("/Users", user("cy", **badge(number="a-1"))),
        examples.put(path_of(bob), user("bob", **badge(number="a-1"))),
        examples.patch(path_of(bob), add(NUMBER, "a-1")),
        examples.patch(path_of(bob), add("number", "a-1")),
        examples.patch(path_of(bob), add(BADGE_SCHEMA, {"number": "a-1"})),
    ):
        assert check_error(response, 409, "uniqueness") == f"{NUMBER} is already in use"

    assert examples.patch(path_of(ada), remove(BADGE_SCHEMA)).status_code == 200
    assert examples.patch(path_of(bob), add(NUMBER, "a-1")).status_code == 200
    assert examples.delete(path_of(bob)).status_code == 204
    assert examples.patch(path_of(ada), add(NUMBER, "a-1")).status_code == 200


def test_bulk_finds_out_which_of_its_creates_clashes(examples):
    names = (("ada", "1"), ("bob", "1"), ("cy", "2"))
    posts = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": name,
            "data": user(name, **badge(number=number)),
        }
        for name, number in names
    ]

    answer = examples.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": posts}).json

    assert [each["status"] for each in answer["Operations"]] == ["201", "409", "201"]
    assert answer["Operations"][1]["response"]["scimType"] == "uniqueness"


def test_unique_value_too_long_for_an_index_is_refused(defining):
    scim = defining(*rooms(attribute("code", **UNIQUE)))

    detail = check_error(scim.post("/Rooms", room(code="é" * 1001)), 400, "invalidValue")

    assert "code is longer than 2000 bytes" in detail
