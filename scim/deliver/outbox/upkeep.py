"""A job that looks after the outbox: it measures it, and removes what nobody will be told."""

from collections import Counter

from scim.explain.words import seconds_since
from scim.operate import metrics
from scim.operate.catalogue import DEAD, OLDEST, WAITING
from scim.service import Service
from scim.storage.backlogs import backlogs
from scim.storage.outbox import orphans, remove_orphans

from ..channels import CHANNELS

SECONDS = 60.0  # between two looks


def look(service: Service) -> bool:
    """Measure the outbox for ``/metrics``; remove messages whose receiver was removed meanwhile.

    A server may not know for a second that a receiver is gone, and go on writing for it.
    """
    if service.database.read(orphans):
        service.database.write(remove_orphans)
    if metrics.meter:
        _measure(service)
    return False


def _measure(service: Service) -> None:
    waiting: Counter[str] = Counter()
    dead: Counter[str] = Counter()
    oldest = dict.fromkeys(CHANNELS, 0.0)
    for each in service.database.read(backlogs):
        kind = each.receiver.kind
        waiting[kind] += each.waiting
        dead[kind] += each.dead
        oldest[kind] = max(oldest.get(kind, 0.0), seconds_since(each.oldest))
    for kind, seconds in oldest.items():
        metrics.measure(WAITING, waiting[kind], kind)
        metrics.measure(DEAD, dead[kind], kind)
        metrics.measure(OLDEST, seconds, kind)
