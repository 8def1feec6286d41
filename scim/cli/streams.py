"""``stream``: receivers of security event tokens, pushed or fetched, about changes in a tenant."""

import shlex
import sys
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import click
from flask.cli import with_appcontext

from scim.deliver.events.claims import audience, claims, condition, is_full
from scim.deliver.events.feeds import filter_of
from scim.deliver.events.signing import PATH, current_key, issuer
from scim.deliver.events.streams import KINDS, POLL, PUSH, fill, problem_of, push, refusal
from scim.deliver.outgoing import OutgoingError, shown
from scim.explain.words import counted
from scim.program import prefix
from scim.protocol.errors import ScimError
from scim.protocol.events import FULL, NOTICE
from scim.protocol.permissions import EVENTS
from scim.protocol.schema import USER
from scim.storage.contents import About, message_row, put_made
from scim.storage.keys import new_id
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver

from . import receivers
from .common import database, of_tenant, root, say, service, with_options
from .tokens import check_name

# The event by which the Shared Signals Framework tries a stream.
VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"
HERE = (
    "SCIM_PUBLIC_URL is not set, so the issuer is named as this machine knows it; set it, or "
    "receivers find no keys there"
)
CHOICES = (
    click.argument("name"),
    click.option("--push", "url", metavar="URL", help="send the tokens there (RFC 8935)"),
    click.option("--poll", is_flag=True, help="let the receiver fetch the tokens (RFC 8936)"),
    click.option("--full/--notice", "in_full", help="send data, or names of attributes only"),
    click.option(
        "--filter", "text", metavar="FILTER", help="tell only of users who match it, as a feed"
    ),
    click.option("--audience", metavar="TEXT", help="the aud of the tokens; by default a URL"),
    click.option(
        "--authorization", is_flag=True, help="ask for the Authorization header that it wants"
    ),
    click.option("--completions", is_flag=True, help="tell of asynchronous requests, too"),
    of_tenant,
)


@click.group()
def stream() -> None:
    """Tell receivers of changes by security event tokens."""


@stream.command("add")
@partial(with_options, options=CHOICES)
@with_appcontext
def add(
    name: str,
    url: str | None,
    poll: bool,
    in_full: bool,
    text: str | None,
    audience: str | None,
    authorization: bool,
    completions: bool,
    tenant: str,
) -> None:
    """Add a receiver, and print what it has to know."""
    if bool(url) == poll:
        raise click.UsageError("choose --push URL or --poll")
    check_name(name, "stream")
    _check_filter(text)
    options: dict[str, Any] = {"mode": FULL if in_full else NOTICE, "audience": audience}
    options |= {"filter": text, "completions": completions}
    given = {key: value for key, value in options.items() if value}
    _store(tenant, name, url or "", _secrets(url, authorization), given)


def _check_filter(text: str | None) -> None:
    try:
        if text is not None:  # an empty one would tell of everybody
            condition(text, service().definitions.by_name[USER.name])
    except ScimError as error:
        raise click.ClickException(f"--filter: {error.detail}") from None


def _secrets(url: str | None, authorization: bool) -> dict[str, str]:
    """Return the header that a receiver wants; a command line would show it to others."""
    if url:
        receivers.check_address(url)
    if not authorization:
        return {}
    if not url:
        raise click.UsageError("--authorization goes with --push")
    if sys.stdin.isatty():
        given = click.prompt("Authorization", hide_input=True, err=True)
    else:
        given = sys.stdin.readline(8192)
    if not given.strip().isprintable() or not given.strip().isascii() or not given.strip():
        raise click.ClickException("the header must be a line of ASCII, such as Bearer and a token")
    return {"authorization": given.strip()}


def _store(
    tenant: str, name: str, url: str, secrets: dict[str, str], options: dict[str, Any]
) -> None:
    opened, kind = service(), PUSH if url else POLL
    receiver = receivers.added(tenant, name, kind, url, secrets, options)
    current_key(database())
    if opened.settings.is_production and not opened.settings.public_url:
        click.echo(HERE, err=True)
    say(f"Issuer    {issuer(opened)}")
    say(f"Audience  {audience(opened, receiver)}")
    say(f"Keys      {root()}{PATH}")
    if kind == POLL:
        say(f"Poll      {issuer(opened)}{prefix() or opened.settings.base_path}/Events/poll")
        issue = ["token", "issue", name, "--scope", EVENTS, "--tenant", tenant]
        say(f"Token     the one that `python manage.py {shlex.join(issue)}` prints")
    if filter_of(receiver):
        number = database().write(lambda known: fill(opened, known, receiver))
        say(f"Feed      begins with {counted(number, 'user')}")


@stream.command("list")
@of_tenant
@with_appcontext
def list_added(tenant: str) -> None:
    """Show a tenant's streams.

    `outbox list` shows the tokens that were not delivered yet.
    """
    receivers.say_all(tenant, KINDS, "stream", _described)


def _described(receiver: Receiver) -> Iterable[str]:
    """Yield what is to know of a stream, without its secrets."""
    yield f"{receiver.created[:19]}Z"
    yield receiver.name
    yield shown(receiver.url) if receiver.kind == PUSH else "polls"
    yield FULL if is_full(receiver) else NOTICE
    if text := filter_of(receiver):
        yield f"users with {text}"
    yield f"aud {audience(service(), receiver)}"
    if receiver.options.get("completions"):
        yield "with completions"


@stream.command("test")
@click.argument("name")
@of_tenant
@with_appcontext
def test(name: str, tenant: str) -> None:
    """Push a token that tells of no change.

    The answer is shown. A receiver that polls fetches the token.
    """
    receiver, key = _find(name, tenant), new_id()
    sub_id = {"format": "opaque", "id": receiver.id}
    content = claims(key, sub_id, {VERIFICATION: {"state": key}})
    about = About("", receiver.id, int(time.time()))
    if receiver.kind == POLL:
        database().write(
            lambda known: put_made(known, receiver, [(content, about)], "test", key, True)
        )
        say(f"{name} finds a token with the txn {key} when it polls.")
        return
    message = Message(**message_row(receiver, about, "test", key, id=key, content=content))
    try:
        answer = push(service(), receiver, message)
    except OutgoingError as error:
        raise click.ClickException(f"{name} was not told: {error}") from None
    if answer.status != 202:
        problem = refusal(answer) or problem_of(answer)
        raise click.ClickException(f"{name} did not accept the token: {problem}")
    say(f"{name} accepted the token: 202 Accepted")


@stream.command("remove")
@click.argument("name")
@of_tenant
@with_appcontext
def remove(name: str, tenant: str) -> None:
    """Remove a stream, with the tokens that were not delivered."""
    receivers.remove(_find(name, tenant), "token")


def _find(name: str, tenant: str) -> Receiver:
    return receivers.found(tenant, name, KINDS, "stream")
