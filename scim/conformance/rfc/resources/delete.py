"""Deleting resources (RFC 7644 §3.6)."""

from collections.abc import Callable
from typing import Any

from ..common import PATCH_OP, SHOULD, Service, expect, expect_error, expect_status, find, rfc, row

AREA = "delete"
SECTION = "RFC 7644 §3.6"
GONE = (
    "MUST return a 404 (Not Found) error code for all operations associated with the previously"
    " deleted resource."
)
OMITTED = "Service providers MUST omit the resource from future query results."


def deleted(service: Service) -> dict[str, Any]:
    """Return a user who has been deleted."""
    user = service.new_user()
    expect_status(service.client.delete(f"/Users/{user['id']}"), 204)
    return user


@rfc(AREA, SECTION, "the server SHALL return a successful HTTP status code 204 (No Content).")
def delete_is_204(service: Service) -> None:
    """A DELETE is 204 without a body."""
    answer = service.client.delete(f"/Users/{service.new_user()['id']}")
    expect_status(answer, 204)
    expect(not answer.text, "there is a body")


@rfc(AREA, SECTION, "the server SHALL return a successful HTTP status code 204 (No Content).")
def delete_of_a_group_is_204(service: Service) -> None:
    """A DELETE of a group is 204, and the group is gone."""
    path = f"/Groups/{service.new_group()['id']}"
    expect_status(service.client.delete(path), 204)
    expect_error(service.client.get(path), 404)


BODIES: dict[str, Callable[[Service], Any]] = {
    "GET": lambda service: None,
    "PUT": lambda service: service.user(),
    "PATCH": lambda service: {
        "schemas": [PATCH_OP],
        "Operations": [{"op": "replace", "path": "title", "value": "Ghost"}],
    },
    "DELETE": lambda service: None,
}


def is_gone(method: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = deleted(service)
        path = f"/Users/{user['id']}"
        expect_error(service.client.request(method, path, BODIES[method](service)), 404)

    return run


for _method in BODIES:
    row(
        f"{_method} of a deleted user is 404",
        AREA,
        SECTION,
        GONE,
        is_gone(_method),
        needs=("patch",) if _method == "PATCH" else (),
    )


def is_not_found(attribute: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = deleted(service)
        expect(not find(service, f'{attribute} eq "{user[attribute]}"'), "the user is found")

    return run


for _attribute in ("userName", "id"):
    row(
        f"A query by {_attribute} does not find a deleted user",
        AREA,
        SECTION,
        OMITTED,
        is_not_found(_attribute),
        needs=("filter",),
    )


@rfc(
    AREA,
    SECTION,
    "a CREATE request for a User resource with the same userName as the previously deleted resource"
    " SHOULD NOT fail with a 409 error due to userName conflict.",
    SHOULD,
)
def a_deleted_name_can_be_used_again(service: Service) -> None:
    """The userName of a deleted user can be used again."""
    name = deleted(service)["userName"]
    expect_status(service.client.post("/Users", service.user(userName=name)), 201)


@rfc(AREA, "RFC 7643 §3.1", "It MUST be a stable, non-reassignable identifier")
def a_deleted_id_is_not_used_again(service: Service) -> None:
    """A user who is created again has another id."""
    user = deleted(service)
    answer = service.client.post("/Users", service.user(userName=user["userName"]))
    if answer.status == 201 and "id" in answer.json:
        is_gone = service.client.get(f"/Users/{user['id']}").status == 404
        expect(answer.json["id"] != user["id"] and is_gone, "the new user has the old id")
