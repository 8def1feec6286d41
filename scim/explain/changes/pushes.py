"""Group push: which members a provider last sent for a group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scim.protocol.headers import DRY_RUN

from ..bodies import Reading, get
from ..exchange import CONSOLE, Exchange
from ..sentences.attributes import changes, member_changes, member_id


@dataclass(frozen=True, slots=True)
class Push:
    """The members that were sent for a group, by id: true if they belong to it, or false.

    ``is_whole`` if a request said who all its members are; otherwise only additions and removals
    are known. ``is_cut`` if a request was too long to be recorded as a whole. ``number``, ``at``
    and ``provider`` are those of the last request.
    """

    number: int
    at: str
    provider: str
    members: Mapping[str, bool]
    is_whole: bool
    is_cut: bool = False


def last_push(exchanges: Sequence[Exchange], group_id: str) -> Push | None:
    """Return what a provider last sent of a group's members, None if no exchange tells.

    ``exchanges`` begin with the newest. What was refused counts, too: it was sent.
    """
    told = [
        reading
        for reading in map(Reading, exchanges)
        if _is_push(reading, group_id) and (reading.exchange.request.is_cut or _sent(reading))
    ]
    if not told:
        return None
    members: dict[str, bool] = {}
    is_whole = False
    for reading in reversed(told):
        for op, ids in _sent(reading):
            if op == "set":
                is_whole, members = True, {}
            members |= dict.fromkeys(ids, op != "remove")
    last = told[0].exchange
    is_cut = any(reading.exchange.request.is_cut for reading in told)
    return Push(last.number, last.at, last.provider or "A client", members, is_whole, is_cut)


def _is_push(reading: Reading, group_id: str) -> bool:
    exchange = reading.exchange
    if exchange.token == CONSOLE or exchange.applied == DRY_RUN:
        return False
    is_made = any(each.resource_id == group_id for each in exchange.made)
    is_named = reading.id.lower() == group_id
    return reading.resource_type == "Group" and (is_named or (is_made and not reading.id))


def _sent(reading: Reading) -> list[tuple[str, list[str]]]:
    """Return what a request says of members: ``set``, ``add`` or ``remove``, and the ids."""
    if reading.method == "PATCH":
        found = [(str(op), values) for op, values in member_changes(changes(reading))]
    elif reading.method in ("PUT", "POST"):
        listed = get(reading.sent, "members")
        found = [("set", listed if isinstance(listed, list) else [])]
    else:
        found = []
    return [(op, [member_id(each).lower() for each in values]) for op, values in found]
