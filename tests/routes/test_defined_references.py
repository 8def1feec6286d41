"""Which person uses this device, and which devices does this person use?"""

from urllib.parse import quote

import pytest

from ..support.definitions import (
    DEVICE_SCHEMA,
    LOCK_SCHEMA,
    OWNERSHIP_SCHEMA,
    attribute,
    device,
    owned_by,
    reference,
    room,
    rooms,
    schema,
)
from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, group, path_of, remove, replace, user

OWNER = f"{OWNERSHIP_SCHEMA}:owner"


@pytest.fixture
def ada(examples):
    return examples.create(user("ada", displayName="Ada"))


@pytest.fixture
def bob(examples):
    return examples.create(user("bob", displayName="Bob"))


def owner_of(resource):
    return resource.get(OWNERSHIP_SCHEMA, {}).get("owner")


def as_shown(resource, **display):
    """Return how a reference to a resource is shown."""
    return {"value": resource["id"], "$ref": resource["meta"]["location"], **display}


def found(scim, path, text="", **parameters):
    """Return the ids of what a query finds, in its order."""
    asked = {"filter": text} if text else {}
    query = "&".join(f"{name}={quote(value)}" for name, value in (asked | parameters).items())
    response = scim.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    return [resource["id"] for resource in response.json["Resources"]]


def test_device_shows_its_owner_as_the_owner_is_now(examples, ada):
    laptop = examples.create(device(**owned_by(ada)))
    assert owner_of(laptop) == as_shown(ada, displayName="Ada")

    examples.patch(path_of(ada), replace("displayName", 'Countess "Ada" \u2028'))

    renamed = as_shown(ada, displayName='Countess "Ada" \u2028')
    [listed] = examples.get("/Devices").json["Resources"]
    [everywhere] = examples.get('/?filter=meta.resourceType eq "Device"').json["Resources"]
    after = examples.read(laptop)
    assert owner_of(after) == renamed
    assert listed == everywhere == after
    assert after["meta"] == laptop["meta"]

    examples.patch(path_of(ada), remove("displayName"))
    assert owner_of(examples.read(laptop)) == as_shown(ada)


def test_owner_who_does_not_exist_is_kept_as_sent(examples, ada):
    other = examples.create(device("other"))
    for named in ({"id": UNKNOWN_ID}, {"id": "7"}, other):  # a device is no owner either
        created = examples.create(device(**owned_by(named)))

        assert owner_of(created) == {"value": named["id"]}
        assert owner_of(examples.read(created)) == {"value": named["id"]}


def test_what_the_server_says_of_an_owner_cannot_be_sent(examples, ada):
    sent = owned_by(ada)
    sent[OWNERSHIP_SCHEMA]["owner"] |= {"$ref": "https://x.example", "displayName": "x"}

    created = examples.create(device(**sent))

    assert owner_of(created) == as_shown(ada, displayName="Ada")
    assert owner_of(examples.put(path_of(created), device(**sent)).json) == owner_of(created)
    linked = {OWNERSHIP_SCHEMA: {"owner": {"$ref": ada["meta"]["location"], "displayName": "x"}}}
    assert owner_of(examples.put(path_of(created), device(**linked)).json) == owner_of(created)
    nobody = {OWNERSHIP_SCHEMA: {"owner": {"displayName": "x"}}}
    assert OWNERSHIP_SCHEMA not in examples.put(path_of(created), device(**nobody)).json


def test_owner_changes_hands(examples, ada, bob):
    laptop = examples.create(device(**owned_by(ada)))
    path = path_of(laptop)

    assert owner_of(examples.patch(path, replace("owner", bob["id"])).json)["displayName"] == "Bob"
    assert found(examples, "/Devices", 'owner.displayName eq "ada"') == []
    assert owner_of(examples.put(path, device(**owned_by(ada))).json)["displayName"] == "Ada"
    assert OWNERSHIP_SCHEMA not in examples.patch(path, remove(f"{OWNER}.value")).json
    assert found(examples, "/Devices", f"{OWNER} pr") == []


def test_devices_of_a_person_are_found(examples, ada, bob):
    hers = [examples.create(device(name, **owned_by(ada)))["id"] for name in ("b", "a")]
    his = examples.create(device("c", **owned_by(bob)))["id"]
    lost = examples.create(device("d", **owned_by({"id": UNKNOWN_ID})))["id"]
    nobodys = examples.create(device("e"))["id"]

    for text, devices in (
        (f'{OWNER}.value eq "{ada["id"]}"', hers),
        (f'owner eq "{ada["id"]}"', hers),
        (f'{OWNER}.displayName eq "ADA"', hers),
        (f'{OWNER}.displayName sw "b"', [his]),
        ('owner[displayName co "d"]', hers),
        (f'{OWNER}.$ref eq "{ada["meta"]["location"]}"', hers),
        (f"{OWNER}.displayName pr", [*hers, his]),
        (f"{OWNER} pr", [*hers, his, lost]),
        (f'not ({OWNER}.displayName eq "ada")', [his, lost, nobodys]),
        (f'{OWNER}.displayName ne "ada"', [his, lost, nobodys]),
        ('owner.displayName eq "ada" and displayName eq "a"', hers[1:]),
        ('owner.displayName gt "ada" or displayName eq "e"', [his, nobodys]),
    ):
        assert found(examples, "/Devices", text) == devices, text
    assert found(examples, "/", f'{OWNER}.displayName eq "ada"') == hers


@pytest.mark.parametrize("by", [f"{OWNER}.displayName", "owner.displayName"])
def test_devices_are_sorted_by_the_names_of_their_owners(examples, ada, bob, by):
    last = examples.create(device("a", **owned_by(bob)))["id"]
    first = examples.create(device("b", **owned_by(ada)))["id"]
    nobodys = examples.create(device("c"))["id"]

    assert found(examples, "/Devices", sortBy=by) == [first, last, nobodys]
    falling = {"sortBy": by, "sortOrder": "descending"}
    assert found(examples, "/Devices", **falling) == [nobodys, last, first]
    page = examples.get(f"/Devices?sortBy={by}&count=1&cursor=").json
    walked = [page["Resources"][0]["id"]]
    while cursor := page.get("nextCursor"):
        page = examples.get(f"/Devices?sortBy={by}&count=1&cursor={quote(cursor)}").json
        walked += [resource["id"] for resource in page["Resources"]]
    assert walked == [first, last, nobodys]


def test_deleting_the_owner_leaves_the_device_without_one(examples, ada, bob):
    laptop = examples.create(device("laptop", **owned_by(ada)))
    other = examples.create(device("other", **owned_by(bob)))

    examples.delete(path_of(ada))

    after = examples.read(laptop)
    assert OWNERSHIP_SCHEMA not in after
    assert after["schemas"] == [DEVICE_SCHEMA]
    assert after["meta"]["version"] == 'W/"2"'
    assert after["meta"]["lastModified"] > laptop["meta"]["lastModified"]
    assert examples.read(other) == other
    assert found(examples, "/Devices", f"{OWNER} pr") == [other["id"]]


def test_deleting_a_device_leaves_its_owner_alone(examples, ada):
    laptop = examples.create(device(**owned_by(ada)))

    examples.delete(path_of(laptop))

    assert examples.read(ada) == ada
    assert examples.delete(path_of(ada)).status_code == 204


@pytest.mark.parametrize(
    "documents",
    [
        rooms(reference("keeper", "User", required=True)),
        rooms(reference("keeper", "User"), attribute("displayName")),
    ],
    ids=["required", "not required"],
)
def test_deletion_takes_only_what_is_not_required_away(defining, documents):
    scim = defining(*documents)
    ada = scim.create(user("ada", displayName="Ada"))
    kept = scim.create(room(keeper={"value": ada["id"]}))
    is_required = documents[1]["attributes"][0].get("required")

    scim.delete(path_of(ada))

    after = scim.read(kept)
    assert after.get("keeper") == ({"value": ada["id"]} if is_required else None)
    assert (after["meta"] == kept["meta"]) == bool(is_required)
    assert scim.put(path_of(kept), after).status_code == 200
    assert found(scim, "/Rooms", "keeper.displayName pr") == []


def test_reference_may_lead_to_several_types(defining):
    scim = defining(
        *rooms(attribute("displayName"), reference("keeper", "User", "Group", "Room")),
        schema(LOCK_SCHEMA, reference("keeper", "User"), reference("within", "Room")),
    )
    keepers = [
        scim.create(user("ada", displayName="x")),
        scim.create(group("y")),
        scim.create(room(displayName="z")),
    ]
    within = {LOCK_SCHEMA: {"within": {"value": keepers[2]["id"]}}}
    kept = [scim.create(room(keeper={"value": each["id"]}, **within)) for each in keepers]

    for keeper, created, name in zip(keepers, kept, "xyz", strict=True):
        assert created["keeper"] == as_shown(keeper, displayName=name)
        assert created[LOCK_SCHEMA]["within"] == as_shown(keepers[2], displayName="z")
        for text in (f'keeper.displayName eq "{name}"', f'keeper eq "{keeper["id"]}"'):
            assert found(scim, "/Rooms", text) == [created["id"]]
    ids = [created["id"] for created in kept]
    assert found(scim, "/Rooms", f'{LOCK_SCHEMA}:within.displayName eq "Z"') == ids
    falling = {"sortBy": "keeper.displayName", "sortOrder": "descending"}
    assert found(scim, "/Rooms", "keeper pr", **falling) == ids[::-1]

    scim.delete(path_of(keepers[1]))
    scim.delete(path_of(keepers[2]))
    left = [scim.read(created) for created in kept]
    assert left[0]["keeper"]["displayName"] == "x"
    assert not [each for each in left[1:] if "keeper" in each]
    assert not [each for each in left if LOCK_SCHEMA in each]
    assert found(scim, "/Rooms", "keeper pr") == ids[:1]


@pytest.mark.parametrize(
    ("definition", "name", "shown"),
    [
        (attribute("displayname"), "a", {"displayName": "a"}),
        (attribute("displayName", returned="always"), "a", {"displayName": "a"}),
        (attribute("displayName", returned="request"), "a", {}),
        (attribute("displayName", returned="never"), "a", {}),
        (attribute("displayName", "integer"), 1, {}),
        (attribute("displayName", multiValued=True), ["a"], {}),
        (attribute("title"), "a", {}),
    ],
)
def test_name_is_shown_if_it_is_one_that_everybody_sees(defining, definition, name, shown):
    scim = defining(*rooms(definition, reference("within", "Room")))
    house = scim.create(room(**{definition["name"]: name}))

    kitchen = scim.create(room(within={"value": house["id"]}))

    assert kitchen["within"] == as_shown(house, **shown)
    assert scim.read(kitchen) == kitchen


@pytest.mark.parametrize("at_once", [1, 500])
def test_deletion_takes_every_reference_of_a_resource_away(defining, monkeypatch, at_once):
    monkeypatch.setattr("scim.provider.releasing.AT_ONCE", at_once)
    scim = defining(
        *rooms(attribute("displayName"), reference("keeper", "User"), reference("guard", "User")),
        schema(LOCK_SCHEMA, reference("keeper", "User")),
    )
    ada = scim.create(user("ada"))
    led = {"value": ada["id"]}
    kept = [
        scim.create(
            room(displayName=ada["id"], keeper=led, guard=led, **{LOCK_SCHEMA: {"keeper": led}})
        )
        for _ in range(2)
    ]

    scim.delete(path_of(ada))

    for each in kept:
        left = scim.read(each)
        assert left.keys() & {"keeper", "guard", LOCK_SCHEMA} == set()
        assert left["displayName"] == ada["id"]
        assert left["schemas"] == each["schemas"][:1]
        assert left["meta"]["version"] == 'W/"4"'
    assert found(scim, "/Rooms", f"keeper pr or guard pr or {LOCK_SCHEMA}:keeper pr") == []


def test_reference_may_name_its_parts_in_any_order(defining):
    keeper = reference("keeper", "User")
    keeper["subAttributes"].reverse()
    alone = reference("guard", "User")
    alone["subAttributes"] = alone["subAttributes"][1::-1]
    scim = defining(*rooms(keeper, alone))
    ada = scim.create(user("ada", displayName="Ada"))

    for value, expected in ((ada["id"], as_shown(ada)), ("7", {"value": "7"})):
        named = {"value": value}
        created = scim.create(room(keeper=named, guard=named))
        shown = expected | ({"displayName": "Ada"} if value != "7" else {})
        assert (created["keeper"], created["guard"]) == (shown, expected)
        assert scim.read(created) == created


def test_immutable_reference_is_taken_again_as_it_is(defining):
    scim = defining(
        *rooms(attribute("displayName"), reference("keeper", "User", mutability="immutable"))
    )
    ada, bob = scim.create(user("ada")), scim.create(user("bob"))
    created = scim.create(room(keeper={"value": ada["id"]}))

    same = scim.put(path_of(created), room(displayName="x", keeper={"value": ada["id"]}))

    assert (same.status_code, same.json["keeper"]) == (200, as_shown(ada))
    assert scim.put(path_of(created), same.json).json == same.json
    for operation in (replace("keeper", bob["id"]), replace("keeper.value", bob["id"])):
        check_error(scim.patch(path_of(created), operation), 400, "mutability")
    other = scim.put(path_of(created), room(keeper={"value": bob["id"]}))
    check_error(other, 400, "mutability")


@pytest.mark.parametrize("operation", [remove("keeper.value"), replace("keeper.value", None)])
def test_required_reference_cannot_lose_its_value(defining, operation):
    scim = defining(*rooms(reference("keeper", "User", required=True)))
    created = scim.create(room(keeper={"value": UNKNOWN_ID}))

    check_error(scim.patch(path_of(created), operation), 400, "invalidValue")
    assert scim.read(created) == created


def test_deletion_does_not_empty_an_extension_that_is_required(defining):
    resource_type, core = rooms(attribute("displayName"))
    resource_type["schemaExtensions"] = [{"schema": LOCK_SCHEMA, "required": True}]
    scim = defining(resource_type, core, schema(LOCK_SCHEMA, reference("keeper", "User")))
    ada = scim.create(user("ada"))
    created = scim.create(room(**{LOCK_SCHEMA: {"keeper": {"value": ada["id"]}}}))

    scim.delete(path_of(ada))

    after = scim.read(created)
    assert after[LOCK_SCHEMA] == {"keeper": {"value": ada["id"]}}
    assert scim.patch(path_of(created), replace("displayName", "x")).status_code == 200
