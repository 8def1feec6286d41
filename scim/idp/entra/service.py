"""What the views of the stand-in Entra ID's API share."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from .dialect import COMPLIANT, DIALECTS
from .directory import Directory, Record
from .job import Job
from .mapping.rules import Rules, default_rules
from .provisioning import Provisioner
from .target import Target

NOT_SHOWN = {"manager", "members", "deletedDateTime"}

Answer = tuple[int, Any]
View = Callable[..., Answer]


@dataclass
class Service:
    """What the API manages. ``asked`` wakes whoever runs the cycles."""

    job: Job
    interval: float
    lock: Lock = field(default_factory=Lock)
    asked: Event = field(default_factory=Event)

    @property
    def directory(self) -> Directory:
        return self.job.provisioner.directory

    def connect(self, url: str, token: str) -> None:
        """Provision into another app, or into the same one with another token."""
        target = Target(url, token, self.job.say)
        self.job.provisioner.target.close()
        self.job.provisioner.target = target

    def run_cycles(self) -> None:
        """Run a cycle now, at every interval and whenever asked, for ever."""
        while True:
            with self.lock:
                if self.job.state == "Active":
                    self.job.run_cycle()
                quarantine = self.job.quarantine
            self.asked.wait(self.interval * (quarantine.pause if quarantine else 1))
            self.asked.clear()


def new_service(
    directory: Directory,
    url: str,
    token: str,
    dialect: str,
    matching: str,
    interval: float,
    say: Callable[[str], None],
    rules: Rules | None = None,
) -> Service:
    """Return the service for one app; a flag in the tenant URL chooses the dialect, too.

    Rules of one's own take the place of the default ones, which ``matching`` completes.
    """
    if COMPLIANT.lower() in url.lower():
        dialect = COMPLIANT
    elif dialect == COMPLIANT:
        url += f"{'&' if '?' in url else '?'}{COMPLIANT}"
    provisioner = Provisioner(
        directory, Target(url, token, say), DIALECTS[dialect], rules or default_rules(matching)
    )
    return Service(Job(provisioner, say), interval)


class Routes(list[tuple[str, re.Pattern[str], View]]):
    """Views by the method and the path that they answer."""

    def view(self, method: str, path: str) -> Callable[[View], View]:
        """Add a view, which is given the service, the body and the names in the path."""
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))

        def add(view: View) -> View:
            self.append((method, pattern, view))
            return view

        return add


def shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in NOT_SHOWN}


def collection(records: list[Record]) -> Answer:
    return 200, {"value": records}
