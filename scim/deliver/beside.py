"""All jobs that go on beside the requests, in a process of their own."""

from collections.abc import Sequence

from scim.operate.caretaker import jobs_of
from scim.operate.jobs import Job
from scim.settings import Settings

from .asynchronous import carrier
from .events import tidying
from .outbox import deliverer


def jobs(settings: Settings) -> Sequence[Job]:
    """Return the jobs that the settings ask for, for one process."""
    delivering = deliverer.jobs() if settings.deliver else []
    carrying = carrier.jobs() if settings.max_async_requests else []
    return [*jobs_of(settings), *delivering, tidying.job(), carrier.QUEUE, *carrying]
