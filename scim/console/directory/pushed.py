"""Group push: the members that a provider last sent beside those that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from scim.explain.changes.pushes import Push, last_push
from scim.explain.exchange import Exchange
from scim.storage import Store
from scim.storage.browsing import Named

MOST = 1000  # members of a group that are compared with what was sent
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Someone whom the provider and the directory do not agree about."""

    named: Named
    is_sent: bool
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A push beside the directory: the number of members that are the same, and the others."""

    push: Push
    same: int
    mismatches: Sequence[Mismatch]


def compare(store: Store, group_id: str, recorded: Sequence[Exchange]) -> Compared | None:
    """Return the last push of a group beside its members; None if none is recorded."""
    push = last_push(recorded, group_id)
    if push is None:
        return None
    stored = store.browse(lambda known: known.members_among(group_id, push.members))
    other = {each for each, is_member in push.members.items() if is_member != (each in stored)}
    same = sum(1 for each, is_member in push.members.items() if is_member and each in stored)
    unsent = _unsent(store, group_id, push)
    names = store.browse(lambda known: known.names([*other, *unsent][: 2 * SHOWN]))
    mismatches = [
        Mismatch(names[each], push.members[each], each in stored) for each in other if each in names
    ]
    mismatches += [Mismatch(names[each], False, True) for each in unsent if each in names]
    return Compared(push, same, mismatches[:SHOWN])


def _unsent(store: Store, group_id: str, push: Push) -> list[str]:
    """Return members that a whole list of members did not have."""
    if not push.is_whole:
        return []
    users = store.browse(lambda known: known.members(group_id, limit=MOST))
    groups = store.browse(lambda known: known.nested(group_id)).get(group_id, [])
    return [each.id for each in [*users, *groups] if each.id not in push.members]
