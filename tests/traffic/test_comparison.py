"""The comparison of recordings; ``test_samples.py`` has the one that is exact."""

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
        ({"id": "{{ada}}", "$ref": "x/{{ada}}"}, {"id": "1", "$ref": "x/1"}),
        ({"a": [{"id": "{{b}}", "c": 2}, {"id": "1"}]}, {"a": [{"id": "1"}, {"id": "3", "c": 2}]}),
    ],
)
def test_what_is_as_expected_has_no_difference(expected, actual):
    assert list(differences(expected, actual, {})) == []


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"active": True}, {"active": "True"}, "body.active: expected True, got 'True'"),
        ({"count": 1}, {"count": True}, "body.count: expected 1, got True"),
        ({"title": None}, {"title": ""}, "body.title: expected None, got ''"),
        ({"title": "x"}, {}, "body.title: expected 'x', got None"),
        ({"id": "*"}, {"id": ""}, "body.id: expected '*', got ''"),
        ({"Resources": []}, {}, "body.Resources: expected [], got None"),
        ({"emails": [{}]}, {"emails": []}, "body.emails: expected [{}], got []"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "body.a.0.b: expected 1, got 2"),
        ({"a": [1, 3]}, {"a": [1, 2]}, "body.a: expected 3, got [2]"),
        ({"a": [1, 1]}, {"a": [1, 2]}, "body.a: expected 1, got [2]"),
        ({"=name": {}}, {"name": {"b": "Ada"}}, "body.name.b: expected None, got 'Ada'"),
        ({"=roles": [{}]}, {"roles": [{"b": "x"}]}, "body.roles.0.b: expected None, got 'x'"),
        ({"=a": [1, 2]}, {"a": [1, 1]}, "body.a.1: expected 2, got 1"),
        ({"id": "{{ada}}"}, {"id": ""}, "body.id: expected '{{ada}}', got ''"),
        (
            {"id": "{{ada}}", "value": "{{ada}}"},
            {"id": "1", "value": "2"},
            "body.value: expected '{{ada}}', got '2'",
        ),
    ],
)
def test_a_difference_is_named_with_its_place(expected, actual, difference):
    assert list(map(str, differences(expected, actual, {}))) == [difference]


def test_list_has_an_order_where_it_is_exact():
    assert list(differences([1, 2], [2, 1], {})) == []
    assert len(list(differences([1, 2], [2, 1], {}, exact=True))) == 2
