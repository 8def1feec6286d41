"""What a change means to those who are told of it."""

import pytest

from scim.deliver.happenings import event_type, event_types, happenings
from scim.protocol.definitions.assembly import BUILT_IN
from scim.storage import Change, Operation

ACTIVE, INACTIVE = '{"userName":"amy","active":true}', '{"userName":"amy","active":false}'
RENAMED = '{"userName":"eva","active":false}'
WITHOUT = '{"userName":"amy"}'


def change(operation, before=None, after=None, *, kind="User", members=(), unseen=False):
    joined = dict.fromkeys(members, True)
    return Change(kind, "id", 2, operation, None, before, after, joined, unseen, "", "token")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (change(Operation.CREATE, None, INACTIVE), ["created"]),
        (change(Operation.RESTORE, INACTIVE, ACTIVE), ["created"]),
        (change(Operation.DELETE, ACTIVE, None), ["deleted"]),
        (change(Operation.PATCH, ACTIVE, INACTIVE), ["deactivated"]),
        (change(Operation.REPLACE, INACTIVE, WITHOUT), ["activated"]),
        (change(Operation.PATCH, WITHOUT, ACTIVE), ["changed"]),
        (change(Operation.PATCH, ACTIVE, RENAMED), ["changed", "deactivated"]),
        (change(Operation.PATCH, ACTIVE, INACTIVE, unseen=True), ["changed", "deactivated"]),
        (change(Operation.PATCH, ACTIVE, ACTIVE, unseen=True), ["changed"]),
        (change(Operation.PATCH, ACTIVE, INACTIVE, kind="Lamp"), ["changed"]),
        (change(Operation.PATCH, kind="Group", members=["m"]), ["members_changed"]),
        (
            change(Operation.REVERT, WITHOUT, ACTIVE, kind="Group", members=["m"]),
            ["changed", "members_changed"],
        ),
        (change(Operation.CREATE, None, "{}", kind="Group", members=["m"]), ["created"]),
        (change(Operation.PATCH), ["changed"]),  # history has it no more
    ],
)
def test_a_change_means_what_became_of_the_resource(made, told):
    assert happenings(made) == told


def test_events_are_named_by_their_type_of_resource():
    assert event_type("Night-Lamp", happenings(change(Operation.DELETE))[0]) == "night_Lamp.deleted"
    assert event_types(BUILT_IN) == [
        "user.created",
        "user.changed",
        "user.activated",
        "user.deactivated",
        "user.deleted",
        "group.created",
        "group.changed",
        "group.deleted",
        "group.members_changed",
    ]
