"""Resources and messages between JSON and Python: marshmallow, built from the schema documents.

One serializer per resource type, made once. Loading checks every value; dumping leaves out what is
never returned and arranges the rest in the schema's order. A ``ValidationError`` becomes a
ScimError.
"""

import json
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from argon2 import PasswordHasher
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    missing,
    pre_load,
)

from .protocol.bulk import BulkOperation
from .protocol.canonical import canonical_resource, canonical_value
from .protocol.errors import InvalidSyntaxError, InvalidValueError
from .protocol.paging import SearchRequest, checked_search
from .protocol.patch import PatchOperation
from .protocol.schema import USER, Attribute, ResourceType
from .protocol.tolerance import Tolerated
from .protocol.values import PLACEHOLDER, check

ESCAPED_PLACEHOLDER = json.dumps(PLACEHOLDER)[:-1]
PATCH_OP_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK_REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH_REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

PASSWORD = USER.locate("password")

# The least that OWASP's Password Storage Cheat Sheet recommends for argon2id.
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class Given:
    """A field that is asked only for what is there, and has no default and no validators.

    Looking for them at every value takes longer than all that is done with it.
    """

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return self._deserialize(value, attr, data, **kwargs)

    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> Any:
        return self._serialize(obj[attr], attr, obj, **kwargs)


class List(Given, fields.List[Any]):
    """The values of a multi-valued attribute."""


class Nested(Given, fields.Nested):
    """A value of a complex attribute."""


class Simple(Given, fields.Field[Any]):
    """A value of a simple attribute, checked against its type."""

    def __init__(self, attribute: Attribute, **options: Any) -> None:
        super().__init__(**options)
        self.definition = attribute

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return check(self.definition, value)
        except InvalidValueError as error:
            raise ValidationError(error.detail) from None


class Hashed(str):
    """The argon2 hash of a password; no client can send one, JSON has only plain strings."""


class Password(Simple):
    """A password, which leaves as its argon2 hash: the text itself goes no further."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        return text if isinstance(text, Hashed) else Hashed(hasher.hash(text))


class Complex(Schema):
    """The sub-attributes of a complex attribute, or the attributes of a resource.

    Fields are numbered and named by ``data_key``: marshmallow has names of its own, and takes a dot
    for a step into a nested object. Only what is there is looked at: no field has a default, and
    what is required is checked of the whole resource.
    """

    def load(self, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise ValidationError("expected an object")
        loaded = {}
        for known in self.load_fields.values():
            name = str(known.data_key)
            if name in data:
                try:
                    loaded[name] = known.deserialize(data[name])
                except ValidationError as error:
                    raise ValidationError({name: error.messages}) from None
        return loaded

    def dump(self, obj: Any, **_: Any) -> dict[str, Any]:
        named = ((str(known.data_key), known) for known in self.dump_fields.values())
        return {name: known.serialize(name, obj) for name, known in named if name in obj}


@cache
def field(attribute: Attribute) -> fields.Field[Any]:
    """Return the field that loads and dumps a whole value of ``attribute``."""
    options: dict[str, Any] = {
        "data_key": attribute.name,
        "load_only": attribute.returned == "never",
    }
    if not attribute.multi_valued:
        return _element(attribute, **options)
    return List(_element(attribute), error_messages={"invalid": "expected a list"}, **options)


def _element(attribute: Attribute, **options: Any) -> fields.Field[Any]:
    if attribute.type == "complex":
        return Nested(complex_serializer(attribute), **options)
    return (Password if attribute in PASSWORD else Simple)(attribute, **options)


@cache
def complex_serializer(attribute: Attribute) -> Schema:
    """Return the serializer for the sub-attributes of ``attribute``.

    ``$ref`` comes last: what stands for it in a body is looked for with the comma before it.
    """
    ordered = sorted(attribute.sub_attributes, key=lambda below: below.key == "$ref")
    numbered = {f"f{index}": field(below) for index, below in enumerate(ordered)}
    return Complex.from_dict(numbered, name=attribute.name)()


def load_resource(sent: Any, resource_type: ResourceType, tolerated: Tolerated) -> dict[str, Any]:
    """Return the canonical resource in the body of a POST or PUT, its password hashed.

    :raises InvalidSyntaxError: it is not a resource of that type
    :raises InvalidValueError: a value does not fit its attribute; the detail names it
    """
    if not isinstance(sent, dict):
        raise InvalidSyntaxError("the body must be a JSON object")
    document = canonical_resource(sent, resource_type, tolerated)
    try:
        loaded: dict[str, Any] = complex_serializer(resource_type.root).load(document)
    except ValidationError as error:
        raise InvalidValueError(first_message(error.messages)) from None
    return loaded


def load_value(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return the canonical form of one attribute's value in a PATCH operation.

    :raises InvalidValueError: it does not fit the attribute
    """
    value = canonical_value(attribute, value, tolerated)
    if value is None:
        return None
    try:
        return field(attribute).deserialize(value)
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise InvalidValueError(first_message({attribute.name: messages})) from None


def dump_resource(document: dict[str, Any], resource_type: ResourceType) -> str:
    """Return the JSON text of a resource, in the schema's order, without what is never returned."""
    return to_json(_without_empty(complex_serializer(resource_type.root).dump(document)))


def _without_empty(dumped: dict[str, Any]) -> dict[str, Any]:
    """Return an object without those in it that have nothing to show (RFC 7643 §2.5)."""
    members = {
        name: _without_empty(member) if isinstance(member, dict) else member
        for name, member in dumped.items()
    }
    return {name: member for name, member in members.items() if member != {}}


def to_json(document: Any) -> str:
    """Return compact JSON text; the placeholder that begins a reference stands in it unescaped."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace(ESCAPED_PLACEHOLDER, f'"{PLACEHOLDER}')


class Message(Schema):
    """A message, whose attributes have their names in any case (RFC 7643 §2.1).

    ``urn`` is what its ``schemas`` must list.
    """

    urn = ""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def _in_our_case(self, sent: Any, **_: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        named = {self.known.get(name.lower(), name): value for name, value in sent.items()}
        if len(named) != len(sent):
            raise ValidationError("a name is given twice, in different case")
        return named

    @cached_property
    def known(self) -> dict[str, str]:
        """The names of the attributes, by themselves in lower case."""
        names = [each.data_key or name for name, each in self.fields.items()]
        return {name.lower(): name for name in names}


REQUIRED = {"required": "is required"}


def _schemas(urn: str) -> fields.Field[Any]:
    message = f"is required and must list {urn}"
    return fields.List(fields.String(), required=True, error_messages={"required": message})


def _operations(element: Message) -> fields.Field[Any]:
    nested = fields.Nested(element)
    return fields.List(nested, required=True, data_key="Operations", error_messages=REQUIRED)


class Operation(Message):
    """An element of ``Operations`` (RFC 7644 §3.5.2)."""

    class Meta:
        unknown = INCLUDE

    op = fields.String(required=True, error_messages=REQUIRED)
    path = fields.String(allow_none=True, load_default=None)
    value = fields.Raw(allow_none=True, load_default=missing)


class PatchOp(Message):
    """The body of a PATCH (RFC 7644 §3.5.2)."""

    urn = PATCH_OP_SCHEMA
    schemas = _schemas(urn)
    operations = _operations(Operation())


class BulkElement(Message):
    """An element of ``Operations`` (RFC 7644 §3.7); a fault in it is no fault of the others."""

    method = fields.Raw(load_default=None)
    path = fields.Raw(load_default=None)
    bulk_id = fields.Raw(load_default=None, data_key="bulkId")
    version = fields.Raw(load_default=None)
    data = fields.Raw(load_default=None)


class BulkRequest(Message):
    """The body of a bulk request (RFC 7644 §3.7)."""

    urn = BULK_REQUEST_SCHEMA
    schemas = _schemas(urn)
    fail_on_errors = fields.Integer(strict=True, load_default=None, data_key="failOnErrors")
    operations = _operations(BulkElement())


class Search(Message):
    """The body of a query by POST (RFC 7644 §3.4.3, RFC 9865 §3)."""

    urn = SEARCH_REQUEST_SCHEMA
    schemas = _schemas(urn)
    filter = fields.String(load_default=None)
    sort_by = fields.String(load_default=None, data_key="sortBy")
    sort_order = fields.String(load_default=None, data_key="sortOrder")
    start_index = fields.Integer(strict=True, load_default=None, data_key="startIndex")
    count = fields.Integer(strict=True, load_default=None)
    attributes = fields.List(fields.String(), load_default=None)
    excluded_attributes = fields.List(
        fields.String(), load_default=None, data_key="excludedAttributes"
    )
    cursor = fields.String(load_default=None)


PATCH_OP = PatchOp()
BULK_REQUEST = BulkRequest()
SEARCH = Search()
JSON_PATCH_HINT = "; JSON Patch (RFC 6902) is not SCIM"


def _loaded(message: Message, sent: Any, hint: str = "") -> dict[str, Any]:
    """Return the attributes of a message, in our names.

    :raises InvalidSyntaxError: the body is not such a message; the detail says where
    """
    if not isinstance(sent, dict):
        raise InvalidSyntaxError(f"the body must be a JSON object{hint}")
    try:
        loaded: dict[str, Any] = message.load(sent)
    except ValidationError as error:
        raise InvalidSyntaxError(first_message(error.messages)) from None
    if message.urn.lower() not in (urn.lower() for urn in loaded.pop("schemas")):
        raise InvalidSyntaxError(f"schemas must list {message.urn}")
    return loaded


def load_patch(sent: Any, tolerated: Tolerated) -> list[PatchOperation]:
    """Return the operations of a PATCH.

    :raises InvalidSyntaxError: the body is not a PatchOp message; the detail says where
    """
    message = _loaded(PATCH_OP, sent, JSON_PATCH_HINT if isinstance(sent, list) else "")
    if not message["operations"] and not tolerated.allows("empty_operations"):
        raise InvalidSyntaxError("Operations is empty")
    return [_operation(index, sent, tolerated) for index, sent in enumerate(message["operations"])]


def _operation(index: int, sent: dict[str, Any], tolerated: Tolerated) -> PatchOperation:
    op = sent["op"].lower()
    if op not in ("add", "remove", "replace"):
        hint = JSON_PATCH_HINT if op in ("test", "copy", "move") else ""
        raise InvalidSyntaxError(
            f"Operations[{index}]: op must be add, remove or replace, not {sent['op']!r}{hint}"
        )
    if op != "remove" and "value" not in sent:
        raise InvalidSyntaxError(f"Operations[{index}]: {op} needs a value")
    unknown = sent.keys() - {"op", "path", "value"}  # the profile refuses it (its §5.3)
    if unknown and not tolerated.allows("unknown_attributes") and tolerated.interop:
        raise InvalidSyntaxError(f"Operations[{index}]: an operation has no {min(unknown)!r}")
    return PatchOperation(op, sent["path"], sent.get("value"), creates=sent["op"] != op)


def with_hash(operation: PatchOperation, resource_type: ResourceType) -> PatchOperation:
    """Return an operation with a user's password hashed, before any row is locked for it."""
    return replace(operation, value=_hashed(operation.path, operation.value, resource_type))


def _hashed(path: str | None, value: Any, resource_type: ResourceType) -> Any:
    if path is None:
        named = value.items() if isinstance(value, dict) else ()
        hashed = {name: _hashed(name, member, resource_type) for name, member in named}
        return hashed if isinstance(value, dict) else value
    is_password = isinstance(value, str) and resource_type.locate(path) == PASSWORD
    return Hashed(hasher.hash(value)) if is_password else value


def load_bulk(sent: Any, tolerated: Tolerated) -> tuple[list[BulkOperation], int | None]:
    """Return the operations of a bulk request, unchecked, and how many errors end it, if any do.

    :raises InvalidSyntaxError: the body is not a BulkRequest message; the detail says where
    """
    message = _loaded(BULK_REQUEST, sent)
    if not message["operations"] and not tolerated.allows("empty_operations"):
        raise InvalidSyntaxError("Operations is empty")
    operations = [
        BulkOperation(index, **element) for index, element in enumerate(message["operations"])
    ]
    limit = message["fail_on_errors"]
    return operations, limit if limit is not None and limit > 0 else None


def load_search(sent: Any) -> SearchRequest:
    """Return the query in the body of a POST (RFC 7644 §3.4.3).

    :raises InvalidSyntaxError: the body is not a SearchRequest message; the detail says where
    :raises InvalidValueError: a parameter is not what it should be
    """
    message = _loaded(SEARCH, sent)
    for name in ("attributes", "excluded_attributes"):
        message[name] = ",".join(message[name] or ())
    return checked_search(**message)


def first_message(messages: Any, place: str = "") -> str:
    """Return marshmallow's first message with the place it is about: ``emails[0].value: ...``."""
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        if isinstance(key, int):
            place += f"[{key}]"
        elif key not in ("", "_schema"):
            place += f".{key}" if place else str(key)
    return f"{place}: {messages[0]}" if place else str(messages[0])
