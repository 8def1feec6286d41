"""The body of a webhook, where it is too long to show all, or too late to know all."""

import json

from scim.deliver.happenings import Happening
from scim.deliver.webhooks.payloads import LARGEST, Told, payload
from scim.protocol.schema import GROUP, USER
from scim.storage import Change, Operation


def told(change, happening, known=None, is_whole=True):
    kind = {"User": USER, "Group": GROUP}.get(change.resource_type)
    text = payload(Told("acme", kind, change, "txn", known, True, is_whole), happening)
    return text, json.loads(text)["data"]


def test_a_large_group_makes_no_large_message():
    members = {f"{number:032x}": number % 100 != 0 for number in range(100_000)}
    change = Change("Group", "g", 2, Operation.PATCH, None, None, None, members, False, "2026", "t")

    text, data = told(change, Happening.MEMBERS_CHANGED, '{"displayName":"All"}')

    assert len(text) < 20_000
    assert (data["membersAdded"]["total"], data["membersRemoved"]["total"]) == (99_000, 1000)
    assert len(data["membersAdded"]["ids"]) == len(data["membersRemoved"]["ids"]) == 100
    assert data["notes"] == [
        "membersAdded.ids has the first 100 of 99000; read the group for all.",
        "membersRemoved.ids has the first 100 of 1000; read the group for all.",
    ]


def test_a_large_resource_is_left_out():
    before, after = (json.dumps({"title": each * LARGEST}) for each in "ab")
    change = Change("User", "u", 2, Operation.PATCH, None, before, after, {}, False, "2026", "t")

    text, data = told(change, Happening.CHANGED)

    assert len(text) < 1000
    assert (data["before"], data["after"], data["changed"]) == (None, None, ["title"])
    assert data["notes"][0].startswith("The resource is too large for a message")


def test_a_change_that_history_has_lost_is_told_without_details():
    change = Change("Lamp", "l", 7, Operation.PATCH, None, None, None, {}, False, "2026", "")

    _, data = told(change, Happening.CHANGED, is_whole=False)

    shown = [data[name] for name in ("id", "version", "before", "changed")]
    assert shown == ["l", 7, None, []]
    assert data["notes"][0].startswith("History does not have this change any more")
