"""PATCH operations in plain words."""

import pytest

from scim.explain.patches import sentence


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
