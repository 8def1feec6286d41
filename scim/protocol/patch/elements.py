"""The elements of an attribute, and how PATCH changes them (RFC 7644 §3.5.2).

They are looked up in dicts, so a PATCH of n operations on m elements costs about n + m, not n * m.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..attributes import Attribute
from ..errors import InvalidSyntaxError
from ..filters.evaluate import holds
from ..filters.nodes import And, Or
from ..filters.resolve import Compare, Condition
from ..values import Record, fold_item

Slots = set[int]


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return each of ``items`` once.

    :raises InvalidSyntaxError: one is nested more deeply than any attribute
    """
    return list({_text(item): item for item in items}.values())


def _text(item: Any) -> str:
    try:
        return json.dumps(item, sort_keys=True)
    except RecursionError:
        raise InvalidSyntaxError("the value is nested too deeply; send fewer levels") from None


def united(attribute: Attribute, items: list[Any]) -> list[Any]:
    """Return checked elements without two of the same ``value`` and ``type`` (RFC 7643 §2.4).

    The first keeps its place, and gets from a later one what it lacks, and ``primary``. An element
    without a ``value`` equals only exact copies.
    """
    if len(items) < 2 or attribute.find("value") is None:
        return items
    found: dict[Any, Any] = {}
    for item in items:
        key = _key(attribute, fold_item(attribute, item)) if "value" in item else _text(item)
        first = found.setdefault(key, item)
        if first is not item:
            primary = {"primary": True} if _is_primary(item) else {}
            found[key] = item | first | primary
    return list(found.values())


def without_empty(items: Iterable[Record], before: Iterable[Record]) -> list[Record]:
    """Return elements without those that have no ``value``, unless they had none ``before``."""
    known = {_text(item | {"primary": None}) for item in before if _is_empty(item)}
    return [
        item for item in items if not _is_empty(item) or _text(item | {"primary": None}) in known
    ]


def _is_empty(item: Record) -> bool:
    return item.get("value") in (None, "")


def merge(record: Mapping[str, Any], part: Mapping[str, Any]) -> Record:
    """Return ``record`` with the members of ``part``; null removes a member."""
    return {name: value for name, value in {**record, **part}.items() if value is not None}


def unassigned(attribute: Attribute, value: Mapping[str, Any]) -> Record:
    """Return the sub-attributes that ``value`` removes, as null."""
    cleared = (attribute.find(name) for name, member in value.items() if member in (None, []))
    return {below.name: None for below in cleared if below}


class Elements:
    """The elements of an attribute, each in a slot; slots are in the order of the elements.

    ``settle`` ends an operation. Until then the slots that it has written are ``touched``, and
    have no text in ``slots_by_text``. ``indexes`` have the slots by the value of a sub-attribute,
    and the one named None by the ``_key``; each is made when it is first needed. ``size`` is the
    number of elements after the last operation.
    """

    def __init__(self, attribute: Attribute, items: Iterable[Any]) -> None:
        self.attribute = attribute
        self.items: dict[int, Any] = dict(enumerate(distinct(items)))
        self.next_slot = len(self.items)
        self.texts = {slot: _text(item) for slot, item in self.items.items()}
        self.slots_by_text = {text: slot for slot, text in self.texts.items()}
        self.primaries = {slot for slot, item in self.items.items() if _is_primary(item)}
        self.folded: dict[int, Any] = {}
        self.indexes: dict[str | None, dict[Any, Slots]] = {}
        self.touched: Slots = set()
        self.size = len(self.items)

    def fold(self, slot: int) -> Any:
        """Return an element as it is compared."""
        if slot not in self.folded:
            self.folded[slot] = fold_item(self.attribute, self.items[slot])
        return self.folded[slot]

    def candidates(self, condition: Condition) -> Slots | None:
        """Return the slots among which are all that meet a condition; None for all slots."""
        match condition:
            case Compare((name,), _, "eq", value):
                return self._index(name).get(value, set())
            case And(terms):
                found = [some for term in terms if (some := self.candidates(term)) is not None]
                return min(found, key=len, default=None)
            case Or(terms):
                each = [self.candidates(term) for term in terms]
                known = [some for some in each if some is not None]
                return set().union(*known) if len(known) == len(each) else None
        return None

    def select(self, slots: Collection[int], condition: Condition) -> list[int]:
        """Return those of ``slots`` whose elements meet a condition, in order."""
        return sorted(slot for slot in slots if holds(condition, self.fold(slot)))

    def change(self, slots: Iterable[int], part: Record | None, merges: bool = True) -> None:
        """Merge elements with ``part``, or replace them by it; None removes them."""
        for slot in slots:
            before = self.items[slot] if merges else {}
            left = None if part is None else merge(before, part)
            if left:
                self._put(slot, left)
            else:
                self._drop(slot)

    def append(self, item: Any) -> None:
        """Add an element at the end."""
        self._put(self.next_slot, item)
        self.next_slot += 1

    def join(self, added: Iterable[Any]) -> None:
        """Add elements at the end; one that is there already is completed instead."""
        slots = self._index(None)
        for item in added:
            equal = slots.get(_key(self.attribute, fold_item(self.attribute, item)))
            if not equal:
                self.append(item)
            elif isinstance(item, dict):
                slot = min(equal)
                self._put(slot, merge(self.items[slot], self._news(slot, item)))

    def _news(self, slot: int, part: Record) -> Record:
        """Return the members of ``part`` that differ from an element by more than spelling."""
        known, said = self.fold(slot), fold_item(self.attribute, part)
        return {
            name: value
            for name, value in part.items()
            if (sub := self.attribute.find(name)) is None or known.get(sub.key) != said.get(sub.key)
        }

    def remove(self, listed: Iterable[Any]) -> None:
        """Remove the elements ``listed``; a listed one without a type means any type."""
        slots = self._index(None)
        for item in listed:
            typed = isinstance(item, dict) and "type" in item
            key = _key(self.attribute, fold_item(self.attribute, item), typed)
            for slot in list(slots.get(key, ())):
                self._drop(slot)

    def settle(self) -> None:
        """End an operation: a new primary value replaces the old one, and equal elements merge."""
        if any(_is_primary(self.items[slot]) for slot in self.touched):
            for slot in list(self.primaries):  # those that the operation has not touched
                self._put(slot, self.items[slot] | {"primary": False})
        for slot in sorted(self.touched):
            text = _text(self.items[slot])
            equal = self.slots_by_text.get(text, slot)
            if equal != slot:
                self._drop(max(equal, slot))
            if equal >= slot:
                self.slots_by_text[text], self.texts[slot] = slot, text
                if _is_primary(self.items[slot]):
                    self.primaries.add(slot)
        self.touched.clear()

    def _put(self, slot: int, item: Any) -> None:
        self._leave_indexes(slot)
        self.items[slot] = item
        self.touched.add(slot)
        for name, index in self.indexes.items():
            self._enter(index, name, slot)

    def _drop(self, slot: int) -> None:
        self._leave_indexes(slot)
        del self.items[slot]
        self.touched.discard(slot)

    def _leave_indexes(self, slot: int) -> None:
        self.primaries.discard(slot)
        if text := self.texts.pop(slot, None):
            del self.slots_by_text[text]
        folded = self.folded.pop(slot, None)
        if folded is not None:
            for name, index in self.indexes.items():
                for entry in _entries(self.attribute, name, folded):
                    index[entry].discard(slot)

    def _index(self, name: str | None) -> dict[Any, Slots]:
        if name not in self.indexes:
            index = self.indexes[name] = {}
            for slot in self.items:
                self._enter(index, name, slot)
        return self.indexes[name]

    def _enter(self, index: dict[Any, Slots], name: str | None, slot: int) -> None:
        for entry in _entries(self.attribute, name, self.fold(slot)):
            index.setdefault(entry, set()).add(slot)


def _entries(attribute: Attribute, name: str | None, folded: Any) -> Collection[Any]:
    """Return the entries of an element in the index of that name."""
    if name is None:
        return {_key(attribute, folded), _key(attribute, folded, typed=False)}
    value = folded.get(name)
    return () if value is None else (value,)


def _key(attribute: Attribute, folded: Any, typed: bool = True) -> tuple[Any, ...]:
    """Return the key by which two elements are equal: ``value`` and ``type``."""
    if attribute.type != "complex" or "value" not in folded:
        return (json.dumps(folded, sort_keys=True), None, None)
    return (folded["value"], folded.get("type")) if typed else (folded["value"],)


def _is_primary(item: Any) -> bool:
    return isinstance(item, dict) and item.get("primary") is True
