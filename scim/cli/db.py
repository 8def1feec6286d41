"""``db``: create and migrate the tables."""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import cli, migrate

from scim.service import Service
from scim.settings import Settings
from scim.storage import Database
from scim.storage.database.partitions import partition
from scim.storage.database.versions import OUTDATED, UNVERSIONED, incomplete, keeps_tables

from .common import say, service

db: click.Group = deepcopy(cli.db)  # an application around this one has its own
db.help = "Create, migrate and compare the tables of the database."
# Commands that need tables, with the problems that they may have.
ALLOWED = {"check": (), "stamp": (OUTDATED, UNVERSIONED)}
begin, apply = db.callback, db.commands["upgrade"].callback
show = db.commands["current"].callback


def database() -> Database:
    """Return the database, whatever state it is in; ``common.database`` wants it up to date."""
    found: Database = current_app.extensions["scim"].database
    return found


@with_appcontext
def check_migrations(**options: Any) -> Any:
    """Begin a command of Flask-Migrate, unless the folder of the migrations is not whole."""
    if problem := incomplete(options["directory"] or current_app.extensions["migrate"].directory):
        raise click.ClickException(problem)
    assert begin
    return begin(**options)


db.callback = check_migrations


def check_usable(*allowed: str) -> None:
    """Say in a line why no migration can be applied or taken back, if that is so."""
    problem = database().problem(current_app.extensions["migrate"].directory)
    if problem and problem not in allowed:
        raise click.ClickException(problem)


def needs_tables(command: Callable[..., Any], *allowed: str) -> Callable[..., Any]:
    """Let a command of Flask-Migrate say in a line why it cannot work, unless that is allowed."""

    @wraps(command)
    @with_appcontext
    def checked(**options: Any) -> Any:
        check_usable(*allowed)
        return command(**options)

    return checked


for name, problems in ALLOWED.items():
    inherited = db.commands[name].callback
    assert inherited
    db.commands[name].callback = needs_tables(inherited, *problems)


back = db.commands["downgrade"].callback
db.commands["downgrade"].params.append(click.Option(["--yes"], is_flag=True, help="do not ask"))


def downgrade(yes: bool, **options: Any) -> None:
    """Take migrations back; ask before the first one, which leaves nothing."""
    migrations = current_app.extensions["migrate"].directory
    revision = options["revision"]
    if not (yes or options["sql"]) and not database().read(
        lambda connection: keeps_tables(connection, migrations, revision)
    ):
        say(f"This deletes every table in {database().url}, with all tenants, users and groups.")
        click.confirm("Delete them for good?", abort=True)
    assert back
    back(**options)


db.commands["downgrade"].callback = needs_tables(downgrade, OUTDATED)


def say_here() -> None:
    """Say that there is no migration to write, and what to do instead."""
    say(
        "The migrations are already here; "
        f"`python manage.py db upgrade` applies them to {database().url}."
    )


@with_appcontext
def say_current(**options: Any) -> None:
    """Show the current revision, and whether there is a newer one."""
    check_usable(OUTDATED)
    assert show
    show(**options)
    if problem := database().problem(current_app.extensions["migrate"].directory):
        say(problem)


db.commands["current"].callback = say_current
db.commands["stamp"].help = "Note a revision as current; no table changes."
for parameter in db.commands["merge"].params:
    # Without revisions, Alembic writes a migration that nothing can be upgraded with.
    parameter.required |= parameter.name == "revisions"


@db.command("init")
@with_appcontext
def init() -> None:
    """Do nothing: the project has its migrations already."""
    say_here()


@db.command("migrate")
@click.option("-m", "--message", help="a summary of the migration")
@with_appcontext
def migrate_models(message: str | None) -> None:
    """Write a migration for what changed in models.py."""
    if database().problem(current_app.extensions["migrate"].directory):
        say_here()
    else:
        migrate(message=message)


@with_appcontext
def upgrade(**options: Any) -> None:
    """Apply the migrations; create SQLite's file first, which nothing else does."""
    if file := database().file:
        file.create()
    check_usable(OUTDATED)
    assert apply
    apply(**options)
    if options["sql"]:  # the output is a script
        return
    found: Service = current_app.extensions["scim"]
    is_default = found.settings.database_url == Settings().database_url
    hint = " SCIM_DATABASE_URL chooses another database." if is_default else ""
    say(f"The tables are in {found.database.url}.{hint}")


db.commands["upgrade"].callback = upgrade


@db.command("partition")
@click.argument("count", type=click.IntRange(2, 1000))
@with_appcontext
def partition_tables(count: int) -> None:
    """Split the tables by tenant; PostgreSQL only.

    Each table gets COUNT parts. The command moves all rows in one transaction; requests wait until
    it is done.
    """
    if database().engine.dialect.name != "postgresql":
        raise click.ClickException("SQLite has no partitions; set SCIM_DATABASE_URL to PostgreSQL")
    names = service().database.write(lambda connection: partition(connection, count))
    if not names:
        raise click.ClickException("the tables are partitioned already")
    click.echo(f"Partitioned by tenant, into {count} parts each: {', '.join(names)}")
