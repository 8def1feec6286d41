"""``check``: its output, its reports and its exit status."""

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from scim.cli import check as module
from scim.cli.check import check as command
from scim.cli.organization import stand_in
from scim.conformance.checks import SUITES

from ..support.broken import Answer, broken_server
from ..support.ports import free_port
from ..support.server import run


def check(url, *options, token="123456789"):
    return CliRunner().invoke(command, [url, "--token", token, *options])


def breaking(asked, serve):
    """Break one of Okta's rules, and show the token in the answer."""
    answer = serve(asked)
    if answer.status == 409:
        return Answer(400, {"x-token": "123456789"}, '{"detail": "123456789"}')
    return answer


@pytest.fixture
def broken(ours):
    with broken_server(ours.url, breaking) as url:
        yield url


def test_good_server_passes(ours):
    """The command runs as people type it, in a process of its own."""
    suites = ("--suite", "okta-spec", "--suite", "okta-crud", "--suite", "entra")
    done = run("manage.py", "check", ours.url, "--token", ours.token, *suites)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("okta-spec\n  passed  step 1 ")
    assert "\nokta-crud\n  passed  step 1 " in done.stdout
    assert "\nentra\n" in done.stdout
    assert done.stdout.endswith("56 checks: 56 passed, 0 warned, 0 failed, 0 skipped\n")
    assert "Checking" in done.stderr


@pytest.mark.parametrize("options", [(), ("--suite", "all"), ("--suite", "rfc", "--suite", "all")])
def test_all_suites_are_the_default(ours, monkeypatch, options):
    asked = []
    monkeypatch.setattr(module, "run", lambda suites, *_: asked.append(suites) or [])

    assert check(ours.url, *options).exit_code == 0
    assert asked == [list(SUITES)]


def test_broken_server_fails_and_the_exchanges_are_shown(broken):
    done = check(broken, "--suite", "okta-spec")

    assert done.exit_code == 1
    assert "  FAILED  step 8   The same user a second time is answered 409" in done.stdout
    assert "POST was answered 400 instead of 409" in done.stdout
    assert f"  > POST {broken}/Users" in done.stdout
    assert "  < 400 after " in done.stdout
    assert "12 checks: 11 passed, 0 warned, 1 failed, 0 skipped" in done.stdout


def test_token_is_asked_for_and_does_not_get_into_the_report(ours):
    arguments = [ours.url, "--suite", "okta-spec", "--report", "json"]

    done = CliRunner().invoke(command, arguments, input="123456789\n")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["counts"]["passed"] == 12
    assert "Token: " in done.stderr


def _html(text):
    HTMLParser().feed(text)
    assert text.startswith("<!DOCTYPE html>")


READERS = {"html": _html, "json": json.loads, "junit": ElementTree.fromstring}


@pytest.mark.parametrize("form", READERS)
def test_report_is_written_to_a_file(broken, tmp_path, form):
    path = tmp_path / "report"

    done = check(broken, "--suite", "okta-spec", "--report", form, "--output", str(path))

    assert done.exit_code == 1
    assert done.stdout.startswith("okta-spec\n")
    report = path.read_text(encoding="utf-8")
    READERS[form](report)
    assert "instead of 409" in report
    for text in (report, done.stdout, done.stderr):
        assert "123456789" not in text


def test_report_on_standard_output_is_there_alone(broken):
    done = check(broken, "--suite", "okta-spec", "--report", "json")

    assert json.loads(done.stdout)["counts"]["failed"] == 1
    assert "step 8" in done.stderr


@pytest.mark.parametrize(
    ("url", "token", "status", "words"),
    [
        ("{ours}", "wrong", 1, "the server refuses the token: it answers 401"),
        ("{ours}", "not\nlegal", 2, "the token has characters that no header can carry"),
        ("{ours}", "s3cr€t", 2, "the token has characters that no header can carry"),
        ("http://127.0.0.1:{port}", "t", 1, "no answer to GET http://127.0.0.1"),
        ("localhost", "t", 2, "'localhost' is not the URL of a server"),
    ],
)
def test_what_cannot_be_checked_is_told(ours, url, token, status, words):
    done = check(url.format(ours=ours.url, port=free_port()), token=token)

    assert done.exit_code == status
    assert words in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_place_that_cannot_be_written_is_told_beforehand(ours, tmp_path):
    done = check(ours.url, "--report", "html", "--output", str(tmp_path / "no" / "where"))

    assert done.exit_code == 2
    assert "No such file or directory" in done.stderr


def test_output_without_a_report_is_refused(ours, tmp_path):
    done = check(ours.url, "--output", str(tmp_path / "report"))

    assert done.exit_code == 2
    assert "--report" in done.stderr
    assert not (tmp_path / "report").exists()


def test_dash_is_standard_output_for_the_report_alone(ours):
    done = check(ours.url, "--suite", "okta-spec", "--report", "json", "--output", "-")

    assert json.loads(done.stdout)["counts"]


@pytest.mark.parametrize("url", ["{ours}/no", "http://127.0.0.1:{port}", "nonsense"])
def test_mistake_leaves_an_earlier_report(ours, tmp_path, url):
    (tmp_path / "report").write_text("earlier")
    wrong = url.format(ours=ours.url, port=free_port())

    done = check(wrong, "--report", "html", "--output", str(tmp_path / "report"))

    assert done.exit_code != 0
    assert (tmp_path / "report").read_text() == "earlier"


@pytest.fixture
def okta(ours):
    """The options that name an organization."""
    with stand_in(ours.url, ours.token) as organization:
        url = organization.client.base_url.removesuffix("/api/v1")
        app, token = organization.app.rpartition("/")[2], organization.secrets[0]
        yield {"--okta": url, "--okta-app": app, "--okta-token": token}


def words_of(options):
    return [word for option in options.items() for word in option]


def test_organization_can_be_named(ours, okta):
    asked = []

    def recorded(request, serve):
        asked.append(f"{request.method} {request.path}")
        return serve(request)

    with broken_server(okta["--okta"], recorded) as url:
        done = check(ours.url, *words_of(okta | {"--okta": url, "--suite": "okta-crud"}))

    assert done.exit_code == 0, done.stderr
    assert "13 checks: 13 passed" in done.stdout
    assert "POST /api/v1/users?activate=true" in asked


def test_api_token_is_asked_for(ours, okta):
    token = okta.pop("--okta-token")
    options = {"--token": ours.token, "--suite": "okta-crud"} | okta

    done = CliRunner().invoke(command, [ours.url, *words_of(options)], input=f"{token}\n")

    assert done.exit_code == 0, done.output
    assert "Okta API token: " in done.stderr
    assert token not in done.output


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"--okta-token": "no-such-one"}, 1, "Okta refuses the API token: it answers 401"),
        ({"--okta-app": "0oanobody"}, 1, "Okta shows no app '0oanobody': it answers 404"),
        ({"--okta": "http://127.0.0.1:1"}, 1, "no answer to GET http://127.0.0.1:1/api/v1/apps/"),
        ({"--okta": "127.0.0.1"}, 2, "is not the URL of a server"),
        ({"--okta-token": "s3cr€t"}, 2, "the token has characters that no header can carry"),
        ({"--okta": ""}, 2, "--okta, --okta-app and --okta-token go together"),
        ({"--okta-app": ""}, 2, "--okta, --okta-app and --okta-token go together"),
        ({"--suite": "rfc"}, 2, "--okta is for --suite okta-crud"),
    ],
)
def test_organization_that_cannot_be_asked_is_told(ours, okta, changed, status, words):
    done = check(ours.url, *words_of({"--suite": "okta-crud"} | okta | changed))

    assert (done.exit_code, done.stdout) == (status, "")
    assert words in done.stderr.splitlines()[-1]
    assert "no-such-one" not in done.stderr
