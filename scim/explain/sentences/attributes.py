"""The attributes that the operations of a PATCH and filters name, with plain words for them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from scim.protocol.errors import ScimError
from scim.protocol.filters.nodes import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Or,
    Path,
    ValuePath,
)
from scim.protocol.filters.parser import parse_path
from scim.protocol.tolerance import Tolerated

from ..bodies import Reading, get, is_object
from ..words import plain

LABELS = {
    "active": "state",
    "addresses": "postal address",
    "costcenter": "cost centre",
    "displayname": "display name",
    "emails": "address",
    "employeenumber": "employee number",
    "externalid": "externalId",
    "name": "name",
    "name.familyname": "family name",
    "name.formatted": "full name",
    "name.givenname": "given name",
    "nickname": "nickname",
    "phonenumbers": "phone number",
    "photos": "photo",
    "preferredlanguage": "language",
    "roles": "role",
    "entitlements": "entitlement",
    "timezone": "time zone",
    "username": "userName",
    "usertype": "user type",
}
TYPED = {"emails": "address", "phonenumbers": "number", "addresses": "postal address"}
MemberOp = Literal["add", "remove", "set"]
OPS = ("add", "remove", "replace")
UNSAID = ("schemas", "id", "meta")  # providers repeat them


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that an operation of a PATCH is about."""

    op: str
    path: str
    value: Any
    target: Path | None

    @property
    def name(self) -> str:
        """The name in small letters without its URN, with the sub-attribute: ``name.givenname``."""
        target = self.target
        if target is None:
            return self.path.rpartition(":")[2].lower()
        path = target.path if isinstance(target, ValuePath) else target
        below = "" if isinstance(target, ValuePath) else path.sub_attribute
        return (f"{path.name}.{below}" if below else path.name).lower()

    @property
    def is_clearing(self) -> bool:
        value = get(self.value, "value") if is_object(self.value) else self.value
        return self.op == "remove" or value in (None, "", []) or self.value == {}

    @property
    def label(self) -> str:
        """The attribute in plain words: ``work address``, ``family name``."""
        kind = self.kind
        if kind and (noun := TYPED.get(self.name)):
            return f"{plain(kind, 20)} {noun}"
        found = self.target.path if isinstance(self.target, ValuePath) else self.target
        as_sent = str(AttributePath(found.name, found.sub_attribute)) if found else self.path
        return LABELS.get(self.name) or plain(as_sent, 40)

    @property
    def part(self) -> str:
        """The sub-attribute behind brackets, unless that is the value itself."""
        below = self.target.sub_attribute if isinstance(self.target, ValuePath) else None
        return below if below and below.lower() != "value" else ""

    @property
    def kind(self) -> str:
        """The ``type`` that a filter in the path asks for."""
        condition = self.target.value_filter if isinstance(self.target, ValuePath) else None
        value = compared(condition, "type") if condition else None
        return value if isinstance(value, str) else ""


def compared(node: Filter | None, name: str) -> Any:
    """Return the value that a filter asks an attribute to be equal to; None if it does not."""
    match node:
        case Comparison(path, "eq", value) if str(path).lower() == name.lower():
            return value
        case And(terms) | Or(terms):
            return next((v for v in (compared(t, name) for t in terms) if v is not None), None)
    return None


def changes(reading: Reading) -> list[Change]:
    """Return what the operations of a PATCH are about, one by one; keys in a value are paths."""
    found = ((str(each.get("op", "")).lower(), each) for each in reading.operations)
    return [
        change
        for op, operation in found
        if op in OPS
        for change in _changes(op, operation)
        if change.name not in UNSAID
    ]


def _changes(op: str, operation: dict[str, Any]) -> Iterator[Change]:
    path, value = operation.get("path"), operation.get("value")
    if path and isinstance(path, str):
        yield Change(op, path, value, _target(path))
    elif isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, dict) and key.lower().startswith("urn:"):
                yield from (Change(op, k, v, _target(k)) for k, v in member.items())
            else:
                yield Change(op, key, member, _target(key))


def _target(path: str) -> Path | None:
    try:
        return parse_path(path, Tolerated())
    except (ScimError, RecursionError):
        return None


def member_changes(found: Iterable[Change]) -> Iterator[tuple[MemberOp, list[Any]]]:
    """Yield what a PATCH does to a group's members; ``set`` to none removes all."""
    for change in found:
        if change.name != "members":
            continue
        values = change.value if isinstance(change.value, list) else [change.value]
        values = [each for each in values if each not in (None, "", {})]
        selected = change.target.value_filter if isinstance(change.target, ValuePath) else None
        if change.op == "remove" and (selected or values):
            yield "remove", [compared(selected, "value")] if selected else values
        elif change.op in ("remove", "replace"):
            yield "set", [] if change.op == "remove" else values
        else:
            yield "add", values


def member_id(member: Any) -> str:
    return str(get(member, "value") if is_object(member) else member)
