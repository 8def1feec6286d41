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

from ..support.ports import free_port
from ..support.server import ROOT
from .scripted import scripted


@pytest.mark.parametrize("url", ["localhost:5000/scim/v2", "ftp://localhost"])
def test_url_that_is_none_is_refused(url):
    result = CliRunner().invoke(okta, ["--scim", url, "--token", "t", "--port", "0"])

    assert result.exit_code == 1
    assert f"{url!r} is not a URL with http or https" in result.output


def test_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = ["--scim", "http://127.0.0.1:1", "--token", "t", "--port", port]
        result = CliRunner().invoke(okta, command)

    assert result.exit_code == 1
    assert port in result.output


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
