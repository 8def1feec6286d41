"""A provider's request in the Lab: the server answers it, and keeps nothing of it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import httpx2

from scim import provider
from scim.explain.changes.differences import Difference, changes
from scim.explain.exchange import CONSOLE, Exchange, Message
from scim.explain.requests.pasted import METHODS, Pasted, read
from scim.explain.sentences.sentence import sentence
from scim.protocol.errors import ScimError
from scim.protocol.headers import DRY_RUN, REQUEST_ID
from scim.protocol.schema import ResourceType
from scim.protocol.search import search_request
from scim.serializers.messages import load_bulk
from scim.storage import Store
from scim.storage.tokens import Tenant

from .. import asked
from ..state import state
from . import benches
from .patches import plain_paths

OTHERS = ("/Bulk", "/Me", "/.search", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes")
READING = ("GET", "HEAD")


EXAMPLES = (
    (
        "Okta creates a user",
        """POST /scim/v2/Users HTTP/1.1
Content-Type: application/scim+json
Authorization: Bearer 1234

{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
 "userName": "jane@example.com",
 "name": {"givenName": "Jane", "familyName": "Berg"},
 "emails": [{"primary": true, "value": "jane@example.com", "type": "work"}],
 "displayName": "Jane Berg", "locale": "en-US",
 "externalId": "00ujl29u0le5T6Aj10h7", "groups": [],
 "password": "1mz050nq", "active": true}""",
    ),
    (
        "Entra ID, with its own dialect",
        """{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "externalId": "jyoung", "userName": "jyoung@example.com", "active": "True",
 "manager": "Babs", "department": "Tours"}""",
    ),
    (
        "A curl command",
        """curl -X GET 'https://example.com/scim/v2/Users?filter=userName%20eq%20jane&count='""",
    ),
    (
        "Many at once",
        """{"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
 "Operations": [
  {"method": "POST", "path": "/Users", "bulkId": "u1", "data": {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bulk@example.com"}},
  {"method": "POST", "path": "/Groups", "bulkId": "g1", "data": {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Bulk",
    "members": [{"value": "bulkId:u1"}]}}]}""",
    ),
)


class UnreadableError(Exception):
    """A text in which there is no request; the message says what to paste."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer to a request of the console, or the one that it would give."""

    method: str
    target: str
    status: int
    body: str
    id: str
    tolerances: Sequence[str]
    sentence: str
    is_dry: bool = False

    @property
    def json(self) -> Any:
        """The answered JSON; None if there is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_refused(self) -> bool:
        return self.status >= 400


@dataclass(frozen=True, slots=True)
class PayloadTrial:
    """A request that was tried, with what it would change and what a strict tenant would say."""

    sent: Pasted
    answer: Answer
    changes: Sequence[Difference]
    has_before: bool
    strict: str

    @property
    def changed(self) -> list[str]:
        """The paths of what changed, for its marks in the JSON."""
        return plain_paths(self.changes) if self.has_before else []


def ask(
    tenant: Tenant,
    method: str,
    target: str,
    body: str = "",
    headers: Sequence[tuple[str, str]] = (),
    is_dry: bool = False,
) -> Answer:
    """Send a request to the SCIM endpoints, as a dry run if that is wanted.

    :raises UnreadableError: it cannot be sent, or the server does not answer
    """
    given = dict(headers) | ({"Prefer": DRY_RUN} if is_dry else {})
    try:
        got = state().endpoints.send(tenant, method, target, body.encode() if body else None, given)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise UnreadableError(
            f"The request cannot be sent: {error or type(error).__name__}."
        ) from None
    used = [each for each in got.headers.get("SCIM-Tolerances", "").split(",") if each]
    path, _, query = target.partition("?")
    exchange = Exchange(
        id=got.headers.get(REQUEST_ID, ""),
        at="",
        milliseconds=0,
        method=method,
        base=state().service.settings.base_path,
        path=path,
        query=query,
        status=got.status_code,
        request=Message(body=body, size=len(body)),
        answer=Message(tuple(got.headers.items()), got.text, len(got.content)),
        tenant=tenant.name,
        token=CONSOLE,
        tolerated=used,
        applied=got.headers.get("Preference-Applied", ""),
    )
    words = sentence(exchange)
    return Answer(method, target, got.status_code, got.text, exchange.id, used, words, is_dry)


def try_payload(
    tenant: Tenant, store: Store, text: str, method: str = "", path: str = ""
) -> PayloadTrial:
    """Return what the server makes of a pasted request; ``method`` and ``path`` go before it.

    :raises UnreadableError: there is no request in the text, or it lacks its path
    """
    sent = _read(store, text, method, path)
    is_write = sent.method not in READING
    before = stored(store, sent.path)
    answer = ask(tenant, sent.method, sent.target, sent.body, sent.headers, is_dry=is_write)
    found: Sequence[Difference] = ()
    if before and is_write and answer.status == 200:
        found = [
            each
            for each in changes(before, answer.body)
            if not each.path.startswith(("meta.", "schemas"))
        ]
    strict = "" if tenant.strict else _strict(store, sent)
    return PayloadTrial(sent, answer, found, before is not None, strict)


def _read(store: Store, text: str, method: str, path: str) -> Pasted:
    endpoints = [each.endpoint for each in store.directory.definitions.resource_types]
    sent = read(text, [*endpoints, *OTHERS])
    if sent is None and path and method in METHODS:
        sent = Pasted(method, path, body=text.strip())
    if sent is None:
        raise UnreadableError(
            "There is no request in this text. Paste the JSON of a body, a whole HTTP request that "
            "begins with a line such as POST /Users, a curl command, or an entry of a HAR file."
        )
    if sent.guessed and (method or path):
        own_path, _, query = (path or sent.path).partition("?")
        own_path = own_path if own_path.startswith("/") else f"/{own_path}"
        method = method if method in METHODS else sent.method
        sent = replace(sent, method=method, path=own_path, query=query, guessed="")
    if sent.path in ("", "/"):
        raise UnreadableError(
            "This is a PATCH, but of which resource? Write the path under “Path”, "
            "for example /Users/ and the id."
        )
    return sent


def _place(path: str) -> tuple[ResourceType | None, str]:
    """Return the resource type and the id that a path names."""
    _, first, second, *_ = f"{path}//".split("/")
    resource_type = asked.type_at(first)
    return resource_type, second if resource_type else ""


def stored(store: Store, path: str) -> str | None:
    """Return the JSON of the resource that a path names, as it is now; None if it names none."""
    resource_type, resource_id = _place(path)
    if resource_type is None or not resource_id:
        return None
    try:
        request = asked.details(asked.tolerated(is_strict=False, is_dry=True))
        return asked.with_urls(provider.get(store, resource_type, resource_id, request).text)
    except ScimError:
        return None


def _strict(store: Store, sent: Pasted) -> str:
    """Return the error that a strict tenant would answer; empty if none, or if nobody knows."""
    try:
        work = _operation(store, sent)
        return store.rehearse(work) if work else ""
    except ScimError as error:
        return error.detail


def _operation(store: Store, sent: Pasted) -> Callable[[Store], str] | None:
    """Return what a request does in a directory of a strict tenant; it returns an error or ''.

    :raises ScimError: the request is refused at once
    """
    allowed = asked.tolerated(is_strict=True, is_dry=True)
    request = asked.details(allowed)
    body = benches.read_json(sent.body) if sent.body else None
    kind, resource_id = _place(sent.path)
    match sent.method:
        case "POST" if sent.path.lower() == "/bulk":
            most = state().service.settings.max_bulk_operations
            operations, stop = load_bulk(body, allowed, most)
            return lambda store: _refusal(provider.carry_out(store, operations, stop, request))
        case "POST" if kind and not resource_id:
            return lambda store: _taken(provider.create(store, kind, body, request))
        case "PUT" if kind and resource_id:
            return lambda store: _taken(provider.replace(store, kind, resource_id, body, request))
        case "PATCH" if kind and resource_id:
            return lambda store: _taken(provider.patch(store, kind, resource_id, body, request))
        case "GET" if kind and not resource_id:
            search = search_request(parse_qs(sent.query, keep_blank_values=True), allowed)
            return lambda store: _taken(provider.query(store, [kind], search, request))
    return None


def _taken(_: object) -> str:
    return ""


def _refusal(response: str) -> str:
    """Return the first error in a BulkResponse."""
    for number, each in enumerate(json.loads(response, strict=False)["Operations"], start=1):
        if int(each["status"]) >= 400:
            return f"operation {number}: {each['response']['detail']}"
    return ""
