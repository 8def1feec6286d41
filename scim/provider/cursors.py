"""Cursors: places in a walk through pages, sealed for one tenant and one query (RFC 9865)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
        self.serializer = serializer(key, f"{tenant_id} {scope}")
        self.seconds = seconds

    def seal(self, cursor: Cursor) -> str:
        """Return a cursor for a client: a text of letters, digits, ``-``, ``_`` and ``.``."""
        return self.seal_content(asdict(cursor))

    def seal_content(self, content: Mapping[str, Any]) -> str:
        """Return a cursor with any content."""
        return str(self.serializer.dumps(content))

    def open(self, text: str) -> Cursor:
        """Return what ``seal`` has sealed, as ``content`` does."""
        said = self.content(text)
        position = Position(**said["position"]) if said["position"] else None
        return Cursor(position, said["count"], said["total"], said.get("tolerance", ""))

    def content(self, text: str) -> dict[str, Any]:
        """Return the content of a client's cursor.

        :raises InvalidCursorError: it was not sealed for this tenant and query
        :raises ExpiredCursorError: it is older than ``seconds``
        """
        try:
            said: dict[str, Any] = self.serializer.loads(text, max_age=self.seconds)
        except SignatureExpired:
            raise ExpiredCursorError(
                f"the cursor is older than {self.seconds} seconds; begin again with an empty one"
            ) from None
        except BadData:
            raise InvalidCursorError(
                "the cursor does not belong to this query; "
                "repeat all other parameters, or begin again with an empty cursor"
            ) from None
        return said


def serializer(key: str, salt: str) -> URLSafeTimedSerializer:
    """Return a serializer, which signs contents for clients by SHA-256 and opens them again."""
    return URLSafeTimedSerializer(key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


def scope(endpoints: str, search: SearchRequest) -> str:
    """Return a digest of the parts of a query that must not change from page to page."""
    asked = [endpoints, search.filter, search.sort_by, search.descending]
    asked += [search.attributes, search.excluded_attributes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
