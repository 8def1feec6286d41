"""PATCH operations in plain words."""

import pytest

from scim.explain.patches import sentence, steps
from scim.protocol.errors import ScimError


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ({"op": "Replace", "path": "title", "value": "Guide"}, 'set title to "Guide"'),
        ({"op": "add", "path": "emails", "value": [1]}, "add [1] to emails"),
        ({"op": "remove", "path": "title"}, "remove title"),
        ({"OP": "Remove", "path": "members", "value": [{"value": "1"}]}, "remove members where"),
        ({"op": "remove"}, "remove the resource"),
        ({"op": "replace", "value": {"active": False, "title": "x"}}, "set active to false, title"),
        ({"op": "add", "value": {"title": "x"}}, 'add to or set title to "x"'),
        ({"op": "replace", "value": 1}, "set the resource to 1"),
        ({"op": "move", "path": "x"}, '"move" is no operation that a PATCH has'),
        ({}, "null is no operation that a PATCH has"),
        ("x", '"x" is no operation'),
        ({"op": "add", "path": "title", "value": "x" * 999}, 'add "' + "x" * 199 + "… to title"),
    ],
)
def test_operation_in_words(operation, told):
    assert sentence(operation).startswith(told)


def test_steps_show_the_resource_after_each_operation():
    first, second = steps(["a", "S3CRET"], "0", lambda count: (str(count), None), mask)

    assert (first.number, first.before, first.after, first.is_hidden) == (1, "0", "1", False)
    assert (second.before, second.after, second.is_hidden) == ("1", "2", True)
    assert "S3CRET" not in f"{second.sentence}{second.operation}"


def test_step_may_need_what_follows():
    def tried(count):
        return ("2", None) if count == 2 else ("0", ScimError("needs more"))

    first, second = steps([{}, {}], "0", tried, mask)

    assert (first.after, first.is_refused, first.error.detail) == ("0", False, "needs more")
    assert (second.before, second.after, second.error) == ("0", "2", None)


def test_no_step_follows_the_refused_one():
    [refused] = steps([{}, {}], "0", lambda count: ("0", ScimError("never")), mask)

    assert refused.is_refused
    assert list(steps([], "0", lambda count: ("0", None), mask)) == []
    assert len(list(steps([{}] * 99, "0", lambda count: ("0", None), mask))) == 50


def mask(operation):
    return "••••" if operation == "S3CRET" else operation
