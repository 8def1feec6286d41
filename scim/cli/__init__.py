"""The commands of manage.py."""

from flask.cli import FlaskGroup

from . import check, db, demo, history, idp, tenants, trash


def register(cli: FlaskGroup) -> None:
    """Add all commands to ``cli``."""
    commands = (db.db, trash.trash, history.history, history.revert)
    outside = (check.check, idp.idp, demo.demo)
    for command in (*commands, tenants.tenant, tenants.token, *outside):
        cli.add_command(command)
