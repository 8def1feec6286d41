"""Counts of what happens in the server, for ``/metrics``.

Any module may call ``count`` and ``measure``. They do nothing, which takes 50 ns, unless the server
was started with a port for metrics or with a console. ``meters`` keeps the numbers; it is imported
only then, since its library takes 40 ms.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scim.settings import Settings
from scim.storage.tokens import Tenant

from .catalogue import FOLDER, OTHER, Metric

if TYPE_CHECKING:
    from .meters import Meter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NOTHING = "Nothing is counted for /metrics: %s"

logger = logging.getLogger("scim")
meter: "Meter | None" = None  # of this process; None if nothing is counted


@contextmanager
def counting(settings: Settings, is_wanted: bool) -> Iterator[None]:
    """Let this process and those that it starts count, until the block ends."""
    os.environ.pop(FOLDER, None)  # another program may have it for its own metrics
    try:
        if is_wanted:
            from .meters import open_folder  # noqa: PLC0415

            os.environ[FOLDER] = str(open_folder())
            begin("server", settings)
    except OSError as error:
        logger.error(NOTHING, error.strerror)
    try:
        yield
    finally:
        if folder := os.environ.pop(FOLDER, None):
            shutil.rmtree(folder, ignore_errors=True)


def begin(process: str, settings: Settings) -> None:
    """Let this process count from now on, if the server was started for that.

    ``process`` is the kind of the process, for example ``worker``.
    """
    global meter  # noqa: PLW0603 - those who count have no object in common
    if folder := os.environ.get(FOLDER):
        from .meters import Meter  # noqa: PLC0415

        try:
            meter = Meter(folder, process, settings)
        except OSError as error:
            meter = None
            logger.error(NOTHING, error.strerror)


def count(metric: Metric, *labels: str, by: float = 1) -> None:
    """Add to a metric of ``COUNTED``; ``labels`` has a value for each of its labels."""
    if meter:
        meter.count(metric, labels, by)


def measure(metric: Metric, value: float, *labels: str) -> None:
    """Set a metric of ``MEASURED`` in this process; ``/metrics`` has the sum of all processes."""
    if meter:
        meter.measure(metric, labels, value)


def name_of(tenant: Tenant | None) -> str:
    """Return the label of a tenant: only so many have one of their own, the oldest."""
    return meter.name_of(tenant) if meter else OTHER


def page(failed: str) -> bytes:
    """Return the metrics of all processes as text; ``failed`` is the word for what is not ready."""
    from .meters import collected  # noqa: PLC0415

    return collected(failed)
