"""``client``: OAuth clients, which get short-lived tokens by their own credentials."""

from collections.abc import Sequence
from functools import partial
from typing import TextIO

import click
from flask import current_app
from flask.cli import with_appcontext

from scim.protocol.headers import TOKEN_PATH
from scim.storage.clients import add_client, change_secret, list_clients, remove_client

from .common import database, find, of_tenant, root, say, with_options
from .tokens import PERMITTED, check_name, permission_of

KEYS = click.option(
    "--keys",
    type=click.File(),
    help="a file with the client's public keys (PEM, JWK or JWK set), in place of a secret",
)

HERE = (
    "SCIM_PUBLIC_URL is not set, so the token endpoint has the name that this machine knows; "
    "providers need the public one"
)


@click.group()
def client() -> None:
    """Show, add or remove OAuth clients, or change a secret.

    A client gets access tokens for an hour at the token endpoint, by a secret or signed assertions.
    """


@client.command("list")
@of_tenant
@with_appcontext
def list_all(tenant: str) -> None:
    """Show a tenant's clients."""
    mine = find(tenant)
    found = database().read(partial(list_clients, tenant=mine))
    for each in found:
        proof = "signed assertions" if each.keys else "a secret"
        may = each.permission.stored_scopes
        only = f", only {each.permission.stored_types}" if each.permission.types else ""
        say(f"{each.created[:19]}Z  {each.name}  {each.id}  {proof}  {may}{only}")
    if not found:
        say("There is no client.")


@client.command("add")
@partial(with_options, options=(click.argument("name"), KEYS, *PERMITTED, of_tenant))
@with_appcontext
def add(
    name: str, keys: TextIO | None, scopes: Sequence[str], types: Sequence[str], tenant: str
) -> None:
    """Add a client, and print its id and its secret.

    No command shows the secret again.
    """
    check_name(name, "client")
    mine, may = find(tenant), permission_of(scopes, types)
    public = _public(keys) if keys else None
    made = database().write(lambda known: add_client(known, mine, name, may, public))
    if made is None:
        raise click.ClickException(f"the tenant has a client {name!r} already")
    client_id, secret = made
    settings = current_app.extensions["scim"].settings
    if settings.is_production and not settings.public_url:
        click.echo(HERE, err=True)
    say(f"Token endpoint  {root()}{TOKEN_PATH}")
    say(f"Client id       {client_id}")
    if secret:
        say(f"Client secret   {secret}")


def _public(keys: TextIO) -> str:
    from scim.operate.assertions import read_keys  # noqa: PLC0415 - 130 ms

    try:
        return read_keys(keys.read())
    except ValueError as error:
        raise click.ClickException(f"--keys: {error}") from None


@client.command("secret")
@click.argument("name")
@of_tenant
@with_appcontext
def renew(name: str, tenant: str) -> None:
    """Give a client a new secret, and print it.

    The old one gets no more tokens. Tokens that the client has go on until they expire, for an hour
    at most.
    """
    mine = find(tenant)
    secret = database().write(partial(change_secret, tenant=mine, name=name))
    if secret is None:
        raise click.ClickException(f"the tenant has no client {name!r}")
    say(secret)


@client.command("remove")
@click.argument("name")
@of_tenant
@with_appcontext
def remove(name: str, tenant: str) -> None:
    """Remove a client and its tokens.

    Running servers refuse them within seconds.
    """
    mine = find(tenant)
    if not database().write(partial(remove_client, tenant=mine, name=name)):
        raise click.ClickException(f"the tenant has no client {name!r}")
    say(f"Removed {name}.")
