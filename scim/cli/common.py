"""Functions that several commands use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import current_app

from scim.printing import printable
from scim.protocol.errors import ScimError
from scim.service import Service
from scim.storage import Database, Store, is_id
from scim.storage.tokens import Tenant, find_tenant

TOKEN = "manage.py"  # the history names it for changes by commands


def say(line: str) -> None:
    """Print a line, in which what clients sent is escaped."""
    click.echo(printable(line))


def service() -> Service:
    """Return what the settings of this process open."""
    found: Service = current_app.extensions["scim"]
    return found


def database() -> Database:
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


def of_tenant(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--tenant``."""
    option = click.option(
        "--tenant", default="default", show_default=True, help="the tenant's name"
    )
    return option(command)


def resource_id(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the value of an argument that has the form of an id."""
    if value is not None and not is_id(value):
        raise click.BadParameter(f"{value!r} is not an id, which has 36 characters")
    return value


@contextmanager
def explain_errors() -> Iterator[None]:
    """Turn a SCIM error into the one line of a failed command."""
    try:
        yield
    except ScimError as error:
        raise click.ClickException(printable(error.detail)) from None
