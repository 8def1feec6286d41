"""RFC 7643 §3.3: groups with an extension, types with a schema of others, and names of any kind."""

from urllib.parse import quote

import pytest

from scim.protocol.schema import GROUP_SCHEMA, USER_SCHEMA

from ..support.definitions import (
    LOCK_SCHEMA,
    ROOM_SCHEMA,
    attribute,
    complex_attribute,
    reference,
    room,
    rooms,
    schema,
)
from ..support.errors import check_error
from ..support.scim import add, group, path_of, remove, replace, user

TEAM = LOCK_SCHEMA.replace("Room", "Group")


def found(scim, path, text):
    response = scim.get(f"{path}?filter={quote(text)}")
    assert response.status_code == 200, response.text
    return [resource["id"] for resource in response.json["Resources"]]


@pytest.fixture
def scim(defining):
    """A client of an application whose groups have an extension with all kinds of attributes."""
    return defining(
        schema(
            TEAM,
            reference("boss", "User"),
            attribute("code", uniqueness="server"),
            attribute("motto", returned="request"),
            attribute("key", mutability="writeOnly", returned="never"),
            attribute("members", multiValued=True),
        )
    )


@pytest.fixture
def ada(scim):
    return scim.create(user("ada", displayName="Ada"))


def test_extension_of_a_group_stands_beside_its_members(scim, ada):
    extension = {"boss": {"value": ada["id"]}, "code": "A", "motto": "x", "members": ["a"]}

    created = scim.create(group("team", ada, **{TEAM: extension | {"key": "s3cret"}}))

    boss = {"value": ada["id"], "$ref": ada["meta"]["location"], "displayName": "Ada"}
    assert created["schemas"] == [GROUP_SCHEMA, TEAM]
    assert created[TEAM] == extension | {"boss": boss}
    assert [member["display"] for member in created["members"]] == ["Ada"]
    read = scim.read(created)
    assert read[TEAM] == {"boss": boss, "code": "A", "members": ["a"]}
    assert read["members"] == created["members"]
    for text in (f'{TEAM}:boss.displayName eq "ada"', f'{TEAM}:members eq "A"', "members pr"):
        assert found(scim, "/Groups", text) == [created["id"]]


def test_patch_changes_members_and_extension_together(scim, ada):
    created = scim.create(group("team", ada, **{TEAM: {"members": ["a"], "code": "A"}}))

    response = scim.patch(
        path_of(created),
        remove("members"),
        add(f"{TEAM}:members", ["b"]),
        replace(f"{TEAM}:motto", "x"),
    )

    assert response.json[TEAM] == {"code": "A", "motto": "x", "members": ["a", "b"]}
    assert "members" not in response.json
    assert response.json["meta"]["version"] == 'W/"2"'
    check_error(scim.post("/Groups", group("other", **{TEAM: {"code": "a"}})), 409, "uniqueness")
    assert TEAM not in scim.put(path_of(created), group("team", ada)).json
    assert scim.post("/Groups", group("other", **{TEAM: {"code": "a"}})).status_code == 201


def test_group_outlives_its_boss_who_was_a_member_too(scim, ada):
    created = scim.create(group("team", ada, **{TEAM: {"boss": {"value": ada["id"]}}}))

    scim.delete(path_of(ada))

    assert scim.read(created).keys() == {"schemas", "id", "displayName", "meta"}


def of_schema(name, urn):
    document = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
    return {"schemas": [document], "name": name, "endpoint": f"/{name}s", "schema": urn}


def test_type_may_have_the_schema_of_users_without_being_one(defining):
    scim = defining(of_schema("Person", USER_SCHEMA))
    scim.create(user("ada"))

    created = scim.post("/Persons", user("Ada", password="t1me")).json

    assert created.keys() == {"schemas", "id", "userName", "meta"}  # active is not made up
    check_error(scim.post("/Persons", user("ADA")), 409, "uniqueness")
    assert found(scim, "/Persons", 'userName eq "ada"') == [created["id"]]
    patched = scim.patch(path_of(created), replace("password", "x"), add("name.givenName", "Ada"))
    assert patched.json["name"] == {"givenName": "Ada"}
    assert len(found(scim, "/", 'userName eq "ada"')) == 2


def test_type_may_have_the_schema_of_groups_without_being_one(defining):
    scim = defining(of_schema("Team", GROUP_SCHEMA))
    sent = group("team", members=[{"value": "a", "type": "Robot"}])

    created = scim.post("/Teams", sent).json

    assert created["members"] == [{"value": "a", "type": "Robot"}]
    grown = scim.patch(path_of(created), add("members", [{"value": "b"}])).json
    assert [member["value"] for member in grown["members"]] == ["a", "b"]
    assert found(scim, "/Teams", 'members[value eq "b"]') == [created["id"]]
    shrunk = scim.patch(path_of(created), remove('members[value eq "a"]')).json
    assert shrunk["members"] == [{"value": "b"}]
    assert scim.get("/Groups").json["totalResults"] == 0


@pytest.mark.parametrize(
    "name", ["x-y", "x_y", "$x", "type", "urn", "and", "pr", "eq", "true", "items", "f0", "a" * 200]
)
def test_attribute_may_have_any_name_that_the_rfc_allows(defining, name):
    scim = defining(
        *rooms(
            attribute(name),
            complex_attribute("c", attribute(name)),
            complex_attribute("m", attribute(name), multiValued=True),
        ),
        schema(LOCK_SCHEMA, attribute(name)),
    )
    sent = {name: "v", "c": {name: "v"}, "m": [{name: "v"}], LOCK_SCHEMA: {name: "v"}}
    paths = [name, f"c.{name}", f"m.{name}", f"{LOCK_SCHEMA}:{name}", f"{ROOM_SCHEMA}:{name}"]

    created = scim.create(room(**sent))

    assert created.items() >= sent.items()
    for text in (*(f'{path} eq "V"' for path in paths), f'm[{name} sw "v"]'):
        assert found(scim, "/Rooms", text) == [created["id"]]
    for path in paths:
        assert scim.get(f"/Rooms?sortBy={path}&attributes={path}").json["totalResults"] == 1
        assert scim.patch(path_of(created), replace(path, "w")).status_code == 200
    changed = {name: "w", "c": {name: "w"}, "m": [{name: "w"}], LOCK_SCHEMA: {name: "w"}}
    assert scim.read(created).items() >= changed.items()


def test_urn_that_looks_like_an_old_one_is_its_own(defining):
    core, extension = (
        "urn:scim:schemas:core:1.0:Room",
        "urn:scim:schemas:extension:enterprise:1.0:Room",
    )
    resource_type, _ = rooms()
    scim = defining(
        resource_type | {"schema": core},
        schema(core, attribute("displayName")),
        schema(extension, attribute("maker")),
    )
    sent = {"schemas": [core, extension], "displayName": "x", extension: {"maker": "X"}}

    created = scim.post("/Rooms", sent).json

    assert created.items() >= sent.items()
    patched = scim.patch(path_of(created), replace(f"{extension}:maker", "Y"))
    assert patched.json[extension] == {"maker": "Y"}
    assert "SCIM-Tolerances" not in patched.headers
    assert scim.get(f"/Rooms?attributes={core}").json["Resources"][0]["displayName"] == "x"
    assert scim.get(f'/Rooms?filter={extension}:maker eq "y"').json["totalResults"] == 1
