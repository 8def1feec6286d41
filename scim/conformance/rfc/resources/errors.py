"""Errors (RFC 7644 §3.12)."""

from collections.abc import Callable
from typing import Any

from ...answers import ERROR, PATCH_OP, expect_status
from ...client import Exchange
from ...outcomes import expect, skip
from ...service import USER_SCHEMA, Service
from ..areas import SHOULD, area
from ..expectations import expect_error
from ..requests import find

check = area("errors", "RFC 7644 §3.12")
SCIM_TYPES = {
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
}
NOT_FOUND = "Specified resource (e.g., User) or endpoint does not exist."
BAD_REQUEST = "Request is unparsable, syntactically incorrect, or violates schema."
SYNTAX = "The request body message structure was invalid or did not conform to the request schema."
REQUIRED = "A required value was missing"

Mistake = Callable[[Service], Exchange]


def unknown(service: Service) -> str:
    return f"/Users/{service.unique('unknown')}"


def of_new(service: Service) -> str:
    return f"/Users/{service.new_user()['id']}"


def patch_of(**message: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP]} | message


def duplicate(service: Service) -> Exchange:
    name = service.new_user()["userName"]
    return service.client.post("/Users", service.user(userName=name))


def without(service: Service, name: str) -> dict[str, Any]:
    return {key: value for key, value in service.user().items() if key != name}


REPLACE = {"op": "replace", "path": "title", "value": "Tour Guide"}

MISTAKES = (
    ("GET of an unknown id", lambda s: s.client.get(unknown(s)), "404", NOT_FOUND),
    ("PUT of an unknown id", lambda s: s.client.put(unknown(s), s.user()), "404", NOT_FOUND),
    (
        "PATCH of an unknown id",
        lambda s: s.client.patch(unknown(s), patch_of(Operations=[REPLACE])),
        "404",
        NOT_FOUND,
    ),
    ("DELETE of an unknown id", lambda s: s.client.delete(unknown(s)), "404", NOT_FOUND),
    (
        "GET of an unknown group",
        lambda s: s.client.get(f"/Groups/{s.unique('unknown')}"),
        "404",
        NOT_FOUND,
    ),
    (
        "GET of an unknown endpoint",
        lambda s: s.client.get(f"/{s.unique('Unknown')}"),
        "404",
        NOT_FOUND,
    ),
    (
        "POST of what is not JSON",
        lambda s: s.client.post("/Users", '{"userName": '),
        "400, invalidSyntax",
        SYNTAX,
    ),
    (
        "PUT of what is not JSON",
        lambda s: s.client.put(of_new(s), "{]"),
        "400, invalidSyntax",
        SYNTAX,
    ),
    (
        "PATCH with what is not JSON",
        lambda s: s.client.patch(of_new(s), "not JSON"),
        "400",
        BAD_REQUEST,
    ),
    ("POST without a body", lambda s: s.client.post("/Users", ""), "400", BAD_REQUEST),
    (
        "POST of a list",
        lambda s: s.client.post("/Users", [s.user()]),
        "400, invalidSyntax or invalidValue",
        SYNTAX,
    ),
    (
        "POST of a string",
        lambda s: s.client.post("/Users", '"bjensen"'),
        "400, invalidSyntax or invalidValue",
        SYNTAX,
    ),
    (
        "POST without userName",
        lambda s: s.client.post("/Users", without(s, "userName")),
        "400, invalidValue or invalidSyntax",
        REQUIRED,
    ),
    (
        "POST with userName null",
        lambda s: s.client.post("/Users", s.user(userName=None)),
        "400, invalidValue or invalidSyntax",
        REQUIRED,
    ),
    (
        "POST of a group without displayName",
        lambda s: s.client.post("/Groups", {"schemas": s.group()["schemas"]}),
        "400, invalidValue or invalidSyntax",
        REQUIRED,
    ),
    (
        "PUT without userName",
        lambda s: s.client.put(of_new(s), without(s, "userName")),
        "400, invalidValue or invalidSyntax",
        REQUIRED,
    ),
)


@check.each(
    "words, mistake, outcome, quote, needs",
    *((*row, ("patch",) if row[0].startswith("PATCH") else ()) for row in MISTAKES),
    level=SHOULD,
)
def a_mistake_is_answered(service: Service, mistake: Mistake, outcome: str) -> None:
    """{words} is {outcome}."""
    status, _, scim_types = outcome.partition(", ")
    answer = mistake(service)
    expect_status(answer, int(status))
    shown = answer.json.get("scimType")  # OPTIONAL
    is_right = shown is None or not scim_types or shown in scim_types.split(" or ")
    expect(is_right, f"scimType is {shown!r} instead of {scim_types}")


@check(
    'MUST return HTTP status code 409 (Conflict) with a "scimType" error code of "uniqueness"',
    "RFC 7644 §3.3",
)
def post_of_a_username_in_use_is_409_uniqueness(service: Service) -> None:
    """POST of a userName in use is 409, uniqueness."""
    expect_error(duplicate(service), 409, "uniqueness")


def each_error(service: Service) -> list[Exchange]:
    """Return one error each of several kinds."""
    return [
        service.client.get(unknown(service)),
        service.client.delete(unknown(service)),
        service.client.post("/Users", '{"userName": '),
        service.client.post("/Users", without(service, "userName")),
        service.client.get(f"/{service.unique('Unknown')}"),
        duplicate(service),
    ]


def body_of(answer: Exchange) -> dict[str, Any]:
    """Return the body of an error, which has to be a JSON object."""
    expect(answer.status >= 400, f"{answer.method} was answered {answer.status}, not refused")
    expect(isinstance(answer.json, dict), f"the error {answer.status} is not a JSON object")
    return dict(answer.json)


@check(
    "implementers MUST return the errors in the body of the response in a JSON format, using the"
    " attributes described below."
)
def errors_have_a_json_body(service: Service) -> None:
    """Errors have a JSON object as their body."""
    for answer in each_error(service):
        body_of(answer)


@check(
    'Error responses are identified using the following "schema" URI:'
    ' "urn:ietf:params:scim:api:messages:2.0:Error".'
)
def errors_have_the_error_schema(service: Service) -> None:
    """Errors have the URI of the Error schema in schemas."""
    for answer in each_error(service):
        schemas = body_of(answer).get("schemas")
        expect(schemas == [ERROR], f"schemas of the error {answer.status} is {schemas!r}")


@check("expressed as a JSON string. REQUIRED.")
def errors_repeat_the_status_as_a_string(service: Service) -> None:
    """Errors repeat the HTTP status as a string."""
    for answer in each_error(service):
        status = body_of(answer).get("status")
        expect(status == str(answer.status), f"status of the error {answer.status} is {status!r}")


@check("scimType A SCIM detail error keyword. See Table 9. OPTIONAL.")
def errors_have_only_defined_keywords(service: Service) -> None:
    """scimType of an error, if present, is one that the RFCs define."""
    for answer in each_error(service):
        scim_type = body_of(answer).get("scimType")
        expect(scim_type is None or scim_type in SCIM_TYPES, f"scimType is {scim_type!r}")


@check("detail A detailed human-readable message. OPTIONAL.")
def errors_have_text_as_detail(service: Service) -> None:
    """detail of an error, if present, is text."""
    for answer in each_error(service):
        detail = body_of(answer).get("detail")
        expect(detail is None or isinstance(detail, str), f"detail is {detail!r}")


@check(
    'contains a "schemas" attribute with a URI whose namespace prefix MUST begin with'
    ' "urn:ietf:params:scim:api:".',
    "RFC 7644 §3.1",
)
def messages_have_the_prefix_of_messages(service: Service) -> None:
    """Schemas of lists and errors begin with urn:ietf:params:scim:api:."""
    query = {"filter": f'userName eq "{service.unique("nobody")}"'}
    for answer in (service.client.get("/Users", query=query), service.client.get(unknown(service))):
        for uri in answer.json["schemas"]:
            expect(uri.lower().startswith("urn:ietf:params:scim:api:"), f"schemas has {uri}")


@check("PUT MUST NOT be used to create new resources.", "RFC 7644 §3.2")
def put_creates_nothing(service: Service) -> None:
    """A PUT of an unknown id creates no user."""
    body = service.user()
    answer = service.client.put(unknown(service), body)
    if answer.status < 300:
        service.remember(f"/Users/{answer.json['id']}")
    expect(answer.status >= 400, f"PUT was answered {answer.status}")
    expect(not find(service, f'userName eq "{body["userName"]}"'), "the user is stored")


@check(BAD_REQUEST)
def what_is_refused_is_not_stored(service: Service) -> None:
    """A user whose POST is refused is not stored."""
    body = service.user(emails="not a list", name="not an object", schemas=[USER_SCHEMA])
    answer = service.client.post("/Users", body)
    if answer.status < 300:
        skip("the server accepts values of wrong types")
    expect(not find(service, f'userName eq "{body["userName"]}"'), "the user is stored")
