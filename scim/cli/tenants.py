"""``tenant``: the tenants, each of which has a directory of its own."""

import shlex
from typing import Any

import click
from flask.cli import with_appcontext

from scim.operate import removing
from scim.storage.brakings import counted_tenants
from scim.storage.figures import MOST
from scim.storage.tokens import DEFAULT_TENANT, Tenant, add_tenant, list_tenants, set_tenant

from . import braking
from .common import database, find, say, service


@click.group()
def tenant() -> None:
    """Show, add, change, pause or remove tenants.

    Each tenant has its own users and groups; the others do not see them.
    """


@tenant.command("list")
@with_appcontext
def list_all() -> None:
    """Show all tenants with their choices."""
    counted = database().read(counted_tenants)
    for each in database().read(list_tenants):
        say(f"{each.name}  {_choices(each)}{braking.said(each, counted)}")


def _choices(tenant: Tenant) -> str:
    strict = "strict" if tenant.strict else "tolerant"
    restores = "restores users who are created again" if tenant.restores else "creates users anew"
    return f"{strict}, {restores}" + ", paused" * tenant.paused


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
@braking.with_brake
@with_appcontext
def change(
    name: str,
    strict: bool | None,
    restores: bool | None,
    brake: str | None,
    brake_window: int | None,
) -> None:
    """Change the choices of a tenant.

    Running servers follow within seconds.
    """
    named: dict[str, Any] = {"strict": strict, "restores": restores}
    choices = {choice: value for choice, value in named.items() if value is not None}
    choices |= braking.choices(brake, brake_window)
    if not choices:
        raise click.UsageError("name a choice to change, see --help")
    chosen = find(name)
    database().write(lambda connection: set_tenant(connection, chosen, **choices))
    chosen = find(name)
    say(f"{name}  {_choices(chosen)}{braking.said(chosen, database().read(counted_tenants))}")


tenant.add_command(braking.release)


@tenant.command("pause")
@click.argument("name")
@with_appcontext
def pause(name: str) -> None:
    """Let a tenant be read only, until `tenant resume`.

    Clients get 503 for each change. The console and the commands go on, to mend what went wrong.
    """
    _set_paused(name, True)
    say(f"Paused {name}: changes by clients get 503 until `tenant resume {name}`.")


@tenant.command("resume")
@click.argument("name")
@with_appcontext
def resume(name: str) -> None:
    """Let the clients of a tenant write again."""
    _set_paused(name, False)
    say(f"Resumed {name}.")


def _set_paused(name: str, paused: bool) -> None:
    chosen = find(name)
    database().write(lambda connection: set_tenant(connection, chosen, paused=paused))


@tenant.command("remove")
@click.argument("name")
@click.option("--yes", "typed", metavar="NAME", help="the name again, so that nothing is asked")
@with_appcontext
def remove(name: str, typed: str | None) -> None:
    """Remove a tenant for good, with all that it has.

    It asks for the name again. The server may run meanwhile. If this is ended, give it again: it
    goes on.
    """
    chosen, opened = find(name), service()
    if chosen.id == DEFAULT_TENANT:
        raise click.ClickException(
            f"SCIM_TOKEN opens the tenant {name!r}, which stays; "
            f"`python manage.py reset --tenant {shlex.quote(name)}` empties it"
        )
    has = ", ".join(_counted(*each) for each in removing.describe(opened, chosen).items())
    say(f"{name} has: {has or 'nothing'}.")
    if typed is None:
        typed = click.prompt("Type its name to remove it with all of that", err=True)
    if typed != name:
        raise click.ClickException(f"this is not {name!r}; nothing was removed")
    gone = 0
    for part in removing.remove(opened, chosen):
        gone += part
        click.echo(f"{gone} rows removed", err=True)
    say(f"Removed {name}.")


def _counted(what: str, number: int) -> str:
    return f"{what} {f'over {MOST:,}' if number > MOST else f'{number:,}'}"
