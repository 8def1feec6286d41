"""The commands of manage.py."""

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


def register(cli: click.Group) -> None:
    """Add all commands to ``cli``."""
    read = (listing.user, listing.group, explain.explain)
    inside = (*read, exchanges.tail, trash.trash, history.history, history.revert, audit.audit)
    opened = (tenants.tenant, tokens.token, clients.client)
    told = (webhooks.webhook, streams.stream, keys.key)
    operated = (db.db, console.console, reset.reset, *opened, *told)
    moved = (moving.export_tenants, moving.import_tenants)
    of_flask = (routes_command, shell)
    outside = (check.check, idp.idp, demo.demo, receive.receive)
    for each in (protecting.protect, protecting.unprotect, protecting.show):
        listing.user.add_command(each)
    for command in (*inside, *operated, *moved, *of_flask, *outside):
        cli.add_command(command)
