"""An administrator of the stand-in for Entra ID, who changes its directory."""

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
from ..entra.directory import Directory
from ..entra.service import new_service
from ..entra.target import TargetError
from ..values import Record
from .administrator import Administrator, UnusableServerError

MINUTES = 40


class EntraAdministrator(Administrator):
    """Changes the directory. The job runs a cycle at the end of each day."""

    def __init__(self, company: Company, url: str, token: str) -> None:
        super().__init__(company)
        self.directory = Directory()
        service = new_service(
            self.directory, url, token, "default", "userName", MINUTES, lambda _: None
        )
        self.job = service.job
        self.watch(self.job.provisioner.target.client)
        self.groups: dict[str, str] = {}  # ids by key

    def check(self) -> None:
        try:
            self.job.provisioner.test_connection()
        except TargetError as error:
            raise UnusableServerError(error.message) from None

    def do(self, step: Step) -> None:
        directory = self.directory
        match step:
            case Employ(person):
                self._employ(person)
            case Update(person):
                directory.update_user(self.company.address(person.login), self._values(person))
                self._set_manager(person)
            case Dismiss(login):
                directory.update_user(self.company.address(login), {"accountEnabled": False})
            case Form(group, members):
                self.groups[group] = directory.add_group({"displayName": group})["id"]
                directory.assign(self.groups[group])
                for login in members:
                    directory.add_member(self.groups[group], self._id(login))
            case Rename(group, name):
                directory.update_group(self.groups[group], {"displayName": name})
            case Dissolve(group):
                directory.delete_group(self.groups.pop(group))
            case Enter(group, login):
                directory.add_member(self.groups[group], self._id(login))
            case Exit(group, login):
                directory.remove_member(self.groups[group], self._id(login))

    def end_day(self) -> None:
        cycle = self.job.run_cycle()
        if cycle.error:
            raise UnusableServerError(cycle.error.message)
        for entry in cycle.entries:
            if entry.error:
                self.failures[f"{entry.source_name}: {entry.error.message}"] = None

    def close(self) -> None:
        self.job.provisioner.target.close()

    def _id(self, login: str) -> str:
        return str(self.directory.find_user(self.company.address(login))["id"])

    def _employ(self, person: Person) -> None:
        address = self.company.address(person.login)
        if address in self.directory.names:
            self.directory.update_user(address, self._values(person))
        else:
            self.directory.assign(self.directory.add_user(self._values(person))["id"])
        self._set_manager(person)

    def _set_manager(self, person: Person) -> None:
        manager = person.manager and self.company.address(person.manager)
        self.directory.set_manager(self.company.address(person.login), manager)

    def _values(self, person: Person) -> Record:
        address = self.company.address(person.login)
        return {
            "accountEnabled": True,
            "userPrincipalName": address,
            "mail": address,
            "mailNickname": person.login,
            "displayName": person.name,
            "givenName": person.given_name,
            "surname": person.family_name,
            "jobTitle": person.title,
            "department": person.department,
            "employeeId": person.number,
        }
