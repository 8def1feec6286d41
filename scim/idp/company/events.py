"""A made-up company, and its year as data: events in order, the same for the same seed.

An event is one thing that happens, in words for those who watch, and the steps by which an
administrator of an identity provider tells of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What may happen in a company."""

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
    """An employee. ``login`` is the name in the email address, by which others refer to them."""

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
    """Somebody works here from now on, for the first time or again."""

    person: Person


@dataclass(frozen=True, slots=True)
class Update:
    """Something about an employee has changed."""

    person: Person


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Somebody does not work here any longer."""

    login: str


@dataclass(frozen=True, slots=True)
class Form:
    """A new group. Its first name stays its key, whatever it is called later."""

    group: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """A group gets another name."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A group is no more."""

    group: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Somebody becomes a member of a group."""

    group: str
    login: str


@dataclass(frozen=True, slots=True)
class Exit:
    """Somebody is a member of a group no longer."""

    group: str
    login: str


Step = Employ | Update | Dismiss | Form | Rename | Dissolve | Enter | Exit


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens on a day."""

    day: date
    kind: Kind
    line: str
    steps: tuple[Step, ...]


@dataclass
class Company:
    """Who works there and who ever did, and the groups by their keys."""

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
        """Return the employees whose manager somebody is."""
        return [each for each in self.staff() if each.manager == login]

    def staff(self, department: str | None = None) -> list[Person]:
        """Return the employees, all of them or those of a department."""
        everybody = (self.people[login] for login in self.employed)
        return [each for each in everybody if department in (None, each.department)]


@dataclass(frozen=True)
class Year:
    """A company's year."""

    name: str
    events: tuple[Event, ...]

    @property
    def steps(self) -> int:
        return sum(len(event.steps) for event in self.events)

    def count(self, kind: Kind) -> int:
        return sum(event.kind == kind for event in self.events)

    def after(self, count: int | None = None) -> Company:
        """Return the company after so many events, or at the end."""
        company = Company(self.name)
        for event in self.events[:count]:
            company.apply(event.steps)
        return company
