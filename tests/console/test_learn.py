"""Each lesson passes with its solution, and fails with a wrong one; what it made can be deleted."""

import json
import re
from dataclasses import replace as replaced
from html import unescape

import pytest

from scim.console.learn.lessons import BY_SLUG, LESSONS, Names, Sent

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.waiting import happens

pytestmark = EVERYDAY_ON_ONE_DATABASE

SLUGS = [each.slug for each in LESSONS]


def wrong_ones(slug, names):
    """Return requests that a pupil may well send, and that are not the solution."""
    right = BY_SLUG[slug].solution(names)
    start = BY_SLUG[slug].start(names)
    return {
        "what-is-a-resource": [start, Sent("GET", "/Schemas"), Sent("GET", "/nothing")],
        "create-a-user": [start, replaced(right, method="PUT"), replaced(right, body="{")],
        "find-with-a-filter": [start, Sent("GET", "/Users"), Sent("GET", "/Users?filter=x")],
        "change-with-patch": [start, replaced(right, method="PUT"), Sent("GET", right.target)],
        "deactivate-not-delete": [start, Sent("GET", right.target), Sent("DELETE", right.target)],
        "groups-and-members": [start, replaced(right, target="/Users")],
        "look-up-before-create": [start, Sent("POST", "/Users", "{}")],
        "errors-uniqueness": [start, Sent("GET", "/Users")],
        "versions-and-etags": [replaced(right, if_match='W/"2"'), start],
        "pages-of-results": [
            start,
            Sent("GET", f"{start.target}&startIndex=2"),
            Sent("GET", "/Users?count=2&startIndex=3"),
        ],
        "what-okta-sends": [start, replaced(right, method="PATCH"), Sent("PUT", right.target)],
        "why-did-entra-send-add": [start, Sent("GET", right.target), replaced(right, body="[]")],
        "bulk": [start, replaced(right, target="/Users")],
    }[slug]


@pytest.mark.parametrize("slug", SLUGS)
def test_lesson_passes_with_its_solution(pupil, slug):
    names = pupil.prepare(slug)

    text, passed = pupil.send(slug, BY_SLUG[slug].solution(names))

    assert passed, text
    page = pupil.web.get("/learn").text
    assert f'{BY_SLUG[slug].about}</span> <span class="badge good">done' in page
    assert "1 of 13 done" in page


@pytest.mark.parametrize("slug", SLUGS)
def test_lesson_fails_with_wrong_requests(pupil, slug):
    for number in range(len(wrong_ones(slug, Names("0")))):
        names = pupil.prepare(slug)
        sent = wrong_ones(slug, names)[number]
        text, passed = pupil.send(slug, sent)
        assert not passed, (sent, text)
        assert text.startswith("→"), text
    assert "0 of 13 done" in pupil.web.get("/learn").text


def test_lessons_can_be_taken_one_after_the_other(pupil):
    for slug in SLUGS:
        names = pupil.prepare(slug)
        text, passed = pupil.send(slug, BY_SLUG[slug].solution(names))
        assert passed, (slug, text)
    assert "13 of 13 done" in pupil.web.get("/learn").text


def test_lesson_leads_to_the_next_and_to_live(pupil):
    page = pupil.web.get("/learn/create-a-user").text
    assert "Lesson 2 of 13" in page
    assert "← What is a resource?" in page
    assert "Find with a filter →" in page

    sent = BY_SLUG["create-a-user"].solution(Names(pupil.tag))
    page = pupil.post("create-a-user", method=sent.method, target=sent.target, body=sent.body)

    assert "Next: Find with a filter" in page
    assert "In a sentence: The console creates the user Ana Novak" in unescape(page)
    [link] = re.findall(r'href="([^"]*q=request[^"]*)"', page)
    assert happens(lambda: "created the user Ana Novak" in pupil.web.get(unescape(link)).text)


def test_same_lesson_can_be_done_again(pupil):
    slug = "errors-uniqueness"
    for _ in range(2):
        names = pupil.prepare(slug)
        assert pupil.send(slug, BY_SLUG[slug].solution(names))[1]


def test_pupils_change_only_what_lessons_made(pupil, console):
    session = console.server.session
    boss = session.post("/Users", json=json.loads(_boss())).json()
    target = f"/Users/{boss['id']}"
    bulk = {"method": "delete", "path": target}
    pupil.prepare("change-with-patch")

    for sent in (
        Sent("DELETE", target),
        Sent("DELETE", f"{target}/"),
        Sent("DELETE", f"{target}#/x"),
        Sent("PUT", target, _boss()),
        Sent("POST", "/Bulk", json.dumps({"operations": [bulk]})),
    ):
        text, passed = pupil.send("change-with-patch", sent)
        assert not passed
        assert "none of the people or groups that your lessons made" in text
    assert session.get("/Users?filter=userName eq boss").json()["totalResults"] == 1


def _boss():
    return json.dumps(
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "boss"}
    )


def test_what_lessons_made_is_deleted_and_nothing_else(pupil, console):
    session = console.server.session
    session.post("/Users", json=json.loads(_boss()))
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}
    session.post("/Groups", json=group | {"displayName": "Guides (lesson)"})
    session.post("/Groups", json=group | {"displayName": "Guides (lesson 00ff)"})
    for slug in ("groups-and-members", "pages-of-results", "bulk"):
        names = pupil.prepare(slug)
        assert pupil.send(slug, BY_SLUG[slug].solution(names))[1]

    assert "Deleted 9 users and groups" in pupil.post("clean")

    left = session.get("/Groups").json()["Resources"]
    assert {each["displayName"] for each in left} == {"Guides (lesson)", "Guides (lesson 00ff)"}
    assert [each["userName"] for each in session.get("/Users").json()["Resources"]] == ["boss"]
    assert "Deleted 1 user" in pupil.post("clean", everybody="yes")


def test_visitor_reads_and_does_nothing(visitor):
    page = visitor.get("/learn/change-with-patch").text
    [csrf] = re.findall(r'<meta name="csrf" content="([^"]+)"', page)

    assert "Your link only lets you look" in page
    assert "would write" not in visitor.get("/learn/what-is-a-resource").text
    assert "that you make" not in visitor.get("/learn").text
    assert "Show me" in page
    assert '<fieldset class="bench" disabled' in page
    for path in ("change-with-patch", "change-with-patch/prepare", "clean"):
        assert visitor.post(f"/learn/{path}", data={"csrf": csrf}).status_code == 403


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"method": "TRACE", "target": "x"},
        {"method": "POST", "target": "/Bulk", "body": '{"Operations": 5}'},
        {"method": "POST", "target": "/Bulk", "body": '{"Operations": [5, {"data": 5}]}'},
        {"method": "POST", "target": "/Users", "body": "[" * 50_000},
        {"method": "PATCH", "target": "/Users/<script>alert(1)</script>", "body": "\x00"},
        {"method": "GET", "target": "/Users?filter=\u202e\x00 é%"},
        {"method": "GET", "target": "http://evil.example/x", "if_match": "a\r\nb: c"},
        {"method": "GET", "target": "//evil.example/Users"},
    ],
)
@pytest.mark.parametrize("slug", ["create-a-user", "bulk"])
def test_hostile_requests_make_no_500(console, slug, values):
    answer = console.web.post(f"/learn/{slug}", data={"csrf": console.csrf(), **values})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_unknown_lesson_is_told(console):
    assert console.web.get("/learn/nothing").status_code == 404
