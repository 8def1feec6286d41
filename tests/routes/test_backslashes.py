r"""A backslash in a filter that people did not write twice: userName eq "CORP\novak"."""

import json
from urllib.parse import urlencode

import pytest

from scim.protocol.search import SEARCH_REQUEST_SCHEMA

from ..support.errors import check_error
from ..support.scim import add, group, path_of, remove, replace, user
from .test_cursors import read, walk

NAME = "literal_backslashes"
NOVAK = user("CORP\\novak", externalId="CORP\\user", emails=[{"value": "a\\b", "type": "work"}])


def names(answer):
    assert answer.json["totalResults"] == len(answer.json["Resources"])
    return [each.get("userName", each.get("displayName")) for each in answer.json["Resources"]]


def find(scim, text, path="/Users", **parameters):
    answer = scim.get(f"{path}?{urlencode({'filter': text, **parameters})}")
    assert answer.status_code == 200, answer.text
    return answer


def is_used(answer):
    return NAME in answer.headers.get("SCIM-Tolerances", "").split(",")


@pytest.mark.parametrize(
    "text",
    [
        r'userName eq "CORP\novak"',
        r'userName EQ "corp\NOVAK"',
        r'externalId eq "CORP\user"',
        r'emails.value eq "a\b"',
        r'emails eq "a\b"',
        r'emails[type eq "work" and value eq "a\b"]',
        r'emails[type eq "work"].value eq "a\b"',
        r'userName eq "x" or userName eq "CORP\novak"',
        r'userName eq "CORP\novak" and externalId eq "CORP\user"',
        r'userName eq "CORP\novak" and not (title eq "x")',
        r'userName eq "CORP\novak" and title ne "a\nb"',
    ],
)
def test_backslash_that_finds_nothing_is_taken_as_it_stands(scim, text):
    scim.create(NOVAK)
    scim.create(user("other"))

    for answer in (
        find(scim, text),
        find(scim, text, "/"),
        scim.post("/Users/.search", {"schemas": [SEARCH_REQUEST_SCHEMA], "filter": text}),
        scim.post("/.search", {"schemas": [SEARCH_REQUEST_SCHEMA], "filter": text}),
    ):
        assert names(answer) == ["CORP\\novak"]
        assert is_used(answer)


@pytest.mark.parametrize(
    "text", [r'userName eq "CORP\\novak"', r'externalId eq "CORP\u005cuser"', r'emails eq "a\\b"']
)
def test_text_in_json_needs_no_tolerance(scim, text):
    scim.create(NOVAK)

    answer = find(scim, text)

    assert names(answer) == ["CORP\\novak"]
    assert "SCIM-Tolerances" not in answer.headers


def test_meaning_in_json_comes_first(scim):
    scim.create(user("json", externalId="a\nb"))
    scim.create(user("literal", externalId="a\\nb"))

    answer = find(scim, r'externalId eq "a\nb"')

    assert names(answer) == ["json"]
    assert not is_used(answer)


def test_nothing_found_in_any_way_is_no_tolerance(scim):
    answer = find(scim, r'userName eq "CORP\novak"')

    assert names(answer) == []
    assert not is_used(answer)


@pytest.mark.parametrize(
    "text",
    [
        r'userName co "CORP\n"',
        r'userName sw "CORP\novak"',
        r'not (userName eq "x\nb") and userName co "\n"',
        r'not (userName ne "CORP\novak")',
        r'not (not (userName eq "CORP\novak"))',
        r'not (not (emails[value eq "a\b"]))',
        r'emails[not (not (value eq "a\b"))]',
    ],
)
def test_other_operators_and_negations_keep_to_json(scim, text):
    scim.create(NOVAK)

    assert names(find(scim, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        r'userName ne "CORP\x"',
        r'userName sw "CORP\x"',
        r'not (userName eq "CORP\x")',
        r'emails[not (value eq "\x")]',
        r'userName eq "x" and userName ge "\u12"',
    ],
)
def test_what_is_no_json_stays_an_error_there(scim, text):
    detail = check_error(scim.get(f"/Users?{urlencode({'filter': text})}"), 400, "invalidFilter")

    assert "write each backslash twice" in detail


def test_look_up_before_a_create_finds_what_the_create_would_meet(scim):
    for name in (r"CORP\novak", r"CORP\user", r"CORP\udeba"):  # the last: half of a character
        assert names(find(scim, f'userName eq "{name}"')) == []
        created = scim.create(user(name))

        found = find(scim, f'userName eq "{name}"')

        assert [each["id"] for each in found.json["Resources"]] == [created["id"]]
        check_error(scim.post("/Users", user(name)), 409, "uniqueness")


def test_groups_are_found_so_too(scim):
    scim.create(group("CORP\\tours", externalId="\\\\x"))

    assert names(find(scim, r'displayName eq "CORP\tours"', "/Groups")) == ["CORP\\tours"]
    assert names(find(scim, r'externalId eq "\\x"', "/Groups")) == ["CORP\\tours"]


def test_every_page_reads_the_filter_in_the_same_way(scim):
    for number in range(5):
        scim.create(user(f"user{number}", title="CORP\\novak"))
    text = r'title eq "CORP\novak"'

    by_index = [find(scim, text, startIndex=start, count=2).json for start in (1, 3, 5, 7)]
    none = find(scim, text, count=0).json
    first = read(scim, "/Users", filter=text, count=2)
    walked = [first, *walk(scim, "/Users", first, "nextCursor", filter=text)]
    back = walk(scim, "/Users", walked[-1], "previousCursor", filter=text)

    assert [page["totalResults"] for page in (*by_index, *walked, *back, none)] == [5] * 10
    assert [page["itemsPerPage"] for page in by_index] == [2, 2, 1, 0]
    assert [page["itemsPerPage"] for page in walked + back] == [2, 2, 1, 2, 2]


def test_first_page_of_a_walk_decides_for_all(scim):
    for number in range(3):
        scim.create(user(f"user{number}", title="CORP\\novak"))
    text = r'title eq "CORP\novak"'
    first = read(scim, "/Users", filter=text, count=1)

    scim.create(user("json", title="CORP\novak"))  # is what the filter means by now

    rest = walk(scim, "/Users", first, "nextCursor", filter=text)
    assert [page["Resources"][0]["userName"] for page in rest] == ["user1", "user2"]
    assert names(find(scim, text)) == ["json"]


def test_walk_ends_with_the_tolerance(scim, choose):
    for number in range(3):
        scim.create(user(f"user{number}", title="CORP\\novak"))
    query = {"filter": r'title eq "CORP\novak"', "count": 1}
    first = read(scim, "/Users", **query)

    choose(strict=True)

    query["cursor"] = first["nextCursor"]
    check_error(scim.get(f"/Users?{urlencode(query)}"), 400, "invalidCursor")


def test_values_that_were_encoded_twice_are_walked_through(scim):
    for number in range(3):
        scim.create(user(f"user{number}", title="a@b"))
    first = read(scim, "/Users", filter='title eq "a%40b"', count=2)

    [last] = walk(scim, "/Users", first, "nextCursor", filter='title eq "a%40b"')

    assert (first["totalResults"], last["totalResults"], last["itemsPerPage"]) == (3, 3, 1)


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (remove(r'emails[value eq "a\b"]'), ["c"]),
        (remove(r'emails[value eq "a\b" or value eq "\x"]'), ["c"]),
        (replace(r'emails[value eq "a\b"].value', "d"), ["d", "c"]),
        (add(r'emails[type eq "work" and value eq "a\b"].value', "d"), ["d", "c"]),
        (remove(r'emails[not (value eq "a\b") and value eq "c"]'), ["a\\b"]),
    ],
)
def test_path_of_a_patch_finds_values_so(scim, operation, left):
    created = scim.create(NOVAK | {"emails": [*NOVAK["emails"], {"value": "c"}]})

    answer = scim.patch(path_of(created), operation)

    assert answer.status_code == 200, answer.text
    assert [email["value"] for email in answer.json["emails"]] == left
    assert is_used(answer) == (r"not" not in operation["path"])


def test_path_of_a_patch_is_refused_as_a_filter_is(scim):
    created = scim.create(NOVAK)

    for path in (r'emails[value ne "\x"]', r'emails[not (value eq "\x")]'):
        check_error(scim.patch(path_of(created), remove(path)), 400, "invalidFilter")
    path = r'emails[primary eq "\u0074rue"].value'
    check_error(scim.patch(path_of(created), replace(path, "x")), 400, "noTarget")


def test_members_are_found_so_where_the_text_is_no_json(scim):
    novak = scim.create(user("xavier", displayName="CORP\\xavier"))
    tours = scim.create(group("Tours", novak))

    answer = scim.patch(path_of(tours), remove(r'members[display eq "CORP\xavier"]'))

    assert answer.status_code == 200
    assert "members" not in answer.json


def test_strict_tenant_takes_json_alone(scim, strict):
    scim.create(NOVAK)

    assert names(find(scim, r'userName eq "CORP\novak"')) == []
    text = urlencode({"filter": r'externalId eq "CORP\user"'})
    check_error(scim.get(f"/Users?{text}"), 400, "invalidFilter")
    assert names(find(scim, f"userName eq {json.dumps(NOVAK['userName'])}")) == ["CORP\\novak"]
