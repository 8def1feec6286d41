"""RFC 9865 over HTTP: pages by cursor, forward and back, and the cursors that are refused."""

import json
import re
import time
from urllib.parse import urlencode

import pytest
from itsdangerous import TimestampSigner

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.protocol.search import SEARCH_REQUEST_SCHEMA
from scim.storage.tokens import add_tenant, find_tenant, issue_token

from ..support.bulk import carry_out, post, refer
from ..support.errors import check_error
from ..support.scim import Scim, enterprise, group, path_of, replace, user

E = ENTERPRISE_USER_SCHEMA
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")  # RFC 3986 §2.3
LISTS = {"attributes", "excludedAttributes"}
LONG = "x" * 298
USERS, GROUPS = 12, 5
ORDERS = ("ascending", "descending")
PAGES = (("ascending", 5), ("ascending", 12), ("descending", 2))  # 2 and 12 divide 12 users


def people():
    """Make users with values that are equal, missing, long, of other scripts, or at the ends."""
    values = {
        "title": ["b", None, "a", "B", "", "c", None, "a", "ab", "b", None, "A"],
        "displayName": ["é", "e\u0301", "z", "Z", "\uffff", "😀", "한", "ß", "SS", None, " ", "~"],
        "nickName": [LONG + end for end in ("zb", "za", "b", "ca", "cb", "aaaa")] + [None, "x"] * 3,
        "active": [True, False, None, True, True, False] * 2,
        "externalId": ["b", "B", "a", None, "", "b", "é", "10", "9", "a", None, "b"],
    }
    for number in range(USERS):
        given = {name: each[number] for name, each in values.items() if each[number] is not None}
        if number % 3:
            given["emails"] = [{"value": f"{number % 4}"}, {"value": "x", "primary": number == 5}]
        if number % 2:
            given |= enterprise(department=f"{number % 5}", manager={"value": "bulkId:4"})
        yield user(f"{'uUüÜ'[number % 4]}ser{number}", **given) | {"schemas": [USER_SCHEMA, E]}


@pytest.fixture
def crowd(scim):
    """Users and groups, by turns."""
    operations = [post(f"{number}", each) for number, each in enumerate(people())]
    for number in range(GROUPS):
        members = refer(f"{number}", f"{2 * number}")
        sent = group(f"Group {number % 2} {number}", members=members)
        operations.insert(3 * number + 2, post(f"g{number}", sent))
    results = carry_out(scim, *operations)
    assert {result["status"] for result in results} == {"201"}
    inactive = scim.get("/Users?filter=userName ew '2'").json["Resources"]
    for each in inactive:
        scim.patch(path_of(each), replace("active", None))
    return scim


def fetch(scim, path, cursor, method="GET", **asked):
    """Return the answer to a query for a page."""
    asked = {name: value for name, value in asked.items() if value is not None} | {"cursor": cursor}
    if method == "GET":
        return scim.get(f"{path or '/'}?{urlencode(asked)}")
    for name in LISTS & asked.keys():
        asked[name] = asked[name].split(",")
    return scim.post(f"{path}/.search", {"schemas": [SEARCH_REQUEST_SCHEMA], **asked})


def read(scim, path, cursor="", **asked):
    """Return a page, having checked what it says of itself."""
    response = fetch(scim, path, cursor, **asked)
    assert response.status_code == 200, response.text
    page = response.json
    assert page["itemsPerPage"] == len(page["Resources"])
    assert "startIndex" not in page
    for name in ("previousCursor", "nextCursor"):
        assert name not in page or UNRESERVED.fullmatch(page[name])
    return page


def walk(scim, path, page, way, **asked):
    """Return the pages that follow a page, or that precede it."""
    found = []
    while way in page:
        assert len(found) < 100
        page = read(scim, path, page[way], **asked)
        found.append(page)
    return found


def check_walk(scim, path, **asked):
    """Walk to the end and back; check both ways against the same query by index."""
    by_index = {name: value for name, value in asked.items() if name not in ("count", "method")}
    whole = fetch_by_index(scim, path, **by_index)
    first = read(scim, path, **asked)
    onward = [first, *walk(scim, path, first, "nextCursor", **asked)]
    back = walk(scim, path, onward[-1], "previousCursor", **asked)

    assert [each for page in onward for each in page["Resources"]] == whole["Resources"]
    sizes = [page["itemsPerPage"] for page in onward]
    assert set(sizes[:-1]) <= {asked["count"]}
    assert (sizes[-1] > 0) == (whole["totalResults"] > 0)
    assert {page["totalResults"] for page in onward + back} == {whole["totalResults"]}
    assert ["previousCursor" in page for page in onward] == [False] + [True] * (len(onward) - 1)
    assert ["nextCursor" in page for page in onward] == [True] * (len(onward) - 1) + [False]
    assert [page["Resources"] for page in back] == [page["Resources"] for page in onward[-2::-1]]
    assert all("nextCursor" in page for page in back)
    if back:
        again = read(scim, path, back[-1]["nextCursor"], **asked)
        assert again["Resources"] == onward[1]["Resources"]


def fetch_by_index(scim, path, **asked):
    asked = {name: value for name, value in asked.items() if value is not None}
    response = scim.get(f"{path or '/'}?{urlencode(asked | {'count': 1000})}")
    assert response.status_code == 200, response.text
    assert not response.json.keys() & {"previousCursor", "nextCursor"}
    return response.json


SORTS = [
    ("/Users", None),
    ("/Users", "userName"),
    ("/Users", "title"),
    ("/Users", "displayName"),
    ("/Users", "nickName"),
    ("/Users", "active"),
    ("/Users", "externalId"),
    ("/Users", "emails"),
    ("/Users", "emails.primary"),
    ("/Users", "groups.display"),
    ("/Users", f"{E}:department"),
    ("/Users", f"{E}:manager.displayName"),
    ("/Users", "meta.created"),
    ("/Users", "meta.version"),
    ("/Users", "meta.resourceType"),
    ("/Users", "id"),
    ("/Groups", None),
    ("/Groups", "displayName"),
    ("/Groups", "members.display"),
    ("/Groups", "meta.lastModified"),
    ("", None),
    ("", "displayName"),
    ("", "userName"),
    ("", "active"),
    ("", "meta.created"),
    ("", "meta.resourceType"),
]


@pytest.mark.parametrize(("path", "sort_by"), SORTS)
def test_walk_shows_what_pages_by_index_show_forward_and_back(crowd, path, sort_by):
    for order, size in PAGES:
        check_walk(crowd, path, sortBy=sort_by, sortOrder=order, count=size)


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_page_may_be_of_one_resource_or_of_all(crowd, path):
    for size in (1, 100):
        check_walk(crowd, path, sortBy="displayName", count=size)


@pytest.mark.parametrize("text", ["title pr", 'displayName gt "g" or active eq false', "id eq 1"])
@pytest.mark.parametrize("path", ["/Users", ""])
@pytest.mark.parametrize("sort_by", [None, "displayName", "meta.created"])
def test_walk_through_what_a_filter_finds(crowd, path, text, sort_by):
    for order in ORDERS:
        check_walk(crowd, path, filter=text, sortBy=sort_by, sortOrder=order, count=2)


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
@pytest.mark.parametrize("sort_by", [None, "displayName"])
def test_walk_by_post_is_a_walk(crowd, path, sort_by):
    check_walk(crowd, path, method="POST", sortBy=sort_by, count=2)
    if path != "/Groups":
        check_walk(crowd, path, method="POST", filter="title pr", sortBy=sort_by, count=2)


def test_values_that_agree_longer_than_a_cursor_remembers_are_walked_through(scim):
    """Such values are in the order of creation, as if they were equal."""
    for end in "cabd":
        scim.create(user(f"user{end}", nickName="y" * 300 + end))

    first = read(scim, "/Users", sortBy="nickName", count=1)
    pages = [first, *walk(scim, "/Users", first, "nextCursor", sortBy="nickName", count=1)]

    assert [page["Resources"][0]["userName"][-1] for page in pages] == list("cabd")


@pytest.mark.parametrize("path", ["/Users", "/Rooms", ""])
def test_numbers_and_times_are_walked_through_in_their_order(with_rooms, path):
    for sort_by in ("level", "weight", "since", "vip"):
        for order, size in zip(ORDERS, (1, 3), strict=True):
            check_walk(with_rooms, path, sortBy=sort_by, sortOrder=order, count=size)


@pytest.fixture
def with_rooms(new_client, schema_folder):
    """Rooms and users that have numbers."""
    client = new_client(SCHEMA_FOLDER=str(schema_folder))
    numbers = [
        {"level": 10, "weight": 1.5, "since": "2026-01-31T12:00:00Z", "vip": True},
        {"level": 9, "weight": -1.5e-7, "since": "2026-01-31T12:00:00+02:00"},
        {"level": -(2**63), "weight": 1e300, "since": "2026-01-31T12:00:00.5Z", "vip": False},
        {"level": 2**63 - 1, "weight": 3},
        {"level": 9, "weight": 1.5, "vip": True},
        {"weight": 0.1},
        {"level": 2**63 - 2},
    ]
    for number, given in enumerate(numbers):
        sent = user(f"user{number}", **{GEAR: given})
        client.create(sent | {"schemas": [USER_SCHEMA, GEAR]})
        room = {"schemas": [ROOM], "displayName": f"Room {number}", **given}
        assert client.post("/Rooms", room).status_code == 201
    return client


GEAR = "urn:example:params:scim:schemas:extension:gear:1.0:User"
ROOM = "urn:example:params:scim:schemas:core:1.0:Room"


@pytest.fixture
def schema_folder(tmp_path):
    """Documents that give numbers to users, and define rooms that have them too."""
    schema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
    kinds = {"level": "integer", "weight": "decimal", "since": "dateTime", "vip": "boolean"}
    attributes = [{"name": name, "type": kind} for name, kind in kinds.items()]
    gear = {"schemas": [schema], "id": GEAR, "attributes": attributes}
    room = {"schemas": [schema], "id": ROOM, "attributes": [*attributes, {"name": "displayName"}]}
    rooms = {"name": "Room", "endpoint": "/Rooms", "schema": ROOM}
    rooms["schemas"] = ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"]
    for name, document in (("gear", gear), ("room", room), ("rooms", rooms)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return tmp_path


# Pages


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_page_of_nothing_has_the_total_only(crowd, path):
    total = fetch_by_index(crowd, path)["totalResults"]

    for count in (0, -1):
        page = read(crowd, path, count=count)
        assert (page["Resources"], page["totalResults"]) == ([], total)
        assert not page.keys() & {"previousCursor", "nextCursor"}


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_walk_through_nothing_is_one_page(scim, path):
    page = read(scim, path, count=5)

    assert (page["Resources"], page["totalResults"]) == ([], 0)
    assert not page.keys() & {"previousCursor", "nextCursor"}


def test_page_shows_what_was_asked_for(crowd):
    asked = {"attributes": "userName,groups.value", "sortBy": "title", "count": 5}

    check_walk(crowd, "/Users", **asked)
    check_walk(crowd, "", excludedAttributes="members,groups,meta", count=5)


def test_pages_by_index_are_what_a_client_gets_that_asks_for_neither(crowd):
    page = crowd.get("/Users?count=5").json

    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (1, 5, USERS)
    assert "nextCursor" not in page


def test_announced_pagination_is_true(scim, new_client):
    client = new_client(DEFAULT_PAGE_SIZE=2, MAX_PAGE_SIZE=3, CURSOR_TIMEOUT=1)
    for number in range(5):
        client.create(user(f"user{number}"))

    said = client.get("/ServiceProviderConfig").json["pagination"]

    assert said == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 2,
        "maxPageSize": 3,
        "cursorTimeout": 1,
    }
    assert read(client, "/Users")["itemsPerPage"] == said["defaultPageSize"]
    assert read(client, "/Users", count=3)["itemsPerPage"] == said["maxPageSize"]
    check_error(fetch(client, "/Users", "", count=4), 400, "invalidCount")


# Cursors that are refused (§2.1)


def middle(scim, path="/Users", **asked):
    """Return the cursor to a second page."""
    return read(scim, path, **{"count": 2} | asked)["nextCursor"]


def mangled(cursor):
    payload, stamp, signature = cursor.rsplit(".", 2)
    yield from (
        "x",
        "0",
        " ",
        ".",
        "..",
        "é",
        "VZUTiyhEQJ94IR",
        "null",
        "e30.e30.e30",
        payload,
        f"{payload}.{stamp}",
        f"{payload}.{stamp}.",
        f".{stamp}.{signature}",
        f"{cursor}.",
        f"{cursor}x",
        f" {cursor}",
        cursor[1:],
        cursor[:-1],
        f"{payload}.{stamp}.{signature.replace(signature[5], '_' if signature[5] != '_' else '-')}",
        cursor.swapcase(),
        f"{payload}.{stamp}.{signature[::-1]}",
        f"{payload}A.{stamp}.{signature}",
        f"{payload}.{stamp[::-1]}.{signature}",
        cursor * 20,
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cursor_that_was_not_given_out_is_refused(crowd, method):
    cursor = middle(crowd)

    details = {
        check_error(fetch(crowd, "/Users", forged, method, count=2), 400, "invalidCursor")
        for forged in mangled(cursor)
    }

    assert len(details) == 1  # nothing is said of what was wrong with it
    read(crowd, "/Users", cursor, method=method, count=2)


ASKED = {"filter": "userName pr", "sortBy": "userName", "attributes": "userName", "count": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"filter": "userName pr and title pr"},
        {"filter": None},
        {"sortBy": "title"},
        {"sortBy": None},
        {"sortOrder": "descending"},
        {"attributes": "userName,title"},
        {"attributes": None},
        {"excludedAttributes": "title"},
        {"path": "/Groups", "filter": "displayName pr", "sortBy": None},
        {"path": ""},
    ],
)
def test_cursor_is_for_its_own_query_only(crowd, change):
    cursor = middle(crowd, **ASKED)

    response = fetch(crowd, cursor=cursor, **{"path": "/Users", **ASKED, **change})

    check_error(response, 400, "invalidCursor")


def test_cursor_goes_on_whichever_way_the_query_is_sent(crowd):
    cursor = middle(crowd, **ASKED)

    pages = [read(crowd, "/Users", cursor, method=method, **ASKED) for method in ("GET", "POST")]

    assert pages[0]["Resources"] == pages[1]["Resources"]


@pytest.fixture
def neighbour(app, crowd):
    """A client of another tenant, who has users of the same names."""
    database = app.extensions["scim"].database
    name = "neighbour of cursors"
    database.write(lambda connection: add_tenant(connection, name))
    tenant = database.read(lambda connection: find_tenant(connection, name))
    token = database.write(lambda connection: issue_token(connection, tenant, "t", None))
    client = app.test_client()
    client.environ_base |= {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    scim = Scim(client)
    for each in people():
        scim.create(each | {E: {}})
    return scim


def test_cursor_of_one_tenant_is_nothing_to_another(crowd, neighbour):
    for asked in ({}, ASKED):
        own = middle(neighbour, **asked)
        foreign = middle(crowd, **asked)
        check_error(
            fetch(neighbour, "/Users", foreign, **{"count": 2} | asked), 400, "invalidCursor"
        )
        check_error(fetch(crowd, "/Users", own, **{"count": 2} | asked), 400, "invalidCursor")
        read(neighbour, "/Users", own, **{"count": 2} | asked)


def test_cursor_expires_after_as_long_as_announced(crowd, monkeypatch):
    timeout = crowd.get("/ServiceProviderConfig").json["pagination"]["cursorTimeout"]
    cursor = middle(crowd)

    def after(seconds):
        now = int(time.time()) + seconds
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now)
        return fetch(crowd, "/Users", cursor, count=2)

    assert after(timeout - 10).status_code == 200
    detail = check_error(after(timeout + 2), 400, "expiredCursor")
    assert f"{timeout} seconds" in detail


def test_cursor_is_valid_from_each_page_anew(crowd, monkeypatch):
    page, now = read(crowd, "/Users", count=2), int(time.time())

    while "nextCursor" in page:
        now += 3000
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self, now=now: now)
        page = read(crowd, "/Users", page["nextCursor"], count=2)

    assert page["itemsPerPage"] == 2


@pytest.mark.parametrize("count", [1, 3, 0, -1, 1000])
def test_count_must_stay_what_it_was(crowd, count):
    response = fetch(crowd, "/Users", middle(crowd), count=count)

    assert "2" in check_error(response, 400, "invalidCount")


def test_count_may_be_left_out(crowd):
    cursor = middle(crowd)

    assert read(crowd, "/Users", cursor)["itemsPerPage"] == 2
    assert read(crowd, "/Users", cursor, count=2)["itemsPerPage"] == 2


@pytest.mark.parametrize("count", [1001, 10**30])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_larger_count_than_announced_is_refused(crowd, count, method):
    response = fetch(crowd, "/Users", "", method, count=count)

    assert "1000" in check_error(response, 400, "invalidCount")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cursor_and_start_index_are_refused_together(crowd, method):
    for cursor in ("", middle(crowd)):
        response = fetch(crowd, "/Users", cursor, method, count=2, startIndex=1)
        assert "startIndex and cursor" in check_error(response, 400, "invalidValue")


def test_cursor_without_a_value_is_the_first_page(crowd):
    """As RFC 9865 §2 writes it: ``&cursor&count=10``."""
    page = crowd.get("/Users?filter=userName%20sw%20U&cursor&count=2").json

    assert page["itemsPerPage"] == 2
    assert page["nextCursor"]


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_cursor_does_not_excuse_a_wrong_query(crowd, path):
    check_error(fetch(crowd, path, "", filter="x"), 400, "invalidFilter")
    check_error(fetch(crowd, path, "", sortBy="shoeSize"), 400, "invalidPath")
    check_error(fetch(crowd, path, "x", filter="x"), 400, "invalidFilter")


# Resources that come and go while a client walks


@pytest.fixture
def ten(scim):
    """Ten users, ``a`` to ``j``."""
    return {name: scim.create(user(name, title=name)) for name in "abcdefghij"}


def shown(page):
    return "".join(each["userName"] for each in page["Resources"])


SORTED = pytest.mark.parametrize("asked", [{}, {"sortBy": "userName"}, {"sortBy": "title"}])


@SORTED
def test_walk_goes_on_where_its_last_resource_was(scim, ten, asked):
    page = read(scim, "/Users", count=3, **asked)
    for name in "ac":
        scim.delete(path_of(ten[name]))
    assert shown(page) == "abc"

    page = read(scim, "/Users", page["nextCursor"], count=3, **asked)
    assert shown(page) == "def"
    scim.delete(path_of(ten["g"]))
    page = read(scim, "/Users", page["nextCursor"], count=3, **asked)
    assert shown(page) == "hij"
    assert "nextCursor" not in page
    page = read(scim, "/Users", page["previousCursor"], count=3, **asked)
    assert shown(page) == "def"
    page = read(scim, "/Users", page["previousCursor"], count=3, **asked)
    assert shown(page) == "b"
    assert "previousCursor" not in page
    page = read(scim, "/Users", page["nextCursor"], count=3, **asked)
    assert shown(page) == "def"


@SORTED
def test_walk_ends_when_all_that_was_ahead_is_gone(scim, ten, asked):
    page = read(scim, "/Users", count=5, **asked)
    for name in "fghij":
        scim.delete(path_of(ten[name]))

    last = read(scim, "/Users", page["nextCursor"], count=5, **asked)

    assert (shown(last), "nextCursor" in last) == ("", False)


@SORTED
def test_walk_begins_anew_when_all_that_was_behind_is_gone(scim, ten, asked):
    page = read(scim, "/Users", count=5, **asked)
    page = read(scim, "/Users", page["nextCursor"], count=5, **asked)
    for name in "abcde":
        scim.delete(path_of(ten[name]))

    before = read(scim, "/Users", page["previousCursor"], count=5, **asked)
    assert (shown(before), "previousCursor" in before) == ("", False)
    again = read(scim, "/Users", before["nextCursor"], count=5, **asked)
    assert (shown(again), "previousCursor" in again) == ("fghij", False)


def test_resource_that_comes_ahead_is_shown_and_one_behind_is_not(scim, ten):
    page = read(scim, "/Users", count=5, sortBy="userName")
    for name in ("0", "aa", "ee", "k"):
        scim.create(user(name))

    pages = walk(scim, "/Users", page, "nextCursor", count=5, sortBy="userName")

    assert "".join(map(shown, pages)) == "eefghijk"


def test_total_is_that_of_the_beginning_where_there_is_a_filter(scim, ten):
    """Counting what a filter finds costs as much as the walk; it is done once."""
    filtered = read(scim, "/Users", count=5, filter="title pr")
    whole = read(scim, "/Users", count=5)
    for name in "ij":
        scim.delete(path_of(ten[name]))

    totals = [
        read(scim, "/Users", filtered["nextCursor"], count=5, filter="title pr")["totalResults"],
        read(scim, "/Users", whole["nextCursor"], count=5)["totalResults"],
    ]

    assert totals == [10, 8]


@pytest.mark.parametrize(
    "asked", [{}, {"sortBy": "userName"}, {"filter": "title pr"}, {"sortBy": "title"}]
)
def test_client_finds_the_way_back_from_a_page_whose_users_have_gone(scim, asked):
    names = ["a", "b", "c", "d"]
    made = {name: scim.create(user(name, title=f"title {name}")) for name in names}
    first = scim.get(f"/Users?{urlencode(asked | {'cursor': '', 'count': 2})}").json
    for name in ("c", "d"):
        assert scim.delete(path_of(made[name])).status_code == 204

    empty = scim.get(f"/Users?{urlencode(asked | {'cursor': first['nextCursor']})}").json
    back = scim.get(f"/Users?{urlencode(asked | {'cursor': empty['previousCursor']})}").json

    assert empty["Resources"] == []
    assert "nextCursor" not in empty
    assert back["Resources"] == first["Resources"]
    assert "previousCursor" not in back
