"""The acts of a request, as verbs: ``create`` the user Jane Berg; ``add`` 2 members to Sales."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scim.protocol.filters.nodes import ValuePath
from scim.protocol.headers import DRY_RUN

from ..bodies import Reading, get
from ..words import MASK, counted, listed, number, plain
from .attributes import Change, changes, member_changes, member_id

PLURALS = {"emails", "phonenumbers", "addresses", "roles", "entitlements", "photos", "ims"}
TRUE, FALSE = ("true",), ("false",)


@dataclass(frozen=True, slots=True)
class Act:
    """A verb in its base form, and the words behind it."""

    verb: str
    rest: str


def patch_acts(reading: Reading) -> list[Act]:
    """Return what a PATCH does to a user, a group or another resource."""
    found = changes(reading)
    if not found:
        is_empty = isinstance(get(reading.sent, "Operations"), list) and not reading.operations
        without = f"a PATCH of {reading.called} without operations"
        return [Act("send", without) if is_empty else Act("change", reading.called)]
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
        known = reading.known.get(
            member_id(value[0] if isinstance(value, list) and value else value)
        )
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
    members = list(_member_acts(reading, found, group))
    if members and acts and acts[0].verb == "name":
        acts = []  # Okta repeats the name with each change of the members
    acts += members
    acts = acts[:1] + [Act(act.verb, act.rest.replace(group, "it")) for act in acts[1:]]
    rest = [each for each in found if each.name not in ("displayname", "members")]
    labels = list(dict.fromkeys(each.label for each in rest))
    if labels and not acts:
        acts.append(Act("set", f"the {listed(labels)} of {group}"))
    return acts


def _member_acts(reading: Reading, found: Sequence[Change], group: str) -> Iterator[Act]:
    added: list[Any] = []
    removed: list[Any] = []
    for op, values in member_changes(found):
        if op == "set" and values:
            yield Act("set", f"the members of {group}: {_people(reading, values)}")
        elif op == "set":
            yield Act("remove", f"all members of {group}")
        else:
            (added if op == "add" else removed).extend(values)
    if added:
        yield Act("add", f"{_people(reading, added)} to {group}")
    if removed:
        yield Act("remove", f"{_people(reading, removed)} from {group}")


def _people(reading: Reading, members: Sequence[Any]) -> str:
    """Return members by their names if all have one, or else their number."""
    members = list({member_id(each): each for each in members}.values())
    known = [_member(reading, each) for each in members]
    if len(known) <= 3 and all(known):
        return listed([plain(each, 40) for each in known])
    return counted(len(members), "member")


def _member(reading: Reading, member: Any) -> str:
    display = get(member, "display")  # Okta sends the userName
    known = reading.known.get(member_id(member), "")
    return known or (display if isinstance(display, str) else "")


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
    if not sent:
        return [Act("send", "no operations in one request")]
    whole = "it" if sent == 1 else "all"
    many_done = whole if done == sent else number(done) if done else "none"
    verb = "was" if done == 1 else "were"
    verb = "would be" if reading.exchange.applied == DRY_RUN else verb
    return [Act("send", f"{many}; {many_done} {verb} done")]
