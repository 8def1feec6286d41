"""``python manage.py demo``: a company's year reaches our server."""

import re
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

from scim.cli.demo import demo
from scim.idp.company.events import Company, Event, Kind, Rename
from scim.idp.company.year import make_year
from scim.idp.demo.play import ADMINISTRATORS, play
from tests.support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from tests.support.server import ROOT

from ..scripted import scripted

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EMPTY = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    "totalResults": 0,
    "Resources": [],
}
IDPS = pytest.mark.parametrize("idp", list(ADMINISTRATORS))


def played(server, idp, year):
    """Play a year and return the administrator, and the events that were told of."""
    events: list[Event] = []
    with closing(ADMINISTRATORS[idp](Company(year.name), server.url, server.token)) as admin:
        admin.check()
        play(year, admin, 0, events.append)
    assert tuple(events) == year.events
    return admin


def all_of(server, endpoint):
    found = server.session.get(endpoint, params={"count": 1000}).json()
    assert found["totalResults"] == len(found["Resources"])
    return found["Resources"]


def on_server(server, domain):
    """Return what the server has of a company: a line for each user, the members of each group."""
    resources = all_of(server, "/Users")
    names = {each["id"]: each["userName"] for each in resources}
    users = {}
    for user in resources:
        if user["userName"].endswith(f"@{domain}"):
            extension = user[ENTERPRISE]
            manager = extension.get("manager")
            users[user["userName"]] = (
                user["active"],
                f"{user['name']['givenName']} {user['name']['familyName']}",
                user["displayName"],
                user["title"],
                extension["department"],
                extension["employeeNumber"],
                manager and names[manager["value"]],
                [(email["value"], email["type"]) for email in user["emails"]],
            )
    groups = {
        group["displayName"]: sorted(names[each["value"]] for each in group.get("members", []))
        for group in all_of(server, "/Groups")
    }
    return users, groups


def as_it_is(company):
    """Return the same of a company."""
    users = {
        company.address(each.login): (
            each.login in company.employed,
            each.name,
            each.name,
            each.title,
            each.department,
            each.number,
            each.manager and company.address(each.manager),
            [(company.address(each.login), "work")],
        )
        for each in company.people.values()
    }
    groups = {
        company.group_names[key]: sorted(map(company.address, members))
        for key, members in company.groups.items()
    }
    return users, groups


@EVERYDAY_ON_ONE_DATABASE
@IDPS
def test_server_has_the_company_after_a_year_and_after_the_same_year_again(server, idp):
    year = make_year(2, 24)
    company = year.after()

    first = played(server, idp, year)
    ids = {each["userName"]: each["id"] for each in all_of(server, "/Users")}

    assert list(first.failures) == []
    assert on_server(server, company.domain) == as_it_is(company)

    again = played(server, idp, year)

    assert list(again.failures) == []
    assert on_server(server, company.domain) == as_it_is(company)
    assert {each["userName"]: each["id"] for each in all_of(server, "/Users")} == ids


@IDPS
@ON_ONE_DATABASE
def test_year_that_was_interrupted_can_be_played_again(server, idp):
    year = make_year(2, 24)
    company = year.after()
    renaming = next(event for event in year.events if isinstance(event.steps[0], Rename))

    def interrupt(event):
        if event.day > renaming.day:
            raise KeyboardInterrupt

    with closing(ADMINISTRATORS[idp](Company(year.name), server.url, server.token)) as admin:
        admin.check()
        with pytest.raises(KeyboardInterrupt):
            play(year, admin, 0, interrupt)
    assert renaming.steps[0].name in on_server(server, company.domain)[1]

    again = played(server, idp, year)

    assert list(again.failures) == []
    assert on_server(server, company.domain) == as_it_is(company)


@ON_ONE_DATABASE
def test_changes_of_a_day_in_a_group_are_one_request_of_okta(server):
    year = make_year(2, 40)
    oops = next(event for event in year.events if event.kind == Kind.MISTAKE)

    admin = played(server, "okta", year)

    removed = [
        [each for each in exchange.sent["Operations"] if each["op"] == "remove"]
        for exchange in admin.service.provisioner.client.exchanges
        if exchange.method == "PATCH"
    ]
    assert len(oops.steps) > 3
    assert max(map(len, removed)) == len(oops.steps)


@ON_ONE_DATABASE
def test_other_seed_adds_a_company_and_other_provider_takes_one_over(server):
    ours, other = make_year(2, 20), make_year(3, 20)
    for idp, year in (("okta", ours), ("entra", other), ("entra", ours), ("okta", other)):
        assert list(played(server, idp, year).failures) == []

    for company in (ours.after(), other.after()):
        users, groups = on_server(server, company.domain)
        kept = {name: each for name, each in groups.items() if name.startswith(company.name)}
        assert (users, kept) == as_it_is(company)
    assert len(all_of(server, "/Users")) == 40


def run(*arguments, **settings):
    environment = {f"SCIM_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(demo, ["--users", "20", *arguments], env=environment)


@ON_ONE_DATABASE
def test_command_tells_what_happened_and_uses_the_settings(process):
    settings = {"PORT": str(process.session.base_url.port), "TOKEN": process.token}

    result = run("--seed", "3", **settings)

    assert result.exit_code == 0, result.output
    [*events, first, told, requests] = result.stdout.splitlines()
    assert events == [f"{event.day:%d %b}  {event.line}" for event in make_year(3, 20).events]
    company = make_year(3, 20).after()
    assert first == (
        f"Brightbrook: {len(company.employed)} of 20 people and {len(company.groups)} groups are "
        "left after a year"
    )
    assert re.fullmatch(
        r"  hires \d+, re-hires \d+, leavers \d+, moves \d+, reorganizations \d+, mistakes 2, "
        r"repairs 2",
        told,
    )
    assert re.fullmatch(r"  \d+ requests of Okta in [\d.]+ s", requests)
    assert as_it_is(company) == on_server(process, company.domain)


@ON_ONE_DATABASE
def test_slow_year_ends_as_the_fast_one(server):
    year = make_year(3, 20)
    place = ("--scim", server.url, "--token", server.token)

    result = run("--seed", "3", "--idp", "entra", "--speed", "0.0001", *place)

    lines = [f"{event.day:%d %b}  {event.line}" for event in year.events]
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[: len(lines)] == lines
    assert "requests of Entra ID" in result.stdout
    assert on_server(server, year.after().domain) == as_it_is(year.after())


@IDPS
def test_server_that_is_not_there_is_said_in_a_line(idp):
    url = "http://127.0.0.1:1/scim/v2"

    result = run("--idp", idp, "--scim", url, "--token", "t")

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith(f"Error: {url} cannot be used: ")
    assert line.endswith("refused; start the server, or correct the host and the port")


@IDPS
@ON_ONE_DATABASE
def test_token_that_is_refused_is_said_in_a_line(server, idp):
    result = run("--idp", idp, "--scim", server.url, "--token", "wr0ng")

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert "token" in line
    assert "wr0ng" not in line
    assert all_of(server, "/Users") == []


@pytest.mark.parametrize(
    "answer",
    [(404, {}, "nothing here"), (200, {}, b"<p>Welcome</p>"), (200, {}, {"Resources": []})],
)
@IDPS
def test_other_server_is_said_in_a_line(idp, answer):
    with scripted(answer) as app:
        result = run("--idp", idp, "--scim", app.url, "--token", "t")

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith(f"Error: {app.url} cannot be used: ")
    assert len(app.requests) == 1


@IDPS
@pytest.mark.parametrize("last", [(0, {}, None), (401, {}, {"detail": "no more"})])
def test_server_that_goes_away_ends_the_year(idp, last):
    with scripted((200, {}, EMPTY), last) as app:
        result = run("--idp", idp, "--scim", app.url, "--token", "t")

    assert result.exit_code == 1
    assert f"Error: {app.url} cannot be used: " in result.output
    assert len(app.requests) < 20


@IDPS
def test_interruption_ends_the_year_even_if_the_server_is_silent(idp):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "manage.py", "demo", "--idp", idp, "--scim", url, "--token", "t"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.split() == ["Aborted!"]


@IDPS
def test_what_the_server_refuses_is_told_at_the_end(idp):
    with scripted((200, {}, EMPTY), (400, {}, {"detail": "not today"})) as app:
        result = run("--idp", idp, "--scim", app.url, "--token", "t")

    assert result.exit_code == 1
    assert re.search(r"\n  \d+ failed:\n(    .*not today\n){5}$", result.output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scim", "http://127.0.0.1:1"), "Token is missing; give --token"),
        (("--users", "19"), "19 is not in the range"),
        (("--users", "many"), "'many' is not a valid integer range"),
        (("--seed", "-1"), "-1 is not in the range"),
        (("--speed", "-1"), "-1.0 is not in the range"),
        (("--speed", "nan"), "nan is not a number of seconds"),
        (("--speed", "inf"), "inf is not a number of seconds"),
        (("--idp", "ldap"), "'ldap' is not one of 'okta', 'entra'"),
    ],
)
def test_bad_input_is_a_usage_error(arguments, said):
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.output


@IDPS
@pytest.mark.parametrize("url", ["localhost:5000/scim/v2", "ftp://localhost", "http://h:x"])
def test_url_that_is_none_is_refused(idp, url):
    result = run("--idp", idp, "--scim", url, "--token", "t")

    assert result.exit_code == 1
    assert f"Error: {url} cannot be used: " in result.output


@IDPS
def test_token_that_no_header_can_carry_is_refused(idp):
    result = run("--idp", idp, "--scim", "http://127.0.0.1:1", "--token", "a\nb")

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
