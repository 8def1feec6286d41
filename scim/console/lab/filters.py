"""A filter in the Lab: its words, its meaning, its SQL, its plan and what it finds."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from scim import provider
from scim.explain import filters
from scim.explain.bodies import name_of
from scim.protocol.errors import ScimError
from scim.protocol.filters.readings import readings
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import ResourceType
from scim.storage import Query, Selection, Store

from .. import asked
from ..state import state

WORD = re.compile(r"[^\s()\[\]]+|.", re.DOTALL)
SHOWN = 10  # resources that match
DIALECTS = ("sqlite", "postgresql")
EXAMPLES = (
    ("Okta looks for a user", "User", 'userName eq "{name}"'),
    ("a work address that begins with a", "User", 'emails[type eq "work" and value sw "a"]'),
    ("everyone who is deactivated", "User", "active eq false"),
    ("the family name begins with B", "User", 'name.familyName sw "B"'),
    ("no title, or the head of something", "User", 'not (title pr) or title sw "Head"'),
    ("changed after the first user", "User", 'meta.lastModified gt "{changed}"'),
    ("groups of a user", "Group", 'members.value eq "{id}"'),
    ("Entra ID leaves quotes out", "User", "externalId eq {external}"),
    ("a mistake", "User", "userName equals {name}"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a filter with the blanks before it."""

    kind: str
    text: str
    before: str


@dataclass(frozen=True, slots=True)
class Match:
    """A resource that a filter finds."""

    id: str
    name: str
    detail: str


@dataclass(slots=True)
class FilterTrial:
    """The result of trying a filter; an ``error`` leaves the rest empty.

    ``position`` is the place of the error in the text, counted from 1. ``strict`` is what a strict
    tenant would answer, empty if the same. ``statements`` are by the names of the databases.
    """

    text: str
    pieces: Sequence[Piece] = ()
    error: ScimError | None = None
    position: int | None = None
    sentence: str = ""
    tree: Sequence[str] = ()
    rules: Sequence[str] = ()
    tolerances: Sequence[str] = ()
    strict: str = ""
    statements: dict[str, str] = field(default_factory=dict)
    plan: Sequence[str] = ()
    matches: Sequence[Match] = ()
    total: int = 0
    everything: int = 0

    @property
    def before(self) -> str:
        """The text up to the error."""
        return self.text[: (self.position or 1) - 1]

    @property
    def at(self) -> str:
        """The word at the error; a blank stands for the end."""
        found = WORD.match(self.text, (self.position or 1) - 1)
        return found[0] if found else " "

    @property
    def after(self) -> str:
        return self.text[len(self.before) + len(self.at) :]


def try_filter(store: Store, resource_type: ResourceType, text: str, strict: bool) -> FilterTrial:
    """Return what there is to say about a filter in a directory, which stays as it is."""
    trial = FilterTrial(text)
    allowed = asked.tolerated(strict, is_dry=True)
    try:
        trial.pieces = _pieces(text[: state().service.limits.length])
        request = asked.details(allowed)
        node, selection, page = provider.read_filter(store, resource_type, text, request, SHOWN)
        everything = store.query(Query((Selection(resource_type),), limit=0))
    except ScimError as error:
        trial.error, trial.position = error, filters.position(error.detail)
        return trial
    trial.sentence = filters.sentence(node, resource_type)
    trial.tree = list(filters.tree(node))
    trial.rules = filters.rules(node, resource_type)
    trial.tolerances = list(allowed.used)
    trial.strict = "" if strict else _strict(resource_type, text)
    trial.matches = [_match(each.stored.id, each.stored.body) for each in page.resources]
    trial.total, trial.everything = page.total, everything.total
    trial.statements = {each: store.statement(selection, each) for each in DIALECTS}
    trial.plan = store.plan(selection)
    return trial


def example_names(store: Store) -> dict[str, str]:
    """Return what the examples name of the first user: names, the id and the last change."""
    user_type = store.directory.definitions.by_name["User"]
    page = store.query(Query((Selection(user_type, with_related=False),), limit=1))
    found = {
        "name": "jane@example.com",
        "id": "0192d3f4-0000-7000-8000-000000000000",
        "external": "jyoung",
        "changed": "2026-01-01T00:00:00Z",
    }
    for each in page.resources:
        body = json.loads(each.stored.body, strict=False)
        found["name"] = json.dumps(body.get("userName", ""), ensure_ascii=False)[1:-1]
        found["id"], found["changed"] = each.stored.id, each.stored.last_modified
        found["external"] = body.get("externalId") or found["external"]
    return found


def _pieces(text: str) -> list[Piece]:
    """Return the tokens of a filter, which together are the whole text.

    :raises InvalidFilterError: it cannot be cut into tokens
    """
    found, end = [], 0
    for token in filters.tokens(text):
        start = token.position - 1
        found.append(Piece(token.kind, token.text, text[end:start]))
        end = start + len(token.text)
    return found


def _strict(resource_type: ResourceType, text: str) -> str:
    """Return the error of a strict tenant; empty if it takes the filter."""
    allowed = asked.tolerated(is_strict=True, is_dry=True)
    try:
        [only] = readings(text, allowed, state().service.limits)
        resolve(only.node, resource_type, allowed)
    except ScimError as error:
        return error.detail
    return ""


def _match(resource_id: str, body: str) -> Match:
    resource = json.loads(body, strict=False)
    named = str(resource.get("userName") or resource.get("externalId") or "")
    name = name_of(resource) or resource_id
    return Match(resource_id, name, named if named != name else "")
