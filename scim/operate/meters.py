"""The numbers of all processes, in files that they share, by prometheus-client.

The library gives each process files of its own, and adds them up for ``/metrics``. Three things are
done differently here, so that the files neither grow nor become more:

1. A process has a number among those of its kind in place of its process id. So a worker goes on
   with the files of the one that it replaces.
2. A file has its size from the beginning. It is mapped into memory, and a disk without room for
   one more page would kill the process.
3. What would need too many labels is counted as ``other``.
"""

import fcntl
import os
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector

from scim.settings import VERSION, Settings
from scim.storage.tokens import Tenant

from .catalogue import COUNTED, FOLDER, MEASURED, NOBODY, OTHER, REQUESTS, SECONDS, Metric

PREFIX = "scim-metrics-"
SIZES = {"counter": 2**21, "histogram": 2**20, "gauge_sum": 2**16}  # bytes of each file
MOST_SERIES = 3500  # of requests; each takes up to 550 bytes
MOST_TIMES = 200  # endpoints with their methods; each has a histogram of up to 5 KB
MOST_NOTED = 100_000  # requests
LONGEST = 60  # characters of a label
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")

held: list[int] = []  # files whose locks this process keeps until it ends


def open_folder() -> Path:
    """Make the folder that all processes of this server share; remove those of dead servers.

    :raises OSError: it cannot be made
    """
    for old in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is of another user, or its server runs
            os.close(_lock(old / "server", os.O_RDWR))
            shutil.rmtree(old)
    folder = Path(mkdtemp(prefix=PREFIX))
    held.append(_lock(folder / "server"))
    return folder


def _lock(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Return an open file that is locked until the process ends.

    :raises BlockingIOError: another process has locked it
    :raises OSError: it cannot be opened
    """
    file = os.open(path, flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


class Meter:
    """The numbers of one process, which is of a kind such as ``worker``.

    :raises OSError: there is no room for its files
    """

    def __init__(self, folder: str, process: str, settings: Settings) -> None:
        self.base = settings.base_path
        self.tenants = settings.metrics_tenants
        own = claim(Path(folder), process)
        values.ValueClass = values.MultiProcessValue(lambda: own)  # type: ignore[no-untyped-call]
        place = CollectorRegistry()  # never shown: ``collected`` reads files
        self._counters = {each: Counter(*each, registry=place) for each in COUNTED}
        self._gauges = {
            each: Gauge(*each, registry=place, multiprocess_mode="sum") for each in MEASURED
        }
        self._seconds = Histogram(*SECONDS, registry=place, buckets=BUCKETS)
        self._answered: deque[tuple[str, str, Tenant | None, int, float]] = deque(maxlen=MOST_NOTED)
        self._requests: dict[tuple[str, int, int], Any] = {}
        self._times: dict[tuple[str, str], Any] = {}

    def request(
        self, rule: str, method: str, tenant: Tenant | None, status: int, seconds: float
    ) -> None:
        """Note a request that was answered; ``rule`` is the template of its path, or empty.

        The library takes 20 µs of a request that is in its way, but 5 µs of each of many.
        """
        self._answered.append((rule, method, tenant, status, seconds))

    def settle(self) -> None:
        """Count the requests that were noted."""
        while self._answered:
            self._count_request(*self._answered.popleft())

    def _count_request(
        self, rule: str, method: str, tenant: Tenant | None, status: int, seconds: float
    ) -> None:
        number = min(tenant.id, self.tenants + 1) if tenant else 0
        series = self._requests.get((rule, number, status))
        if series is None:
            series = self._series(rule, tenant, status)
            self._requests[rule, number, status] = series
        series.inc()
        times = self._times.get((rule, method))
        if times is None:
            times = self._times[rule, method] = self._timed(rule, method)
        times.observe(seconds)

    def _series(self, rule: str, tenant: Tenant | None, status: int) -> Any:
        counter = self._counters[REQUESTS]
        if len(self._requests) >= MOST_SERIES:
            return counter.labels(OTHER, OTHER, str(status))
        return counter.labels(self._endpoint(rule), self.name_of(tenant), str(status))

    def _timed(self, rule: str, method: str) -> Any:
        if method not in METHODS or len(self._times) >= MOST_TIMES:
            return self._seconds.labels(OTHER, OTHER)
        return self._seconds.labels(self._endpoint(rule), method)

    def _endpoint(self, rule: str) -> str:
        """Return the label of a path: its template below the base path."""
        return (rule.removeprefix(self.base) or rule)[:LONGEST] or OTHER

    def name_of(self, tenant: Tenant | None) -> str:
        """Return the label of a tenant; the oldest tenants have their names."""
        if tenant is None:
            return NOBODY
        return tenant.name[:LONGEST] if tenant.id <= self.tenants else OTHER

    def count(self, metric: Metric, labels: tuple[str, ...], by: float) -> None:
        """Add to a metric."""
        counter = self._counters[metric]
        (counter.labels(*labels) if labels else counter).inc(by)

    def measure(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Set a metric."""
        gauge = self._gauges[metric]
        (gauge.labels(*labels) if labels else gauge).set(value)


def claim(folder: Path, process: str) -> str:
    """Return a name that no running process has, when its files are there in their full size.

    :raises OSError: there is no room for them
    """
    for number in count():
        own = f"{process}{number}"
        with suppress(BlockingIOError):
            held.append(_lock(folder / own))
            break
    for kind, size in SIZES.items():
        path = folder / f"{kind}_{own}.db"
        if not path.exists():
            new = path.with_suffix(".new")
            new.write_bytes(bytes(size))
            new.rename(path)
    return own


class Server:
    """The metrics of the server as a whole; ``failed`` is the word for what is not ready."""

    def __init__(self, failed: str) -> None:
        self.failed = failed

    def collect(self) -> Iterable[Family]:
        """Yield the version, and whether the server is ready."""
        yield InfoMetricFamily("scim", "The version of the server", {"version": VERSION})
        yield GaugeMetricFamily("scim_ready", "Whether /readyz answers ok", not self.failed)


def collected(failed: str) -> bytes:
    """Return the numbers of all processes in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(Server(failed))
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
