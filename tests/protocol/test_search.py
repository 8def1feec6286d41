"""RFC 7644 §3.4.2, RFC 9865: the parameters of a query and the ListResponse."""

import pytest

from scim.protocol.errors import InvalidValueError
from scim.protocol.search import SearchRequest, search_request
from scim.protocol.tolerance import Tolerated


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, SearchRequest()),
        ({"filter": ["title pr"]}, SearchRequest(filter="title pr")),
        (
            {"sortBy": ["title"], "sortOrder": ["descending"]},
            SearchRequest(sort_by="title", sort_order="descending"),
        ),
        ({"sortOrder": ["DESCENDING"]}, SearchRequest()),  # there is nothing to sort by
        ({"sortOrder": ["Ascending"]}, SearchRequest()),
        ({"startIndex": ["3"], "count": ["10"]}, SearchRequest(start_index=3, count=10)),
        ({"startIndex": ["0"]}, SearchRequest(start_index=1)),
        ({"startIndex": ["-7"]}, SearchRequest(start_index=1)),
        ({"count": ["0"]}, SearchRequest(count=0)),
        ({"count": ["-1"]}, SearchRequest(count=0)),
        ({"count": [" 5 "]}, SearchRequest(count=5)),
        ({"count": ["9" * 30]}, SearchRequest(count=int("9" * 30))),
        ({"startIndex": ["-" + "9" * 30]}, SearchRequest(start_index=1)),
        ({"attributes": ["a,b"]}, SearchRequest(attributes="a,b")),
        ({"excludedAttributes": ["a"]}, SearchRequest(excluded_attributes="a")),
        ({"cursor": [""]}, SearchRequest(cursor="")),  # the first page
        ({"cursor": ["VZUTiyhEQJ94IR"]}, SearchRequest(cursor="VZUTiyhEQJ94IR")),
        ({"cursor": [""], "count": ["-1"]}, SearchRequest(cursor="", count=0)),
        ({"aadOptscim062020": [""], "page": ["1", "2"]}, SearchRequest()),
    ],
)
def test_parameters_are_read_within_their_bounds(parameters, expected):
    assert search_request(parameters) == expected


@pytest.mark.parametrize(
    ("name", "values", "problem"),
    [
        ("count", ["abc"], "count must be an integer, not 'abc'"),
        ("count", ["1.0"], "count must be an integer"),
        ("count", ["1e3"], "count must be an integer"),
        ("count", ["٣"], "count must be an integer"),
        ("count", ["1_0"], "count must be an integer"),
        ("startIndex", ["one"], "startIndex must be an integer"),
        ("startIndex", ["9" * 5000], "startIndex must be an integer"),
        ("sortOrder", ["up"], "must be ascending or descending"),
        ("filter", ["a pr", "a pr"], "filter is given 2 times"),
        ("startIndex", ["1", "1", "1"], "startIndex is given 3 times"),
        ("cursor", ["", ""], "cursor is given 2 times"),
    ],
)
def test_parameter_that_is_not_what_it_should_be_is_refused(name, values, problem):
    with pytest.raises(InvalidValueError, match=problem):
        search_request({name: values})


@pytest.mark.parametrize(
    ("parameters", "expected", "tolerance"),
    [
        ({"count": [""], "startIndex": [" "]}, SearchRequest(), "empty_parameters"),
        ({"startIndex": [""], "cursor": [""]}, SearchRequest(cursor=""), "empty_parameters"),
        ({"sortOrder": [""]}, SearchRequest(), "empty_parameters"),
        ({"attributes": ["a", "b,c"]}, SearchRequest(attributes="a,b,c"), "repeated_parameters"),
    ],
)
def test_parameter_of_a_careless_client_needs_a_tolerance(parameters, expected, tolerance):
    tolerated = Tolerated()

    assert search_request(parameters, tolerated) == expected
    assert list(tolerated.used) == [tolerance]
    with pytest.raises(InvalidValueError):
        search_request(parameters)


@pytest.mark.parametrize("cursor", ["", "VZUTiyhEQJ94IR"])
@pytest.mark.parametrize("start_index", ["1", "0", "3"])
def test_page_asked_for_by_index_and_by_cursor_is_refused(cursor, start_index):
    with pytest.raises(InvalidValueError, match="startIndex and cursor"):
        search_request({"cursor": [cursor], "startIndex": [start_index]})
