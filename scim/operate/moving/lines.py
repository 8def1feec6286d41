"""The lines of an export: JSON objects, each chained to the one before it.

``{"users":{…},"chain":"…"}``: the chain is the digest of the line, keyed with the chain before. So
a line that was edited, left out or moved does not fit. The chain begins anew with each tenant. It
proves no origin: whoever can write the file can make another chain.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, BinaryIO

HEADER, TENANT = "export", "tenant"
FORMAT = 1
END = re.compile(rb',"chain":"([0-9a-f]{16})"\}\n')
END_LENGTH = 29
LONGEST = 2**28  # bytes of a line; a deleted group with five million members has as many
FIRST = b'{"%s":' % HEADER.encode()
BEGINS = (FIRST, b'{"%s":' % TENANT.encode())
NO_EXPORT = "this is no export of `python manage.py export`"
CUT_OFF = "the line is cut off, and the rest of the export is missing"
UNFITTING = "it does not follow line {}: it was edited, or lines are missing or in another order"


class LineError(Exception):
    """An export cannot be used; the message names the line."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line whose chain fits; ``content`` is what comes before the chain."""

    number: int
    content: bytes
    chain: str

    def read(self) -> tuple[str, Any]:
        """Return the name of what is in the line, and the value.

        :raises LineError: it has something else
        """
        try:
            [(name, value)] = json.loads(self.content + b"}").items()
        except (ValueError, AttributeError, RecursionError):
            raise LineError(self.number, "it is no JSON object with one member") from None
        return name, value


def write_line(name: str, value: Any, before: str) -> tuple[bytes, str]:
    """Return a line and its chain; ``before`` is the chain of the line before."""
    written = json.dumps({name: value}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    content = written.encode()[:-1]
    chain = _chain(content, before)
    return b'%s,"chain":"%s"}\n' % (content, chain.encode()), chain


def _chain(content: bytes, before: str) -> str:
    if content.startswith(BEGINS):
        before = ""
    return blake2b(content, digest_size=8, key=before.encode()).hexdigest()


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """Yield the lines of an export, the header first.

    :raises LineError: a line does not fit, or the last ones are missing
    """
    number, chain, total = 0, "", 1
    for number, raw in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
        end, content = END.fullmatch(raw[-END_LENGTH:]), raw[:-END_LENGTH]
        if number == 1 and not (end and content.startswith(FIRST)):
            raise LineError(1, NO_EXPORT)
        if not raw.endswith(b"\n"):
            raise LineError(number, CUT_OFF)
        if not end or end[1].decode() != _chain(content, chain):
            raise LineError(number, UNFITTING.format(number - 1))
        chain = end[1].decode()
        line = Line(number, content, chain)
        total = read_header(line).lines if number == 1 else total
        if number > total:
            raise LineError(number, f"the export has ended with line {total}")
        yield line
    if not number:
        raise LineError(1, NO_EXPORT)
    if number < total:
        raise LineError(number, f"the export ends here, but it has {total} lines")


@dataclass(frozen=True, slots=True)
class Header:
    """The contents of an export: tables as ``revision`` makes them, these tenants, so many lines.

    ``types`` are the names of the resource types, ``schemas`` the URNs of their schemas.
    """

    format: int
    revision: str
    history: bool
    types: list[str]
    schemas: list[str]
    tenants: list[str]
    lines: int


def read_header(line: Line) -> Header:
    """Return the header.

    :raises LineError: it is that of another format
    """
    _, value = line.read()
    try:
        header = Header(**value)
        names = (*header.tenants, *header.types, *header.schemas)
        is_whole = isinstance(header.lines, int) and all(isinstance(each, str) for each in names)
    except TypeError:
        header, is_whole = None, False
    if header is None or header.format != FORMAT or not is_whole:
        raise LineError(
            1, "another version of this server has made the export; import it with that one"
        )
    return header
