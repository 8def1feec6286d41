"""``db``: the migrations."""

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import migrate
from flask_migrate.cli import db

from scim.storage.database.partitions import partition

from .common import database

HERE = "The migrations are already here; `python manage.py db upgrade` applies them."


@db.command("init")
@with_appcontext
def init() -> None:
    """Say that there is nothing to initialize."""
    click.echo(HERE)


@db.command("migrate")
@click.option("-m", "--message", help="what the new migration does")
@with_appcontext
def migrate_models(message: str | None) -> None:
    """Write a migration for what has changed in models.py since the last one."""
    if database().problem(current_app.extensions["migrate"].directory):
        click.echo(HERE)
    else:
        migrate(message=message)


@db.command("partition")
@click.argument("count", type=click.IntRange(2, 1000))
@with_appcontext
def partition_tables(count: int) -> None:
    """Split the tables into COUNT parts each, by tenant; PostgreSQL only.

    It moves all rows in one transaction, and requests wait until it is done.
    """
    if database().engine.dialect.name != "postgresql":
        raise click.ClickException("SQLite has no partitions; SCIM_DATABASE_URL must be PostgreSQL")
    if problem := database().problem(current_app.extensions["migrate"].directory):
        raise click.ClickException(problem)
    names = database().write(lambda connection: partition(connection, count))
    if not names:
        raise click.ClickException("the tables are partitioned already")
    click.echo(f"Partitioned by tenant, into {count} parts each: {', '.join(names)}")
