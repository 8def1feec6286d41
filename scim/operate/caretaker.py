"""The caretaker: a process beside the workers, which does the jobs and shows the metrics."""

import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any, ClassVar

from scim.server.worker import end_with, heeded
from scim.service import Service
from scim.settings import Settings
from scim.storage.database.readiness import Readiness

from .chaining import Chaining
from .exporter import export
from .jobs import Job, doing
from .sampling import sample_audit

NICENESS = 10  # the workers come first
CHAIN = Job("audit", 1.0, Chaining().work)
QUEUE = Job("audit's queue", 10.0, sample_audit)


def jobs_of(settings: Settings) -> Sequence[Job]:
    """Return the jobs that the settings ask for."""
    return [CHAIN, QUEUE] if settings.audit_key else []


@dataclass(frozen=True, slots=True)
class Caretaker:
    """All that the process needs to start; ``begin`` returns a service of its own.

    ``place`` is the listening socket for the metrics, if they have a port of their own.
    """

    begin: Callable[[], Service]
    place: socket.socket | None = None
    jobs: Sequence[Job] = ()
    name: ClassVar[str] = "caretaker"

    def run(self, alive: Any, held: Any) -> None:
        """Do the jobs until a signal, which the caller has blocked, or the end of the master."""
        held.close()
        os.nice(NICENESS)
        service = self.begin()
        with doing(self.jobs, service):
            if self.place:
                export(self.place, Readiness(service.database).failed)
            Thread(target=end_with, args=(alive,), daemon=True).start()
            signal.sigwait(heeded())
