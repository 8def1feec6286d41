"""Receivers of security event tokens: streams, and a directory that follows what they are told."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import sqlalchemy as sa
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet

from scim.protocol.events import EVENT_URIS, PREFIX
from scim.protocol.patch.apply import apply
from scim.protocol.permissions import Permission
from scim.protocol.schema import USER
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value
from scim.storage.receivers import Receiver, add_receiver
from scim.storage.tokens import Tenant, find_tenant, issue_token

STRICT = Tolerated(STRICT_TOLERANCE, max_elements=100_000)
AUDIENCE = "https://app.example.com"
Record = dict[str, Any]


def add_stream(
    engine: sa.Engine,
    name: str,
    url: str = "",
    tenant: str = "default",
    secrets: Mapping[str, str] | None = None,
    **options: Any,
) -> Receiver:
    """Store a stream: pushed to a URL, or else polled."""
    kind, known = "push" if url else "poll", {"audience": AUDIENCE, "mode": "full"} | options
    with engine.begin() as connection:
        mine = find_tenant(connection, tenant)
        assert mine is not None
        made = add_receiver(connection, mine, name, kind, url, secrets, known)
    assert made is not None
    return made


def add_token(engine: sa.Engine, name: str, scopes: str = "events", tenant: str = "default") -> str:
    """Issue a token, by default one that polls the stream of its name."""
    with engine.begin() as connection:
        mine: Tenant | None = find_tenant(connection, tenant)
        assert mine is not None
        token = issue_token(connection, mine, name, None, Permission.of(scopes))
    assert token is not None
    return token


def verified(token: str, keys: Mapping[str, Any]) -> Record:
    """Return the claims of a token that two libraries verify, and that has what a SET must have."""
    header = jwt.get_unverified_header(token)
    [key] = [each for each in keys["keys"] if each["kid"] == header["kid"]]
    claims: Record = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"], audience=AUDIENCE)
    assert joserfc.decode(token, KeySet.import_key_set(keys)).claims == claims
    assert header == {"typ": "secevent+jwt", "alg": "ES256", "kid": key["kid"]}
    assert claims.keys() == {"iss", "iat", "jti", "aud", "txn", "sub_id", "events"}
    assert set(claims["events"]) <= set(EVENT_URIS)
    assert claims["sub_id"]["format"] == "scim"
    return claims


def short(claims: Record) -> tuple[str, ...]:
    """Return the events of a token without what all have in common."""
    return tuple(uri.removeprefix(PREFIX) for uri in claims["events"])


@dataclass
class Mirror:
    """A directory made of tokens alone: the resources, and the members of groups, by ``uri``."""

    resources: dict[str, Record] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def follow(self, claims: Record) -> None:
        """Do what a token tells; what was told before is passed over."""
        if claims["jti"] in self.seen:
            return
        self.seen.add(claims["jti"])
        uri = claims["sub_id"]["uri"]
        for name, payload in claims["events"].items():
            self.one(uri, name.removeprefix(PREFIX), payload.get("data", {}))

    def one(self, uri: str, event: str, data: Record) -> None:
        match event.split(":")[:2]:
            case ["prov", "create"]:
                assert uri not in self.resources
                self.write(uri, data)
            case ["prov", "put"]:
                assert uri in self.resources
                self.write(uri, data)
            case ["prov", "patch"]:
                self.patch(uri, data["Operations"])
            case ["prov", "delete"]:
                del self.resources[uri]
                self.members.pop(uri, None)

    def write(self, uri: str, data: Record) -> None:
        members = data.pop("members", ())
        assert data.pop("meta")["location"].endswith(uri)
        self.resources[uri] = data
        if uri.startswith("/Groups"):
            self.members[uri] = {each["value"] for each in members}

    def patch(self, uri: str, operations: Iterable[Record]) -> None:
        for each in operations:
            if each["path"] == "members":
                self.members[uri] |= {member["value"] for member in each["value"]}
            elif each["path"].startswith("members["):
                self.members[uri].discard(each["path"].split('"')[1])
            else:
                self.change(uri, each)

    def change(self, uri: str, operation: Record) -> None:
        if uri.startswith("/Groups"):
            assert operation["op"] == "replace"
            self.resources[uri][operation["path"]] = operation["value"]
            return
        sent = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation],
        }
        patched = apply(load_patch(sent, STRICT), self.resources[uri], USER, _load, STRICT)
        self.resources[uri] = patched.resource

    def check(self, listed: Iterable[Record]) -> None:
        """Compare with what the server answers."""
        known = {}
        for each in listed:
            uri = f"/{each['meta']['resourceType']}s/{each['id']}"
            if uri.startswith("/Groups"):
                ids = {member["value"] for member in each.get("members", ())}
                assert self.members[uri] == ids, uri
            known[uri] = {
                name: value
                for name, value in each.items()
                if name not in ("meta", "groups", "members", "schemas")
            }
        mine = {
            uri: {name: value for name, value in each.items() if name != "schemas"}
            for uri, each in self.resources.items()
        }
        assert json.dumps(mine, sort_keys=True) == json.dumps(known, sort_keys=True)


def _load(attribute: Any, value: Any) -> Any:
    return load_value(attribute, value, STRICT)
