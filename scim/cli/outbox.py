"""``outbox``: what receivers have not been told yet; ``deliver``: tell them."""

import json
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from scim.deliver.channel import NotDelivered
from scim.deliver.channels import CHANNELS
from scim.deliver.outbox.deliverer import Delivery, jobs
from scim.explain.words import ago, counted
from scim.operate.jobs import doing
from scim.storage import Connection
from scim.storage.backlogs import Backlog, backlogs
from scim.storage.letters import (
    AT_ONCE,
    Chosen,
    count_letters,
    drop_letters,
    find_letter,
    letters,
    retry_letters,
)
from scim.storage.outbox import Message, Outbox
from scim.storage.receivers import Receiver, list_receivers
from scim.storage.tokens import Tenant

from .common import database, find, of_tenant, say, service, with_options

SHOWN = 20
GONE = "a receiver that is gone"
KINDS = (
    click.option("--receiver", "name", help="only messages for the receiver of that name"),
    click.option(
        "--dead", "dead", flag_value=True, type=bool, default=None, help="only dead letters"
    ),
    click.option(
        "--waiting", "dead", flag_value=False, type=bool, help="only those that still wait"
    ),
)


@click.group()
def outbox() -> None:
    """Show, resend or drop what receivers have not got."""


def of_kinds(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose messages."""
    return with_options(of_tenant(command), KINDS)


@outbox.command("list")
@click.option("--all", "shows_all", is_flag=True, help=f"show all, not only the oldest {SHOWN}")
@of_kinds
@with_appcontext
def list_outbox(shows_all: bool, name: str | None, dead: bool | None, tenant: str) -> None:
    """Show receivers and their messages, the oldest first."""
    owner = find(tenant)
    found = database().read(lambda known: backlogs(known, owner))
    if not found:
        say("The tenant has no receivers, so nobody is told of changes.")
        return
    chosen = _chosen(owner, name, dead)
    for each in found:
        if name in (None, each.receiver.name):
            say(summary(each))
    names = {each.receiver.id: each.receiver.name for each in found}
    for number, message in enumerate(_all(chosen)):
        if number == SHOWN and not shows_all:
            total = database().read(lambda known: count_letters(known, chosen))
            say(f"and {total - number} more; --all shows them")
            break
        say(line(message, names.get(message.receiver_id, GONE)))


@outbox.command()
@click.argument("message_id", metavar="ID")
@of_tenant
@with_appcontext
def show(message_id: str, tenant: str) -> None:
    """Show a message, and what the receiver is sent."""
    owner = find(tenant)
    message = _found(owner, message_id)
    known = {each.id: each for each in _receivers(owner)}
    receiver = known.get(message.receiver_id)
    say(line(message, receiver.name if receiver else GONE))
    say(f"changed at {message.at}, version {message.version}, transaction {message.txn}")
    say(_when(message))
    if not receiver:
        return
    for text in _texts(message, receiver):
        say("")
        for row in _pretty(text):
            say(row)


@outbox.command()
@click.argument("message_id", metavar="[ID]", required=False)
@click.option("--all", "of_all", is_flag=True, help="all that the other options choose")
@of_kinds
@with_appcontext
def retry(
    message_id: str | None, of_all: bool, name: str | None, dead: bool | None, tenant: str
) -> None:
    """Send one message again now, or those that --all chooses."""
    messages = _wanted(find(tenant), message_id, of_all, name, dead)
    number = _change(messages, retry_letters, "to be sent")
    say(f"{number} will be sent now, while a server or `python manage.py deliver` runs.")


@outbox.command()
@click.argument("message_id", metavar="[ID]", required=False)
@click.option("--all", "of_all", is_flag=True, help="all that the other options choose")
@click.option("--yes", is_flag=True, help="do not ask")
@of_kinds
@with_appcontext
def drop(
    message_id: str | None,
    of_all: bool,
    yes: bool,
    name: str | None,
    dead: bool | None,
    tenant: str,
) -> None:
    """Delete one message, or those that --all chooses.

    Their receivers never get what is deleted.
    """
    owner = find(tenant)
    messages = _wanted(owner, message_id, of_all, name, dead)
    if of_all and not yes:
        chosen = _chosen(owner, name, dead)
        if total := database().read(lambda known: count_letters(known, chosen)):
            said = f"Delete {counted(total, 'message')}? Their receivers never get what you delete."
            click.confirm(said, abort=True)
    say(f"Deleted {_change(messages, drop_letters, 'deleted')}.")


@click.command()
@with_appcontext
def deliver() -> None:
    """Deliver messages until a signal, and do nothing else.

    Servers deliver by themselves. With SCIM_DELIVER=false they leave it to this command.
    """
    opened, delivery = service(), Delivery()
    with doing(jobs(delivery), opened) as stopping:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: stopping.set())
        say(f"Delivering the outbox of {opened.database.url}; Ctrl+C ends it.")
        stopping.wait()
    accepted, failed = counted(delivery.delivered, "message"), counted(delivery.failed, "attempt")
    say(f"Ended: {accepted} accepted, {failed} failed; the rest waits in the outbox.")


def summary(each: Backlog) -> str:
    """Return a line about a receiver: what waits, and how it does."""
    waits = f"{each.waiting} wait" if each.waiting != 1 else "1 waits"
    if each.oldest:
        waits = f"{waits}, the oldest for {ago(each.oldest)}"
    state = f"accepted one {ago(each.last_success)} ago" if each.last_success else "accepted none"
    if each.failing:
        state = f"failing for {ago(each.failing)}: {each.last_error}"
    own = each.receiver
    return f"{own.name} ({own.kind}): {waits}; {each.dead} dead; {state}"


def line(message: Message, receiver: str) -> str:
    """Return a line about a message."""
    what = f"{message.operation} {message.resource_type} {message.resource_id}"
    waits = "is to be fetched" if message.is_fetched else "waits"
    state = "dead" if message.dead else waits
    tried = f" after {counted(message.attempts, 'attempt')}" if message.attempts else ""
    error = f": {message.error}" if message.error else ""
    return f"{message.id}  {message.at[:19]}Z  {receiver}  {what}  {state}{tried}{error}"


def _when(message: Message) -> str:
    if message.dead:
        return f"It is a dead letter; `python manage.py outbox retry {message.id}` sends it again."
    if message.is_fetched:
        return "The receiver fetches it."
    return f"It is tried at {message.due[:19]}Z or later."


def _texts(message: Message, receiver: Receiver) -> Iterator[str]:
    """Yield what a receiver is sent."""
    channel = CHANNELS.get(receiver.kind)
    if message.content is not None:
        yield message.content
    elif channel is None or channel.keeps(receiver):
        yield "What is sent is made at the time, of who is in the feed then."
    else:
        opened = service()

        def contents(known: Connection) -> list[str]:
            change = Outbox(known).change(message)
            made = channel.contents(opened, known, receiver, message, change)
            return [each.text for each in made]

        try:
            yield from opened.database.read(contents) or ["Nothing: the receiver need not know."]
        except NotDelivered as error:
            yield f"It cannot be made: {error}"


def _pretty(text: str) -> list[str]:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()
    except ValueError:
        return text.splitlines()


def _receivers(owner: Tenant) -> list[Receiver]:
    return database().read(lambda known: list_receivers(known, owner))


def _chosen(owner: Tenant, name: str | None, dead: bool | None) -> Chosen:
    if name is None:
        return Chosen(owner.id, None, dead)
    known = _receivers(owner)
    ids = [each.id for each in known if each.name == name]
    if not ids:
        names = ", ".join(each.name for each in known) or "none"
        raise click.ClickException(f"there is no receiver {name!r}; the tenant has: {names}")
    return Chosen(owner.id, ids[0], dead)


def _found(owner: Tenant, message_id: str) -> Message:
    found = database().read(lambda known: find_letter(known, owner.id, message_id))
    if found is None:
        raise click.ClickException(
            f"the outbox of {owner.name} has no message {message_id!r}; it may be delivered by now"
        )
    return found


def _wanted(
    owner: Tenant, message_id: str | None, of_all: bool, name: str | None, dead: bool | None
) -> Iterator[list[Message]]:
    """Return the messages that a command line names, in parts."""
    if (message_id is None) != of_all:
        raise click.UsageError("give the ID of a message, or --all, which --dead may limit")
    if message_id is not None:
        return iter([[_found(owner, message_id)]])
    return _parts(_chosen(owner, name, dead))


def _change(
    messages: Iterable[list[Message]],
    change: Callable[[Connection, Sequence[Message]], int],
    done: str,
) -> str:
    """Change messages part by part; return how many there were, ``3 messages``."""
    number = 0
    for part in messages:
        number += database().write(lambda known: change(known, part))  # noqa: B023
        if len(part) == AT_ONCE:
            click.echo(f"{number} {done}", err=True)
    return counted(number, "message")


def _parts(chosen: Chosen) -> Iterator[list[Message]]:
    after = ""
    while part := database().read(lambda known: letters(known, chosen, AT_ONCE, after)):  # noqa: B023
        after = part[-1].id
        yield part


def _all(chosen: Chosen) -> Iterator[Message]:
    for part in _parts(chosen):
        yield from part
