"""``tenant``: the tenants, each of which has a directory of its own."""

import click
from flask.cli import with_appcontext

from scim.storage.tokens import Tenant, add_tenant, list_tenants, set_tenant

from .common import database, find, say


@click.group()
def tenant() -> None:
    """Show, add or change tenants.

    Each tenant has its own users and groups; the others do not see them.
    """


@tenant.command("list")
@with_appcontext
def list_all() -> None:
    """Show all tenants with their choices."""
    for each in database().read(list_tenants):
        say(f"{each.name}  {_choices(each)}")


def _choices(tenant: Tenant) -> str:
    strict = "strict" if tenant.strict else "tolerant"
    restores = "restores users who are created again" if tenant.restores else "creates users anew"
    return f"{strict}, {restores}"


@tenant.command("add")
@click.argument("name")
@with_appcontext
def add(name: str) -> None:
    """Add a tenant.

    Then `token issue --tenant NAME` makes its token.
    """
    if not name.strip():
        raise click.ClickException("a tenant needs a name")
    if not database().write(lambda connection: add_tenant(connection, name)):
        raise click.ClickException(f"the tenant {name!r} exists already")
    say(f"Added {name}. Next: python manage.py token issue okta --tenant {name!r}")


@tenant.command("set")
@click.argument("name")
@click.option(
    "--strict/--tolerant", default=None, help="refuse or accept requests that the RFCs forbid"
)
@click.option(
    "--restores/--creates-anew",
    default=None,
    help="restore a deleted user who is created again, or create a new one",
)
@with_appcontext
def change(name: str, strict: bool | None, restores: bool | None) -> None:
    """Change the choices of a tenant.

    Running servers follow within seconds.
    """
    named = {"strict": strict, "restores": restores}
    choices = {choice: value for choice, value in named.items() if value is not None}
    if not choices:
        raise click.UsageError("name a choice to change, see --help")
    chosen = find(name)
    database().write(lambda connection: set_tenant(connection, chosen, **choices))
    say(f"{name}  {_choices(find(name))}")
