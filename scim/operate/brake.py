"""The drift brake: it stops a provider that deactivates or deletes too much within a window.

Users and groups are counted apart. Who was created within the window is not counted, nor is what
the server changes by itself, such as the groups of a user who is deleted.
"""

import json
import logging
import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from threading import Lock, Timer
from typing import Any

from scim.protocol.errors import ForbiddenError
from scim.storage import Change, Database, Operation, Transaction, Unprepared
from scim.storage.brakings import Brakings
from scim.storage.keys import from_now, now
from scim.storage.tokens import Tenant, set_tenant

from .catalogue import BRAKED
from .metrics import count, name_of

OFF, DEFAULT = "off", "default"
WINDOW = 3600  # seconds
DEFAULT_PERCENT = 10
LEAST: Mapping[str, int] = {"User": 500, "Group": 50}  # that the default lets pass
CHANGED = (Operation.PATCH, Operation.REPLACE)
CHOICE = re.compile(r"(\d{1,9})|(\d{1,3}(?:\.\d{1,3})?)%", re.ASCII)
# Seconds for which the number of users, or groups, is good enough to let pass, and to refuse.
KEPT, FRESH = 3600, 60
PAUSE = 60  # seconds between two lines in the log about the same tenant
UNITS = {86400: "day", 3600: "hour", 60: "minute", 1: "second"}
DONE = {"User": "deactivated or deleted", "Group": "emptied or deleted"}
STOPS = "the brake stops this"
NOUNS = {"User": "user", "Group": "group"}

logger = logging.getLogger("scim")
# How many users or groups there are, and when they were counted, by database, tenant and type.
KNOWN: dict[tuple[object, int, str], tuple[int, float]] = {}


@dataclass(frozen=True, slots=True)
class Brake:
    """The brake of a tenant: so many of a type within ``window`` seconds.

    That is ``percent`` of the active users, or of the groups, but at least ``least`` of the type.
    Without a percentage it is ``least`` alone. None of it holds until ``released``, an instant.
    """

    percent: float
    least: Mapping[str, int]
    window: int = WINDOW
    released: str = ""

    @classmethod
    def of(cls, tenant: Tenant) -> "Brake | None":
        """Return the brake that a tenant has chosen, None if it is off."""
        window, released = tenant.brake_window or WINDOW, tenant.released_until or ""
        if tenant.brake == OFF:
            return None
        chosen = CHOICE.fullmatch(tenant.brake or "")
        if chosen is None:
            return cls(DEFAULT_PERCENT, LEAST, window, released)
        percent = float(chosen[2] or 0)
        return cls(percent, dict.fromkeys(LEAST, int(chosen[1] or 1)), window, released)

    @property
    def since(self) -> str:
        """The instant at which the window begins."""
        return from_now(seconds=-self.window)

    @property
    def is_released(self) -> bool:
        return self.released > now()

    def limit(self, type_name: str, all_of_type: int) -> int:
        """Return how many may be deactivated, emptied or deleted, of so many."""
        return max(self.least[type_name], int(self.percent * all_of_type / 100))


def check(transaction: Transaction, tenant: Tenant) -> None:
    """Count what a transaction has done, at its end.

    :raises ForbiddenError: that is more than the tenant lets pass
    """
    drastic = [each for each in transaction.changes if _is_drastic(each)]
    brake = Brake.of(tenant) if drastic else None
    if brake is None or brake.is_released:
        return
    since = brake.since
    counted = Brakings(transaction.connection, transaction.tenant_id)
    for change in drastic:
        if transaction.was[change.resource_id].created >= since:
            continue
        if (
            change.members
            and change.operation in CHANGED
            and counted.has_members(change.resource_id)
        ):
            continue
        counted.lock()
        number = counted.add(change.resource_type, change.resource_id, since)
        if number > brake.least[change.resource_type]:
            _check_number(counted, brake, tenant, change.resource_type, number)


def _is_drastic(change: Change) -> bool:
    """Tell whether a request deactivated or deleted a user, deleted a group or took members out."""
    if change.cause or change.resource_type not in LEAST:
        return False
    if change.operation is Operation.DELETE:
        return True
    if change.operation not in CHANGED:
        return False
    if change.resource_type == "Group":
        return bool(change.members) and not any(change.members.values())
    return is_deactivated(change)


def is_deactivated(change: Change) -> bool:
    """Tell whether an active user has become an inactive one."""
    if change.after is None or '"active":false' not in change.after:
        return False
    return _active(change.after) is False and _active(change.before) is not False


def _active(body: str | None) -> object:
    return json.loads(body or "{}", strict=False).get("active")


def _check_number(
    counted: Brakings, brake: Brake, tenant: Tenant, type_name: str, number: int
) -> None:
    """Raise if so many are more than the tenant lets pass.

    :raises ForbiddenError: they are
    :raises NotCounted: the number of all users or groups must be known first
    """
    limit = brake.limit(type_name, 0)
    if brake.percent:
        missing = NotCounted(counted, type_name, number)
        known, at = missing.known
        limit, age = brake.limit(type_name, known), time.monotonic() - at
        if age > (KEPT if number <= limit else FRESH):
            raise missing
    if number <= limit:
        return
    detail = (
        f"{STOPS}: {told(type_name, number - 1)} within {words(brake.window)}, and"
        f" the limit is {limit:,}; if that was meant, the operator of this server lets further"
        f" ones pass with `python manage.py tenant release {shlex.quote(tenant.name)}`"
    )
    if not counted.is_dry:
        count(BRAKED, name_of(tenant))
        REFUSED.add(tenant, detail)
    raise ForbiddenError(detail)


@dataclass(frozen=True, slots=True)
class State:
    """The brake of a tenant now: how many are counted, and how many may be, by type."""

    brake: Brake | None
    counted: Mapping[str, int]
    limits: Mapping[str, int]

    @property
    def is_stopping(self) -> bool:
        """Whether a further user or group would be one too many."""
        is_on = self.brake is not None and not self.brake.is_released
        return is_on and any(self.counted[each] >= limit for each, limit in self.limits.items())

    @property
    def sentence(self) -> str:
        """The state as people read it, without a full stop."""
        if self.brake is None:
            return "the brake is off"
        if self.brake.is_released:
            return f"the brake is released until {self.brake.released[:19]}Z"
        numbers = " and ".join(
            f"{self.counted[each]:,} of {limit:,} {NOUNS[each]}s"
            for each, limit in self.limits.items()
        )
        stops = ", and stops more" if self.is_stopping else ""
        return f"the brake has counted {numbers} within {words(self.brake.window)}{stops}"


def state(counted: Brakings, tenant: Tenant) -> State:
    """Return the state of a tenant's brake."""
    brake = Brake.of(tenant)
    if brake is None:
        return State(None, {}, {})
    numbers = {each: counted.number(each, brake.since) for each in LEAST}
    limits = {}
    for each, number in numbers.items():
        missing = NotCounted(counted, each, number)
        if brake.percent and time.monotonic() - missing.known[1] > FRESH:
            missing.prepare(lambda work: work(counted.connection))
        limits[each] = brake.limit(each, missing.known[0])
    return State(brake, numbers, limits)


def let_pass(database: Database, tenant: Tenant, seconds: int) -> str:
    """Let everything pass for some seconds, of which nothing is counted; return when they end."""
    until = from_now(seconds=seconds)
    database.write(lambda connection: set_tenant(connection, tenant, released_until=until))
    return until


def told(type_name: str, number: int) -> str:
    """Return in words how many were counted: ``2 users were deactivated or deleted``."""
    noun = f"{NOUNS[type_name]} was" if number == 1 else f"{NOUNS[type_name]}s were"
    return f"{number:,} {noun} {DONE[type_name]}"


def words(seconds: int) -> str:
    """Return a time as people say it: ``an hour``, ``90 minutes``."""
    unit = next(each for each in UNITS if seconds % each == 0)
    number = seconds // unit
    if number == 1:
        return f"{'an' if unit == WINDOW else 'a'} {UNITS[unit]}"
    return f"{number} {UNITS[unit]}s"


class NotCounted(Unprepared):
    """The users or groups of a tenant must be counted, which takes a second for a million."""

    def __init__(self, counted: Brakings, type_name: str, number: int) -> None:
        super().__init__(type_name)
        self.tenant_id, self.type_name, self.number = counted.tenant_id, type_name, number
        self.key = counted.connection.engine.url, counted.tenant_id, type_name

    @property
    def known(self) -> tuple[int, float]:
        """The number and when it was counted."""
        return KNOWN.get(self.key, (0, -inf))

    def prepare(self, read: Callable[[Callable[[Any], int]], int]) -> None:
        """Count the groups, or the active users there were before so many of them went."""
        found = read(lambda connection: Brakings(connection, self.tenant_id).all(self.type_name))
        gone = self.number if self.type_name == "User" else 0
        KNOWN[self.key] = found + gone, time.monotonic()


class Refused:
    """The refused writes, of which the log tells at once, and then once a minute how many."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.further: dict[int, int] = {}  # by tenant, while a minute passes

    def add(self, tenant: Tenant, detail: str) -> None:
        """Count a write of a tenant."""
        with self.lock:
            if tenant.id in self.further:
                self.further[tenant.id] += 1
                return
            self.further[tenant.id] = 0
        logger.warning("A write of the tenant %s was refused: %s", tenant.name, detail)
        self._wait(tenant)

    def _wait(self, tenant: Tenant) -> None:
        timer = Timer(PAUSE, self._tell, [tenant])
        timer.daemon = True
        timer.start()

    def _tell(self, tenant: Tenant) -> None:
        with self.lock:
            number = self.further.pop(tenant.id)
            if number:
                self.further[tenant.id] = 0
        if number:
            writes = "1 further write" if number == 1 else f"{number} further writes"
            logger.warning("The brake of the tenant %s refused %s", tenant.name, writes)
            self._wait(tenant)


REFUSED = Refused()
