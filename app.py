"""The application, and `python app.py`, which serves it."""

import logging
import socket
import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from models import db
from scim import routes
from scim.protocol.tolerance import Tolerance
from scim.schema_folder import read_definitions
from scim.service import Service
from scim.settings import DEFAULT_TOKEN, SettingError, Settings, read_settings
from scim.storage import Database, Doorkeeper

WORKER_STOP_SECONDS = 3  # some workers that get two signals, as with Ctrl+C, do not stop by then


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application; ``config`` overrides settings, by name without the prefix.

    :raises SettingError: a setting does not take its value
    """
    settings = read_settings(config)
    logging.basicConfig(format="%(asctime)s  %(message)s")
    logging.getLogger("scim").setLevel(logging.INFO)
    app = Flask(__name__, static_folder=None)
    app.config.update(
        TESTING=bool((config or {}).get("TESTING")),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},
        MAX_CONTENT_LENGTH=settings.max_body_size + 1,  # a longer body shows by that one byte
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    db.init_app(app)
    Migrate(app, db)
    with app.app_context():
        database = Database(db.engine, settings.replica_url)
    definitions = read_definitions(settings.schema_folder)
    service = Service(settings, database, definitions, Tolerance(), Doorkeeper(settings.token))
    app.extensions["scim"] = service
    routes.register(app, service)
    return app


def welcome(settings: Settings) -> str:
    """Return the text that a starting server prints; it shows no token but the default."""
    host = "localhost" if settings.host == "127.0.0.1" else settings.host
    base = f"http://{host}:{settings.port}{settings.base_path}"
    is_default = settings.token == DEFAULT_TOKEN
    token, shown = (DEFAULT_TOKEN,) * 2 if is_default else ("$SCIM_TOKEN", "the one in SCIM_TOKEN")
    return f"""
  SCIM base URL   {base}
  Token           {shown}

  Try it          curl -H "Authorization: Bearer {token}" {base}/Users
  Next            ngrok http {settings.port}
                  then paste its https URL with {settings.base_path} behind it, and the token,
                  into Okta or Entra ID: README.md has every field. Ctrl+C stops the server.
"""


def address_problem(settings: Settings) -> str | None:
    """Return one line about an address that the server cannot listen on; None if it can."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            return f"SCIM_HOST, SCIM_PORT: cannot listen on {address}: {error}"
    return None


def main() -> None:
    """Serve until a signal stops the server."""
    try:
        app = create_app()
    except SettingError as error:
        sys.exit(str(error))
    service: Service = app.extensions["scim"]
    settings, migrations = service.settings, app.extensions["migrate"].directory
    if problem := address_problem(settings) or service.database.problem(migrations):
        sys.exit(problem)
    print(welcome(settings), flush=True)
    Granian(
        "app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=1,
        workers_kill_timeout=WORKER_STOP_SECONDS,
        websockets=False,
        log_level=LogLevels.warning,
        factory=True,
    ).serve()


if __name__ == "__main__":
    main()
