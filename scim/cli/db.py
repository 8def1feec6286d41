"""``db``: create and migrate the tables."""

from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import cli, migrate

from scim.storage.database.partitions import partition

from .common import database

db: click.Group = cli.db
apply = db.commands["upgrade"].callback
HERE = "The migrations are already here; `python manage.py db upgrade` applies them."


@db.command("init")
@with_appcontext
def init() -> None:
    """Do nothing: the project has its migrations already."""
    click.echo(HERE)


@db.command("migrate")
@click.option("-m", "--message", help="a summary of the migration")
@with_appcontext
def migrate_models(message: str | None) -> None:
    """Write a migration for the changes in models.py since the last one."""
    if database().problem(current_app.extensions["migrate"].directory):
        click.echo(HERE)
    else:
        migrate(message=message)


@with_appcontext
def upgrade(**options: Any) -> None:
    """Apply the migrations; create SQLite's file first, which nothing else does."""
    if file := database().file:
        file.create()
    assert apply
    apply(**options)


db.commands["upgrade"].callback = upgrade


@db.command("partition")
@click.argument("count", type=click.IntRange(2, 1000))
@with_appcontext
def partition_tables(count: int) -> None:
    """Split each table into COUNT parts by tenant; PostgreSQL only.

    The command moves all rows in one transaction; requests wait until it is done.
    """
    if database().engine.dialect.name != "postgresql":
        raise click.ClickException("SQLite has no partitions; set SCIM_DATABASE_URL to PostgreSQL")
    if problem := database().problem(current_app.extensions["migrate"].directory):
        raise click.ClickException(problem)
    names = database().write(lambda connection: partition(connection, count))
    if not names:
        raise click.ClickException("the tables are partitioned already")
    click.echo(f"Partitioned by tenant, into {count} parts each: {', '.join(names)}")
