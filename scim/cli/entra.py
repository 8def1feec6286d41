"""``idp entra``: a stand-in for Microsoft Entra ID, which provisions into a SCIM server."""

from pathlib import Path
from threading import Thread

import click

from scim.idp.entra.api.app import SERVICE_PRINCIPAL_ID
from scim.idp.entra.api.application import create_api
from scim.idp.entra.api.job import JOB_ID
from scim.idp.entra.dialect import DIALECTS
from scim.idp.entra.files import COMPANY, read_directory, read_mapping
from scim.idp.entra.mapping.rules import MATCHING
from scim.idp.entra.service import new_service
from scim.idp.serving import create_api_server, say

from .reach import check_target
from .target import find_target, with_target, with_verbose

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@with_target
@click.option(
    "--directory",
    type=FILE,
    default=COMPANY,
    help="a JSON file with users, groups and assignments  [default: a small company]",
)
@click.option("--dialect", type=click.Choice(list(DIALECTS)), default="default", show_default=True)
@click.option(
    "--matching",
    type=click.Choice(list(MATCHING)),
    help="the attribute to look for users by  [default: userName]",
)
@click.option(
    "--mapping",
    type=FILE,
    help="a JSON file with the attribute mapping, as the API shows it",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    default=40,
    show_default=True,
    help="seconds between cycles; Entra ID takes 40 minutes",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5002,
    show_default=True,
    help="the port of the management API",
)
@with_verbose
def entra(
    url: str | None,
    token: str | None,
    ca: str | None,
    directory: Path,
    dialect: str,
    matching: str | None,
    mapping: Path | None,
    interval: float,
    port: int,
    verbose: bool,
) -> None:
    """Provision users and groups as Entra ID does, until Ctrl+C."""
    if matching and mapping:
        raise click.UsageError("omit --matching: the file of --mapping tells how to look for users")
    url, token = find_target(url, token)
    try:
        people = read_directory(directory)
        rules = read_mapping(mapping) if mapping else None
        matching, show = matching or "userName", say if verbose else None
        service = new_service(people, url, token, dialect, matching, interval, say, rules, show)
        check_target(url, token, ca)
        server = create_api_server(create_api(service), port)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    jobs = f"servicePrincipals/{SERVICE_PRINCIPAL_ID}/synchronization/jobs/{JOB_ID}"
    say(f"Graph API     http://localhost:{server.port}/v1.0")
    say(f"Job           http://localhost:{server.port}/v1.0/{jobs}")
    Thread(target=service.run_cycles, daemon=True).start()
    server.serve_forever()  # Werkzeug returns at Ctrl+C
    say("stopped")
