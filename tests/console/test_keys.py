"""Nothing is shown without the key, and nothing is done that no page of the console has sent."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.server import plain_client, run
from ..support.waiting import happens

pytestmark = EVERYDAY_ON_ONE_DATABASE

PATHS = ("/", "/exchange/1", "/stream", "/poll", "/exchanges.har", "/directory", "/metrics")


@pytest.fixture
def stranger(console):
    with plain_client(base_url=console.url) as web:
        yield web


@pytest.mark.parametrize("path", PATHS)
def test_stranger_sees_nothing(console, stranger, path):
    console.server.session.post("/Users", json={"userName": "hidden@example.com"})
    console.recorded()

    answer = stranger.get(path)

    assert answer.status_code == 401
    assert "hidden@example.com" not in answer.text
    assert "Link or key" in answer.text
    assert "set-cookie" not in answer.headers


def test_key_opens_a_session_and_leaves_the_url(console, stranger):
    answer = stranger.get(f"/problems?tenant=default&{console.link.partition('?')[2]}")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/problems?tenant=default"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert stranger.get("/").status_code == 200


def test_metrics_want_the_key_or_a_session(console, stranger):
    key = console.link.rpartition("key=")[2]
    url = console.server.database_url
    made = run("manage.py", "console", "link", "--read-only", DATABASE_URL=url)
    visitor = made.stdout.strip().rpartition("key=")[2]

    counted = "scim_requests_total{"
    assert happens(lambda: counted in stranger.get("/metrics", params={"key": key}).text)
    for right in (key, visitor):
        shown = stranger.get("/metrics", headers={"Authorization": f"Bearer {right}"})
        assert counted in shown.text
        assert "scim_ready 1.0" in stranger.get("/metrics", params={"key": right}).text
    assert "set-cookie" not in shown.headers
    for wrong in ("Bearer no", "Bearer", f"Basic {key}", "Bearer 123456789"):
        answer = stranger.get("/metrics", headers={"Authorization": wrong})
        assert (answer.status_code, "scim_" in answer.text) == (401, False)
    assert "scim_ready 1.0" in console.web.get("/metrics").text


@pytest.mark.parametrize("key", ["", "wrong", "123456789", "\x00", "é", "a" * 10_000])
def test_wrong_key_opens_nothing(console, stranger, key):
    answer = stranger.post("/enter", data={"key": key})

    assert answer.status_code == 401
    assert "This key opens nothing here" in answer.text
    assert stranger.get("/", params={"key": key or "no"}).status_code == 401
    assert stranger.get("/").status_code == 401


def test_link_can_be_pasted_into_the_form(console, stranger):
    assert stranger.post("/enter", data={"key": console.link}).status_code == 303
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example", "/%0D%0AX-Evil:%20b"])
def test_key_leads_to_no_other_host(console, stranger, path):
    key = console.link.partition("?")[2]

    answer = stranger.get(f"{console.url}{path}?{key}")

    assert answer.status_code == 303
    assert re.match(r"/[^/\\]", answer.headers["location"])
    assert "x-evil" not in answer.headers


def test_post_needs_the_value_of_the_page(console):
    console.server.session.get("/Users")
    console.recorded()

    for values in ({}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": "é"}):
        answer = console.web.post("/exchanges/clear", data=values)
        assert answer.status_code == 400
        assert "Load it again" in answer.text

    assert "/Users" in console.web.get("/").text


def test_link_for_looking_changes_nothing(console, stranger):
    console.server.session.get("/Users")
    console.recorded()
    url = console.server.database_url
    done = run("manage.py", "console", "link", "--read-only", DATABASE_URL=url)
    [link] = [line for line in done.stdout.split() if line.startswith(console.url_shown)]
    stranger.get(link.replace(console.url_shown, console.url))

    page = stranger.get("/").text
    [csrf] = re.findall(r'name="csrf" content="([^"]+)"', page)
    answer = stranger.post("/exchanges/clear", data={"csrf": csrf})

    assert "view only" in page
    assert "/exchanges/clear" not in page
    assert answer.status_code == 403
    assert "only lets you look" in answer.text
    assert "/Users" in console.web.get("/").text


def test_no_other_page_can_use_the_console(console):
    headers = console.web.get("/").headers

    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_stranger_cannot_fill_the_memory(console):
    parts = urlsplit(console.url)
    lines = ["POST /enter HTTP/1.1", "Host: localhost", "Content-Length: 900000000", "", ""]
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sent:
        sent.sendall("\r\n".join(lines).encode())

        assert b" 413 " in sent.recv(1000)


def test_scim_port_has_no_console(console):
    answer = console.server.session.get(f"{console.server.url.removesuffix('/scim/v2')}/exchange/1")

    assert answer.status_code == 404


def test_key_ends_with_the_server(serve_console):
    with serve_console() as console:
        url = console.server.database_url
        console.server.stop()

        done = run("manage.py", "console", "link", DATABASE_URL=url)

    assert console.url_shown not in done.stdout


def test_no_link_leads_to_a_console_that_was_killed(serve_console):
    with serve_console() as console:
        console.server.kill()

        done = run("manage.py", "console", "link", DATABASE_URL=console.server.database_url)

    assert console.url_shown not in done.stdout


def test_link_says_when_no_console_runs(migrated_database):
    done = run("manage.py", "console", "link", DATABASE_URL=migrated_database())

    assert done.returncode == 1
    assert "no console runs: start the server with `python app.py`" in done.stderr


def test_token_of_the_console_ends_with_the_server(serve_console):
    with serve_console() as console:
        console.server.session.get("/Users")
        assert happens(lambda: "/Users" in console.web.get("/").text)
        console.server.stop()
        done = run("manage.py", "token", "list", DATABASE_URL=console.server.database_url)

    assert "console" not in done.stdout
