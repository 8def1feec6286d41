"""RFC 7644 §3.5.2: operations on ``members`` are planned here and carried out by the storage."""

import pytest

from scim.protocol.errors import InvalidFilterError, InvalidValueError, MutabilityError
from scim.protocol.patch.apply import apply
from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import GROUP, GROUP_SCHEMA
from scim.protocol.tolerance import Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value
from tests.support.scim import add, patch_op, remove, replace

from .test_apply import modes

TOURS = {"displayName": "Tour Guides", "externalId": "7"}
BABS = {"value": "1", "display": "Babs", "$ref": "https://example.com/v2/Users/1", "type": "User"}
JAMES = {"value": "2"}


def patched(mode, *operations):
    tolerated = Tolerated(mode)

    def load(attribute, value):
        return load_value(attribute, value, tolerated)

    return apply(load_patch(patch_op(*operations), tolerated), TOURS, GROUP, load, tolerated)


@modes
@pytest.mark.parametrize(
    ("operation", "planned"),
    [
        (add("members", [BABS, JAMES]), ("add", ("1", "2"))),
        (add("members", BABS), ("add", ("1",))),
        (add("members", [BABS, JAMES, BABS]), ("add", ("1", "2"))),
        (add(None, {"members": [BABS]}), ("add", ("1",))),
        (add("members", []), ("add", ())),
        (add("members", None), ("add", ())),
        (add("MEMBERS", [{"VALUE": "1"}]), ("add", ("1",))),
        (add(f"{GROUP_SCHEMA}:members", [BABS]), ("add", ("1",))),
        (replace("members", [BABS, JAMES]), ("replace", ("1", "2"))),
        (replace(None, {"members": [BABS]}), ("replace", ("1",))),
        (replace("members", []), ("replace", ())),
        (replace("members", None), ("replace", ())),
        (remove("members"), ("remove", None)),
    ],
)
def test_members_are_planned_by_their_ids(mode, operation, planned):
    assert patched(mode, operation).members == (MemberOperation(*planned),)


@modes
@pytest.mark.parametrize(
    "path",
    [
        'members[value eq "1"]',
        'members[display sw "B" and type eq "User"]',
        "members[not (type pr)]",
    ],
)
def test_members_are_removed_by_a_filter(mode, path):
    (planned,) = patched(mode, remove(path)).members

    assert (planned.op, planned.ids) == ("remove", None)
    assert planned.condition is not None


@modes
def test_members_are_planned_in_order_beside_what_is_applied(mode):
    result = patched(
        mode, remove("members"), replace("displayName", "Guides"), add("members", [JAMES])
    )

    assert result.resource == TOURS | {"displayName": "Guides"}
    assert [planned.op for planned in result.members] == ["remove", "add"]


@modes
@pytest.mark.parametrize(
    ("operation", "error", "detail"),
    [
        (replace('members[value eq "1"].value', "2"), MutabilityError, "member"),
        (replace('members[value eq "1"]', BABS), MutabilityError, "member"),
        (replace('members[value eq "1"].display', "x"), MutabilityError, "display"),
        (replace("members.type", "Group"), MutabilityError, "member"),
        (remove('members[value eq "1"].type'), MutabilityError, "member"),
        (remove("members.value"), MutabilityError, "member"),
        (remove('members[userName eq "1"]'), InvalidFilterError, "userName"),
        (add("members", [{}]), InvalidValueError, "members[0]"),
        (add("members", [BABS, {"display": "x"}]), InvalidValueError, "members[1]"),
        (add("members", [BABS, {"value": None}]), InvalidValueError, "members[1]"),
        (add("members", [{"value": ""}]), InvalidValueError, "members[0]"),
        (add("members", [{"value": 1}]), InvalidValueError, "members[0]"),
        (add("members", [[BABS]]), InvalidValueError, "members[0]"),
        (replace("members", 1), InvalidValueError, "members[0]"),
    ],
)
def test_operation_on_a_member_that_does_not_fit_is_refused(mode, operation, error, detail):
    with pytest.raises(error) as refused:
        patched(mode, operation)

    assert refused.value.detail.startswith("Operations[0]: ")
    assert detail in refused.value.detail
