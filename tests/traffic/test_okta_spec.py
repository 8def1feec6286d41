"""What the "Okta SCIM 2.0 SPEC Test" asks of a server, request by request."""

import time
from dataclasses import replace

import pytest

from .comparison import ERROR, LIST_RESPONSE, check
from .exchange import Client

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
SHOWN_USER = {
    "id": "*",
    "userName": "*",
    "name": {"familyName": "*", "givenName": "*"},
    "active": True,
    "emails": [{"value": "*"}],
}
NOBODY = {"schemas": [LIST_RESPONSE], "totalResults": 0}


def okta_user(given_name, family_name):
    address = f"{given_name}.{family_name}@atko.example".lower()
    return {
        "schemas": [USER_SCHEMA],
        "userName": address,
        "name": {"givenName": given_name, "familyName": family_name},
        "emails": [{"primary": True, "value": address, "type": "work"}],
        "displayName": f"{given_name} {family_name}",
        "active": True,
    }


RESIDENT = okta_user("Grace", "Hopper")
NEWCOMER = okta_user("Runscope417", "Ng")


def user_named(name):
    return f'/Users?filter=userName eq "{name}"'


@pytest.fixture
def okta(server):
    """Okta's test with the one user it asks for beforehand."""
    headers = {
        "Accept-Charset": "utf-8",
        "Content-Type": "application/scim+json; charset=utf-8",
        "Accept": "application/scim+json",
        "Authorization": server.token,
        "User-Agent": "OKTA SCIM Integration",
    }
    client = Client(server, headers)
    check(client.post("/Users", RESIDENT), 201)
    return client


@pytest.fixture
def creating(okta):
    """The headers of the two requests that create a user."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": okta.server.token,
        "Accept": "application/scim+json; charset=utf-8",
    }
    return replace(okta, headers=headers)


def test_01_first_page_of_users_shows_a_complete_user(okta):
    page = check(
        okta.get("/Users?count=1&startIndex=1"),
        body={"schemas": [LIST_RESPONSE], "Resources": [SHOWN_USER]},
    )

    for number in ("itemsPerPage", "startIndex", "totalResults"):
        assert type(page[number]) is int, number


def test_02_user_of_the_list_is_found_by_id(okta):
    listed = check(okta.get("/Users?count=1&startIndex=1"))["Resources"][0]

    check(okta.get(f"/Users/{listed['id']}"), body=SHOWN_USER | {"id": listed["id"]})


def test_03_unknown_user_name_gives_an_empty_list(okta):
    check(okta.get(user_named("abcdefgh@atko.example")), body=NOBODY)


def test_04_unknown_id_is_not_found(okta):
    check(
        okta.get("/Users/010101001010101011001010101011"),
        404,
        {"schemas": [ERROR], "detail": "*"},
    )


def test_05_newcomer_is_not_there_yet(okta):
    check(okta.get(user_named(NEWCOMER["userName"])), body=NOBODY)


def test_06_newcomer_is_created_as_sent(creating):
    check(creating.post("/Users", NEWCOMER), 201, {"id": "*", **NEWCOMER})


def test_07_newcomer_is_found_by_the_id_of_the_answer(okta, creating):
    created = check(creating.post("/Users", NEWCOMER), 201)

    check(okta.get(f"/Users/{created['id']}"), body=NEWCOMER)


def test_08_newcomer_is_not_created_twice(creating):
    check(creating.post("/Users", NEWCOMER), 201)

    check(creating.post("/Users", NEWCOMER), 409, {"scimType": "uniqueness"})


def test_09_user_name_is_found_in_capitals(okta, creating):
    created = check(creating.post("/Users", NEWCOMER), 201)

    found = check(okta.get(user_named(NEWCOMER["userName"].upper())), body={"totalResults": 1})

    assert found["Resources"][0]["id"] == created["id"]


def test_10_groups_are_listed_within_600_milliseconds(okta):
    begin = time.monotonic()
    answer = okta.get("/Groups")
    seconds = time.monotonic() - begin

    check(answer, body={"totalResults": 0, "Resources": []})
    assert seconds < 0.6


def test_11_wrong_token_is_unauthorized(okta):
    stranger = replace(okta, headers=okta.headers | {"Authorization": "non-token"})

    check(
        stranger.get(user_named(NEWCOMER["userName"].upper())),
        401,
        {"schemas": [ERROR], "status": "401", "detail": "*"},
    )


def test_12_id_in_digits_is_not_found(okta):
    check(
        okta.get("/Users/00919288221112222"),
        404,
        {"schemas": [ERROR], "status": "404", "detail": "*"},
    )
