"""The attributes of a resource as pairs of a label and lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim.explain.changes.versions import label
from scim.explain.words import plain
from scim.storage import Store, is_id

LONGEST = 500  # characters of a value; the JSON has all of it
ELSEWHERE = ("schemas", "id", "meta", "groups", "members", "active")
HEADINGS = {"emails": "Email", "externalid": "External ID", "username": "User name"}
TEXTS = ("value", "formatted", "displayName", "display", "streetAddress")


@dataclass(frozen=True, slots=True)
class Line:
    """A value with a note on it; ``url`` is the page of the resource that it names."""

    text: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """An attribute in plain words, its name in the schema, and its values."""

    label: str
    name: str
    lines: Sequence[Line]


def pairs(document: Mapping[str, Any], endpoints: Mapping[str, str]) -> list[Pair]:
    """Return the attributes of a resource; ``endpoints`` has the types by their endpoints."""
    return list(_pairs(document, endpoints))


def with_names(document: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return an earlier resource in which what refers to another has the name and link of that."""
    ids = {each["value"] for each in _references(document)}
    known = store.browse(lambda read: read.names(ids))

    def named(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value in _references({"": value}):
            found = known[value["value"]]
            place = f"/{found.type}s/{found.id}" if found.type else ""
            return value | {"displayName": found.name or found.id, "$ref": place}
        return {name: named(each) for name, each in value.items()}

    return {name: named(each) for name, each in document.items()}


def _references(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the attributes that have an id and nothing else, also those of extensions."""
    found: list[Mapping[str, Any]] = []
    for each in document.values():
        if isinstance(each, dict):
            is_one = [*each] == ["value"] and is_id(str(each["value"]))
            found += [each] if is_one else _references(each)
    return found


def _pairs(document: Mapping[str, Any], endpoints: Mapping[str, str]) -> Iterator[Pair]:
    for name, value in document.items():
        if name in ELSEWHERE:
            continue
        if ":" in name and isinstance(value, dict):
            yield from _pairs(value, endpoints)
        else:
            yield Pair(_heading(name), name, list(_lines(value, endpoints)))


def _heading(name: str) -> str:
    found = HEADINGS.get(name.lower()) or label(name)
    is_name = any(each.isupper() for each in found)
    return found if is_name else found[0].upper() + found[1:]


def _lines(value: Any, endpoints: Mapping[str, str]) -> Iterator[Line]:
    if isinstance(value, list):
        for each in value:
            yield _element(each, endpoints)
    elif not isinstance(value, dict):
        yield Line(_text(value))
    elif "$ref" in value:
        yield _element(value, endpoints)
    else:
        for name, each in value.items():
            yield Line(_text(each), label(name))


def _element(value: Any, endpoints: Mapping[str, str]) -> Line:
    if not isinstance(value, dict):
        return Line(_text(value))
    shown = next((name for name in TEXTS[::-1] if "$ref" in value and value.get(name)), None)
    shown = shown or next((name for name in TEXTS if value.get(name)), None)
    notes = [_text(value["type"])] if value.get("type") else []
    notes += ["primary"] if value.get("primary") is True else []
    url = _page(value.get("$ref"), endpoints)
    if shown is None:
        rest = {name: each for name, each in value.items() if name not in ("type", "primary")}
        return Line(_text(rest), ", ".join(notes), url)
    return Line(_text(value[shown]), ", ".join(notes), url)


def _page(link: Any, endpoints: Mapping[str, str]) -> str:
    """Return the page of the resource that a ``$ref`` leads to; empty if it is none of ours."""
    above, _, resource_id = str(link or "").rpartition("/")
    kind = endpoints.get(f"/{above.rpartition('/')[2]}")
    return f"/directory/{kind}/{resource_id}" if kind else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return plain(", ".join(f"{name} {each}" for name, each in value.items()), LONGEST)
    return plain(value, LONGEST)
