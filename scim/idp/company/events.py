"""A made-up company, and its year as a sequence of events.

An event has a line for people who watch, and steps for the administrator of an identity provider.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of events."""

    START = "start"
    HIRE = "hire"
    MOVE = "move"
    LEAVE = "leave"
    REHIRE = "re-hire"
    REORGANIZATION = "reorganization"
    MISTAKE = "mistake"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Person:
    """An employee. ``login`` is the name in the email address; others refer to a person by it."""

    login: str
    given_name: str
    family_name: str
    number: str
    department: str
    title: str
    manager: str | None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Employ:
    """A person starts to work here, for the first time or again."""

    person: Person


@dataclass(frozen=True, slots=True)
class Update:
    """The data of an employee change."""

    person: Person


@dataclass(frozen=True, slots=True)
class Dismiss:
    """A person stops working here."""

    login: str


@dataclass(frozen=True, slots=True)
class Form:
    """A new group. Its first name stays its key after a renaming."""

    group: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """A group gets another name."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A group is deleted."""

    group: str


@dataclass(frozen=True, slots=True)
class Enter:
    """A person becomes a member of a group."""

    group: str
    login: str


@dataclass(frozen=True, slots=True)
class Exit:
    """A person leaves a group."""

    group: str
    login: str


Step = Employ | Update | Dismiss | Form | Rename | Dissolve | Enter | Exit


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one day."""

    day: date
    kind: Kind
    line: str
    steps: tuple[Step, ...]


@dataclass
class Company:
    """The employees and the people who have left, and the groups by their keys."""

    name: str
    people: dict[str, Person] = field(default_factory=dict)
    employed: dict[str, None] = field(default_factory=dict)  # a set that keeps its order
    groups: dict[str, dict[str, None]] = field(default_factory=dict)
    group_names: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"{self.name.lower().replace(' ', '')}.example"

    def address(self, login: str) -> str:
        return f"{login}@{self.domain}"

    def apply(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._apply(step)

    def _apply(self, step: Step) -> None:
        match step:
            case Employ(person):
                self.people[person.login] = person
                self.employed[person.login] = None
            case Update(person):
                self.people[person.login] = person
            case Dismiss(login):
                del self.employed[login]
            case Form(group, members):
                self.groups[group] = dict.fromkeys(members)
                self.group_names[group] = group
            case Rename(group, name):
                self.group_names[group] = name
            case Dissolve(group):
                del self.groups[group], self.group_names[group]
            case Enter(group, login):
                self.groups[group][login] = None
            case Exit(group, login):
                del self.groups[group][login]

    def reports(self, login: str) -> list[Person]:
        """Return the employees whose manager has this login."""
        return [each for each in self.staff() if each.manager == login]

    def staff(self, department: str | None = None) -> list[Person]:
        """Return all employees, or those of a department."""
        everybody = (self.people[login] for login in self.employed)
        return [each for each in everybody if department in (None, each.department)]


@dataclass(frozen=True)
class Year:
    """A company's year."""

    name: str
    events: tuple[Event, ...]

    def count(self, kind: Kind) -> int:
        return sum(event.kind == kind for event in self.events)

    def after(self, count: int | None = None) -> Company:
        """Return the company after the first ``count`` events, or at the end of the year."""
        company = Company(self.name)
        for event in self.events[:count]:
            company.apply(event.steps)
        return company
