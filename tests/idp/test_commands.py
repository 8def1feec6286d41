"""``python manage.py idp`` serves an API until Ctrl+C, and keeps the token of the server secret."""

import signal
import subprocess
import sys

import httpx2
import pytest
from click.testing import CliRunner

from scim.cli.idp import idp as command
from scim.cli.okta import API_TOKEN
from tests.support.ports import free_port
from tests.support.server import ROOT

from .scripted import EMPTY, scripted


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
            ["initial cycle: 6 to look at"],
        ),
    ],
)
def test_command_serves_until_interrupted_and_keeps_the_token_to_itself(idp, base, path, lines):
    port = free_port()
    with scripted((200, {}, EMPTY)) as app:
        words = f"idp {idp} --verbose --scim {app.url} --token s3cret --port {port}".split()
        with subprocess.Popen(
            [sys.executable, "manage.py", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process:
            printed = [process.stderr.readline().rstrip()]
            while not set(lines) <= set(printed) and process.poll() is None:
                printed.append(process.stderr.readline().rstrip())
            url, headers = f"http://127.0.0.1:{port}{base}", {"Authorization": f"SSWS {API_TOKEN}"}
            answer = httpx2.get(url + path, headers=headers, trust_env=False)
            process.send_signal(signal.SIGINT)
            printed += process.stderr.read().splitlines()

    assert process.returncode == 0
    assert printed[0].endswith(f" http://localhost:{port}{base}")
    assert printed[-1] == "stopped"
    assert answer.json()["id"] == path.split("/")[-1]
    assert "    > Authorization: Bearer ••••" in printed
    assert '    <     "urn:ietf:params:scim:api:messages:2.0:ListResponse"' in printed
    assert "s3cret" not in "".join(printed) + answer.text


@pytest.mark.parametrize("idp", ["okta", "entra"])
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(401, {}, {})], "the server refuses the token: it answers 401; give the token that"),
        ([(404, {}, {})], " is not the base URL of a SCIM server: GET /Users is answered 404;"),
        ([(200, {}, b"<p>")], " is not the base URL of a SCIM server: GET /Users is answered 200;"),
        ([(404, {}, {}), (404, {}, {}), (200, {}, EMPTY)], "; did you mean http://127.0.0.1:"),
        ([(0, {}, {})], "no answer to GET http://127.0.0.1:"),
    ],
)
def test_server_that_cannot_be_used_is_told_at_once(idp, answers, said):
    with scripted(*answers) as app:
        done = CliRunner().invoke(command, [idp, "--scim", app.url, "--token", "t", "--port", "0"])

    assert done.exit_code == 1
    [line] = done.output.splitlines()
    assert said in line
