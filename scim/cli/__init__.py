"""The commands of manage.py."""

from flask.cli import FlaskGroup

from . import check, db, history, idp, tenants, trash


def register(cli: FlaskGroup) -> None:
    """Add every command to ``cli``."""
    commands = (db.db, trash.trash, history.history, history.revert)
    for command in (*commands, tenants.tenant, tenants.token, check.check, idp.idp):
        cli.add_command(command)
