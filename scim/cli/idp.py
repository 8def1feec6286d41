"""``idp``: stand-ins for identity providers, which provision into a SCIM server as real ones do."""

import click

from . import entra, okta


@click.group()
def idp() -> None:
    """Run a stand-in for an identity provider."""


idp.add_command(entra.entra)
idp.add_command(okta.okta)
