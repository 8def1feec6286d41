"""Cursors: places in a walk through pages, sealed for one tenant and one query (RFC 9865)."""

import hashlib
import json
from dataclasses import asdict, dataclass

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from scim.protocol.errors import ExpiredCursorError, InvalidCursorError
from scim.protocol.search import SearchRequest
from scim.storage import Position


@dataclass(frozen=True, slots=True)
class Cursor:
    """The content of a cursor: the place where the page begins, None for the first page.

    ``count`` is the size of the pages, ``total`` the number of matches when the walk began.
    ``tolerance`` names the one by which the filter is read on every page, empty for none.
    """

    position: Position | None
    count: int
    total: int
    tolerance: str = ""


class Cursors:
    """Seal and open the cursors of one query of one tenant; they are valid for ``seconds``."""

    def __init__(self, key: str, seconds: int, tenant_id: int, scope: str) -> None:
        self.serializer = URLSafeTimedSerializer(
            key, salt=f"{tenant_id} {scope}", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self.seconds = seconds

    def seal(self, cursor: Cursor) -> str:
        """Return a cursor for a client: a text of letters, digits, ``-``, ``_`` and ``.``."""
        return str(self.serializer.dumps(asdict(cursor)))

    def open(self, text: str) -> Cursor:
        """Return the content of a client's cursor.

        :raises InvalidCursorError: it was not sealed for this tenant and query
        :raises ExpiredCursorError: it is older than ``seconds``
        """
        try:
            said = self.serializer.loads(text, max_age=self.seconds)
        except SignatureExpired:
            raise ExpiredCursorError(
                f"the cursor is older than {self.seconds} seconds; begin again with an empty one"
            ) from None
        except BadData:
            raise InvalidCursorError(
                "the cursor does not belong to this query; "
                "repeat all other parameters, or begin again with an empty cursor"
            ) from None
        position = Position(**said["position"]) if said["position"] else None
        return Cursor(position, said["count"], said["total"], said.get("tolerance", ""))


def scope(endpoints: str, search: SearchRequest) -> str:
    """Return a digest of the parts of a query that must not change from page to page."""
    asked = [endpoints, search.filter, search.sort_by, search.descending]
    asked += [search.attributes, search.excluded_attributes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
