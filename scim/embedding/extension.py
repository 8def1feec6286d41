"""The Flask extension: a blueprint with a few rules below a prefix.

They hand the request to an application of our own, so that nothing of the other one has to change.
"""

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import fields
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.test import run_wsgi_app

from scim import routes
from scim.deliver.calling import CALLER, Calling, import_hooks
from scim.deliver.telling import Telling
from scim.environment import read_settings
from scim.operate.demo_token import DemoToken
from scim.operate.limits import Limiter
from scim.operate.recorder import Recorder
from scim.protocol.headers import FOR_TENANT
from scim.protocol.tolerance import Tolerance
from scim.routes.call import DEMO_TOKEN, LIMITER, RECORDER
from scim.schema_folder import read_definitions
from scim.service import Service
from scim.settings import NAMES, NO_TOKEN, OF_SOURCEGRAPH, SettingError, Settings, variable
from scim.storage import Connection, Database, Doorkeeper, Engine
from scim.storage.database.engine import own_engine, url_of
from scim.storage.database.migrating import upgrade
from scim.storage.database.placing import Place, own_tables
from scim.storage.noting import note_statement
from scim.storage.tokens import add_tenant, find_tenant, issue_token

from .commands import Commands
from .mounted import Mounted

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RULES = ("", "/", "/<path:rest>", "//<path:rest>")  # the server answers two slashes by itself
VERSION_TABLE = "scim_alembic_version"
SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}|", re.ASCII)
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+|/<(?!path:)[^<>/]+>)*(/[A-Za-z0-9._~-]+)", re.ASCII)
# The application decides whom it believes, what is logged and who sees what; a token known to
# everybody opens nothing in it. Nobody may be there to carry an asynchronous request out.
NOBODY = "255.255.255.255"  # no client has this address
EMBEDDED = {"TOKEN": NO_TOKEN, "TRUSTED_PROXIES": NOBODY, "CONSOLE": "off"}
EMBEDDED |= {"MAX_ASYNC_REQUESTS": "0"}


class Scim:
    """A Flask extension that serves SCIM below a prefix; docs/embedding.md says how.

    ``engine`` is that of the application, or a function that returns it within the application's
    context. ``tenant`` returns, within the request, the name of the only tenant that a token may
    open; None for no tenant. ``schema`` is that of the tables, which PostgreSQL has. Further
    arguments are settings, in lower case; the application's configuration may have them, too:
    ``SCIM_MAX_PAGE_SIZE``. Several of them in one application need several names.
    """

    def __init__(
        self,
        app: Flask | None = None,
        url_prefix: str = "/scim/v2",
        *,
        database_url: str = "",
        engine: Engine | Callable[[], Engine] | None = None,
        tenant: Callable[[], str | None] | None = None,
        schema: str = "scim",
        name: str = "scim",
        **settings: Any,
    ) -> None:
        for each in settings:
            if variable(each.upper()) not in NAMES or each == "base_path":
                raise TypeError(f"{each!r} is no setting; docs/settings.md has all")
        if not PREFIX.fullmatch(url_prefix):
            raise ValueError(
                f"url_prefix={url_prefix!r} must look like /scim/v2 or /<customer>/scim, "
                "without a slash at the end"
            )
        if not SCHEMA.fullmatch(schema):
            raise ValueError(f"schema={schema!r} must be small letters, digits and underscores")
        self.url_prefix = url_prefix
        self.database_url = database_url
        self.engine = engine
        self.tenant = tenant
        self.schema = schema
        self.name = name
        self.settings = settings
        if app is not None:
            self.init_app(app)

    @staticmethod
    def application(
        settings: Settings,
        connect: Callable[[Flask], Database],
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> Flask:
        """Return the server as an application of its own; ``connect`` gives it its database.

        :raises SettingError: hooks cannot be imported
        """
        import_hooks(settings.hooks)
        app = Flask(__name__, static_folder=None)
        app.config.update(
            MAX_CONTENT_LENGTH=settings.max_body_size + 1,  # a longer body shows by that one byte
            PROVIDE_AUTOMATIC_OPTIONS=False,
        )
        app.url_map.strict_slashes = app.url_map.merge_slashes = False
        database, definitions = connect(app), read_definitions(settings.schema_folder)
        doorkeeper, watchers = Doorkeeper(settings.own_token), (Telling(settings), Calling(context))
        service = Service(settings, database, definitions, Tolerance(), doorkeeper, watchers)
        app.extensions["scim"] = service
        app.extensions[DEMO_TOKEN] = DemoToken(settings)
        if settings.rate:
            app.extensions[LIMITER] = Limiter(settings, settings.rate)
        if settings.records:
            app.extensions[RECORDER] = Recorder.of(service)
            database.observe(note_statement)
        routes.register(app, service)
        return app

    def init_app(self, app: Flask) -> None:
        """Serve SCIM within an application; no connection to the database is opened yet.

        :raises SettingError: a setting does not take its value
        """
        settings = self._settings(app)
        application = self.application(settings, lambda _: self._connect(settings), app.app_context)
        blueprint = Blueprint(self.name, __name__, cli_group=self.name)
        blueprint.cli = Commands(self.name)
        blueprint.record(self._add_rules)
        app.register_blueprint(blueprint, url_prefix=self.url_prefix)  # refuses a second of a name
        app.extensions[self.name] = Mounted(application, self.url_prefix, settings.base_path)

    def _add_rules(self, state: BlueprintSetupState) -> None:
        """Add the rules below the prefix; a blueprint itself would take the second slash out."""
        for rule in RULES:
            state.app.add_url_rule(
                f"{state.url_prefix}{rule}",
                f"{self.name}.serve",
                self._serve,
                methods=METHODS,
                provide_automatic_options=False,
                strict_slashes=False,
                merge_slashes=False,
            )

    @property
    def service(self) -> Service:
        """The service of the current application, with its database and tenants."""
        found: Mounted = current_app.extensions[self.name]
        return found.service

    def upgrade(self) -> None:
        """Make the tables of the current application's SCIM server, or bring them up to date.

        :raises RuntimeError: that cannot be done; the text says why, and what to do
        """
        upgrade(self.service.database)

    def owns_table(self, name: str | None) -> bool:
        """Tell whether a table is the server's, so that migrations of the application pass it."""
        return name in own_tables(Place(self.schema, VERSION_TABLE))

    def issue_token(self, name: str, tenant: str = "default") -> str:
        """Return a new token of a tenant, which is made if there is none of that name.

        :raises ValueError: the tenant has a token of that name
        """

        def issue(connection: Connection) -> str | None:
            if find_tenant(connection, tenant) is None:  # a failed insert ends the transaction
                add_tenant(connection, tenant)
            found = find_tenant(connection, tenant)
            assert found
            return issue_token(connection, found, name)

        if not (token := self.service.database.write(issue)):
            raise ValueError(f"the tenant {tenant!r} has a token {name!r} already")
        return token

    def _settings(self, app: Flask) -> Settings:
        names = [each.name.upper() for each in fields(Settings)]
        configured = app.config
        given = {name: configured[variable(name)] for name in names if variable(name) in configured}
        given |= {name.upper(): value for name, value in self.settings.items()}
        given["BASE_PATH"] = self.url_prefix.rpartition(">")[2]
        if self.engine is not None:
            with app.app_context():
                given["DATABASE_URL"] = url_of(
                    self.engine() if callable(self.engine) else self.engine
                )
        elif self.database_url:
            given["DATABASE_URL"] = self.database_url
        if "DATABASE_URL" not in given:
            raise SettingError("Scim needs a database: give it engine= or database_url=")
        # They stop mails in every program of a test run, so the environment counts here, too.
        environment = {name: os.environ[name] for name in OF_SOURCEGRAPH if name in os.environ}
        return read_settings(EMBEDDED | given, environment)

    def _connect(self, settings: Settings) -> Database:
        engine = own_engine(settings.database_url)
        schema = self.schema if engine.dialect.name == "postgresql" else ""
        place = Place(schema, VERSION_TABLE, self.name)
        return Database(engine, settings.replica_url, settings.query_timeout, place)

    def _serve(self, **_: Any) -> Response:
        """Answer a request of the application."""
        mounted: Mounted = current_app.extensions[self.name]
        environ = mounted.environ()
        if self.tenant:
            environ[FOR_TENANT] = self.tenant() or ""
        caller = CALLER.set(copy_context())
        try:
            content, status, headers = run_wsgi_app(mounted.application.wsgi_app, environ)
        finally:
            CALLER.reset(caller)
        answer = current_app.response_class(content, status)
        answer.headers = headers  # without the type that Flask adds
        return answer
