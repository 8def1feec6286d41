"""The reports: each is parsed again in the format that it claims."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from scim.conformance.checks import Check, CheckResult, Exchange, Level, Status, load
from scim.conformance.reports.junit import as_junit
from scim.conformance.reports.page import as_page, rfc_url
from scim.conformance.reports.terminal import Report, as_json, as_table

URL = "https://scim.example.com/v2"
HOSTILE = 'an <b>"answer"</b> & \x00\x1b ü'
VOID = {"meta", "link", "br", "hr", "img", "input"}


def exchange(text='{"detail": "no", "id": [1]}'):
    return Exchange(
        method="POST",
        url=f"{URL}/Users?filter=a<b",
        request_headers={"Authorization": "(hidden)", "Accept": "application/scim+json"},
        request_body='{"userName": "ada"}',
        status=500,
        headers={"content-type": "application/scim+json", "x-other": "unseen"},
        text=text,
        milliseconds=12.3,
    )


def result(
    name, status, detail="", suite="rfc", exchanges=None, level=Level.MUST, area="Users & co"
):
    said = (exchange(),) if exchanges is None else exchanges

    def function(service):
        pass

    function.__name__ = name
    function.__doc__ = f"Title of {name} <&>."
    check = Check(suite, area, "RFC 7644 §3.3", 'says "SHALL"', level, (), function)
    return CheckResult(check, status, detail, said, 0.25)


REPORT = Report(
    URL,
    datetime(2026, 11, 25, 16, 30, tzinfo=UTC),
    [
        result("passing", Status.PASSED),
        result("failing", Status.FAILED, HOSTILE, exchanges=(exchange(), exchange(HOSTILE))),
        result("warning", Status.WARNED, "not so good", suite="entra", level=Level.SHOULD),
        result("skipping", Status.SKIPPED, "does not support bulk", exchanges=()),
    ],
)
CLEAN = Report(URL, REPORT.begun, REPORT.results[:1])


class Page(HTMLParser):
    """Collect the elements of a page, and check that they are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.ids = [], [], {}, []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in self.open:
            self.text[tag] = self.text.get(tag, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_summary_counts_each_outcome():
    assert REPORT.summary == "4 checks: 1 passed, 1 warned, 1 failed, 1 skipped"
    assert REPORT.has_failed
    assert not CLEAN.has_failed


def test_table_has_a_line_for_each_check_and_the_troubles_in_full():
    lines = as_table(REPORT)

    assert lines[:4] == [
        "rfc",
        "  passed  RFC 7644 §3.3  Title of passing <&>",
        "  FAILED  RFC 7644 §3.3  Title of failing <&>",
        f"                         {HOSTILE}",
    ]
    assert "FAILED: Title of failing <&> (rfc, RFC 7644 §3.3, MUST)" in lines
    assert "warned: Title of warning <&> (entra, RFC 7644 §3.3, SHOULD)" in lines
    for said in (
        f"  > POST {URL}/Users?filter=a<b",
        "  > Authorization: (hidden)",
        '    "userName": "ada"',
        "  < 500 after 12 ms",
        "  < content-type: application/scim+json",
        '    "detail": "no",',
    ):
        assert said in lines
    assert "x-other" not in "\n".join(lines)
    assert lines[-1] == REPORT.summary


def test_long_body_is_cut_for_people():
    long = result("long", Status.FAILED, "x", exchanges=(exchange("y" * 5000),))

    table = "\n".join(as_table(Report(URL, REPORT.begun, [long])))

    assert "... 1000 more characters" in table
    assert "y" * 4001 not in table


def test_json_has_everything():
    report = json.loads(as_json(REPORT))

    assert report["url"] == URL
    assert datetime.fromisoformat(report["begun"]) == REPORT.begun
    assert report["counts"] == {"passed": 1, "warned": 1, "failed": 1, "skipped": 1}
    failing = report["results"][1]
    assert failing["exchanges"][1]["text"] == HOSTILE
    del failing["exchanges"]
    assert failing == {
        "suite": "rfc",
        "area": "Users & co",
        "name": "failing",
        "title": "Title of failing <&>",
        "section": "RFC 7644 §3.3",
        "quote": 'says "SHALL"',
        "level": "MUST",
        "status": "failed",
        "detail": HOSTILE,
        "seconds": 0.25,
    }
    assert report["results"][0]["exchanges"] == []


def test_junit_has_a_test_case_for_each_check():
    root = ElementTree.fromstring(as_junit(REPORT).encode())

    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("4", "1", "1")
    suites = {suite.get("name"): suite for suite in root}
    assert suites["rfc"].get("tests") == "3"
    assert suites["rfc"].get("time") == "0.750"
    cases = {case.get("name"): case for case in root.iter("testcase")}
    passing, failing, warning, skipping = (
        cases[f"Title of {name} <&> (RFC 7644 §3.3)"]
        for name in ("passing", "failing", "warning", "skipping")
    )
    assert passing.get("classname") == "rfc.Users & co"
    assert list(passing) == []
    [failure] = failing
    assert failure.tag == "failure"
    assert failure.get("message") == HOSTILE.replace("\x00\x1b", "\ufffd" * 2)
    assert "> POST https://scim.example.com/v2/Users" in failure.text
    assert 'says "SHALL"' in failure.text
    assert [child.tag for child in warning] == ["system-out"]
    assert "not so good" in warning[0].text
    assert [(child.tag, child.get("message")) for child in skipping] == [
        ("skipped", "does not support bulk")
    ]


@pytest.fixture
def page():
    return Page(as_page(REPORT))


def test_page_shows_every_check_and_what_was_said(page):
    for each in REPORT.results:
        assert f"Title of {each.check.name} <&>" in page.text["table"]
    assert page.text["h1"] == URL
    assert "1 of 4 checks failed" in page.text["header"]
    assert '<b>"answer"</b> &' in page.text["article"]
    assert "> POST https://scim.example.com/v2/Users?filter=a<b" in page.text["pre"]
    assert 'says "SHALL"' in page.text["blockquote"]
    assert "does not support bulk" in page.text["td"]
    assert page.all("b") == []


def test_page_escapes_what_others_have_written():
    """Elements and quotes of the server, and of a check, appear as text and add no attribute."""
    hostile = """</pre></style><script>alert('1')</script> "quoted" onload='x'"""
    said = replace(
        exchange(hostile),
        url=f"{URL}/{hostile}",
        request_headers={"X-Hostile": hostile},
        headers={"content-type": hostile},
        request_body=hostile,
    )
    results = [result("x", Status.FAILED, hostile, hostile, (said,), area=hostile)]
    shown, plain = Page(as_page(Report(hostile, REPORT.begun, results))), Page(as_page(REPORT))

    names = {(tag, name) for tag, attributes in shown.elements for name in attributes}
    assert names <= {(tag, name) for tag, attributes in plain.elements for name in attributes}
    assert shown.text["h1"] == hostile
    assert shown.text["title"] == f"SCIM check of {hostile}: 1 of 1 checks failed"
    assert hostile in shown.text["caption"]
    assert hostile in shown.text["h2"]
    assert hostile in shown.text["article"]
    assert shown.text["pre"].count(hostile) == 5
    assert shown.all("script") == [{}]
    assert hostile not in shown.text["script"]


def test_page_needs_nothing_else(page):
    names = {name for name, _ in page.elements}

    assert names.isdisjoint({"link", "img", "iframe", "object", "form"})
    assert page.all("script") == [{}]
    assert not re.search(r"fetch|import|XMLHttpRequest|innerHTML", page.text["script"])
    assert "url(" not in page.text["style"]
    assert "@import" not in page.text["style"]
    links = [link["href"] for link in page.all("a")]
    assert {link for link in links if not link.startswith("#")} == {
        "https://datatracker.ietf.org/doc/html/rfc7644#section-3.3"
    }
    assert {link[1:] for link in links if link.startswith("#")} <= set(page.ids)


def test_page_has_rule_and_requests_of_passed_checks_folded(page):
    shown = Page(as_page(CLEAN))

    assert shown.text["pre"].count("> POST https://scim.example.com/v2/Users") == 1
    assert 'says "SHALL"' in shown.text["details"]
    assert all("open" not in each for each in shown.all("details") + page.all("details"))
    assert page.text["pre"].count("> POST ") == 4  # a failure's and a warning's are there once


def test_page_has_what_its_script_filters_by(page):
    asked = re.findall(r'getElementById\("([^"]+)"\)', page.text["script"])
    rows = [row for row in page.all("tr") if "data-result" in row]
    places = [(row["data-result"], row["data-area"]) for row in rows]
    values = {option["value"] for option in page.all("option")} - {""}

    assert set(asked) <= set(page.ids)
    assert len(rows) == len(REPORT.results)
    assert values == {value for place in places for value in place}
    troubles = {(each["data-result"], each["data-area"]) for each in page.all("article")}
    assert troubles == {place for place in places if place[0] in ("failed", "warned")}
    [controls] = page.all("fieldset")
    assert "hidden" in controls  # until the script runs


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("RFC 7644 §3.5.2.2", "https://datatracker.ietf.org/doc/html/rfc7644#section-3.5.2.2"),
        ("RFC 9865 §2", "https://datatracker.ietf.org/doc/html/rfc9865#section-2"),
        ("step 1", ""),
        ("RFC 7644 §3<b>", ""),
    ],
)
def test_section_of_an_rfc_has_a_link(section, url):
    assert rfc_url(section) == url


def test_every_section_of_the_rfc_suite_has_a_link():
    assert [each for each in load(["rfc"]) if not rfc_url(each.section)] == []


def test_page_is_accessible(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.text["title"].strip()
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") in ("row", "col") for head in page.all("th"))
    assert all(section["aria-labelledby"] in page.ids for section in page.all("section"))
    assert len(page.ids) == len(set(page.ids))
    for status in Status:  # never by colour alone
        assert f" {status}" in page.text["td"]


def test_page_is_for_light_and_dark_screens(page):
    assert "prefers-color-scheme: dark" in page.text["style"]
    assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        (REPORT.results[:1], "Everything that was checked is as it must be"),
        (REPORT.results[2:3], "Nothing failed, 1 recommendation not followed"),
        (REPORT.results[1:2], "1 of 1 checks failed"),
    ],
)
def test_page_begins_with_a_verdict(results, verdict):
    page = Page(as_page(Report(URL, REPORT.begun, results)))

    assert verdict in page.text["header"]
    assert verdict in page.text["title"]


@pytest.mark.parametrize("form", [as_table, as_json, as_junit, as_page])
def test_report_can_be_written_whatever_the_server_says(form):
    half = result("half", Status.FAILED, exchanges=(exchange('"half a character: \\ud800"'),))

    text = "".join(form(Report(URL, REPORT.begun, [half]))).encode().decode()

    assert "half a character" in text
