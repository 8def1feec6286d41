"""RFC 7643 §2.2 and §7: what must not change, and what must not be missing."""

import pytest

from scim.protocol.attributes import Attribute
from scim.protocol.constraints import check_immutable, check_required
from scim.protocol.errors import InvalidValueError, MutabilityError

PARTS = (
    Attribute("value", mutability="immutable", case_exact=True),
    Attribute("type", mutability="immutable"),
    Attribute("display"),
)
DEVICE = (
    Attribute("serial", mutability="immutable"),
    Attribute("tags", multi_valued=True, mutability="immutable"),
    Attribute("maker", "complex", PARTS),
    Attribute("parts", "complex", PARTS, multi_valued=True),
)
LAPTOP = {
    "serial": "A1",
    "tags": ["x", "y"],
    "maker": {"value": "acme", "display": "Acme"},
    "parts": [{"value": "1", "type": "cpu"}, {"value": "2"}],
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"serial": "a1"},  # the same, as the attribute compares
        {"maker": {"value": "acme", "display": "Acme Inc."}},
        {"maker": {"value": "acme", "type": "company"}},  # it had none
        {"maker": None},
        {"parts": []},
        {"parts": [{"value": "2", "type": "disk"}, {"value": "3", "type": "fan"}]},
        {"parts": [{"value": "2"}, {"value": "1", "type": "CPU", "display": "fast"}]},
    ],
)
def test_immutable_value_that_stays_is_no_change(changes):
    check_immutable(LAPTOP, LAPTOP | changes, DEVICE)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"serial": "B2"}, "serial"),
        ({"serial": None}, "serial"),
        ({"tags": ["x"]}, "tags"),
        ({"tags": None}, "tags"),
        ({"maker": {"value": "ACME"}}, "value"),
        ({"maker": {"display": "Acme"}}, "value"),
        ({"parts": [{"value": "1", "type": "gpu"}]}, "type"),
        ({"parts": [{"value": "1"}]}, "type"),
    ],
)
def test_immutable_value_that_changes_is_refused(changes, name):
    with pytest.raises(MutabilityError, match=name):
        check_immutable(LAPTOP, LAPTOP | changes, DEVICE)


def test_immutable_attribute_without_a_value_takes_one():
    check_immutable({}, LAPTOP, DEVICE)


REQUIRED = (
    Attribute("userName", required=True),
    Attribute("keys", "complex", (Attribute("value", required=True),), multi_valued=True),
    Attribute("home", "complex", (Attribute("city", required=True),)),
)


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ({}, "userName"),
        ({"userName": None}, "userName"),
        ({"userName": ""}, "userName"),
        ({"userName": "x", "keys": [{"value": "1"}, {}]}, "keys.value"),
        ({"userName": "x", "home": {"city": ""}}, "home.city"),
    ],
)
def test_required_attribute_without_a_value_is_refused(resource, name):
    with pytest.raises(InvalidValueError, match=rf"{name} is required"):
        check_required(resource, REQUIRED)


def test_required_sub_attribute_of_what_is_absent_is_not_missed():
    check_required({"userName": "x", "keys": [{"value": "1"}]}, REQUIRED)
