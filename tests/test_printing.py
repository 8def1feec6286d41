"""Text of clients neither acts on a terminal nor forges a line of a log."""

import io
import logging

import pytest

from scim.logs import LogFormatter
from scim.printing import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bjensen", "bjensen"),
        ("Zoë Müller 陳 नमस्ते 👋 a\\b", "Zoë Müller 陳 नमस्ते 👋 a\\b"),
        ("\x1b[2Jx", "\\x1b[2Jx"),
        ("a\nb\r\tc\x7f", "a\\nb\\r\\tc\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("ad\u200bmin", "ad\\u200bmin"),
        ("\u202enimda", "\\u202enimda"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_every_character_is_visible(text, shown):
    assert printable(text) == shown


def test_record_is_one_line_and_a_traceback_keeps_its_lines():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(LogFormatter("%(message)s"))
    try:
        raise ValueError("bad\x1b[2J value")
    except ValueError as error:
        record = logging.LogRecord("x", 20, "", 0, "a\n%s", ("b\x1b",), None)
        record.exc_info = (ValueError, error, error.__traceback__)

    handler.handle(record)

    first, second, *_, last = written.getvalue().splitlines()
    assert first == "a\\nb\\x1b"
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: bad\\x1b[2J value"
