"""``token``: the bearer tokens that open the directories of tenants."""

import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import click
from flask.cli import with_appcontext

from scim.protocol.permissions import READ, SCOPES, WRITE, Permission
from scim.protocol.tokens import weakness
from scim.storage.keys import from_now, now
from scim.storage.tokens import (
    issue_token,
    list_tokens,
    name_problem,
    revoke_token,
    rotate_token,
)

from .common import database, find, of_tenant, say, service, store, with_options
from .names import find_user
from .times import duration, later

EXPIRES = click.option(
    "--expires", metavar="WHEN", callback=later, help="refuse it after 90d, or from 2027-01-31 on"
)

PERMITTED = (
    click.option(
        "--scope",
        "scopes",
        multiple=True,
        type=click.Choice(SCOPES, case_sensitive=False),
        default=(READ, WRITE),
        help="what it permits; may be given again  [default: read and write]",
    ),
    click.option(
        "--type", "types", multiple=True, help="only resources of a type; may be given again"
    ),
)


@click.group()
def token() -> None:
    """Show, issue, import, rotate or revoke bearer tokens."""


@token.command("list")
@of_tenant
@with_appcontext
def list_issued(tenant: str) -> None:
    """Show the names of a tenant's tokens.

    The one in SCIM_TOKEN is not among them.
    """
    mine = find(tenant)
    issued = database().read(lambda connection: list_tokens(connection, mine))
    at = now()
    for row in issued:
        say("  ".join(_described(row, at)))
    if not issued:
        say("No token has been issued.")


def _described(row: Any, at: str) -> Iterable[str]:
    """Yield what is to know of a token; what all tokens have is left out."""
    yield f"{row.created[:19]}Z"
    yield row.name
    if row.scopes != Permission().stored_scopes:
        yield f"scopes {row.scopes.replace(' ', ', ')}"
    if row.types:
        yield f"only {row.types.replace(' ', ', ')}"
    if row.expires:
        verb = "expired" if row.expires <= at else "expires"
        yield f"{verb} {row.expires[:19]}Z" + ", as it was rotated" * row.replaced
    if row.subject:
        yield f"/Me is {row.subject}"
    yield f"last used {row.last_used[:16]}Z" if row.last_used else "never used"


@token.command("revoke")
@click.argument("name")
@of_tenant
@with_appcontext
def revoke(name: str, tenant: str) -> None:
    """Revoke a token; running servers refuse it within seconds.

    Those before it go, too, which are still valid after a `rotate`.
    """
    mine = find(tenant)
    if not database().write(lambda connection: revoke_token(connection, mine, name)):
        raise click.ClickException(f"the tenant has no token {name!r}")
    say(f"Revoked {name}.")


def with_limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command NAME, and the options that limit a new token."""
    options = (
        click.argument("name"),
        click.option("--subject", help="the id or userName of the user that /Me is with it"),
        *PERMITTED,
        EXPIRES,
        of_tenant,
    )
    return with_options(command, options)


@token.command("issue")
@with_limits
@with_appcontext
def issue(name: str, **limits: Any) -> None:
    """Make a token and print it; no command shows it again."""
    say(_store(name, None, **limits))


@token.command("import")
@with_limits
@with_appcontext
def import_token(name: str, **limits: Any) -> None:
    """Take a token that somebody else has made.

    It is read from standard input. A command line would show it to other users of this machine.
    """
    if sys.stdin.isatty():
        given = click.prompt("Token", hide_input=True, err=True)
    else:
        given = sys.stdin.read(1000)
    text = given.strip()
    if problem := weakness(text) or _own(text):
        raise click.ClickException(f"this token is not taken: {problem}")
    _store(name, text, **limits)
    say(f"{name} opens the tenant {limits['tenant']} now.")


def _own(text: str) -> str | None:
    """Return why a token is not taken that opens a tenant already, or None."""
    return "it opens a tenant already" if service().admit(text) else None


def _store(
    name: str,
    text: str | None,
    *,
    subject: str | None,
    scopes: Iterable[str],
    types: Iterable[str],
    expires: str | None,
    tenant: str,
) -> str:
    """Store a token, a new one if there is no ``text``, and return it."""
    check_name(name, "token")
    mine = find(tenant)
    permission = permission_of(scopes, types)
    user_id = find_user(store(tenant), subject) if subject else None
    issued = database().write(
        lambda connection: issue_token(connection, mine, name, user_id, permission, expires, text)
    )
    if issued is None:
        taken = f"the tenant has a token {name!r} already"
        raise click.ClickException(f"{taken}; choose another name, rotate it, or revoke it first")
    return issued


def check_name(name: str, owner: str) -> None:
    """Raise unless a token or a client, the ``owner``, may have a name."""
    if problem := name_problem(name, owner):
        raise click.ClickException(problem)


def permission_of(scopes: Iterable[str], types: Iterable[str]) -> Permission:
    """Return what the values of ``PERMITTED`` permit."""
    return Permission(frozenset(map(str.lower, scopes)), _types(types))


def _types(named: Iterable[str]) -> frozenset[str] | None:
    """Return the names of resource types as the schemas spell them; None for all."""
    known = {each.name.lower(): each.name for each in service().definitions.served}
    for name in named:
        if name.lower() not in known:
            served = ", ".join(known.values())
            raise click.ClickException(f"there is no resource type {name!r}; there are {served}")
    return frozenset(known[name.lower()] for name in named) or None


@token.command("rotate")
@click.argument("name")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="TIME",
    callback=duration,
    help="how long the old token is valid beside the new one; 0 refuses it at once",
)
@EXPIRES
@of_tenant
@with_appcontext
def rotate(name: str, overlap: timedelta, expires: str | None, tenant: str) -> None:
    """Make a new token of the same name and print it.

    The old one stays valid for a while. The new one permits the same, and lives as long as the old
    one was to.
    """
    mine = find(tenant)
    rotated = partial(rotate_token, tenant=mine, name=name, overlap=overlap, expires=expires)
    issued = database().write(rotated)
    if issued is None:
        raise click.ClickException(f"the tenant has no token {name!r}")
    say(issued)
    ends = from_now(seconds=overlap.total_seconds())
    click.echo(f"The old token is refused from {ends[:19]}Z on.", err=True)
