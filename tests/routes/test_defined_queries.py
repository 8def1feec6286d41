"""RFC 7644 §3.4.2: queries of the types that documents define, alone and with all others."""

from urllib.parse import quote

import pytest

from ..support.definitions import (
    BADGE_SCHEMA,
    DEVICE_SCHEMA,
    ENTITLEMENT_SCHEMA,
    OWNERSHIP_SCHEMA,
    attribute,
    badge,
    device,
    owned_by,
    room,
    rooms,
)
from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, group, path_of, replace, user

SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
OWNER = f"{OWNERSHIP_SCHEMA}:owner"


@pytest.fixture
def devices(examples):
    """Three devices: one that says all, one that says little, and one between."""
    described = {"externalId": "Ext-1", "mudUrl": "https://mud.example/Router"}
    return [
        examples.create(device("Router É", **described, **owned_by({"id": UNKNOWN_ID}))),
        examples.create(device("laptop", active=False)),
        examples.create(device(None, externalId="ext-1", mudUrl="https://mud.example/x")),
    ]


def query(scim, path, text="", **parameters):
    if text:
        parameters["filter"] = text
    asked = "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
    response = scim.get(f"{path}?{asked}")
    assert response.status_code == 200, response.text
    return response.json


def names(page, attribute="displayName"):
    return [resource.get(attribute) for resource in page["Resources"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('displayName eq "router e\N{COMBINING ACUTE ACCENT}"', [0]),
        ('displayName sw "ROUTER"', [0]),
        ('displayName co "TO"', [1]),
        ('displayName ew "p"', [1]),
        ("displayName pr", [0, 1]),
        ("not (displayName pr)", [2]),
        ("displayName eq null", [2]),
        ('displayName ne "laptop"', [0, 2]),
        ('displayName gt "m"', [0]),
        ('displayName le "laptop"', [1]),
        (f'{DEVICE_SCHEMA}:displayName eq "laptop"', [1]),
        ("active eq true", [0, 2]),
        ("active ne true", [1]),
        ('active eq "False"', [1]),
        ("active pr", [0, 1, 2]),
        ('mudUrl eq "https://mud.example/Router"', [0]),
        ('mudUrl eq "https://mud.example/router"', []),
        ('mudUrl co "Router" or displayName eq "laptop"', [0, 1]),
        ('mudUrl sw "https://mud" and not (displayName pr)', [2]),
        ('externalId eq "ext-1"', [2]),
        ('externalId sw "e"', [2]),
        ("externalId pr", [0, 2]),
        ('externalId ne "ext-1"', [0, 1]),
        (f'owner eq "{UNKNOWN_ID}"', [0]),
        (f'{OWNER} eq "{UNKNOWN_ID}"', [0]),
        (f'{OWNER}.value sw "0189"', [0]),
        (f'{OWNER}[value eq "{UNKNOWN_ID}"]', [0]),
        (f"not ({OWNER} pr)", [1, 2]),
        (f"{OWNER}.displayName pr", []),
        (f'schemas eq "{OWNERSHIP_SCHEMA}"', [0]),
        (f'schemas eq "{DEVICE_SCHEMA}"', [0, 1, 2]),
        ('meta.resourceType eq "Device"', [0, 1, 2]),
        ('meta.resourceType eq "User"', []),
        ('meta.version eq "W/\\"1\\""', [0, 1, 2]),
        ('meta.created gt "2020-01-01T00:00:00Z"', [0, 1, 2]),
        ('meta.lastModified lt "2020-01-01T00:00:00+02:00"', []),
        ('meta.location co "/Devices/"', [0, 1, 2]),
        ('id sw "x"', []),
    ],
)
def test_filter_finds_what_it_describes(examples, devices, text, found):
    examples.create(user("laptop", displayName="laptop", externalId="ext-1"))

    page = query(examples, "/Devices", text)

    assert page["Resources"] == [devices[index] for index in found]
    assert page["totalResults"] == len(found)


def test_id_and_location_find_one(examples, devices):
    wanted = devices[1]

    for text in (f'id eq "{wanted["id"]}"', f'meta.location eq "{wanted["meta"]["location"]}"'):
        assert query(examples, "/Devices", text)["Resources"] == [wanted]
        assert query(examples, "/Users", text)["Resources"] == []


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "x"',
        f'{BADGE_SCHEMA}:number eq "x"',
        "shoeSize pr",
        "members pr",
        "groups pr",
        "owner.shoe pr",
        "active gt true",
        'active co "t"',
        "displayName eq true",
        'displayName[value eq "x"]',
        'meta.created co "2"',
    ],
)
def test_filter_that_does_not_fit_the_type_is_refused(examples, text):
    check_error(examples.get(f"/Devices?filter={quote(text)}"), 400, "invalidFilter")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{BADGE_SCHEMA}:number eq "a1"', ["ada"]),
        ('number sw "A"', ["ada"]),
        (f'{BADGE_SCHEMA}:validUntil gt "2029-12-31T23:00:00-01:00"', ["bob"]),
        ('validUntil eq "2030-01-01T01:00:00+01:00"', ["ada"]),
        ('doors eq "ROOF"', ["ada"]),
        ('doors ne "roof"', ["ada", "bob", "cy"]),
        ('doors co "cell" or doors sw "z"', ["ada", "bob"]),
        ("doors pr", ["ada", "bob"]),
        (f"not ({BADGE_SCHEMA}:doors pr)", ["cy"]),
        ('doors eq "roof" and doors eq "cellar"', ["ada"]),
        (f'schemas eq "{BADGE_SCHEMA}"', ["ada", "bob"]),
    ],
)
def test_attributes_of_an_extension_are_filtered_by(examples, text, found):
    for name, extension in (
        ("ada", badge(number="A1", validUntil="2030-01-01T00:00:00Z", doors=["Roof", "cellar"])),
        ("bob", badge(validUntil="2030-01-01T01:00:00.5Z", doors=["cellar"])),
        ("cy", {}),
    ):
        examples.create(user(name, **extension))

    assert names(query(examples, "/Users", text), "userName") == found


@pytest.mark.parametrize(
    ("sort_by", "ascending", "descending"),
    [
        ("displayName", [1, 0, 2], [2, 0, 1]),
        (f"{DEVICE_SCHEMA}:DISPLAYNAME", [1, 0, 2], [2, 0, 1]),
        ("mudUrl", [0, 2, 1], [1, 2, 0]),
        ("active", [1, 0, 2], [0, 2, 1]),
        (OWNER, [0, 1, 2], [1, 2, 0]),
        ("externalId", [0, 2, 1], [1, 2, 0]),
        ("id", [0, 1, 2], [2, 1, 0]),
        ("meta.created", [0, 1, 2], [2, 1, 0]),
    ],
)
def test_sorting_goes_by_a_defined_attribute(examples, devices, sort_by, ascending, descending):
    rising = query(examples, "/Devices", sortBy=sort_by)
    falling = query(examples, "/Devices", sortBy=sort_by, sortOrder="descending")

    assert rising["Resources"] == [devices[index] for index in ascending]
    assert falling["Resources"] == [devices[index] for index in descending]


def test_attribute_of_another_type_cannot_be_sorted_by(examples):
    for name in ("userName", f"{BADGE_SCHEMA}:number", "shoeSize"):
        check_error(examples.get(f"/Devices?sortBy={name}"), 400, "invalidPath")


def walk(scim, path):
    """Return the pages that follow each other by cursor, from the first."""
    pages = [scim.get(f"{path}&cursor=").json]
    while "nextCursor" in pages[-1]:
        pages.append(scim.get(f"{path}&cursor={quote(pages[-1]['nextCursor'])}").json)
    return pages


@pytest.mark.parametrize("by", ["", "&sortBy=displayName", "&sortBy=active&sortOrder=descending"])
@pytest.mark.parametrize("text", ["", "&filter=displayName pr"])
def test_pages_have_each_resource_once(examples, by, text):
    for number in range(7):
        examples.create(device(f"host {number % 3}", active=number % 2 == 0))
        examples.create(user(f"user{number}"))
    whole = examples.get(f"/Devices?{by}{text}").json["Resources"]

    paged = [examples.get(f"/Devices?startIndex={n}&count=3{by}{text}").json for n in (1, 4, 7, 10)]
    walked = walk(examples, f"/Devices?count=3{by}{text}")

    assert [page["itemsPerPage"] for page in paged] == [3, 3, 1, 0]
    assert [page["itemsPerPage"] for page in walked] == [3, 3, 1]
    for pages in (paged, walked):
        assert {page["totalResults"] for page in pages} == {7}
        assert [each for page in pages for each in page["Resources"]] == whole


@pytest.mark.parametrize("type", ["integer", "decimal"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_numbers_are_sorted_as_numbers_on_every_page(defining, type, order):
    scim = defining(*rooms(attribute("size", type), attribute("displayName")))
    numbers = [10, 9, None, 2, None, -1, 10] if type == "integer" else [1.5, None, 1e16, -2, 0.1]
    for number in numbers:
        scim.create(room(size=number))
    scim.create(user("ada"))
    known = sorted(number for number in numbers if number is not None)

    alone, everywhere = (
        [each.get("size") for page in walk(scim, path) for each in page["Resources"]]
        for path in (
            f"/Rooms?sortBy=size&sortOrder={order}&count=2",
            f"/?sortBy=size&sortOrder={order}&count=2",
        )
    )

    unknown = [None] * numbers.count(None)
    assert alone == (known + unknown if order == "ascending" else unknown + known[::-1])
    unknown.append(None)
    assert everywhere == (known + unknown if order == "ascending" else unknown + known[::-1])


@pytest.mark.parametrize("path", ["/Devices/.search", "/.search"])
def test_search_takes_the_query_in_its_body(examples, devices, path):
    asked = {
        "schemas": [SEARCH_REQUEST],
        "filter": f'{DEVICE_SCHEMA}:displayName sw "R" or displayName eq "laptop"',
        "sortBy": "displayName",
        "attributes": ["displayName"],
        "count": 1,
    }

    page = examples.post(path, asked).json

    assert (page["totalResults"], names(page)) == (2, ["laptop"])
    assert page["Resources"][0].keys() == {"schemas", "id", "displayName"}


@pytest.fixture
def everything(examples):
    """Resources of each type, created in the order of their names."""
    for body in (
        user("ada", displayName="a person"),
        device("b device", **owned_by({"id": UNKNOWN_ID})),
        group("c group"),
        {"schemas": [ENTITLEMENT_SCHEMA], "displayName": "D entitlement"},
        user("nobody"),
        device("e device", active=False),
    ):
        examples.create(body)


NAMES = ["a person", "b device", "c group", "D entitlement", "e device"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('meta.resourceType eq "Device"', ["b device", "e device"]),
        ('meta.resourceType ne "Device"', ["a person", "c group", "D entitlement", None]),
        ('meta.resourceType eq "Device" and displayName sw "E"', ["e device"]),
        ('displayName co "device" or userName eq "ada"', ["a person", "b device", "e device"]),
        ("displayName pr", NAMES),
        ("active eq false", ["e device"]),
        ('userName eq "nobody"', [None]),
        (f'{OWNER}.value eq "{UNKNOWN_ID}"', ["b device"]),
        (f'schemas eq "{DEVICE_SCHEMA}"', ["b device", "e device"]),
        ("shoeSize pr", []),
    ],
)
def test_query_at_the_root_finds_resources_of_all_types(examples, everything, text, found):
    page = query(examples, "/", text, sortBy="displayName")

    assert names(page) == found
    assert page["totalResults"] == len(found)


@pytest.mark.parametrize("text", ["", "displayName pr or active eq true"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_pages_of_all_types_are_sorted_together(examples, everything, text, order):
    parameters = {"sortBy": "displayName", "sortOrder": order, "filter": text}
    asked = "&".join(f"{name}={value}" for name, value in parameters.items() if value)

    paged = [examples.get(f"/?{asked}&startIndex={n}&count=4").json for n in (1, 5, 9)]
    walked = walk(examples, f"/?{asked}&count=4")

    expected = [*NAMES, None] if order == "ascending" else [None, *reversed(NAMES)]
    for pages in (paged, walked):
        assert {page["totalResults"] for page in pages} == {6}
        assert [name for page in pages for name in names(page)] == expected
    assert [page["itemsPerPage"] for page in paged] == [4, 2, 0]
    assert [page["itemsPerPage"] for page in walked] == [4, 2]


def test_count_at_the_root_follows_what_comes_and_goes(examples, everything):
    [first, _] = query(examples, "/Devices")["Resources"]

    examples.delete(path_of(first))
    assert query(examples, "/", count=0)["totalResults"] == 5
    examples.patch(path_of(query(examples, "/Devices")["Resources"][0]), replace("active", True))
    assert query(examples, "/", count=0)["totalResults"] == 5
    assert query(examples, "/", 'meta.resourceType eq "Device"', count=0)["totalResults"] == 1
