"""A provisioning job that runs cycles in the background while the API manages it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock

from .dialect import COMPLIANT, DIALECTS
from .directory import Directory
from .job import Job
from .mapping.rules import Rules, default_rules
from .provisioning import Provisioner
from .target import Target


@dataclass
class Service:
    """The job that the API manages. ``asked`` ends the pause before the next cycle."""

    job: Job
    interval: float  # seconds
    lock: Lock = field(default_factory=Lock)
    asked: Event = field(default_factory=Event)

    @property
    def directory(self) -> Directory:
        return self.job.provisioner.directory

    def connect(self, url: str, token: str) -> None:
        """Provision into another app, or into the same one with another token.

        :raises ValueError: the URL or the token cannot be sent
        """
        old = self.job.provisioner.target
        self.job.provisioner.target = Target(url, token, old.say, old.show)
        old.close()

    def run_cycles(self) -> None:
        """Run a cycle now, after every interval and whenever the API asks, for ever."""
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
    show: Callable[[str], None] | None = None,
) -> Service:
    """Return the service for one app. A flag in the tenant URL chooses the dialect, too.

    ``rules`` replace the default ones, which look for users by ``matching``. ``show`` gets the
    requests and answers in full.

    :raises ValueError: the URL or the token cannot be sent
    """
    if COMPLIANT.lower() in url.lower():
        dialect = COMPLIANT
    elif dialect == COMPLIANT:
        url += f"{'&' if '?' in url else '?'}{COMPLIANT}"
    target = Target(url, token, say, show)
    provisioner = Provisioner(
        directory, target, DIALECTS[dialect], rules or default_rules(matching)
    )
    return Service(Job(provisioner, say), interval)
