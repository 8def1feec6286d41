"""RFC 7643 §2 and §7: attributes that documents define are what their characteristics say."""

from urllib.parse import quote

import pytest

from ..support.definitions import (
    ROOM_SCHEMA,
    attribute,
    complex_attribute,
    room,
    rooms,
)
from ..support.errors import check_error
from ..support.scim import add, path_of, remove, replace

NAME = attribute("displayName")


def found(scim, text, path="/Rooms", **parameters):
    """Return the ids of what a filter finds."""
    query = "".join(f"&{name}={quote(value)}" for name, value in parameters.items())
    response = scim.get(f"{path}?filter={quote(text)}{query}")
    assert response.status_code == 200, response.text
    return [resource["id"] for resource in response.json["Resources"]]


@pytest.mark.parametrize(
    ("definition", "first", "second"),
    [
        (attribute("password"), "t1me", "Ma$heen"),
        (attribute("members", multiValued=True), ["a", "b"], ["c"]),
        (attribute("members", "boolean"), True, False),
        (attribute("groups"), "a", "b"),
        (attribute("groups", "integer"), 1, 2),
        (attribute("active"), "yes", "no"),
        (attribute("userName", "decimal"), 1.5, 2),
        (attribute("displayName", "boolean"), True, False),
        (attribute("displayName", "integer"), 1, 2),
        (attribute("displayName", multiValued=True), ["a"], ["b", "c"]),
        (complex_attribute("displayName", attribute("value")), {"value": "a"}, {"value": "b"}),
        (complex_attribute("name", attribute("first")), {"first": "a"}, {"first": "b"}),
    ],
    ids=lambda value: value.get("name") if isinstance(value, dict) else None,
)
def test_name_that_users_and_groups_have_means_nothing_elsewhere(
    defining, definition, first, second
):
    scim, name = defining(*rooms(definition)), definition["name"]

    created = scim.create(room(**{name: first}))

    assert created[name] == first
    assert scim.put(path_of(created), room(**{name: second})).json[name] == second
    assert scim.patch(path_of(created), replace(name, first)).json[name] == first
    assert scim.patch(path_of(created), replace(None, {name: second})).json[name] == second
    assert scim.put(path_of(created), room()).json.keys() == {"schemas", "id", "meta"}
    assert scim.delete(path_of(created)).status_code == 204


@pytest.mark.parametrize(
    ("type", "in_order", "wrong"),
    [
        (
            "string",
            ['""', '"a"', '"B"', '"ç"'],
            ["1.5", "true", '["a","b"]', '{"value":"a","type":"b"}'],
        ),
        ("boolean", ["false", "true"], ["1", '"maybe"', '""']),
        (
            "decimal",
            ["-1e+300", "-2", "-0.5", "0", "1e-07", "1.5", "2", "1e+16", "1.7e+308"],
            ["true", '"1"', "1e309", "-1e309", str(2**63)],
        ),
        (
            "integer",
            [str(-(2**63)), "-1", "0", "9", "10"],
            ["1.5", "1.0", '"1"', "true", str(2**63)],
        ),
        (
            "dateTime",
            ['"2030-01-01T01:00:00+02:00"', '"2029-12-31T23:30:00Z"', '"2030-01-01T00:00:00.5Z"'],
            ['"soon"', '"2030-01-01"', "0", '""'],
        ),
        ("binary", ['"Y2M="', '"YQ=="', '"Yg"'], ['"?"', "0"]),
        (
            "reference",
            ['"../x"', '"https://x.example/A"', '"https://x.example/a"'],
            ["0", '["x","y"]'],
        ),
    ],
)
def test_value_is_kept_if_it_is_of_the_type_and_found(defining, type, in_order, wrong):
    types = {"referenceTypes": ["external"]} if type == "reference" else {}
    scim = defining(*rooms(attribute("x", type, **types), NAME))

    def post(text):
        body = f'{{"schemas":["{ROOM_SCHEMA}"],"displayName":"r","x":{text}}}'
        return scim.client.post("/scim/v2/Rooms", data=body, content_type="application/json")

    created = []
    for text in reversed(in_order):
        response = post(text)
        assert response.status_code == 201, text
        assert f'"x":{text},' in response.text
        assert scim.read(response.json) == response.json
        created.insert(0, response.json["id"])
    for text in wrong:
        assert "x: the value must be" in check_error(post(text), 400, "invalidValue")
    for text, each in zip(in_order, created, strict=True):
        assert found(scim, f"x eq {text}") == [each]
    assert sorted(found(scim, f"x ne {in_order[0]}")) == sorted(created[1:])
    assert found(scim, "displayName pr", sortBy="x") == created
    assert found(scim, "displayName pr", sortBy="x", sortOrder="descending") == created[::-1]
    for text in wrong[:1]:
        if type not in ("string", "reference"):
            check_error(scim.get(f"/Rooms?filter={quote(f'x eq {text}')}"), 400, "invalidFilter")
    if type not in ("boolean", "binary"):
        assert found(scim, f"x gt {in_order[-2]}") == created[-1:]


@pytest.mark.parametrize(
    ("type", "values", "text", "finds_first"),
    [
        ("string", [["a", "b"], ["C"]], 'x eq "B"', True),
        ("string", [["a", "b"], ["C"]], 'x sw "c"', False),
        ("string", [["a", "b"], ["C"]], 'not (x ne "c")', False),
        ("boolean", [[False, True], [False]], "x eq true", True),
        ("integer", [[1, 20], [3]], "x gt 19", True),
        ("integer", [[1, 20], [3]], "x gt 1 and x lt 4", None),
        ("decimal", [[0.5], [2]], "x eq 2.0", False),
        ("dateTime", [["2030-01-01T00:00:00Z"], []], 'x eq "2030-01-01T01:00:00+01:00"', True),
        ("binary", [["YQ=="], ["Yg"]], 'x eq "Yg=="', False),
    ],
)
def test_list_of_simple_values_is_found_by_any_of_them(defining, type, values, text, finds_first):
    scim = defining(*rooms(attribute("x", type, multiValued=True), NAME))

    ids = [scim.create(room(displayName=str(n), x=each))["id"] for n, each in enumerate(values)]

    expected = ids if finds_first is None else [ids[0 if finds_first else 1]]
    assert found(scim, text) == expected
    assert found(scim, "x pr") == [each for each, value in zip(ids, values, strict=True) if value]
    assert found(scim, "displayName pr", sortBy="x") == ids


@pytest.mark.parametrize(("case_exact", "count"), [(True, 1), (False, 2)])
def test_case_counts_where_the_document_says_so(defining, case_exact, count):
    exact = {"caseExact": case_exact}
    scim = defining(
        *rooms(
            attribute("x", **exact),
            attribute("tags", multiValued=True, **exact),
            complex_attribute("keys", attribute("value", **exact), multiValued=True),
        )
    )
    created = [
        scim.create(room(x=text, tags=[text], keys=[{"value": text}])) for text in ("Ab", "aB")
    ]

    for text in ('x eq "Ab"', 'x sw "A"', 'tags eq "Ab"', 'keys[value co "Ab"]', 'keys eq "Ab"'):
        assert len(found(scim, text)) == count, text
    path = path_of(created[0])
    grown = scim.patch(path, add("tags", ["aB"]), add("keys", [{"value": "aB"}])).json
    assert len(grown["tags"]) == len(grown["keys"]) == (2 if case_exact else 1)
    assert "keys" not in scim.patch(path, remove('keys[value eq "aB" or value eq "Ab"]')).json


def test_elements_of_a_defined_attribute_are_found_and_changed_by_filters(defining):
    parts = attribute("value"), attribute("type"), attribute("primary", "boolean")
    scim = defining(*rooms(complex_attribute("keys", *parts, multiValued=True)))
    first = {"value": "A1", "type": "brass", "primary": True}
    created = scim.create(room(keys=[first, {"value": "B2", "type": "card"}]))
    scim.create(room(keys=[{"value": "A1", "type": "card"}]))
    path = path_of(created)

    assert found(scim, 'keys[value eq "a1" and type eq "BRASS"]') == [created["id"]]
    assert found(scim, 'keys.value eq "b2" and keys.type eq "brass"') == [created["id"]]
    assert found(scim, 'keys[type eq "card" and not (value sw "a")]') == [created["id"]]
    changed = scim.patch(path, replace('keys[type eq "card"].value', "C3")).json
    assert changed["keys"] == [first, {"value": "C3", "type": "card"}]
    changed = scim.patch(path, add("keys", [{"value": "D4", "primary": True}])).json
    assert [key.get("primary") for key in changed["keys"]] == [False, None, True]
    changed = scim.patch(path, remove('keys[value ew "1"]'), remove("keys.type")).json
    assert changed["keys"] == [{"value": "C3"}, {"value": "D4", "primary": True}]
    response = scim.patch(path, replace('keys[value eq "Z"]', {"value": "Y"}))
    check_error(response, 400, "noTarget")


@pytest.mark.parametrize("mutability", ["readWrite", "immutable"])
def test_reference_of_the_client_is_found_as_it_was_sent(defining, mutability):
    link = attribute("link", "reference", referenceTypes=["external"], mutability=mutability)
    scim, sent = defining(*rooms(link)), "http://localhost/scim/v2/Users/7"

    created = scim.create(room(link=sent))

    assert created["link"] == sent
    for text in (f'link eq "{sent}"', 'link sw "http://localhost/scim/v2"', 'link co "v2/Users"'):
        assert found(scim, text) == [created["id"]]
