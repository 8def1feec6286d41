"""Schemas, and the resource types that have them (RFC 7643 §6, §7).

``schemas/*.json`` are the documents of RFC 7643 §8.7 as this server implements them. They are the
one source of attributes for serializers, filters, PATCH, projection and /Schemas.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .attributes import Attribute, chains, read_attributes, without_unreturned
from .references import References, find_references
from .values import Record

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MADE_BY_SERVER = ("schemas", "id", "meta")  # attributes
ENDPOINTS = {"User": "/Users", "Group": "/Groups"}


@dataclass(frozen=True)
class Schema:
    """A schema (RFC 7643 §7): its attributes, and the document that /Schemas shows."""

    id: str
    name: str
    attributes: tuple[Attribute, ...]
    document: Record


@dataclass(frozen=True)
class SchemaExtension:
    """A schema that adds its attributes to a resource type, below its URN (RFC 7643 §3.3)."""

    schema: Schema
    required: bool = False


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A kind of resource and its endpoint (RFC 7643 §6).

    ``unique_name`` is the attribute that RFC 7643 or this server makes unique, if any. Users are
    accounts: active unless a client says otherwise. Groups have members. ``endpoints`` has the
    endpoints of all types by their names. ``part_of`` names the type whose resources have these
    within them: a membership is a part of a group, and has no row and no externalId of its own.
    ``further`` schemas describe the same resources: their attributes are at the top level, too.
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[SchemaExtension, ...] = ()
    further: tuple[Schema, ...] = ()
    unique_name: str | None = None
    is_account: bool = False
    has_members: bool = False
    part_of: str = ""
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)

    @cached_property
    def root(self) -> Attribute:
        """The whole resource as one complex attribute; extensions are complex ones named by URN."""
        extensions = tuple(
            Attribute(each.schema.id, "complex", each.schema.attributes, required=each.required)
            for each in self.extensions
        )
        return Attribute(
            self.name, "complex", (*self.common, *self.own_attributes, *extensions, META)
        )

    @property
    def own_schemas(self) -> tuple[Schema, ...]:
        """The schemas whose attributes are at the top level; nearly always there is one."""
        return (self.schema, *self.further)

    @property
    def own_urns(self) -> list[str]:
        """The URNs of those schemas, in lower case."""
        return [schema.id.lower() for schema in self.own_schemas]

    @property
    def announced(self) -> Mapping[str, Schema]:
        """Those schemas by the names of the ResourceTypes that show them, which are unique."""
        names = (self.name, *(f"{self.name}-{n}" for n, _ in enumerate(self.further, 2)))
        return dict(zip(names, self.own_schemas, strict=True))

    @cached_property
    def own_attributes(self) -> tuple[Attribute, ...]:
        """Their attributes, each once: the first schema that has one defines it."""
        found: dict[str, Attribute] = {}
        for schema in self.own_schemas:
            for attribute in schema.attributes:
                found.setdefault(attribute.key, attribute)
        return tuple(found.values())

    @property
    def common(self) -> tuple[Attribute, ...]:
        """The attributes that every resource of the type has beside those of its schema."""
        return COMMON[:-1] if self.part_of else COMMON

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes at the top level of a resource, in the order in which it is shown."""
        return self.root.sub_attributes

    @cached_property
    def extension_attributes(self) -> tuple[Attribute, ...]:
        """The extensions, each as the complex attribute that carries it."""
        return tuple(attribute for attribute in self.attributes if attribute.is_extension)

    @cached_property
    def searched(self) -> tuple[Attribute, ...]:
        """All attributes without those never returned, which filters must not reveal."""
        return without_unreturned(self.attributes)

    @cached_property
    def references(self) -> References:
        """The references to other resources."""
        return find_references(self.root, self.endpoints)

    @cached_property
    def uniques(self) -> Mapping[str, tuple[Attribute, ...]]:
        """The attributes that are unique because a document says so, by their keys as text.

        The id and the two names that the RFC makes unique have columns of their own.
        """
        own = {self.root.find("id"), self.root.find(self.unique_name)}
        return {
            ".".join(attribute.key for attribute in chain): chain
            for chain in chains(self.root)
            if chain[-1].uniqueness != "none" and chain[0] not in own
        }

    @cached_property
    def shows_on_request(self) -> bool:
        """Whether an attribute is returned only when it is asked for (RFC 7643 §2.2)."""
        return any(chain[-1].returned == "request" for chain in chains(self.root))

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
        owners = [(self.root, urn) for urn in self.own_urns]
        owners += [(extension, extension.key) for extension in self.extension_attributes]
        return sorted(owners, key=lambda owner: -len(owner[1]))


def _descend(owner: Attribute, names: list[str]) -> tuple[Attribute, ...]:
    found: tuple[Attribute, ...] = ()
    for name in names:
        attribute = owner.find(name)
        if attribute is None:
            return ()
        found = (*found, attribute)
        owner = attribute
    return found


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
    unique_name="userName",
    is_account=True,
)
GROUP = ResourceType(
    "Group",
    "/Groups",
    "Users under one name",
    read_schema("group"),
    unique_name="displayName",
    has_members=True,
)
GROUP_MEMBERSHIP = ResourceType(
    "GroupMembership",
    "/GroupMemberships",
    "A direct membership: one member of one group",
    read_schema("group_membership"),
    part_of="Group",
)
RESOURCE_TYPES = (USER, GROUP)
SCHEMAS = (
    *(resource_type.schema for resource_type in RESOURCE_TYPES),
    *(extension.schema for extension in USER.extensions),
    GROUP_MEMBERSHIP.schema,
    read_schema("service_provider_config"),
    read_schema("resource_type"),
    read_schema("schema"),
)
