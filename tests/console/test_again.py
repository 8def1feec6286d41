"""A recorded request is sent again, on the page, or where its copy is pasted."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape

import pytest

from scim.explain.exchange import Message

from ..support.databases import ON_ONE_DATABASE
from .test_exchanges import JANE, answered_id, made_up, page_of, words

pytestmark = ON_ONE_DATABASE


def again(console, number, **values):
    """Send the form of an exchange."""
    given = {"method": "POST", "target": "/Users", "tenant": "default", "body": ""}
    given["Content-Type"] = "application/scim+json"
    return console.post(f"/exchange/{number}/again", **given | values)


def copied(page, label):
    """Return what the button with a label copies."""
    [text] = re.findall(rf'data-copy="([^"]*)">{label}<', page)
    return unescape(text)


def test_send_again_leads_to_the_new_exchange(console, send):
    sent = send("POST", "/Users", JANE)
    form = console.web.get(f"/exchange/{sent.number}/again").text
    assert 'value="/Users"' in form
    assert "jane@example.com" in form
    body = json.dumps(JANE | {"userName": "bob@example.com"})

    answer = again(console, sent.number, body=body)

    assert re.fullmatch(r"/exchange/\d+", answer.url.path)
    assert "The console creates the user Jane Berg" in words(answer.text)
    found = console.server.session.get('/Users?filter=userName eq "bob@example.com"').json()
    assert found["totalResults"] == 1


def test_send_again_as_a_dry_run(console, send):
    sent = send("POST", "/Users", JANE)
    body = json.dumps(JANE | {"userName": "bob@example.com"})

    told = words(again(console, sent.number, body=body, dry="on").text)

    assert "The console would create the user Jane Berg" in told
    assert console.server.session.get("/Users").json()["totalResults"] == 1


def test_send_again_keeps_headers(console, send):
    jane = answered_id(send("POST", "/Users", JANE))
    sent = send("PUT", f"/Users/{jane}", JANE, **{"If-Match": 'W/"7"'})
    form = unescape(console.web.get(f"/exchange/{sent.number}/again").text)
    assert 'value="W/"7""' in form

    answer = again(console, sent.number, method="PUT", target=f"/Users/{jane}",
                   body=json.dumps(JANE), **{"If-Match": 'W/"7"'})  # fmt: skip

    assert "412 Precondition Failed" in words(answer.text)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"target": "@evil.example/Users"}, "must begin with a slash"),
        ({"target": ".evil.example"}, "must begin with a slash"),
        ({"body": '{"password": "••••"}'}, "Put real values in place of"),
        ({"target": "/Users?token=••••"}, "Put real values in place of"),
        ({"tenant": "nobody"}, "Choose a tenant"),
        ({"method": "TRACE"}, "Choose a method"),
        ({"If-Match": "a\nX-Evil: 1"}, "printable characters only"),
        ({"If-Match": "é"}, "printable characters only"),
        ({"target": "/Users\x00"}, "path"),
    ],
)
def test_send_again_says_what_to_mend(console, record, values, problem):
    number = record(made_up("POST", "/Users", JANE))

    answer = again(console, number, **values)

    assert answer.status_code == 400
    assert problem in words(answer.text)
    assert console.server.session.get("/Users").json()["totalResults"] == 0


def test_masked_values_and_cut_bodies_are_named_before_they_are_sent(console, record):
    masked = record(made_up("POST", "/Users", JANE | {"password": "••••"}))
    cut = Message((), '{"userName": "jane', 99_000, is_cut=True)
    number = record(replace(made_up("POST", "/Users"), request=cut))

    assert "was masked before the request was recorded: password" in words(
        console.web.get(f"/exchange/{masked}/again").text
    )
    answer = again(console, number, body=cut.body)
    assert answer.status_code == 400
    assert "The body was cut when it was recorded" in words(answer.text)


def test_what_nobody_sees_is_an_escape_in_the_form(console, record):
    number = record(made_up("POST", "/Users", {"userName": "j\ud800\u202e", "title": "Zoë"}))

    page = unescape(console.web.get(f"/exchange/{number}/again").text)

    assert r'"userName": "j\ud800\u202e"' in page
    assert '"title": "Zoë"' in page


def test_link_for_looking_sends_and_marks_nothing(visitor, record):
    number = record(made_up("POST", "/Users", JANE))
    page = visitor.get(f"/exchange/{number}").text
    [csrf] = re.findall(r'name="csrf" content="([^"]+)"', page)

    assert "Send again" not in page
    assert "☆ Mark" not in page
    assert visitor.get(f"/exchange/{number}/again").status_code == 403
    for path in ("again", "mark"):
        assert visitor.post(f"/exchange/{number}/{path}", data={"csrf": csrf}).status_code == 403


def test_copied_curl_does_the_same_again(console, send):
    name = 'it\'s "jane" $HOME `id` \\'
    sent = send("POST", "/Users", JANE | {"userName": name})
    assert sent.status == 201
    console.server.session.delete(f"/Users/{answered_id(sent)}")

    done = shell(console, copied(page_of(console, sent.number), "curl"))

    assert "201 Created" in done.stdout, done.stderr
    [found] = console.server.session.get("/Users").json()["Resources"]
    assert found["userName"] == name


def test_copied_curl_of_a_filter_finds_the_same(console, send):
    send("POST", "/Users", JANE | {"emails": [{"value": "a@b.c", "type": "work"}]})
    sent = send("GET", '/Users?filter=emails[type eq "work"] and userName eq "jane@example.com"')

    done = shell(console, copied(page_of(console, sent.number), "curl"))

    assert '"totalResults":1' in done.stdout, done.stdout


def shell(console, command):
    environment = os.environ | {"SCIM_TOKEN": console.server.token}
    return subprocess.run(
        ["bash", "-c", command],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_copied_pytest_runs(console, send, tmp_path):
    sent = send("POST", "/Users", JANE | {"title": 'Zoë\'s "Guide"'})
    text = copied(page_of(console, sent.number), "pytest")
    path = tmp_path / "test_copied.py"

    def passes(status):
        path.write_text(text.replace("== 201", f"== {status}"), encoding="utf-8")
        environment = os.environ | {
            "SCIM_URL": console.server.url,
            "SCIM_TOKEN": console.server.token,
        }
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(path)]
        done = subprocess.run(
            command, check=False, cwd=tmp_path, env=environment, capture_output=True, timeout=60
        )
        return done.returncode == 0

    assert passes(409)
    assert not passes(201)


def test_browser_copies_and_sends_again(page, console, send):
    sent = send("POST", "/Users", JANE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=console.url_shown)

    page.goto(f"/exchange/{sent.number}")
    page.get_by_role("button", name="curl").click()
    page.get_by_text("Copied").first.wait_for()
    assert "curl -i" in page.evaluate("navigator.clipboard.readText()")

    page.get_by_role("link", name="Send again").click()
    body = page.get_by_label("Body")
    body.fill(body.input_value().replace("jane@example.com", "bob@example.com"))
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="The console creates the user Jane Berg.").wait_for()
    page.wait_for_load_state()
    number = int(page.url.rpartition("/")[2])
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/exchange/{number - 1}")
