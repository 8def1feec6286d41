"""The differences between an expected answer and the one that came.

There are two ways to compare. Where an expectation is not exact,

- an object names the attributes that matter: ``null`` is an absent one, ``"*"`` any value that is
  not empty, and other asterisks are wildcards;
- an object under a key that begins with ``=`` is exact;
- a list names all its elements, in any order.

Where it is exact, an object names all attributes and a list has the order of the answer (the
attributes of a schema are compared by name). The ids, entity tags, times and the base URL in it
are the RFC's; the server makes its own. An Error's ``detail`` may be any text.

In both, ``{{ada}}`` stands for something that the server makes. Whatever the server first shows
in such a place stands there from then on. ``true``, ``"True"`` and ``1`` are different values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .exchange import Answer

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CREATED_META = dict.fromkeys(("resourceType", "created", "lastModified", "version"), "*")
WITHOUT_BODY = (204, 304)
EMPTY = (None, "", [], {})

VARIABLE = {"variable": r"\{\{\w+}}"}
PRINTED = VARIABLE | {
    "base": r"https://example\.com/v2",
    "id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "version": r'W/"[^"]+"',
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
}
SHAPES = PRINTED | {"variable": ".+"}  # of what the server makes


def _tokens(shapes: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in shapes.items()))


TOKENS = {False: _tokens(VARIABLE), True: _tokens(PRINTED)}  # by whether the text is exact

Known = dict[str, str]  # the server's value for each token that has been seen


@dataclass(frozen=True)
class Difference:
    """A place where the answer is not the expected one; ``place`` is ``body.name.givenName``."""

    place: str
    expected: Any
    actual: Any

    @property
    def is_more(self) -> bool:
        """Tell whether the answer has something that the expectation does not mention."""
        return self.expected is None and self.place.startswith("body.")

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected!r}, got {self.actual!r}"


def filled(value: Any, known: Known) -> Any:
    """Return a value with the server's ids, entity tags and times; unknown tokens stay."""
    if isinstance(value, str):
        return TOKENS[True].sub(lambda token: known.get(token[0], token[0]), value)
    if isinstance(value, dict):
        return {name: filled(item, known) for name, item in value.items()}
    return [filled(item, known) for item in value] if isinstance(value, list) else value


def compare(
    expected: dict[str, Any], answer: Answer, known: Known, exact: bool = False
) -> Iterator[Difference]:
    """Yield the differences from ``{"status": 200, "headers": {}, "body": {}}``."""
    status = expected.get("status", 200)
    if answer.status != status:
        yield Difference("status", status, answer.status if exact else (answer.status, answer.body))
    for name, value in expected.get("headers", {}).items():
        yield from differences(value, answer.headers.get(name), known, f"headers.{name}", exact)
    if "body" in expected or exact or answer.status in WITHOUT_BODY:
        yield from differences(expected.get("body"), answer.body, known, "body", exact)
    if answer.status not in WITHOUT_BODY:
        yield from house_rules(answer)


def check(answer: Answer, status: int = 200, body: Any = None) -> Any:
    """Return the body of an answer that is as expected, fail with all differences otherwise."""
    problems = list(compare({"status": status} | ({"body": body} if body else {}), answer, {}))
    assert not problems, f"{'; '.join(map(str, problems))} in {answer.body}"
    return answer.body


def house_rules(answer: Answer) -> Iterator[Difference]:
    """Yield how an answer breaks a rule for all answers with a body."""
    yield from differences(
        "application/scim+json", answer.headers.get_content_type(), {}, "headers.Content-Type"
    )
    body = answer.body
    if not isinstance(body, dict):
        yield Difference("body", "a JSON object", body)
        return
    expected: dict[str, Any] = {}
    if answer.status >= 400:
        expected = {"schemas": [ERROR], "status": str(answer.status), "detail": "*"}
    elif answer.status == 201:
        meta = CREATED_META | {"location": answer.headers["Location"]}
        expected = {"id": "*", "schemas": "*", "meta": meta}
    elif "Resources" in body:
        expected = {"schemas": [LIST_RESPONSE], "itemsPerPage": len(body["Resources"])}
    yield from differences(expected, body, {}, "body")
    yield from _misplaced(body)


def _misplaced(value: Any, place: str = "body") -> Iterator[Difference]:
    """Yield attributes without a value (RFC 7643 §2.5) and passwords (§4.1.1)."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "password" or (item in (None, [], {}) and name != "Resources"):
                yield Difference(f"{place}.{name}", "nothing", item)
            yield from _misplaced(item, f"{place}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misplaced(item, f"{place}.{index}")


def differences(
    expected: Any, actual: Any, known: Known, place: str = "body", exact: bool = False
) -> Iterator[Difference]:
    """Yield how ``actual`` differs from ``expected``; learn what unknown tokens stand for."""
    if exact:
        expected, actual = _by_name(expected), _by_name(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        names = {key.removeprefix("="): key for key in expected}
        for name, key in names.items():
            of_key = exact or key != name
            place_of_name = f"{place}.{name}"
            yield from differences(expected[key], actual.get(name), known, place_of_name, of_key)
        if exact:
            others = {name: value for name, value in actual.items() if name not in names}
            yield from (Difference(f"{place}.{name}", None, others[name]) for name in others)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        if exact or len(expected) == 1:
            for index, (item, other) in enumerate(zip(expected, actual, strict=True)):
                yield from differences(item, other, known, f"{place}.{index}", exact)
        else:
            yield from _in_any_order(expected, actual, known, place)
    elif not _is(expected, actual, known, place, exact):
        yield Difference(place, expected, actual)


def _by_name(value: Any) -> Any:
    """Return the attributes that a schema lists by their names; anything else as it is."""
    if isinstance(value, list) and value and all(map(_is_named, value)):
        return {item["name"]: item for item in value}
    return value


def _is_named(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)


def _in_any_order(
    expected: list[Any], actual: list[Any], known: Known, place: str
) -> Iterator[Difference]:
    left = list(actual)
    for element in expected:
        for item in left:
            learned = dict(known)
            if not any(differences(element, item, learned)):
                known |= learned
                left.remove(item)
                break
        else:
            yield Difference(place, element, left)


def _is(expected: Any, actual: Any, known: Known, place: str, exact: bool) -> bool:
    if not isinstance(expected, str):
        return type(expected) is type(actual) and bool(expected == actual)
    if exact and place.endswith(".detail"):
        return isinstance(actual, str) and actual != ""
    if expected == "*" and not exact:
        return actual not in EMPTY
    return isinstance(actual, str) and _fits(expected, actual, known, exact)


def _fits(expected: str, actual: str, known: Known, exact: bool) -> bool:
    """Tell whether a text is the expected one; learn what its unknown tokens stand for."""
    pattern, end, unknown = "", 0, []
    for token in TOKENS[exact].finditer(expected):
        pattern += _literal(expected[end : token.start()], exact)
        if token[0] in known:
            pattern += re.escape(known[token[0]])
        else:
            pattern += f"({SHAPES[str(token.lastgroup)]})"
            unknown.append(token[0])
        end = token.end()
    found = re.fullmatch(pattern + _literal(expected[end:], exact), actual, re.DOTALL)
    if found:
        known.update(zip(unknown, found.groups(), strict=True))
    return found is not None


def _literal(text: str, exact: bool) -> str:
    return re.escape(text) if exact else re.escape(text).replace(r"\*", ".*")


def unexplained(
    found: list[Difference], differs: dict[str, dict[str, Any]], known: Known
) -> Iterator[str]:
    """Yield the differences that no entry describes, and the entries that describe none."""
    needed = set()
    for difference in found:
        place, actual = difference.place, difference.actual
        fitting = {
            name
            for name, entry in differs.items()
            if fnmatchcase(place, name)
            and entry.get("rfc", difference.expected) == difference.expected
            and not any(differences(entry["here"], actual, known, place, exact=True))
        }
        needed |= fitting
        if not fitting:
            yield str(difference)
    for place in sorted(differs.keys() - needed):
        yield f"{place}: does not differ in the way described"
