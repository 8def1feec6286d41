"""The changes that an exchange made in the directory: each version, from history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from scim.explain.bodies import name_of
from scim.explain.changes.differences import Difference, changes
from scim.explain.changes.referring import referred, with_names
from scim.explain.exchange import Exchange, Made
from scim.explain.words import plain as shortened
from scim.protocol.references import without_marks
from scim.protocol.values import PLACEHOLDER
from scim.storage import Operation, Store
from scim.storage.timeline import Moment

from ..state import state

MOST_VERSIONS = 20
MOST_MEMBERS = 20
MOST_DIFFERENCES = 200
LONGEST = 600  # characters of a value
UNSAID = {"schemas", "id"}  # what a new resource has in any case
BECAME = {Operation.DELETE: "deleted", Operation.CREATE: "created", Operation.RESTORE: "restored"}


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who joined a group, or left it."""

    id: str
    name: str
    has_joined: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A version that an exchange made; ``is_known`` tells whether history still has it.

    ``members`` are some of those who joined or left, ``more`` is the number of the others.
    ``has_hidden`` is about an attribute that nobody is shown, a password for example.
    """

    made: Made
    name: str
    is_known: bool = False
    became: str = ""
    differences: Sequence[Difference] = ()
    members: Sequence[Member] = ()
    more: int = 0
    has_hidden: bool = False

    @property
    def marks(self) -> list[str]:
        """The places in the JSON that changed; of a list, the whole."""
        places = (each.path.partition("[")[0] for each in self.differences)
        return [_dotted(each) for each in places]

    @property
    def url(self) -> str:
        """The page of the resource."""
        return f"/directory/{quote(self.made.resource_type)}/{quote(self.made.resource_id)}"


def changed(store: Store, exchange: Exchange) -> list[Changed]:
    """Return the first versions that an exchange made."""
    made = exchange.made[:MOST_VERSIONS]
    found = [_moment(store, each) for each in made]
    members = {member for each in found if each for member in each.change.members}
    wanted = members | {each.resource_id for each in made}
    known = state().names.named(exchange.tenant, sorted(wanted))
    names = {each: shortened(name) for each, name in known.items()}
    return [
        _shown(exchange.tenant, one, each, names)
        if each
        else Changed(one, names.get(one.resource_id, ""))
        for one, each in zip(made, found, strict=True)
    ]


def _moment(store: Store, made: Made) -> Moment | None:
    return store.timeline(made.resource_id, lambda timeline: timeline.version(made.version))


def _shown(tenant: str, made: Made, moment: Moment, names: Mapping[str, str]) -> Changed:
    change = moment.change
    joined = sorted(change.members.items(), key=lambda each: (not each[1], each[0]))
    members = [Member(each, names.get(each, ""), added) for each, added in joined]
    shown = members[:MOST_MEMBERS]
    is_about_members = change.before is None and change.after is None
    found = [] if is_about_members else changes(plain(change.before), plain(change.after))
    found = short(found)
    body = change.after or change.before
    return Changed(
        made,
        _name(body) if body else names.get(made.resource_id, ""),
        is_known=True,
        became=BECAME.get(change.operation, ""),
        differences=with_names(found, state().names.named(tenant, referred(found))),
        members=shown,
        more=moment.joined + moment.left - len(shown),
        has_hidden=change.unseen,
    )


def _dotted(path: str) -> str:
    """Return a path with dots only; the name of a schema ends in a colon."""
    if not path.startswith("urn:"):
        return path
    urn, _, name = path.rpartition(":")
    return f"{urn}.{name}"


def short(found: Sequence[Difference]) -> list[Difference]:
    """Return the first differences, with long values shortened."""
    return [
        Difference(each.path, _short(each.before), _short(each.after))
        for each in found[:MOST_DIFFERENCES]
        if each.path not in UNSAID
    ]


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text):,} characters)"


def plain(body: str | None) -> str | None:
    """Return a stored body as clients see it, with the base URL and without marks."""
    if body is None:
        return None
    return without_marks(body).replace(PLACEHOLDER, state().service.settings.base_url)


def _name(body: str) -> str:
    return shortened(name_of(json.loads(body, strict=False)))
