"""The requests of the stand-in for pushed groups, to our server and for both kinds of app."""

import pytest

from tests.support.databases import ON_ONE_DATABASE

from .org import GROUP, LOOK_UP_GROUP, in_app, patch


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


@ON_ONE_DATABASE
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
