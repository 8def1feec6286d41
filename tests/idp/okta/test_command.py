"""``python manage.py idp okta`` refuses options, a URL, a token or a port in one line."""

import socket

import pytest
from click.testing import CliRunner

from scim.cli.okta import okta

from ..scripted import EMPTY, scripted

APP = ("--scim", "http://127.0.0.1:1/scim/v2", "--token", "t")


def refused(*arguments: str, exit_code: int = 1) -> str:
    """Return the last of what the command says when it does not start: in one line, if it can."""
    result = CliRunner().invoke(okta, [*APP, "--port", "0", *arguments])
    assert result.exit_code == exit_code, result.output
    *usage, line = result.output.splitlines()
    assert len(usage) == (3 if exit_code == 2 else 0)
    return line


@pytest.mark.parametrize(
    "url",
    [
        "localhost:5000/scim/v2",
        "ftp://localhost",
        "http://",
        "http://localhost:x",
        "http://localhost:99999",
        "http://[::1",
        "http://local host",
        "http://localhost/scim v2",
        "http://localhost/scim\n",
        "http://localhost/schön",
    ],
)
def test_url_that_is_none_is_refused(url):
    assert refused("--scim", url) == f"Error: {url!r} is not a URL with http or https"


@pytest.mark.parametrize("token", ["s3\ncret", "s3\rcret", "s3crét", "s3cret€", "s3cret\x7f"])
def test_token_that_no_header_can_carry_is_refused_and_not_shown(token):
    assert refused("--token", token) == "Error: the token has characters that no header can carry"


def test_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken, scripted((200, {}, EMPTY)) as app:
        port = str(taken.getsockname()[1])

        line = refused("--scim", app.url, "--port", port)

    assert "Address already in use" in line
    assert port in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "65536"), "'--port': 65536 is not in the range"),
        (("--port", "-1"), "'--port': -1 is not in the range"),
        (("--port", "http"), "'--port': 'http' is not a valid integer"),
        (("--app", "ldap"), "'--app': 'ldap' is not one of 'template', 'wizard'"),
    ],
)
def test_option_that_makes_no_sense_is_a_usage_error(arguments, said):
    assert said in refused(*arguments, exit_code=2)


def test_token_is_needed_for_another_server():
    result = CliRunner().invoke(okta, ["--scim", "http://127.0.0.1:1"])

    assert result.exit_code == 2
    assert "Token is missing; give --token" in result.output
