"""A filter bound to a resource type: what each name means, and what each value is compared as.

This module settles RFC 7644 §3.4.2.2 once, for the evaluator and all SQL dialects:

- A path through a multi-valued attribute is met if any element meets it.
- ``ne`` is true where ``eq`` is not, so also for an absent attribute. For a multi-valued attribute
  it is true if an element differs, or if there is no element.
- ``eq null`` is ``not pr``. A complex attribute is present if anything in it is.
- A complex attribute with a ``value`` sub-attribute is compared by that.

Three tests remain (``Compare``, ``Has``, ``Some``), joined by ``And``, ``Or`` and ``Not``. Each is
true or false, never unknown: a test of an absent attribute is false.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..attributes import Attribute
from ..errors import InvalidFilterError, InvalidValueError, unknown_attribute
from ..forms import as_boolean, as_date_time
from ..references import relative
from ..schema import ResourceType
from ..tolerance import STRICT, Tolerated, current_urn
from ..values import PLACEHOLDER, check, fold_value
from .nodes import And, AttributePath, Comparison, Filter, Not, Or, Path, Present, Value, ValuePath

Keys = tuple[str, ...]
Chain = tuple[Attribute, ...]

LONGEST_PATTERN = 1000
OPERATORS = {
    **{kind: {"eq", "ne"} for kind in ("boolean", "binary")},
    **{kind: {"eq", "ne", "gt", "ge", "lt", "le"} for kind in ("integer", "decimal", "dateTime")},
}


@dataclass(frozen=True, slots=True)
class Compare:
    """The simple value at ``keys`` of the folded form exists and compares so with ``value``."""

    keys: Keys
    attribute: Attribute
    operator: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Has:
    """The simple value at ``keys`` exists and is not the empty text."""

    keys: Keys
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Some:
    """An element of the multi-valued attribute at ``keys`` meets ``condition``."""

    keys: Keys
    attribute: Attribute
    condition: "Condition"


Condition = Compare | Has | Some | And["Condition"] | Or["Condition"] | Not["Condition"]
ANYTHING: Condition = And(())
NOTHING: Condition = Or(())


def resolve(
    node: Filter,
    resource_type: ResourceType,
    tolerated: Tolerated = STRICT,
    unknown_is_absent: bool = False,
) -> Condition:
    """Return the condition that ``node`` is for resources of that type.

    ``unknown_is_absent`` is for a query of several types: an attribute that one of them does not
    have counts as absent there (RFC 7644 §3.4.2.1).

    :raises InvalidFilterError: an attribute is unknown, or operator and value do not fit its type
    """
    find = _locator(resource_type, tolerated)
    return _Resolver(find, tolerated, absent=unknown_is_absent).condition(node)


def resolve_within(node: Filter, attribute: Attribute, tolerated: Tolerated = STRICT) -> Condition:
    """Return the condition that the ``node`` in ``attribute[node]`` is for one element.

    :raises InvalidFilterError: as for ``resolve``
    """
    return _Resolver(_sub_locator(attribute), tolerated).condition(node)


def locate(path: str, resource_type: ResourceType, tolerated: Tolerated = STRICT) -> Chain:
    """Return the attributes from the top down to what ``path`` names; empty if nothing."""
    chain = resource_type.locate(current_urn(path, resource_type, tolerated))
    if chain or ":" in path:
        return chain
    chain = resource_type.locate_unqualified(path)
    return chain if chain and tolerated.allows("unqualified_extension_attributes") else ()


def _locator(resource_type: ResourceType, tolerated: Tolerated) -> Callable[[AttributePath], Chain]:
    return lambda path: locate(str(path), resource_type, tolerated)


def _sub_locator(attribute: Attribute) -> Callable[[AttributePath], Chain]:
    def find(path: AttributePath) -> Chain:
        found = None if path.urn or path.sub_attribute else attribute.find(path.name)
        return (found,) if found else ()

    return find


@dataclass(slots=True)
class _Resolver:
    """Binds the names of one scope: a resource, or an element inside a value path."""

    find: Callable[[AttributePath], Chain]
    tolerated: Tolerated
    prefix: Keys = ()
    absent: bool = False

    def condition(self, node: Filter) -> Condition:
        match node:
            case And(terms):
                return And(tuple(self.condition(term) for term in terms))
            case Or(terms):
                return Or(tuple(self.condition(term) for term in terms))
            case Not(term):
                return Not(self.condition(term))
            case Present(path) | Comparison(path) | ValuePath(path) if self.lacks(path):
                differs = isinstance(node, Comparison) and (
                    node.operator == "ne" if node.value is not None else node.operator == "eq"
                )
                return ANYTHING if differs else NOTHING
            case ValuePath():
                return self.value_path(node, None)
            case Present(path):
                return self.test(path, present)
            case Comparison(path):
                return self.test(path, lambda chain, keys: self.compare(chain, keys, node))

    def test(self, path: Path, leaf: Callable[[Chain, Keys], Condition]) -> Condition:
        if isinstance(path, ValuePath):
            return self.value_path(path, leaf)
        return leaf(self.chain(path), self.prefix)

    def lacks(self, path: Path) -> bool:
        """Tell whether ``path`` names an attribute that other types may have."""
        if isinstance(path, ValuePath):
            path = replace(path.path, sub_attribute=path.sub_attribute or path.path.sub_attribute)
        return self.absent and not self.find(path)

    def chain(self, path: AttributePath) -> Chain:
        chain = self.find(path)
        if not chain:
            raise _error(path, unknown_attribute(str(path)))
        if any(attribute.returned == "never" for attribute in chain):
            raise _error(path, f"{path} cannot be used in a filter")
        return chain

    def value_path(
        self, node: ValuePath, leaf: Callable[[Chain, Keys], Condition] | None
    ) -> Condition:
        """Bind ``attr[filter]`` and, with ``leaf``, a test of the matching element beside it."""
        chain = self.chain(node.path)
        attribute = chain[-1]
        if attribute.type != "complex":
            raise _error(node.path, f"{node.path} has no sub-attributes; leave out the brackets")
        if leaf and not self.tolerated.allows("compared_value_path"):
            raise _error(node.path, "brackets cannot be compared; move the comparison into them")

        def element(keys: Keys) -> Condition:
            inner = _Resolver(_sub_locator(attribute), self.tolerated, keys, self.absent)
            condition = inner.condition(node.value_filter)
            if leaf is None:
                return condition
            beside = node.sub_attribute or ("value" if attribute.find("value") else None)
            path = AttributePath(beside or "", position=node.path.position)
            return And((condition, leaf(inner.chain(path), keys)))

        keys = (*self.prefix, *(attribute.key for attribute in chain))
        if attribute.multi_valued:
            return Some(keys, attribute, element(()))
        return And((present(chain, self.prefix), element(keys)))

    def compare(self, chain: Chain, prefix: Keys, node: Comparison) -> Condition:
        if chain[-1].type == "complex":
            value = chain[-1].find("value")
            if value is None and node.value is not None:
                raise InvalidFilterError(f"{node.path} is complex; name one of its sub-attributes")
            chain = (*chain, value) if value else chain
        if node.value is None:
            return self.compare_null(chain, prefix, node)
        value = self.comparable(chain[-1], node)
        if node.operator != "ne":
            return along(
                chain, prefix, lambda keys, last: Compare(keys, last, node.operator, value)
            )
        differs = along(chain, prefix, lambda keys, last: Not(Compare(keys, last, "eq", value)))
        if isinstance(differs, Some):
            return Or((Not(Some(differs.keys, differs.attribute, ANYTHING)), differs))
        return differs

    def compare_null(self, chain: Chain, prefix: Keys, node: Comparison) -> Condition:
        if node.operator == "eq":
            return Not(present(chain, prefix))
        if node.operator == "ne":
            return present(chain, prefix)
        raise InvalidFilterError(f"{node}: null compares with eq and ne only")

    def comparable(self, attribute: Attribute, node: Comparison) -> Any:
        value: Value = node.value
        if node.operator not in OPERATORS.get(attribute.type, {node.operator}):
            problem = f"a {attribute.type} cannot be compared with {node.operator}"
            raise InvalidFilterError(f"{node}: {problem}")
        if attribute.type == "boolean":
            value = as_boolean(value, self.tolerated)
        if attribute.type == "dateTime":
            value = as_date_time(value, self.tolerated, bounds=True)
        textual = attribute.type not in OPERATORS and not isinstance(value, str | bool)
        if textual and self.tolerated.allows("unquoted_filter_values"):
            value = str(value)
        try:
            check(attribute, value.replace(PLACEHOLDER, "") if isinstance(value, str) else value)
            value = relative(attribute, fold_value(attribute, value), self.tolerated.base_url)
        except InvalidValueError as error:
            raise InvalidFilterError(f"{node}: {error.detail}") from None
        if node.operator in {"co", "sw", "ew"} and len(str(value)) > LONGEST_PATTERN:
            problem = f"the text to find has more than {LONGEST_PATTERN} characters"
            raise InvalidFilterError(f"{node.path}: {problem}")
        return value


def _error(path: AttributePath, problem: str) -> InvalidFilterError:
    return InvalidFilterError(f"position {path.position}: {problem}")


def along(chain: Chain, prefix: Keys, leaf: Callable[[Keys, Attribute], Condition]) -> Condition:
    """Return ``leaf`` at the end of ``chain``, for any element if an attribute is multi-valued."""
    keys = prefix
    for index, attribute in enumerate(chain):
        keys = (*keys, attribute.key)
        if attribute.multi_valued:
            below = chain[index + 1 :]
            return Some(keys, attribute, along(below, (), leaf) if below else leaf((), attribute))
    return leaf(keys, chain[-1])


def present(chain: Chain, prefix: Keys) -> Condition:
    """Return the test that an attribute has a non-empty value (``pr``)."""
    return along(chain, prefix, _present_at)


def _present_at(keys: Keys, attribute: Attribute) -> Condition:
    if attribute.type != "complex":
        return Has(keys, attribute)
    return Or(tuple(present((below,), keys) for below in attribute.sub_attributes))
