"""Messages of clients: marshmallow checks PATCH, bulk and search requests.

A ``ValidationError`` becomes a ScimError.
"""

from dataclasses import Field
from functools import cached_property
from math import inf
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, missing, pre_load

from scim.protocol.bulk import BULK_REQUEST_SCHEMA, BulkOperation
from scim.protocol.delta import DELTA_REQUEST_SCHEMA
from scim.protocol.errors import InvalidSyntaxError, PayloadTooLargeError
from scim.protocol.patch.target import PATCH_OP_SCHEMA, PatchOperation
from scim.protocol.search import (
    LIST,
    NUMBERS,
    PARAMETERS,
    SEARCH_REQUEST_SCHEMA,
    SearchRequest,
    checked_search,
    is_empty,
)
from scim.protocol.tolerance import STRICT, Tolerated
from scim.protocol.values import Record

from .resources import first_message

Words = dict[str, str | list[Any] | dict[Any, Any]]


def _words(kind: str) -> Words:
    """Return what is said of a field that is not of its kind, in place of marshmallow's words."""
    wrong = f"must be {kind}"
    return {"required": "is required", "null": wrong, "invalid": wrong, "too_large": wrong}


class Text(fields.String):
    default_error_messages = _words("a string")


class Number(fields.Integer):
    default_error_messages = _words("a whole number")


class List(fields.List[Any]):
    default_error_messages = _words("a list")


class Message(Schema):
    """A message; names of attributes match in any case (RFC 7643 §2.1).

    Its ``schemas`` must list ``urn``.
    """

    urn = ""
    error_messages = {"type": "must be a JSON object"}

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def _in_our_case(self, sent: Any, **_: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        named = {self.known.get(name.lower(), name): value for name, value in sent.items()}
        if len(named) != len(sent):
            raise ValidationError("an attribute is given twice, in different case; send it once")
        return named

    @cached_property
    def known(self) -> dict[str, str]:
        """The names of the attributes, by themselves in lower case."""
        names = [each.data_key or name for name, each in self.fields.items()]
        return {name.lower(): name for name in names}


def _schemas(urn: str) -> fields.Field[Any]:
    message = f"is required and must list {urn}"
    return List(Text(), required=True, error_messages={"required": message})


def _operations(element: Message) -> fields.Field[Any]:
    nested = fields.Nested(element, error_messages={"null": element.error_messages["type"]})
    return List(nested, required=True, data_key="Operations")


class Operation(Message):
    """An element of ``Operations`` (RFC 7644 §3.5.2)."""

    class Meta:
        unknown = INCLUDE

    op = Text(required=True)
    path = Text(allow_none=True, load_default=None)
    value = fields.Raw(allow_none=True, load_default=missing)


class PatchOp(Message):
    """The body of a PATCH (RFC 7644 §3.5.2)."""

    urn = PATCH_OP_SCHEMA
    schemas = _schemas(urn)
    operations = _operations(Operation())


class BulkElement(Message):
    """An element of ``Operations`` (RFC 7644 §3.7), unchecked: a faulty one fails alone."""

    method = fields.Raw(load_default=None)
    path = fields.Raw(load_default=None)
    bulk_id = fields.Raw(load_default=None, data_key="bulkId")
    version = fields.Raw(load_default=None)
    data = fields.Raw(load_default=None)


class BulkRequest(Message):
    """The body of a bulk request (RFC 7644 §3.7)."""

    urn = BULK_REQUEST_SCHEMA
    schemas = _schemas(urn)
    fail_on_errors = Number(strict=True, load_default=None, data_key="failOnErrors")
    operations = _operations(BulkElement())


def _parameter(name: str, known: Field[Any]) -> fields.Field[Any]:
    if known.metadata == LIST:
        return List(Text(), load_default=None)
    if name in NUMBERS:
        return Number(strict=True, load_default=None)
    return Text(load_default=None)


class Search(Message):
    """The body of a query by POST (RFC 7644 §3.4.3, RFC 9865 §3)."""

    class Meta(Message.Meta):
        include = {name: _parameter(name, known) for name, known in PARAMETERS.items()}

    urn = SEARCH_REQUEST_SCHEMA
    schemas = _schemas(urn)


class Delta(Search):
    """The body of a delta query (draft-sehgal-scim-delta-query)."""

    class Meta(Search.Meta):
        pass

    urn = DELTA_REQUEST_SCHEMA
    schemas = _schemas(urn)
    delta_token = Text(required=True, data_key="deltaToken")


PATCH_OP = PatchOp()
BULK_REQUEST = BulkRequest()
SEARCH = Search()
DELTA = Delta()
JSON_PATCH_HINT = "; JSON Patch (RFC 6902) is not SCIM"


def _loaded(message: Message, sent: Any, hint: str = "") -> Record:
    """Return the attributes of a message, by the names of its class.

    :raises InvalidSyntaxError: the body is not such a message; the detail says where
    """
    if not isinstance(sent, dict):
        raise InvalidSyntaxError(f"the body must be a JSON object{hint}")
    try:
        loaded: Record = message.load(sent)
    except ValidationError as error:
        raise InvalidSyntaxError(first_message(error.messages)) from None
    if message.urn.lower() not in (urn.lower() for urn in loaded.pop("schemas")):
        raise InvalidSyntaxError(f"schemas must list {message.urn}")
    return loaded


def _check_number(sent: Any, most: float, limit: str) -> None:
    """Raise if a message has too many operations; only a message with fewer is worth loading.

    :raises PayloadTooLargeError: it has more than ``most``, which is the ``limit``
    """
    named = sent.items() if isinstance(sent, dict) else ()
    listed = [value for name, value in named if name.lower() == "operations"]
    number = sum(len(value) for value in listed if isinstance(value, list))
    if number > most:
        raise PayloadTooLargeError(
            f"the request has {number} operations, more than {most} ({limit});"
            " send them in several requests"
        )


def load_patch(sent: Any, tolerated: Tolerated, most: float = inf) -> list[PatchOperation]:
    """Return the operations of a PATCH.

    :raises InvalidSyntaxError: the body is not a PatchOp message; the detail says where
    :raises PayloadTooLargeError: it has more than ``most`` operations
    """
    _check_number(sent, most, "SCIM_MAX_PATCH_OPERATIONS")
    message = _loaded(PATCH_OP, sent, JSON_PATCH_HINT if isinstance(sent, list) else "")
    if not message["operations"] and not tolerated.allows("empty_operations"):
        raise InvalidSyntaxError("Operations is empty; send at least one operation")
    return [_operation(index, sent, tolerated) for index, sent in enumerate(message["operations"])]


def _operation(index: int, sent: Record, tolerated: Tolerated) -> PatchOperation:
    op = sent["op"].lower()
    if op not in ("add", "remove", "replace"):
        hint = JSON_PATCH_HINT if op in ("test", "copy", "move") else ""
        raise InvalidSyntaxError(
            f"Operations[{index}]: op must be add, remove or replace, not {sent['op']!r}{hint}"
        )
    if op != "remove" and "value" not in sent:
        raise InvalidSyntaxError(f"Operations[{index}]: {op} needs a value")
    unknown = sent.keys() - {"op", "path", "value"}
    if unknown and not tolerated.allows("unknown_attributes"):
        tolerated.profile.check_names(unknown, f"Operations[{index}]")
    path = sent["path"]
    if op == "remove" and path is not None and not path.strip():
        path = None
    return PatchOperation(op, path, sent.get("value"), creates=sent["op"] != op)


def bulk_patch(data: Any, tolerated: Tolerated) -> Any:
    """Return the body of a PATCH in a bulk request, which may be the list of its operations."""
    if isinstance(data, list) and tolerated.allows("bare_operations"):
        return {"schemas": [PATCH_OP_SCHEMA], "Operations": data}
    return data


def load_bulk(
    sent: Any, tolerated: Tolerated, most: float = inf
) -> tuple[list[BulkOperation], int | None]:
    """Return the unchecked operations of a bulk request, and the number of errors that ends it.

    :raises InvalidSyntaxError: the body is not a BulkRequest message; the detail says where
    :raises PayloadTooLargeError: it has more than ``most`` operations
    """
    _check_number(sent, most, "maxOperations")
    message = _loaded(BULK_REQUEST, sent)
    if not message["operations"] and not tolerated.allows("empty_operations"):
        raise InvalidSyntaxError("Operations is empty; send at least one operation")
    operations = [
        BulkOperation(index, **element) for index, element in enumerate(message["operations"])
    ]
    limit = message["fail_on_errors"]
    return operations, limit if limit is not None and limit > 0 else None


def load_search(sent: Any, tolerated: Tolerated = STRICT) -> SearchRequest:
    """Return the query in the body of a POST (RFC 7644 §3.4.3).

    :raises InvalidSyntaxError: the body is not a SearchRequest message; the detail says where
    :raises InvalidValueError: a parameter is not what it should be
    """
    return checked_search(_loaded_search(SEARCH, sent, tolerated))


def load_delta(sent: Any, tolerated: Tolerated = STRICT) -> tuple[str, SearchRequest]:
    """Return the delta token and the query in the body of a delta query.

    :raises InvalidSyntaxError: the body is not such a message; the detail says where
    :raises InvalidValueError: a parameter is not what it should be
    """
    message = _loaded_search(DELTA, sent, tolerated)
    token: str = message.pop("delta_token")
    return token, checked_search(message)


def _loaded_search(kind: Message, sent: Any, tolerated: Tolerated) -> Record:
    if isinstance(sent, dict):
        sent = {name: each for name, each in sent.items() if not is_empty(name, each, tolerated)}
    message = _loaded(kind, sent)
    listed = {name: ",".join(each) for name, each in message.items() if isinstance(each, list)}
    return message | listed
