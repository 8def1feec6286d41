"""The commands of manage.py."""

from collections.abc import Sequence
from copy import copy

import click
from flask.cli import routes_command, shell_command

from . import (
    audit,
    check,
    clients,
    console,
    db,
    demo,
    exchanges,
    explain,
    history,
    idp,
    keys,
    listing,
    moving,
    outbox,
    protecting,
    receive,
    reset,
    streams,
    tenants,
    tokens,
    trash,
    webhooks,
)

shell = copy(shell_command)
shell.help = shell.short_help = "Open a Python shell with the application as `app`."


def inside() -> Sequence[click.Command]:
    """Return the commands that work on the tables, which an application around the server needs."""
    read = (listing.user, listing.group, explain.explain)
    changed = (trash.trash, history.history, history.revert, audit.audit)
    opened = (tenants.tenant, tokens.token, clients.client)
    told = (webhooks.webhook, streams.stream, keys.key, outbox.outbox, outbox.deliver)
    moved = (moving.export_tenants, moving.import_tenants)
    for each in (protecting.protect, protecting.unprotect, protecting.show):
        listing.user.add_command(each)
    return (*read, *changed, *opened, *told, *moved)


def register(cli: click.Group) -> None:
    """Add all commands to ``cli``."""
    operated = (db.db, console.console, reset.reset, exchanges.tail)
    of_flask = (routes_command, shell)
    outside = (check.check, idp.idp, demo.demo, receive.receive)
    for command in (*inside(), *operated, *of_flask, *outside):
        cli.add_command(command)
