"""An import finds users and groups of the server. A confirmed user has the app from then on."""

from typing import Any

import pytest

from tests.support.databases import ON_ONE_DATABASE

from ..scripted import scripted
from .org import ENTERPRISE, GROUP, USER, in_app, okta_for

ADA = {
    "schemas": [USER, ENTERPRISE],
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "displayName": "Countess",
    "title": "Analyst",
    "emails": [
        {"value": "ada@home.example", "type": "home"},
        {"value": "ada@example.com", "type": "work", "primary": True},
    ],
    "phoneNumbers": [{"value": "1", "type": "mobile"}],
    ENTERPRISE: {"department": "Engines"},
}


def create(server, endpoint, **resource):
    answer = server.session.post(endpoint, json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json()


def user(server, name, /, **more):
    address = f"{name}@example.com"
    named = {"givenName": name.title(), "familyName": "Doe"}
    emails = [{"value": address, "type": "work", "primary": True}]
    plain = {"schemas": [USER], "userName": address, "name": named, "emails": emails}
    return create(server, "/Users", **plain | more)


def found(org) -> list[Any]:
    """Return whom an import finds, in order of their names."""
    org.call("POST", f"{org.app}/import", status=202)
    org.sent()
    users = org.call("GET", f"{org.app}/import")["users"]
    return sorted(users, key=lambda each: each["profile"]["userName"])


def confirm(org, *ids):
    return org.call("POST", f"{org.app}/import/confirm", {"ids": list(ids)} if ids else None)


def test_import_reads_250_users_in_pages_then_the_groups(server, org):
    org.person("user7")
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": f"b{number}",
            "data": {"schemas": [USER], "userName": f"user{number}@example.com"},
        }
        for number in range(250)
    ]
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    for start in (0, 100, 200):
        request = {"schemas": [bulk], "Operations": operations[start : start + 100]}
        assert server.session.post("/Bulk", json=request).status_code == 200

    org.call("POST", f"{org.app}/import", status=202)

    assert org.requests() == [
        "GET /Users?startIndex=1&count=100",
        "GET /Users?startIndex=101&count=100",
        "GET /Users?startIndex=201&count=100",
        "GET /Groups?startIndex=1&count=100",
    ]
    imported = org.call("GET", f"{org.app}/import")
    assert (imported["usersScanned"], imported["usersMatched"]) == (250, 1)
    assert imported["groupsScanned"] == 0


@ON_ONE_DATABASE
def test_found_users_match_by_login_or_address(server, org):
    ada, grace = org.person("ada"), org.person("grace")
    by_login = user(server, "ADA", emails=[])
    by_address = user(server, "grace", userName="hopper")
    nobody = user(server, "joan")
    user(server, "edsger", active=False)

    shown = [(each["id"], each["match"], each["userId"], each["problem"]) for each in found(org)]

    assert shown == [
        (by_login["id"], "EXACT", ada, None),
        (by_address["id"], "EXACT", grace, None),
        (nobody["id"], "NONE", None, None),
    ]
    assert org.call("GET", f"{org.app}/import")["usersMatched"] == 2


@ON_ONE_DATABASE
def test_users_of_the_app_are_found_no_more(server, org):
    org.assign(org.person("ada"))

    assert found(org) == []
    assert org.call("GET", f"{org.app}/import")["usersScanned"] == 1


def test_confirmed_users_have_the_app_and_nothing_is_sent(server, org):
    ada, joan = org.person("ada"), user(server, "joan")
    there = create(server, "/Users", **ADA)
    found(org)

    confirmed = confirm(org)

    assert org.sent() == []
    assert [each["externalId"] for each in confirmed] == [joan["id"], there["id"]]
    assert {(each["scope"], each["status"], each["syncState"]) for each in confirmed} == {
        ("USER", "PROVISIONED", "SYNCHRONIZED")
    }
    new = org.call("GET", "/users/joan@example.com")
    assert (new["status"], new["profile"]["lastName"]) == ("STAGED", "Doe")
    assert {each["id"] for each in confirmed} == {ada, new["id"]}
    assert found(org) == []


@ON_ONE_DATABASE
def test_new_user_has_the_profile_that_was_found(server, org):
    boss = user(server, "boss")
    create(
        server, "/Users", **ADA | {ENTERPRISE: ADA[ENTERPRISE] | {"manager": {"value": boss["id"]}}}
    )
    found(org)

    confirm(org)

    assert org.call("GET", "/users/ada@example.com")["profile"] == {
        "login": "ada@example.com",
        "email": "ada@example.com",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "displayName": "Countess",
        "title": "Analyst",
        "mobilePhone": "1",
        "department": "Engines",
        "managerId": boss["id"],
    }


def test_later_change_in_okta_is_sent_and_keeps_the_rest(server, org):
    there = create(server, "/Users", **ADA)
    found(org)
    confirm(org)

    org.call(
        "POST", "/users/ada@example.com", {"profile": {"title": "Author", "mobilePhone": None}}
    )

    assert org.requests() == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]
    ada = in_app(server, "ada@example.com")
    assert (ada["id"], ada["title"], ada["displayName"]) == (there["id"], "Author", "Countess")
    assert ada[ENTERPRISE]["department"] == "Engines"
    assert {each["type"] for each in ada["emails"]} == {"home", "work"}
    assert "phoneNumbers" not in ada


def test_confirmed_user_is_deactivated_when_unassigned(server, org):
    user(server, "ada")
    found(org)
    [ada] = confirm(org)

    org.call("DELETE", f"{org.app}/users/{ada['id']}", status=204)

    assert in_app(server, "ada@example.com")["active"] is False


@ON_ONE_DATABASE
def test_who_is_named_is_confirmed_and_the_others_are_left(server, org):
    ada, joan = user(server, "ada"), user(server, "joan")
    found(org)

    [confirmed] = confirm(org, joan["id"])

    assert confirmed["externalId"] == joan["id"]
    assert [each["id"] for each in found(org)] == [ada["id"]]


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        ({"userName": "ada"}, "login: Username must be in the form of an email address"),
        ({"emails": []}, "email: The field cannot be left blank"),
        ({"name": {"givenName": "Ada"}}, "lastName: The field cannot be left blank"),
    ],
)
def test_who_cannot_be_an_okta_user_is_left_with_the_problem(server, org, resource, problem):
    ada = user(server, "ada", **resource)
    user(server, "joan")

    assert found(org)[0]["problem"] == problem
    assert confirm(org, ada["id"]) == []
    assert [each["profile"]["userName"] for each in confirm(org)] == ["joan@example.com"]
    assert [each["id"] for each in found(org)] == [ada["id"]]


@ON_ONE_DATABASE
def test_who_matches_a_user_that_cannot_be_taken_is_left(server, org):
    org.assign(org.person("ada"))
    user(server, "augusta", emails=[{"value": "ada@example.com", "type": "work"}])
    org.person("grace")
    org.call("POST", "/users/grace@example.com/lifecycle/deactivate")
    user(server, "grace")

    assert [each["problem"] for each in found(org)] == [
        "ada@example.com has the app already",
        "grace@example.com is deactivated",
    ]
    assert confirm(org) == []


@ON_ONE_DATABASE
def test_two_found_users_do_not_share_an_okta_user(server, org):
    org.person("ada")
    user(server, "ada")
    second = user(server, "augusta", emails=[{"value": "ada@example.com", "type": "work"}])
    assert [each["match"] for each in found(org)] == ["EXACT", "EXACT"]

    assert len(confirm(org)) == 1

    assert [each["id"] for each in found(org)] == [second["id"]]


@pytest.mark.parametrize(
    ("ids", "status"), [("all", 400), ({}, 400), (["none"], 404), ([7], 404), ([[]], 404)]
)
@ON_ONE_DATABASE
def test_ids_of_nobody_are_refused(server, template, ids, status):
    user(server, "ada")
    found(template)

    template.call("POST", f"{template.app}/import/confirm", {"ids": ids}, status=status)

    assert len(found(template)) == 1


def test_before_an_import_nobody_is_found(alone):
    imported = alone.call("GET", f"{alone.app}/import")

    assert (imported["finished"], imported["users"], imported["groups"]) == (None, [], [])
    assert confirm(alone) == []


def test_found_groups_are_groups_of_the_app(server, org):
    ada, joan = user(server, "ada"), user(server, "joan")
    members = [{"value": ada["id"]}, {"value": joan["id"]}]
    there = create(server, "/Groups", schemas=[GROUP], displayName="Engineers", members=members)
    found(org)
    confirm(org, ada["id"])
    own = org.group("Engineers")  # which an app's group does not forbid

    [group] = [each for each in org.call("GET", "/groups") if each["id"] != own]
    assert (group["type"], group["profile"]) == ("APP_GROUP", {"name": "Engineers"})
    assert group["source"] == {"id": org.service.org.app.id}
    path = f"/groups/{group['id']}"
    assert [each["profile"]["login"] for each in org.call("GET", f"{path}/users")] == [
        "ada@example.com"
    ]
    for method, target in (("PUT", ""), ("PUT", "/users/joan"), ("DELETE", "/users/joan")):
        error = org.call(method, f"{path}{target}", {"profile": {"name": "x"}}, status=403)
        assert error["errorCode"] == "E0000006"

    server.session.patch(
        f"/Groups/{there['id']}",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "value": {"displayName": "Builders"}}],
        },
    )
    found(org)
    assert org.call("GET", path)["profile"] == {"name": "Builders"}
    server.session.delete(f"/Groups/{there['id']}")
    found(org)
    org.call("GET", path, status=404)
    org.call("GET", f"/groups/{own}")


@ON_ONE_DATABASE
def test_deleted_user_is_in_no_group_that_is_found(server, org):
    there = user(server, "ada")
    create(server, "/Groups", schemas=[GROUP], displayName="A", members=[{"value": there["id"]}])
    found(org)
    [ada] = confirm(org)
    for _ in range(2):  # deactivated, then deleted
        org.call("DELETE", f"/users/{ada['id']}", status=204)

    found(org)

    [group] = org.call("GET", "/groups")
    assert org.call("GET", f"/groups/{group['id']}/users") == []


@ON_ONE_DATABASE
def test_found_group_is_the_target_of_a_push(server, org):
    there = create(server, "/Groups", schemas=[GROUP], displayName="Builders")
    found(org)
    [group] = org.call("GET", "/groups")

    mapping = org.push(org.group("Engineers"), targetGroupId=group["id"])

    assert mapping["targetGroupId"] == there["id"]
    [pushed] = server.session.get("/Groups").json()["Resources"]
    assert (pushed["id"], pushed["displayName"]) == (there["id"], "Engineers")


@ON_ONE_DATABASE
def test_confirmed_member_joins_a_pushed_group(server, org):
    there = user(server, "ada")
    org.push(org.group("Engineers", org.person("ada")))
    found(org)

    confirm(org)

    [group] = server.session.get("/Groups").json()["Resources"]
    assert [each["value"] for each in group["members"]] == [there["id"]]


@pytest.mark.parametrize("odd", [{"emails": 7}, {"name": "Ada"}, {"phoneNumbers": ["1"]}])
def test_users_that_make_no_sense_are_a_failed_task(odd):
    page = {"totalResults": 1, "Resources": [{"id": "1", "userName": "ada"} | odd]}
    with scripted((200, {}, page)) as app, okta_for(app.url, "t", "template") as org:
        org.call("POST", f"{org.app}/import", status=202)

        [task] = org.call("GET", f"{org.app}/tasks")
        assert task["error"].startswith("the server's answer makes no sense")
        assert org.call("GET", f"{org.app}/import")["users"] == []
