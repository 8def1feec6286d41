"""Bulk requests: operations that fail, and limits (RFC 7644 §3.7.3 and §3.7.4)."""

from collections.abc import Callable

from ...answers import ERROR
from ...outcomes import expect, skip
from ...service import Service
from ..areas import SHOULD, area
from ..expectations import expect_error, expect_refused
from ..requests import read
from .operations import (
    BULK_REQUEST,
    METHODS,
    RESULTS,
    Operation,
    code,
    create,
    expect_codes,
    results,
    send,
    unknown,
)

check = area("bulk", "RFC 7644 §3.7", needs=("bulk",))
MEGABYTES = 16  # a check sends no larger body


@check(
    'A "location" attribute that includes the resource\'s endpoint MUST be returned for all'
    " operations except for failed POST operations (which have no location).",
    RESULTS,
)
def failed_operations_have_a_location(service: Service) -> None:
    """A failed DELETE has a location, and a failed POST has none."""
    operation = unknown(service)
    post = create(service, userName=None)
    found = {result["method"]: result for result in results(service, operation, post)}
    location = str(found["DELETE"].get("location"))
    expect(location.endswith(operation["path"]), f"location of the DELETE is {location!r}")
    expect("location" not in found["POST"], "the failed POST has a location")


@check(
    'When indicating an error, the "response" attribute MUST contain the detail error response as'
    " per Section 3.12."
)
def failed_operations_have_an_error(service: Service) -> None:
    """A failed operation has an error as its response."""
    (result,) = results(service, unknown(service))
    response = result.get("response") or {}
    expect(response.get("schemas") == [ERROR], f"response is {response!r}")
    expect(response.get("status") == "404", f"status is {response.get('status')!r}")


@check(
    "the HTTP response code that would have been returned if a single HTTP request would have been"
    " used.",
    RESULTS,
)
def operations_have_the_status_of_a_request(service: Service) -> None:
    """Each operation has the status that a request of its own would have."""
    name = service.new_user()["userName"]
    found = results(
        service,
        create(service, "a", userName=name),
        create(service, "b", userName=None),
        unknown(service),
    )
    expect_codes(found, 409, 400, 404)


@check('"status": "201"', RESULTS, level=SHOULD)
def statuses_are_strings(service: Service) -> None:
    """The status of a result is a string."""
    (result,) = results(service, create(service))
    expect(result["status"] == "201", f"status is {result['status']!r}")


@check(
    "The service provider MUST continue performing as many changes as possible and disregard"
    " partial failures."
)
def failures_stop_nothing(service: Service) -> None:
    """Operations after a failed one are done."""
    found = results(service, create(service, "a"), unknown(service), create(service, "b"))
    expect_codes(found, 201, 404, 201)


@check(
    'If the "failOnErrors" attribute is not specified or the service provider has not reached the'
    " error limit defined by the client, the service provider will continue to process all"
    " operations.",
    RESULTS,
)
def below_the_limit_of_errors_everything_is_done(service: Service) -> None:
    """Fewer errors than failOnErrors stop no operation."""
    found = results(service, unknown(service), create(service), failOnErrors=2)
    expect_codes(found, 404, 201)


@check.each(
    "limit, errors, section, quote",
    (
        1,
        "1 error",
        RESULTS,
        "indicating that the service provider will stop processing and return results after one"
        " error.",
    ),
    (
        2,
        "2 errors",
        "RFC 7644 §3.7",
        'The "failOnErrors" attribute defines the number of errors that the service provider'
        " should accept before failing the remaining operations",
    ),
)
def operations_after_too_many_errors_are_not_done(service: Service, limit: int) -> None:
    """failOnErrors {limit} stops after {errors}."""
    failing = [unknown(service) for _ in range(limit)]
    last = create(service)
    found = results(service, create(service, "first"), *failing, last, failOnErrors=limit)
    expect_codes(found, 201, *[404] * limit)
    query = {"filter": f'userName eq "{last["data"]["userName"]}"'}
    left = service.client.get("/Users", query=query).json["totalResults"]
    expect(left == 0, "the operation after the last error was done")


def without(name: str) -> Callable[[Operation], Operation]:
    return lambda operation: {key: operation[key] for key in operation if key != name}


@check.each(
    "words, change, quote",
    ("without method", without("method"), METHODS),
    ("with the method GET", lambda operation: operation | {"method": "GET"}, METHODS),
    ("without path", without("path"), "path The resource's relative path to the SCIM service"),
    (
        "POST without data",
        without("data"),
        'REQUIRED in a request when "method" is "POST", "PUT", or "PATCH".',
    ),
    ("POST without bulkId", without("bulkId"), 'REQUIRED when "method" is "POST".'),
    (
        "POST to a resource",
        lambda operation: operation | {"path": "/Users/2819c223"},
        'If "method" is "POST", the value must specify a resource type endpoint, e.g., /Users or'
        " /Groups",
    ),
    (
        "DELETE of an endpoint",
        lambda operation: {"method": "DELETE", "path": "/ScimCheckNobodyHasThis"},
        'whereas all other "method" values must specify the path to a specific resource',
    ),
)
def a_malformed_operation_is_refused(
    service: Service, change: Callable[[Operation], Operation]
) -> None:
    """An operation {words} is refused."""
    answer = send(service, change(create(service)))
    if answer.status == 200:  # then the operation alone is refused
        codes = [code(result) for result in answer.json["Operations"]]
        expect(len(codes) == 1 and 400 <= codes[0] < 500, f"the statuses are {codes}")
    else:
        expect_refused(answer)


@check("Operations Defines operations within a bulk job.")
def bulk_without_operations_is_refused(service: Service) -> None:
    """A bulk request without Operations is 400."""
    expect_error(service.client.post("/Bulk", {"schemas": [BULK_REQUEST]}), 400)


@check(
    "If either limit is exceeded, the service provider MUST return HTTP response code 413 (Payload"
    " Too Large).",
    "RFC 7644 §3.7.4",
)
def too_many_operations_are_413(service: Service) -> None:
    """More operations than maxOperations are 413 that names the limit, and none is done."""
    limit = service.config["bulk"]["maxOperations"]
    if not 0 < limit <= 10_000:
        skip(f"maxOperations is {limit}, which is too many to exceed")
    user = service.new_user()
    first = {"method": "DELETE", "path": f"/Users/{user['id']}"}
    answer = send(service, first, *[unknown(service)] * limit)
    expect_error(answer, 413)
    expect(str(limit) in answer.text, f"the answer does not name the limit {limit}")
    read(service, user)


@check(
    "The returned response MUST specify the limit exceeded in the body of the error response.",
    "RFC 7644 §3.7.4",
)
def too_much_payload_is_413(service: Service) -> None:
    """More bytes than maxPayloadSize are 413 that names the limit."""
    limit = service.config["bulk"]["maxPayloadSize"]
    if not 0 < limit <= MEGABYTES * 2**20:
        skip(f"maxPayloadSize is {limit}, which is too much to exceed")
    answer = send(service, create(service, title="x" * limit))
    expect_error(answer, 413)
    expect(str(limit) in answer.text, f"the answer does not name the limit {limit}")


@check("version The current resource version.", needs=("bulk", "etag"))
def versions_are_conditions(service: Service) -> None:
    """An operation with an outdated version is not done."""
    user = service.new_user(title="Guide")
    operation = {"method": "PUT", "path": f"/Users/{user['id']}", "data": service.user()}
    (result,) = results(service, operation | {"version": 'W/"scim-check-never"'})
    expect(code(result) in (409, 412), f"status is {code(result)}")
    expect(read(service, user)["title"] == "Guide", "the user has changed")
