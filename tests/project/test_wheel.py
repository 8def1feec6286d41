"""The wheel: all that the server needs, installed beside an application with its own modules."""

import re
import tomllib
from email import message_from_bytes
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

import hatch_build
from scim.settings import VERSION

from ..support.server import ROOT
from ..support.wheel import environment

TOP = re.compile(r"^## \[(.+?)\]", re.MULTILINE)
# The application has modules with the names of ours, and knows nothing of the project's folder.
MODELS = "class User:\n    pass\n"
IMPORTS_ALL = """
import importlib, pkgutil
import scim
names = [each.name for each in pkgutil.walk_packages(scim.__path__, "scim.")]
assert len(names) > 300, names
for name in names:
    if not name.startswith("scim.migrations"):
        importlib.import_module(name)

import app, models
from pathlib import Path
from alembic.script import ScriptDirectory
from scim.console.exchanges.documents import decisions
from scim.environment import read_environment
from scim.explain.reasons.decisions import Link
from scim.places import MIGRATIONS, PROJECT

here = Path.cwd()
assert not scim.__file__.startswith(str(here))
assert models.User.__module__ == "models" and vars(app)["name"] == "the application's"
settings = read_environment()
assert settings.port == 4321
assert settings.database_url == f"sqlite:///{here}/scim.db", settings.database_url
assert PROJECT == here
print(*ScriptDirectory(str(MIGRATIONS)).get_heads())
print(decisions(Link("tolerances.md", "all-of-them", "`bare_token`")))
"""


@pytest.fixture(scope="module")
def wheel():
    return environment().wheel


@pytest.fixture
def application(tmp_path):
    """A folder with an application of somebody else."""
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "app.py").write_text('name = "the application\'s"\n')
    (tmp_path / ".env").write_text("SCIM_PORT=4321\n")
    return tmp_path


def metadata(wheel):
    with ZipFile(wheel) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_wheel_has_each_file_of_the_package_and_no_other_module(wheel):
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package, migrations = (
        {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        for folder in ("scim", "migrations")
    )
    documents = {"docs/decisions.md", "docs/tolerances.md"}
    wanted = package | {f"scim/{each}" for each in migrations | documents}

    assert {each for each in wanted if "__pycache__" not in each} == {
        each for each in names if ".dist-info/" not in each
    }
    assert {each.partition("/")[2] for each in names if ".dist-info/" in each} >= {
        "METADATA",
        "licenses/LICENSE",
    }


def test_wheel_says_what_it_needs(wheel):
    said = metadata(wheel)
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = [Requirement(line.partition("#")[0]) for line in lines]
    least = {f"{each.name}>={next(iter(each.specifier)).version}".lower() for each in pinned}

    wanted = set(map(str.lower, said.get_all("Requires-Dist")))
    assert wanted == {each for each in least if not each.startswith("pytest>=")}
    assert said["License-Expression"] == "Apache-2.0"
    assert said.get_payload() == (ROOT / "README.md").read_text()


def test_versions_agree(wheel):
    newest = TOP.findall((ROOT / "CHANGELOG.md").read_text())[0]

    assert newest.lower() == VERSION
    assert metadata(wheel)["Version"] == ("0.dev0" if VERSION == "unreleased" else VERSION)
    assert hatch_build.version('A = 1\nVERSION = "1.2.0"  # newest\n') == "1.2.0"


def test_builder_is_the_one_that_the_tests_have():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]

    assert set(needed) <= set((ROOT / "requirements-dev.txt").read_text().splitlines())


def test_installed_package_takes_nothing_of_the_application_for_its_own(application):
    printed = environment().run(application, "-W", "error", "-c", IMPORTS_ALL).splitlines()

    newest = max(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert printed[0] == newest[:4]
    assert "Okta's Header Auth template" in printed[1]
