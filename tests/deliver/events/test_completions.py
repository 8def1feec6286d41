"""Streams are told that asynchronous requests are complete, after the change itself."""

import pytest

from scim.protocol.events import ASYNC_RESPONSE
from scim.protocol.schema import GROUP_MEMBERSHIP

from ...support.bulk import bulk_request, delete, post
from ...support.receiving import carry_all
from ...support.scim import group, path_of, user
from ...support.streams import add_stream, add_token, short

ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def tell(world, engine):
    """Send an asynchronous request, and return what a stream is told of it."""
    add_stream(engine, "app", completions=True)
    add_stream(engine, "other")
    app, other = (world.client(add_token(engine, name)) for name in ("app", "other"))

    def tell(method, path, body=None):
        accepted = world.scim.send(method, path, body, **ASYNC)
        carry_all(world.service)
        told = world.told(app)
        assert ("misc:asyncresp",) not in map(short, world.told(other))
        return accepted.headers["Set-Txn"], told

    return tell


def test_completion_comes_behind_the_change(world, tell):
    txn, [created, complete] = tell("POST", "/Users", user("ada"))

    assert short(created) == ("prov:create:full",)
    assert short(complete) == ("misc:asyncresp",)
    assert created["txn"] == complete["txn"] == txn
    assert complete["sub_id"]["uri"] == created["sub_id"]["uri"]
    result = complete["events"][ASYNC_RESPONSE]
    assert result["location"].endswith(f"/scim/v2{created['sub_id']['uri']}")
    announced = world.scim.get("/ServiceProviderConfig").json["securityEvents"]
    assert announced["asyncRequest"] == "request"
    assert ASYNC_RESPONSE in announced["eventUris"]


def test_each_operation_of_a_bulk_request_is_told(world, tell):
    ada = world.scim.create(user("ada"))
    operations = [post("b", user("bob")), post("c", user("ADA")), delete(path_of(ada))]

    txn, told = tell("POST", "/Bulk", bulk_request(*operations))

    complete = {each["txn"]: each for each in told if short(each) == ("misc:asyncresp",)}
    assert complete.keys() == {f"{txn}:0", f"{txn}:1", f"{txn}:2"}
    results = [complete[f"{txn}:{place}"]["events"][ASYNC_RESPONSE] for place in range(3)]
    assert [each["status"] for each in results] == ["201", "409", "204"]
    assert len(told) == 3 + 3


def test_membership_that_was_made_is_told(world, tell):
    ada, guides = world.scim.create(user("ada")), world.scim.create(group("Guides"))
    sides = {"group": {"value": guides["id"]}, "member": {"value": ada["id"]}}
    made = {"schemas": [GROUP_MEMBERSHIP.schema.id], **sides}

    _, [_, _, joined, complete] = tell("POST", GROUP_MEMBERSHIP.endpoint, made)

    result = complete["events"][ASYNC_RESPONSE]
    assert (result["status"], short(joined)) == ("201", ("prov:patch:full",))
    assert complete["sub_id"]["uri"].startswith(f"{GROUP_MEMBERSHIP.endpoint}/{guides['id']}")
    assert world.scim.read(guides)["members"][0]["value"] == ada["id"]
