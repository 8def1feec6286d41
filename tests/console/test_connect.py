"""Connect: what to paste where, a token of its own, and a checklist that ticks itself."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from scim.console.connect.providers import PROVIDERS
from scim.explain.exchange import Check
from scim.settings import DEFAULT_TOKEN

from ..explain.test_checklist import REFUSED, STEPS_OF_OKTA
from ..explain.traffic import exchange
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.server import run
from .test_live import HOSTILE

pytestmark = EVERYDAY_ON_ONE_DATABASE

CONNECTING = Path(__file__).parents[2] / "docs" / "connecting.md"
ROW = re.compile(r"^\s*\| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)
SLUGS = [each.slug for each in PROVIDERS]


def page_of(console, slug, **parameters):
    answer = console.web.get(f"/connect/{slug}", params=parameters)
    assert answer.status_code == 200
    return unescape(answer.text)


def lines(page):
    """Return the marks of the checklist, and its text."""
    found = re.findall(r'class="mark" aria-hidden="true">(.)<', page)
    return "".join(found), " ".join(re.sub(r"<[^>]+>", " ", page).split())


def of_default(*exchanges):
    return [replace(each, tenant=each.tenant and "default") for each in exchanges]


def test_every_provider_has_a_page(console):
    page = console.web.get("/connect").text

    for slug in SLUGS:
        assert f'href="/connect/{slug}"' in page
        assert "/scim/v2" in page_of(console, slug)


def section(title):
    text = CONNECTING.read_text(encoding="utf-8")
    return text.partition(title)[2].partition("\n## ")[0].partition("\n### ")[0]


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("okta", '### (a) The template app "SCIM 2.0 Test App (Header Auth)"'),
        ("okta-wizard", "### (b) An app of the App Integration Wizard"),
        ("entra", "## Connect Microsoft Entra ID"),
    ],
)
def test_fields_are_those_of_the_document(console, slug, title):
    page = page_of(console, slug)
    fields = [name for name, _ in ROW.findall(section(title)) if name not in ("Field", "---")]

    assert len(fields) >= 3
    assert [name for name in fields if f"<dt>{name}</dt>" not in page] == []


@pytest.mark.parametrize("name", ["OneLogin", "JumpCloud", "Google Workspace", "authentik"])
def test_fields_of_the_others_are_those_of_the_document(console, name):
    [line] = re.findall(rf"^- \*\*{name}\*\*: (.*)$", section("## Connect others"), re.MULTILINE)
    slug = next(each.slug for each in PROVIDERS if each.name == name)
    page = page_of(console, slug).lower()

    for field in re.findall(r"\*([^*]+)\*", line):
        assert field.rpartition(" > ")[2].lower() in page


def test_default_token_is_shown_with_its_prefix(console):
    page = page_of(console, "okta")

    assert 'data-copy="Bearer 123456789"' in page
    assert f'data-copy="{console.server.url}"' in page.replace("localhost", "127.0.0.1")


def test_token_of_another_tenant_is_not_that_of_the_setting(console):
    run("manage.py", "tenant", "add", "acme", DATABASE_URL=console.server.database_url)
    page = page_of(console, "okta", tenant="acme")

    assert "Bearer, a space, and a token of acme, or a new one" in page
    assert "SCIM_TOKEN" not in page


def test_what_is_missing_is_said_while_there_is_no_tunnel(console):
    page = page_of(console, "okta")

    assert "Only this machine reaches this address" in page
    assert f"ngrok http {console.server.url.rpartition(':')[2].partition('/')[0]}" in page


def test_new_token_is_shown_once_and_opens_the_directory(console):
    page = unescape(console.post("/connect/okta/token").text)
    token = re.search(r'data-copy="Bearer ([\w-]{20,})"', page)[1]
    answer = console.server.session.get("/Users", headers={"Authorization": f"Bearer {token}"})

    assert "its name is <strong>okta</strong>" in page
    assert answer.status_code == 200
    assert token not in page_of(console, "okta")


def test_second_token_gets_another_name(console):
    console.post("/connect/entra/token")

    assert "<strong>entra-2</strong>" in console.post("/connect/entra/token").text


def test_token_is_not_in_the_url_and_not_in_the_log(console):
    answer = console.post("/connect/okta/token")
    token = re.search(r'data-copy="Bearer ([\w-]{20,})"', answer.text)[1]

    assert token not in str(answer.url)
    assert token not in console.server.log


def test_unknown_provider_and_tenant_are_404(console):
    assert console.web.get("/connect/<script>").status_code == 404
    assert console.web.get("/connect/okta", params={"tenant": "<b>"}).status_code == 404
    assert "<b>" not in console.web.get("/connect/okta", params={"tenant": "<b>"}).text


def test_checklist_ticks_as_requests_arrive(console, record):
    marks, _ = lines(page_of(console, "okta"))
    assert marks == "○○○○○○○"

    record(*of_default(*STEPS_OF_OKTA[:3]))
    marks, text = lines(page_of(console, "okta"))

    assert marks == "✓✓✓✓○○○"
    assert "Okta creates the user Jane Berg." in text


def test_address_is_answered_when_it_has_changed(console):
    told = console.web.get("/connect/address").json()
    again = console.web.get("/connect/address", params={"seen": told["seen"]})

    assert told["address"].endswith("/scim/v2")
    assert "ngrok http" in told["notice"]
    assert again.status_code == 204


def test_progress_is_answered_when_something_has_changed(console, record):
    page_of(console, "okta")
    first = console.web.get("/connect/okta/progress").json()
    again = console.web.get("/connect/okta/progress", params={"seen": first["seen"]})
    record(*of_default(*STEPS_OF_OKTA))
    then = console.web.get("/connect/okta/progress", params={"seen": first["seen"]}).json()

    assert first["done"] == []
    assert again.status_code == 204
    assert len(then["done"]) == 7
    assert "Pushed a group" in then["checklist"]


def test_wrong_token_is_told_with_what_came(console, record):
    page_of(console, "okta")
    twice = Check("Authorization", "one of 2 tokens", "Bearer Bearer 1234…", is_passed=False)
    record(exchange("GET", "/Users", None, 401, tenant="", token="", checks=(twice,)))
    marks, text = lines(page_of(console, "okta"))

    assert marks == "✓✗○○○○○"
    assert "Sent a wrong token" in text
    assert "Bearer Bearer 1234…" in text
    assert "API Token" in text


def test_requests_of_others_do_not_count(console, record):
    page_of(console, "okta")
    of_entra = exchange("GET", "/Users", None, 200, {}, provider="Entra ID", tenant="default")
    of_console = exchange("GET", "/Users", None, 200, {}, provider="", token="console")
    record(of_entra, *of_default(of_console))

    assert lines(page_of(console, "okta"))[0] == "○○○○○○○"


def test_requests_before_the_first_visit_count_on_demand(console, record):
    record(*of_default(STEPS_OF_OKTA[0], REFUSED))
    page_of(console, "onelogin")

    assert lines(page_of(console, "okta", since=0))[0][:2] == "✓✗"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(console, record, name):
    page_of(console, "okta")
    jane = {"userName": name, "displayName": name}
    check = Check(name, name, name, is_passed=False)
    created = exchange("POST", "/Users", jane, 201, jane, tenant="default")
    refused = exchange("GET", "/Users", None, 401, tenant="", checks=(check,))
    record(created, refused)
    page = console.web.get("/connect/okta").text

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "onmouseover='" not in page
    assert len(page) < 40_000


@pytest.mark.parametrize("path", ["okta/token", "run/demo", "run/check", "stop", "empty"])
def test_read_only_session_changes_nothing(visitor, path):
    page = visitor.get("/connect").text
    csrf = re.search(r'<meta name="csrf" content="([^"]*)"', page)[1]

    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert visitor.post(f"/connect/{path}", data={"csrf": csrf}).status_code == 403


def test_read_only_session_sees_neither_token_nor_cards_without_buttons(console, visitor):
    told = visitor.get("/connect/okta").text

    assert DEFAULT_TOKEN in console.web.get("/connect/okta").text
    assert DEFAULT_TOKEN not in told
    assert "hidden: your link only lets you look" in told
    assert "Start again" not in visitor.get("/connect").text
    assert visitor.get("/connect/empty").status_code == 403


def test_checklist_ticks_in_the_browser_while_okta_provisions(page, console):
    page.goto(f"{console.url_shown}/connect/okta")
    page.locator("#checklist .waits").nth(6).wait_for()
    server = console.server
    run("manage.py", "demo", "--users", "20", "--scim", server.url, "--token", server.token)

    page.locator("#checklist .passed").nth(6).wait_for()

    assert "Pushed a group" in page.inner_text("#checklist")
    assert "✓" in page.inner_text("#said")
