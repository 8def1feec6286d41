"""Replay of recorded traffic and of the RFCs' examples: send each step, yield what differs.

A file of ``recordings/`` is what a provider sends, and is compared where it says something. A file
of ``samples/`` is an example, a figure or a table of RFC 7643 or RFC 7644, and is exact. Both have

``source``   who sends this, or the section of the RFC and the part of it
``headers``  what every request has
``given``    the resources that exist at the start, in the order of their creation
``steps``    the requests, in order
``partial``  why the answers show less than exists: what they do not mention may be there
``note``     anything else to say

A step has

``name``     what the provider does
``request``  ``method``, ``path`` below the base URL, ``headers`` and ``body``, which is sent as it
             is if it is a text; with ``base``, the name of a saved body, the body is what changes
``expect``   ``status`` (200 if absent), ``headers`` and ``body``, see ``comparison.py``; an id as
             the body is that resource of ``given``
``save``     a name for the body of the answer
``then``     reads that show the state after it: ``{"path", "status", "body"}``, or a path alone
             that must show the body just expected
``differs``  the places where this server answers otherwise than the RFC, each with the value
             ``here`` (``null``: nothing) and ``why``; ``*`` names several places, if the ``rfc``
             has the same there
``strict``   the ``scimType`` of the 400 by which a strict tenant refuses this step

``{{url}}`` and ``{{token}}`` are the server's. The samples are as the RFC prints them, except what
cannot be sent: line breaks within a text or a URL, runs of spaces in a text, ellipses, missing
commas and brackets, ids that are no UUIDs, and ``/v2`` in some paths. ``Host``, ``Content-Length``
and the RFC's token are left out.
"""

from collections.abc import Iterator
from typing import Any

from .comparison import Known, compare, filled, unexplained
from .exchange import Answer, send

MEDIA_TYPE = "application/scim+json"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"

Record = dict[str, Any]


class Replay:
    """One file, sent to the server at ``url``; ``exact`` is how its answers are compared."""

    def __init__(self, url: str, token: str, traffic: Record, exact: bool = False) -> None:
        self.url, self.traffic, self.exact = url, traffic, exact
        self.known: Known = {"{{url}}": url, "{{token}}": token, "https://example.com/v2": url}
        self.given = {resource["id"]: resource for resource in traffic.get("given", [])}
        usual = {"Content-Type": MEDIA_TYPE, "Authorization": "Bearer {{token}}"}
        self.headers = traffic.get("headers", usual)
        self.saved: dict[str, Any] = {}
        self.passed_over = 0

    def problems(self) -> Iterator[str]:
        """Yield a line for every difference, with its step."""
        self._create_given()
        for step in self.traffic["steps"]:
            answer = self.send(step["request"])
            if "save" in step:
                self.saved[step["save"]] = answer.body
            for problem in self._unexplained(step, answer):
                yield f"{_place(step)}: {problem}"
        if "partial" in self.traffic and not self.passed_over:
            yield "partial: the answers show all there is"

    def refusals(self) -> Iterator[tuple[Record, Answer]]:
        """Yield each step with its answer; make what a refused step should have made."""
        self.headers |= {"Authorization": "Bearer {{token}}"}  # a bare one needs a tolerance
        for step in self.traffic["steps"]:
            answer = self.send(step["request"])
            if "save" in step:
                self.saved[step["save"]] = answer.body
            made = step["expect"].get("body", {}).get("id")
            if answer.status == 400 and made not in {None, *self.known}:
                self.known[made] = self._create(_bare(step["request"]["path"], made))
            else:
                list(compare(step["expect"], answer, self.known))  # learn the ids
            yield step, answer

    def send(self, request: Record) -> Answer:
        request = filled(request, self.known)
        headers = filled(self.headers, self.known) | request.get("headers", {})
        body = request.get("body")
        if "base" in request:
            body = self.saved[request["base"]] | body
        return send(self.url, request["method"], request["path"], headers, body)

    def _unexplained(self, step: Record, answer: Answer) -> Iterator[str]:
        expected = step["expect"]
        if isinstance(expected.get("body"), str):
            expected = expected | {"body": self.given[expected["body"]]}
        found = list(compare(expected, answer, self.known, self.exact))
        counted = [each for each in found if "partial" not in self.traffic or not each.is_more]
        self.passed_over += len(found) - len(counted)
        yield from unexplained(counted, step.get("differs", {}), self.known)
        for read in step.get("then", []):
            state = {"path": read, "body": expected["body"]} if isinstance(read, str) else read
            shown = self.send({"method": "GET", "path": state["path"]})
            for problem in compare(state, shown, self.known):
                yield f"then GET {state['path']}: {problem}"

    def _create_given(self) -> None:
        """Create the resources, and learn their ids and, when all are there, their versions."""
        paths = {}
        for rfc_id, resource in self.given.items():
            self.known[rfc_id] = self._create(resource)
            paths[rfc_id] = f"{_endpoint(resource)}/{rfc_id}"
        for rfc_id, path in paths.items():
            if version := self.given[rfc_id].get("meta", {}).get("version"):
                self.known[version] = self.send({"method": "GET", "path": path}).headers["ETag"]

    def _create(self, resource: Record) -> str:
        answer = self.send({"method": "POST", "path": _endpoint(resource), "body": resource})
        assert answer.status == 201, answer.body
        return str(answer.body["id"])


def _place(step: Record) -> str:
    request = step["request"]
    named = f"{request['method']} {request['path']}"
    return f"{step['name']} ({named})" if "name" in step else named


def _endpoint(resource: Record) -> str:
    return "/Groups" if GROUP_SCHEMA in resource["schemas"] else "/Users"


def _bare(path: str, name: str) -> Record:
    """Return the least of a resource of the type that a path is for."""
    if path.startswith("/Groups"):
        return {"schemas": [GROUP_SCHEMA], "displayName": name}
    return {"schemas": [USER_SCHEMA], "userName": name}
