"""Jobs: work beside the requests that is done again and again, by the caretaker."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from scim.protocol.errors import UnavailableError
from scim.service import Service

PAUSE = 60  # seconds between two lines in the log about the same job
CLOSING = 3.0  # seconds that jobs get to end; the master waits a little longer

logger = logging.getLogger("scim")


@dataclass(frozen=True, slots=True)
class Job:
    """Work that begins when the server starts, and again ``seconds`` after each end.

    ``work`` takes a second or two and returns true if more is left to do, which it then gets to do
    at once. It raises UnavailableError while the database is away. Each machine has a caretaker,
    so others may do the same work at the same time. It may be killed at any instant. ``end`` is
    called when the server stops, and has two or three seconds.
    """

    name: str
    seconds: float
    work: Callable[[Service], bool]
    end: Callable[[Service], None] | None = None


def repeat(job: Job, service: Service, stopping: Event) -> None:
    """Do a job until the server stops, whatever it raises."""
    told = -float(PAUSE)
    while True:
        has_more = False
        try:
            has_more = job.work(service)
        except UnavailableError:  # which the log tells already
            pass
        except Exception:
            if time.monotonic() - told >= PAUSE:
                told = time.monotonic()
                logger.exception("The job %s failed; it is tried again", job.name)
        if stopping.wait(0 if has_more else job.seconds):
            break
    if job.end:
        with suppress(UnavailableError):
            job.end(service)


@contextmanager
def doing(jobs: Sequence[Job], service: Service) -> Iterator[Event]:
    """Do jobs until the block ends, each in a thread, so that none waits for another.

    The block gets the event that ends them.
    """
    stopping = Event()
    threads = [
        Thread(target=repeat, args=(job, service, stopping), name=job.name, daemon=True)
        for job in jobs
    ]
    for each in threads:
        each.start()
    try:
        yield stopping
    finally:
        stopping.set()
        ends = time.monotonic() + CLOSING
        for each in threads:
            each.join(max(0.0, ends - time.monotonic()))
