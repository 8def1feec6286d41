"""``db``: the migrations."""

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import migrate
from flask_migrate.cli import db

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
    migrations = current_app.extensions["migrate"].directory
    if current_app.extensions["scim_database"].problem(migrations):
        click.echo(HERE)
    else:
        migrate(message=message)
