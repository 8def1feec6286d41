"""The requests of the stand-in for users, to our server and for both kinds of app."""

import re
from typing import Any

import pytest

from tests.support.databases import ON_ONE_DATABASE

from .org import ADA, ENTERPRISE, LOOK_UP, USER, in_app, okta_for, patch, person


def test_steps_of_the_crud_test_succeed_with_the_wizard_app(server, wizard):
    wizard.call("GET", wizard.app)
    credentials = {"password": {"value": "Kv7J2LEa"}}
    ada = wizard.call("POST", "/users?activate=true", {"profile": ADA, "credentials": credentials})
    assert ada["status"] == "ACTIVE"
    assignment = {
        "id": ada["id"],
        "scope": "USER",
        "credentials": {"userName": ADA["email"]},
        "profile": {
            "familyName": "Lovelace",
            "givenName": "Ada",
            "emailType": "work",
            "email": ADA["email"],
        },
    }
    assigned = wizard.call("POST", f"{wizard.app}/users", assignment)
    assert assigned["credentials"] == {"userName": ADA["email"]}

    created = in_app(server, ADA["email"])
    assert created["emails"][0]["value"] == ADA["email"]
    assert created["name"] == {"familyName": "Lovelace", "givenName": "Ada"}
    path = f"/Users/{created['id']}"

    wizard.call("PUT", f"/users/{ada['id']}", {"profile": ADA | {"firstName": "Augusta"}})
    assert server.session.get(path).json()["name"]["givenName"] == "Augusta"

    wizard.call("POST", f"/users/{ada['id']}/lifecycle/deactivate")
    assert server.session.get(path).json()["active"] is False

    wizard.call("POST", f"/users/{ada['id']}/lifecycle/activate")
    assert server.session.get(path).json()["active"] is False
    wizard.call("POST", f"{wizard.app}/users", assignment)
    assert server.session.get(path).json()["active"] is True

    wizard.call("DELETE", f"{wizard.app}/users/{ada['id']}", status=204)
    assert server.session.get(path).json()["active"] is False
    assert wizard.call("GET", f"{wizard.app}/tasks") == []


@ON_ONE_DATABASE
def test_credentials_are_tested_first(server):
    with okta_for(server.url, server.token, "template") as org:
        assert org.sent() == [("GET /Users?startIndex=1&count=2", None)]
        assert org.call("GET", f"{org.app}/tasks") == []


@ON_ONE_DATABASE
def test_wrong_token_is_a_failed_task(server):
    with okta_for(server.url, "wrong", "template") as org:
        [task] = org.call("GET", f"{org.app}/tasks")

    assert (task["title"], task["status"]) == ("Test API credentials", "FAILED")
    assert "401" in task["error"]
    assert not any("wrong" in line for line in org.lines)


@ON_ONE_DATABASE
def test_create_looks_up_then_posts_with_a_random_password(org):
    ada = org.person("ada", lastName="Lovelace", department="Engines", primaryPhone="123")
    org.assign(ada)

    [looked_up, (line, body)] = org.sent()
    assert looked_up == (LOOK_UP, None)
    assert line == "POST /Users"
    assert re.fullmatch("[0-9a-f]{8}", body.pop("password"))
    assert body == {
        "schemas": [USER, ENTERPRISE],
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": "ada@example.com", "type": "work"}],
        "displayName": "Ada Lovelace",
        "locale": "en-US",
        "phoneNumbers": [{"value": "123", "type": "work", "primary": True}],
        ENTERPRISE: {"department": "Engines"},
        "externalId": "[Ada]",
        "groups": [],
        "active": True,
    }


@ON_ONE_DATABASE
def test_user_without_extension_is_sent_in_okta_s_order(org):
    org.assign(org.person("ada"))

    _, (_, body) = org.sent()
    assert body["schemas"] == [USER]
    names = "schemas userName name emails displayName locale externalId groups password active"
    assert list(body) == names.split()


def test_user_that_is_there_is_taken_over(server, org):
    there = {"schemas": [USER], "userName": "ADA@example.com", "title": "Countess", "active": False}
    created = server.session.post("/Users", json=there).json()

    assigned = org.assign(org.person("ada"))

    (_, _), (read, _), (line, body) = org.sent()
    assert [read, line] == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]
    assert body["title"] == "Countess"
    assert body["userName"] == "ada@example.com"
    assert body["active"] is True
    assert assigned["id"] == org.call("GET", f"{org.app}/users/{assigned['id']}")["id"]
    assert in_app(server, "ada@example.com")["id"] == created["id"]


def test_update_puts_back_all_that_was_read(server, org):
    ada = org.person("ada")
    org.assign(ada)
    path = f"/Users/{in_app(server, 'ada@example.com')['id']}"
    home = {"value": "ada@home.example", "type": "home"}
    server.session.patch(path, json=patch({"op": "add", "path": "emails", "value": [home]}))
    server.session.patch(path, json=patch({"op": "add", "path": "nickName", "value": "Ada"}))
    read = server.session.get(path).json()
    org.sent()

    org.call("POST", f"/users/{ada}", {"profile": {"title": "Countess"}})

    [(first, _), (second, body)] = org.sent()
    assert [first, second] == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]
    assert body == org.named_in(read) | {"title": "Countess"}
    assert body["meta"]["resourceType"] == "User"
    assert {each["type"] for each in body["emails"]} == {"work", "home"}


def test_emptied_attributes_are_left_out_of_the_put(server, org):
    phones = {"primaryPhone": "1", "mobilePhone": "2"}
    ada = org.person("ada", title="Countess", middleName="King", department="Engines", **phones)
    org.assign(ada)
    path = f"/Users/{in_app(server, 'ada@example.com')['id']}"
    server.session.patch(path, json=patch({"op": "add", "path": "nickName", "value": "A"}))
    emptied = dict.fromkeys(["title", "middleName", "department", "mobilePhone"])

    org.call("POST", f"/users/{ada}", {"profile": emptied})

    user = in_app(server, "ada@example.com")
    assert user["name"] == {"givenName": "Ada", "familyName": "Doe"}
    assert [phone["value"] for phone in user["phoneNumbers"]] == ["1"]
    assert user["nickName"] == "A"
    assert "title" not in user
    assert "department" not in user.get(ENTERPRISE, {})


def test_update_of_the_app_s_user_is_sent(server, org):
    ada = org.person("ada")
    org.assign(ada)
    org.sent()

    org.call("POST", f"{org.app}/users/{ada}", {"profile": {"title": "Countess"}})

    assert org.requests() == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]
    assert in_app(server, "ada@example.com")["title"] == "Countess"


@ON_ONE_DATABASE
def test_second_assignment_is_an_update(org):
    ada = org.person("ada")
    org.assign(ada)
    org.sent()

    org.assign(ada)
    assert org.requests() == []
    user = org.call("GET", f"{org.app}/users/{ada}")
    assert (user["status"], user["syncState"]) == ("PROVISIONED", "SYNCHRONIZED")

    org.call("POST", f"{org.app}/users", {"id": ada, "profile": {"title": "Countess"}})
    assert org.requests() == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]


@ON_ONE_DATABASE
def test_new_name_of_a_member_is_no_change_of_the_group(org):
    ada = org.person("ada")
    org.assign(ada)
    org.push(org.group("Engineers", ada))
    org.sent()

    org.call("POST", f"/users/{ada}", {"profile": {"login": "augusta@example.com"}})

    assert org.requests() == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]


@ON_ONE_DATABASE
def test_update_without_a_change_sends_nothing(org):
    ada = org.person("ada")
    org.assign(ada)
    org.sent()

    org.call("POST", f"/users/{ada}", {"profile": {"firstName": "Ada"}})

    assert org.sent() == []


def test_template_app_deactivates_and_reactivates_with_patch(template):
    ada = template.person("ada")
    template.assign(ada)
    template.sent()

    template.call("DELETE", f"{template.app}/users/{ada}", status=204)
    assert template.sent() == [
        ("PATCH /Users/<Ada>", patch({"op": "replace", "value": {"active": False}}))
    ]

    template.assign(ada)
    assert template.sent() == [
        (LOOK_UP, None),
        ("PATCH /Users/<Ada>", patch({"op": "replace", "value": {"active": True}})),
    ]


def test_wizard_app_deactivates_and_reactivates_with_put(wizard):
    ada = wizard.person("ada")
    wizard.assign(ada)
    wizard.sent()

    wizard.call("DELETE", f"{wizard.app}/users/{ada}", status=204)
    [(first, _), (second, body)] = wizard.sent()
    assert [first, second] == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]
    assert body["active"] is False
    assert body["userName"] == "ada@example.com"

    wizard.assign(ada)
    [looked_up, (line, body)] = wizard.sent()
    assert looked_up == (LOOK_UP, None)
    assert (line, body["active"]) == ("PUT /Users/<Ada>", True)


def test_reassignment_sends_what_changed_meanwhile(server, org):
    ada = org.person("ada")
    org.assign(ada)
    org.call("DELETE", f"{org.app}/users/{ada}", status=204)
    org.call("POST", f"/users/{ada}", {"profile": {"title": "Countess"}})

    org.assign(ada)

    user = in_app(server, "ada@example.com")
    assert (user["active"], user["title"]) == (True, "Countess")


def test_deletion_deactivates_first_and_never_sends_delete(server, org):
    ada = org.person("ada")
    org.assign(ada)
    org.call("DELETE", f"/users/{ada}", status=204)
    assert org.call("GET", f"/users/{ada}")["status"] == "DEPROVISIONED"
    assert in_app(server, "ada@example.com")["active"] is False
    org.sent()

    org.call("DELETE", f"/users/{ada}", status=204)

    org.call("GET", f"/users/{ada}", status=404)
    assert org.sent() == []


@ON_ONE_DATABASE
def test_suspension_sends_nothing(org):
    credentials = {"password": {"value": "Kv7J2LEa"}}
    ada = org.call("POST", "/users", {"profile": person("ada"), "credentials": credentials})["id"]
    org.assign(ada)
    org.sent()

    org.call("POST", f"/users/{ada}/lifecycle/suspend")
    assert org.call("GET", f"/users/{ada}")["status"] == "SUSPENDED"
    org.call("POST", f"/users/{ada}/lifecycle/unsuspend")

    assert org.call("GET", f"/users/{ada}")["status"] == "ACTIVE"
    assert org.sent() == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("switch", ["create", "update", "deactivate"])
def test_feature_that_is_off_sends_nothing(template, switch):
    ada, grace = template.person("ada"), template.person("grace")
    template.assign(grace)
    template.sent()
    off = {"status": "DISABLED"}
    capabilities = {
        "create": {"create": {"lifecycleCreate": off}},
        "update": {"update": {"profile": off}},
        "deactivate": {"update": {"lifecycleDeactivate": off}},
    }[switch]
    feature = template.call("PUT", f"{template.app}/features/USER_PROVISIONING", capabilities)

    template.assign(ada)
    template.call("POST", f"/users/{grace}", {"profile": {"title": "Admiral"}})
    template.call("DELETE", f"{template.app}/users/{grace}", status=204)

    methods = {line.split()[0] for line in template.requests()}
    assert methods == {"GET", "POST", "PUT", "PATCH"} - {
        {"create": "POST", "update": "PUT", "deactivate": "PATCH"}[switch]
    }
    assert str(feature["capabilities"]).count("DISABLED") == 2  # passwords are not synchronized


@ON_ONE_DATABASE
def test_passwords_are_synchronized_if_switched_on(org):
    def credentials(password: str) -> Any:
        return {"credentials": {"password": {"value": password}}}

    ada = org.call("POST", "/users", {"profile": person("ada")} | credentials("Kv7J2LEa"))["id"]
    grace = org.person("grace")
    org.assign(grace)
    org.call("POST", f"/users/{grace}", credentials("n0t-sent"))
    switched = {"update": {"password": {"status": "ENABLED"}}}
    org.call("PUT", f"{org.app}/features/USER_PROVISIONING", switched)
    org.assign(ada)
    assert "n0t-sent" not in str(seen := org.sent())
    assert seen[-1][1]["password"] == "Kv7J2LEa"

    org.call("POST", f"/users/{ada}", credentials("n3w-0ne!"))

    *read, (line, body) = org.sent()
    if org.service.org.app.kind == "template":
        value = {"password": "n3w-0ne!"}
        assert (line, body) == ("PATCH /Users/<Ada>", patch({"op": "replace", "value": value}))
        assert read == []
    else:
        assert (line, body["password"]) == ("PUT /Users/<Ada>", "n3w-0ne!")
        assert (body["userName"], body["active"]) == ("ada@example.com", True)
        assert read == [("GET /Users/<Ada>", None)]
    assert org.call("GET", f"{org.app}/tasks") == []
