"""The server that ``check``, ``demo`` and ``idp`` talk to, and who gets the settings' token."""

import click
import pytest
from click.testing import CliRunner

from scim.cli.target import find_target, with_target


@click.command()
@with_target
def shown(url, token, ca):
    """Show what was found."""
    assert ca is None
    click.echo(" ".join(find_target(url, token)))


@pytest.fixture
def target(monkeypatch):
    """Return what the command prints or how it fails, with settings of the environment."""

    def found(*arguments, typed=None, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"SCIM_{name}", value)
        done = CliRunner().invoke(shown, arguments, input=typed)
        return done.stdout.strip() or done.stderr.splitlines()[-1]

    return found


def test_server_of_the_settings_is_the_default(target):
    place = {"PORT": "8000", "BASE_PATH": "/x", "TOKEN": "s3cret"}

    assert target(**place) == "http://localhost:8000/x s3cret"


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("http://localhost:8000/scim/v2", {}),
        ("http://127.0.0.1:8000/scim/v2?aadOptscim062020", {}),
        ("http://[::1]:8000/other", {"HOST": "::"}),
        ("http://LOCALHOST/scim/v2", {"PORT": "80"}),
        ("https://scim.example.com/scim/v2", {"HOST": "scim.example.com", "PORT": "443"}),
    ],
)
def test_own_host_and_port_get_the_token(target, url, settings):
    place = {"PORT": "8000", "TOKEN": "s3cret"} | settings

    assert target("--scim", url, **place) == f"{url} s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8001/scim/v2",
        "http://localhost/scim/v2",
        "http://127.0.0.1.example.com:8000/scim/v2",
        "http://localhost:8000@example.com/scim/v2",
        "https://example.com:8000/scim/v2",
        "http://localhost:port",
        "http://[",
    ],
)
def test_token_goes_to_no_other_server(target, url):
    place = {"PORT": "8000", "TOKEN": "s3cret"}

    assert target("--scim", url, **place) == "Error: Token is missing; give --token"
    assert target("--scim", url, typed="typed\n", **place) == f"{url} typed"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost/scim/v2", "nope"])
def test_no_token_is_asked_for_what_is_no_url(target, url):
    said = target("--scim", url, typed="typed\n")

    assert said == f"Error: {url!r} is no URL of a server; it begins with http:// or https://"


@pytest.mark.parametrize("token", ["Bearer abc", "bearer  abc", " abc ", "abc"])
def test_token_may_be_pasted_with_its_scheme(target, token):
    assert target("--token", token) == "http://localhost:5000/scim/v2 abc"
