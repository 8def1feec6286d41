"""The commands: ``python manage.py db upgrade`` and all others; ``--help`` lists them."""

import gc
import sys

from app import create_app  # the first, since it says in a line what is not installed

# isort: split
from flask.cli import FlaskGroup

from scim.cli import register
from scim.protocol.errors import UnavailableError
from scim.settings import SettingError, read_environment
from scim.storage import DatabaseError

cli = FlaskGroup(
    create_app=lambda: create_app({"QUERY_TIMEOUT": 0}),  # a purge may take long
    load_dotenv=False,  # which would read that of the working directory
)
register(cli)

if __name__ == "__main__":
    gc.freeze()  # what is imported stays; to look through it at the end takes half a second
    try:
        read_environment()  # or else Flask shows a traceback, and help all the same
        cli()
    except SettingError as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"The database cannot be used: {str(error).splitlines()[0]}")
    except UnavailableError as error:
        sys.exit(error.detail)
