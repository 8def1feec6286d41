"""The lessons bear with mistakes: nothing is left behind, and no answer makes an error page."""

import json
from dataclasses import replace as replaced
from html import unescape

import pytest

from scim.console.learn.lessons import BY_SLUG, LESSONS, Got, Names, Sent

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, SQLITE

SLUGS = [each.slug for each in LESSONS]
USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}


@SQLITE
def test_more_than_a_page_of_what_lessons_made_is_deleted(pupil, console):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"u{n}", "data": _user(f"u{n}.00ff")}
        for n in range(101)
    ]
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    body = {"schemas": [urn], "Operations": operations}
    console.server.session.post("/Bulk", json=body).raise_for_status()

    assert "Deleted 101 users" in pupil.post("clean", everybody="yes")


def _user(name):
    return USER | {"userName": f"{name}@lesson.example"}


@EVERYDAY_ON_ONE_DATABASE
def test_placeholder_is_not_sent(pupil, console):
    for slug, what in {
        "create-a-user": "Ana's userName",
        "find-with-a-filter": "Ana's userName",
        "change-with-patch": "the attribute and its new value",
        "errors-uniqueness": "Ana's userName",
        "bulk": "the user's bulkId",
    }.items():
        names = pupil.prepare(slug)
        text, passed = pupil.send(slug, BY_SLUG[slug].start(names))
        assert (text, passed) == (f"→ Nothing was sent. Put {what} in place of … first.", False)
    assert console.server.session.get("/Groups").json()["totalResults"] == 0
    pupil.post("clean")
    assert console.server.session.get("/Users").json()["totalResults"] == 0


@EVERYDAY_ON_ONE_DATABASE
def test_only_names_that_can_be_deleted_again_are_sent(pupil, console):
    names = pupil.prepare("change-with-patch")
    ana, other = f"/Users/{names.id()}", {"USERNAME": "ana"}
    renamed = {"op": "replace", "path": "userName", "value": "ana"}
    bulk = {"method": "POST", "path": "/groups", "bulkId": "g", "data": {"displayName": "Guides"}}

    for sent in (
        Sent("POST", "/Users", json.dumps(other)),
        Sent("PUT", ana, json.dumps(other)),
        Sent("PATCH", ana, json.dumps({"Operations": [renamed]})),
        Sent("PATCH", ana, json.dumps({"Operations": [{"op": "add", "value": other}]})),
        Sent("POST", "/Groups", '{"displayName": "Guides"}'),
        Sent("POST", "/Bulk", json.dumps({"Operations": [bulk]})),
        Sent("POST", "/Users", "[" * 900 + json.dumps(other) + "]" * 900),
    ):
        text, passed = pupil.send("change-with-patch", sent)
        assert not passed
        assert text.startswith("→ Nothing was sent. In the lessons "), (sent, text)
        assert pupil.tag in text
    [left] = console.server.session.get("/Users").json()["Resources"]
    assert left["userName"] == names.user_name()


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("slug", ["create-a-user", "groups-and-members", "bulk"])
def test_what_is_there_already_can_be_made_again(pupil, slug):
    names = pupil.prepare(slug)
    right = BY_SLUG[slug].solution(names)
    sent = {
        "create-a-user": right,
        "groups-and-members": BY_SLUG[slug].start(names),
        "bulk": replaced(right, body=right.body.replace("bulkId:u1", "u1")),
    }[slug]
    pupil.send(slug, sent)

    text, passed = pupil.send(slug, right)
    assert not passed
    assert "there already" in text
    assert "Delete it, and send again" in pupil.post(slug, **_form(right))
    text, passed = pupil.send(slug, right, afresh="yes")

    assert passed, text


def _form(sent):
    return {"method": sent.method, "target": sent.target, "body": sent.body}


@EVERYDAY_ON_ONE_DATABASE
def test_name_that_is_taken_must_be_anas(pupil):
    names = pupil.prepare("versions-and-etags") and pupil.prepare("errors-uniqueness")
    body = json.dumps(_user(f"vera.{pupil.tag}"))

    text, passed = pupil.send("errors-uniqueness", Sent("POST", "/Users", body))

    assert not passed
    assert f"Ana's userName is {names.user_name()}" in text


@EVERYDAY_ON_ONE_DATABASE
def test_change_that_changes_nothing_is_told(pupil):
    slug = "deactivate-not-delete"
    names = pupil.prepare(slug)

    page = unescape(pupil.post(slug, **_form(BY_SLUG[slug].start(names))))

    assert "Ana was active already, so this changed nothing. Set active to false." in page
    assert "reactivates" not in page


ODD = [
    {"Resources": [{"name": {"familyName": "x"}, "id": 5}, 7, None], "startIndex": "x"},
    {"Resources": {"a": 1}, "name": "Ana", "emails": "x", "members": 5, "Operations": 5},
    {"name": [1], "emails": [1, {"type": []}], "members": ["x"], "Operations": [{"status": []}]},
    [],
    None,
]


@pytest.mark.parametrize("slug", SLUGS)
def test_checks_take_any_answer(slug):
    names = Names("0", dict.fromkeys(("ana", "vera", "omar", "eva"), "x"))
    right = BY_SLUG[slug].solution(names)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for target in (right.target, "/Users", "/Groups", "/ResourceTypes", "/Bulk", "/"):
            for status in (200, 201, 204, 400, 409, 412):
                for body in ODD:
                    sent = Sent(method, target, right.body)
                    assert BY_SLUG[slug].check(names, sent, Got(status, json.dumps(body))).text
