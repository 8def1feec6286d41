"""RFC 7644 §3.4.2.1 and §3.4.3 over HTTP: queries of all types at the root, and queries by POST."""

from urllib.parse import urlencode

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from scim.protocol.search import SEARCH_REQUEST_SCHEMA

from ..support.errors import check_error
from ..support.scim import enterprise, group, listed, path_of, replace, user

E = ENTERPRISE_USER_SCHEMA
ENDPOINTS = ("/Users", "/Groups", "")
EVERYBODY = ["ada", "Guides", "bob", "cy", "Tours"]  # in the order of creation


def search_request(**parameters):
    return {"schemas": [SEARCH_REQUEST_SCHEMA], **parameters}


def name_of(resource):
    return resource.get("userName") or resource["displayName"]


def names(page):
    """Return the names on a page, having checked what it says of itself."""
    assert page["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert page["itemsPerPage"] == len(page["Resources"])
    assert page["totalResults"] >= page["itemsPerPage"]
    return [name_of(resource) for resource in page["Resources"]]


def ask(scim, **parameters):
    """Return the answer to a query at the root."""
    response = scim.get(f"/?{urlencode(parameters)}")
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/scim+json"
    return response.json


@pytest.fixture
def everybody(scim):
    """Users and groups, by turns, by name."""
    ada = scim.create(
        user(
            "ada",
            displayName="zoë",
            externalId="7",
            title="b",
            emails=[{"value": "ada@work.example", "type": "work"}],
            **enterprise(department="Tours"),
        )
        | {"schemas": [USER_SCHEMA, E]}
    )
    guides = scim.create(group("Guides", ada, externalId="7"))
    bob = scim.create(user("bob", title="a", active=False))
    cy = scim.create(user("cy", displayName="Émile"))
    tours = scim.create(group("Tours", guides, bob))
    return {name_of(each): each for each in (ada, guides, bob, cy, tours)}


# The root (§3.4.2.1)


def test_query_of_the_root_shows_all_resources_as_their_endpoints_do(scim, everybody):
    page = ask(scim)

    assert names(page) == EVERYBODY
    assert (page["totalResults"], page["startIndex"]) == (5, 1)
    for resource in page["Resources"]:
        assert resource == scim.get(path_of(resource)).json


@pytest.mark.parametrize("path", ["/", ""])
def test_root_is_found_with_and_without_a_slash(scim, everybody, path):
    assert names(scim.get(path).json) == EVERYBODY


FILTERS = [
    ("userName pr", "ada bob cy"),
    ("displayName pr", "ada Guides cy Tours"),
    ("externalId eq 7", "ada Guides"),
    ('userName eq "ADA" or displayName eq "tours"', "ada Tours"),
    ('userName eq "ada" and displayName eq "tours"', ""),
    ('meta.resourceType eq "User"', "ada bob cy"),
    ('meta.resourceType eq "Group"', "Guides Tours"),
    ('meta.resourceType eq "Device"', ""),
    ('(meta.resourceType eq User) or (meta.resourceType eq "Group")', "ada Guides bob cy Tours"),
    ('not (meta.resourceType eq "User")', "Guides Tours"),
    (f'schemas eq "{GROUP_SCHEMA}"', "Guides Tours"),
    (f'schemas eq "{E}"', "ada"),
    ('id eq "<Guides>"', "Guides"),
    ('id eq "x"', ""),
    ('meta.created ge "<cy>"', "cy Tours"),
    # what only one type has is without a value in the other
    ("title pr", "ada bob"),
    ('title eq "a"', "bob"),
    ('title ne "a"', "ada Guides cy Tours"),
    ('not (title eq "a")', "ada Guides cy Tours"),
    ("title eq null", "Guides cy Tours"),
    ("active eq true", "ada cy"),
    ("active ne true", "Guides bob Tours"),
    ('emails[type eq "work"]', "ada"),
    ('not (emails[type eq "work"])', "Guides bob cy Tours"),
    ('emails.value sw "ada"', "ada"),
    ('members.value eq "<ada>"', "Guides"),
    ('members[type eq "Group"]', "Tours"),
    ('groups.display eq "tours"', "ada bob"),
    ("members pr or groups pr", "ada Guides bob Tours"),
    ("department eq tours", "ada"),
    (f'{E}:department eq "Tours"', "ada"),
    (f'{USER_SCHEMA}:displayName sw "z"', "ada"),
    (f'{GROUP_SCHEMA}:displayName sw "g"', "Guides"),
    # what no type has is without a value in all
    ('shoeSize eq "42"', ""),
    ("shoeSize gt 42", ""),
    ("shoeSize pr", ""),
    ("shoeSize ne null", ""),
    ('shoeSize[type eq "x"]', ""),
    ('shoeSize ne "42"', "ada Guides bob cy Tours"),
    ("shoeSize eq null", "ada Guides bob cy Tours"),
    ("not (shoeSize pr)", "ada Guides bob cy Tours"),
    ('not (shoeSize eq "42")', "ada Guides bob cy Tours"),
    ('shoeSize pr or userName eq "bob"', "bob"),
    ('name.shoeSize ne "42"', "ada Guides bob cy Tours"),
    ('urn:example:Shoe:size eq "42"', ""),
    ('emails.shoeSize eq "42"', ""),
    ('emails[shoeSize eq "42"]', ""),
    ('emails[type eq "work" and not (shoeSize pr)]', "ada"),
    ('emails[type eq "work"].shoeSize eq "42"', ""),
]


@pytest.mark.parametrize(("text", "expected"), FILTERS)
def test_filter_finds_resources_of_every_type(scim, everybody, text, expected):
    for name, resource in everybody.items():
        instant = 'created ge "' in text
        known = resource["meta"]["created"] if instant else resource["id"]
        text = text.replace(f"<{name}>", known)

    page = ask(scim, filter=text)

    assert names(page) == expected.split()
    assert page["totalResults"] == len(expected.split())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "position 1"),
        ("userName", "position 9"),
        ('userName is "x"', "position 10"),
        ("userName pr and", "position 16"),
        ("active gt true", "a boolean cannot be compared with gt"),
        ("active gt true and shoeSize pr", "a boolean cannot be compared with gt"),
        ("title pr or active co true", "a boolean cannot be compared with co"),
        ('meta.created eq "yesterday"', "dateTime"),
        ('name eq "x"', "name one of its sub-attributes"),
        ("password pr", "cannot be used in a filter"),
        ('userName[value eq "x"]', "no sub-attributes"),
        ("members[value gt null]", "null compares with eq and ne only"),
    ],
)
def test_filter_that_is_wrong_for_a_type_is_refused(scim, text, problem):
    response = scim.get(f"/?{urlencode({'filter': text})}")

    assert problem in check_error(response, 400, "invalidFilter")


@pytest.mark.parametrize("text", ["userName eq “x”", "emails[value eq “x”]", 'userName eq "x”'])
def test_quotation_marks_of_word_processors_are_named(scim, text):
    for answer in (
        scim.get(f"/Users?{urlencode({'filter': text})}"),
        scim.post("/Users/.search", search_request(filter=text)),
        scim.post("/.search", search_request(filter=text)),
    ):
        detail = check_error(answer, 400, "invalidFilter")
        assert "is no quotation mark of a filter" in detail
        assert ("“" in detail) or ("”" in detail)


def test_unknown_attribute_is_an_error_where_there_is_one_type(scim, everybody):
    for endpoint in ("/Users", "/Groups"):
        sent = search_request(filter='shoeSize eq "42"')
        check_error(scim.post(f"{endpoint}/.search", sent), 400, "invalidFilter")


def test_values_that_were_encoded_twice_are_found_at_the_root(scim):
    scim.create(user("ada@work.example"))

    response = scim.get("/?filter=userName%20eq%20%22ada%2540work.example%22")

    assert names(response.json) == ["ada@work.example"]
    assert "double_encoded_filter_values" in response.headers["SCIM-Tolerances"]


@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [
        ("displayName", "Guides Tours ada cy | bob"),
        ("DISPLAYNAME", "Guides Tours ada cy | bob"),
        ("userName", "ada bob cy | Guides Tours"),
        ("title", "bob ada | Guides cy Tours"),
        ("emails", "ada | Guides bob cy Tours"),
        ("active", "bob ada=cy | Guides Tours"),
        ("members.display", "Tours Guides | ada bob cy"),
        ("groups.display", "ada bob | Guides cy Tours"),
        ("externalId", "ada=Guides | bob cy Tours"),
        ("department", "ada | Guides bob cy Tours"),
        (f"{E}:department", "ada | Guides bob cy Tours"),
        (f"{GROUP_SCHEMA}:displayName", "Guides Tours | ada bob cy"),
        ("meta.created", "ada Guides bob cy Tours"),
        ("meta.resourceType", "Guides=Tours ada=bob=cy"),
        ("id", "ada Guides bob cy Tours"),
    ],
)
def test_types_are_sorted_together_with_the_missing_last_or_in_reverse_first(
    scim, everybody, sort_by, expected
):
    """A bar sets apart those without a value, ``=`` is between those with the same."""
    with_value, _, without = (part.split() for part in expected.partition("|"))
    values = [each.split("=") for each in with_value]

    ascending = names(ask(scim, sortBy=sort_by))
    descending = names(ask(scim, sortBy=sort_by, sortOrder="Descending"))

    assert ascending == [name for equal in values for name in equal] + without
    assert descending == without + [name for equal in values[::-1] for name in equal]


@pytest.mark.parametrize("sort_by", ["shoeSize", "name", "password", "addresses", E, "a b", "\0"])
def test_what_no_type_can_be_sorted_by_is_refused(scim, sort_by):
    check_error(scim.get(f"/?{urlencode({'sortBy': sort_by})}"), 400, "invalidPath")


@pytest.mark.parametrize("sort_by", ["", "displayName", "title", "meta.created", "members.value"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize("text", [None, 'title pr or displayName sw "t"'])
def test_pages_show_every_resource_of_every_type_once(scim, everybody, sort_by, order, text):
    asked = {"sortBy": sort_by, "sortOrder": order} | ({"filter": text} if text else {})
    whole = ask(scim, **asked)

    for size in (1, 2, 5):
        pages = [ask(scim, **asked, startIndex=at, count=size) for at in range(1, 6, size)]
        assert [each for page in pages for each in names(page)] == names(whole)
        assert {page["totalResults"] for page in pages} == {whole["totalResults"]}


@pytest.mark.parametrize(
    ("asked", "start_index", "shown"),
    [
        ({"count": 0}, 1, []),
        ({"count": -1}, 1, []),
        ({"startIndex": 0, "count": 1}, 1, ["ada"]),
        ({"startIndex": 5}, 5, ["Tours"]),
        ({"startIndex": 6}, 6, []),
        ({"startIndex": 10**30, "count": 10**30}, 10**30, []),
        ({"startIndex": 2**62, "count": 10**30}, 2**62, []),
        ({"count": 10**30}, 1, EVERYBODY),
    ],
)
def test_page_of_the_root_says_what_it_has(scim, everybody, asked, start_index, shown):
    page = ask(scim, **asked)

    assert names(page) == shown
    assert (page["totalResults"], page["startIndex"]) == (5, start_index)


@pytest.mark.parametrize("asked", [{}, {"filter": "userName pr"}, {"sortBy": "userName"}])
def test_nothing_found_is_an_empty_list(scim, asked):
    page = ask(scim, **asked)

    assert (page["totalResults"], page["itemsPerPage"], page["Resources"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("asked", "of_ada", "of_guides"),
    [
        ({"attributes": "userName,members.value"}, {"userName"}, {"members"}),
        ({"attributes": "displayName"}, {"displayName"}, {"displayName"}),
        ({"attributes": "USERNAME"}, {"userName"}, set()),
        ({"attributes": f"{GROUP_SCHEMA}:displayName"}, set(), {"displayName"}),
        ({"attributes": E}, {E}, set()),
        ({"attributes": "shoeSize"}, set(), set()),
        (
            {"excludedAttributes": "members,groups,meta,active,title"},
            {"userName", "displayName", "externalId", "emails", E},
            {"displayName", "externalId"},
        ),
        (
            {"excludedAttributes": "id,schemas,userName,displayName,externalId"},
            {"active", "title", "emails", "groups", "meta", E},
            {"members", "meta"},
        ),
    ],
)
def test_every_type_shows_what_was_asked_for_of_it(scim, everybody, asked, of_ada, of_guides):
    resources = {each["id"]: each for each in ask(scim, **asked)["Resources"]}

    shown = [resources[everybody[name]["id"]].keys() for name in ("ada", "Guides")]

    assert [names - {"id", "schemas"} for names in shown] == [of_ada, of_guides]


@pytest.mark.parametrize("text", [None, 'displayName pr or userName sw "u"'])
def test_query_of_the_root_takes_as_many_statements_whatever_is_there(scim, statements, text):
    asked = {"sortBy": "displayName", "count": 5} | ({"filter": text} if text else {})
    seen = {}
    for number in (3, 30):
        members = [scim.create(user(f"user{number}_{index}")) for index in range(number)]
        scim.create(group(f"of {number}", *members))
        with statements() as seen[number]:
            page = ask(scim, **asked)

    assert page["totalResults"] == 35
    assert seen[3] == seen[30]


# Queries by POST (§3.4.3)

QUERIES = [
    {},
    {"filter": 'externalId pr or displayName co "u"'},
    {"sortBy": "displayName"},
    {"sortBy": "displayName", "sortOrder": "descending"},
    {"startIndex": 2, "count": 1},
    {"count": 0},
    {"count": -5, "startIndex": -5},
    {"attributes": ["displayName", "meta.resourceType"]},
    {"excludedAttributes": ["groups", "members", "meta"]},
    {"filter": "displayName pr", "sortBy": "id", "count": 1, "attributes": ["displayName"]},
    {"aadOptscim062020": True, "page": [1]},
]


@pytest.mark.parametrize("query", QUERIES)
def test_query_by_post_is_answered_as_by_get(scim, everybody, query):
    in_url = {
        name: ",".join(value) if name.endswith("ttributes") else value
        for name, value in query.items()
    }

    for endpoint in ENDPOINTS:
        posted = scim.post(f"{endpoint}/.search", search_request(**query))
        got = scim.get(f"{endpoint or '/'}?{urlencode(in_url)}")
        assert posted.status_code == 200
        assert posted.mimetype == "application/scim+json"
        assert posted.json == got.json
        assert posted.headers.get("SCIM-Tolerances") == got.headers.get("SCIM-Tolerances")


def test_names_of_a_query_by_post_are_found_in_any_case(scim, everybody):
    sent = {"SCHEMAS": [SEARCH_REQUEST_SCHEMA.upper()], "SortBy": "userName", "COUNT": 1}

    assert names(scim.post("/Users/.search", sent).json) == ["ada"]


@pytest.mark.parametrize(
    ("body", "scim_type", "problem"),
    [
        ([], "invalidSyntax", "JSON object"),
        ({}, "invalidSyntax", "schemas"),
        ({"schemas": [USER_SCHEMA]}, "invalidSyntax", SEARCH_REQUEST_SCHEMA),
        (search_request(filter=7), "invalidSyntax", "filter"),
        (search_request(filter=["title pr"]), "invalidSyntax", "filter"),
        (search_request(attributes="userName"), "invalidSyntax", "attributes"),
        (search_request(attributes=[7]), "invalidSyntax", "attributes[0]"),
        (search_request(excludedAttributes={}), "invalidSyntax", "excludedAttributes"),
        (search_request(sortBy=[]), "invalidSyntax", "sortBy"),
        (search_request(count="1"), "invalidSyntax", "count"),
        (search_request(count=1.5), "invalidSyntax", "count"),
        (search_request(startIndex="x"), "invalidSyntax", "startIndex"),
        (search_request(cursor=7), "invalidSyntax", "cursor"),
        (search_request(sortOrder="up"), "invalidValue", "sortOrder"),
        (search_request(startIndex=1, cursor=""), "invalidValue", "startIndex and cursor"),
        (search_request(filter="title"), "invalidFilter", "position 6"),
        (search_request(filter="("), "invalidFilter", "position 2"),
        (search_request(filter='externalId eq "\0"'), "invalidFilter", "U+0000"),
        (search_request(filter="(" * 4000), "invalidFilter", "nested deeper"),
        (search_request(filter="x" * 9000), "invalidFilter", "9000 characters"),
        (search_request(sortBy="shoeSize"), "invalidPath", "shoeSize"),
        (search_request(sortBy="password"), "invalidPath", "password"),
    ],
)
def test_wrong_query_by_post_is_refused(scim, body, scim_type, problem):
    for endpoint in ENDPOINTS:
        response = scim.post(f"{endpoint}/.search", body)
        assert problem in check_error(response, 400, scim_type)


@pytest.mark.parametrize("nothing", [{"filter": None, "count": None, "attributes": None}, {}])
def test_null_is_a_parameter_that_was_not_given(scim, everybody, nothing):
    assert scim.post("/.search", search_request(**nothing)).json["totalResults"] == 5


@pytest.mark.parametrize(
    "empty",
    [
        {"count": "", "STARTINDEX": ""},
        {"sortBy": "", "sortOrder": "", "attributes": "", "excludedAttributes": ""},
        {"startIndex": "", "cursor": ""},
        {"sortOrder": " "},
    ],
)
def test_empty_text_is_a_parameter_that_was_not_given(scim, everybody, empty):
    for endpoint in ENDPOINTS:
        response = scim.post(f"{endpoint}/.search", search_request(**empty))
        assert response.status_code == 200, response.text
        assert response.headers["SCIM-Tolerances"] == "empty_parameters"
    check_error(scim.post("/.search", search_request(filter="")), 400, "invalidFilter")
    check_error(scim.post("/.search", search_request(schemas="")), 400, "invalidSyntax")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/scim+json", 200),
        ("application/scim+json; charset=utf-8", 200),
        ("application/json", 200),
        ("", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_query_by_post_is_json(scim, media_type, status):
    for endpoint in ENDPOINTS:
        response = scim.client.post(
            f"/scim/v2{endpoint}/.search",
            data=f'{{"schemas": ["{SEARCH_REQUEST_SCHEMA}"]}}',
            content_type=media_type,
        )
        assert response.status_code == status
        assert response.mimetype == "application/scim+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/.search", 405),
        ("PUT", "/.search", 405),
        ("DELETE", "/Users/.search", 404),
        ("GET", "/Users/.search", 404),
        ("POST", "/", 405),
        ("PATCH", "/", 405),
        ("POST", "/Nothing/.search", 404),
        ("POST", "/Users/.search/x", 404),
    ],
)
def test_other_methods_and_places_are_no_queries(scim, method, path, status):
    body = search_request() if method == "POST" else None
    check_error(scim.send(method, path, body), status)


def test_strict_server_takes_the_query_of_the_rfc_and_nothing_else(
    scim, everybody, without_tolerances
):
    without_tolerances()

    sent = search_request(
        attributes=["displayName", "userName"], filter='displayName sw "t"', startIndex=1, count=10
    )
    assert names(scim.post("/.search", sent).json) == ["Tours"]
    unquoted = scim.post("/.search", search_request(filter="displayName sw t"))
    check_error(unquoted, 400, "invalidFilter")


def test_members_of_a_group_are_found_by_a_long_list_of_ids(scim, everybody):
    """The reason for a query by POST: what no URL can hold (§3.4.3)."""
    ids = [each["value"] for each in listed(*everybody.values())] * 20
    text = " or ".join(f'id eq "{resource_id}"' for resource_id in ids)

    assert names(scim.post("/.search", search_request(filter=text)).json) == EVERYBODY


def test_change_is_seen_by_the_next_query(scim, everybody):
    scim.patch(path_of(everybody["Tours"]), replace("displayName", "Rides"))
    scim.delete(path_of(everybody["ada"]))

    assert names(ask(scim, filter="displayName pr")) == ["Guides", "cy", "Rides"]
