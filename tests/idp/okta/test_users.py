"""The stand-in sends the requests of Okta to our server, for both kinds of app."""

import re
from typing import Any

import pytest

from .org import ADA, okta_for, person

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LOOK_UP = 'GET /Users?filter=userName eq "ada@example.com"&startIndex=1&count=100'
LOOK_UP_GROUP = 'GET /Groups?filter=displayName eq "Engineers"&startIndex=1&count=100'


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def in_app(server, user_name: str) -> Any:
    found = server.session.get("/Users", params={"filter": f'userName eq "{user_name}"'}).json()
    [user] = found["Resources"]
    return user


def test_steps_of_the_crud_test_succeed(server, org):
    org.call("GET", org.app)
    credentials = {"password": {"value": "Kv7J2LEa"}}
    ada = org.call("POST", "/users?activate=true", {"profile": ADA, "credentials": credentials})
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
    assigned = org.call("POST", f"{org.app}/users", assignment)
    assert assigned["credentials"] == {"userName": ADA["email"]}

    created = in_app(server, ADA["email"])
    assert created["emails"][0]["value"] == ADA["email"]
    assert created["name"] == {"familyName": "Lovelace", "givenName": "Ada"}
    path = f"/Users/{created['id']}"

    org.call("PUT", f"/users/{ada['id']}", {"profile": ADA | {"firstName": "Augusta"}})
    assert server.session.get(path).json()["name"]["givenName"] == "Augusta"

    org.call("POST", f"/users/{ada['id']}/lifecycle/deactivate")
    assert server.session.get(path).json()["active"] is False

    org.call("POST", f"/users/{ada['id']}/lifecycle/activate")
    assert server.session.get(path).json()["active"] is False
    org.call("POST", f"{org.app}/users", assignment)
    assert server.session.get(path).json()["active"] is True

    org.call("DELETE", f"{org.app}/users/{ada['id']}", status=204)
    assert server.session.get(path).json()["active"] is False
    assert org.call("GET", f"{org.app}/tasks") == []


def test_credentials_are_tested_first(server):
    with okta_for(server.url, server.token, "template") as org:
        assert org.sent() == [("GET /Users?startIndex=1&count=2", None)]
        assert org.call("GET", f"{org.app}/tasks") == []


def test_wrong_token_is_a_failed_task(server):
    with okta_for(server.url, "wrong", "template") as org:
        [task] = org.call("GET", f"{org.app}/tasks")

    assert (task["title"], task["status"]) == ("Test API credentials", "FAILED")
    assert "401" in task["error"]
    assert not any("wrong" in line for line in org.lines)


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


def test_new_name_of_a_member_is_no_change_of_the_group(org):
    ada = org.person("ada")
    org.assign(ada)
    org.push(org.group("Engineers", ada))
    org.sent()

    org.call("POST", f"/users/{ada}", {"profile": {"login": "augusta@example.com"}})

    assert org.requests() == ["GET /Users/<Ada>", "PUT /Users/<Ada>"]


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


def test_group_is_pushed_with_patch_by_the_template_app(server, template):
    ada, grace = template.person("ada"), template.person("grace")
    template.assign(ada)
    engineers = template.group("Engineers", ada, grace)  # Grace has no app
    template.sent()

    template.push(engineers)

    name = {"op": "replace", "value": {"id": "<group>", "displayName": "Engineers"}}
    member = {"value": "<Ada>", "display": "ada@example.com"}
    assert template.sent() == [
        (LOOK_UP_GROUP, None),
        ("POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": []}),
        ("GET /Groups/<group>", None),
        (
            "PATCH /Groups/<group>",
            patch(name, {"op": "replace", "path": "members", "value": [member]}),
        ),
    ]
    assert template.call("GET", f"{template.app}/tasks") == []


def test_renaming_and_members_are_patched_by_the_template_app(server, template):
    ada, grace = template.person("ada"), template.person("grace")
    engineers = template.group("Engineers", ada)
    template.push(engineers)
    template.assign(ada)  # who joins the group there when she arrives
    template.assign(grace)
    template.sent()
    path = f"/groups/{engineers}"

    template.call("PUT", path, {"profile": {"name": "Builders"}})
    template.call("PUT", f"{path}/users/{grace}", status=204)
    template.call("DELETE", f"{path}/users/{ada}", status=204)

    named = {"op": "replace", "value": {"id": "<group>", "displayName": "Builders"}}
    member = {"value": "<Grace>", "display": "grace@example.com"}
    assert template.sent() == [
        ("PATCH /Groups/<group>", patch(named)),
        (
            "PATCH /Groups/<group>",
            patch(named, {"op": "add", "path": "members", "value": [member]}),
        ),
        (
            "PATCH /Groups/<group>",
            patch(named, {"op": "remove", "path": 'members[value eq "<Ada>"]'}),
        ),
    ]
    [group] = server.session.get("/Groups").json()["Resources"]
    assert group["displayName"] == "Builders"
    assert [each["value"] for each in group["members"]] == [
        in_app(server, "grace@example.com")["id"]
    ]


def test_member_who_leaves_while_the_group_is_being_pushed_is_removed(server, org):
    ada = org.person("ada")
    org.assign(ada)
    engineers = org.group("Engineers")
    org.push(engineers)
    path, client = f"/groups/{engineers}/users/{ada}", org.service.provisioner.client
    note = client.note

    def leave(_):
        client.note = note
        assert org.client.delete(f"/api/v1{path}").status_code == 204

    client.note = leave
    org.call("PUT", path, status=204)

    [group] = server.session.get("/Groups").json()["Resources"]
    assert group.get("members", []) == []


def test_groups_are_put_whole_by_the_wizard_app(server, wizard):
    ada = wizard.person("ada")
    wizard.assign(ada)
    engineers = wizard.group("Engineers", ada)
    wizard.sent()

    wizard.push(engineers)
    wizard.call("PUT", f"/groups/{engineers}", {"profile": {"name": "Builders"}})
    wizard.call("DELETE", f"/groups/{engineers}/users/{ada}", status=204)

    member = {"value": "<Ada>", "display": "ada@example.com"}
    whole = {"schemas": [GROUP], "id": "<group>", "displayName": "Builders", "members": []}
    with_ada = whole | {"members": [member]}
    assert wizard.sent() == [
        (LOOK_UP_GROUP, None),
        ("POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": []}),
        ("GET /Groups/<group>", None),
        ("PUT /Groups/<group>", with_ada | {"displayName": "Engineers"}),
        ("PUT /Groups/<group>", with_ada),
        ("PUT /Groups/<group>", whole),
    ]
    [group] = server.session.get("/Groups").json()["Resources"]
    assert (group["displayName"], group.get("members", [])) == ("Builders", [])


@pytest.mark.parametrize("how", ["by name", "by id"])
def test_push_links_a_group_that_is_there(server, org, how):
    there = {"schemas": [GROUP], "displayName": "Engineers"}
    group_id = server.session.post("/Groups", json=there).json()["id"]
    engineers = org.group("Engineers")

    options = {"targetGroupId": group_id} if how == "by id" else {}
    mapping = org.push(engineers, **options)

    requests = org.requests()
    assert (LOOK_UP_GROUP in requests) == (how == "by name")
    assert "POST /Groups" not in requests
    mapping = org.call("GET", f"{org.app}/group-push/mappings/{mapping['id']}")
    assert (mapping["targetGroupId"], mapping["status"]) == (group_id, "ACTIVE")


def test_unpushed_group_is_left_or_deleted(server, org):
    path = f"{org.app}/group-push/mappings"
    for name, query, left in (("A", "", 1), ("B", "?deleteTargetGroup=true", 1)):
        mapping = org.push(org.group(name))["id"]
        org.call("DELETE", f"{path}/{mapping}{query}", status=400)  # it is active
        org.call("PATCH", f"{path}/{mapping}", {"status": "INACTIVE"})
        org.call("DELETE", f"{path}/{mapping}{query}", status=204)

        assert server.session.get("/Groups").json()["totalResults"] == left
    assert org.call("GET", path) == []


def test_inactive_mapping_pushes_nothing_until_it_is_active(org):
    engineers = org.group("Engineers")
    mapping = org.push(engineers, status="INACTIVE")["id"]
    org.call("PUT", f"/groups/{engineers}", {"profile": {"name": "Builders"}})
    assert org.sent() == []

    org.call("PATCH", f"{org.app}/group-push/mappings/{mapping}", {"status": "ACTIVE"})

    assert "POST /Groups" in org.requests()


def test_deactivated_user_leaves_a_pushed_group(server, org):
    ada = org.person("ada")
    org.assign(ada)
    org.push(org.group("Engineers", ada))

    org.call("POST", f"/users/{ada}/lifecycle/deactivate")

    [group] = server.session.get("/Groups").json()["Resources"]
    assert group.get("members", []) == []
