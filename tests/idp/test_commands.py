"""``python manage.py idp`` serves an API until Ctrl+C, and keeps the token of the server secret."""

import signal
import subprocess
import sys

import httpx2
import pytest

from scim.cli.okta import API_TOKEN
from tests.support.ports import free_port
from tests.support.server import ROOT

from .scripted import scripted

EMPTY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": []}


@pytest.mark.parametrize(
    ("idp", "base", "path", "lines"),
    [
        (
            "okta",
            "/api/v1",
            "/apps/0oascim2testapp00000",
            ["Test API credentials", "  GET /Users?startIndex=1&count=2 200"],
        ),
        (
            "entra",
            "/v1.0",
            "/servicePrincipals/c8c95753-f628-48e1-9fab-76c2d4cf624c",
            ["initial cycle: 0 to look at"],
        ),
    ],
)
def test_command_serves_until_interrupted_and_keeps_the_token_to_itself(idp, base, path, lines):
    port = free_port()
    with scripted((200, {}, EMPTY)) as app:
        command = ["idp", idp, "--scim", app.url, "--token", "s3cret", "--port", str(port)]
        with subprocess.Popen(
            [sys.executable, "manage.py", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process:
            printed = [process.stderr.readline().rstrip()]
            while printed[-len(lines) :] != lines and process.poll() is None:
                printed.append(process.stderr.readline().rstrip())
            url, headers = f"http://127.0.0.1:{port}{base}", {"Authorization": f"SSWS {API_TOKEN}"}
            answer = httpx2.get(url + path, headers=headers, trust_env=False)
            process.send_signal(signal.SIGINT)
            printed += process.stderr.read().splitlines()

    assert process.returncode == 0
    assert printed[0].endswith(f" http://localhost:{port}{base}")
    assert printed[-1] == "stopped"
    assert answer.json()["id"] == path.split("/")[-1]
    assert "s3cret" not in "".join(printed) + answer.text
