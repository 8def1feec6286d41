"""Servers that break rules of the RFCs: ours behind a proxy that changes its answers."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

from ..support.broken import HOP_BY_HOP, Answer, Asked, Breach
from ..support.server import Server
from .discovery_breaches import is_discovery


def is_resource(asked: Asked) -> bool:
    return bool(re.match(r"/(Users|Groups)", asked.path)) and ".search" not in asked.path


def ask(server: Server, asked: Asked) -> Answer:
    """Ask the server as its administrator, without the conditions that the client has set."""
    base = urlsplit(server.url)
    path, _, query = asked.path.partition("?")
    target = f"{base.path}{quote(path)}{'?' if query else ''}{quote(query, safe='=&')}"
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/scim+json"}
    body = None if asked.body is None else json.dumps(asked.body)
    with closing(HTTPConnection(base.hostname, base.port, timeout=30)) as connection:
        connection.request(asked.method, target, body, headers)
        response = connection.getresponse()
        shown = {name.lower(): value for name, value in response.getheaders()}
        kept = {name: value for name, value in shown.items() if name not in HOP_BY_HOP}
        return Answer(response.status, kept, response.read().decode())


def ignoring(*names: str) -> Callable[[Server], Breach]:
    """Ignore parameters of queries."""

    def of(server: Server) -> Breach:
        def breach(asked, serve):
            path, _, query = asked.path.partition("?")
            if asked.path.endswith(".search") and isinstance(asked.body, dict):
                body = {name: value for name, value in asked.body.items() if name not in names}
                return ask(server, replace(asked, body=body))
            if not query:
                return serve(asked)
            kept = [each for each in query.split("&") if each.partition("=")[0] not in names]
            return ask(server, replace(asked, path=f"{path}?{'&'.join(kept)}"))

        return breach

    return of


def always(breach: Breach) -> Callable[[Server], Breach]:
    return lambda server: breach


def garbled(value, kept=("id", "userName")):
    """Return JSON with other kinds of values and other texts."""
    if isinstance(value, dict):
        return {n: each if n in kept else garbled(each, kept) for n, each in value.items()}
    if isinstance(value, list):
        return [*(garbled(each, kept) for each in value[:-1]), "odd"]
    if isinstance(value, bool):
        return not value
    return value[::-1] if isinstance(value, str) else value


def of_resources(change, *methods: str) -> Callable[[Server], Breach]:
    """Change users and groups in the answers to some methods: ``change(body, sent)``."""

    def breach(asked, serve):
        answer = serve(asked)
        is_meant = asked.method in methods and is_resource(asked) and answer.status in (200, 201)
        is_one = is_meant and answer.text and "?filter" not in asked.path
        return answer.having(change(answer.json, asked.body)) if is_one else answer

    return always(breach)


def errors_are_200(asked, serve):
    answer = serve(asked)
    return replace(answer, status=200, text="{}") if answer.status >= 400 else answer


def errors_say_nothing(asked, serve):
    answer = serve(asked)
    return Answer(answer.status, {}, "{}") if answer.status >= 400 else answer


def bare(asked, serve):
    return replace(serve(asked), headers={"content-type": "text/plain"})


def nothing_happens(server):
    def breach(asked, serve):
        if asked.method in ("PUT", "PATCH", "DELETE") and is_resource(asked):
            path = asked.path.partition("?")[0]
            answer = ask(server, Asked("GET", path, None))
            if answer.status == 200:
                return Answer(204) if asked.method == "DELETE" else answer
        return serve(asked)

    return breach


def other_statuses(asked, serve):
    answer = serve(asked)
    changed = {201: 203, 204: 202, 409: 422} | ({200: 206} if asked.method != "GET" else {})
    return replace(
        answer, status=changed.get(answer.status, answer.status), text=answer.text or "{}"
    )


def anybody(server):
    """Let everybody in, and ignore conditions."""
    return lambda asked, serve: ask(server, asked)


def meddling(server):
    """Change the title after each PATCH, and answer with an empty object."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    change = {"op": "replace", "path": "title", "value": "meddled"}

    def breach(asked, serve):
        answer = serve(asked)
        if asked.method == "PATCH" and answer.status in (200, 204):
            body = {"schemas": schemas, "Operations": [change]}
            ask(server, Asked("PATCH", asked.path.partition("?")[0], body))
            return replace(answer, status=200, text="{}")
        return answer

    return breach


def of_bulk(change) -> Callable[[Server], Breach]:
    def breach(asked, serve):
        answer = serve(asked)
        if asked.path != "/Bulk" or answer.status != 200:
            return answer
        done = [change(each) for each in answer.json["Operations"]]
        return answer.having({"schemas": [], "Operations": done})

    return always(breach)


def first_result_only(asked, serve):
    answer = serve(asked)
    if asked.path != "/Bulk" or answer.status != 200:
        return answer
    return answer.having(answer.json | {"Operations": answer.json["Operations"][:1]})


def stored_though_refused(server):
    def breach(asked, serve):
        answer = serve(asked)
        if asked.method == "POST" and answer.status == 400 and isinstance(asked.body, dict):
            kept = {name: asked.body.get(name) for name in ("schemas", "userName")}
            ask(server, replace(asked, body=kept))
        return answer

    return breach


def as_if_done(result):
    kept = {name: each for name, each in result.items() if name in ("method", "bulkId", "location")}
    return {"location": "?"} | kept | {"status": {"code": 201}}


def odd_lists(asked, serve):
    answer = serve(asked)
    if answer.status != 200 or '"Resources"' not in answer.text or is_discovery(asked):
        return answer
    page = answer.json
    shown = {
        "schemas": [],
        "totalResults": "3",
        "itemsPerPage": "1",
        "startIndex": "1",
        "previousCursor": "p",
        "Resources": page.get("Resources", [])[::-1] * 2,
    }
    return answer.having(page | shown)


def without_resources(asked, serve):
    answer = serve(asked)
    if answer.status != 200 or '"Resources"' not in answer.text or is_discovery(asked):
        return answer
    return answer.having({"totalResults": answer.json["totalResults"]})


def below_one_is_the_second(asked, serve):
    return (
        serve(asked) if "startIndex=0" not in asked.path else Answer(200, {}, '{"Resources": []}')
    )


def choosy(asked, serve):
    """Refuse requests that the RFCs allow."""
    sent = asked.body if isinstance(asked.body, dict) else {}
    emails = sent.get("emails") or []
    first = next(iter(sent), "schemas")
    is_odd = (
        first not in ("schemas", "id")
        or sent.get("schemas", [""])[0].endswith("enterprise:2.0:User")
        or len({each.get("value") for each in emails if isinstance(each, dict)}) < len(emails)
        or not str(sent.get("displayName", "a")).isascii()
        or "USERNAME" in sent
        or "scimCheck=" in asked.path
        or "externalId" in sent
    )
    return Answer(400, {}, "{}") if is_odd else serve(asked)


def me_is(status: int, other: int = 200) -> Callable[[Server], Breach]:
    """Answer /Me, and other methods of it."""
    body = '{"id": "1", "meta": {"location": "/nowhere"}}'

    def breach(asked, serve):
        if asked.path != "/Me":
            return serve(asked)
        return Answer(status if asked.method == "GET" else other, {"location": "/where"}, body)

    return always(breach)


def made_up(body, sent):
    meta = {"resourceType": "Robot", "created": "then", "lastModified": "now", "location": "/x"}
    return body | {"schemas": [], "externalId": "?", "meta": meta, "password": "?"}
