"""References to other resources, such as ``manager``: marked in a body, resolved by a read.

A client sends the ``value`` of a reference, the server makes the ``$ref`` beside it. Its target may
change or come to exist later, so a stored body has only a mark in place of the ``$ref``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from .attributes import Attribute, chains
from .values import PLACEHOLDER, Record

# The placeholder and the key of the reference. It is no URL, which would go on with a slash.
MARK = re.compile(rf',"\$ref":"{PLACEHOLDER}([^"/][^"]*)"')
SEPARATOR = "\x1e"  # between the keys and the texts that a read found for the marks of one body
GONE = "\x1d"  # the text of a reference to a resource that was deleted, which no read shows


@dataclass(frozen=True, eq=False)
class Reference:
    """A singular complex attribute whose ``value`` is the id of a resource, as ``manager`` is.

    ``names`` lead to it from the top of a resource. ``targets`` are the types of resources that it
    may lead to, with their endpoints. ``display`` names the sub-attribute that shows the target's
    displayName, if there is one. It is ``required`` if the attribute or one around it is.
    """

    attribute: Attribute
    names: tuple[str, ...]
    targets: Mapping[str, str]
    display: str | None
    required: bool

    def value(self, document: Mapping[str, Any]) -> Any:
        """Return the id in a resource; None if it does not refer to anything."""
        owner = document
        for name in self.names:
            owner = owner.get(name) or {}
        return owner.get("value")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The place in a folded resource."""
        return tuple(name.lower() for name in self.names)

    @cached_property
    def key(self) -> str:
        """The place as one text, by which rows and marks name the reference."""
        return ".".join(self.keys)


References = Mapping[str, Reference]  # by their keys


def find_references(root: Attribute, endpoints: Mapping[str, str]) -> References:
    """Return the references below ``root``; ``endpoints`` has those of all resource types."""
    found = (_reference(chain, endpoints) for chain in chains(root))
    return {reference.key: reference for reference in found if reference}


def _reference(chain: Sequence[Attribute], endpoints: Mapping[str, str]) -> Reference | None:
    attribute = chain[-1]
    link = _made_link(attribute)
    if not link or not is_reference(attribute) or any(owner.multi_valued for owner in chain):
        return None
    shown = (attribute.find(name) for name in ("displayName", "display"))
    display = next((each.name for each in shown if each and each.mutability == "readOnly"), None)
    targets = {name: endpoints[name] for name in link.reference_types if name in endpoints}
    required = any(owner.required for owner in chain)
    return Reference(attribute, tuple(owner.name for owner in chain), targets, display, required)


def is_reference(attribute: Attribute) -> bool:
    """Tell whether a singular complex attribute refers to a resource by its id."""
    return _made_link(attribute) is not None and attribute.find("value") is not None


def _made_link(attribute: Attribute) -> Attribute | None:
    """Return the ``$ref`` of ``attribute`` if the server makes it."""
    link = attribute.find("$ref")
    return link if link and link.mutability == "readOnly" else None


class Linked(str):
    """The id in a link that a client sent; ``endpoint`` is that of the type in the link."""

    endpoint: str


def linked(link: str, base_url: str) -> Linked | None:
    """Return the id in a link to a resource of this server; None if it is another link.

    A link may be relative to the base URL, or to an endpoint (RFC 7643 §2.3.7).
    """
    try:
        parts, base = urlsplit(link.strip()), urlsplit(base_url)
    except ValueError:
        return None
    place, _, name = parts.path.rstrip("/").rpartition("/")
    above, _, endpoint = place.rpartition("/")
    ours = (base.scheme, base.netloc.lower()), [base.path]
    if not parts.scheme and not parts.netloc:
        ours = ("", ""), [base.path, "", ".", ".."]
    if (parts.scheme, parts.netloc.lower()) != ours[0] or above not in ours[1]:
        return None
    found = Linked(unquote(name))
    found.endpoint = f"/{endpoint}"
    return found if name and endpoint else None


def server_made(keys: Sequence[str], references: References) -> Reference | None:
    """Return the reference in which ``keys`` lead to what the server makes, such as ``$ref``."""
    reference = references.get(".".join(keys[:-1]))
    if reference and keys[-1] in ("$ref", (reference.display or "").lower()):
        return reference
    return None


def mark(document: Mapping[str, Any], attributes: Iterable[Attribute], below: str = "") -> Record:
    """Return ``document`` with a mark beside each ``value`` to which the server makes a ``$ref``.

    Complex values in which nothing is left are left out.
    """
    marked = dict(document)
    for attribute in attributes:
        value = document.get(attribute.name)
        if attribute.type != "complex" or attribute.multi_valued or value is None:
            continue
        key = f"{below}{attribute.key}"
        value = mark(value, attribute.sub_attributes, f"{key}.")
        if link := _made_link(attribute):
            value.pop(link.name, None)
            if "value" in value:
                value[link.name] = f"{PLACEHOLDER}{key}"
        if value:
            marked[attribute.name] = value
        else:
            del marked[attribute.name]
    return marked


def in_body_order(attributes: Iterable[Attribute]) -> list[Attribute]:
    """Return sub-attributes in the order of a body: ``$ref`` last, as a mark follows a comma."""
    return sorted(attributes, key=lambda attribute: attribute.key == "$ref")


def has_marks(body: str) -> bool:
    """Tell whether the resource in ``body`` refers to others."""
    return MARK.search(body) is not None


def without_marks(body: str) -> str:
    """Return ``body`` as the client wrote it."""
    return MARK.sub("", body)


def resolve_marks(body: str, found: str | None) -> str:
    """Return ``body`` with the text that a read ``found`` in place of each mark, or with nothing.

    ``found`` has keys of references and JSON members in turns, all parted by ``SEPARATOR``.
    """
    if PLACEHOLDER not in body:
        return body
    parts = found.split(SEPARATOR) if found else []
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    return MARK.sub(lambda mark: f",{texts[mark[1]]}" if mark[1] in texts else "", body)


def gone(found: str | None) -> list[str]:
    """Return the keys of the references that a read ``found`` to lead to deleted resources."""
    if not found or GONE not in found:
        return []
    parts = found.split(SEPARATOR)
    return [key for key, text in zip(parts[::2], parts[1::2], strict=True) if text == GONE]


def cut_out(reference: Reference, target_id: str, body: str) -> str | None:
    """Return ``body`` without a reference to a target; None if it takes parsing to do it.

    It does so if the reference is the only value of its owner, or another id is in its place. No
    text of a client contains the placeholder.
    """
    text = (
        f'"{reference.names[-1]}":{{"value":"{target_id}","$ref":"{PLACEHOLDER}{reference.key}"}}'
    )
    for part in (f",{text}", f"{text},"):
        if part in body:
            return body.replace(part, "", 1)
    return None


def take_out(reference: Reference, document: Record) -> str:
    """Take a reference out of ``document``; return the id that it had, the empty text for none."""
    owner = document
    for container in reference.names[:-1]:
        owner = owner.get(container, {})
    return str(owner.pop(reference.names[-1], {}).get("value", "")).lower()


def relative(attribute: Attribute, value: Any, base_url: str) -> Any:
    """Return a URL that the server makes as it is stored: the placeholder for the base URL.

    A value of any other attribute stays as it is. A ``$ref`` is made also where it is immutable.
    """
    sent = {"readWrite"} if attribute.key == "$ref" else {"readWrite", "immutable"}
    if not base_url or attribute.type != "reference" or attribute.mutability in sent:
        return value
    return value.replace(base_url, PLACEHOLDER)
