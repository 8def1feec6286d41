"""Receivers of security event tokens: streams, and a directory that follows what they are told."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urljoin

import httpx2
import jwt
import sqlalchemy as sa
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet

from scim.deliver.events.signing import PATH
from scim.protocol.events import EVENT_URIS, PREFIX, visible
from scim.protocol.patch.apply import apply
from scim.protocol.permissions import Permission
from scim.protocol.schema import GROUP, USER
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value
from scim.storage import receivers
from scim.storage.tokens import Tenant, find_tenant, issue_token

from .listener import Got

FAILS, LOST = 0.05, 0.05  # of what a receiver gets
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
) -> receivers.Receiver:
    """Store a stream: pushed to a URL, or else polled."""
    kind, known = "push" if url else "poll", {"audience": AUDIENCE, "mode": "full"} | options
    with engine.begin() as connection:
        mine = find_tenant(connection, tenant)
        assert mine is not None
        made = receivers.add_receiver(connection, mine, name, kind, url, secrets, known)
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
            known[uri] = _written(uri, each)
        mine = {uri: _written(uri, each) for uri, each in self.resources.items()}
        assert json.dumps(mine, sort_keys=True) == json.dumps(known, sort_keys=True)


def _written(uri: str, resource: Record) -> Record:
    """Return what clients have written of a resource, without members."""
    kind = USER if uri.startswith("/Users") else GROUP
    shown = visible(resource, kind.attributes)
    return {name: value for name, value in shown.items() if name not in ("members", "schemas")}


def _load(attribute: Any, value: Any) -> Any:
    return load_value(attribute, value, STRICT)


@dataclass
class Receiver:
    """A receiver of tokens that fails now and then, and knows only what it has accepted."""

    server_url: str
    chance: Random
    mirror: Mirror = field(default_factory=Mirror)
    failed: int = 0
    wrong: list[Exception] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    keys: Record = field(default_factory=dict)

    def learn(self, token: str) -> None:
        """Verify a token and do what it tells."""
        try:
            self.keys = self.keys or httpx2.get(urljoin(self.server_url, PATH)).json()
            self.mirror.follow(verified(token, self.keys))
        except (AssertionError, LookupError, ValueError) as error:
            self.wrong.append(error)

    def answer(self, got: Got) -> Any:
        """Answer a push: some are refused, and of some the acknowledgement is lost."""
        with self.lock:
            is_lost, fails = self.chance.random() < LOST, self.chance.random() < FAILS
            if not fails or is_lost:
                self.learn(got.body.decode())
            self.failed += fails or is_lost
            return self.chance.choice([500, 503, hang_up]) if fails or is_lost else 202

    @contextmanager
    def polling(self, token: str) -> Iterator[None]:
        """Fetch tokens all the time, whatever becomes of the server; forget some of them."""
        ended, headers = Event(), {"Authorization": f"Bearer {token}"}

        def poll() -> None:
            known: list[str] = []
            with httpx2.Client(headers=headers, timeout=30) as client:
                while not ended.is_set():
                    asked = {"ack": known, "maxEvents": 50}
                    try:
                        answer = client.post(f"{self.server_url}/Events/poll", json=asked)
                        sets = answer.raise_for_status().json()["sets"]
                    except httpx2.HTTPError:
                        ended.wait(0.1)
                        continue
                    known = [each for each in sets if self.chance.random() > LOST]
                    self.failed += len(sets) - len(known)
                    for each in sets.values():
                        self.learn(each)

        thread = Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()


def hang_up(_: Any) -> None:
    """Answer nothing."""
