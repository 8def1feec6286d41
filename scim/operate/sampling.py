"""Samples for the metrics: each second a worker counts its requests and measures its queues."""

import time
from threading import Thread

from scim.service import Service
from scim.storage import Database
from scim.storage.audit import number_waiting

from . import metrics
from .catalogue import CONNECTIONS, QUEUED, WAITED
from .recorder import Recorder

PAUSE = 1.0  # seconds


def sample(database: Database, recorder: Recorder | None) -> None:
    """Look at the connections and the queue of a worker, until its process ends."""
    if metrics.meter:
        Thread(target=_run, args=(database, recorder), name="sampling", daemon=True).start()


def sample_audit(service: Service) -> bool:
    """Look at the queue of the audit, as a job of the caretaker."""
    if metrics.meter:
        metrics.measure(QUEUED, service.database.read(number_waiting), "audit")
    return False


def _run(database: Database, recorder: Recorder | None) -> None:
    told = 0.0
    while metrics.meter:
        metrics.meter.settle()
        kept = (database.reading, database.writing)
        waited = sum(each.waited for each in kept)
        metrics.count(WAITED, by=max(0.0, waited - told))
        metrics.measure(CONNECTIONS, sum(len(each.used) for each in kept), "used")
        metrics.measure(CONNECTIONS, sum(len(each.idle) for each in kept), "idle")
        metrics.measure(QUEUED, recorder.waiting if recorder else 0, "recorder")
        told = waited
        time.sleep(PAUSE)
