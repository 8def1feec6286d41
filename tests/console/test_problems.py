"""Problems: equal failures are one, with cause, remedy and a filter that shows them."""

import re
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ..explain.test_sentences import JANE, TAKEN
from ..explain.traffic import exchange
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.waiting import happens
from .test_connect import of_default
from .test_live import HOSTILE

pytestmark = EVERYDAY_ON_ONE_DATABASE


def page_with(console, words):
    """Return the page, once it has the words; it looks again after some seconds."""
    found = ""

    def has_them():
        nonlocal found
        found = console.web.get("/problems").text
        return words in unescape(found)

    assert happens(has_them), found
    return unescape(found)


def taken(**others):
    return exchange("POST", "/Users", JANE, 409, TAKEN, **others)


def test_no_problems(console):
    assert "No problems" in page_with(console, "No problems")


def test_equal_failures_are_one(console, record):
    page_with(console, "No problems")
    record(*of_default(taken(), taken(at="2026-11-29T10:45:00.000000Z")))
    page = page_with(console, "userName is taken")

    assert "2 times" in page
    assert 'filter=userName+eq+"jane@example.com"' in unquote(page)
    assert "since" in page
    assert "10:42:07" in page
    assert "10:45:00" in page
    assert "What to change" in page
    assert "Import Now" in page
    assert len(set(re.findall(r'href="(/exchange/\d+)"', page))) == 2
    assert 'data-count="1"' in console.web.get("/").text


def test_filter_on_live_shows_them(console, record):
    of_entra = exchange("GET", "/Users", None, 200, {}, provider="Entra ID")
    record(*of_default(taken(), taken(), of_entra))
    page = page_with(console, "userName is taken")
    [link] = re.findall(r'href="(/\?[^"]*q=status[^"]*)"', page)[:1]

    assert parse_qs(urlsplit(link).query)["q"] == ['status:409 provider:okta path:"/users"']
    assert "Okta could not create the user Jane Berg" in unescape(console.web.get(link).text)
    assert "Entra ID" not in console.web.get(link).text.partition("<ol")[2]


def test_code_in_a_remedy_is_code(console, record):
    record(exchange("GET", "/Users", None, 401, tenant="", token=""))
    page = page_with(console, "not known here")

    assert "<code>python manage.py token issue NAME</code>" in page
    assert "/connect?tenant=default" in page


def test_right_base_url_can_be_copied(console, record):
    detail = "this endpoint does not exist; did you mean http://x/scim/v2/Users?"
    record(exchange("GET", "/Users", None, 404, {"detail": detail}, base="", tenant="", token=""))
    page = page_with(console, "The base URL lacks /scim/v2")

    assert 'data-copy="http://x/scim/v2"' in page
    newest = max(map(int, re.findall(r'href="/exchange/(\d+)"', page)))
    assert 'data-copy="http://x/scim/v2"' in console.web.get(f"/exchange/{newest}").text


def test_refused_filter_leads_to_the_lab(console, record):
    wrong = {"detail": "position 10: expected an operator", "scimType": "invalidFilter"}
    record(*of_default(exchange("GET", '/Users?filter=userName = "x"', None, 400, wrong)))

    page = page_with(console, "The filter has = for eq")
    assert "/lab/filter?type=User&filter=userName" in page


def test_problems_go_with_the_recordings(console, record):
    record(*of_default(taken()))
    page_with(console, "userName is taken")
    console.post("/exchanges/clear")

    page_with(console, "No problems")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(console, record, name):
    jane = {"userName": name, "displayName": name}
    record(*of_default(exchange("POST", "/Users", jane, 409, TAKEN)))
    page_with(console, "userName is taken")
    page = console.web.get("/problems").text

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert len(page) < 20_000


def test_problems_go_with_the_exchanges(console, record):
    record(*of_default(taken()))
    page_with(console, "userName is taken")

    console.post("/exchanges/clear")
    record(*of_default(exchange("PUT", "/Users/1", {}, 412, {})))

    assert "userName is taken" not in page_with(console, "412")
