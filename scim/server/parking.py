"""Requests that wait for something else, such as a poll for events, without holding a thread.

1. A view parks its request by ``environ[PARK]``. The answer that it then returns is dropped.
2. The view is called again when ``is_ready`` says so, or when its time is over.
3. It then finds in ``environ[PARKED]`` the value that it left when it parked.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

TICK = 0.1  # seconds between two looks at what is parked
LONGEST = 20.0  # seconds that a request may wait
MOST = 256  # requests that a worker parks
MOST_EACH = 64  # of one owner
MOST_BYTES = 64 * 1024 * 1024  # of their bodies


@dataclass(slots=True, eq=False)
class Place:
    """A place for a request, with ``size`` bytes in its body; free while nobody is its owner.

    A view finds it as ``environ[PARK]`` and calls it. ``again`` lets the view be asked again; it is
    there once the request is parked, since it holds what Granian has received. An environment may
    be kept for long, and a body that is not wanted is refused only when Granian's request has gone.
    """

    parking: "Parking"
    size: int
    again: Callable[[Any], object] = bool
    owner: Hashable = None
    is_ready: Callable[[], bool] = bool
    until: float = 0.0
    left: Any = None

    def __call__(
        self, owner: Hashable, is_ready: Callable[[], bool], seconds: float, left: Any
    ) -> bool:
        """Park the request until ``is_ready``, some seconds at most; tell whether there is room.

        ``is_ready`` is asked at each ``TICK``; those of many requests should look together.
        ``left`` is what the view finds as ``environ[PARKED]`` when it is asked again; not None.
        """
        self.is_ready, self.left = is_ready, left
        self.until = time.monotonic() + min(seconds, LONGEST)
        return self.parking.reserve(self, owner)

    @property
    def is_taken(self) -> bool:
        return self.owner is not None


class Parking:
    """The parked requests of a worker; a thread of their own looks after them."""

    def __init__(self) -> None:
        self.is_closed = False
        self._lock = Lock()
        self._bytes = 0
        self._owners: Counter[Hashable] = Counter()
        self._waiting: list[Place] = []

    def reserve(self, place: Place, owner: Hashable) -> bool:
        """Reserve a place for an owner; tell whether there was room."""
        with self._lock:
            has_room = (
                not self.is_closed
                and self._owners.total() < MOST
                and self._owners[owner] < MOST_EACH
                and self._bytes + place.size <= MOST_BYTES
            )
            if has_room:
                place.owner = owner
                self._owners[owner] += 1
                self._bytes += place.size
            return has_room

    def free(self, place: Place) -> None:
        """Give a place back, if it was reserved."""
        with self._lock:
            if place.is_taken:
                self._owners[place.owner] -= 1
                self._owners += Counter()  # forgets who has none
                self._bytes -= place.size
                place.owner = None

    def add(self, place: Place, again: Callable[[Any], object]) -> None:
        """Look after a request whose place is reserved, until it is asked ``again``.

        It is asked at once if the machine has no room for the thread that looks.
        """
        place.again = again
        with self._lock:
            is_seen = bool(self._waiting) or _starts("parking", self._look_after)
            if is_seen:
                self._waiting.append(place)
        if not is_seen:
            self.free(place)
            again(place.left)

    def close(self) -> None:
        """Let all be asked again at once, as the worker stops."""
        self.is_closed = True

    def _look_after(self) -> None:
        while True:
            time.sleep(TICK)
            ready = (each for each in tuple(self._waiting) if self._is_over(each))
            asked = [each for each in ready if self._ask(each)]
            with self._lock:
                self._waiting = [each for each in self._waiting if each not in asked]
                if not self._waiting:
                    return

    def _ask(self, place: Place) -> bool:
        """Let a view be asked again, unless that has to wait; tell whether it is.

        The thread that looks must not become one of the crew.
        """
        is_asked = _starts("parked", place.again, place.left)
        if is_asked:
            self.free(place)
        return is_asked

    def _is_over(self, place: Place) -> bool:
        """Tell whether a request has waited long enough; an error is for the view to find."""
        if self.is_closed or time.monotonic() >= place.until:
            return True
        with suppress(Exception):
            return place.is_ready()
        return True


def _starts(name: str, work: Callable[..., object], *arguments: Any) -> bool:
    """Start a thread; tell whether the machine had room for it."""
    try:
        Thread(target=work, args=arguments, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True
