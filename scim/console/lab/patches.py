"""A PATCH in the Lab: the resource after each of its operations. Nothing is kept."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from scim import provider
from scim.explain import patches
from scim.explain.bodies import name_of
from scim.explain.changes.differences import Difference, changes
from scim.explain.secrets.masking import Masker, never_returned
from scim.protocol.errors import ScimError
from scim.protocol.patch.target import PATCH_OP_SCHEMA
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import Record
from scim.storage import Store, is_id

from .. import asked
from . import benches

FILTER = re.compile(r"\[[^\]]*\]")  # of a path that selects an element
LONGEST = 4  # seconds after which no further operation is tried by itself
Begin = Callable[[Store], str]  # returns the id of the resource, in a directory that is not kept


@dataclass(frozen=True, slots=True)
class Shown:
    """A step of a PATCH, with what it changed."""

    step: patches.Step
    changes: Sequence[Difference]

    @property
    def changed(self) -> list[str]:
        """The paths of what changed, for its marks in the JSON."""
        return plain_paths(self.changes)


@dataclass(slots=True)
class PatchTrial:
    """The result of trying a PATCH; ``strict`` is what a strict tenant would answer."""

    name: str = ""  # of the resource
    before: str = ""
    steps: Sequence[Shown] = ()
    left_out: int = 0
    error: ScimError | None = None
    detail: str = ""  # of the error, without secrets
    tolerances: Sequence[str] = ()
    strict: str = ""


def plain_paths(found: Sequence[Difference]) -> list[str]:
    """Return the paths of what changed without filters, as the JSON has them."""
    return [FILTER.sub("", each.path) for each in found]


def pasted(resource_type: ResourceType, text: str) -> Begin:
    """Return how a pasted resource comes into the directory for a moment.

    :raises InvalidSyntaxError: the text is no JSON
    """
    sent = benches.read_json(text)

    def begin(store: Store) -> str:
        made = provider.create(store, resource_type, sent, _dry())
        return made.location.rpartition("/")[2]

    return begin


def try_patch(
    store: Store, resource_type: ResourceType, begin: Begin, text: str, strict: bool
) -> PatchTrial:
    """Return what a PATCH would do to the resource that ``begin`` names, step by step."""
    trial = PatchTrial()
    try:
        trial.before = _shown(store, resource_type, begin)
        trial.name = name_of(json.loads(trial.before, strict=False))
        sent = benches.read_json(text)
    except ScimError as error:
        trial.error, trial.detail = error, error.detail
        return trial
    return _Trial(store, resource_type, begin, sent, strict).fill(trial)


class _Trial:
    def __init__(
        self, store: Store, resource_type: ResourceType, begin: Begin, sent: Any, strict: bool
    ) -> None:
        self.store, self.type, self.begin = store, resource_type, begin
        self.sent, self.strict = sent, strict
        self.operations_name, self.operations = _operations(sent)
        self.masker = Masker(never_returned([resource_type]))

    def fill(self, trial: PatchTrial) -> PatchTrial:
        allowed = asked.tolerated(self.strict, is_dry=True)
        _, trial.error = self.tried(self.sent, allowed)
        trial.tolerances = list(allowed.used)
        trial.steps = list(self.steps(trial.before))
        trial.left_out = 0 if trial.error else len(self.operations) - len(trial.steps)
        self.masker.value(self.operations)
        if trial.error:
            trial.detail = self.masker.detail(trial.error.detail)
        if not self.strict:
            _, refusal = self.tried(self.sent, asked.tolerated(is_strict=True, is_dry=True))
            trial.strict = self.masker.detail(refusal.detail) if refusal else ""
        return trial

    def steps(self, before: str) -> Iterator[Shown]:
        """Yield the operations one after the other, up to the first that cannot be done."""
        ends = monotonic() + LONGEST

        def tried(count: int) -> tuple[str, ScimError | None]:
            part = self.sent | {self.operations_name: self.operations[:count]}
            after, error = self.tried(part, asked.tolerated(self.strict, is_dry=True))
            return after or before, error

        for step in patches.steps(self.operations, before, tried, self.masker.value):
            found = [
                each
                for each in changes(step.before, step.after)
                if not each.path.startswith("meta.")
            ]
            yield Shown(step, _with_names(self.store, found))
            if monotonic() > ends:
                return

    def tried(self, sent: Any, allowed: Tolerated) -> tuple[str | None, ScimError | None]:
        """Return the resource after a PATCH, or the error; nothing is kept."""
        try:
            return _shown(self.store, self.type, self.begin, sent, asked.details(allowed)), None
        except ScimError as error:
            return None, error


def _with_names(store: Store, found: Sequence[Difference]) -> list[Difference]:
    """Return differences in which names stand for members and others who are referred to."""
    texts = {text for each in found for text in (each.before, each.after) if text}
    ids = {text: resource_id for text in texts if (resource_id := _reference(text))}
    known = store.browse(lambda read: read.names({*ids.values()})) if ids else {}
    names = {text: known[each].name for text, each in ids.items() if known[each].name}
    return [
        replace(
            each,
            before=names.get(each.before or "", each.before),
            after=names.get(each.after or "", each.after),
        )
        for each in found
    ]


def _reference(text: str) -> str:
    """Return the id in the JSON of a value that refers to a resource; empty if it does not."""
    value = json.loads(text, strict=False)
    value = value.get("value") if isinstance(value, dict) else value
    return value if isinstance(value, str) and is_id(value) else ""


def _operations(sent: Any) -> tuple[str, list[Any]]:
    """Return the operations of a PATCH, and the name under which they came."""
    known: Record = sent if isinstance(sent, dict) else {}
    for name, value in known.items():
        if name.lower() == "operations" and isinstance(value, list):
            return name, value
    return "Operations", []


def _shown(
    store: Store,
    resource_type: ResourceType,
    begin: Begin,
    sent: Any = None,
    request: provider.Request | None = None,
) -> str:
    """Return the JSON of a resource, after a PATCH if there is one; nothing is kept.

    :raises ScimError: there is no such resource, or the PATCH is refused
    """

    def work(rehearsed: Store) -> str:
        resource_id = begin(rehearsed)
        if request:
            provider.patch(rehearsed, resource_type, resource_id, sent, request)
        shown = provider.get(rehearsed, resource_type, resource_id, _dry())
        return asked.with_urls(shown.text)

    return store.rehearse(work)


def _dry() -> provider.Request:
    return asked.details(asked.tolerated(is_strict=False, is_dry=True))


def example_bodies() -> list[tuple[str, str, str]]:
    """Return examples of PATCH bodies: who sends it, for which type, and the JSON."""
    return [(label, kind, _patch(*operations)) for label, kind, operations in EXAMPLES]


def _patch(*operations: Record) -> str:
    return json.dumps({"schemas": [PATCH_OP_SCHEMA], "Operations": operations}, indent=2)


EXAMPLES: Sequence[tuple[str, str, Sequence[Record]]] = (
    ("Set one value", "User", [{"op": "replace", "path": "title", "value": "Guide"}]),
    ("Okta deactivates", "User", [{"op": "replace", "value": {"active": False}}]),
    (
        "Entra ID deactivates",
        "User",
        [{"op": "Replace", "path": "active", "value": "False"}],
    ),
    (
        "Entra ID sets the work address",
        "User",
        [
            {
                "op": "Replace",
                "path": 'emails[type eq "work"].value',
                "value": "new@example.com",
            },
            {"op": "Add", "path": "name.givenName", "value": "Jane"},
        ],
    ),
    (
        "Three steps",
        "User",
        [
            {"op": "add", "path": "nickName", "value": "Babs"},
            {
                "op": "add",
                "path": "emails",
                "value": [{"value": "babs@jensen.example", "type": "home"}],
            },
            {"op": "remove", "path": "nickName"},
        ],
    ),
    ("A mistake", "User", [{"op": "replace", "path": "tittle", "value": "Guide"}]),
    ("Rename a group", "Group", [{"op": "replace", "path": "displayName", "value": "Guides"}]),
    ("Remove all members", "Group", [{"op": "remove", "path": "members"}]),
)
