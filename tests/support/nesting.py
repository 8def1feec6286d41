"""A plain model of groups within groups."""

from collections.abc import Collection, Iterable

Pair = tuple[str, str]


def closure(pairs: Iterable[Pair]) -> set[Pair]:
    """Return each pair of a group and one that it contains, directly or by way of others."""
    children: dict[str, set[str]] = {}
    for parent, child in pairs:
        children.setdefault(parent, set()).add(child)
    return {(parent, child) for parent in children for child in beneath(children, [parent])}


def beneath(children: dict[str, set[str]], groups: Collection[str]) -> set[str]:
    """Return all groups that are in ``groups``, directly or by way of others."""
    found: set[str] = set()
    waiting = list(groups)
    while waiting:
        new = children.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
