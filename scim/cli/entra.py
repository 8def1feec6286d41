"""``idp entra``: a stand-in for the provisioning service of Microsoft Entra ID."""

import sys
import threading
from pathlib import Path

import click

from scim.idp.entra.api.application import api_server
from scim.idp.entra.api.job import JOB_ID, SERVICE_PRINCIPAL_ID
from scim.idp.entra.dialect import DIALECTS
from scim.idp.entra.directory import Directory
from scim.idp.entra.files import read_directory, read_mapping
from scim.idp.entra.mapping.rules import MATCHING
from scim.idp.entra.service import new_service

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--scim", "url", required=True, help="the tenant URL: the base URL of a SCIM server")
@click.option("--token", required=True, help="the secret token that the SCIM server takes")
@click.option(
    "--directory",
    type=FILE,
    help="a JSON file with users, groups and assignments",
)
@click.option("--dialect", type=click.Choice(list(DIALECTS)), default="default", show_default=True)
@click.option(
    "--matching",
    type=click.Choice(list(MATCHING)),
    help="what users are looked for by  [default: userName]",
)
@click.option(
    "--mapping",
    type=FILE,
    help="a JSON file with another attribute mapping, as the API shows it",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    default=40,
    show_default=True,
    help="seconds between cycles; in Entra ID they are minutes",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5002,
    show_default=True,
    help="of the management API",
)
def entra(
    url: str,
    token: str,
    directory: Path | None,
    dialect: str,
    matching: str | None,
    mapping: Path | None,
    interval: float,
    port: int,
) -> None:
    """Provision users and groups as Microsoft Entra ID does."""
    if matching and mapping:
        raise click.UsageError("--mapping says what users are looked for by: omit --matching")
    try:
        people = read_directory(directory) if directory else Directory()
        rules = read_mapping(mapping) if mapping else None
        matching = matching or "userName"
        service = new_service(people, url, token, dialect, matching, interval, _say, rules)
        server = api_server(service, "127.0.0.1", port)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    jobs = f"servicePrincipals/{SERVICE_PRINCIPAL_ID}/synchronization/jobs/{JOB_ID}"
    _say(f"Graph API     http://localhost:{server.server_port}/v1.0")
    _say(f"Job           http://localhost:{server.server_port}/v1.0/{jobs}")
    threading.Thread(target=service.run_cycles, daemon=True).start()
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            _say("stopped")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
