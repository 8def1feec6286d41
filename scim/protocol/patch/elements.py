"""The elements of an attribute, and how PATCH changes them (RFC 7644 §3.5.2).

An attribute may have a hundred thousand elements, so no function compares each with each.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..attributes import Attribute
from ..errors import InvalidSyntaxError
from ..values import Record, fold_item


def elements(owner: Mapping[str, Any], attribute: Attribute) -> list[Any]:
    """Return the elements of an attribute; a singular one counts as a list of one."""
    value = owner.get(attribute.name)
    if value is None:
        return []
    return list(value) if attribute.multi_valued else [value]


def store(owner: Record, attribute: Attribute, items: list[Any]) -> None:
    """Make ``items`` the elements of an attribute; of a singular one, the last of them."""
    owner[attribute.name] = items if attribute.multi_valued else (items[-1] if items else None)


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return each of ``items`` once.

    :raises InvalidSyntaxError: one is nested more deeply than any attribute
    """
    try:
        return list({json.dumps(item, sort_keys=True): item for item in items}.values())
    except RecursionError:
        raise InvalidSyntaxError("the value is nested too deeply; send fewer levels") from None


def merge(record: Mapping[str, Any], part: Mapping[str, Any]) -> Record:
    """Return ``record`` with the members of ``part``; null removes a member."""
    return {name: value for name, value in {**record, **part}.items() if value is not None}


def unassigned(attribute: Attribute, value: Mapping[str, Any]) -> Record:
    """Return the sub-attributes that ``value`` removes, as null."""
    cleared = (attribute.find(name) for name, member in value.items() if member in (None, []))
    return {below.name: None for below in cleared if below}


def change(
    items: list[Any], chosen: set[int], part: Record | None, merges: bool = True
) -> list[Any]:
    """Return ``items``, those ``chosen`` merged with ``part`` or replaced by it; None removes."""
    after = []
    for index, item in enumerate(items):
        if index not in chosen:
            after.append(item)
        elif part is not None and (left := merge(item if merges else {}, part)):
            after.append(left)
    return after


def join(attribute: Attribute, items: list[Any], added: list[Any]) -> list[Any]:
    """Return ``items`` with ``added`` at the end; an equal element is completed instead."""
    after = list(items)
    places = {_key(attribute, item): place for place, item in reversed(list(enumerate(items)))}
    for item in added:
        place = places.setdefault(_key(attribute, item), len(after))
        if place == len(after):
            after.append(item)
        elif isinstance(item, dict):
            after[place] = merge(after[place], _news(attribute, after[place], item))
    return after


def _news(attribute: Attribute, item: Record, part: Record) -> Record:
    """Return the members of ``part`` that differ from ``item`` by more than spelling."""
    known = fold_item(attribute, item)
    said = fold_item(attribute, part)
    return {
        name: value
        for name, value in part.items()
        if (sub := attribute.find(name)) is None or known.get(sub.key) != said.get(sub.key)
    }


def without(attribute: Attribute, items: list[Any], listed: list[Any]) -> list[Any]:
    """Return ``items`` without those ``listed``; a listed one without a type means any type."""
    unwanted = {_key(attribute, item, typed="type" in item) for item in listed}
    return [
        item
        for item in items
        if not unwanted & {_key(attribute, item), _key(attribute, item, typed=False)}
    ]


def _key(attribute: Attribute, item: Any, typed: bool = True) -> tuple[Any, ...]:
    """Return the key by which two elements are equal: ``value`` and ``type``."""
    folded = fold_item(attribute, item)
    if attribute.type != "complex" or "value" not in folded:
        return (json.dumps(folded, sort_keys=True), None, None)
    return (folded["value"], folded.get("type")) if typed else (folded["value"],)


def with_one_primary(items: list[Any], before: list[Any]) -> list[Any]:
    """Return ``items`` in which the old primary value gives way to a new one, if there is one."""
    was = {id(item) for item in before if _is_primary(item)}
    if all(id(item) in was for item in items if _is_primary(item)):
        return items
    return [item | {"primary": False} if id(item) in was else item for item in items]


def _is_primary(item: Any) -> bool:
    return isinstance(item, dict) and item.get("primary") is True
