"""Run by Alembic: the migrations, on the database of the application."""

import re
import warnings
from contextlib import AbstractContextManager
from logging.config import fileConfig
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.exc import OperationalError

from scim.models import Base
from scim.storage.database.migrating import DATABASE
from scim.storage.database.placing import prepare
from scim.storage.recordings.rows import RECORDED

# An application that embeds the server hands its database over, and has a log of its own.
embedded = context.config.attributes.get(DATABASE)
if not embedded:
    fileConfig(str(context.config.config_file_name), disable_existing_loggers=False)
database = embedded or current_app.extensions["scim"].database
LOCK = 7643_7644  # the advisory lock of PostgreSQL that a migration holds
PARTITION = re.compile(r"(.+)_p\d+")
# Alembic warns of the indexes of expressions, which it does not compare; `applies` knows them.
for text in (
    "autogenerate skipping metadata-specified expression",
    "Expression #.* operator clause",
):
    warnings.filterwarnings("ignore", text)


def applies(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
    """Leave out of what is compared partitions, and the indexes that a database cannot have.

    PostgreSQL keeps a foreign key to each partition beside the one to the table. GIN indexes are
    PostgreSQL's; those of trigrams are there if the extension is. SQLite has the recordings in
    another file.
    """
    if kind == "table" and name in RECORDED.tables:
        return bool(database.engine.dialect.name == "postgresql")
    if kind == "foreign_key_constraint":
        name = item.elements[0].target_fullname.split(".")[-2]
    if kind in ("table", "foreign_key_constraint") and (part := PARTITION.fullmatch(name)):
        return part[1] not in Base.metadata.tables
    if kind != "index" or item.dialect_options["postgresql"]["using"] != "gin":
        return True
    is_there = reflected or other is not None or not name.endswith("_trigrams")
    return is_there and database.engine.dialect.name == "postgresql"


def drop_empty(_: Any, __: Any, directives: list[Any]) -> None:
    """Write no file when `db migrate` finds no change; `db check` looks at what it found."""
    is_comparing = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_comparing and directives[0].upgrade_ops.is_empty():
        directives.clear()
        print(f"models.py and the tables in {database.url} agree; there is no migration to write.")


def report(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    """Say where the database is now."""
    if step.is_stamp:
        to = ", ".join(step.destination_revision_ids) or "the empty database"
        print(f"Marked as at {to}; no table has changed.")
        return
    if step.is_upgrade:
        print(f"Migrated to {step.up_revision_id}: {step.up_revision.doc}")
        return
    left = ", ".join(each.revision for each in step.destination_revisions) or "the empty database"
    print(f"Went back to {left}, without: {step.up_revision.doc}")


def begin() -> AbstractContextManager[Any]:
    """Begin the one transaction of all migrations, when no other process migrates any more."""
    while True:
        try:
            return context.begin_transaction()
        except OperationalError as error:  # another process holds SQLite's write lock
            if "locked" not in str(error):
                raise


with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        transactional_ddl=True,
        target_metadata=[Base.metadata, RECORDED],
        include_object=applies,
        process_revision_directives=drop_empty,
        on_version_apply=None if embedded else report,
        version_table=database.place.version_table,
    )
    with begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            if database.place.schema:
                prepare(connection, database.place.schema)
        context.run_migrations()
