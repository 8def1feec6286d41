"""Documents and filters as hypothesis makes them, from what the schemas say of every attribute."""

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scim.protocol.attributes import Attribute
from scim.protocol.errors import InvalidValueError
from scim.protocol.filters.nodes import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Or,
    Present,
    ValuePath,
)
from scim.protocol.schema import GROUP, USER, ResourceType
from scim.protocol.values import PLACEHOLDER, check, fold_text
from scim.serializers.user_names import FILLERS

WORDS = (
    *("work", "Work", "WORKER", "home", "bjensen", "a@b.example", "", " ", "%", "_", "a%b_c"),
    *("\\", '"', "'", "\\'\"", "/", "$", "^.*$", "(a|b)", "[x]", "***:a", "?", "#", "-", "{1}"),
    *("é", "e\u0301", "É", "ﬁ", "FI", "straße", "STRASSE", "İ", "ı", "Σ", "ς", "ǅ", "한", "한"),
    *("😀", "👩\u200d💻", "\uffff", "\U0010ffff", "\u2028", "\x7f", "\x01", "\t", "\n", "a\r\nb"),
    *('abc"def\\ghi', "one%two_six/ten", "\tabc\ndef"),
    *("true", "null", "1", "2026-01-31T12:00:00Z", 'a" or "1" eq "1'),
)
TEXT = st.one_of(
    st.sampled_from(WORDS),
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1f"),
        min_size=1,
        max_size=6,
    ),
)
OPERATORS = {
    "boolean": ("eq", "ne"),
    "binary": ("eq", "ne"),
    "dateTime": ("eq", "ne", "gt", "ge", "lt", "le"),
}
Known = dict[str, list[Any]]
TEXT_OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
WITHIN = {"name", "emails", "phoneNumbers", "photos", "addresses", "groups", "manager", "members"}
WITHIN |= {"x509Certificates", "roles", "meta"}
REFERRED_AS = {"id": "value", "location": "$ref", "displayName": "display", "value": "display"}
RELATED = ("groups", "members")  # in the order of ids, which differ from run to run
INSTANTS = ("2011-05-13T04:42:34Z", "2999-01-01T00:00:00.5+02:00", "0001-01-01T00:00:00")


def values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Make one value of ``attribute``, complex or simple."""
    match attribute.type:
        case "complex":
            return _members([a for a in attribute.sub_attributes if a.mutability != "readOnly"])
        case "boolean":
            return st.booleans()
        case "binary":
            return st.binary(max_size=4).map(lambda data: b64encode(data).decode())
        case "dateTime":
            return st.sampled_from(INSTANTS)
    if attribute.canonical_values:
        return st.sampled_from(attribute.canonical_values) | TEXT
    return TEXT


def _members(attributes: list[Attribute], most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """Make an object with some of ``attributes``."""
    chosen = st.lists(st.sampled_from(attributes), unique=True, max_size=most)
    return chosen.flatmap(lambda some: st.fixed_dictionaries({a.name: whole(a) for a in some}))


def whole(attribute: Attribute, least: int = 0) -> st.SearchStrategy[Any]:
    """Make all values of ``attribute``, at most one of them primary."""
    if not attribute.multi_valued:
        return values(attribute)
    return st.lists(values(attribute), min_size=least, max_size=3).map(_with_one_primary)


def _with_one_primary(items: list[Any]) -> list[Any]:
    first = next((i for i, item in enumerate(items) if item.get("primary")), None)
    return [
        item | {"primary": False} if item.get("primary") and i != first else item
        for i, item in enumerate(items)
    ]


def _named(name: str, resource_type: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    """Make a resource with a name, without ``schemas`` and members."""
    others = [
        attribute
        for attribute in resource_type.attributes
        if attribute.mutability == "readWrite"
        and attribute.name not in ("schemas", "members", name)
    ]
    return st.tuples(TEXT.filter(_is_visible), _members(others, 8)).map(
        lambda pair: pair[1] | {name: pair[0]}
    )


def _is_visible(name: str) -> bool:
    """Tell whether a text may be a userName."""
    return bool(name) and name.isprintable() and not FILLERS.search(name)


def _several(name: str, one: st.SearchStrategy[dict[str, Any]], number: int) -> Any:
    """Make resources of which no two have the same name."""
    return st.lists(one, min_size=2, max_size=number, unique_by=lambda r: fold_text(r[name]))


A_USER = _named("userName", USER)
A_GROUP = _named("displayName", GROUP)
USERS = _several("userName", A_USER, 6)
GROUPS = _several("displayName", A_GROUP, 3)


@dataclass(frozen=True)
class Node:
    """An attribute that a filter may name, with the path to it and its place in a document."""

    attribute: Attribute
    path: AttributePath
    names: tuple[str, ...] = ()

    def is_in(self, value: Any, depth: int = 0) -> bool:
        """Tell whether a document, or what is in it at some depth, has the attribute."""
        if isinstance(value, list):
            return any(self.is_in(item, depth) for item in value)
        if depth == len(self.names):
            return value is not None
        return isinstance(value, dict) and self.is_in(value.get(self.names[depth]), depth + 1)


def nodes(resource_type: ResourceType) -> Iterator[Node]:
    """Yield every attribute and sub-attribute that may be filtered by."""
    core, extensions = resource_type.schema.id, resource_type.extension_attributes
    for attribute in resource_type.attributes:
        if attribute in extensions:
            urn = attribute.name
            yield Node(attribute, AttributePath("User", urn=urn.removesuffix(":User")), (urn,))
            yield from _below(attribute.sub_attributes, urn, (urn,))
        elif attribute.returned != "never":
            yield from _below([attribute], None)
            yield from _below([attribute], core)


def _below(
    attributes: Iterable[Attribute], urn: str | None, names: tuple[str, ...] = ()
) -> Iterator[Node]:
    for attribute in attributes:
        place = (*names, attribute.name)
        yield Node(attribute, AttributePath(attribute.name, urn=urn), place)
        for below in attribute.sub_attributes:
            path = AttributePath(attribute.name, below.name, urn)
            yield Node(below, path, (*place, below.name))


def filters(
    resource_type: ResourceType, documents: list[dict[str, Any]], names: Iterable[str] = ()
) -> st.SearchStrategy[Filter]:
    """Make filters on a resource type whose values resemble those in ``documents``.

    With ``names`` they ask for nothing but these attributes.
    """
    known = known_values(documents, names)
    named = [node for node in nodes(resource_type) if not names or node.names[0] in names]
    named += 3 * [node for node in named if node.is_in(documents)]
    filtered_within = [node for node in named if node.attribute.name in WITHIN]
    simple = st.sampled_from(named).flatmap(lambda node: _tests(node, known))
    within = st.sampled_from(filtered_within).flatmap(lambda node: _value_paths(node, known))
    return _joined(simple | within)


def known_values(documents: list[dict[str, Any]], names: Iterable[str] = ()) -> Known:
    """Return the simple values in documents by the attribute's name in lower case."""
    known: Known = {}
    for document in sorted(documents, key=lambda d: d.get("userName") or d["displayName"]):
        chosen = names or [name for name in document if name not in RELATED]
        for name, value in _simple_values({name: document.get(name) for name in chosen}):
            known.setdefault(name.lower(), []).append(value)
    return known


def _joined(terms: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        terms,
        lambda below: st.one_of(
            st.lists(below, min_size=2, max_size=3).map(lambda some: And(tuple(some))),
            st.lists(below, min_size=2, max_size=3).map(lambda some: Or(tuple(some))),
            below.map(Not),
        ),
        max_leaves=4,
    )


def value_paths(node: Node, known: Known) -> st.SearchStrategy[ValuePath]:
    """Make paths to the elements of a complex attribute that match a filter."""
    inner = st.sampled_from(node.attribute.sub_attributes).flatmap(
        lambda below: _tests(Node(below, AttributePath(below.name)), known)
    )
    return _joined(inner).map(lambda condition: ValuePath(node.path, condition))


def _value_paths(node: Node, known: Known) -> st.SearchStrategy[Filter]:
    paths = value_paths(node, known)
    beside = st.sampled_from(node.attribute.sub_attributes).flatmap(
        lambda below: paths.flatmap(
            lambda path: _tests(
                Node(below, ValuePath(path.path, path.value_filter, below.name)), known
            )
        )
    )
    return paths | beside


def _tests(node: Node, known: Known) -> st.SearchStrategy[Filter]:
    attribute = node.attribute
    if attribute.type == "complex":
        attribute = attribute.find("value") or attribute
    present = st.just(Present(node.path))
    if attribute.type == "complex":
        return present
    operators = st.sampled_from(OPERATORS.get(attribute.type, TEXT_OPERATORS))
    comparisons = st.tuples(operators, literals(attribute, known)).map(
        lambda pair: Comparison(node.path, *pair)
    )
    nulls = st.sampled_from(("eq", "ne")).map(lambda name: Comparison(node.path, name, None))
    return st.one_of(comparisons, comparisons, comparisons, present, nulls)


def literals(attribute: Attribute, known: Known) -> st.SearchStrategy[Any]:
    """Make values to compare a simple attribute with, most of them like one of those known."""
    made, found = values(attribute), known.get(attribute.key, [])
    alike = [value for value in found if _is_legal(attribute, value)]
    if not alike:
        return made
    same = st.sampled_from(alike)
    if attribute.type in OPERATORS:
        return same | made
    return st.one_of(same, same.flatmap(_variants), same.flatmap(_pieces), made)


def _is_legal(attribute: Attribute, value: Any) -> bool:
    try:
        check(attribute, value.removeprefix(PLACEHOLDER) if isinstance(value, str) else value)
    except InvalidValueError:
        return False
    return True


def _variants(text: str) -> st.SearchStrategy[str]:
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC")]
    return st.sampled_from([text.swapcase(), text.upper(), text.lower(), *forms])


def _pieces(text: str) -> st.SearchStrategy[str]:
    ends = st.integers(0, len(text))
    return st.one_of(
        ends.map(lambda end: text[:end]),
        ends.map(lambda start: text[start:]),
        ends.map(lambda start: text[start : start + 1]),
    )


def _simple_values(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in a document, each also under the name by which others refer to it."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _simple_values(member, key)
    elif isinstance(value, list):
        for item in value:
            yield from _simple_values(item, name)
    elif value is not None:
        yield name, value
        if name in REFERRED_AS:
            yield REFERRED_AS[name], value


def texts(nodes_: st.SearchStrategy[Filter]) -> st.SearchStrategy[str]:
    """Print filters, some of them with names and operators in another case."""
    return st.tuples(nodes_.map(str), st.sampled_from(CASES)).map(lambda pair: pair[1](pair[0]))


def _recase(text: str, change: Any) -> str:
    """Change the case of what stands outside of quotation marks."""
    parts, start, decoder = [], 0, json.JSONDecoder(strict=False)
    while (quote := text.find('"', start)) >= 0:
        _, end = decoder.raw_decode(text, quote)
        parts += [change(text[start:quote]), text[quote:end]]
        start = end
    return "".join([*parts, change(text[start:])])


def _shout(text: str) -> str:
    return re.sub(r"\b(TRUE|FALSE|NULL)\b", lambda found: found[0].lower(), text.upper())


CASES = (str, str, lambda text: _recase(text, _shout))
