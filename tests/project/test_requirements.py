"""requirements.lock has everything that requirements.txt needs, in one version, with hashes."""

import re
from importlib.metadata import distribution, version

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..support.server import ROOT

PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)(?: ; (.+?))? \\$", re.MULTILINE)
AGAIN = "run `make lock`"


def wanted():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [Requirement(line.partition("#")[0]) for line in lines]


def locked():
    """Return the version and the marker of each package in the lock."""
    text = (ROOT / "requirements.lock").read_text()
    return {name: (pinned, marker) for name, pinned, marker in PINNED.findall(text)}


def needed(requirements):
    """Return the names of packages that are installed for requirements, theirs included."""
    found, left = set(), list(requirements)
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        for text in distribution(name).requires or ():
            below = Requirement(text)
            environment = default_environment() | {"extra": ""}
            if below.marker is None or below.marker.evaluate(environment):
                left.append(below)
    return found


def test_lock_has_each_version_of_the_requirements():
    for requirement in wanted():
        name = canonicalize_name(requirement.name)
        assert f"=={locked()[name][0]}" == str(requirement.specifier), AGAIN


def test_lock_is_complete_and_has_nothing_more():
    names, lock = needed(wanted()), locked()

    assert names <= lock.keys(), AGAIN
    assert {name for name, (_, marker) in lock.items() if not marker} <= names, AGAIN
    assert {name: lock[name][0] for name in names} == {name: version(name) for name in names}


def test_every_file_has_a_hash():
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]

    assert len(entries) == len(locked())
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry
