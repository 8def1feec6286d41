"""The comparison that the replayed traffic rests on."""

import pytest

from .comparison import differences


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"active": True}, {"active": True, "id": "1"}),
        ({"title": None}, {"id": "1"}),
        ({"id": "*"}, {"id": "1"}),
        ({"active": "*"}, {"active": False}),
        ({"detail": "*ada*"}, {"detail": "no member ada here"}),
        (
            {"emails": [{"value": "b"}, {"value": "a"}]},
            {"emails": [{"value": "a"}, {"value": "b"}]},
        ),
        ({"=name": {"givenName": "Ada"}}, {"id": "1", "name": {"givenName": "Ada"}}),
        ({"Resources": []}, {"Resources": []}),
    ],
)
def test_what_is_as_expected_has_no_difference(expected, actual):
    assert list(differences(expected, actual)) == []


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"active": True}, {"active": "True"}, "body.active: expected True, got 'True'"),
        ({"count": 1}, {"count": True}, "body.count: expected 1, got True"),
        ({"title": None}, {"title": ""}, "body.title: expected None, got ''"),
        ({"title": "x"}, {}, "body.title: expected 'x', got None"),
        ({"id": "*"}, {"id": ""}, "body.id: expected '*', got ''"),
        ({"Resources": []}, {}, "body.Resources: expected [], got None"),
        ({"emails": [{}]}, {"emails": []}, "body.emails: expected 1 elements, got 0: []"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "body.a[0].b: expected 1, got 2"),
        ({"a": [1, 3]}, {"a": [1, 2]}, "body.a: no element is 3 in [1, 2]"),
        ({"a": [1, 1]}, {"a": [1, 2]}, "body.a: no element is 1 in [1, 2]"),
        ({"=name": {}}, {"name": {"givenName": "Ada"}}, "body.name: unexpected givenName"),
        ({"=roles": [{}]}, {"roles": [{"value": "x"}]}, "body.roles[0]: unexpected value"),
    ],
)
def test_a_difference_is_named_with_its_place(expected, actual, difference):
    assert list(differences(expected, actual)) == [difference]
