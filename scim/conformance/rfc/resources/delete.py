"""Deleting resources (RFC 7644 §3.6)."""

from collections.abc import Callable
from typing import Any

from ...answers import PATCH_OP, expect_status
from ...outcomes import expect
from ...service import Service
from ..areas import SHOULD, area
from ..expectations import expect_error
from ..requests import find

check = area("delete", "RFC 7644 §3.6")


def deleted(service: Service) -> dict[str, Any]:
    """Return a user who has been deleted."""
    user = service.new_user()
    expect_status(service.client.delete(f"/Users/{user['id']}"), 204)
    return user


@check("the server SHALL return a successful HTTP status code 204 (No Content).")
def delete_is_204(service: Service) -> None:
    """A DELETE is 204 without a body."""
    answer = service.client.delete(f"/Users/{service.new_user()['id']}")
    expect_status(answer, 204)
    expect(not answer.text, "there is a body")


@check("the server SHALL return a successful HTTP status code 204 (No Content).")
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


@check.each(
    "method, needs",
    *((method, ("patch",) if method == "PATCH" else ()) for method in BODIES),
    quote="MUST return a 404 (Not Found) error code for all operations associated with the"
    " previously deleted resource.",
)
def a_deleted_user_is_gone(service: Service, method: str) -> None:
    """{method} of a deleted user is 404."""
    path = f"/Users/{deleted(service)['id']}"
    expect_error(service.client.request(method, path, BODIES[method](service)), 404)


@check.each(
    "attribute",
    ("userName",),
    ("id",),
    quote="Service providers MUST omit the resource from future query results.",
    needs=("filter",),
)
def a_query_omits_a_deleted_user(service: Service, attribute: str) -> None:
    """A query by {attribute} does not find a deleted user."""
    user = deleted(service)
    expect(not find(service, f'{attribute} eq "{user[attribute]}"'), "the user is found")


@check(
    "a CREATE request for a User resource with the same userName as the previously deleted"
    " resource SHOULD NOT fail with a 409 error due to userName conflict.",
    level=SHOULD,
)
def a_deleted_name_can_be_used_again(service: Service) -> None:
    """The userName of a deleted user can be used again."""
    name = deleted(service)["userName"]
    expect_status(service.client.post("/Users", service.user(userName=name)), 201)


@check("It MUST be a stable, non-reassignable identifier", "RFC 7643 §3.1")
def a_deleted_id_is_not_used_again(service: Service) -> None:
    """A user who is created again gets another id."""
    user = deleted(service)
    answer = service.client.post("/Users", service.user(userName=user["userName"]))
    if answer.status == 201 and "id" in answer.json:
        is_gone = service.client.get(f"/Users/{user['id']}").status == 404
        expect(answer.json["id"] != user["id"] and is_gone, "the new user has the old id")
