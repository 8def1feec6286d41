"""``receive``: a receiver to try deliveries with."""

import errno
import os
from collections.abc import Sequence
from typing import TextIO

import click
import httpx2

from scim.deliver.events.signing import PATH
from scim.deliver.events.streams import TOKEN_TYPE
from scim.deliver.receiving.arrived import Reader, indented
from scim.deliver.receiving.events import EventReader, Keys, ReceivingError, TokenError, pasted
from scim.deliver.receiving.listening import Inbox
from scim.deliver.receiving.polling import fetch
from scim.deliver.receiving.webhooks import CONTENT_TYPE, WebhookReader
from scim.deliver.webhooks.signatures import key_of
from scim.environment import read_settings
from scim.printing import printable

from .common import say

HERE = """Receives at {url}, until Ctrl+C. Tell the server of it, once, by one of
  python manage.py webhook add NAME {url}
  python manage.py stream add NAME --push {url}
The server calls this machine only with SCIM_WEBHOOK_ALLOW_PRIVATE=true."""
POLL_TOKEN = "EVENTS_TOKEN"  # a command line would show it to other users of the machine


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 is a free one"
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    envvar="WEBHOOK_SECRET",
    help="the secret of the webhook, or the variable WEBHOOK_SECRET; may be given again",
)
@click.option(
    "--jwks",
    metavar="URL",
    help="where the keys are that verify security event tokens  [default: at this server]",
)
@click.option("--issuer", help="refuse tokens with another iss")
@click.option("--audience", help="refuse tokens with another aud")
@click.option(
    "--poll", metavar="URL", help="fetch tokens there, by the token in the variable EVENTS_TOKEN"
)
@click.option(
    "--paste",
    type=click.File(),
    metavar="FILE",
    help="explain a token or the answer to a poll in a file; - reads stdin",
)
@click.option("--verbose", is_flag=True, help="print each message, too")
def receive(
    port: int,
    secrets: Sequence[str],
    jwks: str | None,
    issuer: str | None,
    audience: str | None,
    poll: str | None,
    paste: TextIO | None,
    verbose: bool,
) -> None:
    """Verify what the server delivers, and say what it means."""
    keys = Keys(jwks or f"{read_settings().origin}{PATH}")
    events = EventReader(keys, issuer, audience, verbose)
    if paste:
        _explain(paste.read(), verbose)
    elif poll:
        _poll(events, poll)
    else:
        _listen(port, secrets, events, verbose)


def _explain(text: str, verbose: bool) -> None:
    try:
        for line in indented(pasted(text, verbose)):
            say(line)
    except TokenError as error:
        raise click.ClickException(f"this cannot be explained: {error}") from None
    click.echo("Nothing was verified: anybody could have written this.", err=True)


def _poll(events: EventReader, url: str) -> None:
    token = os.environ.get(POLL_TOKEN)
    if not token:
        raise click.UsageError(f"--poll needs a token in the variable {POLL_TOKEN}")
    click.echo(f"Polls {url}, until Ctrl+C.", err=True)
    try:
        fetch(events, url, token, say)
    except httpx2.HTTPError as error:
        raise click.ClickException(f"{url}: {error}") from None
    except ReceivingError as error:
        raise click.ClickException(printable(str(error))) from None
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _listen(port: int, secrets: Sequence[str], events: EventReader, verbose: bool) -> None:
    try:
        inbox = Inbox(port, _readers(secrets, verbose) | {TOKEN_TYPE: events}, say)
    except ValueError as error:
        raise click.UsageError(f"--secret: {error}") from None
    except OSError as error:
        taken = "another program has it; give another --port"
        reason = taken if error.errno == errno.EADDRINUSE else error.strerror
        raise click.ClickException(f"cannot listen on the port {port}: {reason}") from None
    click.echo(HERE.format(url=inbox.url), err=True)
    with inbox:
        try:
            inbox.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


def _readers(secrets: Sequence[str], verbose: bool) -> dict[str, Reader]:
    """Return who reads what, by its content type.

    :raises ValueError: a secret is none
    """
    return {CONTENT_TYPE: WebhookReader([key_of(each) for each in secrets], verbose)}
