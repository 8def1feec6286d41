"""Attributes and their characteristics (RFC 7643 §2, §7)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any


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
        """The name in lower case, as attribute names are case-insensitive (RFC 7643 §2.1)."""
        return self.name.lower()

    @property
    def is_extension(self) -> bool:
        """Whether this is a schema extension, with attributes of the resource in it."""
        return ":" in self.name

    @cached_property
    def _by_key(self) -> dict[str, "Attribute"]:
        return {attribute.key: attribute for attribute in self.sub_attributes}

    def find(self, name: str | None) -> "Attribute | None":
        """Return the sub-attribute of that name, whatever its case."""
        return self._by_key.get(name.lower()) if name else None


def notation(chain: Sequence[Attribute]) -> str:
    """Return the path of an attribute in attribute notation (RFC 7644 §3.10)."""
    first, *rest = (attribute.name for attribute in chain)
    extends = rest and chain[0].is_extension
    return f"{first}:{'.'.join(rest)}" if extends else ".".join((first, *rest))


def chains(owner: Attribute) -> Iterator[tuple[Attribute, ...]]:
    """Yield every attribute below ``owner``, each behind those that contain it."""
    for attribute in owner.sub_attributes:
        yield (attribute,)
        yield from ((attribute, *below) for below in chains(attribute))


def without_unreturned(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """Return ``attributes`` without those that are never returned, at any depth."""
    return tuple(
        replace(attribute, sub_attributes=without_unreturned(attribute.sub_attributes))
        for attribute in attributes
        if attribute.returned != "never"
    )


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
