"""Immutable and required attributes (RFC 7643 §7, ``mutability`` and ``required``)."""

from collections.abc import Iterable, Mapping
from typing import Any

from .attributes import Attribute
from .errors import InvalidValueError, MutabilityError
from .values import fold_item


def check_immutable(
    before: Mapping[str, Any], after: Mapping[str, Any], attributes: Iterable[Attribute]
) -> None:
    """Raise if an immutable attribute that has a value got another one or lost it.

    Elements of a multi-valued attribute and whole complex values may come and go. An immutable
    sub-attribute is compared with that of the element that had the same ``value``.

    :raises MutabilityError: naming the attribute
    """
    for attribute in attributes:
        old, new = before.get(attribute.name), after.get(attribute.name)
        if old is None:
            continue
        if attribute.mutability == "immutable" and _differ(attribute, old, new):
            raise MutabilityError(f"{attribute.name} is immutable; keep its value")
        if attribute.type == "complex" and (new is not None or attribute.is_extension):
            for old_item, new_item in _pairs(attribute, old, new or {}):
                check_immutable(old_item, new_item, attribute.sub_attributes)


def _differ(attribute: Attribute, old: Any, new: Any) -> bool:
    if new is None:
        return True
    before, after = (old, new) if attribute.multi_valued else ([old], [new])
    folded = [[fold_item(attribute, item) for item in items] for items in (before, after)]
    return folded[0] != folded[1]


def _pairs(attribute: Attribute, old: Any, new: Any) -> Iterable[tuple[Any, Any]]:
    if not attribute.multi_valued:
        return [(old, new)]
    by_value = {item.get("value"): item for item in new if "value" in item}
    return [(item, by_value[item["value"]]) for item in old if item.get("value") in by_value]


def check_required(resource: Mapping[str, Any], attributes: Iterable[Attribute]) -> None:
    """Raise if a required attribute has no value, or the empty text.

    :raises InvalidValueError: naming the attribute
    """
    for attribute in attributes:
        value = resource.get(attribute.name)
        if attribute.required and value in (None, "", []):
            raise InvalidValueError(f"{attribute.name} is required; give it a value")
        if value is not None and attribute.type == "complex":
            for item in value if attribute.multi_valued else [value]:
                _check_within(attribute, item)


def _check_within(attribute: Attribute, item: Mapping[str, Any]) -> None:
    try:
        check_required(item, attribute.sub_attributes)
    except InvalidValueError as error:
        raise InvalidValueError(f"{attribute.name}.{error.detail}") from None
