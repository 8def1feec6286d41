"""Limits: so many requests of a tenant in a while, and so many refused tokens of an address.

Without Redis each worker counts for itself. The memory of the library ``limits`` is not used for
that: it starts a thread for almost every request, which took 375 µs.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from math import ceil
from threading import Lock
from time import monotonic, time
from typing import Any, TypeVar

from scim.printing import printable
from scim.protocol.errors import TooManyRequestsError
from scim.rate import Rate
from scim.settings import Settings
from scim.storage.tokens import Tenant

from . import metrics
from .catalogue import LIMITED, NOBODY

T = TypeVar("T")
LEAST = 25  # requests a second that a worker lets a tenant send, unless the limit itself is lower
GUESSES = Rate(60, 60)  # refused tokens of an address
MOST_KEPT = 100_000  # counts in the memory of a process
ANSWERING = 0.25  # seconds that Redis has to answer
SLOW = 0.1  # seconds after which an answer counts as too late for the next requests
AWAY = 5.0  # seconds in which it is not asked again when it has not, or was slow
PAUSE = 60  # seconds between two lines in the log about that

logger = logging.getLogger("scim")


class Memory:
    """The counts of a process: each begins with its first event and ends after its seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def incr(self, key: str, seconds: int, amount: int = 1) -> int:
        """Add to a count and return it."""
        now = monotonic()
        with self._lock:
            ends, count = self._counts.get(key, (0.0, 0))
            if ends <= now:
                if len(self._counts) >= MOST_KEPT:
                    self._make_room(now)
                ends, count = now + seconds, 0
            self._counts[key] = ends, count + amount
        return count + amount

    def get(self, key: str) -> int:
        """Return a count; 0 if there is none."""
        ends, count = self._counts.get(key, (0.0, 0))
        return count if ends > monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """Return the instant (as by ``time``) at which a count ends."""
        return time() + self._counts.get(key, (0.0, 0))[0] - monotonic()

    def _make_room(self, now: float) -> None:
        self._counts = {key: kept for key, kept in self._counts.items() if kept[0] > now}
        if len(self._counts) >= MOST_KEPT:
            self._counts.clear()


class Limiter:
    """Counts the requests of one process, or with Redis those of all processes.

    If Redis does not answer, the process counts for itself, so that no request has to wait.
    """

    def __init__(self, settings: Settings, rate: Rate) -> None:
        self._rate = rate
        self._share = share(rate, settings.workers, LEAST)
        self._guesses = share(GUESSES, settings.workers)
        self._memory = Memory()
        self._redis = _redis(settings.limits_url) if settings.limits_url else None
        self._away_until = 0.0
        self._told = -float(PAUSE)

    def take(self, tenant: Tenant) -> None:
        """Count a request of a tenant.

        :raises TooManyRequestsError: it is one too many
        """
        key, seconds = _key_of(tenant.cursor_key), self._rate.seconds
        storage, count = self._counted(lambda counts: counts.incr(key, seconds))
        if count > (self._share if storage is self._memory else self._rate.amount):
            metrics.count(LIMITED, "tenant", metrics.name_of(tenant))
            raise self._error(key, seconds, f"the tenant has sent more than {self._rate}")

    def charge(self, tenant: Tenant, amount: int) -> None:
        """Count what a request has brought beside itself; it is the next ones that wait."""
        if amount > 0:
            key, seconds = _key_of(tenant.cursor_key), self._rate.seconds
            self._counted(lambda counts: counts.incr(key, seconds, amount))

    def check_address(self, address: str) -> None:
        """Check that an address may try one more token.

        :raises TooManyRequestsError: too many of its tokens were refused
        """
        key = _key_at(address)
        storage, count = self._counted(lambda counts: counts.get(key))
        if count >= (self._guesses if storage is self._memory else GUESSES.amount):
            metrics.count(LIMITED, "address", NOBODY)
            raise self._error(key, GUESSES.seconds, "too many tokens of this address were refused")

    def note_refused(self, address: str) -> None:
        """Count a token that was refused."""
        key = _key_at(address)
        self._counted(lambda counts: counts.incr(key, GUESSES.seconds))

    def _counted(self, operation: Callable[[Any], T]) -> tuple[Any, T]:
        """Return who has carried an operation out, Redis or the memory, and what it returned."""
        if self._redis and (began := monotonic()) >= self._away_until:
            try:
                found = operation(self._redis)
            except Exception as error:  # whatever it is, requests go on
                self._lose(str(error))
            else:
                if (took := monotonic() - began) > SLOW:
                    self._lose(f"an answer took {took:.2f} s")
                return self._redis, found
        return self._memory, operation(self._memory)

    def _lose(self, reason: str) -> None:
        now = monotonic()
        self._away_until = now + AWAY
        if now - self._told >= PAUSE:
            self._told = now
            said = "SCIM_LIMITS_URL: Redis does not count (%s), so each worker counts for itself"
            logger.warning(said, printable(reason[:200]))

    def _error(self, key: str, seconds: int, fault: str) -> TooManyRequestsError:
        _, ends = self._counted(lambda counts: counts.get_expiry(key))
        left = min(seconds, max(1, ceil(ends - time())))
        wait = f"{left} second{'s' if left > 1 else ''}"
        error = TooManyRequestsError(f"{fault}; try again in {wait}, as Retry-After says")
        error.retry_after = left
        return error


def share(rate: Rate, workers: int, least: int = 0) -> int:
    """Return how much of a limit one of several workers lets through.

    A client may send all its requests to one worker, so ``least`` a second are never too many.
    """
    equal = ceil(rate.amount / workers)
    return max(equal, least * rate.seconds) if rate.amount >= least * rate.seconds else equal


@lru_cache
def _key_of(secret: str) -> str:
    """Return the key of a tenant; servers with other databases may share the same Redis."""
    return f"tenant/{hashlib.sha256(secret.encode()).hexdigest()[:20]}"


@lru_cache
def _key_at(address: str) -> str:
    """Return the key of an address; a client has 2^64 addresses of IPv6 as a rule."""
    try:
        found = ip_address(address)
    except ValueError:
        return "address/"
    found = getattr(found, "ipv4_mapped", None) or found
    return f"address/{found if found.version == 4 else ip_network(f'{found}/64', strict=False)}"


def _redis(url: str) -> Any:
    """Return the storage of the library in Redis or Valkey; it connects with the first request."""
    from limits.storage import RedisStorage  # noqa: PLC0415 - half a second, for few servers
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    again = Retry(NoBackoff(), 1)  # the server closes an idle connection
    options: Any = {
        "socket_timeout": ANSWERING,
        "socket_connect_timeout": ANSWERING,
        "retry": again,
    }
    return RedisStorage(re.sub("^valkey", "redis", url), key_prefix="scim", **options)
