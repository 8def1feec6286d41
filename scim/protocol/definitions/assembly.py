"""The resource types and schemas that a server has (RFC 7643 §6 and §7).

The types and schemas of RFC 7643 are built in, JSON documents in the form of its §6 and §7 add
others. All code takes attributes from here, so an added type needs no code of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import filterfalse

from ..attributes import Attribute, read_attributes
from ..schema import (
    COMMON,
    ENDPOINTS,
    GROUP_MEMBERSHIP,
    META,
    RESOURCE_TYPES,
    SCHEMAS,
    ResourceType,
    Schema,
    SchemaExtension,
)
from ..values import Record
from .document import DefinitionError, Part, read
from .schema_document import NOT_RESOURCES, SCHEMA_SCHEMA, complete_schema, is_writable

__all__ = ["BUILT_IN", "RESOURCE_TYPE_SCHEMA", "DefinitionError", "Definitions", "extended"]

RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
RESOURCE_TYPE_MEMBERS = (
    *("schemas", "id", "name", "description"),
    *("endpoint", "schema", "schemaExtensions", "meta"),
)
NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
ENDPOINT = re.compile(r"/[A-Za-z][A-Za-z0-9-]*", re.ASCII)

# Names and endpoints, in lower case, that have a meaning of their own in SCIM.
OTHER_NAMES = {"serviceproviderconfig", "resourcetype", "schema", *NOT_RESOURCES}
OTHER_NAMES |= {GROUP_MEMBERSHIP.name.lower()}
OTHER_ENDPOINTS = {
    *("/async", "/bulk", "/me", "/schemas", "/resourcetypes", GROUP_MEMBERSHIP.endpoint.lower()),
    *("/serviceproviderconfig", "/serviceproviderconfigs"),
}
COMMON_NAMES = {attribute.key for attribute in (*COMMON, META)}


@dataclass(frozen=True, eq=False)
class Definitions:
    """The resource types of a server that have rows, User and Group first, and all schemas."""

    resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES
    schemas: tuple[Schema, ...] = SCHEMAS

    @cached_property
    def by_name(self) -> Mapping[str, ResourceType]:
        """The resource types by their names."""
        return {resource_type.name: resource_type for resource_type in self.resource_types}

    @property
    def served(self) -> tuple[ResourceType, ...]:
        """All resource types that have an endpoint, also those whose resources have no rows."""
        return (*self.resource_types, GROUP_MEMBERSHIP)

    @cached_property
    def by_endpoint(self) -> Mapping[str, ResourceType]:
        """The resource types by their endpoints, each with its slash."""
        return {resource_type.endpoint: resource_type for resource_type in self.served}


BUILT_IN = Definitions()


def extended(documents: Mapping[str, str]) -> Definitions:
    """Return the built-in definitions with what ``documents`` add, JSON texts by file names.

    A ResourceType document adds a resource type, or extensions to User or Group. A Schema that no
    ResourceType names extends the type in the last segment of its URN (RFC 7643 §10.2.1).

    :raises DefinitionError: a document cannot be used
    """
    parts = [read(file, documents[file]) for file in sorted(documents)]
    assembly = _Assembly()
    for part in filter(_is_schema, parts):
        assembly.add_schema(part)
    for part in filterfalse(_is_schema, parts):
        assembly.add_resource_type(part)
    return assembly.finished()


def _is_schema(part: Part) -> bool:
    """Tell a Schema document from a ResourceType document."""
    match [urn.lower() for urn in part.texts("schemas")]:
        case [urn] if urn == SCHEMA_SCHEMA.lower():
            return True
        case [urn] if urn == RESOURCE_TYPE_SCHEMA.lower():
            return False
    raise part.error(f'schemas must be ["{SCHEMA_SCHEMA}"] or ["{RESOURCE_TYPE_SCHEMA}"]')


class _Assembly:
    """Definitions in the making; names, endpoints and URNs are compared in lower case."""

    def __init__(self) -> None:
        self.types = {each.name.lower(): each for each in RESOURCE_TYPES}
        self.schemas = {each.id.lower(): each for each in _resource_schemas()}
        self.sources: dict[str, Part] = {}
        self.named: set[str] = set()

    def add_schema(self, part: Part) -> None:
        document = complete_schema(part)
        urn = document["id"].lower()
        if urn in (schema.id.lower() for schema in SCHEMAS):
            raise part.error(f"id {document['id']} is built in; choose a URN of your own")
        if urn in self.sources:
            other = self.sources[urn].file
            raise part.error(f"id {document['id']} is also the id of {other}; keep one of them")
        attributes = read_attributes(document["attributes"])
        self.schemas[urn] = Schema(document["id"], document["name"], attributes, document)
        self.sources[urn] = part

    def add_resource_type(self, part: Part) -> None:
        part.only(*RESOURCE_TYPE_MEMBERS)
        name = part.matching("name", NAME, "letters, digits, - and _, with a letter first")
        if part.text("id", name) != name:
            raise part.error(f"id must be the name, {name}; or leave it out")
        key = name.lower()
        is_built_in = any(each.name.lower() == key for each in RESOURCE_TYPES)
        if not is_built_in and self.is_second_schema(part, key):
            self.types[key] = self.with_schema(part, self.types[key])
            return
        base = self.built_in_type(part, key) if is_built_in else self.new_type(part, name)
        self.types[key] = _with_extensions(base, *self.extensions(part, base))

    def built_in_type(self, part: Part, key: str) -> ResourceType:
        """Return User or Group; a document may repeat their schema and endpoint."""
        base = self.types[key]
        for name, own in (("schema", base.schema.id), ("endpoint", base.endpoint)):
            if part.text(name, own).lower() != own.lower():
                raise part.error(f"{name} of {base.name} is {own}; or leave it out")
        return replace(base, description=part.text("description", base.description))

    def is_second_schema(self, part: Part, key: str) -> bool:
        """Tell whether a document repeats the name and the endpoint of a type that was added."""
        known = self.types.get(key)
        return known is not None and known.endpoint == part.text("endpoint", "")

    def with_schema(self, part: Part, base: ResourceType) -> ResourceType:
        """Return a type whose resources have the schema of ``part``, too."""
        schema = self.schema(part)
        if schema in base.own_schemas:
            raise part.error(f"{base.name} has schema {schema.id} already; leave one document out")
        known = {name: each for own in base.own_schemas for name, each in _described(own)}
        for name, described in _described(schema):
            if known.get(name, described) != described:
                problem = f"{name} of {schema.id} differs from that of {base.schema.id}"
                raise part.error(f"{problem}; give both the same characteristics")
        added = replace(base, further=(*base.further, schema))
        if taken := self.types.keys() & {name.lower() for name in list(added.announced)[1:]}:
            raise part.error(f"another type has the name {min(taken)}; rename it")
        return _with_extensions(added, *self.extensions(part, added))

    def new_type(self, part: Part, name: str) -> ResourceType:
        shown = {each.lower() for known in self.types.values() for each in known.announced}
        if name.lower() in shown | OTHER_NAMES:
            raise part.error(f"name {name} is in use; choose another")
        endpoint = part.matching("endpoint", ENDPOINT, "a slash, letters and digits, as /Devices")
        in_use = {each.endpoint.lower() for each in self.types.values()} | OTHER_ENDPOINTS
        if endpoint.lower() in in_use:
            raise part.error(f"endpoint {endpoint} is in use; choose another")
        schema = self.schema(part)
        description = part.text("description", schema.document["description"])
        return ResourceType(name, endpoint, description, schema)

    def extensions(self, part: Part, base: ResourceType) -> Iterator[SchemaExtension]:
        seen = {schema.id for schema in base.own_schemas}
        for element in part.parts("schemaExtensions"):
            element.only("schema", "required")
            schema, required = self.schema(element), element.boolean("required")
            if schema.id in seen:
                raise element.error(f"schema {schema.id} is listed twice; leave one out")
            seen.add(schema.id)
            if required and not any(is_writable(each) for each in schema.document["attributes"]):
                raise element.error("is required, but no client can write to it; change one")
            yield SchemaExtension(schema, required)

    def schema(self, part: Part) -> Schema:
        """Return the schema that a member ``schema`` names."""
        urn = part.text("schema")
        if urn.lower() not in self.schemas:
            raise part.error(f"schema {urn!r:.120} is unknown; add a Schema with this id")
        self.named.add(urn.lower())
        return self.schemas[urn.lower()]

    def finished(self) -> Definitions:
        for urn in self.sources:
            if urn not in self.named:
                self.extend_by_urn(urn)
            self.check_references(urn)
        for resource_type in self.types.values():
            for schema_urn in resource_type.own_urns:
                self.check_core(schema_urn)
        added = (self.schemas[urn] for urn in self.sources)
        endpoints = {each.name: each.endpoint for each in self.types.values()}
        types = tuple(
            each if endpoints == ENDPOINTS else replace(each, endpoints=endpoints)
            for each in self.types.values()
        )
        return Definitions(types, (*SCHEMAS, *added))

    def extend_by_urn(self, urn: str) -> None:
        key = urn.rpartition(":")[2]
        if key not in self.types:
            raise self.sources[urn].error(
                f"no resource type has this schema; end its id in one of {self.names()}, "
                "or name it in a ResourceType document"
            )
        extension = SchemaExtension(self.schemas[urn])
        self.types[key] = _with_extensions(self.types[key], extension)

    def check_references(self, urn: str) -> None:
        known = NOT_RESOURCES.union(each.name for each in self.types.values())
        for path, attribute in _paths(self.schemas[urn].attributes):
            for target in attribute.reference_types:
                if target not in known:
                    problem = f"referenceTypes has {target!r:.60}; use external, uri or a type"
                    raise self.sources[urn].at(path).error(f"{problem} ({self.names()})")

    def check_core(self, urn: str) -> None:
        """Raise if the schema of a type, not an extension, has a common attribute."""
        for attribute in self.schemas[urn].attributes:
            if urn in self.sources and attribute.key in COMMON_NAMES:
                part = self.sources[urn].at(attribute.name)
                raise part.error("every resource has this attribute (RFC 7643 §3.1); leave it out")

    def names(self) -> str:
        return ", ".join(each.name for each in self.types.values())


def _resource_schemas() -> Iterator[Schema]:
    """Yield the built-in schemas of resources; the other schemas describe the server."""
    for resource_type in RESOURCE_TYPES:
        yield resource_type.schema
        yield from (extension.schema for extension in resource_type.extensions)


def _described(schema: Schema) -> Iterator[tuple[str, Record]]:
    """Yield the attributes of a schema by their names in lower case, without descriptions."""
    for attribute in schema.document["attributes"]:
        yield attribute["name"].lower(), {**attribute, "description": ""}


def _with_extensions(base: ResourceType, *added: SchemaExtension) -> ResourceType:
    """Return a type with more extensions; the added ones decide about ``required``."""
    extensions = {each.schema.id: each for each in (*base.extensions, *added)}
    return replace(base, extensions=tuple(extensions.values()))


def _paths(attributes: tuple[Attribute, ...]) -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        yield attribute.name, attribute
        yield from (
            (f"{attribute.name}.{name}", each) for name, each in _paths(attribute.sub_attributes)
        )
