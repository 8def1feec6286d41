"""The commands: ``python manage.py db upgrade`` and all others; ``--help`` lists them."""

import gc
import os
import sys

from app import create_app  # the first, since it says in a line what is not installed

# isort: split
import click
from flask.cli import ScriptInfo

from scim.cli import register
from scim.environment import read_environment
from scim.places import PROJECT
from scim.protocol.errors import UnavailableError
from scim.settings import VERSION, SettingError
from scim.storage import DatabaseError
from scim.storage.database.failures import words


def create() -> ScriptInfo:
    """Return how a command gets the application: without limits, since a purge may take long."""
    without = {"QUERY_TIMEOUT": 0, "RATE_LIMIT": "off"}
    return ScriptInfo(create_app=lambda: create_app(without), set_debug_flag=False)


@click.group(context_settings={"obj": create()})
@click.version_option(VERSION, message="SCIM 2.0 server, version %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Operate the SCIM server: its database, its tenants, and what is in them."""
    if context.invoked_subcommand != "run":  # the server reads its settings by itself
        read_environment()


@cli.command()
def run() -> None:
    """Start the server, as `python app.py` does."""
    os.execv(sys.executable, [sys.executable, str(PROJECT / "app.py")])


register(cli)

if __name__ == "__main__":
    gc.freeze()  # what is imported stays; to look through it at the end takes half a second
    try:
        cli()
    except SettingError as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"SCIM_DATABASE_URL: the database cannot be used: {words(error)}")
    except UnavailableError as error:
        sys.exit(error.detail)
