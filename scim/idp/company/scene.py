"""The company on a day of its year, and the random choices of the next events."""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from .events import Company, Dismiss, Employ, Event, Kind, Person, Step, Update
from .names import CULTURES, DEPARTMENTS, OFFICES, PROJECTS, ascii_name, company_name

TEAM = 8
CHIEF = "Chief Executive"

Happening = tuple[Kind, str, list[Step]]


@dataclass
class Scene:
    """The company so far. The seed decides every choice."""

    seed: int
    size: int
    day: date
    events: list[Event] = field(default_factory=list)
    busy: dict[str, date] = field(default_factory=dict)  # the day of each person's last event

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.company = Company(company_name(self.seed))
        self.departments = list(DEPARTMENTS)[: max(2, min(len(DEPARTMENTS), self.size // TEAM))]
        self.offices = [self.named(each) for each in OFFICES[: max(2, min(5, self.size // 40))]]
        self.projects = [self.named(f"Project {each}") for each in PROJECTS]

    def named(self, name: str) -> str:
        """Return the name of a group. It has the company's name, as a server may have several."""
        return f"{self.company.name} {name}"

    def short(self, group: str) -> str:
        """Return the name of a group without the company's."""
        return self.company.group_names[group].removeprefix(f"{self.company.name} ")

    def note(self, kind: Kind, line: str, steps: list[Step]) -> None:
        self.events.append(Event(self.day, kind, line, tuple(steps)))
        self.company.apply(steps)
        for step in steps:
            match step:
                case Employ(person) | Update(person):
                    self.busy[person.login] = self.day
                case Dismiss(login):
                    self.busy[login] = self.day

    def newcomer(
        self, department: str, title: str, manager: str | None, taken: frozenset[str] = frozenset()
    ) -> Person:
        """Return a new person, whose login nobody has had before."""
        names, families = self.random.choice(CULTURES)
        given, family = self.random.choice(names.split()), self.random.choice(families.split())
        known = taken | self.company.people.keys()
        login = plain = f"{ascii_name(given)}.{ascii_name(family)}"
        count = 1
        while login in known:
            count += 1
            login = f"{plain}{count}"
        return Person(login, given, family, f"{len(known) + 1:05}", department, title, manager)

    def free(self) -> list[Person]:
        """Return the employees without an event today."""
        return [each for each in self.company.staff() if self.busy.get(each.login) != self.day]

    def managers(self, department: str) -> list[Person]:
        staff = self.company.staff(department)
        return [each for each in staff if each.title.startswith(("Head", "Lead"))]

    def open_offices(self) -> list[str]:
        return [each for each in self.offices if each in self.company.groups]
