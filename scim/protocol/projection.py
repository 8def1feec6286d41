"""Projection: the attributes that an answer shows (RFC 7644 §3.9, RFC 7643 §2.4)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .attributes import Attribute
from .errors import InvalidValueError
from .filters.resolve import locate
from .schema import ResourceType
from .tolerance import STRICT, Tolerated, current_urn
from .values import Record

MOST_NAMES = 10_000
# A filter behind a name. It also matches an open one: each search goes on where the last one ended,
# so that a long text takes no longer than a short one for each character.
FILTER = re.compile(
    r"""(?<=[\w$])\[(?:[^\[\]"']|"(?:[^"\\]|\\.)*+"|'[^']*+')*+(?P<end>\])?""", re.DOTALL
)
UNKNOWN = "?"  # no attribute has this name
Names = frozenset[str]  # lower-cased attribute paths: {"username", "name.givenname"}


@dataclass(frozen=True, slots=True)
class Projection:
    """A request's ``attributes`` and ``excludedAttributes``; without any, the default set."""

    wanted: Names = frozenset()
    unwanted: Names = frozenset()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def shows(self, name: str) -> bool:
        """Tell whether anything of the top-level attribute ``name`` (lower case) is returned."""
        if self.wanted:
            return any(path == name or path.startswith(f"{name}.") for path in self.wanted)
        return name not in self.unwanted

    def divides(self, name: str) -> bool:
        """Tell whether some sub-attributes of the attribute ``name`` are returned, others not."""
        return any(path.startswith(f"{name}.") for path in self.wanted | self.unwanted)


EVERYTHING = Projection()
ONLY_ALWAYS: tuple[Names, Names, Names] = (frozenset({UNKNOWN}), frozenset(), frozenset())


def projection(
    attributes: str, excluded: str, resource_type: ResourceType, tolerated: Tolerated = STRICT
) -> Projection:
    """Return the projection that two comma-separated lists ask for; ``attributes`` wins over both.

    Unknown names show nothing; a request for unknown names alone shows only the minimum.

    :raises InvalidValueError: there are too many names to look all of them up, or a strict tenant
        gets a filter behind a name
    """
    if wanted := _names(attributes, resource_type, tolerated):
        return Projection(wanted=wanted)
    return Projection(unwanted=_names(excluded, resource_type, tolerated))


def _names(text: str, resource_type: ResourceType, tolerated: Tolerated) -> Names:
    paths: set[str] = set()
    parts = _without_filters(text, tolerated).split(",") if "[" in text else text.split(",")
    if len(parts) > MOST_NAMES:
        raise InvalidValueError(
            f"attributes and excludedAttributes take at most {MOST_NAMES} names; send fewer"
        )
    for name in filter(None, (part.strip() for part in parts)):
        chain = locate(name, resource_type, tolerated)
        urn = current_urn(name, resource_type, tolerated).lower()
        core = dict(zip(resource_type.own_urns, resource_type.own_schemas, strict=True)).get(urn)
        if core:
            paths.update(attribute.key for attribute in core.attributes)
        else:
            paths.add(".".join(attribute.key for attribute in chain) or UNKNOWN)
    return frozenset(paths)


def _without_filters(text: str, tolerated: Tolerated) -> str:
    """Return a list of names without the filters behind some of them.

    :raises InvalidValueError: there is one, and the tenant is strict
    """
    names = FILTER.sub(lambda found: "" if found["end"] else found[0], text)
    if names != text and not tolerated.allows("filtered_projection"):
        raise InvalidValueError(
            "attributes and excludedAttributes take names without brackets; leave the filter out"
        )
    return names


def project(
    value: Mapping[str, Any],
    attributes: Sequence[Attribute],
    wanted: Names = frozenset(),
    unwanted: Names = frozenset(),
    written: Names = frozenset(),
) -> Record:
    """Return the part of ``value`` that the client asked for and may see.

    ``written`` are the attributes returned on request that the client has just written, which
    counts as a request (RFC 7643 §7, ``returned``).
    """
    shown: Record = {}
    for attribute in attributes:
        if attribute.name not in value:
            continue
        member = value[attribute.name]
        below = tuple(_below(attribute, paths) for paths in (wanted, unwanted, written))
        if not _is_returned(attribute, wanted, unwanted, written):
            if not attribute.is_extension:
                continue
            below = ONLY_ALWAYS
        if attribute.type != "complex":
            shown[attribute.name] = member
        elif attribute.multi_valued:
            items = [project(item, attribute.sub_attributes, *below) for item in member]
            shown[attribute.name] = [item for item in items if item]
        else:
            shown[attribute.name] = project(member, attribute.sub_attributes, *below)
    return {name: member for name, member in shown.items() if member not in ({}, [])}


def written_on_request(
    before: Mapping[str, Any], after: Mapping[str, Any], attributes: Sequence[Attribute]
) -> Names:
    """Return the attributes returned on request that differ between two states of a resource."""
    names: set[str] = set()
    for attribute in attributes:
        old, new = before.get(attribute.name), after.get(attribute.name)
        if old == new:
            continue
        if attribute.returned == "request":
            names.add(attribute.key)
        elif attribute.type == "complex" and not attribute.multi_valued:
            below = written_on_request(old or {}, new or {}, attribute.sub_attributes)
            names.update(f"{attribute.key}.{name}" for name in below)
        elif attribute.type == "complex":
            hidden = (each for each in attribute.sub_attributes if each.returned == "request")
            names.update(f"{attribute.key}.{each.key}" for each in hidden)
    return frozenset(names)


def unreturned(value: Mapping[str, Any], attributes: Sequence[Attribute]) -> Record:
    """Return the part of ``value`` that no answer ever shows (``returned``: ``never``)."""
    hidden: Record = {}
    for attribute in attributes:
        member = value.get(attribute.name)
        if member is not None and attribute.returned == "never":
            hidden[attribute.name] = member
        elif isinstance(member, dict) and (below := unreturned(member, attribute.sub_attributes)):
            hidden[attribute.name] = below
    return hidden


def with_unreturned(value: Mapping[str, Any], hidden: Mapping[str, Any]) -> Record:
    """Return a resource together with its attributes that no answer shows."""
    whole = dict(value)
    for name, member in hidden.items():
        below = isinstance(member, dict) and isinstance(whole.get(name), dict)
        whole[name] = with_unreturned(whole[name], member) if below else member
    return whole


def _is_returned(attribute: Attribute, wanted: Names, unwanted: Names, written: Names) -> bool:
    named = attribute.key in wanted or bool(_below(attribute, wanted))
    match attribute.returned:
        case "always" | "never":  # has the last word over both request parameters
            return attribute.returned == "always"
        case "request":
            return named or (not wanted and attribute.key in written)
    return named if wanted else attribute.key not in unwanted


def _below(attribute: Attribute, paths: Names) -> Names:
    """Return the paths under ``attribute``, relative to it; none if all of it is named."""
    if attribute.key in paths:
        return frozenset()
    prefix = f"{attribute.key}."
    return frozenset(p.removeprefix(prefix) for p in paths if p.startswith(prefix))
