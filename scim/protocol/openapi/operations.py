"""Operations of the endpoints: parameters, bodies and answers with their statuses (RFC 7644 §3)."""

from collections.abc import Collection, Iterable, Mapping

from ..headers import MEDIA_TYPE, REQUEST_ID, RETRY_AFTER, SET_TXN
from ..search import PARAMETERS
from ..values import Record
from .messages import ABOUT, TEXT, parameter

Statuses = Mapping[int, str]  # what each of them means

# Statuses by what an operation does; every operation has the first ones.
ALWAYS = {
    400: "the request or its Host header is wrong",
    401: "the token is missing, or opens nothing",
    403: "the token does not allow it",
    429: "too many requests",
    503: "the server or its database cannot do it at the moment",
}
WITH_A_BODY = {
    408: "the body did not arrive in time",
    413: "the body or its number of operations is too large",
    415: "the body is not SCIM JSON",
}
OF_A_RESOURCE = {404: "the resource does not exist"}
CONDITIONAL = {412: "the resource has another version"}
UNIQUE = {409: "a value that must be unique is in use"}
NO_SUBJECT = {501: "the token names no user"}
ALL = (ALWAYS, WITH_A_BODY, OF_A_RESOURCE, CONDITIONAL, UNIQUE, NO_SUBJECT)
PROJECTION = ("attributes", "excludedAttributes")


def reference(kind: str, name: str) -> Record:
    return {"$ref": f"#/components/{kind}/{name}"}


def operation(
    operation_id: str,
    summary: str,
    answers: dict[int, Record],
    errors: Iterable[Statuses] = (),
    parameters: Collection[str] = (),
    body: str | None = None,
    media: str = MEDIA_TYPE,
) -> Record:
    """Return an operation; ``body`` names the schema of its body.

    One that takes preferences may be carried out later.
    """
    statuses = set(ALWAYS).union(WITH_A_BODY if body else (), *errors)
    given = {str(status): answer for status, answer in answers.items()}
    if "Prefer" in parameters:
        given["202"] = reference("responses", "202")
    refused = {str(status): reference("responses", str(status)) for status in sorted(statuses)}
    made: Record = {"operationId": operation_id, "summary": summary}
    if named := [reference("parameters", name) for name in parameters]:
        made["parameters"] = named
    if body:
        content = {media: {"schema": reference("schemas", body)}}
        made["requestBody"] = {"required": True, "content": content}
    return made | {"responses": given | refused}


def answer(
    description: str,
    schema: str | None = None,
    headers: Iterable[str] = (),
    media: str = MEDIA_TYPE,
) -> Record:
    """Return an answer of success; ``schema`` names that of its body, if it has one."""
    named = {name: reference("headers", name) for name in (REQUEST_ID, *headers)}
    made: Record = {"description": description, "headers": named}
    return made | ({"content": {media: {"schema": reference("schemas", schema)}}} if schema else {})


def error_answers() -> dict[str, Record]:
    """Return the answers of all errors, by their statuses."""
    made = {
        str(status): answer(about, "message.Error")
        for kind in ALL
        for status, about in kind.items()
    }
    for status in ("401", "403"):
        made[status]["headers"]["WWW-Authenticate"] = reference("headers", "WWW-Authenticate")
    for status in ("429", "503"):
        made[status]["headers"]["Retry-After"] = reference("headers", "Retry-After")
    return made


def accepted() -> Record:
    """Return the answer to a request that is carried out later (RFC 9967 §2.5.1.1)."""
    return answer("Accepted", headers=["Location", SET_TXN, "Preference-Applied"])


def parameters() -> dict[str, Record]:
    """Return all parameters, by their names."""
    queries = {
        name: {"name": name, "in": "query", "description": ABOUT[name], "schema": parameter(name)}
        for name in PARAMETERS
    }
    headers = {
        name: {"name": name, "in": "header", "description": about, "schema": TEXT}
        for name, about in (
            ("If-Match", "the versions that the resource may have (RFC 7644 §3.14)"),
            ("If-None-Match", "the versions that the client has (RFC 7644 §3.14)"),
            (
                "Prefer",
                "`dry-run`: what would be answered, and nothing is kept; `respond-async`, with"
                " `wait=10` for example: carried out later, unless within 10 seconds (RFC 7240)",
            ),
        )
    }
    own_id = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return queries | headers | {"id": own_id | {"description": "the id of the resource"}}


def headers() -> dict[str, Record]:
    """Return the headers of answers, by their names."""
    return {
        name: {"description": about, "schema": schema}
        for name, about, schema in (
            (REQUEST_ID, "the id of the request, for the server's log", TEXT),
            ("ETag", "the version of the resource", TEXT),
            (SET_TXN, "the id of the request in the event of its completion (RFC 9967 §3)", TEXT),
            ("Preference-Applied", "the preference that is heeded (RFC 7240 §3)", TEXT),
            (
                "Location",
                "the URL of the resource, or of the result",
                {"type": "string", "format": "uri"},
            ),
            ("Content-Location", "the URL of the resource", {"type": "string", "format": "uri"}),
            ("WWW-Authenticate", "Bearer (RFC 6750)", TEXT),
            ("Retry-After", f"seconds, for example {RETRY_AFTER}", {"type": "integer"}),
        )
    }
