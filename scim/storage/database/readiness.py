"""Readiness: whether the database answers, and has the tables that this code needs."""

import logging
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event, Lock, Thread

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from scim.places import MIGRATIONS
from scim.protocol.errors import UnavailableError

from .database import Database
from .failures import State

KEPT = 1.0  # seconds for which an answer is used again
PATIENCE = 2.0  # seconds that the database has to answer
HUNG = 10.0  # seconds after which it is asked again beside a question that it never answered
DATABASE, TABLES = "database", "migrations"  # the words for what can fail
APPLIED = sa.text("SELECT version_num FROM alembic_version")

logger = logging.getLogger("scim")


@dataclass(slots=True)
class Look:
    """A question to the database; it has failed until the answer is there."""

    began: float
    failed: str = DATABASE
    done: Event = field(default_factory=Event)


class Readiness:
    """Looks at the database at most once a second, however many ask.

    Each look has a thread of its own: a connection that is cut off without a word may hang for
    minutes. ``migrations`` is the folder of the migrations that must have been applied.
    """

    def __init__(self, database: Database, migrations: Path = MIGRATIONS) -> None:
        self.database = database
        self.migrations = str(migrations)
        self._lock = Lock()
        self._last: Look | None = None

    def failed(self) -> str:
        """Return the word for what is not ready, or an empty text."""
        now = time.monotonic()
        with self._lock:
            last = self._last
            if not last or now - last.began >= (KEPT if last.done.is_set() else HUNG):
                last = self._last = Look(now)
                Thread(target=self._look, args=(last,), name="readiness", daemon=True).start()
        last.done.wait(max(0.0, last.began + PATIENCE - now))
        return last.failed

    def _look(self, look: Look) -> None:
        try:
            look.failed = self._found()
        except Exception:
            logger.exception("The readiness could not be found out")
        look.done.set()

    def _found(self) -> str:
        try:
            applied = self.database.read(lambda known: set(known.scalars(APPLIED)))
        except UnavailableError as error:
            return TABLES if error.detail == State.OUTDATED.value else DATABASE
        return "" if self._serves(applied) else TABLES

    def _serves(self, applied: set[str]) -> bool:
        """Tell whether this code works on tables with these migrations; newer ones do no harm."""
        known, needed = self._revisions
        return needed <= applied or bool(applied - known)

    @cached_property
    def _revisions(self) -> tuple[set[str], set[str]]:
        """The revisions that this code knows, and those of them that must have been applied."""
        script = ScriptDirectory(self.migrations)
        return {each.revision for each in script.walk_revisions()}, set(script.get_heads())
