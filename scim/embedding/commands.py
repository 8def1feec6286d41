"""``flask scim``: the commands of the server within another application."""

import signal
from collections.abc import Mapping
from contextvars import copy_context
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, ScriptInfo

from scim.deliver.beside import jobs
from scim.deliver.calling import CALLER
from scim.operate.jobs import doing
from scim.places import MIGRATIONS
from scim.program import PREFIX, PROGRAM, as_typed
from scim.service import Service
from scim.storage.database.migrating import upgrade

from .mounted import Mounted


class Commands(AppGroup):
    """The commands of ``flask scim``; most of them are imported when one is given."""

    def __init__(self, name: str) -> None:
        super().__init__(name, help="Operate the SCIM server within this application.")
        self.callback = click.pass_context(self.enter)
        self.add_command(migrate)
        self.add_command(work)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_others()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _others().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command; its texts name commands as they are typed here."""
        ctx.meta[PROGRAM] = f"flask {self.name}"
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            if type(error) is not click.ClickException:  # it shows how to use the command
                raise
            raise click.ClickException(as_typed(error.message)) from None

    def enter(self, context: click.Context) -> None:
        """Let commands find the service, and hooks the application."""
        app = context.ensure_object(ScriptInfo).load_app()
        context.with_resource(app.app_context())
        caller = CALLER.set(copy_context())
        context.call_on_close(lambda: CALLER.reset(caller))
        mounted: Mounted = app.extensions[str(self.name)]
        context.meta[PREFIX] = mounted.prefix
        context.with_resource(mounted.application.app_context())


def _others() -> Mapping[str, click.Command]:
    from scim.cli import inside  # noqa: PLC0415 - requests need no commands

    return {str(each.name): each for each in inside()}


@click.command("upgrade")
def migrate() -> None:
    """Create the tables, or bring them up to date."""
    database = _service().database
    try:
        upgrade(database)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The tables of the SCIM server are in {database.url}.")


@click.command("work")
def work() -> None:
    """Do what goes on beside requests, such as deliveries."""
    service = _service()
    if problem := service.database.problem(str(MIGRATIONS)):
        raise click.ClickException(problem)
    with doing(jobs(service.settings), service) as stopping:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: stopping.set())
        click.echo(f"Working for the SCIM server in {service.database.url}; Ctrl+C ends it.")
        stopping.wait()


def _service() -> Service:
    found: Service = current_app.extensions["scim"]
    return found
