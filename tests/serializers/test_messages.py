"""RFC 7644 §3.7 and §3.4.3: the bodies of a bulk request and of a query by POST."""

import pytest

from scim.protocol.bulk import BulkOperation
from scim.protocol.errors import InvalidSyntaxError, InvalidValueError
from scim.protocol.search import SearchRequest
from scim.protocol.tolerance import STRICT, Tolerated
from scim.serializers.messages import (
    BULK_REQUEST_SCHEMA,
    SEARCH_REQUEST_SCHEMA,
    load_bulk,
    load_search,
)

DELETE = {"method": "DELETE", "path": "/Users/1"}


def bulk(*operations, **attributes):
    return {"schemas": [BULK_REQUEST_SCHEMA], "Operations": list(operations), **attributes}


def search(**parameters):
    return {"schemas": [SEARCH_REQUEST_SCHEMA], **parameters}


def test_bulk_operations_are_loaded_as_sent_with_their_places():
    data = {"userName": "Alice", "nickName": None}
    post = {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": data}

    operations, _ = load_bulk(bulk(post, DELETE | {"version": 'W/"1"', "x": 1}), STRICT)

    assert operations == [
        BulkOperation(0, "POST", "/Users", "qwerty", None, data),
        BulkOperation(1, "DELETE", "/Users/1", None, 'W/"1"', None),
    ]


def test_names_of_a_bulk_request_are_found_in_any_case():
    sent = {
        "SCHEMAS": [BULK_REQUEST_SCHEMA.upper()],
        "failonerrors": 2,
        "operations": [{"METHOD": "POST", "Path": "/Users", "bulkid": "a", "Data": {}}],
    }

    assert load_bulk(sent, STRICT) == ([BulkOperation(0, "POST", "/Users", "a", None, {})], 2)


@pytest.mark.parametrize(
    "element",
    [
        {},
        {"method": 7, "path": ["/Users"], "bulkId": {}, "version": 1, "data": "x"},
        {"method": "GET", "path": None, "bulkId": None, "version": None, "data": None},
    ],
)
def test_faulty_bulk_operation_leaves_the_others_in_place(element):
    operations, _ = load_bulk(bulk(element, DELETE), STRICT)

    assert operations[0].method == element.get("method")
    assert operations[0].path == element.get("path")
    assert operations[1] == BulkOperation(1, "DELETE", "/Users/1")


@pytest.mark.parametrize(
    ("sent", "limit"),
    [(1, 1), (10**30, 10**30), (0, None), (-1, None), (None, None)],
)
def test_fail_on_errors_counts_from_one(sent, limit):
    assert load_bulk(bulk(DELETE, failOnErrors=sent), STRICT)[1] == limit


def test_bulk_request_without_fail_on_errors_has_no_limit():
    assert load_bulk(bulk(DELETE), STRICT)[1] is None


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (None, "the body must be a JSON object"),
        ([bulk(DELETE)], "the body must be a JSON object"),
        ({"Operations": [DELETE]}, f"schemas: is required and must list {BULK_REQUEST_SCHEMA}"),
        (bulk(DELETE, schemas=[]), f"schemas must list {BULK_REQUEST_SCHEMA}"),
        (bulk(DELETE, schemas=[SEARCH_REQUEST_SCHEMA]), f"schemas must list {BULK_REQUEST_SCHEMA}"),
        (bulk(DELETE, schemas=BULK_REQUEST_SCHEMA), "schemas: must be a list"),
        ({"schemas": [BULK_REQUEST_SCHEMA]}, "Operations: is required"),
        (bulk(Operations=None), "Operations: must be a list"),
        (bulk(Operations=DELETE), "Operations: must be a list"),
        (bulk(Operations="DELETE"), "Operations: "),
        (bulk(), "Operations is empty"),
        (bulk(DELETE, "DELETE"), "Operations[1]: must be a JSON object"),
        (bulk([DELETE]), "Operations[0]: "),
        (bulk(DELETE, DELETE, None), "Operations[2]: must be a JSON object"),
        (bulk(DELETE, failOnErrors="1"), "failOnErrors: must be a whole number"),
        (bulk(DELETE, failOnErrors=1.0), "failOnErrors: "),
        (bulk(DELETE, failOnErrors=True), "failOnErrors: "),
    ],
)
def test_body_that_is_no_bulk_request_is_refused_with_the_place(sent, place):
    with pytest.raises(InvalidSyntaxError) as refused:
        load_bulk(sent, STRICT)

    assert refused.value.detail.startswith(place)


def test_empty_bulk_request_is_tolerated():
    tolerated = Tolerated()

    assert load_bulk(bulk(), tolerated) == ([], None)
    assert list(tolerated.used) == ["empty_operations"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, SearchRequest()),
        (
            {
                "attributes": ["displayName", "userName"],
                "filter": 'displayName sw "smith"',
                "startIndex": 1,
                "count": 10,
            },
            SearchRequest(
                filter='displayName sw "smith"', count=10, attributes="displayName,userName"
            ),
        ),
        (
            {"sortBy": "title", "sortOrder": "Descending"},
            SearchRequest(sort_by="title", sort_order="descending"),
        ),
        ({"sortOrder": "descending"}, SearchRequest()),  # there is nothing to sort by
        ({"STARTINDEX": 3, "Count": 0}, SearchRequest(start_index=3, count=0)),
        ({"startIndex": 0, "count": -1}, SearchRequest(start_index=1, count=0)),
        ({"startIndex": -(10**30)}, SearchRequest(start_index=1)),
        ({"excludedAttributes": ["members"]}, SearchRequest(excluded_attributes="members")),
        ({"attributes": [], "filter": None, "count": None}, SearchRequest()),
        ({"filter": ""}, SearchRequest(filter="")),  # said by the parser
        ({"cursor": "", "count": 10}, SearchRequest(cursor="", count=10)),
        ({"cursor": "VZUTiyhEQJ94IR"}, SearchRequest(cursor="VZUTiyhEQJ94IR")),
        ({"cursor": None, "startIndex": 2}, SearchRequest(start_index=2)),
        ({"page": 7}, SearchRequest()),
    ],
)
def test_search_parameters_are_read_within_their_bounds(sent, expected):
    assert load_search(search(**sent)) == expected


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ("title pr", "the body must be a JSON object"),
        ({"filter": "title pr"}, f"schemas: is required and must list {SEARCH_REQUEST_SCHEMA}"),
        (search(schemas=[BULK_REQUEST_SCHEMA]), f"schemas must list {SEARCH_REQUEST_SCHEMA}"),
        (search(filter=7), "filter: must be a string"),
        (search(sortBy=["title"]), "sortBy: "),
        (search(sortOrder=1), "sortOrder: "),
        (search(startIndex="1"), "startIndex: "),
        (search(count="10"), "count: must be a whole number"),
        (search(count=1.5), "count: "),
        (search(count=False), "count: "),
        (search(attributes="userName"), "attributes: must be a list"),
        (search(attributes=["userName", 7]), "attributes[1]: must be a string"),
        (search(excludedAttributes={"name": 1}), "excludedAttributes: "),
        (search(cursor=7), "cursor: "),
    ],
)
def test_body_that_is_no_search_request_is_refused_with_the_place(sent, place):
    with pytest.raises(InvalidSyntaxError) as refused:
        load_search(sent)

    assert refused.value.detail.startswith(place)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"sortOrder": "up"}, "must be ascending or descending"),
        ({"sortOrder": ""}, "must be ascending or descending"),
        ({"cursor": "", "startIndex": 1}, "startIndex and cursor"),
    ],
)
def test_search_parameter_that_is_not_what_it_should_be_is_refused(sent, problem):
    with pytest.raises(InvalidValueError, match=problem):
        load_search(search(**sent))
