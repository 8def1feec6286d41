"""Delta queries: what has changed since a token was issued (draft-sehgal-scim-delta-query).

The draft's text names the types of changes in lower case, and a response by a URN with ``params``.
Its examples differ, and the text wins.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import InvalidPathError, InvalidValueError
from .patch.members import member_changes
from .schema import MADE_BY_SERVER
from .search import SearchRequest
from .values import Record

MESSAGES = "urn:ietf:params:scim:api:messages:2.0:delta"
DELTA_TOKEN_SCHEMA = f"{MESSAGES}:token"
DELTA_REQUEST_SCHEMA = f"{MESSAGES}:request"
DELTA_RESPONSE_SCHEMA = f"{MESSAGES}:response"
SERVER_ROOT = "ServerRoot"
CREATE, UPDATE, DELETE = "create", "update", "delete"
DELTA_TOKEN, DELTA = "/.deltaToken", "/.delta"
State = Mapping[str, Any]


def check_order(search: SearchRequest) -> None:
    """Raise if a delta query asks for another order, or for pages by index.

    :raises InvalidPathError: it has ``sortBy``
    :raises InvalidValueError: it has ``startIndex``
    """
    if search.sort_by:
        raise InvalidPathError("changes come in the order of time; leave sortBy out")
    if search.start_index > 1:
        raise InvalidValueError("changes come in pages by cursor; send nextCursor, no startIndex")


def response(resource_type: str, change_type: str, resource_id: str) -> Record:
    """Return a delta query response, without its data or operations."""
    return {
        "schemas": [DELTA_RESPONSE_SCHEMA],
        "resourceType": resource_type,
        "changeType": change_type,
        "changedResourceId": resource_id,
    }


def operations(
    steps: Iterable[tuple[State, State]], now: State, members: Mapping[str, bool]
) -> list[Record]:
    """Return operations that lead to a group as it is ``now``.

    ``steps`` are the states before and after each change. All that they touched gets the value that
    it has now. Of ``members`` that joined or left at some time, those get in or out that are in or
    out now. So the operations are right for a client that has done some of the steps already.
    """
    touched = dict.fromkeys(each for before, after in steps for each in _touched(before, after))
    made = [_operation(urn, name, (now.get(urn) or {}) if urn else now) for urn, name in touched]
    return [*made, *member_changes(members)]


def _touched(before: State, after: State, urn: str = "") -> Iterator[tuple[str, str]]:
    """Yield the attributes that differ, each behind the URN of its extension."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new or name in MADE_BY_SERVER:
            continue
        if ":" in name:
            yield from _touched(old or {}, new or {}, name)
        else:
            yield urn, name


def _operation(urn: str, name: str, owner: State) -> Record:
    path = f"{urn}:{name}" if urn else name
    if name not in owner:
        return {"op": "remove", "path": path}
    return {"op": "replace", "path": path, "value": owner[name]}
