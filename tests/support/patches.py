"""Resources and the PATCH requests sent to them, legal and illegal, as hypothesis makes them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from scim.protocol.attributes import Attribute
from scim.protocol.filters.nodes import AttributePath, Comparison, ValuePath
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, GROUP_SCHEMA, USER, USER_SCHEMA

from .generated import (
    A_GROUP,
    A_USER,
    Node,
    known_values,
    literals,
    nodes,
    texts,
    value_paths,
    whole,
)
from .generated import values as legal_values
from .scim import UNKNOWN_ID

Record = dict[str, Any]

# Attributes of each kind: what comes after one another should often be about the same thing.
AROUND = {
    "User": (
        *("emails", "emails", "addresses", "photos", "x509Certificates", "name", "userName"),
        *(ENTERPRISE_USER_SCHEMA, ENTERPRISE_USER_SCHEMA, "active", "title", "password"),
    ),
    "Group": ("members", "members", "displayName", "externalId"),
}
# For the ids of users and groups, which differ from run to run. The resource that is patched is
# a member of the crowd, so that the crowd cannot be a member of it.
PEOPLE = ("<ada>", "<bob>", "<cyd>")
GROUPS = ("<tours>", "<crowd>", "<self>")
TAKEN = "already taken"  # the name of another user and of another group

OPS = ("add", "replace", "remove", "Add", "Replace", "Remove", "REPLACE")
ODD_TEXTS = ("", TAKEN, TAKEN.upper(), "é" * 200, "\0", "\x1f", UNKNOWN_ID, "True")
ODD_KEYS = (None, *ODD_TEXTS, "x" * 2001, "é" * 1001)  # 2000 bytes go into an index
ODD_BINARIES = ("TWE", "TWE=", "TW\nE=", "TW==", "TW=", "TW", "T", "TWE==", "T-_=", "=", "@@@@")
ODD_PATHS = (
    *("", " ", "shoeSize", "name.shoeSize", "name.givenName.x", "name..x", ".name", "emails[", "é"),
    *("emails[]", "emails[type]", "emails[type is 1]", "emails[shoe eq 1]", "emails[type eq work]"),
    *('emails[type eq "work"].value.x', 'emails[type eq "work"].shoe', 'emails[type eq "work"]x'),
    *('emails[type eq "work"][value pr]', 'emails[emails[type eq "x"].value eq "x"]', "emails[0]"),
    *("userName[value pr]", "name[givenName pr]", "emails.value[type pr]", 'emails[type gt "w"]'),
    *("emails[primary gt true]", "emails[value eq null]", "members[value pr].type", "/members/-"),
    *("password", "password.value", "emails or title", "x" * 9000, "emails[" + "(" * 50, "urn:x:y"),
    *(USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA, f"{ENTERPRISE_USER_SCHEMA}:shoeSize"),
    *("urn:scim:schemas:core:1.0:title", "urn:scim:schemas:extension:enterprise:1.0:department"),
)
MALFORMED: tuple[Any, ...] = (
    *({"op": "move", "path": "title"}, {"op": "", "path": "title"}, {"op": 1, "path": "title"}),
    *({"path": "title", "value": "x"}, {"op": "add", "path": "title"}, {"op": "replace"}, {}),
    *({"op": "add", "path": 1, "value": "x"}, {"op": "remove", "path": ["title"]}),
    *(None, "remove", [], {"op": "add", "value": {"": "x"}}),
)
NAMES = ("value", "type", "primary", "display", "givenName", "$ref", "shoeSize", "", "Value")
JUNK = st.recursive(
    st.sampled_from(
        (None, True, 0, 2**63, -(10**30), 1.5, "", "x", "True", ENTERPRISE_USER_SCHEMA, *PEOPLE)
    ),
    lambda below: (
        st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(NAMES), below, max_size=2)
    ),
    max_leaves=4,
)
# Clients send a complex value in these forms.
TWISTS: tuple[Callable[[Record], Any], ...] = (
    *(dict,) * 10,
    *(lambda record: record | {"primary": True},) * 4,
    lambda record: {name.upper(): value for name, value in record.items()},
    lambda record: {name: str(value) for name, value in record.items()},
    dict.fromkeys,
    lambda record: record | {"type": "work", "value": "x"},
    lambda record: record | {"shoeSize": 42},
    lambda record: record | {"$ref": "http://example.com/x", "displayName": "x"},
)


@dataclass(frozen=True)
class History:
    """A resource as it is created, and the operations of one PATCH after another."""

    document: Record
    requests: list[list[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Pool:
    """What paths lead to, and the values that filters compare with, by name in lower case.

    What is made of it is ``wild`` if it includes what makes no sense at all.
    """

    targets: list[Node]
    known: dict[str, list[Any]]
    wild: bool


@st.composite
def histories(draw: st.DrawFn, name: str) -> History:
    """Make a legal resource and requests that keep coming back to a few of its attributes."""
    around = draw(st.lists(st.sampled_from(AROUND[name]), min_size=1, max_size=2, unique=True))
    document = draw(_users(around) if name == "User" else _groups())
    known = known_values([document]) | ({} if name == "User" else {"value": [*PEOPLE, *GROUPS]})
    targets, near = _targets(name), [node for node in _targets(name) if _is_near(node, around)]
    near += 3 * [node for node in near if len(node.names) == 1]
    tame = _operations(Pool(near, known, wild=False))
    wild = _operations(Pool(near, known, wild=True))
    wilder = _operations(Pool(targets, known, wild=True))
    requests = _rarely(3, _some(_rarely(3, wilder, wild)), _some(tame))
    return History(document, draw(st.lists(requests, min_size=1, max_size=4)))


@st.composite
def _users(draw: st.DrawFn, around: list[str]) -> Record:
    document = dict(draw(A_USER))
    for attribute in USER.attributes:
        if attribute.name in around and attribute.name not in document:
            document[attribute.name] = draw(st.none() | whole(attribute, least=2))
    if manager := draw(st.none() | st.sampled_from(PEOPLE)):
        extension = document.get(ENTERPRISE_USER_SCHEMA) or {}
        document[ENTERPRISE_USER_SCHEMA] = extension | {"manager": {"value": manager}}
    return document


@st.composite
def _groups(draw: st.DrawFn) -> Record:
    members = draw(st.lists(st.sampled_from((*PEOPLE, "<tours>")), unique=True))
    return dict(draw(A_GROUP)) | {"members": [{"value": member} for member in members]}


def _some(operations: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(operations, min_size=1, max_size=4)


def _is_near(node: Node, around: list[str]) -> bool:
    """Tell whether a path belongs to one of those attributes; within a member, all is an error."""
    return node.names[0] in around and not (node.names[0] == "members" and len(node.names) > 1)


def _rarely(one_in: int, rare: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> Any:
    return st.integers(1, one_in).flatmap(lambda number: rare if number == one_in else usual)


@cache
def _targets(name: str) -> list[Node]:
    """Return all that a path may name, extension attributes also without their URN."""
    resource_type = USER if name == "User" else GROUP
    unqualified = [
        Node(below, AttributePath(below.name), (extension.name, below.name))
        for extension in resource_type.extension_attributes
        for below in extension.sub_attributes
    ]
    secret = [
        Node(attribute, AttributePath(attribute.name), (attribute.name,))
        for attribute in resource_type.attributes
        if attribute.returned == "never"
    ]
    return [*nodes(resource_type), *unqualified, *secret]


@st.composite
def _operations(draw: st.DrawFn, pool: Pool) -> Any:
    op, kind = draw(st.sampled_from(OPS)), draw(st.integers(0, 19 if pool.wild else 15))
    if kind == 19:
        return draw(st.sampled_from(MALFORMED))
    if kind == 18:
        return {"op": op, "value": draw(JUNK)}
    if kind in (14, 15) and op.lower() != "remove":
        return {"op": op, "value": dict(draw(st.lists(_aims(pool, op), max_size=3)))}
    path, value = draw(_aims(pool, op))
    if kind in (16, 17):
        path = draw(st.sampled_from(ODD_PATHS))
    if op.lower() == "remove" and draw(st.integers(0, 3)):
        return {"op": op, "path": path}
    return {"op": op, "path": path, "value": value}


@st.composite
def _aims(draw: st.DrawFn, pool: Pool, op: str) -> tuple[str, Any]:
    """Make a path and a value for what it leads to."""
    node = draw(st.sampled_from(pool.targets))
    last, path, narrowed = node.attribute, node.path, draw(_narrows(node.attribute, op))
    if narrowed:
        below = draw(_rarely(2, st.sampled_from(node.attribute.sub_attributes), st.none()))
        chosen = draw(_rarely(4, value_paths(node, pool.known), _selections(node, pool)))
        path = ValuePath(chosen.path, chosen.value_filter, below and below.name)
        last = below or last
    usual = _values(last, narrowed)
    return draw(texts(st.just(path))), draw(_rarely(6, JUNK, usual) if pool.wild else usual)


def _narrows(attribute: Attribute, op: str) -> st.SearchStrategy[bool]:
    """Decide whether a path has a filter, which is often an error of extensions and members."""
    if attribute.type != "complex":
        return st.just(False)
    changes_member = attribute.name == "members" and op.lower() != "remove"
    errs = attribute.name.startswith("urn:") or changes_member
    return _rarely(9, st.just(True), st.just(False)) if errs else st.booleans()


@st.composite
def _selections(draw: st.DrawFn, node: Node, pool: Pool) -> ValuePath:
    """Make the paths that identity providers use, as ``emails[type eq "work"]``."""
    simple = [below for below in node.attribute.sub_attributes if below.type != "complex"]
    usual = [below for below in simple if below.name in ("value", "type", "primary")]
    below = draw(st.sampled_from(usual or simple))
    kind = bool if below.type == "boolean" else str
    known = [value for value in pool.known.get(below.key, ()) if isinstance(value, kind)]
    made = literals(below, pool.known)
    value = draw(_rarely(5, made, st.sampled_from(known)) if known else made)
    return ValuePath(node.path, Comparison(AttributePath(below.name), "eq", value))


@cache
def _values(attribute: Attribute, narrowed: bool = False) -> st.SearchStrategy[Any]:
    """Make values for an attribute as clients do, not all of them legal."""
    if attribute.name == "schemas":
        return st.lists(st.sampled_from((USER_SCHEMA, ENTERPRISE_USER_SCHEMA, "urn:x")))
    if attribute.name == "members":
        usual = st.sampled_from((*PEOPLE, "<tours>"))
        ids = _rarely(6, st.sampled_from((*GROUPS, UNKNOWN_ID)), usual)
        member = ids.map(lambda member_id: {"value": member_id})
        return st.lists(member, max_size=3) | member
    value = _single(attribute)
    if attribute.multi_valued and not narrowed:
        return _rarely(4, value, _rarely(6, st.just([]), st.lists(value, min_size=1, max_size=3)))
    return value


def _single(attribute: Attribute) -> st.SearchStrategy[Any]:
    usual = legal_values(attribute)
    match attribute.type:
        case "complex":
            twisted = st.tuples(_record(attribute), st.sampled_from(TWISTS))
            return twisted.map(lambda pair: pair[1](pair[0]))
        case "boolean":
            return _rarely(8, st.sampled_from(("True", "false")), usual)
        case "binary":
            return _rarely(3, st.sampled_from(ODD_BINARIES), usual)
    if attribute.required or attribute.name == "externalId":
        return _rarely(2, st.sampled_from(ODD_KEYS), usual)
    return _rarely(8, st.sampled_from((*ODD_TEXTS, *PEOPLE)), usual)


def _record(attribute: Attribute) -> st.SearchStrategy[Record]:
    chosen = st.lists(st.sampled_from(attribute.sub_attributes), unique=True, max_size=4)
    return chosen.flatmap(
        lambda some: st.fixed_dictionaries({below.name: _values(below) for below in some})
    )
