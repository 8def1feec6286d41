"""RFC 7644 §3.14 and RFC 9110 §8.8.3, §13.1: entity tags."""

import pytest

from scim.protocol.etag import etag, matches


def test_entity_tag_is_weak():
    assert etag(3) == 'W/"3"'


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('W/"3"', True),
        ('"3"', True),
        ("*", True),
        (" * ", True),
        ('W/"1", W/"3"', True),
        ('"1","3"', True),
        ('W/"33"', False),
        ('W/"1", W/"2"', False),
        ("3", False),
        ("", False),
        ('"', False),
        ('W/""', False),
    ],
)
def test_condition_names_a_version_by_its_tag(condition, expected):
    assert matches(condition, 3) is expected
