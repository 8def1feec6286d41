"""The tables as Flask-SQLAlchemy serves them: ``db`` has their metadata, engine and session.

scim/models has their columns, where an application that embeds the server finds them, too.
"""

from flask_sqlalchemy import SQLAlchemy

from scim import models
from scim.models import *  # noqa: F403 - all tables: whoever opens a shell imports them from here

__all__ = [*models.__all__, "db"]  # noqa: PLE0604 - ruff does not look into the list

db = SQLAlchemy(model_class=models.Base)
