"""Buttons of Connect: the checks, a company's year, and an empty directory."""

import re
from dataclasses import replace
from html import unescape

import pytest

from ..explain.test_sentences import TAKEN
from ..explain.traffic import exchange
from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.server import run
from ..support.waiting import happens

JANE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "jane@example.com",
}


def job(console):
    return unescape(console.web.get("/connect/job").text)


def names_of_tokens(console):
    page = console.web.get("/operate").text
    return list(dict.fromkeys(re.findall(r'name="name" value="([^"]+)"', page)))


def users(console):
    return console.server.session.get("/Users").json()["totalResults"]


@pytest.fixture
def stopped(console):
    """Whatever a test has started is stopped after it."""
    yield
    console.post("/connect/stop")
    assert happens(lambda: "data-runs" not in job(console))


@ON_ONE_DATABASE
def test_year_is_played_and_stopped(console, stopped):
    assert "is running" in unescape(console.post("/connect/run/demo").text)
    assert happens(lambda: users(console) > 0)
    assert "05 Jan" in job(console)
    assert 'max="100" value="' in job(console)

    page = unescape(console.post("/connect/run/check").text)
    console.post("/connect/stop")

    assert "Something is running already" in page
    assert happens(lambda: "data-runs" not in job(console))
    assert "stopped" in job(console)
    assert names_of_tokens(console) == []


@ON_ONE_DATABASE
def test_checks_are_run_and_their_report_is_a_page(serve_console):
    with serve_console(SCIM_RECORDINGS="0") as console:
        console.post("/connect/run/check")
        assert happens(lambda: "Open the report" in job(console), 60)
        report = console.web.get("/connect/report")

        assert "nothing failed" in job(console)
        assert "SCIM 2.0 conformance" in report.text
        assert "sandbox allow-scripts" in report.headers["Content-Security-Policy"]
        assert "script-src 'sha256-" in report.headers["Content-Security-Policy"]
        assert users(console) == 0


@EVERYDAY_ON_ONE_DATABASE
def test_what_the_console_sends_is_no_problem(console, record):
    taken = exchange("POST", "/Users", {}, 409, TAKEN, tenant="default")
    record(*(replace(taken, token=token) for token in ("check", "demo", "console")))
    record(exchange("PUT", "/Users/1", {}, 412, {}, tenant="default"))
    found = ""

    def shows() -> bool:
        nonlocal found
        found = console.web.get("/problems").text
        return "412" in found

    assert happens(shows)
    assert "uniqueness" not in found


@ON_ONE_DATABASE
def test_no_report_is_404(serve_console):
    with serve_console() as console:
        assert console.web.get("/connect/report").status_code == 404
        assert "data-runs" not in console.web.get("/connect").text


@ON_ONE_DATABASE
def test_year_ends_with_the_server_and_its_token_too(serve_console):
    with serve_console() as console:
        console.post("/connect/run/demo")
        assert happens(lambda: users(console) > 0)
        assert names_of_tokens(console) == ["demo"]
        console.server.stop()
        listed = run("manage.py", "token", "list", DATABASE_URL=console.server.database_url)

    assert "No token has been issued." in listed.stdout


@EVERYDAY_ON_ONE_DATABASE
def test_unknown_work_is_404(console):
    assert console.post("/connect/run/reset").status_code == 404


@EVERYDAY_ON_ONE_DATABASE
def test_directory_is_emptied_after_its_name_was_typed(console):
    console.server.session.post("/Users", json=JANE)
    asked = unescape(console.web.get("/connect/empty").text)
    wrong = unescape(console.post("/connect/empty", name="acme").text)
    before = users(console)
    done = unescape(console.post("/connect/empty", name="default").text)

    assert "<dt>User</dt><dd>1</dd>" in asked
    assert "<dt>changes in history</dt><dd>1</dd>" in asked
    assert "Nothing was deleted" in wrong
    assert before == 1
    assert "The directory of default is empty" in done
    assert users(console) == 0


@EVERYDAY_ON_ONE_DATABASE
def test_tokens_outlive_it_and_other_tenants_are_not_touched(console):
    run("manage.py", "tenant", "add", "acme", DATABASE_URL=console.server.database_url)
    console.post("/operate/token?tenant=acme", name="acme")
    console.post("/operate/token", name="again")
    console.server.session.post("/Users", json=JANE)
    console.post("/connect/empty?tenant=acme", name="acme")

    assert users(console) == 1

    console.post("/connect/empty", name="default")

    assert users(console) == 0
    assert names_of_tokens(console) == ["again"]
