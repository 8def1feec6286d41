"""Bulk requests: operations that succeed (RFC 7644 §3.7)."""

from typing import Any

from ...answers import PATCH_OP, expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import Service
from ..areas import area

check = area("bulk", "RFC 7644 §3.7", needs=("bulk",))
RESULTS = "RFC 7644 §3.7.3"
METHODS = 'Possible values are "POST", "PUT", "PATCH", or "DELETE".'
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

Operation = dict[str, Any]


def send(service: Service, *operations: Operation, **message: Any) -> Exchange:
    body = {"schemas": [BULK_REQUEST], "Operations": list(operations)} | message
    return service.client.post("/Bulk", body)


def results(service: Service, *operations: Operation, **message: Any) -> list[Operation]:
    """Return the results of operations; fail unless the request as a whole succeeds."""
    answer = send(service, *operations, **message)
    expect_status(answer, 200)
    return list(answer.json["Operations"])


def code(result: Operation) -> int:
    """Return the status of a result; the RFC's examples have it as a string and as an object."""
    status = result["status"]
    return int(status["code"] if isinstance(status, dict) else status)


def expect_codes(found: list[Operation], *codes: int) -> None:
    """Fail unless the results have these statuses, in any order."""
    shown = sorted(code(result) for result in found)
    expect(shown == sorted(codes), f"the statuses are {shown} instead of {sorted(codes)}")


def create(service: Service, bulk_id: str = "qwerty", **attributes: Any) -> Operation:
    data = service.user(**attributes)
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def unknown(service: Service, method: str = "DELETE") -> Operation:
    """Return an operation on a user that does not exist."""
    return {"method": method, "path": f"/Users/{service.unique('unknown')}"}


@check("If a bulk job is processed successfully, HTTP response code 200 OK MUST be returned")
def bulk_is_200(service: Service) -> None:
    """A bulk request is 200."""
    expect_status(send(service, create(service)), 200)


@check('urn:ietf:params:scim:api:messages:2.0:BulkResponse".')
def bulk_is_answered_by_a_bulk_response(service: Service) -> None:
    """The answer to a bulk request is a BulkResponse."""
    schemas = send(service, create(service)).json.get("schemas")
    expect(schemas == [BULK_RESPONSE], f"schemas is {schemas!r}")


@check.each(
    "method, statuses, data, needs",
    ("PUT", {200}, "user", ("bulk",)),
    (
        "PATCH",
        {200, 204},
        {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "replace", "path": "title", "value": "Driver"}],
        },
        ("bulk", "patch"),
    ),
    ("DELETE", {204}, None, ("bulk",)),
    quote=METHODS,
)
def a_user_is_changed(service: Service, method: str, statuses: set[int], data: Any) -> None:
    """{method} in a bulk request is done."""
    user = service.new_user(title="Guide")
    operation = {"method": method, "path": f"/Users/{user['id']}"}
    body = service.user(title="Driver") if data == "user" else data
    (result,) = results(service, operation | ({"data": body} if body else {}))
    expect(code(result) in statuses, f"status is {code(result)}")
    answer = service.client.get(f"/Users/{user['id']}")
    if method == "DELETE":
        expect_status(answer, 404)
    else:
        expect(answer.json["title"] == "Driver", f"title is {answer.json['title']!r}")
        location = result.get("location")
        expect(location == answer.json["meta"]["location"], f"location is {location!r}")


@check(METHODS)
def post_in_a_bulk_request_creates(service: Service) -> None:
    """POST in a bulk request is 201, and location leads to the user."""
    operation = create(service)
    (result,) = results(service, operation)
    expect_codes([result], 201)
    user = service.client.follow(result["location"])
    expect_status(user, 200)
    expect(user.json["userName"] == operation["data"]["userName"], "location leads to another user")


@check('The service provider MUST return the same "bulkId"')
def bulk_ids_are_returned(service: Service) -> None:
    """Each result of a POST has the bulkId of its operation."""
    found = results(service, create(service, "qwerty"), create(service, "ytrewq"))
    shown = {result.get("bulkId") for result in found}
    expect(shown == {"qwerty", "ytrewq"}, f"the bulkIds are {shown!r}")


@check(
    "The service provider response MUST include the result of all processed operations.", RESULTS
)
def each_operation_has_a_result(service: Service) -> None:
    """Each operation has a result with its method."""
    user = service.new_user()
    delete = {"method": "DELETE", "path": f"/Users/{user['id']}"}
    found = results(service, create(service, "a"), create(service, "b"), delete, unknown(service))
    methods = sorted(str(result.get("method")) for result in found)
    expect(methods == ["DELETE", "DELETE", "POST", "POST"], f"the methods are {methods!r}")
