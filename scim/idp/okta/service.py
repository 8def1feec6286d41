"""Provisioning in the background: one task after the other, and a list of the failed ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import Queue
from threading import Thread
from urllib.parse import unquote

from ..scim_client import Exchange, ScimClient
from ..values import Record, now
from ..waiting import Waiting
from .org import Assignment, Mapping, Org, new_id
from .profiles import to_app_profile
from .provisioning import HEADERS, Provisioner, ProvisioningError


@dataclass
class Task:
    """A step that tells the SCIM server something. Failed tasks are kept, as on Okta's page."""

    title: str
    user_id: str | None
    step: Callable[[], None]
    id: str = field(default_factory=lambda: new_id("tsk"))
    status: str = "PENDING"
    error: str | None = None
    created: str = field(default_factory=now)


class Service:
    """An organization whose changes reach a SCIM server; ``show`` gets the requests in full.

    :raises ValueError: the URL or the token cannot be sent
    """

    def __init__(
        self,
        org: Org,
        url: str,
        token: str,
        say: Callable[[str], None],
        first_pause: float = 1,
        show: Callable[[str], None] | None = None,
    ) -> None:
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        client = ScimClient(url, headers, self._note, first_pause, show)
        client.waiting = Waiting(say)
        self.org, self.say = org, say
        self.provisioner = Provisioner(org, client)
        self.tasks: dict[str, Task] = {}  # the failed ones
        self.queue: Queue[Task | None] = Queue()
        self.worker = Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self.worker.start()
        self.do("Test API credentials", self.provisioner.test_credentials)

    def stop(self) -> None:
        """Close the connection. A worker that still waits for the server ends with the process."""
        if self.worker.is_alive() and not self.queue.unfinished_tasks:
            self.queue.put(None)
            self.worker.join()
            self.provisioner.client.close()

    def do(self, title: str, step: Callable[[], None], user_id: str | None = None) -> None:
        """Queue a step behind everything that was queued before."""
        self.queue.put(Task(title, user_id, step))

    def assign(self, user_id: str, profile: Record, scope: str) -> Assignment:
        """Give the app to a user, which creates or reactivates the user in the server."""
        app = self.org.app
        assignment = app.assignments[user_id] = Assignment(user_id, profile, scope)
        if app.creates:
            title = f"Assign {profile['userName']}"
            self.do(title, partial(self.provisioner.assign, user_id), user_id)
        return assignment

    def unassign(self, user_id: str) -> None:
        """Take the app from a user, which deactivates the user in the server."""
        app = self.org.app
        if app.assignments.pop(user_id, None) and app.deactivates:
            title = f"Deactivate {self.org.users[user_id].profile['login']}"
            self.do(title, partial(self.provisioner.deactivate, user_id), user_id)

    def follow_groups(self) -> None:
        """Assign the new members of the app's groups, unassign users who are in none any more.

        Okta leaves a user alone who was assigned individually.
        """
        wanted = self.org.users_of_app_groups()
        for user_id, assignment in list(self.org.app.assignments.items()):
            if assignment.scope == "GROUP" and user_id not in wanted:
                self.unassign(user_id)
        for user_id in wanted:
            if user_id not in self.org.app.assignments:
                self.assign(user_id, to_app_profile(self.org.users[user_id].profile), "GROUP")

    def push_profile(self, user_id: str) -> None:
        """Send the profile of an assigned user, if updates are switched on."""
        app = self.org.app
        if app.updates:
            title = f"Update {app.assignments[user_id].profile['userName']}"
            self.do(title, partial(self.provisioner.update, user_id), user_id)

    def push_password(self, user_id: str) -> None:
        """Send the password of an assigned user, if passwords are synchronized."""
        app = self.org.app
        if user_id in app.assignments and app.syncs_passwords:
            title = f"Synchronize the password of {app.assignments[user_id].profile['userName']}"
            self.do(title, partial(self.provisioner.change_password, user_id), user_id)

    def push_groups(self) -> None:
        """Push each group that differs from what the server has."""
        for mapping in self.provisioner.stale_groups():
            self.push_group(mapping)

    def push_group(self, mapping: Mapping) -> None:
        title = f"Push group {self.provisioner.name_of(mapping)}"
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
                self.push_groups()  # the step may have created members, others may have come
            except ProvisioningError as error:
                self._fail(task, str(error))
            except Exception as error:  # the next task must be done whatever this one raises
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
