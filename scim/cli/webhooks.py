"""``webhook``: addresses that are told of each change in a tenant, by a signed POST."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import click
from flask.cli import with_appcontext

from scim.deliver.happenings import event_types
from scim.deliver.outgoing import OutgoingError, shown
from scim.deliver.webhooks.webhooks import (
    KIND,
    new_secrets,
    problem_of,
    send,
    status_of,
    valid,
)
from scim.storage.keys import from_now, new_id, now
from scim.storage.receivers import Receiver

from . import receivers
from .common import of_tenant, say, service
from .times import duration
from .tokens import check_name

ANSWER_SHOWN = 200  # characters


@click.group()
def webhook() -> None:
    """Tell an application of each change, by a signed POST."""


@webhook.command("add")
@click.argument("name")
@click.argument("url")
@click.option(
    "--only",
    multiple=True,
    metavar="EVENT",
    help="tell of this event only, such as user.created; may be given again",
)
@click.option("--with-bodies", is_flag=True, help="send the resource before and after, too")
@of_tenant
@with_appcontext
def add(name: str, url: str, only: Sequence[str], with_bodies: bool, tenant: str) -> None:
    """Add a webhook and print its secret.

    No command shows the secret again.
    """
    check_name(name, "webhook")
    secrets, options = new_secrets(), _options(only, with_bodies)
    receivers.check_address(url)
    receivers.added(tenant, name, KIND, url, secrets, options)
    say(secrets["current"])
    click.echo("The receiver verifies messages with this secret. Keep it there.", err=True)


def _options(only: Sequence[str], with_bodies: bool) -> Mapping[str, Any]:
    """Return the options of a receiver.

    :raises click.ClickException: there is no such event
    """
    known = event_types(service().definitions)
    for event in only:
        if event not in known:
            raise click.ClickException(f"there is no event {event!r}; there are {', '.join(known)}")
    options: dict[str, Any] = {"only": list(only)} if only else {}
    return options | ({"bodies": True} if with_bodies else {})


@webhook.command("list")
@of_tenant
@with_appcontext
def list_added(tenant: str) -> None:
    """Show a tenant's webhooks.

    `outbox list` shows what they have not been told yet.
    """
    receivers.say_all(tenant, [KIND], "webhook", _described)


def _described(receiver: Receiver) -> Iterable[str]:
    """Yield what is to know of a webhook, without its secrets."""
    options = receiver.options
    yield f"{receiver.created[:19]}Z"
    yield receiver.name
    yield shown(receiver.url)
    if only := options.get("only"):
        yield f"only {', '.join(only)}"
    if options.get("bodies"):
        yield "with bodies"
    if number := len(valid(receiver.secrets)) - 1:
        yield "signed with the secret before, too" if number == 1 else f"{number + 1} secrets"
    if gone := options.get("gone"):
        yield f"stopped {gone[:19]}Z, as it answered 410 Gone"


@webhook.command("test")
@click.argument("name")
@of_tenant
@with_appcontext
def test(name: str, tenant: str) -> None:
    """Send a message that tells of no change, and show the answer."""
    receiver = _find(name, tenant)
    told = {"type": "webhook.test", "timestamp": now(), "data": {"tenant": tenant, "name": name}}
    began = time.perf_counter()
    try:
        answer = send(service(), receiver, new_id(), json.dumps(told))
    except OutgoingError as error:
        raise click.ClickException(f"{name} was not told: {error}") from None
    took = f" in {1000 * (time.perf_counter() - began):.0f} ms"
    text = answer.text.strip()
    if text:
        say(f"Its answer: {text[:ANSWER_SHOWN]}{'…' * (len(text) > ANSWER_SHOWN)}")
    if problem := problem_of(answer, took):
        raise click.ClickException(f"{name} did not accept the message: {problem}")
    say(f"{name} accepted the message: {status_of(answer)}{took}")


@webhook.command("rotate")
@click.argument("name")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="TIME",
    callback=duration,
    help="how long messages are signed with the old secret, too; 0 for not at all",
)
@of_tenant
@with_appcontext
def rotate(name: str, overlap: timedelta, tenant: str) -> None:
    """Make a new secret and print it.

    For a while, messages are signed with both, so the receiver can change its secret meanwhile.
    """
    made = receivers.changed(
        _find(name, tenant),
        KIND,
        lambda known: replace(known, secrets=new_secrets(known.secrets, overlap)),
    )
    say(made.secrets["current"])
    ends = from_now(seconds=overlap.total_seconds())
    both = f"Messages are signed with the old secret, too, until {ends[:19]}Z."
    click.echo(both if overlap else "Messages are signed with this secret only.", err=True)


@webhook.command("resume")
@click.argument("name")
@of_tenant
@with_appcontext
def resume(name: str, tenant: str) -> None:
    """Tell a webhook of changes again, after it answered 410 Gone.

    It is not told what has changed meanwhile.
    """
    receiver = _find(name, tenant)
    if "gone" not in receiver.options:
        raise click.ClickException(f"{name} is being told; there is nothing to resume")
    receivers.changed(receiver, KIND, _resumed)
    say(f"{name} is told of changes again.")


def _resumed(receiver: Receiver) -> Receiver:
    options = {name: value for name, value in receiver.options.items() if name != "gone"}
    return replace(receiver, options=options)


@webhook.command("remove")
@click.argument("name")
@of_tenant
@with_appcontext
def remove(name: str, tenant: str) -> None:
    """Remove a webhook, with the messages that wait for it."""
    receivers.remove(_find(name, tenant), "message")


def _find(name: str, tenant: str) -> Receiver:
    return receivers.found(tenant, name, [KIND], "webhook")
