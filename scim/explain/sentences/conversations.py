"""Conversations: exchanges that belong together, such as a look-up and the create after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scim.protocol.headers import DRY_RUN

from ..bodies import Reading, Subject, get, is_object
from ..exchange import Exchange
from ..words import counted, number, plain
from .acts import TRUE
from .attributes import changes, member_changes, member_id
from .lookups import looked_up
from .purposes import WRITES, Purpose, purpose_of
from .sentence import nothing, told

GAP = 60.0  # seconds without a request that end a conversation
AFTER_WRITE = 10  # seconds after a write; a later one is a change of its own
LONGEST_KEY = 256
OUTCOMES: dict[Purpose, str] = {
    "create": "created",
    "update": "updated",
    "deactivate": "deactivated",
    "reactivate": "reactivated",
    "delete": "deleted",
    "bulk": "updated",
    "test": "tested",
    "list": "listed",
    "refused": "refused",
    "stray": "failed",
}
Key = tuple[str, ...]
ID = "\0id"  # no attribute has this name


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges of one client about one person, group or list, oldest first.

    ``number`` is the smallest of its exchanges, so it stays when more follow. ``outcome`` is
    created, updated, unchanged, deactivated, reactivated, deleted, read, listed, tested, tried
    (a dry run), refused (401) or failed. ``milliseconds`` is the sum of all.
    """

    number: int
    sentence: str
    exchanges: Sequence[Exchange]
    outcome: str
    milliseconds: float


@dataclass(slots=True)
class _Open:
    """A conversation that may go on; ``kind`` is ``list``, ``discover`` or ``resource``."""

    kind: str
    last: float
    readings: list[Reading] = field(default_factory=list)
    purposes: list[Purpose] = field(default_factory=list)
    write: Purpose | None = None  # the last one

    def add(self, reading: Reading, purpose: Purpose, at: float) -> None:
        self.readings.append(reading)
        self.purposes.append(purpose)
        self.last = at
        if purpose in WRITES:
            self.write = purpose


def conversations(
    exchanges: Sequence[Exchange], names: Mapping[str, str] | None = None
) -> list[Conversation]:
    """Return exchanges in any order as conversations, oldest first; each is in one of them.

    A conversation is of one provider, tenant and token. It ends with a minute without a request, or
    ten seconds after a write,
    or where the next step cannot belong to it: a look-up after a create. ``names`` has names of
    resources by their ids, where the exchanges have ids only.
    """
    known = dict(names or {})
    open_ones: dict[Key, _Open] = {}
    found: list[_Open] = []
    for exchange in sorted(exchanges, key=lambda each: (each.at, each.number)):
        reading = Reading(exchange, known)
        purpose = purpose_of(reading)
        about, at = reading.subject, _seconds(exchange.at)
        if about.id and about.name:
            known[about.id] = about.name
        keys = list(_keys(reading, purpose, about))
        by_id = [key for key in keys if ID in key] if reading.id else keys
        current = _continued(open_ones, by_id, purpose, reading, at)
        if current is None:
            current = _Open(_kind(purpose), at)
            found.append(current)
        current.add(reading, purpose, at)
        open_ones.update(dict.fromkeys(keys, current))
    return [_closed(each) for each in found]


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _kind(purpose: Purpose) -> str:
    return purpose if purpose in ("list", "discover") else "resource"


def _keys(reading: Reading, purpose: Purpose, about: Subject) -> Iterator[Key]:
    """Yield the names under which other exchanges find this one; none if it stands alone."""
    exchange = reading.exchange
    if exchange.applied == DRY_RUN or purpose in ("refused", "stray", "bulk", "search", "test"):
        return
    stream = (exchange.provider, exchange.tenant, exchange.token)
    if purpose == "discover":
        yield (*stream, purpose)
    elif purpose == "list":
        ignored = ("startindex", "cursor")
        asked = sorted(each for each in reading.parameters.items() if each[0] not in ignored)
        yield (*stream, purpose, reading.endpoint, str(asked)[:LONGEST_KEY])
    else:
        kind = about.resource_type
        if about.id:
            yield (*stream, kind, ID, about.id)
        for name, value in _names(reading, purpose):
            yield (*stream, kind, name.lower(), value[:LONGEST_KEY].casefold())


def _names(reading: Reading, purpose: Purpose) -> Iterator[tuple[str, str]]:
    """Yield the values by which a resource is looked up, with their attributes."""
    name, value = looked_up(reading) if purpose == "look" else ("", None)
    if isinstance(value, str):
        yield name, value
    naming = "displayName" if reading.resource_type == "Group" else "userName"
    for attribute in (naming, "externalId"):
        if isinstance(told := get(reading.resource, attribute), str):
            yield attribute, told
    emails = get(reading.resource, "emails")
    for email in emails[:3] if isinstance(emails, list) else []:
        if is_object(email) and isinstance(get(email, "value"), str):
            yield f"{get(email, 'type')} address", get(email, "value")


def _continued(
    open_ones: dict[Key, _Open], keys: Sequence[Key], purpose: Purpose, reading: Reading, at: float
) -> _Open | None:
    """Return the conversation that an exchange goes on with."""
    for key in keys:
        candidate = open_ones.get(key)
        if candidate is None or not _fits(candidate, purpose, reading):
            continue
        if at - candidate.last <= (AFTER_WRITE if candidate.write else GAP):
            return candidate
    return None


def _fits(candidate: _Open, purpose: Purpose, reading: Reading) -> bool:
    """Tell whether a request can be the next step of a conversation about the same resource."""
    if candidate.kind != _kind(purpose):
        return False
    if purpose == "list":
        return reading.integer("startindex", 1) > 1 or bool(reading.parameters.get("cursor"))
    write = candidate.write
    if purpose == "discover" or write is None:
        return True
    if candidate.readings[-1].exchange.is_failed or reading.exchange.is_failed:
        return False  # people look for a failure among the newest
    if purpose == "read":  # Okta reads a group that it has just created, and pushes its members
        return reading.resource_type == "Group" and candidate.purposes[-1] == "create"
    return purpose == "update" and write in ("create", "update")


def _closed(found: _Open) -> Conversation:
    exchanges = [each.exchange for each in found.readings]
    return Conversation(
        number=min(each.number for each in exchanges),
        sentence=f"{plain(_sentence(found), 300).rstrip('.')}.",
        exchanges=exchanges,
        outcome=_outcome(found),
        milliseconds=sum(each.milliseconds for each in exchanges),
    )


def _decisive(found: _Open) -> int:
    """Return the place of the exchange that a conversation is about: its last write, or the last.

    A create counts more than the updates behind it: they complete it.
    """
    writes = [place for place, each in enumerate(found.purposes) if each in WRITES]
    last = writes[-1] if writes else len(found.purposes) - 1
    is_done = not found.readings[last].exchange.is_failed
    created = [place for place in writes if found.purposes[place] == "create"]
    return created[0] if created and is_done else last


def _outcome(found: _Open) -> str:
    place = _decisive(found)
    exchange, purpose = found.readings[place].exchange, found.purposes[place]
    if exchange.applied == DRY_RUN:
        return "tried"
    is_expected = exchange.status == 404 and purpose in ("read", "look")
    if exchange.is_failed and purpose != "refused" and not is_expected:
        return "failed"
    if found.readings[place].changed_nothing:
        return "unchanged"
    if _is_again(found, place):
        return "reactivated"
    return OUTCOMES.get(purpose, "read")


def _is_again(found: _Open, place: int) -> bool:
    """Tell whether a PUT makes a user active who was read as inactive before."""
    reading = found.readings[place]
    if reading.method != "PUT" or str(get(reading.sent, "active")).lower() not in TRUE:
        return False
    return any(get(each.resource, "active") is False for each in found.readings[:place])


def _sentence(found: _Open) -> str:
    place = _decisive(found)
    reading, purpose = found.readings[place], found.purposes[place]
    usual = told(reading, is_past=True)
    if reading.exchange.applied == DRY_RUN or purpose in ("refused", "stray"):
        return usual
    if purpose == "list":
        return _pages(found.readings) or usual
    if reading.resource_type == "Group":
        return _group(found, reading, purpose) or usual
    if reading.resource_type == "User" and purpose in WRITES:
        told_of = _person(found, place)
        changed = nothing(is_past=True) if reading.changed_nothing else ""
        return told_of + changed if told_of else usual
    return usual


def _pages(readings: Sequence[Reading]) -> str:
    """Return the sentence of an import in several pages."""
    last = readings[-1]
    if len(readings) == 1 or last.exchange.is_failed or last.total is None:
        return ""
    seen = sum(each.on_page for each in readings)
    noun = counted(last.total, last.noun).partition(" ")[2]
    many = f"{number(seen)} of {number(last.total)}" if seen < last.total else number(seen)
    verb = "imported" if last.exchange.provider == "Okta" else "listed"
    return f"{last.who} {verb} {many} {noun} in {counted(len(readings), 'page')}"


def _person(found: _Open, place: int) -> str:
    """Return the sentence of what happened to a user, in the words of the provider."""
    reading, purpose = found.readings[place], found.purposes[place]
    who, name = reading.who, reading.called
    is_okta = reading.is_provider and reading.exchange.provider == "Okta"
    is_again = _is_again(found, place) or purpose == "reactivate"
    if reading.exchange.is_failed:
        return ""
    if purpose == "create":
        return f"{who} created {name} (assigned to the app)" if is_okta else ""
    if purpose == "deactivate":
        return f"{who} deactivated {name} (unassigned from the app)" if is_okta else ""
    if is_again:
        return f"{who} reactivated {name}{' (assigned to the app again)' if is_okta else ''}"
    if is_okta and found.purposes[0] == "look" and purpose == "update":
        return f"{who} updated {name}, who was here already (assigned to the app)"
    writes = [each for each in found.purposes if each in WRITES]
    return f"{who} updated the profile of {name}" if len(writes) > 1 else ""


def _group(found: _Open, reading: Reading, purpose: Purpose) -> str:
    """Return the sentence of a group that was pushed in several requests."""
    writes = [
        each
        for each, kind in zip(found.readings, found.purposes, strict=True)
        if kind in WRITES and not each.exchange.is_failed
    ]
    if len(writes) < 2 or reading.exchange.is_failed:
        return ""
    if purpose == "create":
        verb = "pushed" if reading.exchange.provider == "Okta" else "created"
        members = _members(writes)
        behind = f" with {counted(members, 'member')}" if members else ""
        return f"{reading.who} {verb} {reading.called}{behind}"
    return f"{reading.who} changed {reading.called} in {counted(len(writes), 'request')}"


def _members(writes: Sequence[Reading]) -> int:
    """Return how many members a new group got, from the bodies that were sent."""
    members: set[str] = set()
    for each in writes:
        sent = get(each.sent, "members")
        if isinstance(sent, list):
            members = set(map(member_id, sent))
        for op, values in member_changes(changes(each)):
            ids = set(map(member_id, values))
            members = {"add": members | ids, "remove": members - ids}.get(op, ids)
    return len(members)
