"""Group push: who a provider last said the members are."""

import json

import pytest

from scim.explain.changes.pushes import last_push
from scim.explain.exchange import Exchange, Made, Message

GROUP = "01890000-0000-7000-8000-00000000000a"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def exchange(number, method, body, path=f"/Groups/{GROUP}", **known):
    return Exchange(
        id=f"r{number}", at=f"2026-11-29T10:00:{number:02}.000000Z", milliseconds=1.0,
        method=method, base="/scim/v2", path=path, query="", status=known.pop("status", 200),
        request=Message(body=json.dumps(body), is_cut=known.pop("is_cut", False)),
        answer=Message(), number=number, provider="Okta", **{"token": "okta"} | known,
    )  # fmt: skip


def put(number, *ids, **known):
    return exchange(number, "PUT", {"members": [{"value": each} for each in ids]}, **known)


def patch(number, op, *ids, **known):
    operation = {"op": op, "path": "members", "value": [{"value": each} for each in ids]}
    return exchange(number, "PATCH", {"schemas": [PATCH], "Operations": [operation]}, **known)


@pytest.mark.parametrize(
    ("oldest_first", "members", "is_whole"),
    [
        ([put(1, "a", "b")], {"a": True, "b": True}, True),
        ([patch(1, "add", "a")], {"a": True}, False),
        ([put(1, "a", "b"), patch(2, "remove", "a"), patch(3, "add", "c")],
         {"a": False, "b": True, "c": True}, True),
        ([patch(1, "add", "a"), put(2, "b")], {"b": True}, True),
        ([patch(1, "replace", "a", "b")], {"a": True, "b": True}, True),
        ([put(1, "a"), put(2, "b", status=400)], {"b": True}, True),
        ([put(1, "A")], {"a": True}, True),
    ],
)  # fmt: skip
def test_last_push(oldest_first, members, is_whole):
    found = last_push(oldest_first[::-1], GROUP)

    assert found is not None
    assert (found.members, found.is_whole, found.number) == (
        members, is_whole, oldest_first[-1].number,
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        put(1, "a", token="console"),
        put(1, "a", applied="dry-run"),
        put(1, "a", path="/Groups/other"),
        exchange(1, "GET", {}),
        exchange(1, "PATCH", {"Operations": [{"op": "replace", "value": {"displayName": "x"}}]}),
        exchange(1, "DELETE", {}, path="/Users/a", made=(Made("Group", GROUP, 2, "patch"),)),
        exchange(1, "PUT", [1]),
    ],
)
def test_what_is_no_push(other):
    found = last_push([other], GROUP)

    assert found is None or not found.members


def test_create_is_a_push_by_what_it_made():
    made = (Made("Group", GROUP, 1, "create"),)
    created = exchange(1, "POST", {"members": [{"value": "a"}]}, path="/Groups", made=made)

    assert last_push([created], GROUP).members == {"a": True}


def test_request_that_was_cut_is_told():
    assert last_push([put(2, "a", is_cut=True), put(1, "a")], GROUP).is_cut
