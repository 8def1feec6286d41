"""A bulk request as its operations: the order in which they ran, and what each came to."""

import pytest
from hypothesis import given, settings

from scim.explain.requests.bulks import operations

from ..support.tries import tries
from .test_sentences import JANE, TAKEN, exchanges, patch
from .traffic import exchange

GROUP = {
    "method": "POST",
    "path": "/Groups",
    "bulkId": "g",
    "data": {"displayName": "Sales", "members": [{"value": "bulkId:u"}]},
}
USER = {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "jane"}}


def bulk(*sent, results=()):
    return exchange("POST", "/Bulk", patch(*sent), 200, {"Operations": list(results)})


def result(status, sent, **others):
    return {"status": status, "method": sent["method"], "bulkId": sent.get("bulkId")} | others


def test_operation_comes_after_what_it_refers_to():
    told = operations(bulk(GROUP, USER, results=[result("201", GROUP), result("201", USER)]))

    assert [(each.index, each.needs, each.status) for each in told] == [
        (1, [], "201"),
        (0, [1], "201"),
    ]
    assert told[0].sentence == "Okta creates the user jane."
    assert told[1].sentence == "Okta pushes the group Sales with 1 member."
    assert not any(each.is_circular or each.is_failed for each in told)


def test_operation_that_failed():
    failed = result("409", USER, response=TAKEN)

    [told] = operations(bulk(USER, results=[failed]))

    assert told.is_failed
    assert told.detail == "userName is already in use"
    assert told.sentence == "Okta could not create the user jane: the userName is taken."


def test_operation_without_a_result_was_not_carried_out():
    gone = {"method": "DELETE", "path": "/Users/7"}
    failed = result("404", gone, location="http://x/scim/v2/Users/7", response={"detail": "x"})

    told = operations(bulk(GROUP, gone, USER, results=[failed]))

    assert {each.index: each.status for each in told} == {0: "", 1: "404", 2: ""}


def test_circle():
    other = GROUP | {"bulkId": "u", "data": {"members": [{"value": "bulkId:g"}]}}

    told = operations(bulk(GROUP, other))

    assert [(each.needs, each.is_circular) for each in told] == [([1], True), ([0], True)]


def test_names_of_deleted_users():
    [told] = operations(
        bulk({"method": "DELETE", "path": f"/Users/{JANE['id']}"}), {JANE["id"]: "J"}
    )

    assert told.sentence == "Okta deletes J."


@pytest.mark.parametrize("sent", ["x", {"Operations": 1}, {"Operations": [None, [], {}]}])
def test_strange_bodies(sent):
    assert len(operations(exchange("POST", "/Bulk", sent, 200))) <= 1


@settings(max_examples=tries(50))
@given(exchanges)
def test_any_exchange_has_operations_or_none(each):
    for told in operations(each):
        assert len(told.sentence) <= 320
