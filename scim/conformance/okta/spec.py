"""The "Okta SCIM 2.0 SPEC Test": its twelve requests and its assertions about each answer.

Each step makes the user it needs, so that a broken rule fails one step.
"""

from typing import Any

from ..answers import (
    ERROR,
    LIST_RESPONSE,
    expect_equal,
    expect_filled,
    expect_schema,
    expect_status,
    value_at,
)
from ..checks import Area, Exchange, Level, Resource, Service, expect
from ..service import USER_SCHEMA

SUITE = "okta-spec"
READING = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
    "User-Agent": "OKTA SCIM Integration",
}
CREATING = {"Accept": "application/scim+json; charset=utf-8", "Content-Type": "application/json"}
GROUPS_MILLISECONDS = 600

users = Area(SUITE, "Users")
errors = Area(SUITE, "Errors")
creation = Area(SUITE, "Create")
groups = Area(SUITE, "Groups")


def get(service: Service, path: str, **headers: str) -> Exchange:
    return service.client.get(path, headers=READING | headers)


def find(service: Service, user_name: str, **headers: str) -> Exchange:
    return get(service, f'/Users?filter=userName eq "{user_name}"', **headers)


def okta_user(service: Service) -> Resource:
    """Return the body of Okta's POST, with names that nobody has yet."""
    name = service.unique("okta")
    address = f"{name}@atko.example"
    names = {"givenName": "Runscope417", "familyName": name}
    return {
        "schemas": [USER_SCHEMA],
        "userName": address,
        "name": names,
        "emails": [{"primary": True, "value": address, "type": "work"}],
        "displayName": f"{names['givenName']} {names['familyName']}",
        "active": True,
    }


def create(service: Service, body: Resource) -> Exchange:
    return service.client.post("/Users", body, headers=CREATING)


def expect_nobody(answer: Exchange) -> None:
    expect_status(answer, 200)
    expect_schema(answer, LIST_RESPONSE)
    expect_equal(answer, totalResults=0)


def expect_user(answer: Exchange, place: str = "") -> None:
    """Fail unless the user has the attributes that Okta imports."""
    names = ("id", "name.familyName", "name.givenName", "userName", "active", "emails[0].value")
    expect_filled(answer, *(place + name for name in names))


def expect_error(answer: Exchange, code: int, **values: Any) -> None:
    expect_status(answer, code)
    expect_filled(answer, "detail")
    expect_schema(answer, ERROR)
    expect_equal(answer, **values)


@users("Required Test: Test Users endpoint", "step 1")
def first_page_shows_a_complete_user(service: Service) -> None:
    """The first page of /Users shows a user with a name, an address and a state."""
    service.new_user()  # Okta asks for a user beforehand
    answer = get(service, "/Users?count=1&startIndex=1")
    expect_status(answer, 200)
    expect_filled(answer, "Resources")
    expect_schema(answer, LIST_RESPONSE)
    for name in ("itemsPerPage", "startIndex", "totalResults"):
        number = value_at(answer.json, name)
        expect(type(number) is int, f"{name} is {number!r}, which is no number")
    expect_user(answer, "Resources[0].")


@users("Required Test: Get Users/{{id}}", "step 2")
def listed_user_is_found_by_id(service: Service) -> None:
    """The user of the first page is found by id."""
    service.new_user()
    listed = get(service, "/Users?count=1&startIndex=1")
    user_id = value_at(listed.json, "Resources[0].id")
    answer = get(service, f"/Users/{user_id}")
    expect_status(answer, 200)
    expect_user(answer)
    expect_equal(answer, id=user_id)


@users("Required Test: Test invalid User by username", "step 3")
def unknown_user_name_gives_an_empty_list(service: Service) -> None:
    """A filter for a userName that nobody has gives an empty list."""
    expect_nobody(find(service, f"{service.unique('abcdefgh')}@atko.example"))


@errors("Required Test: Test invalid User by ID", "step 4")
def long_unknown_id_is_not_found(service: Service) -> None:
    """An id that nobody has is answered 404 with an error that explains it."""
    expect_error(get(service, "/Users/010101001010101011001010101011"), 404)


@creation("Required Test: Make sure random user doesn't exist", "step 5")
def newcomer_is_not_there_yet(service: Service) -> None:
    """The user who is about to be created is not there yet."""
    expect_nobody(find(service, okta_user(service)["userName"]))


@creation("Required Test: Create Okta user with realistic values", "step 6")
def newcomer_is_created_as_sent(service: Service) -> None:
    """A user is created, with the names that were sent and an id."""
    sent = okta_user(service)
    answer = create(service, sent)
    expect_status(answer, 201)
    expect_equal(answer, active=True)
    expect_filled(answer, "id")
    expect_names(answer, sent)
    expect_schema(answer, USER_SCHEMA)


@creation("Required Test: Verify that user was created", "step 7")
def newcomer_is_found_by_the_id_of_the_answer(service: Service) -> None:
    """The created user is found by the id of the answer, with the names that were sent."""
    sent = okta_user(service)
    created = create(service, sent)
    expect_status(created, 201)
    answer = get(service, f"/Users/{value_at(created.json, 'id')}")
    expect_status(answer, 200)
    expect_names(answer, sent)


def expect_names(answer: Exchange, sent: Resource) -> None:
    expect_equal(
        answer,
        **{
            "userName": sent["userName"],
            "name.familyName": sent["name"]["familyName"],
            "name.givenName": sent["name"]["givenName"],
        },
    )


@creation("Required Test: Expect failure when recreating user with same values", "step 8")
def newcomer_is_not_created_twice(service: Service) -> None:
    """The same user a second time is answered 409."""
    sent = okta_user(service)
    expect_status(create(service, sent), 201)
    expect_status(create(service, sent), 409)


@users("Required Test: Username Case Sensitivity Check", "step 9")
def user_name_is_looked_up_in_capitals(service: Service) -> None:
    """A userName in capitals can be looked up, and finds the user."""
    sent = okta_user(service)
    expect_status(create(service, sent), 201)
    answer = find(service, sent["userName"].upper())
    expect_status(answer, 200)
    # Okta's test stops here, but Okta would create a user who is not found a second time.
    found = value_at(answer.json, "totalResults")
    expect(found == 1, f"totalResults is {found!r}: userName is caseExact", Level.SHOULD)


@groups("Optional Test: Verify Groups endpoint", "step 10")
def groups_are_listed_quickly(service: Service) -> None:
    """The groups are listed, within 600 ms."""
    answer = get(service, "/Groups")
    expect_status(answer, 200)
    expect(
        value_at(answer.json, "totalResults") == 0
        or isinstance(value_at(answer.json, "Resources"), list),
        "there are groups, but Resources is not an array",
    )
    expect(
        answer.milliseconds < GROUPS_MILLISECONDS,
        f"the answer took {answer.milliseconds:.0f} ms, Okta allows {GROUPS_MILLISECONDS} ms",
        Level.SHOULD,
    )


@errors("Required Test: Check status 401", "step 11")
def wrong_token_is_unauthorized(service: Service) -> None:
    """A wrong token is answered 401 with an error that explains it."""
    name = okta_user(service)["userName"].upper()
    expect_error(find(service, name, Authorization="non-token"), 401, status="401")


@errors("Required Test: Check status 404", "step 12")
def short_unknown_id_is_not_found(service: Service) -> None:
    """An id in digits that nobody has is answered 404 with an error that explains it."""
    expect_error(get(service, "/Users/00919288221112222"), 404, status="404")
