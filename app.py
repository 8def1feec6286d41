"""The application, and `python app.py`, which serves it."""

import gc
import os
import signal
import socket
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python has to understand this file only
    sys.exit("Python 3.11 or newer is needed, for example: make run PYTHON=python3.12")
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C during the start prints no traceback

try:
    import logging
    from collections.abc import Mapping
    from functools import partial
    from typing import Any

    from flask import Flask
    from flask_migrate import Migrate

    from models import db
    from scim import Scim
    from scim.console.process import Console, open_port
    from scim.deliver.beside import jobs
    from scim.environment import read_environment, read_settings
    from scim.logs import formatter
    from scim.operate import metrics
    from scim.operate.caretaker import Caretaker
    from scim.operate.demo_token import WARNING, why_refused
    from scim.operate.health import with_probes
    from scim.operate.sampling import sample
    from scim.places import MIGRATIONS, PROJECT
    from scim.printing import printable
    from scim.routes.auth import knows
    from scim.routes.call import LIMITER, RECORDER
    from scim.routes.proxies import client_of
    from scim.server import (
        Certificate,
        CertificateError,
        Companion,
        Exchanges,
        Master,
        Worker,
        address_of,
        reserve,
        why_not,
    )
    from scim.service import Service
    from scim.settings import DEFAULT_TOKEN, SettingError, Settings
    from scim.storage import ENGINE_OPTIONS, Database
    from scim.storage.database.readiness import Readiness
except ModuleNotFoundError as error:
    sys.exit(
        f"{error}: in the project's folder, type `. .venv/bin/activate` if there is one after "
        "`make run`, or else `pip install -r requirements.txt`"
    )


FORWARDED = "x-forwarded-for"
WATCH = """
                  open it in a browser: it shows each request, and what it changed"""
KNOWN = """
                  EVERYBODY KNOWS IT. It is accepted on this machine and through a tunnel only.
                  Before data of real people arrives, set SCIM_TOKEN to a token of your own."""
TUNNEL = """
  Next            ngrok http {local}
                  then paste its https URL with {path} behind it, and the token,
                  into Okta or Entra ID: README.md leads to every field. Ctrl+C stops the server."""


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application; ``config`` overrides settings, by name without the prefix.

    :raises SettingError: a setting does not take its value, or hooks cannot be imported
    """
    settings = read_settings(config)
    log = logging.StreamHandler()
    log.setFormatter(formatter(settings.log_format))
    logging.basicConfig(handlers=[log])
    logging.getLogger("scim").setLevel(logging.INFO)
    app = Scim.application(settings, partial(connect, settings))
    app.config["TESTING"] = bool((config or {}).get("TESTING"))
    failed = Readiness(app.extensions["scim"].database).failed
    app.wsgi_app = with_probes(app.wsgi_app, failed)  # type: ignore[assignment, method-assign]
    return app


def connect(settings: Settings, app: Flask) -> Database:
    """Return the database of the application, which Flask-SQLAlchemy and Flask-Migrate use."""
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url, SQLALCHEMY_ENGINE_OPTIONS=ENGINE_OPTIONS
    )
    db.init_app(app)
    Migrate(app, db, str(MIGRATIONS))
    with app.app_context():
        return Database(db.engine, settings.replica_url, settings.query_timeout)


def welcome(service: Service, is_exported: bool, console: Console | None) -> str:
    """Return the text that a starting server prints; it shows no token but the default.

    A shell knows the token if it has exported the variable, and not if that is in `.env`.
    """
    settings = service.settings
    base = settings.base_url
    local = settings.port if settings.scheme == "http" else settings.origin
    if settings.has_demo_token:
        token, shown = DEFAULT_TOKEN, DEFAULT_TOKEN + KNOWN
    elif not settings.own_token:
        token, shown = "YOUR-TOKEN", "those of `python manage.py token issue`"
    elif is_exported:
        token, shown = "$SCIM_TOKEN", "the one in SCIM_TOKEN"
    else:
        token, shown = "YOUR-TOKEN", "the one in .env"
    tunnel = "" if settings.is_production else TUNNEL.format(local=local, path=settings.base_path)
    watch = f"\n  Console         {console.link}{WATCH}\n" if console else ""
    return f"""{watch}
  SCIM base URL   {base}
  Token           {shown}
  Database        {printable(service.database.url)}

  Try it          curl -H "Authorization: Bearer {token}" {base}/Users{tunnel}
"""


def announce(service: Service, is_exported: bool, console: Console | None) -> None:
    """Say where the server is, in a log of JSON as one more object of it.

    The link to the console has a secret in it, which is in no log.
    """
    settings, log = service.settings, logging.getLogger("scim")
    warning = service.database.file and service.database.file.warning()
    if settings.log_format == "json":
        if warning:
            log.warning(warning)
        if settings.has_demo_token:
            log.warning(WARNING)
        log.info("Serving %s, database %s", settings.base_url, service.database.url)
        return
    if warning:
        print(warning, file=sys.stderr)
    print(welcome(service, is_exported, console), flush=True)


def begin() -> Exchanges:
    """Return the exchanges of a worker, with an application of its own."""
    app = create_app()
    service: Service = app.extensions["scim"]
    settings, recorder = service.settings, app.extensions.get(RECORDER)
    metrics.begin("worker", settings)
    sample(service.database, recorder)
    trusted, limiter = settings.trusted_proxies, app.extensions.get(LIMITER)

    def is_known(scope: Any) -> bool:
        header, forwarded = (scope.headers.get(name, "") for name in ("authorization", FORWARDED))
        address = partial(client_of, trusted, address_of(scope), forwarded)
        return knows(service, limiter, header, address)

    return Exchanges(
        app,
        is_known,
        app.config["MAX_CONTENT_LENGTH"],
        settings.client_timeout,
        recorder,
    )


def begin_companion() -> Service:
    """Return the service of a companion, with a database of its own."""
    service: Service = create_app().extensions["scim"]
    metrics.begin("companion", service.settings)
    return service


def console_of(settings: Settings) -> Console | None:
    """Return the console, if the settings ask for one and a port is free."""
    if not settings.has_console:
        return None
    try:
        place = open_port(settings.host, settings.console_port)
    except OSError as error:
        reason = why_not(error, settings.console_port)
        logging.getLogger("scim").error("SCIM_CONSOLE_PORT: there is no console: %s", reason)
        return None
    port = place.getsockname()[1]
    if port != settings.console_port:
        taken = f"SCIM_CONSOLE_PORT: another program has {settings.console_port}, so the console"
        print(f"{taken} is at {port}", file=sys.stderr)
    return Console(place, settings.origin_at(port), begin_companion)


def exporter_place(settings: Settings) -> socket.socket | None:
    """Return the socket for the metrics, if the settings ask for a port of their own."""
    host, port = settings.metrics_host, settings.metrics_port
    if not port:
        return None
    try:
        return open_port(host, port, tries=1)
    except OSError as error:
        reason = why_not(error, port, "SCIM_METRICS_PORT")
        sys.exit(f"SCIM_METRICS_HOST, SCIM_METRICS_PORT: cannot listen on {host}:{port}: {reason}")


def certificate_of(settings: Settings) -> Certificate | None:
    """Return the certificate in the settings, if there is one.

    :raises CertificateError: its files cannot be used
    """
    if not settings.tls_certificate:
        return None
    return Certificate(PROJECT / settings.tls_certificate, PROJECT / settings.tls_key)


def main() -> None:
    """Serve until a signal stops the server."""
    is_exported = "SCIM_TOKEN" in os.environ
    try:
        read_environment()
        app = create_app()
    except SettingError as error:
        sys.exit(str(error))
    service: Service = app.extensions["scim"]
    settings, migrations = service.settings, app.extensions["migrate"].directory
    refused = why_refused(settings)
    if refused:
        sys.exit(refused)
    try:
        certificate = certificate_of(settings)
    except CertificateError as error:
        sys.exit(f"SCIM_TLS_CERTIFICATE, SCIM_TLS_KEY: {error}")
    try:
        place = reserve(settings.host, settings.port)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        reason = why_not(error, settings.port)
        sys.exit(f"SCIM_HOST, SCIM_PORT: cannot listen on {address}: {reason}")
    with place:
        problem = service.database.problem(migrations)
        if problem:
            sys.exit(problem)
        exporter = exporter_place(settings)
        console = console_of(settings)
        companions: list[Companion] = [console] if console else []
        companions.append(Caretaker(begin_companion, exporter, jobs(settings)))
        announce(service, is_exported, console)
        service.database.close()  # no worker may inherit a connection
        with metrics.counting(settings, bool(console or exporter)):
            gc.freeze()  # the workers share what is imported, and need not look through it
            worker = Worker(place, settings.client_timeout, begin, certificate)
            sys.exit(Master(worker, settings.workers, companions).serve())


if __name__ == "__main__":
    main()
