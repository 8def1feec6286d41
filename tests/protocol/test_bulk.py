"""RFC 7644 §3.7: references between bulk operations, their order, and the BulkResponse."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.protocol.bulk import (
    BulkOperation,
    bulk_ids,
    bulk_response,
    check_operation,
    exchange,
    failed,
    is_circular,
    plan,
    resolve_ids,
    succeeded,
)
from scim.protocol.errors import (
    ConflictError,
    InvalidSyntaxError,
    InvalidValueError,
)
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA
from scim.protocol.values import PLACEHOLDER

RESPONSE = {"detail": "the Error message"}
IDS = {"x": "1", "y": "2", 'a"b': "3", "a/b c": "4"}


def refer(*names):
    return [{"value": f"bulkId:{name}"} for name in names]


def post(index, bulk_id, *names):
    return BulkOperation(index, "POST", "/Groups", bulk_id, None, {"members": refer(*names)})


def put(index, bulk_id, *names):
    return BulkOperation(index, "PUT", "/Groups/1", bulk_id, None, {"members": refer(*names)})


def posts(*needed):
    """Return POSTs with the bulkIds "0", "1" and so on that refer to those listed."""
    return [post(index, str(index), *names) for index, names in enumerate(needed)]


def indexes(steps):
    return [[operation.index for operation in step] for step in steps]


REFERRING = [
    ({"members": refer("x")}, {"members": [{"value": "1"}]}),
    ({"a": [[{"b": ["bulkId:x", "bulkId:y"]}]]}, {"a": [[{"b": ["1", "2"]}]]}),
    (
        {ENTERPRISE_USER_SCHEMA: {"manager": {"value": "bulkId:x", "$ref": "bulkId:y"}}},
        {ENTERPRISE_USER_SCHEMA: {"manager": {"value": "1", "$ref": "2"}}},
    ),
    ({"manager": "bulkId:a/b c"}, {"manager": "4"}),
    (
        {"Operations": [{"op": "add", "path": "members", "value": refer("x", "y")}]},
        {
            "Operations": [
                {"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}
            ]
        },
    ),
]
REFERRING_PATHS = [
    ('members[value eq "bulkId:x"]', 'members[value eq "1"]'),
    (
        'members[value eq "bulkId:x" or value eq "bulkId:y"]',
        'members[value eq "1" or value eq "2"]',
    ),
    ('members[ value  eq "bulkId:x" ].value ', 'members[ value  eq "1" ].value '),
    (r'members[value eq "bulkId:a\"b"]', 'members[value eq "3"]'),
    ('members[value eq "bulkId:a/b c"]', 'members[value eq "4"]'),
    ("members[value eq 'bulkId:x']", "members[value eq '1']"),
    ("members[value eq bulkId:x]", "members[value eq 1]"),
]
NOT_REFERRING = [
    {"displayName": "see bulkId:x", "nickName": "bulkid:x", "title": "x"},
    {"bulkId:x": "x", "n": 7, "t": True, "z": None, "e": {}, "l": []},
    {"Operations": [{"op": "remove", "path": 'emails[value eq "see bulkId:x"]'}]},
    {"Operations": [{"op": "remove", "path": 'members[value eq "bulkId:x]'}]},  # no path
    {"Operations": [{"op": "remove", "path": r'members[value eq "bulkId:x\q"]'}]},  # likewise
]


@pytest.mark.parametrize(("data", "expected"), REFERRING)
def test_reference_is_replaced_wherever_it_is_a_whole_string_of_the_data(data, expected):
    sent = json.dumps(data)

    assert resolve_ids(data, IDS) == expected
    assert json.dumps(data) == sent


@pytest.mark.parametrize("name", ["path", "PATH"])
@pytest.mark.parametrize(("path", "expected"), REFERRING_PATHS)
def test_reference_is_replaced_within_the_path_of_a_patch(path, expected, name):
    data = {"Operations": [{"op": "remove", name: path}]}

    assert resolve_ids(data, IDS) == {"Operations": [{"op": "remove", name: expected}]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/Groups/bulkId:x", "/Groups/1"),
        ("/Groups/bulkId:a/b c", "/Groups/4"),
        ("/Groups/x", "/Groups/x"),
        ("/Groups", "/Groups"),
        ("/Groups/my-bulkId:x", "/Groups/my-bulkId:x"),
    ],
)
def test_reference_is_replaced_in_the_path_of_an_operation(path, expected):
    assert resolve_ids(path, IDS) == expected


@pytest.mark.parametrize("data", [*NOT_REFERRING, None, [], "text", 7])
def test_text_that_only_resembles_a_reference_is_kept(data):
    assert resolve_ids(data, {}) == data
    assert BulkOperation(0, "PATCH", "/Groups/1", data=data).references == frozenset()


@pytest.mark.parametrize(
    "value",
    [
        "/Groups/bulkId:z",
        {"members": refer("x", "z")},
        {"Operations": [{"op": "remove", "path": 'members[value eq "bulkId:z"]'}]},
        {"displayName": "bulkId:"},
    ],
)
def test_reference_to_nothing_created_is_a_conflict_that_names_it(value):
    with pytest.raises(ConflictError, match=r"^bulkId:z? ") as refused:
        resolve_ids(value, IDS)

    assert refused.value.status == 409
    assert refused.value.scim_type is None


def test_references_are_those_of_data_and_of_both_kinds_of_path():
    data = {
        "Operations": [
            {"op": "remove", "path": 'members[value eq "bulkId:c"]'},
            {"op": "add", "path": "members", "value": refer("a", "b", "a")},
        ]
    }

    found = BulkOperation(0, "PATCH", "/Groups/bulkId:d", data=data).references

    assert found == {"a", "b", "c", "d"}


def test_data_nested_deeper_than_python_recurses_is_walked():
    depth = 50_000
    data = nested(depth, "bulkId:x")

    assert BulkOperation(0, data=data).references == {"x"}
    assert innermost(resolve_ids(data, IDS)) == ["1"]
    assert innermost(exchange(data, {"bulkId:x": "2"})) == ["2"]


def nested(depth, text):
    value = [text]
    for _ in range(depth):
        value = [value]
    return value


def innermost(value):
    while value and isinstance(value[0], list):
        value = value[0]
    return value


def test_exchange_replaces_whole_texts_and_keeps_what_it_was_given():
    data = {"a": ["x", "xx", 1, None], "x": {"b": "x"}}
    sent = json.dumps(data)

    assert exchange(data, {"x": "y"}) == {"a": ["y", "xx", 1, None], "x": {"b": "y"}}
    assert json.dumps(data) == sent


@pytest.mark.parametrize(
    ("operations", "steps"),
    [
        ([], []),
        (posts([], [], []), [[0], [1], [2]]),
        (posts([], ["0"], ["1"]), [[0], [1], [2]]),
        (posts(["1"], [], []), [[1], [0], [2]]),
        (posts(["3"], [], [], []), [[3], [0], [1], [2]]),  # only what is needed is moved
        (posts(["2"], [], ["1"]), [[1], [2], [0]]),
        (posts(["3", "2", "1"], [], [], []), [[1], [2], [3], [0]]),
        (posts(["1"], ["0"]), [[0, 1]]),
        (posts(["0"], []), [[0], [1]]),
        (posts(["2"], ["0"], ["1"]), [[0, 1, 2]]),
        (posts(["1", "2"], [], ["3"], ["1"]), [[1], [3], [2], [0]]),
        (posts(["2"], [], ["1", "3"], ["0"]), [[1], [0, 2, 3]]),
        (posts(["1"], ["0", "2"], ["3"], ["2"]), [[2, 3], [0, 1]]),
        (posts(["nowhere"], []), [[0], [1]]),
        ([put(0, None, "x"), post(1, "y"), post(2, "x")], [[2], [0], [1]]),
        ([put(0, "x", "y"), post(1, "y", "x")], [[1], [0]]),  # a PUT creates nothing
        ([post(0, "y", "x"), post(1, "z"), post(2, "x"), post(3, "x")], [[2], [0], [1], [3]]),
        ([post(0, None, "x"), post(1, ["x"]), post(2, "x")], [[2], [0], [1]]),
        (
            [BulkOperation(0, "DELETE", "/Groups/bulkId:x"), post(1, "y"), post(2, "x")],
            [[2], [0], [1]],
        ),
    ],
)
def test_plan_keeps_the_order_but_for_what_is_referred_to(operations, steps):
    assert indexes(plan(operations)) == steps


@pytest.mark.parametrize(
    ("operations", "circular"),
    [
        (posts([]), [False]),
        (posts(["0"]), [True]),
        (posts(["1"], ["0"], ["0"]), [True, False]),
        ([put(0, "x", "x")], [False]),
        ([post(0, {}, "x")], [False]),
    ],
)
def test_circular_step_is_told_from_others(operations, circular):
    assert [is_circular(step) for step in plan(operations)] == circular


@pytest.mark.parametrize("last", [[], ["0"]])
def test_plan_of_a_very_long_chain_is_made(last):
    count = 20_000  # far more than Python recurses
    operations = posts(*[[str(index + 1)] for index in range(count - 1)], last)

    steps = plan(operations)

    expected = [list(range(count))] if last else [[index] for index in reversed(range(count))]
    assert indexes(steps) == expected


NAMES = st.sampled_from("01234567")
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from([post, post, post, post, put]),
        st.none() | st.none() | st.none() | NAMES,  # a bulkId that another may have too
        st.lists(NAMES, max_size=3),
    ),
    max_size=8,
).map(
    lambda drawn: [make(i, name or str(i), *names) for i, (make, name, names) in enumerate(drawn)]
)


def needed_posts(operations):
    """Return for each index those of the POSTs it refers to, by definition."""
    owners = bulk_ids(operations)
    return {
        operation.index: {
            owners[name].index
            for name in operation.references
            if name in owners and owners[name].method == "POST"
        }
        for operation in operations
    }


def reachable(start, edges):
    reached, ahead = set(), [start]
    while ahead:
        for target in edges[ahead.pop()] - reached:
            reached.add(target)
            ahead.append(target)
    return reached


@given(OPERATIONS)
def test_plan_has_every_operation_once_and_after_what_it_refers_to(operations):
    steps = indexes(plan(operations))
    step_of = {index: number for number, step in enumerate(steps) for index in step}

    assert sorted(index for step in steps for index in step) == list(range(len(operations)))
    for index, needed in needed_posts(operations).items():
        assert all(step_of[target] <= step_of[index] for target in needed)


@given(OPERATIONS)
def test_step_is_of_one_operation_or_of_all_that_refer_to_each_other(operations):
    edges = needed_posts(operations)
    reached = {operation.index: reachable(operation.index, edges) for operation in operations}

    for step in indexes(plan(operations)):
        for index in step:
            mutual = {other for other in reached[index] if index in reached[other]}
            assert step == sorted({index} | mutual)


@pytest.mark.parametrize(
    "operation",
    [
        post(0, "x"),
        put(0, None),
        put(0, "x"),
        put(0, ""),
        BulkOperation(0, "PATCH", "/Users/1", None, 'W/"1"', {}),
        BulkOperation(0, "DELETE", "/Users/1"),
    ],
)
def test_operation_with_all_its_method_needs_is_accepted(operation):
    check_operation(operation, bulk_ids([operation]))


@pytest.mark.parametrize(
    ("operation", "error", "detail"),
    [
        (BulkOperation(0, "GET", "/Users"), InvalidSyntaxError, "method"),
        (BulkOperation(0, None, "/Users"), InvalidSyntaxError, "method"),
        (BulkOperation(0, ["POST"], "/Users"), InvalidSyntaxError, "method"),
        (BulkOperation(0, "DELETE", None), InvalidSyntaxError, "path"),
        (BulkOperation(0, "DELETE", ["/Users"]), InvalidSyntaxError, "path"),
        (BulkOperation(0, "POST", "/Users", "x"), InvalidSyntaxError, "data"),
        (BulkOperation(0, "PUT", "/Users/1"), InvalidSyntaxError, "data"),
        (BulkOperation(0, "PATCH", "/Users/1"), InvalidSyntaxError, "data"),
        (BulkOperation(0, "DELETE", "/Users/1", version=1), InvalidValueError, "version"),
        (BulkOperation(0, "DELETE", "/Users/1", version=[]), InvalidValueError, "version"),
        (post(0, None), InvalidSyntaxError, "bulkId"),
        (post(0, ""), InvalidSyntaxError, "bulkId"),
        (post(0, 7), InvalidValueError, "bulkId"),
        (post(0, ["x"]), InvalidValueError, "bulkId"),
        (put(0, False), InvalidValueError, "bulkId"),
    ],
)
def test_operation_that_lacks_something_is_refused_by_its_name(operation, error, detail):
    with pytest.raises(error, match=detail):
        check_operation(operation, bulk_ids([operation]))


def test_each_later_use_of_a_bulk_id_is_refused():
    operations = [post(0, "x"), post(1, "y"), put(2, "x"), post(3, "x")]
    owners = bulk_ids(operations)

    check_operation(operations[0], owners)
    check_operation(operations[1], owners)
    for operation in operations[2:]:
        with pytest.raises(InvalidValueError, match="unique"):
            check_operation(operation, owners)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            succeeded(post(0, "x"), 201, f"{PLACEHOLDER}/Groups/1", 1),
            {
                "location": f"{PLACEHOLDER}/Groups/1",
                "method": "POST",
                "bulkId": "x",
                "version": 'W/"1"',
                "status": "201",
            },
        ),
        (
            succeeded(BulkOperation(0, "DELETE", "/Users/1"), 204),
            {"location": f"{PLACEHOLDER}/Users/1", "method": "DELETE", "status": "204"},
        ),
        (
            failed(post(0, "x"), 409, RESPONSE),
            {
                "method": "POST",
                "bulkId": "x",
                "status": "409",
                "response": RESPONSE,
            },
        ),
        (
            failed(put(0, "x"), 412, RESPONSE),
            {
                "location": f"{PLACEHOLDER}/Groups/1",
                "method": "PUT",
                "bulkId": "x",
                "status": "412",
                "response": RESPONSE,
            },
        ),
        (
            failed(BulkOperation(0, "DELETE", "Users/1"), 404, RESPONSE),
            {
                "location": f"{PLACEHOLDER}/Users/1",
                "method": "DELETE",
                "status": "404",
                "response": RESPONSE,
            },
        ),
        (
            failed(BulkOperation(0, 7, ["x"], {}), 400, RESPONSE),
            {"status": "400", "response": RESPONSE},
        ),
    ],
)
def test_result_says_how_an_operation_ended_and_where(result, expected):
    assert result == expected


def test_bulk_response_lists_results_as_they_come():
    results = [succeeded(BulkOperation(i, "DELETE", f"/Users/{i}"), 204) for i in (2, 1)]

    response = json.loads(bulk_response(iter(results)), strict=False)

    assert response == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": results,
    }


def test_only_the_placeholder_of_a_location_stands_unescaped():
    forged = f'","location":"{PLACEHOLDER}'
    operation = BulkOperation(0, "PUT", f"/Users/{forged}", forged)

    text = bulk_response([failed(operation, 404, {"detail": forged})])

    assert text.count(PLACEHOLDER) == 1
    assert f'"location":"{PLACEHOLDER}/Users/' in text
    assert json.loads(text, strict=False)["Operations"][0]["bulkId"] == forged
