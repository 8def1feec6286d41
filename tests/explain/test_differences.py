"""What changed between two bodies, by attribute path."""

import json
import time

import pytest
from hypothesis import example, given, settings

from scim.explain.changes.differences import Difference, changes, difference
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.values import PLACEHOLDER

from ..support.tries import tries
from .test_sentences import json_values

WORK = {"type": "work", "value": "a@b.c"}
HOME = {"type": "home", "value": "h@b.c"}

CASES = [
    ({"title": "a"}, {"title": "b"}, [("title", '"a"', '"b"')]),
    ({"title": "a"}, {}, [("title", '"a"', None)]),
    ({}, {"active": False}, [("active", None, "false")]),
    ({"a": 1}, {"a": True}, [("a", "1", "true")]),
    (
        {"name": {"givenName": "A"}},
        {"name": {"givenName": "B"}},
        [("name.givenName", '"A"', '"B"')],
    ),
    ({}, {"name": {"givenName": "B"}}, [("name.givenName", None, '"B"')]),
    ({E: {"department": "x"}}, {E: {}}, [(f"{E}:department", '"x"', None)]),
    (
        {E: {"manager": {"value": "1"}}},
        {E: {"manager": {"value": "2"}}},
        [(f"{E}:manager.value", '"1"', '"2"')],
    ),
    ({}, {"emails": [WORK]}, [("emails", None, json.dumps(WORK))]),
    ({"emails": [WORK, HOME]}, {"emails": [HOME]}, [("emails", json.dumps(WORK), None)]),
    ({"emails": [WORK, HOME]}, {"emails": [HOME, WORK]}, []),
    (
        {"emails": [WORK]},
        {"emails": [WORK | {"value": "new"}]},
        [('emails[type eq "work"].value', '"a@b.c"', '"new"')],
    ),
    (
        {"emails": [WORK]},
        {"emails": [WORK | {"primary": True}]},
        [('emails[type eq "work"].primary', None, "true")],
    ),
    (
        {"emails": [WORK]},
        {"emails": [WORK | {"type": "home"}]},
        [('emails[type eq "home"].type', '"work"', '"home"')],
    ),
    (
        {"members": [{"value": "1", "display": "A"}, {"value": "2"}]},
        {"members": [{"value": "1", "display": "B"}, {"value": "3"}]},
        [
            ('members[value eq "1"].display', '"A"', '"B"'),
            ("members", '{"value": "2"}', None),
            ("members", None, '{"value": "3"}'),
        ],
    ),
    (
        {"schemas": ["a", "b"]},
        {"schemas": ["b", "c"]},
        [("schemas", '"a"', None), ("schemas", None, '"c"')],
    ),
    ({"manager": {"$ref": f"{PLACEHOLDER}/Users/1"}}, {"manager": {}}, []),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_changes(before, after, expected):
    found = changes(json.dumps(before), json.dumps(after))

    assert found == [Difference(*each) for each in expected]


def test_resource_that_came_or_went():
    assert changes(None, '{"title": "a"}') == [Difference("title", None, '"a"')]
    assert changes('{"title": "a"}', None) == [Difference("title", '"a"', None)]
    assert changes(None, None) == []


@settings(max_examples=tries(60))
@given(json_values, json_values)
@example({"a": float("nan")}, {"a": [float("nan")]})
def test_any_bodies_can_be_compared(before, after):
    found = changes(json.dumps(before), json.dumps(after))

    assert changes(json.dumps(before), json.dumps(before)) == []
    for each in found:
        assert each.before != each.after


def test_lines_have_the_same_paths():
    body = json.dumps({E: {"department": "x", "manager": {"value": "1"}}, "name": {"a": 1}})

    told = [f'+ {E}:department: "x"', f'+ {E}:manager.value: "1"', "+ name.a: 1"]
    assert list(difference(None, body)) == told


@pytest.mark.parametrize("text", ["no JSON", "[" * 100_000, "1", '["x"]'])
def test_strange_bodies_are_told_whole(text):
    [told] = changes("{}", text)

    assert (told.path, told.before) == ("", "{}")
    assert told.after in (text, json.dumps(text))


def test_many_members_in_a_time_that_grows_with_their_number():
    before = json.dumps({"members": [{"value": str(number)} for number in range(20_000)]})
    after = json.dumps(
        {"members": [{"value": str(number), "type": "User"} for number in range(20_000)]}
    )

    begun = time.process_time()
    assert len(changes(before, after)) == 20_000
    assert time.process_time() - begun < 5
