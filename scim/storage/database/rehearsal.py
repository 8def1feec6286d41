"""A dry run: reads and writes within one transaction, which is undone."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scim.protocol.errors import TooManyError

from ..anchors import Anchors
from .failures import refused

T = TypeVar("T")
LONGEST = 2  # seconds; other writes may wait for it


class Rehearsal:
    """The face of a ``Database`` for the store of a dry run; a write is a savepoint."""

    replica = None

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.anchors = Anchors()
        self.began = monotonic()

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads: what is stored, changed by the writes before it.

        :raises TooManyError: the dry run has taken too long already
        """
        if monotonic() - self.began > LONGEST:
            raise TooManyError(
                f"this dry run takes longer than {LONGEST} seconds; send fewer operations"
            )
        return work(self.connection)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` returns; undo what it did if it raised.

        :raises ScimError: a constraint refuses it, or the dry run has taken too long already
        """
        try:
            with self.connection.begin_nested():
                return self.read(work)
        except IntegrityError as error:
            raise refused(error) from error
