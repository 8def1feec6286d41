"""The checklist of a new connection: what an identity provider has done so far, and what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..bodies import Reading
from ..exchange import Exchange
from ..sentences.purposes import Purpose, purpose_of
from ..sentences.sentence import sentence
from .problems import problems

State = Literal["done", "failed", "waiting"]
ADDRESS, TOKEN = "address", "token"
# What each line waits for: the purposes of requests, and the type of their resource.
STEPS: Mapping[str, tuple[frozenset[Purpose], str]] = {
    "look": (frozenset(("look",)), "User"),
    "create": (frozenset(("create",)), "User"),
    "update": (frozenset(("update", "reactivate")), "User"),
    "deactivate": (frozenset(("deactivate", "delete")), "User"),
    "group": (frozenset(("create", "update")), "Group"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist. ``said`` tells of the exchange; it is empty while none has come.

    ``number`` and ``at`` are those of the exchange. ``remedy`` is what to change after a failure.
    """

    key: str
    state: State = "waiting"
    said: str = ""
    number: int = 0
    at: str = ""
    remedy: str = ""


def checklist(exchanges: Sequence[Exchange], keys: Sequence[str]) -> list[Item]:
    """Return a line for each key of STEPS, after one for the address and one for the token.

    The exchanges are those of one provider, in any order. The newest success ticks a line; the
    newest failure is told as long as no success came after it.
    """
    readings = [Reading(each) for each in sorted(exchanges, key=lambda each: each.number)]
    purposes = [(each, purpose_of(each)) for each in readings]
    arrived = [reading for reading, purpose in purposes if purpose != "stray"]
    accepted = [each for each in arrived if each.exchange.status != 401]
    lost = [reading for reading, purpose in purposes if purpose == "stray"]
    strays = [each for each in lost if problems([each.exchange])]  # not a browser's /favicon.ico
    refused = [reading for reading, purpose in purposes if purpose == "refused"]
    items = [_item(ADDRESS, arrived, strays), _item(TOKEN, accepted, refused)]
    for key in keys:
        wanted, resource_type = STEPS[key]
        fits = [
            reading
            for reading, purpose in purposes
            if purpose in wanted and reading.resource_type == resource_type
        ]
        done = [each for each in fits if not each.exchange.is_failed]
        items.append(_item(key, done, [each for each in fits if each.exchange.is_failed]))
    return items


def _item(key: str, done: Sequence[Reading], failed: Sequence[Reading]) -> Item:
    last, fault = (each[-1].exchange if each else None for each in (done, failed))
    if fault and (last is None or last.number < fault.number):
        return _failed(key, fault)
    if last is None:
        return Item(key)
    if key == ADDRESS:
        first = done[0]
        said = f"The first request of {first.who} arrived."
        return Item(key, "done", said, first.exchange.number, first.exchange.at)
    told = done[0].exchange if key == TOKEN else last
    return Item(key, "done", sentence(told), told.number, told.at)


def _failed(key: str, exchange: Exchange) -> Item:
    told = problems([exchange])
    said = told[0].cause if told else sentence(exchange)
    remedy = told[0].remedy[0] if told and told[0].remedy else ""
    return Item(key, "failed", said, exchange.number, exchange.at, remedy)
