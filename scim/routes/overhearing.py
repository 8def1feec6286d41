"""The parts of a request and of its answer, for the recorder."""

from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from time import time
from typing import TYPE_CHECKING, Any

from flask import Response

from scim.operate.heard import MOST_BYTES, Heard
from scim.operate.recorder import Recorder
from scim.storage.noting import Noted, end

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")


class Overheard:
    """An answer on its way: all of its content, or the beginning where it is sent in parts."""

    def __init__(self, recorder: Recorder, noted: Noted, response: Response) -> None:
        self.recorder = recorder
        self.noted = noted
        self.response = response
        self.parts: Iterable[bytes] = ()
        self.kept = b""
        self.size = 0
        self.is_over = True
        if response.is_streamed:
            self.parts, self.is_over = response.iter_encoded(), False
            response.response = self
        else:
            self.kept = response.get_data()
            self.size = len(self.kept)

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if self.size < MOST_BYTES:
                self.kept += part
            self.size += len(part)
            yield part
        self.is_over = True

    def put(
        self, environ: "WSGIEnvironment", host: str, body: bytes, known: tuple[Any, ...]
    ) -> None:
        """Let the exchange be recorded, unless its answer broke off: it gets another one."""
        end()
        if not self.is_over:
            return
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        kept = environ.copy()
        kept.pop("werkzeug.request", None)  # and all that belongs to it
        rest = (
            time(),
            text_of(environ["QUERY_STRING"]),
            self.response.status_code,
            partial(headers_of, kept, host),
            body,
            environ.get("CONTENT_LENGTH", ""),
            list(self.response.headers),
            b"" if is_head else self.kept,
            0 if is_head else self.size,
            self.noted,
        )
        self.recorder.put(Heard._make((*known, *rest)))


def headers_of(environ: "WSGIEnvironment", host: str) -> list[tuple[str, str]]:
    """Return the headers of a request, by their names in WSGI."""
    found = [each for each in environ.items() if each[0].startswith("HTTP_") or each[0] in CONTENT]
    return [("Host", host), *found]


def body_of(environ: "WSGIEnvironment", read: bytes) -> bytes:
    """Return the body of a request, as far as it is in memory; ``read`` is what a view has read."""
    sent = environ["wsgi.input"]
    return sent.getvalue() if isinstance(sent, BytesIO) else read


def text_of(text: str) -> str:
    """Return the text of a path or a query, which WSGI hands over as if it were in Latin-1."""
    return text if text.isascii() else text.encode("latin-1").decode(errors="replace")
