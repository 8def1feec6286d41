"""Long work that the console starts: the commands ``check`` and ``demo``, one at a time."""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock, Thread

from scim.explain.exchange import Exchange
from scim.places import PROJECT
from scim.protocol.values import date_time
from scim.service import Service
from scim.settings import TARGET_TOKEN
from scim.storage import Connection
from scim.storage.tokens import Tenant, issue_token, revoke_token

# The arguments of each command; the name is that of its token, too.
JOBS: Mapping[str, Sequence[str]] = {
    "check": ("check", "--report", "html", "--output"),
    "demo": ("demo", "--users", "50", "--speed", "0.2"),
}
# The process of the console has blocked the signals that are to stop a command.
UNBLOCKED = (
    "import runpy, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, ()); "
    "sys.argv[0] = 'manage.py'; runpy.run_path('manage.py', run_name='__main__')"
)
PATIENCE = 3  # seconds that a command has to end with the console
RECENT = 300  # seconds in which a page tells the end
KEPT = 200  # lines of what a command has printed
DONE = re.compile(r"(\d{1,6}) of (\d{1,6}) checks")
DAY = re.compile(r"\d\d [A-Z][a-z]{2}(?=  )")
YEAR = 2024  # a leap year: it has every day


class Job:
    """A command that runs, or that has ended with an exit status."""

    def __init__(self, kind: str, tenant: Tenant) -> None:
        self.kind = kind
        self.tenant = tenant
        self.began = date_time(datetime.now(UTC))
        self.ended = ""
        self.lines: deque[str] = deque(maxlen=KEPT)
        self.status: int | None = None
        self.is_stopped = False
        self.report = ""
        self.process: subprocess.Popen[str] | None = None

    @property
    def is_running(self) -> bool:
        return self.status is None

    @property
    def is_recent(self) -> bool:
        """Whether it has ended a short time ago."""
        since = datetime.now(UTC) - timedelta(seconds=RECENT)
        return bool(self.ended) and self.ended > date_time(since)

    @property
    def last_line(self) -> str:
        """The last line that was printed."""
        return self.lines[-1] if self.lines else ""

    @property
    def percent(self) -> int | None:
        """How much is done, as far as the last line tells it."""
        if found := DONE.search(self.last_line):
            return min(100, 100 * int(found[1]) // max(1, int(found[2])))
        if found := DAY.match(self.last_line):
            try:
                day = datetime.strptime(f"{found[0]} {YEAR}", "%d %b %Y")
            except ValueError:
                return None
            return 100 * day.timetuple().tm_yday // 366
        return None


class Jobs:
    """Starts a command, and keeps what it says until the next one begins."""

    def __init__(self, service: Service) -> None:
        self.current: Job | None = None
        self._checks: deque[Job] = deque(maxlen=20)
        self._service = service
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self, kind: str, tenant: Tenant) -> bool:
        """Start a command for a tenant; tell whether none was running."""
        with self._lock:
            if self.current and self.current.is_running:
                return False
            job = self.current = Job(kind, tenant)
            if kind == "check":
                self._checks.append(job)
        self._thread = Thread(target=self._run, args=(job,), name=kind, daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """Let the command end; ``check`` deletes first what it has made."""
        with self._lock:
            job = self.current
            if job and job.is_running:
                job.is_stopped = True
                if job.process:
                    job.process.terminate()

    def close(self) -> None:
        """Stop the command, and wait a little, so that its token does not outlive it."""
        self.stop()
        if self._thread:
            self._thread.join(PATIENCE)

    def sent(self, exchange: Exchange) -> bool:
        """Tell whether a command sent a request; the checks also send tokens that are none."""
        if exchange.token in JOBS:
            return True
        at = exchange.at
        return exchange.status == 401 and any(
            each.began <= at and (not each.ended or at <= each.ended) for each in self._checks
        )

    def _run(self, job: Job) -> None:
        folder = Path(mkdtemp(prefix="scim-"))
        try:
            self._carry_out(job, folder / "report.html")
        except Exception as error:  # the page tells it
            job.lines.append(f"It ended with an error: {error}")
            job.status = 1
        finally:
            job.ended = date_time(datetime.now(UTC))
            shutil.rmtree(folder, ignore_errors=True)

    def _carry_out(self, job: Job, report: Path) -> None:
        database, kind, tenant = self._service.database, job.kind, job.tenant

        def issue(connection: Connection) -> str | None:
            revoke_token(connection, tenant, kind)  # one that an earlier console has left
            return issue_token(connection, tenant, kind, None)

        token = database.write(issue)
        try:
            with self._started(job, report, token or "") as process:
                job.process = process
                if job.is_stopped:
                    process.terminate()
                for line in process.stdout or ():
                    job.lines.append(line.rstrip()[:1000])
            if report.is_file():
                job.report = report.read_text(encoding="utf-8")
        finally:
            database.write(lambda connection: revoke_token(connection, tenant, kind))
        job.status = process.returncode

    def _started(self, job: Job, report: Path, token: str) -> subprocess.Popen[str]:
        arguments = [*JOBS[job.kind], *([str(report)] if job.kind == "check" else [])]
        if certificate := self._service.settings.tls_certificate:
            arguments += ["--ca", str(PROJECT / certificate)]
        return subprocess.Popen(
            [sys.executable, "-c", UNBLOCKED, *arguments],
            cwd=PROJECT,
            env={**os.environ, TARGET_TOKEN: token, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
