"""RFC 7644 §3.4.2 and §3.9 over HTTP: queries, pages, projections, and how bad ones are refused."""

from urllib.parse import quote

import pytest

from app import create_app
from models import db
from scim.protocol.filters.parser import DEFAULT_LIMITS
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, enterprise, group, path_of, replace, user

E = ENTERPRISE_USER_SCHEMA
BASE = "http://localhost/scim/v2"
ADA = {
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@work.example", "type": "work"}],
    "password": "t1meMa$heen",
    **enterprise(department="Tours", costCenter="4130"),
}


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('shoeSize eq "42"', "position 1: the attribute 'shoeSize' is unknown"),
        ('userName eq "x" and shoeSize pr', "position 21"),
        ("userName", "position 9"),
        ('userName is "x"', "position 10"),
        ('userName eq "x', "position 13"),
        ("password pr", "cannot be used in a filter"),
        ("active gt true", "a boolean cannot be compared with gt"),
        ('userName eq "\0"', "U+0000"),
        ('userName eq "\\u0000"', "U+0000"),
        ('userName sw "\\ud800"', "not a JSON string"),
        (f'userName eq "{"x" * 100_000}"', "100014 characters; this server takes 8192"),
        ("(" * 4000, "nested deeper than"),
        (
            " or ".join(["title pr"] * (DEFAULT_LIMITS.terms + 1)),
            f"more than {DEFAULT_LIMITS.terms} comparisons",
        ),
    ],
)
@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_bad_filter_is_refused_with_what_to_change(scim, endpoint, text, problem):
    response = scim.get(f"{endpoint}?filter={quote(text)}")

    detail = check_error(response, 400, "invalidFilter")
    if endpoint == "/Users":
        assert problem in detail


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("title pr", 10),
        ('title pr or groups.value ne "x" and {}', 10),
        ('emails[value pr or type pr and not (type eq "x")] or title pr and {}', 9),
        (f"{E}:manager[value pr or displayName pr and not ($ref pr)] or title pr and {{}}", 9),
    ],
)
def test_filter_as_deep_as_is_allowed_is_answered(scim, text, levels):
    nested = "title pr"
    for _ in range(levels - 1):
        nested = text.replace("{}", f"not ({nested})") if "{}" in text else f"({nested})"

    assert scim.get(f"/Users?filter={quote(nested)}").status_code == 200
    check_error(scim.get(f"/Users?filter={quote(f'({nested})')}"), 400, "invalidFilter")


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    "query",
    [
        "count=abc",
        "count=&count=1",
        "cursor=&cursor=",
        "count=1.5",
        "startIndex=x",
        "startIndex=%D9%A3",
        "count=1&count=1",
        "startIndex=1&startIndex=2",
        "sortBy=userName&sortBy=userName",
        "filter=title+pr&filter=title+pr",
        "sortOrder=up",
        "sortOrder=&sortOrder=",
        "count=&startIndex=x",
        f"count={'9' * 5000}",
    ],
)
def test_bad_parameter_is_an_invalid_value(scim, query):
    check_error(scim.get(f"/Users?{query}"), 400, "invalidValue")


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("name", ["shoeSize", "name", "password", "a b", "%00", "emails%5B"])
def test_bad_sort_is_refused(scim, name):
    check_error(scim.get(f"/Users?sortBy={name}"), 400, "invalidPath")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "aadOptscim062020",
        "page=1&page=2",
        "startIndex=0",
        "startIndex=-5",
        "sortOrder=descending",
        "sortBy=userName&sortOrder=ASCENDING",
        "sortBy=",
        "attributes=",
        "count=&startIndex=",
        "count=%20&startIndex=+",
        "sortBy=&sortOrder=",
        "sortBy=userName&sortOrder=",
        "attributes=&excludedAttributes=&attributes=",
        f"count={'9' * 400}",
    ],
)
def test_harmless_query_shows_everybody(scim, query):
    for name in ("ada", "bob", "cy"):
        scim.create(user(name))

    response = scim.get(f"/Users?{query}")

    assert response.status_code == 200
    page = response.json
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 1, 3)
    assert {shown["userName"] for shown in page["Resources"]} == {"ada", "bob", "cy"}


@pytest.mark.parametrize(
    ("query", "start_index", "names"),
    [
        ("sortBy=userName&count=2", 1, ["ada", "bob"]),
        ("sortBy=userName&startIndex=2&count=1", 2, ["bob"]),
        ("startIndex=4", 4, []),
        (f"startIndex={'9' * 30}", int("9" * 30), []),
        ("count=0", 1, []),
        ("count=-3", 1, []),
        ("sortBy=userName&sortOrder=Descending&count=1", 1, ["cy"]),
    ],
)
def test_page_says_what_it_has(scim, query, start_index, names):
    for name in ("ada", "bob", "cy"):
        scim.create(user(name))

    page = scim.get(f"/Users?{query}").json

    assert [shown["userName"] for shown in page["Resources"]] == names
    assert page["itemsPerPage"] == len(names)
    assert page["startIndex"] == start_index
    assert page["totalResults"] == 3


def test_page_sizes_are_settings(scim, database_url):
    for number in range(5):
        scim.create(user(f"user{number}"))
    app = create_app(
        {"DATABASE_URL": database_url, "DEFAULT_PAGE_SIZE": 2, "MAX_PAGE_SIZE": 3, "TESTING": True}
    )
    small = app.test_client()
    small.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"

    sizes = [
        Scim(small).get(f"/Users{query}").json["itemsPerPage"]
        for query in ("", "?count=1", "?count=3", "?count=4", "?count=1000000")
    ]

    with app.app_context():
        db.engine.dispose()
    assert sizes == [2, 1, 3, 3, 3]


GIVEN = {"givenName": "Ada"}
WORK_AND_NAME = {"userName": "ada", "emails": ADA["emails"]}
PROJECTIONS = [
    ("attributes=userName", {"userName": "ada"}),
    ("attributes=USERNAME", {"userName": "ada"}),
    ("attributes=name.givenName", {"name": {"givenName": "Ada"}}),
    (f"attributes={USER_SCHEMA}:name.givenName", {"name": {"givenName": "Ada"}}),
    ("attributes=emails.type", {"emails": [{"type": "work"}]}),
    (f"attributes={E}", enterprise(department="Tours", costCenter="4130")),
    (f"attributes={E}:department", enterprise(department="Tours")),
    ("attributes=department", enterprise(department="Tours")),
    ("attributes=userName&attributes=name.givenName,password", {"userName": "ada", "name": GIVEN}),
    ("attributes=userName&attributes=", {"userName": "ada"}),
    ('attributes=emails[type eq "work"]', {"emails": ADA["emails"]}),
    ('attributes=EMAILS[type eq "none" and value co "a,b]"],userName', WORK_AND_NAME),
    ('attributes=emails[type eq "work"].type', {"emails": [{"type": "work"}]}),
    (f'attributes={E}:manager[value eq "1"],userName', {"userName": "ada"}),
    ('attributes=shoes[size eq "42"],userName', {"userName": "ada"}),
    ('attributes=emails[type eq "work",userName', {"userName": "ada"}),
    ("attributes=[value],userName", {"userName": "ada"}),
    ("attributes=[value]", {}),
    ("attributes=password", {}),
    ("attributes=shoeSize", {}),
    ("attributes=userName,shoeSize", {"userName": "ada"}),
    ("attributes=userName&excludedAttributes=userName", {"userName": "ada"}),  # attributes wins
    (
        f"excludedAttributes=emails,name.familyName,groups,meta,active,{E}:costCenter",
        {"userName": "ada", "name": {"givenName": "Ada"}, **enterprise(department="Tours")},
    ),
    (
        'excludedAttributes=emails[type eq "home"]&excludedAttributes=name,meta,active,groups,' + E,
        {"userName": "ada"},
    ),
    (
        f'excludedAttributes=emails[type eq "home"].value,name,meta,active,groups,{E}',
        {"userName": "ada", "emails": [{"type": "work"}]},
    ),
    (
        f"excludedAttributes=id,schemas,name,groups,META,active,{E}",
        {"userName": "ada", "emails": ADA["emails"]},
    ),
]


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(("query", "shown"), PROJECTIONS)
def test_every_operation_shows_what_was_asked_for(scim, query, shown):
    sent = user("ada", **ADA) | {"schemas": [USER_SCHEMA, E]}
    created = scim.post(f"/Users?{query}", sent)
    whole = scim.get("/Users").json["Resources"][0]
    path = path_of(whole)
    scim.create(group("Guides", whole))
    shown = {"schemas": [USER_SCHEMA, E], "id": whole["id"], **shown}

    assert created.status_code == 201
    assert created.json == shown
    assert created.headers["Location"] == f"{BASE}{path}"
    assert scim.get(f"{path}?{query}").json == shown
    assert scim.get(f"/Users?{query}").json["Resources"] == [shown]
    assert scim.put(f"{path}?{query}", sent).json == shown
    assert scim.patch(f"{path}?{query}", replace("nickName", "x")).status_code == 200
    unset = scim.patch(f"{path}?{query}", replace("nickName", None))
    assert unset.json == shown


@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("excludedAttributes=members", None),
        ("excludedAttributes=MEMBERS", None),
        ("attributes=displayName", None),
        ("attributes=members.value", ["value"]),
        ("excludedAttributes=members.$ref,members.type", ["value"]),
        ("attributes=members", ["value", "$ref", "type"]),
        ("", ["value", "$ref", "type"]),
    ],
)
def test_members_are_shown_as_asked(scim, query, members):
    ada = scim.create(user("ada"))
    guides = scim.create(group("Guides", ada))

    one = scim.get(f"{path_of(guides)}?{query}").json
    [listed] = scim.get(f"/Groups?{query}").json["Resources"]
    [found] = scim.get(f'/Groups?{query}&filter=members.value eq "{ada["id"]}"').json["Resources"]

    assert one == listed == found
    if members is None:
        assert "members" not in one
    else:
        assert [set(member) for member in one["members"]] == [set(members)]


def test_references_can_be_filtered_by_as_they_are_shown(scim):
    ada = scim.create(user("ada"))
    scim.create(user("bob"))
    guides = scim.create(group("Guides", ada))

    for endpoint, text, expected in (
        ("/Users", f'meta.location eq "{ada["meta"]["location"]}"', ada),
        ("/Users", f'groups.$ref eq "{guides["meta"]["location"]}"', ada),
        ("/Users", f'groups[$ref sw "{BASE}/Groups/"]', ada),
        ("/Groups", f'members.$ref eq "{ada["meta"]["location"]}"', guides),
        ("/Groups", f'meta.location sw "{BASE}"', guides),
    ):
        page = scim.get(f"{endpoint}?filter={quote(text)}").json
        assert [found["id"] for found in page["Resources"]] == [expected["id"]], text


def test_text_that_begins_with_the_base_url_is_found_as_it_was_sent(scim):
    sent = f"{BASE}/Users/elsewhere"
    scim.create(user("ada", profileUrl=sent, title=sent))

    for text in (f'profileUrl eq "{sent}"', f'title co "{BASE}"'):
        assert scim.get(f"/Users?filter={quote(text)}").json["totalResults"] == 1, text


@pytest.mark.parametrize("value", ["100%", "a%22b", "%5C", "%00", "%C3", "a%40b.example"])
def test_percent_signs_in_a_value_are_harmless(scim, value):
    text = quote(f'userName eq "{value}"')

    assert scim.get(f"/Users?filter={text}").json["totalResults"] == 0
    scim.create(user(value))
    assert scim.get(f"/Users?filter={text}").json["totalResults"] == 1
