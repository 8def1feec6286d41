"""Differences between two bodies of a resource, as lines or as data."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scim.protocol.values import PLACEHOLDER

MATCHED_BY = ("value", "id", "type")  # sub-attributes by which elements are the same, best first
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that changed, as JSON texts; None where there was, or is, none.

    ``path`` is in attribute notation: ``name.givenName``, ``emails[type eq "work"].value``. An
    element that came or went has the path of its attribute.
    """

    path: str
    before: str | None
    after: str | None


def difference(before: str | None, after: str | None) -> Iterator[str]:
    """Yield a line for every value that one body has and the other has not."""
    old, new = _values(before), _values(after)
    for place in dict.fromkeys([*old, *new]):
        was, became = old.get(place, ()), new.get(place, ())
        yield from (f"- {place}: {value}" for value in was if value not in became)
        yield from (f"+ {place}: {value}" for value in became if value not in was)


def _values(body: str | None) -> dict[str, list[str]]:
    """Return the values of a body as JSON texts, by the places where they are."""
    values: dict[str, list[str]] = {}

    def collect(place: str, value: Any) -> None:
        if isinstance(value, dict):
            between = ":" if place in urns else "."
            for name, member in value.items():
                collect(f"{place}{between}{name}" if place else name, member)
        elif isinstance(value, list):
            for item in value:
                collect_one(place, item)
        else:
            collect_one(place, value)

    def collect_one(place: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        if not text.startswith(json.dumps(PLACEHOLDER)[:-1]):  # what the server makes of an id
            values.setdefault(place, []).append(text)

    found = json.loads(body, strict=False) if body else {}
    urns = [name for name in found if ":" in name]  # an attribute stands behind a colon
    collect("", found)
    return values


def changes(before: str | None, after: str | None) -> list[Difference]:
    """Return what changed from one body to another, by attribute path, in the order of the bodies.

    A body is JSON, or None where the resource was not there. Elements of a multi-valued attribute
    are the same if their ``value`` or ``id`` is, or else the only ones of their ``type``. Links
    that the server makes of ids are passed over.
    """
    try:
        return list(_compared("", _object(before), _object(after)))
    except RecursionError:
        return [] if before == after else [Difference("", before, after)]


def _object(body: str | None) -> Any:
    try:
        return _without_links(json.loads(body, strict=False)) if body else {}
    except ValueError:
        return body


def _without_links(value: Any) -> Any:
    """Return a value without the links that the server makes of ids."""
    if isinstance(value, list):
        return [_without_links(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_links(member)
        for name, member in value.items()
        if not (isinstance(member, str) and member.startswith(PLACEHOLDER))
    }


def _compared(path: str, old: Any, new: Any, urns: Sequence[str] = ()) -> Iterator[Difference]:
    """Yield the differences below a path; ``urns`` are the names of schemas, behind a colon."""
    if _is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        between = "" if not path else ":" if path in urns else "."
        below = [name for name in [*old, *new] if ":" in name] if not path else ()
        for name in dict.fromkeys([*old, *new]):
            was, became = old.get(name, ABSENT), new.get(name, ABSENT)
            yield from _compared(f"{path}{between}{name}", was, became, below)
    elif isinstance(old, list | dict) and not path:
        yield Difference(path, _text(old), _text(new))
    elif isinstance(old, list) or isinstance(new, list):
        yield from _of_lists(path, _elements(old), _elements(new))
    elif ABSENT in (old, new) and isinstance(old if new is ABSENT else new, dict):
        was, became = ({} if each is ABSENT else each for each in (old, new))
        yield from _compared(path, was, became, urns)
    else:
        yield Difference(path, _text(old), _text(new))


def _is_same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and _text(old) == _text(new)  # NaN is not equal to itself


def _elements(value: Any) -> list[Any]:
    if value is ABSENT:
        return []
    return value if isinstance(value, list) else [value]


def _of_lists(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
    """Yield the differences of matching elements, then what went, then what came."""
    lost, came, pairs = _paired(old, new)
    kinds = Counter(_text(each.get("type")) for each in new if isinstance(each, dict))
    for was, became in pairs:
        yield from _compared(f"{path}{_selected(became, kinds)}", was, became)
    yield from (Difference(path, _text(each), None) for each in lost)
    yield from (Difference(path, None, _text(each)) for each in came)


def _paired(
    old: Sequence[Any], new: Sequence[Any]
) -> tuple[list[Any], list[Any], list[tuple[Any, Any]]]:
    """Return the elements without a counterpart on each side, and the pairs that differ."""
    lost, came = _unequal(old, new), _unequal(new, old)
    pairs = []
    for name in MATCHED_BY:
        before, after = _by(name, lost), _by(name, came)
        for key in before.keys() & after.keys():
            if len(before[key]) == len(after[key]) == 1:
                pairs.append((before[key][0], after[key][0]))
        taken = {id(each) for pair in pairs for each in pair}
        lost = [each for each in lost if id(each) not in taken]
        came = [each for each in came if id(each) not in taken]
    places = {id(each): place for place, each in enumerate(new)}
    return lost, came, sorted(pairs, key=lambda pair: places[id(pair[1])])


def _unequal(these: Sequence[Any], those: Sequence[Any]) -> list[Any]:
    """Return the elements of one list that the other does not have."""
    known = {_text(each) for each in those}
    return [each for each in these if _text(each) not in known]


def _by(name: str, elements: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in elements:
        if isinstance(each, dict) and isinstance(each.get(name), str):
            found.setdefault(each[name], []).append(each)
    return found


def _selected(element: Any, kinds: Counter[str | None]) -> str:
    """Return the brackets that select an element: by its type if no other has it, or its value."""
    by_type = isinstance(element.get("type"), str) and kinds[_text(element["type"])] == 1
    name = "type" if by_type else next((n for n in MATCHED_BY if n in element), "value")
    return f"[{name} eq {_text(element.get(name))}]"


def _text(value: Any) -> str | None:
    return None if value is ABSENT else json.dumps(value, ensure_ascii=False)
