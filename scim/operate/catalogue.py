"""The metrics that ``/metrics`` has beside ``scim_info`` and ``scim_ready``."""

from typing import NamedTuple

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # in the environment; the library wants this name
NOBODY = "none"  # the label of requests without a valid token
OTHER = "other"  # the label of all that have none of their own


class Metric(NamedTuple):
    """A number with its labels. The library adds ``_total`` to the name of what is counted."""

    name: str
    about: str
    labels: tuple[str, ...] = ()


REQUESTS = Metric("scim_requests", "Requests answered", ("endpoint", "tenant", "status"))
SECONDS = Metric("scim_request_seconds", "From arrival to answer", ("endpoint", "method"))
LIMITED = Metric("scim_limits_refused", "Requests that a limit refused", ("limit", "tenant"))
BRAKED = Metric("scim_brake_trips", "Writes that the brake refused", ("tenant",))
DROPPED = Metric("scim_recorder_dropped", "Exchanges that came too fast to be recorded")
RESTARTED = Metric("scim_worker_restarts", "Workers that ended and were replaced")
WAITED = Metric("scim_database_waited_seconds", "Waiting for a connection or a turn to write")
DELIVERED = Metric("scim_outbox_delivered", "Messages that receivers accepted", ("kind",))
FAILED = Metric("scim_outbox_failed", "Attempts that receivers did not accept", ("kind",))
COUNTED = (REQUESTS, LIMITED, BRAKED, DROPPED, RESTARTED, WAITED, DELIVERED, FAILED)

CONNECTIONS = Metric("scim_database_connections", "Connections to the database", ("state",))
QUEUED = Metric("scim_queue_length", "Entries that wait in a queue", ("queue",))
DEAD = Metric("scim_outbox_dead", "Dead letters in the outbox", ("kind",))
WAITING = Metric("scim_outbox_waiting", "Messages that receivers have not got yet", ("kind",))
OLDEST = Metric("scim_outbox_oldest_seconds", "Age of the oldest message that waits", ("kind",))
MEASURED = (CONNECTIONS, QUEUED, DEAD, WAITING, OLDEST)
