"""The provisioning job and its cycles.

The first cycle looks at every object of the directory, the next ones at the changed objects. Only
assigned users and groups are provisioned. Users come first, then groups, then references: managers
and members.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..values import now
from .dialect import DefaultDialect
from .mapping.rules import Rules
from .provisioning import Provisioner
from .records import FAILING_SHARE, LEAST_FAILURES, Cycle, Entry, Escrow, Quarantine
from .target import UnusableTargetError

KEPT_ENTRIES = 1000
RESTART = frozenset({"Escrows", "Watermark", "QuarantineState"})  # the portal's button


class Job:
    """A synchronization job. It is not thread-safe: callers hold a lock."""

    def __init__(self, provisioner: Provisioner, say: Callable[[str], None]) -> None:
        self.provisioner, self.say = provisioner, say
        self.state = "Active"
        self.watermark: int | None = None
        self.cycles = 0  # since the beginning, with those that a quarantine left out
        self.escrows: dict[str, Escrow] = {}  # failed objects, which are tried again
        self.quarantine: Quarantine | None = None
        self.cycle: Cycle | None = None
        self.last_good: Cycle | None = None
        self.failed_cycles = 0
        self.exports = {"success": 0, "failure": 0}
        self.logs: deque[Entry] = deque(maxlen=KEPT_ENTRIES)

    def start(self) -> None:
        """Leave a pause and the quarantine; the next cycle goes on at the watermark."""
        self.state, self.quarantine = "Active", None

    def pause(self) -> None:
        self.state = "Paused"

    def restart(self, scope: frozenset[str]) -> None:
        """Forget the parts of the state that the scope names, then start.

        ``Full`` also forgets the ids of the app.
        """
        if "Full" in scope:
            scope |= RESTART | {"ConnectorDataStore"}
        if "Watermark" in scope:
            self.watermark = None
        if "Escrows" in scope:
            self.escrows.clear()
            self._count_anew()
        if "ConnectorDataStore" in scope:
            self.provisioner.links.clear()
        if "QuarantineState" in scope:
            self.quarantine = None
        self.state = "Active"

    def change_rules(self, rules: Rules) -> None:
        """Provision by other rules; the next cycle looks at every object."""
        self.provisioner.rules, self.watermark = rules, None

    def run_cycle(self) -> Cycle:
        """Provision the objects that have changed since the last cycle, and the due retries."""
        self.cycle = cycle = Cycle()
        self.cycles += self.quarantine.pause if self.quarantine else 1
        directory = self.provisioner.directory
        mark = directory.watermark
        due = sorted(key for key, each in self.escrows.items() if each.is_due(self.cycles))
        objects = list(dict.fromkeys([*directory.changed_since(self.watermark or 0), *due]))
        kind = "initial" if self.watermark is None else "incremental"
        self.say(f"{kind} cycle: {len(objects)} to look at")
        try:
            self._provision(cycle, objects)
        except UnusableTargetError as error:
            self._fail(cycle, error)
        else:
            self.watermark = mark
            self._finish(cycle)
        cycle.ended = now()
        return cycle

    def _provision(self, cycle: Cycle, objects: list[str]) -> None:
        for entry in self._entries(objects):
            self._note(entry, cycle)
            if isinstance(entry.error, UnusableTargetError):
                raise entry.error

    def _entries(self, objects: list[str]) -> Iterator[Entry]:
        """Provision users, then groups, then the references of every known object."""
        is_group = self.provisioner.is_group
        groups = [object_id for object_id in objects if is_group(object_id)]
        users = [object_id for object_id in objects if not is_group(object_id)]
        yield from map(self.provisioner.provision_user, users)
        yield from map(self.provisioner.provision_group, groups)
        for provision in (self.provisioner.provision_manager, self.provisioner.provision_members):
            yield from filter(None, map(provision, list(self.provisioner.links)))

    def provision_on_demand(self, object_id: str, members: frozenset[str]) -> list[Entry]:
        """Provision one object now, and the named members if it is a group.

        The flag in the tenant URL has no effect here: Entra ID always uses the default dialect.
        """
        provisioner = replace(self.provisioner, dialect=DefaultDialect())
        self.say(f"on demand: {object_id}")
        if provisioner.is_group(object_id):
            entry = provisioner.provision_group(object_id)
            reference = provisioner.provision_members(object_id, members)
        else:
            entry = provisioner.provision_user(object_id)
            reference = provisioner.provision_manager(object_id)
        cycle = Cycle()
        return [self._note(each, cycle) for each in (entry, reference) if each]

    def _note(self, entry: Entry, cycle: Cycle) -> Entry:
        """Log an entry, and put a failed object into escrow for later cycles."""
        entry.cycle_id = cycle.cycle_id
        cycle.entries.append(entry)
        self.logs.appendleft(entry)
        self.say(f"  {entry.status}: {entry.steps[-1]['description']}")
        if not entry.refers and not isinstance(entry.error, UnusableTargetError):
            if entry.error:
                self.escrows.setdefault(entry.source_id, Escrow(self.cycles)).failures += 1
            else:
                self.escrows.pop(entry.source_id, None)
            if entry.status in self.exports:
                self.exports[entry.status] += 1
        return entry

    def _finish(self, cycle: Cycle) -> None:
        """Enter quarantine when too many exports have failed, otherwise leave it."""
        self.failed_cycles = 0
        failures, exports = self.exports["failure"], sum(self.exports.values())
        if not self.escrows:
            self.last_good = cycle
            self._count_anew()
        elif failures >= LEAST_FAILURES and failures > FAILING_SHARE * exports:
            reason = "EncounteredEscrowProportionThreshold"
            self._enter_quarantine(reason, reason, f"{failures} of {exports} exports failed")
            return
        if self.quarantine:
            self.say("out of quarantine")
        self.quarantine = None

    def _fail(self, cycle: Cycle, error: UnusableTargetError) -> None:
        self.failed_cycles += 1
        cycle.error = error
        self._enter_quarantine("EncounteredQuarantineException", error.code, error.message)

    def _enter_quarantine(self, reason: str, code: str, message: str) -> None:
        known = self.quarantine
        self.quarantine = Quarantine(reason, code, message)
        if known:
            self.quarantine.began, self.quarantine.failures = known.began, known.failures + 1
        if self.quarantine.is_over:
            self.state = "Disabled"
        self.say(f"in quarantine: {message}")

    def _count_anew(self) -> None:
        self.exports = {"success": 0, "failure": 0}
