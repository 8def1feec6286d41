"""``idp okta``: a stand-in for Okta, which provisions into a SCIM server."""

import sys

import click

from scim.idp.okta.api.application import api_server
from scim.idp.okta.org import KINDS, App, Org
from scim.idp.okta.service import Service

API_TOKEN = "00okta-without-okta"


@click.command()
@click.option("--scim", "url", required=True, help="the base URL of a SCIM server")
@click.option("--token", required=True, help="the bearer token that the SCIM server takes")
@click.option(
    "--app",
    "kind",
    type=click.Choice(KINDS),
    default="template",
    show_default=True,
    help="the template app sends PATCH to deactivate and for groups, that of the wizard PUT",
)
@click.option("--api-token", default=API_TOKEN, show_default=True, help="of the management API")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5001,
    show_default=True,
    help="of the management API",
)
def okta(url: str, token: str, kind: str, api_token: str, port: int) -> None:
    """Provision users and groups as Okta does."""
    try:
        app = App(kind)
        service = Service(Org(app), url, token, _say)
        server = api_server(service, api_token, port)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    address = f"http://localhost:{server.port}/api/v1"
    _say(f"Okta API      {address}")
    _say(f"App           {address}/apps/{app.id}")
    _say(f"API token     {api_token}   (Authorization: SSWS {api_token})")
    service.start()
    server.serve_forever()  # until Ctrl+C, which is no error to werkzeug
    _say("stopped")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
