"""The reference meaning of a filter (RFC 7644 §3.4.2.2); SQL must find what this finds."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..schema import ResourceType
from ..tolerance import STRICT, Tolerated
from ..values import fold
from .nodes import And, Filter, Not, Or
from .resolve import Compare, Condition, Has, Keys, Some, resolve

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def matches(
    node: Filter,
    resource: Mapping[str, Any],
    resource_type: ResourceType,
    tolerated: Tolerated = STRICT,
) -> bool:
    """Tell whether ``resource`` meets the filter.

    :raises InvalidFilterError: the filter does not fit the resource type
    """
    condition = resolve(node, resource_type, tolerated)
    return holds(condition, fold(resource, resource_type.searched))


def holds(condition: Condition, folded: Any) -> bool:
    """Tell whether a folded resource, or a folded element of it, meets ``condition``."""
    match condition:
        case And(terms):
            return all(holds(term, folded) for term in terms)
        case Or(terms):
            return any(holds(term, folded) for term in terms)
        case Not(term):
            return not holds(term, folded)
        case Some(keys, _, inner):
            return any(holds(inner, element) for element in _at(folded, keys) or ())
        case Has(keys):
            return _at(folded, keys) not in (None, "")
        case Compare(keys, _, name, value):
            found = _at(folded, keys)
            return found is not None and COMPARISONS[name](found, value)


def _at(folded: Any, keys: Keys) -> Any:
    for key in keys:
        folded = folded.get(key) if folded is not None else None
    return folded
