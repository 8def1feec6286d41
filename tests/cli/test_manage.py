"""``python manage.py`` as people type it: each failure is one line with the right cause."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from scim.cli.db import db

from ..support.databases import ON_ONE_DATABASE
from ..support.forks import forking
from ..support.ports import free_port
from ..support.server import ROOT, run, run_fork

UPGRADE = "python manage.py db upgrade"
COMMANDS = ["token list", "user list", "history --since 1h", "trash list", "reset --yes"]
INHERITED = ["db current", "db check", "db downgrade"]


def refusal(command, url, **settings):
    """Return the one line that a command fails with."""
    done = run("manage.py", *command.split(), DATABASE_URL=url, **settings)
    assert done.returncode == 1
    [line] = (done.stdout + done.stderr).splitlines()
    return line


@pytest.mark.parametrize("command", [COMMANDS[0], INHERITED[0]])
def test_database_that_is_not_there_is_named(tmp_path, command):
    assert UPGRADE in refusal(command, f"sqlite:///{tmp_path}/scim.db")
    assert "the folder" in refusal(command, f"sqlite:///{tmp_path}/no/scim.db")


def test_folder_that_is_not_there_is_named_by_upgrade(tmp_path):
    assert "the folder" in refusal("db upgrade", f"sqlite:///{tmp_path}/no/scim.db")


@pytest.mark.parametrize("command", [COMMANDS[0], "db upgrade"])
def test_database_that_cannot_be_reached_is_named(command):
    line = refusal(command, "postgresql://127.0.0.1:1/scim")

    assert line.removeprefix("Error: ").startswith(
        "SCIM_DATABASE_URL: the database cannot be used: connection to server"
    )


def test_database_that_is_not_migrated_is_migrated(new_database):
    """The commands before and after each other, as an operator tries them."""
    url = new_database()
    for command in COMMANDS[:2]:
        assert UPGRADE in refusal(command, url)
    assert run("manage.py", "db", "upgrade", DATABASE_URL=url).returncode == 0
    assert run("manage.py", *COMMANDS[1].split(), DATABASE_URL=url).returncode == 0

    check = run("manage.py", "db", "check", DATABASE_URL=url)
    assert (check.returncode, check.stderr) == (0, "")
    assert "No new upgrade operations" in check.stdout
    migrate = run("manage.py", "db", "migrate", DATABASE_URL=url)
    assert (migrate.returncode, migrate.stderr) == (0, "")
    back = run("manage.py", "db", "downgrade", DATABASE_URL=url)
    before = sorted((ROOT / "migrations/versions").glob("*.py"))[-2].name[:4]
    assert back.stdout.startswith(f"Went back to {before}, without: "), back.stderr
    current, hint = run("manage.py", "db", "current", DATABASE_URL=url).stdout.splitlines()
    assert current == before
    assert UPGRADE in hint
    assert UPGRADE in refusal(COMMANDS[0], url)
    assert UPGRADE in refusal("db check", url)


def test_merge_needs_revisions():
    done = CliRunner().invoke(db.commands["merge"])

    assert done.exit_code == 2
    assert "Missing argument 'REVISIONS...'" in done.stderr


@ON_ONE_DATABASE
def test_stamp_says_that_it_changes_no_table(migrated_database):
    done = run("manage.py", "db", "stamp", "0001", DATABASE_URL=migrated_database())

    assert done.stdout == "Marked as at 0001; no table has changed.\n"


@ON_ONE_DATABASE
def test_script_of_migrations_is_sql_alone(new_database):
    printed = run("manage.py", "db", "upgrade", "--sql", DATABASE_URL=new_database()).stdout

    assert printed.startswith("BEGIN;")
    assert "The tables are in" not in printed


@ON_ONE_DATABASE
@pytest.mark.parametrize("left", ["env.py", ""])
def test_migrations_that_are_gone_are_told_by_all_alike(new_database, tmp_path, left):
    for name in ("app.py", "manage.py", "models.py"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "scim", tmp_path / "scim")
    if left:
        (tmp_path / "migrations").mkdir()
        (tmp_path / "migrations" / left).touch()
    environment = os.environ | {"SCIM_DATABASE_URL": new_database()}

    told, place = set(), tmp_path / "socket"
    with forking(place, tmp_path, environment):
        for words in (
            "manage.py db init",
            "manage.py db migrate",
            "manage.py db upgrade",
            "app.py",
        ):
            done = run_fork(words.split(), environment, place=str(place), folder=tmp_path)
            assert done.returncode == 1
            told.add((done.stdout + done.stderr).removeprefix("Error: "))

    [said] = told
    assert said.startswith(f"The folder {tmp_path}/migrations is missing or not whole; ")
    assert said.count("\n") == 1


@ON_ONE_DATABASE
def test_tables_of_a_newer_version_are_told(migrated_database):
    import sqlalchemy as sa  # noqa: PLC0415

    url = migrated_database()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()

    for command in ("token list", "db upgrade", "db downgrade", "db current"):
        line = refusal(command, url)
        assert "The tables are those of a newer version (9999); update the code" in line, command


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_need_no_good_settings(option):
    done = run("manage.py", option, PORT="http", DATABASE_URL="nonsense")

    assert done.returncode == 0
    assert "Flask" not in done.stdout
    assert done.stderr == ""


def test_version_is_that_of_the_changelog():
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]

    said = f"SCIM 2.0 server, version {newest.lower()}\n"
    assert run("manage.py", "--version").stdout == said


def commands(group, path=()):
    for name, command in group.commands.items():
        yield " ".join([*path, name]), command
        if hasattr(command, "commands"):
            yield from commands(command, [*path, name])


def test_every_command_says_what_it_does_in_a_sentence():
    from manage import cli  # noqa: PLC0415

    for name, command in commands(cli):
        assert command.help, name
        assert 10 < len(command.help.partition("\n\n")[0]) < 110, name
        assert not command.get_short_help_str(60).endswith("..."), name


@ON_ONE_DATABASE
def test_run_is_the_server_of_app_py(migrated_database):
    place = {"SCIM_PORT": str(free_port()), "SCIM_DATABASE_URL": migrated_database()}
    with subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=ROOT,
        env=os.environ | place | {"SCIM_WORKERS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        process.communicate()

    assert f"  SCIM base URL   http://localhost:{place['SCIM_PORT']}/scim/v2\n" in said


@ON_ONE_DATABASE
def test_routes_are_shown(migrated_database):
    shown = run("manage.py", "routes", DATABASE_URL=migrated_database()).stdout

    assert "/scim/v2/Schemas" in shown
