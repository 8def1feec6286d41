"""RFC 9967: what events tell of changes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.protocol import events
from scim.protocol.events import PREFIX, Told, changed_names, events_of, operations
from scim.protocol.patch.apply import apply
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER, USER_SCHEMA
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_resource, load_value

from ..support.generated import A_USER
from ..support.tries import tries

E = ENTERPRISE_USER_SCHEMA
ADA = {
    "schemas": [USER_SCHEMA],
    "id": "2819c223",
    "userName": "ada",
    "name": {"givenName": "Ada"},
    "emails": [{"value": "ada@example.com"}],
    "active": True,
}
SECRET = {"password": "t1meMa$heen"}
STRICT = Tolerated(STRICT_TOLERANCE, max_elements=100_000)


def told(verb="patch", before=ADA, after=ADA, members=(), kind=USER, **others):
    return Told(kind, verb, 7, before, after, dict(members), **others)


@pytest.mark.parametrize(
    ("change", "full", "notice"),
    [
        pytest.param(
            told("create", None, ADA | SECRET, meta={"version": 'W/"7"'}),
            {"prov:create:full": {"data": ADA | {"meta": {"version": 'W/"7"'}}}},
            {"prov:create:notice": {"attributes": ["id", "userName", "name", "active", "emails"]}},
            id="create",
        ),
        pytest.param(
            told(after=ADA | {"name": {"givenName": "Ada", "familyName": "King"}}),
            {
                "prov:patch:full": {
                    "data": {
                        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                        "Operations": [{"op": "add", "path": "name.familyName", "value": "King"}],
                    }
                }
            },
            {"prov:patch:notice": {"attributes": ["name.familyName"]}},
            id="patch",
        ),
        pytest.param(
            told("put", after=ADA | {"nickName": "A", E: {"department": "Maths"}}, meta={}),
            {
                "prov:put:full": {
                    "data": ADA | {"nickName": "A", E: {"department": "Maths"}, "meta": {}}
                }
            },
            {"prov:put:notice": {"attributes": ["nickName", f"{E}:department"]}},
            id="put",
        ),
        pytest.param(
            told(after=ADA | {"active": False}, switched=False),
            {
                "prov:patch:full": {
                    "data": {
                        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                        "Operations": [{"op": "replace", "path": "active", "value": False}],
                    }
                },
                "prov:deactivate": {},
            },
            {"prov:patch:notice": {"attributes": ["active"]}, "prov:deactivate": {}},
            id="deactivate",
        ),
        pytest.param(
            told(unseen=True),
            {"prov:patch:notice": {"attributes": ["password"]}},
            {"prov:patch:notice": {"attributes": ["password"]}},
            id="password",
        ),
        pytest.param(
            told("delete", after=None), {"prov:delete": {}}, {"prov:delete": {}}, id="delete"
        ),
        pytest.param(
            told(before=None, after=None, kind=GROUP, members={"a": True, "b": False}),
            {
                "prov:patch:full": {
                    "data": {
                        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                        "Operations": [
                            {"op": "add", "path": "members", "value": [{"value": "a"}]},
                            {"op": "remove", "path": 'members[value eq "b"]'},
                        ],
                    }
                }
            },
            {"prov:patch:notice": {"attributes": ["members"]}},
            id="members",
        ),
    ],
)
def test_change_is_told_in_full_or_as_a_notice(change, full, notice):
    for is_full, expected in ((True, full), (False, notice)):
        [found] = events_of(change, is_full)
        versions = [payload.pop("version") for payload in found.values() if payload]
        assert versions == ['W/"7"'] * len([each for each in expected.values() if each])
        assert found == {f"{PREFIX}{name}": payload for name, payload in expected.items()}
        assert set(found) <= set(events.EVENT_URIS)
        assert SECRET["password"] not in json.dumps(found)


def test_many_members_are_told_in_parts_of_bounded_size():
    members = {f"{number:036}": number % 3 > 0 for number in range(2500)}
    group = {"displayName": "All"}

    created = events_of(told("create", None, group, dict.fromkeys(members, True), GROUP), True)
    changed = events_of(told(before=None, after=None, members=members, kind=GROUP), True)

    assert [[*each] for each in created] == [
        [f"{PREFIX}prov:create:full"],
        *[[f"{PREFIX}prov:patch:full"]] * 2,
    ]
    known = {each["value"] for each in created[0][f"{PREFIX}prov:create:full"]["data"]["members"]}
    for each in (*created[1:], *changed):
        assert len(json.dumps(each)) < events.LARGEST
        for operation in each[f"{PREFIX}prov:patch:full"]["data"]["Operations"]:
            if operation["op"] == "add":
                known |= {member["value"] for member in operation["value"]}
            else:
                known.remove(operation["path"].removeprefix('members[value eq "')[:36])
    assert known == {name for name, has_joined in members.items() if has_joined}


def test_large_resource_is_told_as_a_notice():
    photos = [{"value": "https://example.com/" + 300 * "x" + str(n)} for n in range(1000)]

    [found] = events_of(told(after=ADA | {"photos": photos}), True)

    assert found == {f"{PREFIX}prov:patch:notice": {"attributes": ["photos"], "version": 'W/"7"'}}


def load(attribute, value):
    return load_value(attribute, value, STRICT)


def canonical(sent):
    """Return a document as it is stored; a password would take long, and no event has it."""
    sent = {name: value for name, value in sent.items() if name != "password"}
    urns = [USER_SCHEMA, *(name for name in sent if ":" in name)]
    loaded = load_resource({"schemas": urns, **sent}, USER, STRICT)
    return {name: value for name, value in loaded.items() if name not in ("schemas", "active")}


@given(A_USER, A_USER, st.booleans())
@settings(max_examples=tries(50))
def test_operations_turn_a_document_into_the_other(before, other, is_near):
    before, other = canonical(before), canonical(other)
    after = before | dict(list(other.items())[:2]) if is_near else other
    before, after = before | {"active": True}, after | {"active": is_near}
    made = operations(USER, before, after)
    if not made:
        assert before == after
        return

    loaded = load_patch(
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": made}, STRICT
    )

    assert apply(loaded, before, USER, load, STRICT).resource == after
    names = changed_names(told(before=before, after=after))
    assert names == [each["path"] for each in made]
