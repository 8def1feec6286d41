"""The chain of an audit is verified, entry by entry, from the database or from an exported file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from scim.storage.audit import EMPTY, Head
from scim.storage.seal import Entry, Seal

CUT = "it was rewritten, or cut off and continued"


@dataclass(slots=True)
class Verdict:
    """The result of a verification: so many entries are as they were made, before a ``fault``.

    The fault is empty if there is none. ``purged`` of the entries are stubs. ``first`` is the
    number of the first one, ``head`` the last.
    """

    verified: int = 0
    purged: int = 0
    first: int = 1
    head: Head = EMPTY
    fault: str = ""


def verify(entries: Iterable[Entry], seal: Seal, noted: Head | None = None) -> Verdict:
    """Verify entries that follow each other; ``noted`` is a head of their chain noted elsewhere.

    The memory that it takes does not depend on their number.
    """
    verdict, left = Verdict(), iter(entries)
    for entry in left:
        if not verdict.verified and entry.number > 1 and entry.previous != EMPTY.hash:
            verdict.first, verdict.head = entry.number, Head(entry.number - 1, entry.previous)
        verdict.fault = (
            _place_fault(entry, verdict.head, left, seal)
            or _change_fault(entry, seal)
            or _noted_fault(entry, noted)
        )
        if verdict.fault:
            return verdict
        verdict.head = Head(entry.number, entry.hash)
        verdict.verified += 1
        verdict.purged += entry.change is None
    verdict.fault = _end_fault(verdict, noted)
    return verdict


def _place_fault(entry: Entry, before: Head, left: Iterator[Entry], seal: Seal) -> str:
    """Return what is wrong with the entry that comes behind a head, or with its place."""
    number = before.number + 1
    if _belongs(entry, before, seal) and (entry.number, entry.previous) == (number, before.hash):
        return ""
    if any(_belongs(each, before, seal) for each in chain([entry], left)):
        return f"entry {number} is out of order"
    if entry.number > number:
        return f"entry {number} is missing"
    if entry.number < number:
        return f"entry {entry.number} is out of order"
    return f"entry {number} was edited, or made with another key"


def _belongs(entry: Entry, before: Head, seal: Seal) -> bool:
    """Tell whether an entry was made to follow a head, wherever it is now."""
    there = replace(entry, number=before.number + 1, previous=before.hash)
    return seal.hash(there) == entry.hash


def _change_fault(entry: Entry, seal: Seal) -> str:
    """Return what is wrong with the change of an entry."""
    change = f"the change of entry {entry.number} ({entry.resource_id} version {entry.version})"
    if entry.change:
        digest = seal.chained(seal.digest(entry.change))
        return "" if digest == entry.digest else f"{change} was edited"
    if not entry.purged:
        return f"{change} is missing"
    is_stub = seal.stub(entry.hash, entry.purged) == entry.stub
    return "" if is_stub else f"{change} is missing, and its stub was not made with the key"


def _noted_fault(entry: Entry, noted: Head | None) -> str:
    if noted is None or entry.number != noted.number or entry.hash == noted.hash:
        return ""
    return f"entry {entry.number} is another one than when the head was noted: the chain {CUT}"


def _end_fault(verdict: Verdict, noted: Head | None) -> str:
    """Return what a noted head tells of the end, or of a part without it."""
    last = verdict.head.number
    if noted is None or verdict.first <= noted.number <= last or not noted.number:
        return ""
    if noted.number < verdict.first:
        return f"entry {noted.number}, the noted head, is not among these entries"
    return f"entry {last + 1} is missing, and all up to {noted.number}, the noted head"
