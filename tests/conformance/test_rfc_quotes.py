"""Each check quotes its RFC word by word, from the section that it names."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from scim.conformance.checks import load

TEXTS = Path(__file__).parent / "rfc_texts"
PAGE_BREAK = re.compile(r"\n+[^\n]*\[Page \d+\]\n\f\n?RFC \d+ [^\n]*\n+")
HEADING = re.compile(r"^(?P<number>\d+(\.\d+)*)\.  ", re.MULTILINE)
ELLIPSIS = re.compile(r" ?(?:\.\.\.|…) ?")


def on_one_line(text):
    """Return the words with one space between, and none where a hyphen ends a line."""
    return " ".join(re.sub(r"-\n\s*", "-", text).split())


def without_frames(text):
    """Return the text with each row of a table as ``cell | cell``, each cell in one piece."""
    lines, row = [], []
    for line in [*text.split("\n"), ""]:
        is_framed = line.strip().startswith("|")
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if is_framed else []
        if any(cells):
            row.append(cells)
            continue
        if row:
            columns = zip(*row, strict=True)
            lines.append(" | ".join(on_one_line("\n".join(column)) for column in columns))
            row = []
        lines.append(line)
    return "\n".join(lines)


@cache
def sections(rfc):
    """Return the text of each section of an RFC by its number; those below it are their own."""
    text = PAGE_BREAK.sub("\n", (TEXTS / f"rfc{rfc}.txt").read_text())
    headings = list(HEADING.finditer(text))
    places = pairwise([*(heading.start() for heading in headings), len(text)])
    return {
        heading["number"]: on_one_line(without_frames(text[start:end]))
        for heading, (start, end) in zip(headings, places, strict=True)
    }


def test_quotes_are_in_their_sections():
    wrong = {}
    for check in load(["rfc"]):
        rfc, number = check.section.removeprefix("RFC ").split(" §")
        parts = ELLIPSIS.split(check.quote)
        if not all(part in sections(rfc)[number] for part in parts):
            wrong[check.name] = f"{check.section}: {check.quote}"

    assert wrong == {}


@pytest.mark.parametrize(
    ("rfc", "number", "text"),
    [
        ("7643", "2.3.6", "The attribute value MUST be base64 encoded"),
        ("7644", "3.4.2.2", "gt | greater than | If the attribute value is greater than"),
        ("9865", "2", "cursor-based pagination MUST include nextCursor in all paged"),
    ],
)
def test_sections_are_read_without_pages_and_frames(rfc, number, text):
    assert text in sections(rfc)[number]
