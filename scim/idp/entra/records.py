"""What the stand-in Entra ID remembers of its work: log entries, cycles and the quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from .directory import now
from .target import TargetError

# The first retries come 6, 12 and 24 hours after the failure, then daily; a cycle is 40 minutes.
QUARANTINE_PAUSES = (9, 9, 18, 36)
DISABLED_AFTER = 28 * 36
# What has failed is tried again in the next cycle, then 6, 12, 24, 48, 96 and 168 hours after that.
ESCROW_PAUSES = (1, 9, 18, 36, 72, 144, 252)
# More than this share of failures is too much, as soon as there are a few of them. Entra ID
# begins to count at 5,000.
FAILING_SHARE = 0.4
LEAST_FAILURES = 5


@dataclass
class Entry:
    """What became of one object: an entry of the provisioning logs."""

    kind: str
    source_id: str
    source_name: str
    refers: bool = False  # is it about a manager or members?
    cycle_id: str = ""
    action: str = "other"
    status: str = "skipped"
    target_id: str | None = None
    error: TargetError | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    modified: list[dict[str, Any]] = field(default_factory=list)
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
        """Note that the app did what it was asked."""
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

    def shown(self, job_id: str) -> dict[str, Any]:
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
    """One run through what has changed."""

    cycle_id: str = field(default_factory=lambda: str(uuid4()))
    began: str = field(default_factory=now)
    ended: str | None = None
    entries: list[Entry] = field(default_factory=list)
    error: TargetError | None = None

    def count(self, status: str) -> int:
        return sum(entry.status == status for entry in self.entries)

    def shown(self) -> dict[str, Any]:
        """Return the cycle as a synchronizationTaskExecution of Graph."""
        state = "EntryLevelErrors" if self.count("failure") else "Succeeded"
        return {
            "activityIdentifier": self.cycle_id,
            "timeBegan": self.began,
            "timeEnded": self.ended,
            "state": "Failed" if self.error else state,
            "error": self.error and shown_error(self.error.code, self.error.message),
            "countImported": len({entry.source_id for entry in self.entries}),
            "countExported": self.count("success"),
            "countEscrowed": self.count("failure"),
        }


@dataclass
class Escrow:
    """An export that failed: the cycle in which it first did so, and how often it has."""

    began: int
    failures: int = 0

    def is_due(self, cycle: int) -> bool:
        pauses = ESCROW_PAUSES[self.failures - 1 : self.failures]  # none after the last one
        return any(cycle >= self.began + pause for pause in pauses)


@dataclass
class Quarantine:
    """Why cycles come more seldom, and since when."""

    reason: str
    code: str
    message: str
    began: str = field(default_factory=now)
    failures: int = 1

    @property
    def pause(self) -> int:
        """How many times as long as usual the next cycle is away."""
        return QUARANTINE_PAUSES[min(self.failures, len(QUARANTINE_PAUSES)) - 1]

    @property
    def is_over(self) -> bool:
        """Has it lasted four weeks? Then the job is disabled."""
        first = sum(QUARANTINE_PAUSES[: self.failures])
        daily = max(0, self.failures - len(QUARANTINE_PAUSES)) * QUARANTINE_PAUSES[-1]
        return first + daily > DISABLED_AFTER

    def shown(self) -> dict[str, Any]:
        """Return it as a synchronizationQuarantine of Graph."""
        return {
            "reason": self.reason,
            "currentBegan": self.began,
            "seriesBegan": self.began,
            "seriesCount": self.failures,
            "error": shown_error(self.code, self.message),
        }


def shown_error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "tenantActionable": True}
