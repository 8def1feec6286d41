"""``idp okta``: a stand-in for Okta, which provisions into a SCIM server."""

import click

from scim.idp.okta.api.application import create_api
from scim.idp.okta.org import KINDS, App, Org
from scim.idp.okta.service import Service
from scim.idp.serving import create_api_server, say

from .reach import check_target
from .target import find_target, with_target, with_verbose

API_TOKEN = "00okta-without-okta"


@click.command()
@with_target
@click.option(
    "--app",
    "kind",
    type=click.Choice(KINDS),
    default="template",
    show_default=True,
    help="the template app sends PATCH for groups and to deactivate, the wizard's app sends PUT",
)
@click.option(
    "--api-token", default=API_TOKEN, show_default=True, help="the token of the management API"
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5001,
    show_default=True,
    help="the port of the management API",
)
@with_verbose
def okta(
    url: str | None,
    token: str | None,
    ca: str | None,
    kind: str,
    api_token: str,
    port: int,
    verbose: bool,
) -> None:
    """Provision users and groups as Okta does, until Ctrl+C."""
    url, token = find_target(url, token)
    try:
        app = App(kind)
        service = Service(Org(app), url, token, say, show=say if verbose else None)
        check_target(url, token, ca)
        server = create_api_server(create_api(service, api_token), port)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    address = f"http://localhost:{server.port}/api/v1"
    say(f"Okta API      {address}")
    say(f"App           {address}/apps/{app.id}")
    say(f"API token     {api_token}   (Authorization: SSWS {api_token})")
    service.start()
    server.serve_forever()  # Werkzeug returns at Ctrl+C
    say("stopped")
