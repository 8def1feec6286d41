"""Lines that tell people of requests that wait because a server limits them."""

from collections.abc import Callable
from time import monotonic

PAUSE = 60  # seconds between two lines


class Waiting:
    """Tells of the first wait and then once a minute; ``seconds`` are those of all waits."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.seconds = 0.0
        self._told = -float(PAUSE)

    def __call__(self, seconds: float) -> None:
        """Note that a request now waits for so many seconds."""
        self.seconds += seconds
        if monotonic() - self._told >= PAUSE:
            self._told = monotonic()
            told = "the server takes no more requests at the moment (429)"
            self.say(f"{told}: waiting {seconds:g} s")
