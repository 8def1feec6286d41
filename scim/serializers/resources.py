"""Resources between JSON and Python: marshmallow serializers, built from the schema documents.

Each resource type has one serializer. Loading checks every value. Dumping leaves out attributes
that are never returned and arranges the rest in the schema's order. A ``ValidationError`` becomes a
ScimError.
"""

import json
from functools import cache
from threading import Lock
from typing import Any

from argon2 import PasswordHasher
from marshmallow import Schema, ValidationError, fields

from scim.protocol.attributes import Attribute
from scim.protocol.canonical import canonical_resource, canonical_value, settle
from scim.protocol.errors import InvalidSyntaxError, InvalidValueError
from scim.protocol.references import in_body_order
from scim.protocol.schema import USER, ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER, Record, check

ESCAPED_PLACEHOLDER = json.dumps(PLACEHOLDER)[:-1]
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

PASSWORD = USER.locate("password")
# Roles and entitlements are not among them: Entra ID sends JSON as their values.
ADDRESSES = [
    USER.locate(f"{name}.value")[-1] for name in ("emails", "phoneNumbers", "ims", "photos")
]

# The least that OWASP's Password Storage Cheat Sheet recommends for argon2id.
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# A thousand passwords in a bulk request may keep one processor core of a process busy, not all.
_one_at_a_time = Lock()


class Given(fields.Field[Any]):
    """A field without a default and validators, used only for values that are there.

    marshmallow looks for them at every value, which takes longer than all other work on it.
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


class Address(Simple):
    """An address or number of a person; JSON in the text is refused."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if text.lstrip()[:1] in ("{", "[") and _is_json(text):
            raise ValidationError("the value is JSON in a text; send the address alone")
        return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class Unhashed(str):
    """A checked password; of those in a PATCH, only the last one is hashed."""


class Password(Simple):
    """A password; loading returns it ``Unhashed``."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return Unhashed(super()._deserialize(value, *args, **kwargs))


def hash_password(document: Record, tolerated: Tolerated, known: dict[str, str]) -> None:
    """Hash the password in a document, if it is ``Unhashed``; ``known`` has hashes made before.

    This takes 20 ms or more, so it precedes any lock. A dry run, which holds one, does without.
    """
    text = document.get("password")
    if not isinstance(text, Unhashed):
        return
    if tolerated.is_dry:
        document["password"] = ""
        return
    if text not in known:
        with _one_at_a_time:
            known[text] = hasher.hash(text)
    document["password"] = known[text]


class Complex(Schema):
    """The sub-attributes of a complex attribute, or the attributes of a resource.

    Fields have numbers for names, and the attribute's name as ``data_key``, since marshmallow
    reserves some names and takes a dot for a step into a nested object. ``load`` and ``dump`` visit
    only given attributes: no field has a default, and required ones are checked elsewhere.
    """

    def load(self, data: Any, **_: Any) -> Record:
        if not isinstance(data, dict):
            raise ValidationError("the value must be a JSON object")
        loaded = {}
        for known in self.load_fields.values():
            name = str(known.data_key)
            if name in data:
                try:
                    loaded[name] = known.deserialize(data[name])
                except ValidationError as error:
                    raise ValidationError({name: error.messages}) from None
        return loaded

    def dump(self, obj: Any, **_: Any) -> Record:
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
    return List(
        _element(attribute), error_messages={"invalid": "the value must be a list"}, **options
    )


def _element(attribute: Attribute, **options: Any) -> fields.Field[Any]:
    if attribute.type == "complex":
        return Nested(complex_serializer(attribute), **options)
    made = Password if attribute in PASSWORD else Address if attribute in ADDRESSES else Simple
    return made(attribute, **options)


@cache
def complex_serializer(attribute: Attribute) -> Schema:
    """Return the serializer for the sub-attributes of ``attribute``."""
    ordered = in_body_order(attribute.sub_attributes)
    numbered = {f"f{index}": field(below) for index, below in enumerate(ordered)}
    return Complex.from_dict(numbered, name=attribute.name)()


def load_resource(sent: Any, resource_type: ResourceType, tolerated: Tolerated) -> Record:
    """Return the canonical resource in the body of a POST or PUT, its password hashed.

    :raises InvalidSyntaxError: it is not a resource of that type
    :raises InvalidValueError: a value does not fit its attribute; the detail names it
    """
    if not isinstance(sent, dict):
        raise InvalidSyntaxError("the body must be a JSON object")
    document = canonical_resource(sent, resource_type, tolerated)
    try:
        loaded: Record = complex_serializer(resource_type.root).load(document)
    except ValidationError as error:
        raise InvalidValueError(first_message(error.messages)) from None
    settle(loaded, resource_type.root, tolerated)
    hash_password(loaded, tolerated, {})
    return loaded


def load_value(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return the canonical form of one attribute's value in a PATCH operation.

    A password is ``Unhashed``.

    :raises InvalidValueError: it does not fit the attribute
    """
    value = canonical_value(attribute, value, tolerated)
    if value is None:
        return None
    try:
        return settle(field(attribute).deserialize(value), attribute, tolerated)
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise InvalidValueError(first_message({attribute.name: messages})) from None


def dump_resource(document: Record, resource_type: ResourceType) -> str:
    """Return the JSON text of a resource, in the schema's order, without what is never returned."""
    return to_json(_without_empty(complex_serializer(resource_type.root).dump(document)))


def _without_empty(dumped: Record) -> Record:
    """Return an object without the empty objects in it (RFC 7643 §2.5)."""
    members = {
        name: _without_empty(member) if isinstance(member, dict) else member
        for name, member in dumped.items()
    }
    return {name: member for name, member in members.items() if member != {}}


def to_json(document: Any) -> str:
    """Return compact JSON text, with the placeholder of references unescaped."""
    return _compact(document).replace(ESCAPED_PLACEHOLDER, f'"{PLACEHOLDER}')


def first_message(messages: Any, place: str = "") -> str:
    """Return marshmallow's first message with the place it is about: ``emails[0].value: ...``."""
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        if isinstance(key, int):
            place += f"[{key}]"
        elif key not in ("", "_schema"):
            place += f".{key}" if place else str(key)
    return f"{place}: {messages[0]}" if place else str(messages[0])
