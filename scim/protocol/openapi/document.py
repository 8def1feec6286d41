"""The OpenAPI 3.1 document, made from what the server serves."""

from collections.abc import Iterator, Sequence

from ..definitions.assembly import RESOURCE_TYPE_SCHEMA, Definitions
from ..definitions.schema_document import SCHEMA_SCHEMA
from ..delta import DELTA, DELTA_TOKEN
from ..discovery import CONFIGURATION_SCHEMA, Offer, schema_documents
from ..headers import MEDIA_TYPE, SET_TXN, TOKEN_PATH
from ..schema import ResourceType
from ..search import PARAMETERS
from ..values import PLACEHOLDER, Record
from .messages import list_of, message_schemas
from .operations import (
    CONDITIONAL,
    NO_SUBJECT,
    OF_A_RESOURCE,
    PROJECTION,
    UNIQUE,
    Statuses,
    accepted,
    answer,
    error_answers,
    headers,
    operation,
    parameters,
    reference,
)
from .resources import answered, described, requested

ABOUT = """\
Names of attributes match in any case. `null` and an empty list mean that there is no value. HEAD is
answered like GET, without a body. Bodies may also be sent as `application/json`. A URL that is too
long is answered with 414, and too many headers with 431, both without a body. What SCIM says of an
attribute and JSON Schema cannot say is in `x-scim`.
"""
TOKENS = f"A token that the operator has issued, or one that OAuth clients get at {TOKEN_PATH}"
DISCOVERY = {
    "ServiceProviderConfig": CONFIGURATION_SCHEMA,
    "ResourceType": RESOURCE_TYPE_SCHEMA,
    "Schema": SCHEMA_SCHEMA,
}
OPENAPI = "/openapi.json"
OWN, ANY = "message.OpenAPI", "message.ListResponse"
OPENAPI_MEDIA_TYPE = EVENTS_MEDIA_TYPE = "application/json"
EVENT, EVENTS = "message.SecurityEventToken", "message.PollAnswer"
EVENT_MEDIA_TYPE = "application/secevent+jwt"


def openapi_document(definitions: Definitions, offer: Offer, version: str) -> Record:
    """Return the OpenAPI 3.1 document of a server, with a placeholder for its base URL.

    It has the resource types and schemas in ``definitions`` as ``offer`` announces them.
    """
    maker = _Maker(definitions, offer)
    return {
        "openapi": "3.1.1",
        "info": {"title": "SCIM 2.0", "version": version, "description": ABOUT},
        "servers": [{"url": PLACEHOLDER}],
        "security": [{"bearer": []}],
        "paths": dict(maker.paths()),
        "components": {
            "schemas": maker.schemas(),
            "responses": error_answers() | {"202": accepted()},
            "parameters": parameters(),
            "headers": headers(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": TOKENS}
            },
        },
    }


class _Maker:
    """The parts of the document that depend on the definitions and the offer."""

    def __init__(self, definitions: Definitions, offer: Offer) -> None:
        self.types = definitions.served
        self.stored = definitions.resource_types
        self.documents = schema_documents(definitions, offer)
        has_tags = offer.profile.has_entity_tags
        self.tag = ["ETag"] if has_tags else []
        self.conditions = ["If-Match", "If-None-Match"] if has_tags else []

    def schemas(self) -> dict[str, Record]:
        """Return the JSON Schemas of resources, messages and discovery documents."""
        made: dict[str, Record] = {}
        for each in self.types:
            made[each.name] = answered(each, self.documents)
            made[f"{each.name}.request"] = requested(each, self.documents)
        for name, urn in DISCOVERY.items():
            made[name] = described(self.documents[urn]["attributes"])
        names = [each.name for each in self.types]
        made |= {f"{name}.list": list_of(name) for name in (*names, "ResourceType", "Schema")}
        made[ANY] = list_of(*(each.name for each in self.stored))
        return made | message_schemas()

    def paths(self) -> Iterator[tuple[str, Record]]:
        """Yield the paths below the base URL with their operations."""
        for each in self.types:
            many = f"{each.name}.list"
            yield each.endpoint, {"get": _query(many, many), "post": self.create(each)}
            changes = self.changes(each, f"{each.name}.", ["id"])
            if each.part_of:
                changes = {method: changes[method] for method in ("get", "delete")}
            else:
                yield from _deltas(each.endpoint, each.name)
            yield f"{each.endpoint}/{{id}}", changes
            yield f"{each.endpoint}/.search", {"post": _search(f"{each.name}.search", many)}
        yield "/Me", self.me()
        yield "/", {"get": _query("list", ANY)}
        yield "/.search", {"post": _search("search", ANY)}
        yield from _deltas("", "all")
        yield "/Bulk", {"post": _bulk()}
        yield "/Events/poll", {"post": _poll()}
        yield "/Async/{id}", {"get": _result()}
        yield from _discovery()

    def create(self, each: ResourceType) -> Record:
        """Return the operation that creates a resource (RFC 7644 §3.3)."""
        made = {201: self.resource(each, ["Location"])}
        given, sent = [*PROJECTION, "Prefer"], f"{each.name}.request"
        return operation(f"{each.name}.create", "Create", made, [UNIQUE], given, sent)

    def me(self) -> Record:
        """Return the operations on the user to whom the token belongs (RFC 7644 §3.11)."""
        [user] = (each for each in self.types if each.is_account)
        refused = [OF_A_RESOURCE, UNIQUE, NO_SUBJECT]
        about = "Always refused, since the user exists"
        create = operation("me_create", about, {}, refused, [], f"{user.name}.request")
        return self.changes(user, "me_", [], [NO_SUBJECT], ["Location"]) | {"post": create}

    def changes(
        self,
        each: ResourceType,
        prefix: str,
        place: list[str],
        errors: Sequence[Statuses] = (),
        more: Sequence[str] = (),
    ) -> Record:
        """Return the operations on one resource (RFC 7644 §3.4.1, §3.5, §3.6)."""
        refused = [OF_A_RESOURCE, CONDITIONAL, *errors]
        shown = {200: self.resource(each, more)}
        read = shown | ({304: answer("Unchanged", headers=self.tag)} if self.tag else {})
        asked = [*place, *PROJECTION, *self.conditions]

        def change(name: str, about: str, body: str) -> Record:
            errors = [*refused, UNIQUE]
            return operation(prefix + name, about, shown, errors, [*asked, "Prefer"], body)

        gone, given = {204: answer("Deleted")}, [*place, *self.conditions, "Prefer"]
        return {
            "get": operation(f"{prefix}get", "Read", read, refused, asked),
            "put": change("replace", "Replace", f"{each.name}.request"),
            "patch": change("patch", "Change parts", "message.PatchOp"),
            "delete": operation(f"{prefix}delete", "Delete", gone, refused, given),
        }

    def resource(self, each: ResourceType, more: Sequence[str]) -> Record:
        """Return the answer that shows a resource."""
        return answer(f"The {each.name}", each.name, ["Content-Location", *self.tag, *more])


def _query(operation_id: str, many: str) -> Record:
    """Return a query in a URL (RFC 7644 §3.4.2)."""
    return operation(operation_id, "Query", {200: answer("A page", many)}, [], PARAMETERS)


def _search(operation_id: str, many: str) -> Record:
    """Return a query in a body (RFC 7644 §3.4.3)."""
    found = {200: answer("A page", many)}
    return operation(operation_id, "Query", found, body="message.SearchRequest")


def _deltas(endpoint: str, name: str) -> Iterator[tuple[str, Record]]:
    """Yield the endpoints of delta queries (draft-sehgal-scim-delta-query)."""
    issued = {200: answer("A token", "message.DeltaToken")}
    about = "Get a token of this moment"
    yield endpoint + DELTA_TOKEN, {"get": operation(f"{name}.deltaToken", about, issued)}
    found = {200: answer("A page", "message.DeltaList")}
    about, sent = "Query what has changed since", "message.DeltaRequest"
    yield endpoint + DELTA, {"post": operation(f"{name}.delta", about, found, body=sent)}


def _bulk() -> Record:
    """Return the bulk request (RFC 7644 §3.7)."""
    done = {200: answer("The result of each operation", "message.BulkResponse")}
    about = "Carry out several operations"
    return operation("bulk", about, done, [], ["Prefer"], "message.BulkRequest")


def _poll() -> Record:
    """Return the poll for security events (RFC 8936)."""
    found = {200: answer("Tokens by their jti", "message.PollAnswer", media=EVENTS_MEDIA_TYPE)}
    about, sent = "Fetch and acknowledge security events", "message.Poll"
    return operation("poll", about, found, [OF_A_RESOURCE], body=sent, media=EVENTS_MEDIA_TYPE)


def _result() -> Record:
    """Return the request for the result of an asynchronous request (RFC 9967 §2.5.1.1)."""
    event = answer("The event of the completion", EVENT, [SET_TXN], EVENT_MEDIA_TYPE)
    many = {EVENTS_MEDIA_TYPE: {"schema": reference("schemas", EVENTS)}}  # of a bulk request
    event["content"] |= many
    waits = answer("Not carried out yet", headers=[SET_TXN, "Retry-After"])
    shown = {200: event, 202: waits}
    return operation("async.get", "Read the result", shown, [OF_A_RESOURCE], ["id"])


def _discovery() -> Iterator[tuple[str, Record]]:
    """Yield the endpoints in which the server describes itself (RFC 7644 §4)."""
    for name in ("ResourceType", "Schema"):
        one, many = answer(f"The {name}", name), answer("All", f"{name}.list")
        yield f"/{name}s", {"get": operation(f"{name}.list", "Read all", {200: many})}
        read = operation(f"{name}.get", "Read", {200: one}, [OF_A_RESOURCE], ["id"])
        yield f"/{name}s/{{id}}", {"get": read}
    for path, schema, media in (
        ("/ServiceProviderConfig", "ServiceProviderConfig", MEDIA_TYPE),
        (OPENAPI, OWN, OPENAPI_MEDIA_TYPE),
    ):
        told = {200: answer("The document", schema, media=media)}
        yield path, {"get": operation(f"get{path}", "Read", told)}
