"""The job that forgets what no receiver needs any more: tokens not fetched, and old keys."""

import logging

from scim.explain.words import counted
from scim.operate.jobs import Job
from scim.service import Service
from scim.storage.keys import from_now
from scim.storage.mailbox import expire

from . import signing

SECONDS = 3600.0  # between two rounds

logger = logging.getLogger("scim")


def tidy(service: Service) -> bool:
    """Forget tokens that nobody has fetched for long, and keys that have no use.

    :raises UnavailableError: the database cannot be reached, or is too busy
    """
    days = service.settings.event_days
    before = from_now(days=-days)
    if number := service.database.write(lambda known: expire(known, before)):
        what = counted(number, "security event")
        logger.warning("Forgot %s that nobody fetched for %s days (SCIM_EVENT_DAYS)", what, days)
    signing.tidy(service.database)
    return False


def job() -> Job:
    """Return the job, for one process."""
    return Job("events", SECONDS, tidy)
