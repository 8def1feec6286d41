"""Messages and documents of the server: marshmallow serializers of what no client sends.

ErrorMessage and ListResponse are written here. The serializers of discovery documents are built
from their schemas (RFC 7643 §8.7.2), like those of resources. Their texts are made once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from marshmallow import Schema, fields, post_dump

from scim.protocol import discovery
from scim.protocol.attributes import Attribute
from scim.protocol.definitions.assembly import Definitions
from scim.protocol.discovery import Offer
from scim.protocol.errors import ERROR_SCHEMA, ScimError
from scim.protocol.headers import with_request
from scim.protocol.openapi import openapi_document
from scim.protocol.schema import COMMON, META, SCHEMAS
from scim.protocol.search import LIST_RESPONSE_SCHEMA
from scim.protocol.values import Record
from scim.settings import VERSION

from .resources import complex_serializer, to_json

SETTINGS = 16  # for which texts are kept; a server has a few, for strict tenants and Entra ID


class ErrorMessage(Schema):
    """The message of a ScimError; its status is a string (RFC 7644 §3.12)."""

    schemas = fields.Constant([ERROR_SCHEMA])
    status = fields.String()
    scimType = fields.String(attribute="scim_type")
    detail = fields.String()

    @post_dump
    def _without_none(self, dumped: Record, **_: Any) -> Record:
        return {name: value for name, value in dumped.items() if value is not None}


class ListResponse(Schema):
    """The answer to a query (RFC 7644 §3.4.2, RFC 9865 §2), without Resources.

    ``list_response`` adds the resources, which are stored as texts.
    """

    schemas = fields.List(fields.String())
    totalResults = fields.Integer()
    startIndex = fields.Integer()
    itemsPerPage = fields.Integer()
    previousCursor = fields.String()
    nextCursor = fields.String()
    nextDeltaToken = fields.Raw()

    def dump(self, obj: Any, **_: Any) -> Record:
        """Return the members that have a value; their types are right already.

        To let each field look at its value would make the shortest list 2 % slower.
        """
        return {name: obj[name] for name in self.dump_fields if obj[name] is not None}


ERROR_MESSAGE = ErrorMessage()
LIST_RESPONSE = ListResponse()


def dump_error(error: ScimError, request_id: str = "") -> Record:
    """Return the Error message (RFC 7644 §3.12).

    The answer to a bulk request says once, in its header, which request it was; its operations do
    not repeat that.
    """
    dumped: Record = ERROR_MESSAGE.dump(error)
    if request_id:
        dumped["detail"] = with_request(error.detail, request_id)
    return dumped


def list_response(
    resources: Iterable[str],
    total: int,
    start_index: int | None = None,
    *,
    previous_cursor: str | None = None,
    next_cursor: str | None = None,
    next_delta_token: Record | None = None,
) -> str:
    """Return the JSON text of a ListResponse around resources that are JSON texts already.

    A page asked for by cursor has no ``start_index``; the last one has no ``next_cursor``, and of a
    delta query it has the next token.
    """
    shown = list(resources)
    head = {
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(shown),
        "previousCursor": previous_cursor,
        "nextCursor": next_cursor,
        "nextDeltaToken": next_delta_token,
    }
    return f'{to_json(LIST_RESPONSE.dump(head))[:-1]},"Resources":[{",".join(shown)}]}}'


@lru_cache(SETTINGS)
def configuration(offer: Offer) -> str:
    """Return the text of the ServiceProviderConfig (RFC 7643 §5)."""
    return to_json(_dump(discovery.service_provider_config(offer)))


@lru_cache(SETTINGS)
def okta_configuration(offer: Offer) -> str:
    """Return the text of the ServiceProviderConfig with Okta's extension, which has no schema."""
    document = discovery.okta_service_provider_config(offer)
    urn = discovery.OKTA_CONFIGURATION_SCHEMA
    return to_json(_dump(document) | {urn: document[urn]})


@lru_cache(SETTINGS)
def resource_types(definitions: Definitions) -> Mapping[str, str]:
    """Return the texts of the ResourceTypes by id (RFC 7643 §6)."""
    return _texts(discovery.resource_type_documents(definitions))


@lru_cache(SETTINGS)
def schemas(definitions: Definitions, offer: Offer, for_entra: bool) -> Mapping[str, str]:
    """Return the texts of the Schemas by id (RFC 7643 §7)."""
    return _texts(discovery.schema_documents(definitions, offer, for_entra))


@lru_cache(SETTINGS)
def openapi(definitions: Definitions, offer: Offer) -> str:
    """Return the text of the OpenAPI document."""
    return to_json(openapi_document(definitions, offer, VERSION))


def _texts(documents: Mapping[str, Record]) -> dict[str, str]:
    return {name: to_json(_dump(document)) for name, document in documents.items()}


def _dump(document: Record) -> Record:
    dumped: Record = _serializer(document["schemas"][0]).dump(document)
    return dumped


@cache
def _serializer(urn: str) -> Schema:
    """Return the serializer of the documents that the schema ``urn`` describes."""
    [described] = [schema.attributes for schema in SCHEMAS if schema.id == urn]
    return complex_serializer(
        Attribute(urn, "complex", (COMMON[0], *map(_nested, described), META))
    )


def _nested(attribute: Attribute) -> Attribute:
    """Return an attribute whose ``subAttributes`` may have ``subAttributes``.

    The Schema of Schemas has such, though it does not describe them.
    """
    below = tuple(map(_nested, attribute.sub_attributes))
    return replace(
        attribute,
        sub_attributes=(*below, attribute) if attribute.name == "subAttributes" else below,
    )
