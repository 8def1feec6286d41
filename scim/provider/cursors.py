"""Cursors: a place in a walk through pages, sealed for the tenant and the query (RFC 9865)."""

import hashlib
import json
from dataclasses import asdict, dataclass

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from scim.protocol.errors import ExpiredCursorError, InvalidCursorError
from scim.protocol.search import SearchRequest
from scim.storage import Position


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a cursor says: where to go on, None for the beginning, and what has been asked for.

    ``total`` is the number of resources that matched when the walk began.
    """

    position: Position | None
    count: int
    total: int


class Cursors:
    """Seals and opens the cursors of one query of one tenant; they are valid for ``seconds``."""

    def __init__(self, key: str, seconds: int, tenant_id: int, scope: str) -> None:
        self.serializer = URLSafeTimedSerializer(
            key, salt=f"{tenant_id} {scope}", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self.seconds = seconds

    def seal(self, cursor: Cursor) -> str:
        """Return a cursor as a client gets it, of letters, digits, ``-``, ``_`` and ``.``."""
        return str(self.serializer.dumps(asdict(cursor)))

    def open(self, text: str) -> Cursor:
        """Return what a cursor says.

        :raises InvalidCursorError: it was not made here, for another tenant or another query
        :raises ExpiredCursorError: it is too old
        """
        try:
            said = self.serializer.loads(text, max_age=self.seconds)
        except SignatureExpired:
            raise ExpiredCursorError(
                f"the cursor is older than {self.seconds} seconds, begin again with an empty one"
            ) from None
        except BadData:
            raise InvalidCursorError(
                "the cursor is not one that was given out for this query; "
                "repeat all other parameters, or begin again with an empty one"
            ) from None
        position = Position(**said["position"]) if said["position"] else None
        return Cursor(position, said["count"], said["total"])


def scope(endpoint: str, search: SearchRequest) -> str:
    """Return what identifies a query: all of it that must not change from page to page."""
    asked = [endpoint, search.filter, search.sort_by, search.descending]
    asked += [search.attributes, search.excluded_attributes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
