"""A PATCH step by step: each operation in words, and the resource as it leaves it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, zip_longest

from scim.explain import filters, patches
from scim.explain.bodies import Reading
from scim.explain.changes.differences import Difference, changes
from scim.explain.exchange import Exchange
from scim.explain.words import plain as shortened
from scim.protocol.errors import ScimError
from scim.protocol.filters.nodes import ValuePath
from scim.protocol.filters.parser import parse_path
from scim.protocol.patch import apply as patching
from scim.protocol.patch.target import PatchOperation
from scim.protocol.references import without_marks
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import Record
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value
from scim.serializers.stored import make_document
from scim.storage import Store, is_id
from scim.storage.timeline import Timeline
from scim.storage.tokens import Tenant

from .. import asked
from ..state import state
from .changed import plain, short

MOST_STEPS = 30
LOOKED_AT = 20  # changes before an exchange that changed nothing, for one with a body
LONGEST = 600  # characters of the words for an operation
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLACE = re.compile(r"Operations\[(\d{1,6})\]")


@dataclass(frozen=True, slots=True)
class Step:
    """An operation; ``tree`` are the lines of a path with a filter, ``after`` is JSON.

    ``state`` is ``done``, ``failed`` for the one that was refused, ``undone`` where another was,
    or ``unknown`` where nobody knows the resource before it. ``names`` are those
    of the people and groups whose ids are in the words.
    """

    number: int
    words: str
    path: str
    tree: Sequence[str]
    state: str
    note: str = ""
    names: Sequence[str] = ()
    differences: Sequence[Difference] = ()
    after: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """The first operations of a PATCH; ``more`` is the number of the others."""

    shown: Sequence[Step]
    more: int


def steps(store: Store | None, tenant: Tenant | None, exchange: Exchange) -> Steps | None:
    """Return the operations of a PATCH, worked out again; None if it is none."""
    reading = Reading(exchange)
    sent = reading.operations
    if reading.method != "PATCH" or not sent:
        return None
    more = max(0, len(sent) - MOST_STEPS)
    kept = Steps([_untried(reading, n, each) for n, each in enumerate(sent[:MOST_STEPS])], more)
    if not (store and tenant) or exchange.request.is_cut:
        return kept
    resource_type = asked.type_at(reading.endpoint)
    before = _before(store, exchange, reading.id)
    if resource_type is None or before is None:
        return kept
    tolerated = partial(asked.tolerated, tenant.strict)
    try:
        operations = load_patch(reading.sent, tolerated())
    except (ScimError, RecursionError):
        return kept
    tried = _tried(kept.shown, reading, operations, resource_type, before, tolerated)
    try:
        return Steps(list(tried), more)
    except RecursionError:
        return kept


def _before(store: Store, exchange: Exchange, resource_id: str) -> str | None:
    """Return the body of a resource before an exchange; None if history does not know it."""
    own = next((each for each in exchange.made if each.resource_id == resource_id), None)

    def read(timeline: Timeline) -> str | None:
        if own:
            return timeline.body_at(own.version - 1)
        earlier = timeline.own(exchange.at, LOOKED_AT)
        return next((each.change.after for each in earlier if each.change.after), None)

    return store.timeline(resource_id, read) if is_id(resource_id) else None


def _untried(reading: Reading, index: int, operation: Record) -> Step:
    path = operation.get("path")
    path = path if isinstance(path, str) else ""
    words = shortened(patches.sentence(operation), LONGEST)
    words = words[:1].upper() + words[1:]
    return Step(
        index + 1,
        words,
        shortened(path, LONGEST),
        _tree(path),
        _state(reading, index),
        names=_names(reading, words),
    )


def _names(reading: Reading, words: str) -> list[str]:
    """Return whose ids are in the words of an operation."""
    found = [each for each in dict.fromkeys(ID.findall(words)) if each != reading.id]
    known = state().names.named(reading.exchange.tenant, found) if found else {}
    return [shortened(name) for name in known.values() if name and name not in words]


def _state(reading: Reading, index: int) -> str:
    """Return what the answer says of an operation."""
    if not reading.exchange.is_failed:
        return "unknown"
    place = PLACE.search(reading.detail[:200])
    if place is None:
        return "undone"
    return "failed" if int(place[1]) == index else "undone"


def _tree(path: str) -> list[str]:
    try:
        node = parse_path(path, Tolerated()) if path else None
        return list(filters.tree(node)) if isinstance(node, ValuePath) else []
    except (ScimError, RecursionError):
        return []


def _tried(
    known: Sequence[Step],
    reading: Reading,
    operations: Sequence[PatchOperation],
    resource_type: ResourceType,
    body: str,
    tolerated: Callable[[], Tolerated],
) -> Iterator[Step]:
    """Yield the steps with the resource after each, as if the PATCH ended there."""
    document = json.loads(without_marks(body), strict=False)
    resource_id = str(document.get("id", ""))
    before = plain(body) or ""
    members: set[str] = set()

    def tried(count: int) -> tuple[str, ScimError | None]:
        now = tolerated()
        load = partial(load_value, tolerated=now)
        try:
            patched = patching.apply(operations[:count], document, resource_type, load, now)
        except ScimError as error:
            return before, error
        members.update(each.place for each in patched.members)
        return plain(make_document(resource_type, resource_id, patched.resource)[1]) or "", None

    found = patches.steps(reading.operations, before, tried, lambda operation: operation)
    for step, after in zip_longest(known, islice(found, len(known))):
        if after is None or after.error:
            needs_more = after is not None and not after.is_refused and step.state == "unknown"
            yield replace(step, note="This works only with what follows." if needs_more else "")
            continue
        differences = short(changes(after.before, after.after))
        is_about_members = f"Operations[{step.number - 1}]" in members
        is_silent = differences or is_about_members or step.state != "unknown"
        yield replace(
            step,
            state="done" if step.state == "unknown" else step.state,
            note="" if is_silent else "No change.",
            differences=differences,
            after="" if is_about_members else after.after,
        )
