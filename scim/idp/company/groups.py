"""Events about the groups of a company, and two mistakes with their repairs.

The same year can be played again on the same server, because each name is free again or belongs to
the same group: a renamed group is dissolved before the year ends, and so is a closed office. This
also holds after an interruption: the new name of the renamed group belonged to another group at
first. That group finds the leftover on the server and is dissolved.
"""

from .events import Dismiss, Dissolve, Employ, Enter, Exit, Form, Kind, Rename, Step
from .names import MANAGEMENT
from .scene import Happening, Scene


def form_project(scene: Scene) -> Happening:
    """Begin a project with people from all departments."""
    group = next(each for each in scene.projects if each not in scene.company.groups)
    staff = list(scene.company.employed)
    return _begin(scene, group, scene.random.sample(staff, max(3, len(staff) // 20)))


def try_project(scene: Scene) -> Happening:
    """Begin a project that is called off the next day."""
    return _begin(scene, scene.projects[-1], list(scene.company.employed)[:3])


def drop_project(scene: Scene) -> Happening:
    """Call the project off, which makes its name free again."""
    group = scene.projects[-1]
    return Kind.REORGANIZATION, f"{scene.short(group)} is called off", [Dissolve(group)]


def _begin(scene: Scene, group: str, members: list[str]) -> Happening:
    line = f"{group.removeprefix(scene.named(''))} begins with {len(members)} people"
    return Kind.REORGANIZATION, line, [Form(group, tuple(members))]


def rename_project(scene: Scene) -> Happening:
    """Give the first project the name of the project that was called off."""
    group, name = scene.projects[0], scene.projects[-1]
    line = f"{scene.short(group)} is called {name.removeprefix(scene.named(''))} from now on"
    return Kind.REORGANIZATION, line, [Rename(group, name)]


def end_project(scene: Scene) -> Happening:
    """End the first project."""
    group = scene.projects[0]
    return Kind.REORGANIZATION, f"{scene.short(group)} is done", [Dissolve(group)]


def merge_offices(scene: Scene) -> Happening:
    """Close an office, whose people go to another one."""
    closed, other = scene.random.sample(scene.open_offices(), 2)
    people = [each for each in scene.company.groups[closed] if each in scene.company.employed]
    steps: list[Step] = [Enter(other, login) for login in people]
    line = f"the office in {scene.short(closed)} is merged into {scene.short(other)}"
    return Kind.REORGANIZATION, line, [*steps, Dissolve(closed)]


def empty_group(scene: Scene) -> Happening:
    """Remove all members of the largest office, by mistake."""
    group = max(scene.open_offices(), key=lambda each: len(scene.company.groups[each]))
    steps: list[Step] = [Exit(group, login) for login in scene.company.groups[group]]
    return (
        Kind.MISTAKE,
        f"oops: all {len(steps)} members of {scene.short(group)} are removed",
        steps,
    )


def fill_group(scene: Scene) -> Happening:
    """Put the removed members back."""
    removed = [step for step in scene.events[-1].steps if isinstance(step, Exit)]
    steps: list[Step] = [Enter(step.group, step.login) for step in removed]
    name = scene.short(removed[0].group)
    return Kind.REPAIR, f"all {len(steps)} members of {name} are put back", steps


def dismiss_department(scene: Scene) -> Happening:
    """Deactivate everybody in the smallest department, by mistake."""
    names = [each for each in scene.departments if each != MANAGEMENT]
    department = min(names, key=lambda each: len(scene.company.staff(each)))
    steps: list[Step] = [Dismiss(each.login) for each in scene.company.staff(department)]
    return Kind.MISTAKE, f"oops: all {len(steps)} people in {department} are deactivated", steps


def employ_department(scene: Scene) -> Happening:
    """Activate the people of the department again."""
    dismissed = [step.login for step in scene.events[-1].steps if isinstance(step, Dismiss)]
    people = [scene.company.people[login] for login in dismissed]
    line = f"all {len(people)} people in {people[0].department} are activated again"
    return Kind.REPAIR, line, [Employ(each) for each in people]
