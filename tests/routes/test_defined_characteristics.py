"""RFC 7643 §7: what ``returned``, ``mutability`` and ``required`` of a defined attribute mean."""

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.definitions import (
    BADGE_SCHEMA,
    LOCK_SCHEMA,
    attribute,
    badge,
    complex_attribute,
    room,
    rooms,
    schema,
)
from ..support.errors import check_error
from ..support.scim import add, path_of, remove, replace, user

pytestmark = EVERYDAY_ON_ONE_DATABASE

NAME = attribute("displayName")
DOORS = f"{BADGE_SCHEMA}:doors"


def doors(response):
    """Return the doors that an answer shows."""
    assert response.status_code in (200, 201), response.text
    return response.json.get(BADGE_SCHEMA, {}).get("doors")


def test_value_returned_on_request_is_shown_to_those_who_ask(examples):
    path = path_of(examples.create(user(**badge(number="1", doors=["Roof"]))))

    for query, shown in (
        ("", None),
        (f"?attributes={DOORS}", ["Roof"]),
        ("?attributes=userName,doors", ["Roof"]),
        ("?attributes=userName", None),
        (f"?attributes={BADGE_SCHEMA}", None),
        (f"?attributes={BADGE_SCHEMA}:number", None),
        (f"?excludedAttributes={BADGE_SCHEMA}:number", None),
    ):
        assert doors(examples.get(f"{path}{query}")) == shown, query
        [listed] = examples.get(f"/Users{query}").json["Resources"]
        assert listed.get(BADGE_SCHEMA, {}).get("doors") == shown, query


def test_value_returned_on_request_is_shown_to_who_wrote_it(examples):
    created = examples.post("/Users", user(**badge(number="1", doors=["Roof"])))
    path = path_of(created.json)

    assert doors(created) == ["Roof"]
    assert doors(examples.put(path, user(**badge(doors=["Cellar"])))) == ["Cellar"]
    assert doors(examples.patch(path, add(DOORS, ["Roof"]))) == ["Cellar", "Roof"]
    assert doors(examples.patch(path, replace(BADGE_SCHEMA, {"doors": ["Attic"]}))) == ["Attic"]
    assert doors(examples.patch(path, replace("title", "x"))) is None
    assert doors(examples.patch(path, replace(f"{BADGE_SCHEMA}:number", "2"))) is None
    assert doors(examples.patch(f"{path}?attributes=title", add(DOORS, ["Roof"]))) is None
    asking = examples.patch(f"{path}?attributes=doors", replace("title", "y"))
    assert doors(asking) == ["Attic", "Roof"]
    assert doors(examples.patch(path, remove(DOORS))) is None


@pytest.mark.parametrize(
    "operation",
    [
        replace(DOORS, ["Roof"]),
        add("doors", ["Roof"]),
        add(BADGE_SCHEMA, {"doors": ["Roof"]}),
        replace(BADGE_SCHEMA, {"number": "1", "doors": ["Roof"]}),
        replace(None, {DOORS: ["Roof"]}),
        replace(None, {BADGE_SCHEMA: {"doors": ["Roof"]}}),
    ],
)
def test_value_that_is_written_again_is_shown_too(examples, operation):
    created = examples.create(user(**badge(number="1", doors=["Roof"])))

    patched = examples.patch(path_of(created), operation)
    put = examples.put(path_of(created), user(**badge(number="1", doors=["Roof"])))

    assert doors(patched) == doors(put) == ["Roof"]
    assert put.json["meta"] == created["meta"]


def test_parts_of_a_complex_attribute_are_shown_on_request(defining):
    hidden = attribute("code", returned="request")
    scim = defining(
        *rooms(
            NAME,
            complex_attribute("lock", attribute("model"), hidden),
            complex_attribute("keys", attribute("value"), hidden, multiValued=True),
            complex_attribute("alarm", attribute("value"), returned="request"),
        )
    )
    sent = {
        "lock": {"model": "X", "code": "1"},
        "keys": [{"value": "a", "code": "1"}, {"code": "2"}],
        "alarm": {"value": "loud"},
    }
    created = scim.create(room(**sent))
    path = path_of(created)
    others = created.keys() - sent.keys()

    def shown(response):
        return {name: value for name, value in response.json.items() if name not in others}

    assert shown(scim.get(path)) == {"lock": {"model": "X"}, "keys": [{"value": "a"}]}
    assert shown(scim.get(f"{path}?attributes=lock.code")) == {"lock": {"code": "1"}}
    assert shown(scim.get(f"{path}?attributes=alarm,keys.code")) == {
        "alarm": {"value": "loud"},
        "keys": [{"code": "1"}, {"code": "2"}],
    }
    assert shown(scim.patch(path, replace("lock.code", "2")))["lock"] == {"model": "X", "code": "2"}
    assert shown(scim.patch(path, replace("lock.model", "Y")))["lock"] == {"model": "Y"}
    assert shown(scim.patch(path, replace("alarm.value", "low")))["alarm"] == {"value": "low"}
    assert shown(scim.patch(path, add("keys", [{"value": "b"}])))["keys"][1] == {"code": "2"}


def test_value_always_returned_is_shown_whatever_is_asked_for(defining):
    always = attribute("serial", returned="always")
    scim = defining(*rooms(NAME, always), schema(LOCK_SCHEMA, always, attribute("maker")))
    extension = {LOCK_SCHEMA: {"serial": "2", "maker": "X"}}
    path = path_of(scim.create(room(displayName="x", serial="1", **extension)))

    for query in ("attributes=displayName", f"excludedAttributes=serial,{LOCK_SCHEMA},meta"):
        shown = scim.get(f"{path}?{query}").json
        assert shown.keys() == {"schemas", "id", "displayName", "serial", LOCK_SCHEMA}
        assert shown[LOCK_SCHEMA] == {"serial": "2"}


IMMUTABLE = {"mutability": "immutable"}


@pytest.mark.parametrize(
    ("documents", "name", "first", "same", "other"),
    [
        (rooms(NAME, attribute("x", **IMMUTABLE)), "x", "a", "A", "b"),
        (rooms(NAME, attribute("x", "integer", **IMMUTABLE)), "x", 0, 0, 1),
        (rooms(NAME, attribute("x", multiValued=True, **IMMUTABLE)), "x", ["a"], ["a"], ["a", "b"]),
        (
            (*rooms(NAME), schema(LOCK_SCHEMA, attribute("y", **IMMUTABLE), attribute("z"))),
            *(LOCK_SCHEMA, {"y": "a", "z": "b"}, {"y": "a"}, {"y": "b"}),
        ),
    ],
    ids=["string", "integer", "multi-valued", "extension"],
)
def test_immutable_value_can_be_set_and_stays(defining, documents, name, first, same, other):
    scim = defining(*documents)
    created = scim.create(room(displayName="x"))
    path = path_of(created)

    assert scim.patch(path, add(name, first)).json[name] == first
    assert scim.put(path, room(displayName="y", **{name: same})).json[name] == same
    assert scim.patch(path, replace(name, same)).json[name] == same
    for response in (
        scim.put(path, room(**{name: other})),
        scim.put(path, room()),
        scim.patch(path, replace(name, other)),
        scim.patch(path, remove(name)),
        scim.patch(path, replace(name, None)),
    ):
        check_error(response, 400, "mutability")
    assert scim.read(created)[name] == same


def test_attribute_that_is_read_only_is_never_set(defining):
    scim = defining(*rooms(NAME, attribute("state", mutability="readOnly")))

    created = scim.create(room(displayName="x", state="open"))

    assert "state" not in created
    assert "state" not in scim.put(path_of(created), room(state="open")).json
    check_error(scim.patch(path_of(created), replace("state", "open")), 400, "mutability")


def test_secret_that_is_required_need_not_be_sent_again(defining):
    secret = attribute("pin", required=True, mutability="writeOnly", returned="never")
    scim = defining(*rooms(NAME, secret))
    created = scim.create(room(pin="1"))

    assert "pin" in check_error(scim.post("/Rooms", room()), 400, "invalidValue")
    assert scim.put(path_of(created), room(displayName="x")).json["displayName"] == "x"
    assert scim.patch(path_of(created), replace("displayName", "y")).status_code == 200
    check_error(scim.patch(path_of(created), remove("pin")), 400, "mutability")


def test_extension_that_is_required_must_be_there(defining):
    resource_type, core = rooms(NAME)
    resource_type["schemaExtensions"] = [{"schema": LOCK_SCHEMA, "required": True}]
    scim = defining(resource_type, core, schema(LOCK_SCHEMA, attribute("maker")))
    created = scim.create(room(**{LOCK_SCHEMA: {"maker": "X"}}))

    for response in (
        scim.post("/Rooms", room()),
        scim.post("/Rooms", room(**{LOCK_SCHEMA: {}})),
        scim.put(path_of(created), room(**{LOCK_SCHEMA: {"shoe": 1}})),
        scim.patch(path_of(created), remove(f"{LOCK_SCHEMA}:maker")),
    ):
        assert LOCK_SCHEMA in check_error(response, 400, "invalidValue")
    check_error(scim.patch(path_of(created), remove(LOCK_SCHEMA)), 400, "mutability")


def test_required_part_must_be_there_where_the_whole_is(defining):
    needed = attribute("model", required=True)
    scim = defining(
        *rooms(
            complex_attribute("lock", needed, attribute("code")),
            complex_attribute("keys", needed, attribute("code"), multiValued=True),
        )
    )
    created = scim.create(room(lock={"model": "X"}))

    for name, value in (("lock", {"code": "1"}), ("keys", [{"model": "X"}, {"code": "1"}])):
        response = scim.post("/Rooms", room(**{name: value}))
        assert f"{name}.model is required" in check_error(response, 400, "invalidValue")
    assert scim.patch(path_of(created), add("lock.code", "1")).status_code == 200
    check_error(scim.patch(path_of(created), remove("lock.model")), 400, "mutability")
    assert "lock" not in scim.patch(path_of(created), remove("lock")).json


def test_canonical_values_are_a_suggestion(defining):
    scim = defining(*rooms(attribute("kind", canonicalValues=["office", "lab"])))

    assert scim.create(room(kind="kitchen"))["kind"] == "kitchen"
    assert scim.create(room(kind="LAB"))["kind"] == "LAB"


def test_simple_values_of_a_list_come_and_go(defining):
    scim = defining(*rooms(attribute("tags", multiValued=True)))
    created = scim.create(room(tags=["b", "a", "b"]))
    path = path_of(created)

    assert created["tags"] == ["b", "a"]
    for operation, tags in (
        (add("tags", ["c", "A"]), ["b", "a", "c"]),
        (add("tags", "c"), ["b", "a", "c"]),
        (remove("tags") | {"value": ["B", "x"]}, ["a", "c"]),
        (replace("tags", ["y"]), ["y"]),
        (add("tags", "Z"), ["y", "Z"]),
        (replace("tags", "x"), ["x"]),
        (replace("tags", []), None),
        (add("tags", ["z"]), ["z"]),
        (remove("tags"), None),
    ):
        assert scim.patch(path, operation).json.get("tags") == tags, operation
