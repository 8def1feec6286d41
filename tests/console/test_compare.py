"""Exchanges are marked, compared and exported."""

import re

from ..support.databases import ON_ONE_DATABASE
from .test_exchanges import JANE, made_up, words

pytestmark = ON_ONE_DATABASE


def test_mark_is_kept_and_taken_away(console, record, recordings):
    number = record(made_up("GET", "/Users"))

    assert "★ Marked" in console.post(f"/exchange/{number}/mark", mark="on").text
    assert recordings.get(number).is_marked
    assert "☆ Mark" in console.post(f"/exchange/{number}/mark").text
    assert not recordings.get(number).is_marked


def test_two_exchanges_side_by_side(console, record):
    error = {"schemas": [], "status": "400", "detail": "no value matches", "scimType": "noTarget"}
    left = record(made_up("PATCH", "/Users/1", {"a": 1}, 200, JANE))
    right = record(made_up("PATCH", "/Users/1", {"a": 2}, 400, error, provider="Entra ID"))

    page = console.web.get(f"/compare?left={left}&right={right}").text
    told = words(page)

    assert "≠ Status 200 400" in told
    assert "≠ Provider Okta Entra ID" in told
    assert "≠ a 1 2" in told
    assert '<tr><th scope="row">Method</th>' in page
    assert f'href="/compare?left={right}&amp;right={left}"' in page


def test_second_exchange_is_chosen_from_a_list(console, record):
    other = record(made_up("POST", "/Groups", {}))
    alike = record(made_up("GET", "/Users", None, 500))
    left = record(made_up("GET", "/Users"), made_up("POST", "/Users", JANE, 201)) - 1

    page = console.web.get(f"/compare?left={left}").text

    found = re.findall(rf"/compare\?left={left}&amp;right=(\d+)", page)
    assert found[0] == str(alike)
    assert str(other) in found
    assert str(left) not in found
    page = console.web.get(f"/compare?left={left}&q=status:5xx").text
    assert re.findall(rf"/compare\?left={left}&amp;right=(\d+)", page) == [str(alike)]


def test_export_has_what_the_filter_chooses(console, record):
    number = record(made_up("POST", "/Users", JANE, 201), made_up("GET", "/Users"))

    archive = console.web.get("/exchanges.har?q=method:POST").json()

    assert archive["log"]["version"] == "1.2"
    [entry] = archive["log"]["entries"]
    assert entry["request"]["method"] == "POST"
    assert len(console.web.get("/exchanges.har").json()["log"]["entries"]) == 2
    answer = console.web.get(f"/exchange/{number}.har")
    assert answer.json()["log"]["entries"][0]["request"]["method"] == "GET"
    assert "attachment" in answer.headers["content-disposition"]
