"""The migrations, applied without Flask-Migrate: an application has its own."""

from alembic import command
from alembic.config import Config

from scim.places import MIGRATIONS

from .database import Database

DATABASE = "database"  # the attribute of Alembic's configuration by which env.py gets it


def upgrade(database: Database) -> None:
    """Apply the migrations that have not been applied; on SQLite, make the file first.

    :raises RuntimeError: the tables cannot be made; the text says why, and what to do
    """
    if database.file:
        database.file.create()
    problem = database.problem(str(MIGRATIONS))
    if problem and problem != database.outdated:
        raise RuntimeError(problem)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes[DATABASE] = database
    command.upgrade(config, "head")
