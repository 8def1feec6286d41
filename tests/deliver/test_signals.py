"""Signals: who is told what, before and after a change."""

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.provider import recovery

from ..support.receiving import names, store_of
from ..support.scim import enterprise, group, path_of, replace, user

OFF, ON = replace("active", False), replace("active", True)


@pytest.fixture
def happened(told):
    """Check that these signals were sent, before and after, since the last look."""

    def check(*expected):
        before, after = told("before"), told("after")
        assert names(before) == names(after) == [*expected]
        assert [each.version for each in before] == [each.version for each in after]
        return after

    return check


def test_changes_of_a_user(scim, happened):
    ada = scim.create(user("ada", title="Countess", externalId="1"))
    [made] = happened("user_created")
    assert (made.tenant, made.resource_type, made.id) == ("default", "User", ada["id"])
    assert (made.version, made.operation, made.cause) == (1, "create", None)
    assert (made.token, made.before) == ("SCIM_TOKEN", None)
    assert (made.after["externalId"], made.after["active"]) == ("1", True)

    scim.patch(path_of(ada), OFF, replace("title", "Dr"), X_Request_Id="that-one")
    changed, deactivated = happened("user_changed", "user_deactivated")
    assert changed.request_id == deactivated.request_id == "that-one"
    assert (changed.before["title"], changed.after["title"]) == ("Countess", "Dr")

    scim.patch(path_of(ada), OFF)
    happened()
    scim.patch(path_of(ada), ON)
    happened("user_activated")
    scim.patch(path_of(ada), OFF)
    happened("user_deactivated")

    scim.put(path_of(ada), user("ada", active=True, password="t0p secret!", title="Dr"))
    happened("user_changed", "user_activated")  # the password changed, too

    scim.patch(path_of(ada), replace("password", "an0ther secret!"))
    [hidden] = happened("user_changed")
    assert hidden.unseen
    assert hidden.before == hidden.after
    assert "password" not in hidden.after

    scim.create(user("bob", active=False))
    happened("user_created")
    scim.post("/Users", user("dry"), Prefer="dry-run")
    happened()


def test_changes_of_a_group(scim, happened):
    ada, bob = (scim.create(user(name)) for name in ("ada", "bob"))
    happened("user_created", "user_created")
    wits = scim.create(group("Wits", ada, bob))
    [joined] = happened("group_created")
    assert ({*joined.joined}, joined.left) == ({ada["id"], bob["id"]}, [])

    scim.patch(path_of(wits), replace("displayName", "Wise"))
    [renamed] = happened("group_changed")
    assert renamed.after["displayName"] == "Wise"
    assert (renamed.joined, renamed.left) == ([], [])

    scim.patch(path_of(wits), {"op": "remove", "path": f'members[value eq "{bob["id"]}"]'})
    [left] = happened("members_changed")
    assert (left.joined, left.left) == ([], [bob["id"]])

    scim.put(path_of(wits), group("Wits", bob))
    happened("group_changed", "members_changed")
    scim.delete(path_of(wits))
    [left] = happened("group_deleted")
    assert left.left == [bob["id"]]


def test_changes_by_the_server_and_by_operators(scim, happened, app):
    eve = scim.create(user("eve"))
    bob = scim.create(
        user("bob") | {"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]} | led_by(eve)
    )
    wits = scim.create(group("Wits", eve))
    assert happened("user_created", "user_created", "group_created")[1].after[
        ENTERPRISE_USER_SCHEMA
    ] == {"manager": {"value": eve["id"]}}

    scim.delete(path_of(eve))
    released, left, deleted = happened("user_changed", "members_changed", "user_deleted")
    assert str(released.cause) == str(left.cause) == f"deleted {eve['id']}"
    assert (released.id, left.id, left.left) == (bob["id"], wits["id"], [eve["id"]])
    assert (left.before, left.after) == (None, None)
    assert (deleted.before["userName"], deleted.after, deleted.version) == ("eve", None, 3)

    store = store_of(app.extensions["scim"])
    recovery.restore(store, eve["id"])
    back, rejoined = happened("user_created", "members_changed")
    assert (back.operation, back.token, back.before["userName"]) == ("restore", "operator", "eve")
    assert (rejoined.joined, str(rejoined.cause)) == ([eve["id"]], f"restored {eve['id']}")

    scim.patch(path_of(bob), OFF)
    happened("user_deactivated")
    recovery.revert(store, bob["id"], 2)
    [undone] = happened("user_activated")
    assert (undone.operation, str(undone.cause)) == ("revert", "version 2")
    recovery.revert(store, wits["id"], 2)
    happened("members_changed")  # the group was empty then
    recovery.revert(store, wits["id"], 2)
    happened("group_changed")


def led_by(manager):
    return enterprise(manager={"value": manager["id"]})
