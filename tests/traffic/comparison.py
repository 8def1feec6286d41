"""What an answer lacks of what was expected of it, in words.

An expected object names the attributes that matter: ``null`` is an absent one, ``"*"`` any value
that is not empty, other asterisks are wildcards. Under a key that begins with ``=`` nothing may
stand but what is named. A list names all its elements, in any order. ``true``, ``"True"`` and
``1`` are three different values.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from .exchange import Answer

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CREATED_META = dict.fromkeys(("resourceType", "created", "lastModified", "version"), "*")
EMPTY = (None, "", [], {})


def compare(answer: Answer, status: int = 200, body: Any = None) -> Iterator[str]:
    """Yield what differs from the expectation, or from what holds for every SCIM answer."""
    if answer.status != status:
        yield f"expected status {status}, got {answer.status}: {answer.body}"
    elif status == 204:
        yield from differences(None, answer.body)
    else:
        yield from _house_rules(answer)
        yield from differences(body or {}, answer.body)


def check(answer: Answer, status: int = 200, body: Any = None) -> Any:
    """Return the body of an answer that is as expected, fail with all differences otherwise."""
    problems = list(compare(answer, status, body))
    assert not problems, "\n".join(problems)
    return answer.body


def _house_rules(answer: Answer) -> Iterator[str]:
    if answer.headers.get_content_type() != "application/scim+json":
        yield f"Content-Type is {answer.headers.get('Content-Type')}"
    if not isinstance(answer.body, dict):
        yield f"body: expected a JSON object, got {answer.body!r}"
    elif answer.status >= 400:
        error = {"schemas": [ERROR], "status": str(answer.status), "detail": "*"}
        yield from differences(error, answer.body)
    elif answer.status == 201:
        meta = CREATED_META | {"location": answer.headers["Location"]}
        yield from differences({"id": "*", "schemas": "*", "meta": meta}, answer.body)
    elif "Resources" in answer.body:
        page = {"schemas": [LIST_RESPONSE], "itemsPerPage": len(answer.body["Resources"])}
        yield from differences(page, answer.body)
    yield from _misplaced(answer.body)


def differences(
    expected: Any, actual: Any, where: str = "body", exact: bool = False
) -> Iterator[str]:
    """Yield how ``actual`` falls short of ``expected``."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            name = key.removeprefix("=")
            yield from differences(value, actual.get(name), f"{where}.{name}", exact or key != name)
        if exact and (others := actual.keys() - {key.removeprefix("=") for key in expected}):
            yield f"{where}: unexpected {', '.join(sorted(others))}"
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _elements(expected, actual, where, exact)
    elif not _is(expected, actual):
        yield f"{where}: expected {expected!r}, got {actual!r}"


def _is(expected: Any, actual: Any) -> bool:
    if expected == "*":
        return actual not in EMPTY
    if isinstance(expected, str) and isinstance(actual, str) and "*" in expected:
        return fnmatchcase(actual, expected)
    return type(expected) is type(actual) and bool(expected == actual)


def _elements(expected: list[Any], actual: list[Any], where: str, exact: bool) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{where}: expected {len(expected)} elements, got {len(actual)}: {actual}"
        return
    if len(expected) == 1:
        yield from differences(expected[0], actual[0], f"{where}[0]", exact)
        return
    left = list(actual)
    for element in expected:
        fits = [item for item in left if not any(differences(element, item, exact=exact))]
        if not fits:
            yield f"{where}: no element is {element!r} in {actual}"
        else:
            left.remove(fits[0])


def _misplaced(value: Any, where: str = "body") -> Iterator[str]:
    """Yield attributes without a value (RFC 7643 §2.5) and passwords (§4.1.1)."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "password" or (item in (None, [], {}) and name != "Resources"):
                yield f"{where}.{name}: must not be returned, got {item!r}"
            yield from _misplaced(item, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misplaced(item, f"{where}[{index}]")
