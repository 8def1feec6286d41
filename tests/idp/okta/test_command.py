"""``python manage.py idp okta``: what it refuses to start with, and where it tells what it does."""

import re
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest
from click.testing import CliRunner

from scim.cli.okta import API_TOKEN, okta
from tests.support.ports import free_port
from tests.support.server import ROOT

from ..scripted import scripted

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


@pytest.mark.parametrize("token", ["s3cret\n", "s3\rcret", "s3crét", "s3cret€", "s3cret\x7f"])
def test_token_that_no_header_can_carry_is_refused_and_not_shown(token):
    assert refused("--token", token) == "Error: the token has characters that no header can carry"


def test_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        line = refused("--port", port)

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


@pytest.mark.parametrize("missing", ["--scim", "--token"])
def test_server_and_token_are_needed(missing):
    arguments = {"--scim": "http://127.0.0.1:1", "--token": "t"}
    del arguments[missing]

    result = CliRunner().invoke(okta, [part for pair in arguments.items() for part in pair])

    assert result.exit_code == 2
    assert f"Missing option '{missing}'" in result.output


def test_command_serves_until_interrupted_and_keeps_the_token_to_itself():
    port = free_port()
    with scripted((200, {}, {})) as app:
        command = ["idp", "okta", "--scim", app.url, "--token", "s3cret", "--port", str(port)]
        with subprocess.Popen(
            [sys.executable, "manage.py", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process:
            lines = [process.stderr.readline() for _ in range(5)]
            http = HTTPConnection("127.0.0.1", port, timeout=10)
            http.request("GET", "/api/v1/apps", headers={"Authorization": f"SSWS {API_TOKEN}"})
            answer = http.getresponse().read().decode()
            http.close()
            process.send_signal(signal.SIGINT)
            printed = "".join([*lines, process.stderr.read()])

    assert process.returncode == 0
    assert f"http://localhost:{port}/api/v1" in lines[0]
    assert lines[3:] == ["Test API credentials\n", "  GET /Users?startIndex=1&count=2 200\n"]
    assert re.search(r'"id":"0oascim2testapp00000"', answer)
    assert printed.endswith("stopped\n")
    assert "s3cret" not in printed + answer
