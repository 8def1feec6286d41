"""The commands of manage.py."""

import click
from flask import current_app
from flask.cli import FlaskGroup, with_appcontext
from flask_migrate import migrate
from flask_migrate.cli import db as db_group

HERE = "The migrations are already here; `python manage.py db upgrade` applies them."


def register(cli: FlaskGroup) -> None:
    """Add every command to ``cli``."""
    cli.add_command(db_group)


@db_group.command("init")
@with_appcontext
def init() -> None:
    """Say that there is nothing to initialize."""
    click.echo(HERE)


@db_group.command("migrate")
@click.option("-m", "--message", help="what the new migration does")
@with_appcontext
def migrate_models(message: str | None) -> None:
    """Write a migration for what has changed in models.py since the last one."""
    if current_app.extensions["scim_database"].problem(current_app.extensions["migrate"].directory):
        click.echo(HERE)
    else:
        migrate(message=message)
