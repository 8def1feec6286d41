"""``tenant set --brake`` and ``tenant release``: how much a provider may deactivate and delete."""

from collections.abc import Callable, Collection
from typing import Any

import click
from flask.cli import with_appcontext

from scim.operate.brake import CHOICE, DEFAULT, OFF, Brake, State, let_pass, state, words
from scim.storage.brakings import Brakings, counted_tenants
from scim.storage.tokens import Tenant

from .common import database, find, say, with_options
from .times import seconds


def _chosen(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is None or value in (OFF, DEFAULT):
        return value
    found = CHOICE.fullmatch(value)
    if found and float(found[2] or 0) <= 100:
        return value
    raise click.BadParameter(f"{value!r} is neither a number, 5%, {OFF} nor {DEFAULT}")


def with_brake(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose a brake."""
    options = (
        click.option(
            "--brake",
            metavar="NUMBER",
            callback=_chosen,
            help="users, and groups, that providers may deactivate, empty or delete within the"
            f" window: 50, 5%, {OFF} or {DEFAULT}",
        ),
        click.option(
            "--brake-window", metavar="TIME", callback=seconds, help="such as 30m, 1h or 1d"
        ),
    )
    return with_options(command, options)


def choices(brake: str | None, window: int | None) -> dict[str, str | int | None]:
    """Return the columns of a tenant that the options choose."""
    chosen: dict[str, str | int | None] = {}
    if brake is not None:
        chosen["brake"] = None if brake == DEFAULT else brake
    if window is not None:
        chosen["brake_window"] = window
    return chosen


def said(tenant: Tenant, counted: Collection[int]) -> str:
    """Return the state of the brake of a tenant, behind a comma; empty if nothing is to say.

    ``counted`` are the ids of the tenants of whom anything is counted.
    """
    chosen = tenant.brake or tenant.brake_window or tenant.released_until
    return f", {_state(tenant).sentence}" if chosen or tenant.id in counted else ""


def stopping(tenant: Tenant) -> str:
    """Return the state of a brake that stops further writes; empty if it does not."""
    if tenant.id not in database().read(counted_tenants):
        return ""
    found = _state(tenant)
    return found.sentence if found.is_stopping else ""


def _state(tenant: Tenant) -> State:
    return database().read(lambda connection: state(Brakings(connection, tenant.id), tenant))


@click.command()
@click.argument("name")
@click.option(
    "--for", "time", metavar="TIME", callback=seconds, help="how long  [default: the window]"
)
@click.option("--end", is_flag=True, help="end a release: the brake stops again")
@with_appcontext
def release(name: str, time: int | None, end: bool) -> None:
    """Let pass what the brake stops, for as long as its window.

    Nothing is counted meanwhile. Running servers follow within seconds.
    """
    if end and time is not None:
        raise click.UsageError("--end ends a release now, --for begins one")
    tenant = find(name)
    brake = Brake.of(tenant)
    if brake is None:
        raise click.ClickException(f"the brake of {name!r} is off")
    if end:
        let_pass(database(), tenant, 0)
        say(f"The brake of {name} counts and stops again.")
        return
    time = brake.window if time is None else time
    until = let_pass(database(), tenant, time)
    say(f"The brake of {name} lets everything pass for {words(time)}, until {until[:19]}Z.")
