"""``tenant`` and ``token``: the tenants, and the bearer tokens that open their directories."""

import click
from flask.cli import with_appcontext

from scim.explain.exchange import CONSOLE
from scim.storage.tokens import (
    Tenant,
    add_tenant,
    issue_token,
    list_tenants,
    list_tokens,
    revoke_token,
    set_tenant,
)

from .common import database, find, of_tenant, say, store
from .names import find_user


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


@click.group()
def token() -> None:
    """Show, issue or revoke bearer tokens."""


@token.command("list")
@of_tenant
@with_appcontext
def list_issued(tenant: str) -> None:
    """Show the names of a tenant's tokens.

    The one in SCIM_TOKEN is not among them.
    """
    mine = find(tenant)
    issued = database().read(lambda connection: list_tokens(connection, mine))
    for row in issued:
        subject = f"  /Me is {row.subject}" if row.subject else ""
        say(f"{row.created[:19]}Z  {row.name}{subject}")
    if not issued:
        say("No token has been issued.")


@token.command("revoke")
@click.argument("name")
@of_tenant
@with_appcontext
def revoke(name: str, tenant: str) -> None:
    """Revoke a token; running servers refuse it within seconds."""
    mine = find(tenant)
    if not database().write(lambda connection: revoke_token(connection, mine, name)):
        raise click.ClickException(f"the tenant has no token {name!r}")
    say(f"Revoked {name}.")


@token.command("issue")
@click.argument("name")
@click.option("--subject", help="the id or userName of the user that /Me is with this token")
@of_tenant
@with_appcontext
def issue(name: str, subject: str | None, tenant: str) -> None:
    """Make a token and print it; no command shows it again."""
    if not name.strip():
        raise click.ClickException("a token needs a name")
    if name == CONSOLE:
        raise click.ClickException(f"the name {CONSOLE!r} is for the console's own token")
    mine = find(tenant)
    user_id = find_user(store(tenant), subject) if subject else None
    issued = database().write(lambda connection: issue_token(connection, mine, name, user_id))
    if issued is None:
        taken = f"the tenant has a token {name!r} already"
        raise click.ClickException(f"{taken}; choose another name, or revoke it first")
    say(issued)
