"""The records of provisioning: log entries, cycles, failed objects and the quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..values import Record, now
from .target import TargetError

# In cycles of 40 minutes. In quarantine a cycle comes after 6, 6, 12 and 24 hours, then daily.
QUARANTINE_PAUSES = (9, 9, 18, 36)
DISABLED_AFTER = 28 * 36
# A failed object comes again in the next cycle, then 6, 12, 24, 48, 96 and 168 hours after its
# first failure.
ESCROW_PAUSES = (1, 9, 18, 36, 72, 144, 252)
# A larger share of failures leads into quarantine, but only from so many failures on. With Entra ID
# it takes 5,000 of them.
FAILING_SHARE = 0.4
LEAST_FAILURES = 5


@dataclass
class Entry:
    """The outcome for one object: an entry of the provisioning logs."""

    kind: str
    source_id: str
    source_name: str
    refers: bool = False  # about a manager or members, not about the object itself
    cycle_id: str = ""
    action: str = "other"
    status: str = "skipped"
    target_id: str | None = None
    error: TargetError | None = None
    steps: list[Record] = field(default_factory=list)
    modified: list[Record] = field(default_factory=list)
    entry_id: str = field(default_factory=lambda: str(uuid4()))
    began: str = field(default_factory=now)

    def step(self, name: str, kind: str, status: str, description: str, **details: Any) -> None:
        self.steps.append(
            {
                "name": name,
                "provisioningStepType": kind,
                "status": status,
                "description": description,
                "details": details,
            }
        )

    def skip(self, reason: str, description: str) -> None:
        self.step("EntrySynchronizationSkip", "export", "skipped", description, SkipReason=reason)

    def done(
        self, action: str, description: str, modified: Mapping[str, object] | None = None
    ) -> None:
        """Note that the app carried out a request."""
        self.action, self.status = action, "success"
        self.step(f"EntryExport{action.capitalize()}", "export", "success", description)
        self.modified += [
            {"displayName": name, "oldValue": None, "newValue": str(value)}
            for name, value in (modified or {}).items()
        ]

    def fail(self, error: TargetError) -> None:
        self.status, self.error = "failure", error
        described = f"{self.source_name}: {error.message}"
        self.step("EntryExport", "export", "failure", described, ErrorCode=error.code)

    def show(self, job_id: str) -> Record:
        """Return the entry as a provisioningObjectSummary of Graph."""
        return {
            "id": self.entry_id,
            "activityDateTime": self.began,
            "jobId": job_id,
            "cycleId": self.cycle_id,
            "provisioningAction": self.action,
            "provisioningStatusInfo": {
                "status": self.status,
                "errorInformation": self.error
                and {"errorCode": self.error.code, "reason": self.error.message},
            },
            "provisioningSteps": self.steps,
            "modifiedProperties": self.modified,
            "sourceIdentity": {
                "id": self.source_id,
                "displayName": self.source_name,
                "identityType": self.kind,
            },
            "targetIdentity": {"id": self.target_id, "identityType": self.kind},
        }


@dataclass
class Cycle:
    """One run through the changed objects."""

    cycle_id: str = field(default_factory=lambda: str(uuid4()))
    began: str = field(default_factory=now)
    ended: str | None = None
    entries: list[Entry] = field(default_factory=list)
    error: TargetError | None = None

    def count(self, status: str) -> int:
        return sum(entry.status == status for entry in self.entries)

    def show(self) -> Record:
        """Return the cycle as a synchronizationTaskExecution of Graph."""
        state = "EntryLevelErrors" if self.count("failure") else "Succeeded"
        return {
            "activityIdentifier": self.cycle_id,
            "timeBegan": self.began,
            "timeEnded": self.ended,
            "state": "Failed" if self.error else state,
            "error": self.error and show_error(self.error.code, self.error.message),
            "countImported": len({entry.source_id for entry in self.entries}),
            "countExported": self.count("success"),
            "countEscrowed": self.count("failure"),
        }


@dataclass
class Escrow:
    """A failed object: the cycle of its first failure, and the number of failures."""

    began: int
    failures: int = 0

    def is_due(self, cycle: int) -> bool:
        pauses = ESCROW_PAUSES[self.failures - 1 : self.failures]  # empty after the last one
        return any(cycle >= self.began + pause for pause in pauses)


@dataclass
class Quarantine:
    """The reason for longer pauses between cycles, and their beginning."""

    reason: str
    code: str
    message: str
    began: str = field(default_factory=now)
    failures: int = 1

    @property
    def pause(self) -> int:
        """The intervals until the next cycle."""
        return QUARANTINE_PAUSES[min(self.failures, len(QUARANTINE_PAUSES)) - 1]

    @property
    def is_over(self) -> bool:
        """Has the quarantine lasted four weeks? Then the job is disabled."""
        first = sum(QUARANTINE_PAUSES[: self.failures])
        daily = max(0, self.failures - len(QUARANTINE_PAUSES)) * QUARANTINE_PAUSES[-1]
        return first + daily > DISABLED_AFTER

    def show(self) -> Record:
        """Return the quarantine as a synchronizationQuarantine of Graph."""
        return {
            "reason": self.reason,
            "currentBegan": self.began,
            "seriesBegan": self.began,
            "seriesCount": self.failures,
            "error": show_error(self.code, self.message),
        }


def show_error(code: str, message: str) -> Record:
    return {"code": code, "message": message, "tenantActionable": True}
