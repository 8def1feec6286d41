"""Make a year from a seed.

A person has at most one event a day, because a provider that looks at the end of the day would see
only the last one.
"""

from collections.abc import Callable
from datetime import date, timedelta

from . import groups, people
from .events import Employ, Form, Kind, Person, Step, Year
from .names import DEPARTMENTS, MANAGEMENT, TITLES
from .scene import CHIEF, TEAM, Happening, Scene

LEAST_PEOPLE = 20
FIRST_DAY, LAST_DAY = date(2026, 1, 5), date(2026, 12, 18)
WORKING_DAYS = [
    day
    for number in range((LAST_DAY - FIRST_DAY).days + 1)
    if (day := FIRST_DAY + timedelta(number)).weekday() < 5
]

Plan = list[tuple[date, Callable[[Scene], Happening | None]]]


def make_year(seed: int, size: int) -> Year:
    """Return a year of a company in which ``size`` people work, at least for a part of it."""
    scene = Scene(seed, size, FIRST_DAY)
    hires = max(2, size * 15 // 100)
    _found(scene, size - hires)
    for day, happen in _plan(scene, hires):
        scene.day = day
        if happening := happen(scene):
            scene.note(*happening)
    return Year(scene.company.name, tuple(scene.events))


def _found(scene: Scene, size: int) -> None:
    """Employ the first people, a department a day, then form the offices."""
    names = [MANAGEMENT, *scene.departments]
    shares = [0, *(DEPARTMENTS[each] for each in scene.departments)]
    sizes = [max(2, (size - 2) * share // sum(shares)) for share in shares]
    sizes[1] += size - sum(sizes)
    for day, name, count in zip(WORKING_DAYS, names, sizes, strict=False):
        scene.day = day
        staff = _department(scene, name, count)
        members = tuple(each.login for each in staff)
        steps: list[Step] = [*map(Employ, staff), Form(scene.named(name), members)]
        scene.note(Kind.START, f"{name}, {count} people", steps)
    scene.day = WORKING_DAYS[len(names)]
    staff_of: dict[str, list[str]] = {office: [] for office in scene.offices}
    for login in scene.company.employed:
        staff_of[scene.random.choice(scene.offices)].append(login)
    forms: list[Step] = [Form(office, tuple(logins)) for office, logins in staff_of.items()]
    scene.note(Kind.START, f"{len(forms)} offices", forms)


def _department(scene: Scene, name: str, size: int) -> list[Person]:
    """Return the people of a new department: the head, the leads of a larger one, the others."""
    chief = next(iter(scene.company.people), None)
    staff = [scene.newcomer(name, f"Head of {name}" if chief else CHIEF, chief)]
    teams = size // TEAM if size > TEAM else 0
    for number in range(1, size):
        is_lead = number <= teams
        title = f"Lead {TITLES[name]}" if is_lead else TITLES[name]
        manager = staff[0] if is_lead or not teams else scene.random.choice(staff[1 : teams + 1])
        taken = frozenset(each.login for each in staff)
        staff.append(scene.newcomer(name, title, manager.login, taken))
    return staff


def _plan(scene: Scene, hires: int) -> Plan:
    """Return the planned events in order. The days of a mistake and its repair have no others."""
    days = WORKING_DAYS[len(scene.departments) + 2 :]
    first, second = len(days) // 3, len(days) * 2 // 3
    plan: Plan = [
        (days[first], groups.empty_group),
        (days[first + 1], groups.fill_group),
        (days[second], groups.dismiss_department),
        (days[second + 1], groups.employ_department),
    ]
    special = {day for day, _ in plan}
    usual = [day for day in days if day not in special]

    def add(times: int, happen: Callable[[Scene], Happening | None], *quarters: int) -> None:
        begin, end = (quarters[0] - 1) * len(usual) // 4, quarters[-1] * len(usual) // 4
        plan.extend((scene.random.choice(usual[begin:end]), happen) for _ in range(times))

    leavers = max(2, scene.size * 8 // 100)
    plan += [(days[0], groups.try_project), (days[1], groups.drop_project)]
    add(hires, people.hire, 1, 4)
    add(1, people.leave, 1)
    add(leavers - 1, people.leave, 1, 4)
    add(max(1, leavers // 6), people.rehire, 3, 4)
    add(max(2, scene.size // 10), people.move, 1, 4)
    add(max(2, scene.size // 20), people.change_manager, 1, 4)
    add(min(1 + scene.size // 100, len(scene.projects) - 1), groups.form_project, 1)
    add(1, groups.rename_project, 2)
    add(1, groups.merge_offices, 3)
    add(1, groups.end_project, 4)
    return sorted(plan, key=lambda each: each[0])
