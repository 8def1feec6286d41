"""``receive``: a receiver to try deliveries with."""

import errno
from collections.abc import Mapping, Sequence

import click

from scim.deliver.receiving.arrived import Reader
from scim.deliver.receiving.listening import Inbox
from scim.deliver.receiving.webhooks import CONTENT_TYPE, WebhookReader
from scim.deliver.signatures import key_of

from .common import say

HERE = """Receives at {url}, until Ctrl+C. The server calls this machine if it has
SCIM_WEBHOOK_ALLOW_PRIVATE=true. Then: python manage.py webhook add NAME {url}"""


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
@click.option("--verbose", is_flag=True, help="print each message, too")
def receive(port: int, secrets: Sequence[str], verbose: bool) -> None:
    """Verify what the server delivers, and say in plain words what it means."""
    try:
        inbox = Inbox(port, _readers(secrets, verbose), say)
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


def _readers(secrets: Sequence[str], verbose: bool) -> Mapping[str, Reader]:
    """Return who reads what, by its content type.

    :raises ValueError: a secret is none
    """
    return {CONTENT_TYPE: WebhookReader([key_of(each) for each in secrets], verbose)}
