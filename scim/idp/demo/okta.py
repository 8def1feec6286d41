"""An administrator of the stand-in for Okta, who uses its API without a network between them.

``managerId`` is the manager's id in the app. Okta leaves its value to the administrator.
"""

from typing import Any

from ..company.events import (
    Company,
    Dismiss,
    Dissolve,
    Employ,
    Enter,
    Exit,
    Form,
    Person,
    Rename,
    Step,
    Update,
)
from ..okta.api.application import create_api
from ..okta.org import App, Org
from ..okta.service import Service
from ..values import Record
from .administrator import Administrator, UnusableServerError

API_TOKEN = "00in-process"
FIRST_PAUSE = 0.1  # seconds; with Okta's pauses a failure would take 15 seconds


class DailyService(Service):
    """Pushes a group once a day, with all its changes in one request, as Okta collects them."""

    def push_groups(self) -> None:
        """Leave the groups for the end of the day."""

    def push_collected(self) -> None:
        super().push_groups()


class OktaAdministrator(Administrator):
    """Uses the API of the stand-in. Its tasks reach the server one after the other."""

    def __init__(self, company: Company, url: str, token: str) -> None:
        super().__init__(company)
        self.org = Org(App("template"))
        self.service = DailyService(self.org, url, token, lambda _: None, FIRST_PAUSE)
        self.watch(self.service.provisioner.client)
        self.api = create_api(self.service, API_TOKEN).test_client()
        self.api.environ_base["HTTP_AUTHORIZATION"] = f"SSWS {API_TOKEN}"
        self.users: dict[str, str] = {}  # ids by login
        self.groups: dict[str, str] = {}  # ids by key
        self.mappings: dict[str, str] = {}  # ids by the keys of groups

    def check(self) -> None:
        self.service.start()
        self.service.queue.join()
        for task in self.service.tasks.values():
            raise UnusableServerError(task.error)
        answer = self.service.provisioner.client.exchanges[-1]
        if "totalResults" not in answer.received:  # Okta itself accepts any 200
            raise UnusableServerError(f"{answer.method} {answer.path} answers no ListResponse")

    def do(self, step: Step) -> None:
        match step:
            case Employ(person):
                self._employ(person)
            case Update(person):
                self._call("POST", self._user(person.login), {"profile": self._profile(person)})
            case Dismiss(login):
                self._call("POST", f"{self._user(login)}/lifecycle/deactivate")
            case Form(group, members):
                self._form(group, members)
            case Rename(group, name):
                self._call("PUT", f"/groups/{self.groups[group]}", {"profile": {"name": name}})
            case Dissolve(group):
                self._dissolve(group)
            case Enter(group, login):
                self._call("PUT", f"/groups/{self.groups[group]}{self._user(login)}")
            case Exit(group, login):
                self._call("DELETE", f"/groups/{self.groups[group]}{self._user(login)}")

    def end_day(self) -> None:
        """Push the groups. Okta has provisioned the users at once."""
        self.service.push_collected()
        self._settle()

    def close(self) -> None:
        self.service.stop()

    def take_failures(self) -> list[str]:
        """Return the refusals, and take their tasks off Okta's page."""
        self.service.tasks.clear()
        return super().take_failures()

    def _user(self, login: str) -> str:
        return f"/users/{self.users[login]}"

    def _employ(self, person: Person) -> None:
        sent = {"profile": self._profile(person)}
        if person.login in self.users:
            self._call("POST", f"{self._user(person.login)}/lifecycle/activate")
            self._call("POST", self._user(person.login), sent)
        else:
            self.users[person.login] = self._call("POST", "/users", sent)["id"]
        self._call("POST", f"/apps/{self.org.app.id}/users", {"id": self.users[person.login]})

    def _profile(self, person: Person) -> Record:
        address = self.company.address(person.login)
        manager = self.org.app.links.get(self.users.get(person.manager or "", ""))
        return {
            "login": address,
            "email": address,
            "firstName": person.given_name,
            "lastName": person.family_name,
            "title": person.title,
            "department": person.department,
            "employeeNumber": person.number,
            "managerId": manager and manager.scim_id,
        }

    def _form(self, group: str, members: tuple[str, ...]) -> None:
        """Create a group with its members, then push it."""
        made = self._call("POST", "/groups", {"profile": {"name": group}})
        self.groups[group] = made["id"]
        for login in members:
            self._call("PUT", f"/groups/{made['id']}{self._user(login)}")
        path = f"/apps/{self.org.app.id}/group-push/mappings"
        self.mappings[group] = self._call("POST", path, {"sourceGroupId": made["id"]})["id"]

    def _dissolve(self, group: str) -> None:
        """Stop pushing a group, and delete it in the app and in Okta."""
        path = f"/apps/{self.org.app.id}/group-push/mappings/{self.mappings.pop(group)}"
        self._call("PATCH", path, {"status": "INACTIVE"})
        self._call("DELETE", f"{path}?deleteTargetGroup=true")
        self._call("DELETE", f"/groups/{self.groups.pop(group)}")

    def _call(self, method: str, path: str, body: Record | None = None) -> Any:
        """Return the answer of the API, after its tasks are done."""
        answer = self.api.open(f"/api/v1{path}", method=method, json=body)
        if answer.status_code not in (200, 204):
            raise ValueError(answer.text)
        self._settle()
        return answer.json if answer.data else None

    def _settle(self) -> None:
        self.service.queue.join()
        last = self.service.provisioner.client.exchanges[-1]
        if last.status in (None, 401):
            raise UnusableServerError(last.detail)
        for task in self.service.tasks.values():
            self.failures[f"{task.title}: {task.error}"] = None
