"""Provisioning in the background, one task after the other, and the list of those that failed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import Queue
from threading import Thread
from urllib.parse import unquote

from ..scim_client import Exchange, ScimClient
from .org import Mapping, Org, new_id, now
from .provisioning import HEADERS, Provisioner, ProvisioningError


@dataclass
class Task:
    """Something to tell the SCIM server. Failed ones are kept, as on Okta's Tasks page."""

    title: str
    user_id: str | None
    step: Callable[[], None]
    id: str = field(default_factory=lambda: new_id("tsk"))
    status: str = "PENDING"
    error: str | None = None
    created: str = field(default_factory=now)


class Service:
    """An organization whose changes reach a SCIM server."""

    def __init__(
        self, org: Org, url: str, token: str, say: Callable[[str], None], first_pause: float = 1
    ) -> None:
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        client = ScimClient(url, headers, self._note, first_pause)
        self.org, self.say = org, say
        self.provisioner = Provisioner(org, client)
        self.tasks: dict[str, Task] = {}  # those that failed
        self.queue: Queue[Task | None] = Queue()
        self.worker = Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self.worker.start()
        self.do("Test API credentials", self.provisioner.test_credentials)

    def stop(self) -> None:
        """Let go of the server, unless the worker waits for it: that one ends with the process."""
        if self.worker.is_alive() and not self.queue.unfinished_tasks:
            self.queue.put(None)
            self.worker.join()
            self.provisioner.client.close()

    def do(self, title: str, step: Callable[[], None], user_id: str | None = None) -> None:
        """Do something in the background, after all that was asked for before."""
        self.queue.put(Task(title, user_id, step))

    def push_groups(self) -> None:
        """Push each group that is not what the server has."""
        for mapping in self.provisioner.stale_groups():
            self.push_group(mapping)

    def push_group(self, mapping: Mapping) -> None:
        title = f"Push group {self.provisioner.name(mapping)}"
        self.do(title, partial(self.provisioner.push_group, mapping.id))

    def retry(self, task_id: str) -> Task:
        task = self.tasks.pop(task_id)
        task.status, task.error = "PENDING", None
        self.queue.put(task)
        return task

    def _work(self) -> None:
        while task := self.queue.get():
            self.say(task.title)
            try:
                task.step()
                self.push_groups()  # the server may know members only now, or others have come
            except ProvisioningError as error:
                self._fail(task, str(error))
            except Exception as error:  # whatever it is, the next task has to be done
                self._fail(task, f"the server's answer makes no sense: {error!r}")
            self.queue.task_done()

    def _fail(self, task: Task, error: str) -> None:
        self.tasks[task.id] = task
        task.status, task.error = "FAILED", error
        assignment = self.org.app.assignments.get(task.user_id or "")
        if assignment:
            assignment.sync_state = "ERROR"
        self.say(f"  failed, kept as task {task.id}: {error}")

    def _note(self, exchange: Exchange) -> None:
        answered = exchange.status or f"no answer: {exchange.problem}"
        self.say(f"  {exchange.method} {unquote(exchange.path)} {answered}")
