"""Bodies on their way in: Granian's runtime receives them, so that a slow one holds no thread."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from scim.protocol.errors import (
    InvalidSyntaxError,
    PayloadTooLargeError,
    RequestTimeoutError,
    ScimError,
    UnavailableError,
)

from .deadlines import Deadlines

SMALL = 64 * 1024  # bytes; a body of this size is received however many others are
AT_ONCE = 512 * 1024 * 1024  # bytes of all larger bodies that a worker receives together
MOST_CHUNKS = 20_000  # of a body without Content-Length; each costs as much as a small request

Answer = Callable[[bytes], None]
Refuse = Callable[[ScimError], None]


class Receiver:
    """Receives bodies of ``most`` bytes, each within some seconds."""

    def __init__(self, deadlines: Deadlines, most: int, seconds: float) -> None:
        self.deadlines = deadlines
        self.most = most
        self.seconds = seconds
        self.reserved = 0
        self._lock = Lock()

    def receive(self, proto: Any, length: int, answer: Answer, refuse: Refuse) -> None:
        """Call ``answer`` with the body when it is there, or ``refuse`` with the reason.

        ``length`` is 0 if the client does not tell it. The calls come from Granian's threads.

        :raises UnavailableError: the worker receives too much already
        """
        Reception(self, proto, length, answer, refuse).begin()

    def reserve(self, size: int) -> None:
        """Count bytes that are being received; a negative size gives them back.

        :raises UnavailableError: the worker receives too much already
        """
        with self._lock:
            if size > 0 and self.reserved + size > AT_ONCE:
                raise UnavailableError(
                    "the server receives too many large bodies at the moment, please try again"
                )
            self.reserved += size


class Reception:
    """One body. Granian's futures call back in one of its threads."""

    def __init__(
        self, receiver: Receiver, proto: Any, length: int, answer: Answer, refuse: Refuse
    ) -> None:
        self.receiver = receiver
        self.proto = proto
        self.length = length
        self.answer = answer
        self.refuse = refuse
        self.expired = False
        self.reserved = 0
        self.size = 0
        self.chunks: list[bytes] = []
        self.future: Any = None

    def begin(self) -> None:
        self.reserve(self.length)
        self.deadline = self.receiver.deadlines.after(self.receiver.seconds, self.expire)
        if self.length:
            self.future = self.proto()
            self.future.add_done_callback(self.arrived)
        else:
            self.proto.__aiter__()
            self.next_chunk()

    def reserve(self, size: int) -> None:
        """Reserve room for ``size`` bytes in all."""
        if size > SMALL:
            self.receiver.reserve(size - self.reserved)
            self.reserved = size

    def arrived(self, future: Any) -> None:
        """Answer the request with its whole body, unless the client went away in its midst."""
        if future.cancelled():
            return
        self.end()
        try:
            body = future.result()
        except Exception:
            self.refuse(broken())
        else:
            self.answer(body)

    def next_chunk(self) -> None:
        self.future = self.proto.__anext__()
        self.future.add_done_callback(self.chunk_arrived)

    def chunk_arrived(self, future: Any) -> None:
        """Wait for the next chunk, unless this one is the last or one too many."""
        if future.cancelled():
            return
        chunk = future.result()
        self.chunks.append(chunk)
        self.size += len(chunk)
        try:
            self.check(chunk)
        except ScimError as error:
            self.end()
            self.refuse(error)
            return
        if chunk and self.size <= self.receiver.most:
            self.next_chunk()
        else:
            self.end()
            self.answer(b"".join(self.chunks))

    def check(self, chunk: bytes) -> None:
        """Raise if the body must not go on behind a chunk, or ends too early.

        :raises InvalidSyntaxError: the connection broke
        :raises RequestTimeoutError: its time is over
        :raises UnavailableError: the worker receives too much already
        :raises PayloadTooLargeError: it has too many chunks
        """
        if self.expired:
            raise self.too_late()
        self.reserve(self.size)
        if len(self.chunks) > MOST_CHUNKS:
            raise PayloadTooLargeError(
                f"the body has more than {MOST_CHUNKS} chunks; send larger ones"
            )
        if not chunk and not self.has_ended():
            raise broken()

    def has_ended(self) -> bool:
        """Tell whether an empty chunk was the end; for Granian, a broken connection is one, too.

        Trailer fields (RFC 9112 §7.1.2) look like a broken connection.
        """
        try:
            self.proto.__anext__().cancel()
        except StopAsyncIteration:
            return True
        return False

    def expire(self) -> None:
        """Refuse the body, so that Granian closes its connection, unless it has just arrived."""
        self.expired = True
        future = self.future
        if future and future.cancel():
            self.end()
            self.refuse(self.too_late())

    def too_late(self) -> RequestTimeoutError:
        seconds = self.receiver.seconds
        return RequestTimeoutError(f"the body did not arrive in {seconds:g} seconds; send it again")

    def end(self) -> None:
        """Stop the clock, and give back what was reserved.

        The future must go too: it holds this object by its callback, where Python's garbage
        collector does not see it. The proto would keep a body that has not ended.
        """
        self.deadline.cancel()
        self.receiver.reserve(-self.reserved)
        self.reserved, self.future, self.proto = 0, None, None


def broken() -> InvalidSyntaxError:
    return InvalidSyntaxError(
        "the body did not arrive whole; send it again, without trailer fields"
    )
