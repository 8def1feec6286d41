"""Replay of the RFCs' own examples: send each request, say where the answer is not the RFC's.

A file of ``tests/traffic/samples`` is an example, a figure or a table of RFC 7643 or RFC 7644.
It has

``source``     the section, and what of it where there is more
``given``      the resources that are there first, in the order in which they are created
``exchanges``  what is sent and answered, one after the other
  ``request``  ``method``, ``path`` below the base URL, ``headers`` and ``body``, which is sent as
               it is if it is a text
  ``response`` ``status``, ``headers`` and ``body``; an id as the body is that resource of ``given``
  ``differs``  the places where this server answers otherwise, each with what is ``here`` instead
               (``null``: nothing) and ``why``; several places by ``*``, if the ``rfc`` has the same
``partial``    why the answers show less than there is: what they do not mention may be there
``note``       what else is to say

All is as the RFC prints it, but for what cannot be sent: line breaks within a text or a URL, runs
of spaces in a text, ellipses, missing commas and brackets, ids that are no UUIDs, and ``/v2`` in
some paths. ``Host``, ``Content-Length`` and the RFC's token are left to the client.

The server makes ids, entity tags and times of its own. The first that answers to one of the RFC's
stands for it from then on, in requests too. An Error's ``detail`` is free text; everything else is
compared exactly.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scim.protocol.schema import GROUP_SCHEMA

from ..traffic.exchange import UNTOUCHED

SHAPES = {
    "base": r"https://example\.com/v2",
    "id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "version": r'W/"[^"]+"',
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
}
TOKEN = re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in SHAPES.items()))

Known = dict[str, str]  # what stands here for the RFC's base URL, ids, entity tags and times
Sample = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    place: str
    rfc: Any
    here: Any

    @property
    def is_more(self) -> bool:
        """Tell whether the body has something here that the RFC does not mention."""
        return self.rfc is None and self.place.startswith("body.")

    def __str__(self) -> str:
        return f"{self.place}: the RFC has {self.rfc!r}, here is {self.here!r}"


def replay(client: FlaskClient, sample: Sample) -> Iterator[str]:
    """Yield a line for every difference that the sample does not explain, or explains in vain."""
    known = {"https://example.com/v2": "http://localhost/scim/v2"}
    given = {resource["id"]: resource for resource in sample.get("given", [])}
    _create(client, given, known)
    passed_over = 0
    for exchange in sample["exchanges"]:
        request, response = exchange["request"], exchange["response"]
        answer = _send(client, request, known)
        found = list(_compare(response | {"body": _body(response, given)}, answer, known))
        counted = [d for d in found if "partial" not in sample or not d.is_more]
        passed_over += len(found) - len(counted)
        for problem in unexplained(counted, exchange.get("differs", {}), known):
            yield f"{request['method']} {request['path']}: {problem}"
    if "partial" in sample and not passed_over:
        yield "partial: the answers show all there is"


def _create(client: FlaskClient, given: dict[str, Sample], known: Known) -> None:
    """Create the resources and learn their ids, and their versions when all are there."""
    paths = {}
    for rfc_id, resource in given.items():
        endpoint = "/Groups" if GROUP_SCHEMA in resource["schemas"] else "/Users"
        answer = _send(client, {"method": "POST", "path": endpoint, "body": resource}, known)
        assert answer.status_code == 201, answer.text
        known[rfc_id] = json.loads(answer.text)["id"]
        paths[rfc_id] = f"{endpoint}/{rfc_id}"
    for rfc_id, path in paths.items():
        if version := given[rfc_id].get("meta", {}).get("version"):
            known[version] = _send(client, {"method": "GET", "path": path}, known).headers["ETag"]


def _send(client: FlaskClient, request: Sample, known: Known) -> TestResponse:
    request = _filled(request, known)
    headers = {"Content-Type": "application/scim+json"} | request.get("headers", {})
    body = request.get("body")
    length = {"CONTENT_LENGTH": headers["Content-Length"]} if "Content-Length" in headers else {}
    return client.open(
        "/scim/v2" + quote(request["path"], safe=UNTOUCHED),
        method=request["method"],
        headers=headers,
        data=body if isinstance(body, str | None) else json.dumps(body),
        environ_overrides=length,
    )


def _filled(value: Any, known: Known) -> Any:
    """Return what the RFC sends with what stands here for its ids, entity tags and times."""
    if isinstance(value, str):
        return TOKEN.sub(lambda token: known.get(token[0], token[0]), value)
    if isinstance(value, dict):
        return {name: _filled(item, known) for name, item in value.items()}
    return [_filled(item, known) for item in value] if isinstance(value, list) else value


def _body(response: Sample, given: dict[str, Sample]) -> Any:
    body = response.get("body")
    return given[body] if isinstance(body, str) else body


def _compare(response: Sample, answer: TestResponse, known: Known) -> Iterator[Difference]:
    yield from differences(response["status"], answer.status_code, known, "status")
    for name, value in response.get("headers", {}).items():
        yield from differences(value, answer.headers.get(name), known, f"headers.{name}")
    body = json.loads(answer.text) if answer.data else None
    yield from differences(response["body"], body, known, "body")


def differences(rfc: Any, here: Any, known: Known, place: str) -> Iterator[Difference]:
    """Yield what differs between what the RFC has and what is here."""
    rfc, here = _by_name(rfc), _by_name(here)
    if isinstance(rfc, dict) and isinstance(here, dict):
        for name in rfc | here:
            yield from differences(rfc.get(name), here.get(name), known, f"{place}.{name}")
    elif isinstance(rfc, list) and isinstance(here, list) and len(rfc) == len(here):
        for index, (item, other) in enumerate(zip(rfc, here, strict=True)):
            yield from differences(item, other, known, f"{place}.{index}")
    elif isinstance(rfc, str) and isinstance(here, str):
        if not (here if place.endswith(".detail") else _fits(rfc, here, known)):
            yield Difference(place, rfc, here)
    elif type(rfc) is not type(here) or rfc != here:
        yield Difference(place, rfc, here)


def _by_name(value: Any) -> Any:
    """Return the attributes that a schema lists by their names; anything else as it is."""
    if isinstance(value, list) and value and all(map(_is_named, value)):
        return {item["name"]: item for item in value}
    return value


def _is_named(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)


def _fits(rfc: str, here: str, known: Known) -> bool:
    """Tell whether a text is the RFC's, and learn what stands in it for what is not known yet."""
    pattern, end, unknown = "", 0, []
    for token in TOKEN.finditer(rfc):
        pattern += re.escape(rfc[end : token.start()])
        if token[0] in known:
            pattern += re.escape(known[token[0]])
        else:
            pattern += f"({SHAPES[str(token.lastgroup)]})"
            unknown.append(token[0])
        end = token.end()
    found = re.fullmatch(pattern + re.escape(rfc[end:]), here)
    if found:
        known.update(zip(unknown, found.groups(), strict=True))
    return found is not None


def unexplained(found: list[Difference], differs: dict[str, Sample], known: Known) -> Iterator[str]:
    """Yield the differences that no entry describes, and the entries that describe none."""
    needed = set()
    for difference in found:
        fitting = {
            place
            for place, entry in differs.items()
            if fnmatchcase(difference.place, place)
            and entry.get("rfc", difference.rfc) == difference.rfc
            and not any(differences(entry["here"], difference.here, known, difference.place))
        }
        needed |= fitting
        if not fitting:
            yield str(difference)
    for place in sorted(differs.keys() - needed):
        yield f"{place}: does not differ in the way described"
