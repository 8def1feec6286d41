"""The SCIM server that a command talks to: that of the settings, unless a URL is given."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click

from scim.environment import read_settings
from scim.operate.demo_token import why_refused
from scim.settings import LOCAL, TARGET_TOKEN, Settings

from .common import with_options
from .reach import with_ca

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PORTS = {"http": 80, "https": 443}


def with_target(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--scim``, ``--token`` and ``--ca``: url, token and ca."""
    options = (
        click.option("--scim", "url", help="the base URL of a SCIM server  [default: this one]"),
        click.option(
            "--token",
            envvar=TARGET_TOKEN,
            help="the server's bearer token; asked for unless the server is this one",
        ),
        with_ca,
    )
    return with_options(command, options)


def with_verbose(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--verbose``."""
    about = "show each request and answer in full; the token and passwords are hidden"
    return click.option("--verbose", "-v", is_flag=True, help=about)(command)


def find_target(url: str | None, token: str | None) -> tuple[str, str]:
    """Return the base URL and the bearer token of the server to talk to.

    Without a URL it is the server of the settings. Their token goes to their own host and port
    only; for another server a missing token is asked for. ``Bearer`` before a token is left out.
    """
    settings = read_settings()
    url = url or settings.base_url
    own = "" if why_refused(settings) else settings.own_token
    token = token or (own if is_ours(url, settings) else "") or _ask_for_token(url)
    kind, _, rest = token.strip().partition(" ")
    return url, rest.strip() if kind.lower() == "bearer" else token.strip()


def is_ours(url: str, settings: Settings) -> bool:
    """Tell whether a URL has the host and the port of the settings."""
    hosts = (settings.host, *(LOOPBACK if settings.host in LOCAL else ()))
    try:
        parts = urlsplit(url)
        return parts.hostname in hosts and (parts.port or PORTS[parts.scheme]) == settings.port
    except (KeyError, ValueError):
        return False


def _ask_for_token(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        said = f"{url!r} is no URL of a server; it begins with http:// or https://"
        raise click.UsageError(said)
    return ask_for("Token", "--token")


def ask_for(what: str, option: str) -> str:
    """Return a secret that somebody types."""
    try:
        secret: str = click.prompt(what, hide_input=True, err=True)
    except click.Abort:
        raise click.UsageError(f"{what} is missing; give {option}") from None
    return secret
