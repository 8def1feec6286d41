"""Protected users: SCIM cannot deactivate, delete or rename them, nor end their protection.

A rule is a filter. What a request did is known by then, so a rule is held against the users as they
were, without a query. A filter that asks for groups is also held against users who leave a group.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from scim.protocol.errors import ForbiddenError, InvalidFilterError, ScimError
from scim.protocol.filters.evaluate import holds
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import Compare, Condition, Some, resolve
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record, fold
from scim.serializers.stored import represent
from scim.storage import Change, Operation, Stored, Transaction
from scim.storage.protections import Leaving

from .brake import is_deactivated

GROUPS = ("groups",)
IS_PROTECTED = "the user is protected"
ENDS = "the change would end the protection of the user"
NAMES = "the group's name protects users, SCIM cannot change it"
LEAVES = "a user in the group is protected by being in it"
END = (
    "; leave that out in the provider, or let the operator of this server end the protection"
    " with `python manage.py user unprotect`"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a tenant, bound to its users.

    ``ids`` are the rules that only name an id, ``others`` all others with their conditions, and
    ``groups`` the conditions on one group of a user in them.
    """

    ids: Mapping[str, str]
    others: Sequence[tuple[str, Condition]]
    groups: Sequence[Condition]

    def of(self, user_id: str, folded: Record) -> str | None:
        """Return the rule that protects a user, None if none does."""
        if user_id in self.ids:
            return self.ids[user_id]
        return next((rule for rule, met in self.others if holds(met, folded)), None)

    def ask_for(self, group: Record) -> bool:
        """Tell whether a rule asks for a group, as a user who is in it shows it."""
        return any(holds(each, group) for each in self.groups)


@lru_cache
def read(rules: tuple[str, ...], user_type: ResourceType) -> Rules:
    """Return rules as they are held against users; one that no longer fits them protects nobody."""
    ids, others, asked = {}, [], []
    for rule in rules:
        try:
            condition = resolve(parse_filter(rule), user_type)
        except ScimError:
            continue
        match condition:
            case Compare(("id",), _, "eq", value):
                ids[str(value)] = rule
            case _:
                others.append((rule, condition))
                asked += [inner for inner, _ in _asked(condition, is_negated=False)]
    return Rules(ids, others, asked)


def normalized(text: str, user_type: ResourceType) -> str:
    """Return a rule as it is stored.

    :raises InvalidFilterError: it is no filter of users, or asks in which group a user is not
    """
    parsed = parse_filter(text)
    if any(is_negated for _, is_negated in _asked(resolve(parsed, user_type), is_negated=False)):
        raise InvalidFilterError("a rule cannot ask for users who are not in a group")
    return str(parsed)


def _asked(condition: Condition, is_negated: bool) -> Iterator[tuple[Condition, bool]]:
    """Yield the conditions on a group of the user, and whether they must not be met."""
    match condition:
        case Some(keys, _, inner) if keys == GROUPS:
            yield inner, is_negated
        case Not(term):
            yield from _asked(term, not is_negated)
        case And(terms) | Or(terms):
            for term in terms:
                yield from _asked(term, is_negated)


def check(transaction: Transaction, rules: tuple[str, ...], user_type: ResourceType) -> None:
    """Look at what a transaction has done, at its end.

    :raises ForbiddenError: a user is protected against it
    """
    known = read(rules, user_type)
    for change in transaction.changes:
        if change.resource_type == user_type.name and change.cause is None and change.before:
            _check_user(change, transaction.was[change.resource_id], known, user_type)
    if known.groups:
        _check_renamed(transaction, known, user_type)
        _check_leaving(transaction, known, user_type)


def _check_user(change: Change, was: Stored, rules: Rules, user_type: ResourceType) -> None:
    if not rules.others and was.id not in rules.ids:
        return
    before = _folded(was, user_type)
    rule = rules.of(was.id, before)
    if rule is None:
        return
    if change.after is None:
        raise refused(rule, "delete")
    after = _folded(replace(was, body=change.after), user_type)
    if is_deactivated(change):
        raise refused(rule, "deactivate")
    if change.operation is not Operation.RESTORE and _name(change.before) != _name(change.after):
        raise refused(rule, "rename")
    if rules.of(was.id, after) is None:
        raise ForbiddenError(f"{ENDS} ({rule}){END}")


def refused(rule: str, act: str) -> ForbiddenError:
    """Return the error of a request that would do that to a protected user."""
    return ForbiddenError(f"{IS_PROTECTED} ({rule}), SCIM cannot {act} it{END}")


def _name(body: str | None) -> object:
    return json.loads(body or "{}", strict=False).get("userName")


def _check_renamed(transaction: Transaction, rules: Rules, user_type: ResourceType) -> None:
    """Raise if a group that a rule asks for by its name has got another one."""
    for change in transaction.changes:
        if change.resource_type == "Group" and change.before and change.after:
            was, now = (json.loads(each, strict=False) for each in (change.before, change.after))
            named = [_group(change.resource_id, each["displayName"]) for each in (was, now)]
            before, after = (_folded_groups(each, user_type) for each in named)
            if any(holds(each, before[0]) and not holds(each, after[0]) for each in rules.groups):
                raise ForbiddenError(f"{NAMES}{END}")


def _check_leaving(transaction: Transaction, rules: Rules, user_type: ResourceType) -> None:
    """Raise if a protected user is in no group any more that a rule asks for."""
    changed = [each for each in transaction.changes if False in each.members.values()]
    if not changed:
        return
    leaving = Leaving(transaction.connection, transaction.tenant_id)
    names = leaving.names([each.resource_id for each in changed])
    for change in changed:
        if change.operation is Operation.DELETE and change.before:
            names[change.resource_id] = json.loads(change.before, strict=False)["displayName"]
    shown = [each for group_id, name in names.items() for each in _group(group_id, name)]
    asked = [each for each in shown if rules.ask_for(_folded_groups([each], user_type)[0])]
    members = {who for each in changed for who, joined in each.members.items() if not joined}
    for user in leaving.users(members) if asked else ():
        rule = rules.of(user.id, _folded(user, user_type, asked))
        if rule and rules.of(user.id, _folded(user, user_type)) is None:
            raise ForbiddenError(f"{LEAVES} ({rule}){END}")


def _folded(stored: Stored, user_type: ResourceType, groups: Sequence[Record] = ()) -> Record:
    """Return a user in the form that conditions are held against, also in further groups."""
    document: Record = json.loads(represent(user_type, stored).text, strict=False)
    document["groups"] = [*document.get("groups", ()), *groups]
    folded: Record = fold(document, user_type.searched)
    return folded


def _folded_groups(groups: Sequence[Record], user_type: ResourceType) -> list[Record]:
    folded: list[Record] = fold({"groups": groups}, user_type.searched)["groups"]
    return folded


def _group(group_id: str, name: str | None) -> list[Record]:
    """Return a group as users in it show it, directly and indirectly."""
    named = {"value": group_id} | ({"display": name} if name else {})
    return [named | {"type": kind} for kind in ("direct", "indirect")]
