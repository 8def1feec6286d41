"""Events about people in a company. A function returns None if its event is not possible."""

from dataclasses import replace

from .events import Dismiss, Employ, Enter, Exit, Kind, Person, Step, Update
from .names import DEPARTMENTS, MANAGEMENT, TITLES
from .scene import Happening, Scene


def hire(scene: Scene) -> Happening:
    """Let a new person join a department. Larger departments are chosen more often."""
    weights = [DEPARTMENTS[each] for each in scene.departments]
    [department] = scene.random.choices(scene.departments, weights)
    manager = scene.random.choice(scene.managers(department))
    person = scene.newcomer(department, TITLES[department], manager.login)
    groups = [scene.named(department), scene.random.choice(scene.open_offices())]
    steps: list[Step] = [Employ(person), *(Enter(group, person.login) for group in groups)]
    return Kind.HIRE, f"{person.name} joins {department}", steps


def leave(scene: Scene) -> Happening | None:
    """Let a person leave. One of the reports follows a manager."""
    able = [
        each
        for each in scene.free()
        if each.department != MANAGEMENT
        and (not each.title.startswith("Head") or scene.company.reports(each.login))
    ]
    if not able:
        return None
    person = scene.random.choice(able)
    updates = _succession(scene, person)
    line = f"{person.name} leaves {person.department}"
    line += f", {updates[0].person.name} takes over" if updates else ""
    left = [key for key, members in scene.company.groups.items() if person.login in members]
    exits = [Exit(group, person.login) for group in left]
    return Kind.LEAVE, line, [*updates, *exits, Dismiss(person.login)]


def _succession(scene: Scene, leaver: Person) -> list[Update]:
    reports = scene.company.reports(leaver.login)
    if not reports:
        return []
    heir = scene.random.choice([each for each in reports if "Lead" in each.title] or reports)
    heir = replace(heir, title=leaver.title, manager=leaver.manager)
    others = [each for each in reports if each.login != heir.login]
    return [Update(heir), *(Update(replace(each, manager=heir.login)) for each in others)]


def rehire(scene: Scene) -> Happening | None:
    """Let a person come back who has left. The manager may be a new one."""
    gone = [
        each
        for each in scene.company.people.values()
        if each.login not in scene.company.employed and scene.busy[each.login] != scene.day
    ]
    if not gone:
        return None
    person = scene.random.choice(gone)
    department = person.department
    manager = scene.random.choice(scene.managers(department)).login
    person = replace(person, title=TITLES[department], manager=manager)
    steps: list[Step] = [Employ(person), Enter(scene.named(department), person.login)]
    return Kind.REHIRE, f"{person.name} comes back to {department}", steps


def move(scene: Scene) -> Happening | None:
    """Let a person move to another department."""
    if not (able := _followers(scene)):
        return None
    person = scene.random.choice(able)
    there = scene.random.choice([each for each in scene.departments if each != person.department])
    manager = scene.random.choice(scene.managers(there)).login
    steps: list[Step] = [
        Update(replace(person, department=there, title=TITLES[there], manager=manager)),
        Exit(scene.named(person.department), person.login),
        Enter(scene.named(there), person.login),
    ]
    return Kind.MOVE, f"{person.name} moves from {person.department} to {there}", steps


def change_manager(scene: Scene) -> Happening | None:
    """Give a person another manager in the same department."""
    able = _followers(scene)
    scene.random.shuffle(able)
    for person in able:
        known = (person.login, person.manager)
        choice = [each for each in scene.managers(person.department) if each.login not in known]
        if choice:
            manager = scene.random.choice(choice)
            steps: list[Step] = [Update(replace(person, manager=manager.login))]
            return Kind.MOVE, f"{person.name} now reports to {manager.name}", steps
    return None


def _followers(scene: Scene) -> list[Person]:
    """Return the people who can be moved today: they lead nobody."""
    led = {each.manager for each in scene.company.staff()}
    return [
        each
        for each in scene.free()
        if each.login not in led
        and each.department != MANAGEMENT
        and not each.title.startswith("Head")
    ]
