"""The members of a group that has the app have the app, too, as long as they are members."""

import pytest

from tests.support.databases import ON_ONE_DATABASE

from .org import LOOK_UP, in_app


def give(org, group_id, **body):
    return org.call("PUT", f"{org.app}/groups/{group_id}", body)


def take(org, group_id):
    org.call("DELETE", f"{org.app}/groups/{group_id}", status=204)


def scopes(org):
    users = org.call("GET", f"{org.app}/users")
    return {each["credentials"]["userName"].split("@")[0]: each["scope"] for each in users}


def is_active(server, name):
    return in_app(server, f"{name}@example.com")["active"]


@ON_ONE_DATABASE
def test_members_are_created_as_if_each_were_assigned(org):
    give(org, org.group("Engineers", org.person("ada"), org.person("grace")))

    sent = org.sent()
    assert [line.split("?")[0] for line, _ in sent] == ["GET /Users", "POST /Users"] * 2
    assert sent[0][0] == LOOK_UP
    assert [body["userName"] for _, body in sent if body] == [
        "ada@example.com",
        "grace@example.com",
    ]
    assert scopes(org) == {"ada": "GROUP", "grace": "GROUP"}


@ON_ONE_DATABASE
def test_who_joins_gets_the_app_and_who_leaves_loses_it(server, org):
    group, ada = org.group("Engineers"), org.person("ada")
    give(org, group)
    assert org.sent() == []

    org.call("PUT", f"/groups/{group}/users/{ada}", status=204)
    assert is_active(server, "ada")

    org.sent()
    org.call("DELETE", f"/groups/{group}/users/{ada}", status=204)
    assert scopes(org) == {}
    assert not is_active(server, "ada")
    assert {line.split()[0] for line in org.requests()} <= {"GET", "PATCH", "PUT"}

    org.call("PUT", f"/groups/{group}/users/{ada}", status=204)
    assert is_active(server, "ada")


@pytest.mark.parametrize("how", ["unassigned", "deleted"])
@ON_ONE_DATABASE
def test_members_of_a_group_that_goes_lose_the_app(server, org, how):
    ada, grace = org.person("ada"), org.person("grace")
    group, other = org.group("Engineers", ada, grace), org.group("Builders", grace)
    give(org, group)
    give(org, other)

    if how == "unassigned":
        take(org, group)
    else:
        org.call("DELETE", f"/groups/{group}", status=204)

    assert scopes(org) == {"grace": "GROUP"}
    assert (is_active(server, "ada"), is_active(server, "grace")) == (False, True)
    assert [each["id"] for each in org.call("GET", f"{org.app}/groups")] == [other]


@ON_ONE_DATABASE
def test_who_is_assigned_individually_keeps_the_app(server, org):
    ada, grace = org.person("ada"), org.person("grace")
    group = org.group("Engineers", ada, grace)
    org.assign(ada)
    give(org, group)
    assert scopes(org) == {"ada": "USER", "grace": "GROUP"}
    org.sent()
    org.assign(grace)
    assert org.sent() == []

    take(org, group)

    assert scopes(org) == {"ada": "USER", "grace": "USER"}
    assert org.sent() == []
    assert is_active(server, "ada")


@pytest.mark.parametrize("is_individual", [False, True])
@ON_ONE_DATABASE
def test_app_cannot_be_taken_from_a_member(server, org, is_individual):
    ada = org.person("ada")
    group = org.group("Engineers", ada)
    give(org, group)
    if is_individual:
        org.assign(ada)
    org.sent()

    error = org.call("DELETE", f"{org.app}/users/{ada}", status=403)

    assert error["errorCode"] == "E0000046"
    assert error["errorSummary"] == "Deactivate application for user forbidden."
    assert "group memberships" in error["errorCauses"][0]["errorSummary"]
    assert org.sent() == []
    assert is_active(server, "ada")


@ON_ONE_DATABASE
def test_deactivated_member_gets_the_app_back_when_activated(server, org):
    ada = org.person("ada")
    group = org.group("Engineers", ada)
    give(org, group)

    org.call("POST", f"/users/{ada}/lifecycle/deactivate")
    give(org, group)  # which is assigned already
    assert (scopes(org), is_active(server, "ada")) == ({}, False)

    org.call("POST", f"/users/{ada}/lifecycle/activate")
    assert (scopes(org), is_active(server, "ada")) == ({"ada": "GROUP"}, True)
    assert org.call("GET", f"{org.app}/tasks") == []


@ON_ONE_DATABASE
def test_group_can_have_the_app_and_be_pushed(server, org):
    ada, grace = org.person("ada"), org.person("grace")
    group = org.group("Engineers", ada, grace)
    org.push(group)
    give(org, group)
    [pushed] = server.session.get("/Groups").json()["Resources"]
    assert {each["value"] for each in pushed["members"]} == {
        in_app(server, f"{name}@example.com")["id"] for name in ("ada", "grace")
    }

    org.call("DELETE", f"/groups/{group}/users/{ada}", status=204)

    [pushed] = server.session.get("/Groups").json()["Resources"]
    assert [each["value"] for each in pushed["members"]] == [
        in_app(server, "grace@example.com")["id"]
    ]


def test_assignment_of_a_group_looks_like_one_of_okta(alone):
    org = alone
    first, second = org.group("Engineers"), org.group("Builders")
    given = give(org, first, priority=7)
    give(org, second)

    assert given == {
        "id": first,
        "lastUpdated": given["lastUpdated"],
        "priority": 7,
        "profile": {},
        "_links": {
            "app": {"href": f"http://localhost/api/v1{org.app}"},
            "self": {"href": f"http://localhost/api/v1{org.app}/groups/{first}"},
            "group": {"href": f"http://localhost/api/v1/groups/{first}"},
        },
    }
    assert org.call("GET", f"{org.app}/groups/{first}") == given
    listed = org.call("GET", f"{org.app}/groups")
    assert [(each["id"], each["priority"]) for each in listed] == [(second, 1), (first, 7)]


@pytest.mark.parametrize("priority", [-1, 101, "1", True, None])
def test_priority_is_a_number_to_100(alone, priority):
    path = f"{alone.app}/groups/{alone.group('Engineers')}"

    error = alone.call("PUT", path, {"priority": priority}, status=400)

    assert error["errorCauses"] == [{"errorSummary": "priority: must be a number from 0 to 100"}]
    assert alone.call("GET", f"{alone.app}/groups") == []
