"""Lines of the log about delivery: a receiver begins to fail, or accepts messages again.

The log repeats once an hour that a receiver fails, and each minute that messages have died. If many
receivers fail together, it has MOST lines in a minute, and the number of the others.
"""

import logging
import time

from scim.explain.words import counted

from .batch import Batch

AGAIN = 3600  # seconds between two lines about the same receiver
MINUTE = 60
MOST = 20  # lines in a minute

logger = logging.getLogger("scim")


class Log:
    """The lines about delivery that one process writes into the log."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, bool], float] = {}  # when: a receiver, whether of dead letters
        self._began = -float(MINUTE)
        self._lines = self._left_out = 0

    def note(self, batch: Batch) -> None:
        """Tell what is new about the receiver of a batch whose outcomes are stored."""
        held, report = batch.claim, batch.report
        who = f"The receiver {held.receiver.name!r} of the tenant {held.tenant!r}"
        dead = sum(each.is_dead for each in batch.unsettled)
        if dead and self._is_new(held.receiver.id, True):
            command = f"python manage.py outbox list --dead --tenant {held.tenant}"
            new = counted(dead, "new dead letter")
            text = f"{who} has {new}: {report.error}; `{command}` shows all"
            self._say(text)
        if not batch.is_settled:
            return
        if report.succeeded and held.failures:
            self._told.pop((held.receiver.id, False), None)
            self._say(f"{who} accepts messages again; it did not since {held.failing}")
        if report.rest and self._is_new(held.receiver.id, False):
            wait = f"its messages wait, the next attempt is in {report.rest:.0f} s"
            self._say(f"{who} failed: {report.error}; {wait}")

    def _is_new(self, receiver_id: str, of_dead: bool) -> bool:
        key, at = (receiver_id, of_dead), time.monotonic()
        pause = MINUTE if of_dead else AGAIN
        if at - self._told.get(key, -float(AGAIN)) < pause:
            return False
        self._told[key] = at
        return True

    def _say(self, text: str) -> None:
        at = time.monotonic()
        if at - self._began >= MINUTE:
            if self._left_out:
                logger.warning("%s more lines about receivers were left out", self._left_out)
            self._began, self._lines, self._left_out = at, 0, 0
        self._lines += 1
        if self._lines <= MOST:
            logger.warning(text)
        else:
            self._left_out += 1
