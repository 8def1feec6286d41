"""A group with so many members that they are sent in parts (RFC 7644 §3.4.1)."""

import pytest

from ..support.scim import group, user

AT_ONCE = 3
MEMBERS = 2 * AT_ONCE + 1


@pytest.fixture
def everybody(scim, monkeypatch):
    """The ids of more users than two statements read."""
    monkeypatch.setattr("scim.storage.store.AT_ONCE", AT_ONCE)
    return [scim.create(user(f"user{number}"))["id"] for number in range(MEMBERS)]


@pytest.fixture
def nested(scim):
    return scim.create(group(displayName="Nested"))["id"]


@pytest.fixture
def large(scim, everybody, nested):
    members = [{"value": member} for member in [*everybody, nested]]
    return f"/Groups/{scim.create(group(members=members))['id']}"


def values(resource):
    return [member["value"] for member in resource["members"]]


def test_large_group_is_sent_in_parts_with_every_member_once(scim, large, everybody, nested):
    answer = scim.get(large)

    assert answer.status_code == 200
    assert answer.content_length is None
    assert answer.json["meta"]["version"] == answer.headers["ETag"]
    assert sorted(values(answer.json)) == sorted([*everybody, nested])
    assert answer.json["members"][0] == {
        "value": everybody[0],
        "$ref": f"http://localhost/scim/v2/Users/{everybody[0]}",
        "type": "User",
    }


def test_large_group_in_parts_is_the_group_as_a_list_shows_it(scim, large):
    [listed, _] = scim.get("/Groups?sortBy=displayName&sortOrder=descending").json["Resources"]
    whole = scim.get(large).json

    assert sorted(values(listed)) == sorted(values(whole))
    assert {**listed, "members": None} == {**whole, "members": None}


def test_parts_are_read_by_a_few_statements(scim, large, statements):
    with statements() as seen:
        assert scim.get(large).data

    assert len(seen) == 1 + (MEMBERS // AT_ONCE + 2) + 2  # the group, its users, its groups


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ("attributes=members", {"schemas", "id", "members"}),
        ("attributes=displayName", {"schemas", "id", "displayName"}),
        ("excludedAttributes=members", {"schemas", "id", "displayName", "meta"}),
        ("excludedAttributes=meta", {"schemas", "id", "displayName", "members"}),
    ],
)
def test_large_group_shows_what_was_asked_for(scim, large, parameters, shown):
    found = scim.get(f"{large}?{parameters}").json

    assert set(found) == shown
    assert len(found.get("members", range(MEMBERS + 1))) == MEMBERS + 1


def test_sub_attribute_of_the_members_of_a_large_group(scim, large, everybody, nested):
    found = scim.get(f"{large}?attributes=members.value").json

    assert sorted(found["members"], key=str) == [
        {"value": member} for member in sorted([*everybody, nested])
    ]


def test_version_that_the_client_has_is_not_sent_in_parts(scim, large):
    known = scim.send("HEAD", large)

    assert known.data == b""
    assert scim.get(large, If_None_Match=known.headers["ETag"]).status_code == 304


def test_group_is_made_by_as_many_statements_however_many_its_members(scim, everybody, statements):
    counts = []
    for some in (everybody[:1], everybody):
        with statements() as seen:
            scim.create(group(f"Of {len(some)}", members=[{"value": member} for member in some]))
        counts.append(len(seen))

    assert counts[0] == counts[1] < 15
