"""Requests from their arrival to their answers: RSGI on Granian's side, WSGI on the application's.

1. A body is received whole before the application runs: a client that sends slowly holds no thread.
2. An answer is made whole before Granian sends it: a client that reads slowly holds no thread.
   A long answer of several parts waits on disk.
3. A body is not received if it is too large, or comes without a known token.
4. A request that waits for something else is parked, and holds no thread.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from scim.logs import RequestLine
from scim.operate import metrics
from scim.operate.health import HEALTH, PROBE_METHODS, READINESS
from scim.operate.heard import Heard
from scim.operate.recorder import Recorder
from scim.protocol.errors import InternalError, ScimError
from scim.protocol.headers import (
    EVERY_ANSWER,
    MEDIA_TYPE,
    PARK,
    PARKED,
    REQUEST_ID,
    TOKEN_PATH,
    request_id,
)
from scim.serializers.answers import dump_error
from scim.serializers.resources import to_json

from .crew import Crew
from .deadlines import Deadlines
from .parking import Parking, Place
from .reception import Receiver
from .wsgi import address_of, environ_of, respond

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LONGEST_FORM = 16 * 1024  # bytes that an OAuth client may send without a token
HANDED_OVER = 10  # seconds after which Granian has surely opened an answer on disk
CLOSE = ("Connection", "close")
CLOSING = [("Content-Type", MEDIA_TYPE), *EVERY_ANSWER.items(), CLOSE]

logger = logging.getLogger("scim")


@dataclass(slots=True, eq=False)
class Asked:
    """A request of Granian's, what answers it, and when it came (by ``perf_counter``).

    ``proto`` is dropped with the answer. It keeps the connection open if nobody has read the body,
    and an error of Flask's would keep it until Python collects garbage. Unless the body
    ``is_whole``, the connection ends with the answer, which says so (RFC 9112 §9.6).
    """

    scope: Any
    proto: Any
    arrived: float
    is_whole: bool = True


class Exchanges:
    """Takes the requests of a worker in, in any of its threads.

    ``knows`` tells whether a request of Granian's has a valid token. A body has at most
    ``max_body_size`` bytes, and ``seconds`` to arrive. ``unanswered`` has as many members as there
    are requests in progress. ``recorder`` gets the requests that do not reach the application.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        knows: Callable[[Any], bool],
        max_body_size: int,
        seconds: float,
        recorder: Recorder | None = None,
    ) -> None:
        self.recorder = recorder
        self.application = application
        self.knows = knows
        self.crew = Crew()
        self.readiness = ThreadPoolExecutor(1, "readiness")  # an answer may wait for the database
        self.deadlines = Deadlines()
        self.receiver = Receiver(self.deadlines, max_body_size, seconds)
        self.parking = Parking()
        self.unanswered: set[int] = set()  # ids of what was asked

    def take(self, watcher: Any) -> None:
        """Answer a request of Granian's, now or when its body is there.

        Probes do not wait for the crew: a server that is busy would be restarted.
        """
        asked = Asked(watcher.scope, watcher.proto, perf_counter())
        del watcher  # it has the proto, too
        self.unanswered.add(id(asked))
        path, is_read = asked.scope.path, asked.scope.method in PROBE_METHODS
        if path == HEALTH and is_read:
            self._answer(asked, b"")
        elif path == READINESS and is_read:
            self.readiness.submit(self._answer, asked, b"")
        else:
            headers = asked.scope.headers  # Granian keeps a body until this thread goes back
            has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
            self.crew.do(partial(self._begin, asked), may_stay=not has_body)

    def _begin(self, asked: Asked) -> None:
        try:
            headers = asked.scope.headers
            is_chunked = "transfer-encoding" in headers
            length = 0 if is_chunked else int(headers.get("content-length", "0"))
            asked.is_whole = not (length or is_chunked)
            if not asked.is_whole and self._wants(asked.scope, length):
                answer, refuse = partial(self._go_on, asked), partial(self._fail, asked)
                self.receiver.receive(asked.proto, length, answer, refuse)
            else:
                self._answer(asked, b"")
        except Exception as error:
            self._fail(asked, error)

    def _wants(self, scope: Any, length: int) -> bool:
        """Tell whether a body is received; otherwise the application refuses it unseen.

        The form of an OAuth client is short, and not chunked.
        """
        if scope.path == TOKEN_PATH:
            return 0 < length <= LONGEST_FORM
        return length <= self.receiver.most and self.knows(scope)

    def _go_on(self, asked: Asked, body: bytes) -> None:
        asked.is_whole = len(body) <= self.receiver.most
        self.crew.do(partial(self._answer, asked, body), may_stay=asked.is_whole)

    def _answer(self, asked: Asked, body: bytes, left: Any = None) -> None:
        """Let the application answer a request, and hand the answer to Granian; never raise.

        The application may park the request instead; what it has ``left`` it then gets back.
        """
        place = Place(self.parking, len(body))
        try:
            environ = environ_of(asked.scope, asked.arrived, body)
            environ |= {PARK: place} if left is None else {PARKED: left}
            status, headers, data = respond(self.application, environ)
        except Exception as error:
            self.parking.free(place)
            self._fail(asked, error)
            return
        if place.is_taken:
            self.parking.add(place, partial(self._ask_again, asked, body))
            return
        self.unanswered.discard(id(asked))
        if not asked.is_whole:
            headers.append(CLOSE)
        if isinstance(data, bytes):
            asked.proto.response_bytes(status, headers, data)
        else:
            headers.append(("Content-Length", str(data.tell())))
            data.seek(0)  # on macOS, who opens it anew begins where it stands
            asked.proto.response_file(status, headers, f"/dev/fd/{data.fileno()}")
            self.deadlines.after(HANDED_OVER, data.close)
        asked.proto = None

    def _ask_again(self, asked: Asked, body: bytes, left: Any) -> None:
        self.crew.do(partial(self._answer, asked, body, left), may_stay=False)

    def _fail(self, asked: Asked, error: Exception) -> None:
        self.unanswered.discard(id(asked))
        heard = fail(asked, error)
        if self.recorder:
            self.recorder.put(len(heard.answer), lambda: heard)

    def close(self) -> None:
        """Let what was recorded be stored, after the last answer."""
        if self.recorder:
            self.recorder.close()


def fail(asked: Asked, error: Exception) -> Heard:
    """Answer with an error, close the connection, and log it in a line; return the exchange."""
    scope = asked.scope
    this = request_id(scope.headers.get(REQUEST_ID.lower(), ""))
    if not isinstance(error, ScimError):
        logger.error("Request %s failed unexpectedly", this, exc_info=error)
        error = InternalError()
    own = [("Retry-After", str(error.retry_after))] if error.retry_after else []
    own.append((REQUEST_ID, this))
    text = to_json(dump_error(error, this))
    asked.proto.response_str(error.status, CLOSING + own, text)
    asked.proto = None
    milliseconds = 1000 * (perf_counter() - asked.arrived)
    answered = scope.method, scope.path, error.status, milliseconds, this, address_of(scope)
    logger.info(RequestLine(*answered, detail=error.detail))
    if metrics.meter:
        metrics.meter.request("", scope.method, None, error.status, milliseconds / 1000)
    return Heard(
        id=this,
        milliseconds=milliseconds,
        method=scope.method,
        path=scope.path,
        ended=time(),
        query=scope.query_string,
        status=error.status,
        request_headers=[("Host", scope.authority or ""), *scope.headers.items()],
        request=b"",
        declared=scope.headers.get("content-length", ""),
        answer_headers=CLOSING + own,
        answer=text.encode(),
        answer_size=len(text.encode()),
        client=address_of(scope),
        detail=error.detail,
    )
