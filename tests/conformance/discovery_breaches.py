"""Servers that describe themselves wrongly: see ``breaches.py``."""

import json
from collections.abc import Callable

from ..support.broken import Answer, Asked, Breach
from ..support.server import Server

DISCOVERY = ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig")
FEATURES = ("patch", "bulk", "filter", "sort", "etag", "changePassword")


def is_discovery(asked: Asked) -> bool:
    return asked.path.startswith(DISCOVERY)


def of_discovery(change) -> Callable[[Server], Breach]:
    """Change each schema, resource type and the configuration."""

    def breach(asked, serve):
        answer = serve(asked)
        if not is_discovery(asked) or answer.status != 200:
            return answer
        body = answer.json
        if "Resources" in body:
            return answer.having(body | {"Resources": [change(each) for each in body["Resources"]]})
        return answer.having(change(body))

    return lambda server: breach


def wrong_kinds(value, name=""):
    if isinstance(value, dict):
        shown = {n: e if n in ("name", "id") else wrong_kinds(e, n) for n, e in value.items()}
        extra = {"referenceTypes": "?", "canonicalValues": "?"} if name == "attribute" else {}
        return shown | extra | {feature: [] for feature in FEATURES if feature in value}
    if isinstance(value, list):
        return [wrong_kinds(each, "attribute" if name == "attributes" else name) for each in value]
    if isinstance(value, bool | str):
        return "wrong"
    return -7


def wrong_names(document):
    bad = {"name": "9 x", "type": "string", "referenceTypes": ["User"], "caseExact": False}
    below = {"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "x"}]}
    others = [
        bad,
        bad,
        {"name": "c", "type": "reference", "caseExact": False},
        {"name": "d", "type": "complex"},
        {"name": "e", "type": "string", "mutability": "writeOnly", "subAttributes": [below]},
    ]
    named = {"name": "", "endpoint": "", "schema": "", "description": "", "attributes": others}
    return document | named | {"id": "urn:ietf:params:scim:api:messages:2.0:Error"}


def nothing_but_claims(asked, serve):
    """Claim everything, and describe nothing."""
    if not is_discovery(asked):
        return serve(asked)
    claims = {feature: {"supported": True} for feature in FEATURES}
    wrong = {"maxPageSize": 0, "defaultPageSize": "x", "cursorTimeout": -1, "index": "no"}
    paging = {"cursor": True, "defaultPaginationMethod": "?"} | wrong
    scheme = {"type": "?", "specUri": "?", "documentationUri": "?"}
    config = {"authenticationSchemes": [scheme], "documentationUri": "?", "pagination": paging}
    page = {"totalResults": 1, "Resources": []}
    return Answer(200, {}, json.dumps({"schemas": []} | claims | config | page))


def no_claims(asked, serve):
    if not asked.path.startswith("/ServiceProviderConfig"):
        return serve(asked)
    claims = {feature: {"supported": False} for feature in FEATURES}
    paging = {"pagination": {"cursor": "no", "index": "no"}, "authenticationSchemes": []}
    return Answer(200, {}, json.dumps(claims | paging))


def no_configuration(asked, serve):
    return Answer(404) if asked.path.startswith("/ServiceProviderConfig") else serve(asked)


def paged_discovery(asked, serve):
    answer = serve(asked)
    if is_discovery(asked) and "?" in asked.path and answer.status == 200:
        return answer.having(answer.json | {"Resources": answer.json["Resources"][:0:-1]})
    return answer
