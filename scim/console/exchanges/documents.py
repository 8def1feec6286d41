"""Rows of the documents that an explanation names, so that a reader need not look for them."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from markupsafe import Markup

from scim.console.showing import coded
from scim.explain.reasons.decisions import Link
from scim.places import DOCUMENTS

CELL = re.compile(r"(?<!\\)\|")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SECTION = re.compile(r"RFC (\d+)(?: §([\d.]+))?", re.ASCII)
Row = Mapping[str, str]  # cells by the headings of their columns


def decisions(link: Link) -> Row:
    """Return the cells of the row that a link names, without its first; none if it is not there."""
    try:
        return _rows(link.document).get(link.row, {})
    except OSError:
        return {}


@cache
def _rows(document: str) -> Mapping[str, Row]:
    lines = (DOCUMENTS / document).read_text(encoding="utf-8").splitlines()
    found: dict[str, Row] = {}
    heads: Sequence[str] = ()
    for line in lines:
        if not line.startswith("|"):
            heads = ()
        elif cells := _cells(line):
            first, *rest = cells
            if heads and not set(first) <= set("-: "):
                pairs = zip(heads[1:], rest, strict=False)
                found[first] = {head: cell for head, cell in pairs if cell}
            heads = heads or cells
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in CELL.split(line.strip())[1:-1]]


def words(cell: str) -> Markup:
    """Return the text of a cell, with what stands in backticks as code."""
    return coded(LINK.sub(r"\1", cell))


def rfc_url(section: str) -> str:
    """Return the URL of ``RFC 7644 §3.5.2`` at the RFC editor; empty for what is no RFC."""
    found = SECTION.match(section)
    if not found:
        return ""
    place = f"#section-{found[2]}" if found[2] else ""
    return f"https://www.rfc-editor.org/rfc/rfc{found[1]}{place}"
