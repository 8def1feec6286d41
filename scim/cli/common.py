"""Functions that several commands use."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

import click
from click.core import ParameterSource
from flask import current_app

from scim.places import MIGRATIONS
from scim.printing import printable
from scim.program import as_typed, prefix
from scim.protocol.errors import ScimError
from scim.service import Service
from scim.storage import Database, Store
from scim.storage.recordings import Recordings
from scim.storage.tokens import Tenant, find_tenant, list_tenants

SAME = "use the same SCIM_DATABASE_URL as the server"
TOKEN = "manage.py"  # the history names it for changes by commands


def say(line: str) -> None:
    """Print a line, in which what clients sent is escaped."""
    click.echo(printable(as_typed(line)))


def say_list(title: str, lines: Iterable[str]) -> None:
    """Print lines below their title; nothing, if there are none."""
    lines = list(lines)
    if lines and title:
        say("")
        say(f"{title}:")
    for line in lines:
        say(f"  {line}")


def service() -> Service:
    """Return what the settings of this process open.

    :raises click.ClickException: the database cannot be used, or its tables are not up to date
    """
    found: Service = current_app.extensions["scim"]
    if problem := found.database.problem(str(MIGRATIONS)):
        raise click.ClickException(problem)
    return found


def recordings() -> Recordings:
    """Return what the server records that has the settings of this process.

    :raises click.ClickException: there is no such server, or its database cannot be used
    """
    opened: Service = current_app.extensions["scim"]
    file = opened.database.file
    if file and file.is_missing():
        raise click.ClickException(f"there is no database at {file.path}; {SAME}")
    return service().recordings()


def root() -> str:
    """Return the URL below which the keys and the token endpoint are."""
    settings = service().settings
    return f"{settings.public_url or settings.origin}{prefix()}"


def database() -> Database:
    """Return the database, as ``service`` does."""
    return service().database


def find(name: str) -> Tenant:
    """Return the tenant of that name."""
    found = database().read(lambda connection: find_tenant(connection, name))
    if found is None:
        raise click.ClickException(
            f"the tenant {name!r} does not exist; `python manage.py tenant list` shows all"
        )
    return found


def store(tenant: str) -> Store:
    """Return the directory of a tenant."""
    return service().store(find(tenant), TOKEN)


def chosen(tenant: str, of_all: bool) -> Sequence[Tenant]:
    """Return a tenant, or all.

    :raises click.UsageError: the command line has both ``--tenant`` and ``--all-tenants``
    """
    if not of_all:
        return [find(tenant)]
    if click.get_current_context().get_parameter_source("tenant") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--tenant and --all-tenants exclude each other")
    return database().read(list_tenants)


def stores(tenant: str, of_all: bool) -> list[Store]:
    """Return the directory of a tenant, or those of all, as ``chosen`` does."""
    opened = service()
    return [opened.store(each, TOKEN) for each in chosen(tenant, of_all)]


def with_options(
    command: Callable[..., Any], options: Sequence[Callable[[Any], Any]]
) -> Callable[..., Any]:
    """Give a command options, which its help shows in this order."""
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def of_tenant(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--tenant``."""
    option = click.option(
        "--tenant", default="default", show_default=True, help="the tenant's name"
    )
    return option(command)


of_all_tenants = click.option("--all-tenants", "of_all", is_flag=True, help="do it for all tenants")


@contextmanager
def explain_errors() -> Iterator[None]:
    """Turn a SCIM error into the one line of a failed command."""
    try:
        yield
    except ScimError as error:
        raise click.ClickException(printable(error.detail)) from None
