"""A server that cannot be checked is told in one line, which says what to mend."""

import json
import re
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from scim.cli.check import check as command
from scim.cli.demo import demo

from ..idp.scripted import scripted
from ..support.broken import Answer, broken_server
from ..support.ports import free_port

PAGE = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0}


def check(url, *options, token="123456789"):
    return CliRunner().invoke(command, [url, "--token", token, "--suite", "okta-spec", *options])


def line_of(done):
    assert done.exit_code in (1, 2)
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit)
    [line] = [each for each in done.stderr.splitlines() if each.startswith("Error")]
    return line


@pytest.mark.parametrize("path", ["/scim/v3", "", "/", "/scim/v2/Users", "/scim/v2/Users/1/"])
def test_wrong_base_url_is_one_line(ours, path):
    line = line_of(check(ours.url.replace("/scim/v2", path)))

    assert "is not the base URL of a SCIM server: GET /Users is answered 404" in line
    assert line.endswith(f"; did you mean {ours.url}?")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {}, b"<html>"), "GET /Users is answered 200; the base URL is what comes before"),
        ((404, {}, {}), "GET /Users is answered 404; the base URL is what comes before /Users"),
        (
            (500, {}, {}),
            "the server fails: it answers 500 to GET /Users; see the log of the server",
        ),
        ((503, {}, {"detail": "no database"}), "it answers 503 to GET /Users; no database"),
        ((308, {"Location": "https://x"}, {}), "answered 308, with the location https://x"),
        ((403, {}, {}), "the server refuses the token: it answers 403; give the token"),
    ],
)
def test_what_is_no_scim_server_is_one_line(answer, words):
    with scripted(answer) as other:
        assert words in line_of(check(other.url))


def test_server_without_a_list_of_users_is_checked_all_the_same(ours):
    """Some refuse to list all users."""

    def refuse(asked, serve):
        return Answer(400) if asked.path == "/Users?count=1" else serve(asked)

    with broken_server(ours.url, refuse) as url:
        assert "12 checks" in check(url).stdout


@pytest.mark.parametrize("token", ["Bearer 123456789", "bearer  123456789", " 123456789 "])
def test_token_may_be_pasted_with_its_scheme(ours, token):
    assert check(ours.url, token=token).exit_code == 0


def test_server_that_is_not_there_is_one_line():
    line = line_of(check(f"http://127.0.0.1:{free_port()}/scim/v2"))

    assert line.endswith("Connection refused; start the server, or correct the host and the port")


@pytest.fixture
def hanging():
    """A server that accepts connections and never answers, as its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/scim/v2"


def test_server_that_hangs_is_one_line(hanging):
    line = line_of(check(hanging, "--timeout", "0.3"))

    assert (
        "none, or not the whole of it, came within 0.3 seconds; the server may hang, or --timeout"
        in line
    )


def test_server_that_stops_answering_is_reported_as_far_as_it_is_known(ours, tmp_path):
    """The report has all checks, those after the time-outs as skipped."""
    path, asked_so_far = tmp_path / "report", []

    def hang_later(asked, serve):
        asked_so_far.append(asked)
        if len(asked_so_far) > 20:
            time.sleep(1)
            raise ConnectionAbortedError
        return serve(asked)

    with broken_server(ours.url, hang_later) as url:
        options = ("--timeout", "0.2", "--report", "json", "--output", str(path))
        done = check(url, *options)

    assert done.exit_code == 1
    assert "not checked: the server has stopped answering" in done.stdout
    counts = json.loads(path.read_text())["counts"]
    assert counts["passed"] > 0
    assert counts["skipped"] > 0


def test_progress_is_shown_without_a_terminal(ours):
    done = CliRunner().invoke(command, [ours.url, "--token", "123456789", "--suite", "entra"])

    assert f"Checking {ours.url}: 31 checks" in done.stderr
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("scim.cli.check.LINE_EVERY", 5)
        lines = check(ours.url).stderr.splitlines()
    assert "5 of 12 checks, 0 failed" in lines
    assert "10 of 12 checks, 0 failed" in lines


@pytest.fixture
def secure(ours, tmp_path):
    """A server of HTTPS with a certificate of its own: its URL and the file."""
    file, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made = ["openssl", "req", "-x509", "-nodes", *kind, *names, "-keyout", key, "-out", file]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    with ExitStack() as stack:
        url = stack.enter_context(
            broken_server(ours.url, lambda asked, serve: serve(asked), context)
        )
        yield re.sub("http://127.0.0.1", "https://localhost", url), str(file)


def test_certificate_of_its_own_is_trusted_by_its_file(secure):
    url, file = secure

    assert line_of(check(url)).endswith("; trust the certificate with --ca FILE")
    played = CliRunner().invoke(demo, ["--scim", url, "--token", "123456789"])
    assert line_of(played).endswith("; trust the certificate with --ca FILE")
    assert check(url, "--ca", file).exit_code == 0
    both = CliRunner().invoke(
        command, [url, "--token", "123456789", "--suite", "okta-crud", "--ca", file]
    )
    assert "13 checks: 13 passed" in both.stdout


def test_wrong_scheme_is_told(secure, ours):
    url, _ = secure

    assert "the URL begins with https://" in line_of(check(url.replace("https", "http")))
    line = line_of(check(ours.url.replace("http", "https")))
    assert "if the server speaks plain HTTP, the URL begins with http://" in line


def test_alert_of_tls_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"\x15\x03\x03\x00\x02\x022")

        threading.Thread(target=answer, daemon=True).start()
        line = line_of(check(f"http://127.0.0.1:{server.getsockname()[1]}/scim/v2"))

    assert "if the server speaks TLS, the URL begins with https://" in line


def test_file_without_certificates_is_told(ours, tmp_path):
    path = tmp_path / "empty.pem"
    path.write_text("nothing")

    url = ours.url.replace("http", "https")
    assert f"--ca {path} is no file of certificates" in line_of(check(url, "--ca", str(path)))
