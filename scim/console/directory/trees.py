"""Groups within groups as a tree; a group that is in two others is unfolded in the first only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scim.storage.browsing import Named

DEEPEST = 20  # levels that are drawn


@dataclass(frozen=True, slots=True)
class Node:
    """A group in another; ``is_again`` if its own groups are shown elsewhere in the tree."""

    group: Named
    below: Sequence["Node"]
    is_again: bool


def tree(group_id: str, nested: Mapping[str, Sequence[Named]]) -> list[Node]:
    """Return the groups in a group; ``nested`` has the groups in each by its id."""
    return _nodes(group_id, nested, {group_id}, DEEPEST)


def _nodes(
    group_id: str, nested: Mapping[str, Sequence[Named]], seen: set[str], depth: int
) -> list[Node]:
    found = []
    for group in nested.get(group_id, ()):
        has_below = bool(nested.get(group.id))
        is_again = has_below and (group.id in seen or depth == 0)
        seen.add(group.id)
        below = [] if is_again or not has_below else _nodes(group.id, nested, seen, depth - 1)
        found.append(Node(group, below, is_again))
    return found
