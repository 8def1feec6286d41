"""What a request does, as verbs: ``create`` the user Jane Berg; ``add`` 2 members to Sales."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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

from .bodies import Reading, get, is_object
from .words import MASK, counted, listed, plain

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
PLURALS = {"emails", "phonenumbers", "addresses", "roles", "entitlements", "photos", "ims"}
TRUE, FALSE = ("true",), ("false",)
UNSAID = ("schemas", "id", "meta")


@dataclass(frozen=True, slots=True)
class Act:
    """A verb in its base form, and the words behind it."""

    verb: str
    rest: str


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
    return [
        change
        for operation in reading.operations
        for change in _changes(str(operation.get("op", "")).lower(), operation)
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


def patch_acts(reading: Reading) -> list[Act]:
    """Return what a PATCH does to a user, a group or another resource."""
    found = changes(reading)
    if not found:
        return [Act("send", f"a PATCH of {reading.called} without anything to change")]
    if reading.resource_type == "Group":
        return _group_acts(reading, found)
    acts = []
    state = [each for each in found if each.name == "active" and not each.is_clearing]
    if state:
        is_active = str(state[-1].value).lower() in TRUE
        if is_active or str(state[-1].value).lower() in FALSE:
            acts.append(Act("reactivate" if is_active else "deactivate", reading.called))
            found = [each for each in found if each.name != "active"]
    if any(each.name == "password" for each in found):
        acts.append(Act("set", f"a new password for {reading.called}"))
        found = [each for each in found if each.name != "password"]
    return acts + _profile_acts(reading, found)


def _profile_acts(reading: Reading, found: Sequence[Change]) -> list[Act]:
    labels = list(dict.fromkeys(each.label for each in found))
    if not labels:
        return []
    if len(labels) > 1 or len(found) > 1:
        return [Act("update", f"the {_profile(reading)}: {listed(labels)}")]
    [change] = found
    label, called = change.label, reading.called
    if "created_value_path" in reading.exchange.tolerated:
        return [Act("make", f"the {label} of {called} because there was none")]
    plural = label + ("es" if label.endswith("s") else "s")
    if change.is_clearing:
        is_all = change.name in PLURALS and not isinstance(change.target, ValuePath)
        return [Act("remove", f"{f'all {plural}' if is_all else f'the {label}'} of {called}")]
    if change.part.lower() == "primary" and str(change.value).lower() in TRUE:
        return [Act("mark", f"the {label} of {called} as primary")]
    if change.op == "add" and isinstance(change.value, list):
        return [Act("add", f"{counted(len(change.value), label, plural)} to {called}")]
    return [Act("set", f"the {label} of {called}{_to(reading, change)}")]


def _profile(reading: Reading) -> str:
    return f"profile of {reading.called}" if reading.resource_type == "User" else reading.called


def _to(reading: Reading, change: Change) -> str:
    """Return `` to "Guide"`` if the value is short; the name of a manager."""
    value = change.value
    if change.part:
        return ""
    if change.name.startswith("manager"):
        known = reading.known.get(_id(value[0] if isinstance(value, list) and value else value))
        return f" to {plain(known)}" if known else ""
    if isinstance(value, str) and not MASK.search(value) and not value.startswith("{"):
        return f' to "{plain(value, 40)}"'
    return ""


def _group_acts(reading: Reading, found: Sequence[Change]) -> list[Act]:
    """Return the acts of a PATCH of a group; the group is named in the first of them."""
    group = reading.called
    names = [each for each in found if each.name == "displayname"]
    acts = []
    if names and isinstance(names[-1].value, str):
        acts.append(Act("give", f"{group} the name {plain(names[-1].value)}"))
        named = reading.subject.name.casefold() == names[-1].value.casefold()
        acts = [Act("name", group)] if named else acts
    acts += _member_acts(reading, found, group)
    acts = acts[:1] + [Act(act.verb, act.rest.replace(group, "it")) for act in acts[1:]]
    rest = [each for each in found if each.name not in ("displayname", "members")]
    labels = list(dict.fromkeys(each.label for each in rest))
    if labels and not acts:
        acts.append(Act("set", f"the {listed(labels)} of {group}"))
    return acts


def _member_acts(reading: Reading, found: Sequence[Change], group: str) -> Iterator[Act]:
    added: list[Any] = []
    removed: list[Any] = []
    for change in (each for each in found if each.name == "members"):
        values = change.value if isinstance(change.value, list) else [change.value]
        values = [each for each in values if each not in (None, "", {})]
        selected = change.target.value_filter if isinstance(change.target, ValuePath) else None
        if change.op == "remove" and (selected or values):
            removed += [compared(selected, "value")] if selected else values
        elif change.op == "remove" or (change.op == "replace" and not values):
            yield Act("remove", f"all members of {group}")
        elif change.op == "replace":
            yield Act("set", f"the members of {group}: {_people(reading, values)}")
        else:
            added += values
    if added:
        yield Act("add", f"{_people(reading, added)} to {group}")
    if removed:
        yield Act("remove", f"{_people(reading, removed)} from {group}")


def _people(reading: Reading, members: Sequence[Any]) -> str:
    """Return members by their names if all have one, or else their number."""
    members = list({_id(each): each for each in members}.values())
    known = [_member(reading, each) for each in members]
    if len(known) <= 3 and all(known):
        return listed([plain(each, 40) for each in known])
    return counted(len(members), "member")


def _member(reading: Reading, member: Any) -> str:
    display = get(member, "display")
    return display if isinstance(display, str) else reading.known.get(_id(member), "")


def _id(member: Any) -> str:
    return str(get(member, "value") if is_object(member) else member)


def put_acts(reading: Reading) -> list[Act]:
    """Return what a PUT does: it has the whole resource, so only the state is certain."""
    if reading.resource_type == "Group":
        return [Act(_push(reading, "replace"), f"{reading.called}{_with_members(reading)}")]
    state = get(reading.sent, "active")
    if str(state).lower() in FALSE:
        return [Act("deactivate", reading.called)]
    acts = [Act("update", f"the {_profile(reading)}")]
    if get(reading.sent, "password"):
        acts.append(Act("set", "a new password"))
    return acts


def post_acts(reading: Reading) -> list[Act]:
    if reading.resource_type == "Group":
        return [Act(_push(reading, "create"), f"{reading.called}{_with_members(reading)}")]
    noun = "the user " if reading.resource_type == "User" and reading.subject.name else ""
    user_name = get(reading.sent, "userName")
    is_told = reading.exchange.is_failed and user_name and user_name != reading.subject.name
    return [Act("create", f"{noun}{reading.called}{f' ({plain(user_name)})' if is_told else ''}")]


def _push(reading: Reading, otherwise: str) -> str:
    return "push" if reading.exchange.provider == "Okta" else otherwise


def _with_members(reading: Reading) -> str:
    members = get(reading.sent, "members")
    if not isinstance(members, list) or (not members and reading.method == "POST"):
        return ""
    if not members:
        return " without members"
    least = "at least " if reading.exchange.request.is_cut else ""
    return f" with {least}{counted(len(members), 'member')}"


def bulk_acts(reading: Reading) -> list[Act]:
    """Return what a bulk request did, as its answer tells."""
    results = get(reading.answered, "Operations")
    sent = len(reading.operations)
    many = f"{counted(sent, 'operation')} in one request"
    if reading.exchange.request.is_cut:
        many = "many operations in one request"
    if not isinstance(results, list) or reading.exchange.answer.is_cut:
        return [Act("send", many)]
    done = sum(1 for each in results if re.match(r"[123]", str(get(each, "status"))))
    if done == sent:
        told = "all were done" if sent != 1 else "it was done"
    else:
        told = f"{done or 'none'} {'was' if done == 1 else 'were'} done"
    return [Act("send", f"{many}; {told}")]
