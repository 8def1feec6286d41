"""Schemas, their attributes and the resource types made of them (RFC 7643 §2, §6, §7).

``schemas/*.json`` are the documents of RFC 7643 §8.7 as this server implements them. They are the
one source: serializers, filters, PATCH, projection and /Schemas all work from what is read here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NAMES = {"User": "userName", "Group": "displayName"}
ENDPOINTS = {"User": "/Users", "Group": "/Groups"}


@dataclass(frozen=True, eq=False)
class Attribute:
    """An attribute with its characteristics (RFC 7643 §7); the defaults are those of §2.2."""

    name: str
    type: str = "string"
    sub_attributes: tuple["Attribute", ...] = ()
    multi_valued: bool = False
    required: bool = False
    canonical_values: tuple[str, ...] = ()
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    reference_types: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """The name as it is compared: attribute names are case-insensitive (RFC 7643 §2.1)."""
        return self.name.lower()

    @property
    def is_extension(self) -> bool:
        """Whether this is an extension, the attributes of which are those of the resource."""
        return ":" in self.name

    @cached_property
    def _by_key(self) -> dict[str, "Attribute"]:
        return {attribute.key: attribute for attribute in self.sub_attributes}

    def find(self, name: str | None) -> "Attribute | None":
        """Return the sub-attribute of that name, whatever its case."""
        return self._by_key.get(name.lower()) if name else None


@dataclass(frozen=True)
class Schema:
    """A schema (RFC 7643 §7): its attributes, and the document that /Schemas shows."""

    id: str
    name: str
    attributes: tuple[Attribute, ...]
    document: dict[str, Any]


@dataclass(frozen=True)
class SchemaExtension:
    """A schema that adds its attributes to a resource type, below its URN (RFC 7643 §3.3)."""

    schema: Schema
    required: bool = False


@dataclass(frozen=True, eq=False)
class Reference:
    """A singular complex attribute whose ``value`` is the id of a resource, as ``manager`` is.

    The server makes its ``$ref`` and, as ``display`` (a name, or None), the displayName of what it
    refers to. ``targets`` are the types that this may be of, with their endpoints.
    """

    attribute: Attribute
    names: tuple[str, ...]
    targets: Mapping[str, str]
    display: str | None

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The place in a folded resource."""
        return tuple(name.lower() for name in self.names)

    @cached_property
    def key(self) -> str:
        """The same as text."""
        return ".".join(self.keys)


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A kind of resource and its endpoint (RFC 7643 §6); ``endpoints`` has those of all types."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[SchemaExtension, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)

    @cached_property
    def root(self) -> Attribute:
        """The whole resource as one complex attribute, extensions as complex ones named by URN."""
        extensions = tuple(
            Attribute(
                extension.schema.id,
                "complex",
                extension.schema.attributes,
                required=extension.required,
            )
            for extension in self.extensions
        )
        return Attribute(
            self.name, "complex", (*COMMON, *self.schema.attributes, *extensions, META)
        )

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes at the top level of a resource, in the order in which it is shown."""
        return self.root.sub_attributes

    @cached_property
    def extension_attributes(self) -> tuple[Attribute, ...]:
        """The extensions, each as the complex attribute that carries it."""
        urns = {extension.schema.id for extension in self.extensions}
        return tuple(attribute for attribute in self.attributes if attribute.name in urns)

    @cached_property
    def searched(self) -> tuple[Attribute, ...]:
        """All attributes but those that are never returned: nobody finds those out by asking."""
        return _without_unreturned(self.attributes)

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """The references to other resources, by their keys as text."""
        found = (_reference(chain, self.endpoints) for chain in _chains(self.root))
        return {reference.key: reference for reference in found if reference}

    @cached_property
    def uniques(self) -> Mapping[str, tuple[Attribute, ...]]:
        """The attributes that are unique because a document says so, by their keys as text.

        The id and the two names that the RFC makes unique have columns of their own.
        """
        own = {self.root.find("id"), self.root.find(NAMES.get(self.name))}
        return {
            ".".join(attribute.key for attribute in chain): chain
            for chain in _chains(self.root)
            if chain[-1].uniqueness != "none" and chain[0] not in own
        }

    @cached_property
    def shows_on_request(self) -> bool:
        """Whether an attribute is returned only when it is asked for (RFC 7643 §2.2)."""
        return any(chain[-1].returned == "request" for chain in _chains(self.root))

    def locate(self, path: str) -> tuple[Attribute, ...]:
        """Return the attributes from the top down to what ``path`` names; empty if nothing.

        ``path`` is in attribute notation (RFC 7644 §3.10): ``userName``, ``name.givenName``,
        ``urn:...:User:manager.value`` or the bare URN of an extension. The longest schema URN that
        fits wins, since a URN has colons and dots of its own.
        """
        name, parents = path.lower(), (self.root,)
        for owner, urn in self._owners:
            if name == urn and owner is not self.root:
                return (owner,)
            if name.startswith(f"{urn}:"):
                name = name[len(urn) + 1 :]
                parents = (owner,)
                break
        found = _descend(parents[0], name.split("."))
        return found if parents[0] is self.root or not found else (*parents, *found)

    def locate_unqualified(self, path: str) -> tuple[Attribute, ...]:
        """Return what ``path`` names in the only extension that has it; empty if none has."""
        found = [
            (extension, *below)
            for extension in self.extension_attributes
            if (below := _descend(extension, path.lower().split(".")))
        ]
        return found[0] if len(found) == 1 else ()

    @cached_property
    def _owners(self) -> list[tuple[Attribute, str]]:
        owners = [(self.root, self.schema.id.lower())]
        owners += [(extension, extension.key) for extension in self.extension_attributes]
        return sorted(owners, key=lambda owner: -len(owner[1]))


def notation(chain: Sequence[Attribute]) -> str:
    """Return what an attribute is called in attribute notation (RFC 7644 §3.10)."""
    first, *rest = (attribute.name for attribute in chain)
    extends = rest and chain[0].is_extension
    return f"{first}:{'.'.join(rest)}" if extends else ".".join((first, *rest))


def _descend(owner: Attribute, names: list[str]) -> tuple[Attribute, ...]:
    found: tuple[Attribute, ...] = ()
    for name in names:
        attribute = owner.find(name)
        if attribute is None:
            return ()
        found = (*found, attribute)
        owner = attribute
    return found


def _chains(owner: Attribute) -> Iterator[tuple[Attribute, ...]]:
    """Yield every attribute below ``owner``, each behind those that contain it."""
    for attribute in owner.sub_attributes:
        yield (attribute,)
        yield from ((attribute, *below) for below in _chains(attribute))


def _without_unreturned(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple(
        replace(attribute, sub_attributes=_without_unreturned(attribute.sub_attributes))
        for attribute in attributes
        if attribute.returned != "never"
    )


def _reference(chain: tuple[Attribute, ...], endpoints: Mapping[str, str]) -> Reference | None:
    attribute = chain[-1]
    link = attribute.find("$ref")
    made = link is not None and link.mutability == "readOnly" and attribute.find("value")
    if link is None or not made or any(owner.multi_valued for owner in chain):
        return None
    shown = (attribute.find(name) for name in ("displayName", "display"))
    display = next((each.name for each in shown if each and each.mutability == "readOnly"), None)
    targets = {name: endpoints[name] for name in link.reference_types if name in endpoints}
    return Reference(attribute, tuple(owner.name for owner in chain), targets, display)


def read_attribute(document: dict[str, Any]) -> Attribute:
    """Return the attribute that an element of a schema's ``attributes`` describes."""
    return Attribute(
        name=document["name"],
        type=document["type"],
        sub_attributes=read_attributes(document.get("subAttributes", ())),
        multi_valued=document["multiValued"],
        required=document.get("required", False),
        canonical_values=tuple(document.get("canonicalValues", ())),
        case_exact=document.get("caseExact", False),
        mutability=document.get("mutability", "readWrite"),
        returned=document.get("returned", "default"),
        uniqueness=document.get("uniqueness", "none"),
        reference_types=tuple(document.get("referenceTypes", ())),
    )


def read_attributes(documents: Iterable[dict[str, Any]]) -> tuple[Attribute, ...]:
    """Return the attributes that ``documents`` describe, in their order."""
    return tuple(read_attribute(document) for document in documents)


def read_schema(name: str) -> Schema:
    """Return the schema in ``schemas/{name}.json``."""
    text = (Path(__file__).parent / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    document = json.loads(text)
    return Schema(
        document["id"], document["name"], read_attributes(document["attributes"]), document
    )


def _server_made(name: str, type: str = "string", **characteristics: Any) -> Attribute:
    return Attribute(name, type, mutability="readOnly", case_exact=True, **characteristics)


COMMON = (
    Attribute("schemas", "string", multi_valued=True, required=True, returned="always"),
    _server_made("id", returned="always", uniqueness="server"),
    Attribute("externalId", case_exact=True),
)
META = Attribute(
    "meta",
    "complex",
    (
        _server_made("resourceType"),
        _server_made("created", "dateTime"),
        _server_made("lastModified", "dateTime"),
        _server_made("location", "reference"),
        _server_made("version"),
    ),
    mutability="readOnly",
)

USER = ResourceType(
    "User",
    "/Users",
    "A person's account",
    read_schema("user"),
    (SchemaExtension(read_schema("enterprise_user")),),
)
GROUP = ResourceType("Group", "/Groups", "Users under one name", read_schema("group"))
RESOURCE_TYPES = (USER, GROUP)
SCHEMAS = (
    *(resource_type.schema for resource_type in RESOURCE_TYPES),
    *(extension.schema for extension in USER.extensions),
    read_schema("service_provider_config"),
    read_schema("resource_type"),
    read_schema("schema"),
)
