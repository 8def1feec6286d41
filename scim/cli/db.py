"""``db``: create and migrate the tables."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import cli, migrate

from scim.service import Service
from scim.settings import Settings
from scim.storage import Database
from scim.storage.database.database import OUTDATED, incomplete
from scim.storage.database.partitions import partition

from .common import say, service

db: click.Group = cli.db
db.help = "Create, migrate and compare the tables of the database."
NEED_TABLES = ("check", "downgrade", "stamp")
begin, apply = db.callback, db.commands["upgrade"].callback
show, compare = db.commands["current"].callback, db.commands["check"].callback


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


def check_usable(allowed: str | None = OUTDATED) -> None:
    """Say in a line why no migration can be applied or taken back, if that is so."""
    problem = database().problem(current_app.extensions["migrate"].directory)
    if problem and problem != allowed:
        raise click.ClickException(problem)


def needs_tables(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command of Flask-Migrate say in a line why it cannot work."""

    @wraps(command)
    @with_appcontext
    def checked(**options: Any) -> Any:
        check_usable(None if command is compare else OUTDATED)
        return command(**options)

    return checked


for inherited in map(db.commands.__getitem__, NEED_TABLES):
    assert inherited.callback
    inherited.callback = needs_tables(inherited.callback)


def say_here() -> None:
    """Say that there is no migration to write, and what to do instead."""
    say(
        "The migrations are already here; "
        f"`python manage.py db upgrade` applies them to {database().url}."
    )


@with_appcontext
def say_current(**options: Any) -> None:
    """Show the current revision, and whether there is a newer one."""
    check_usable()
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
    check_usable()
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
