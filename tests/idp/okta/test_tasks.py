"""Failures between Okta and an app: headers, retries, and failed tasks."""

import pytest

from tests.support.databases import ON_ONE_DATABASE

from ..scripted import scripted
from .org import okta_for, person

EMPTY = (200, {}, {"totalResults": 0, "Resources": []})
CREATED = (201, {}, {"id": "42"})
BUSY = (503, {"Retry-After": "0"}, {})
LOOK_UP = "GET /scim/v2/Users?filter=userName%20eq%20%22ada%40example.com%22&startIndex=1&count=100"


def test_headers_are_those_of_okta():
    with scripted(EMPTY, EMPTY, CREATED) as app, okta_for(app.url, "s3cret", "template") as org:
        org.assign(org.person("ada"))

    expected = {
        "User-Agent": "Okta SCIM Client 1.0.0",
        "Accept": "application/scim+json",
        "Accept-Charset": "utf-8",
        "Accept-Encoding": "gzip,deflate",
        "Content-Type": "application/scim+json; charset=utf-8",
        "Authorization": "Bearer s3cret",
    }
    assert len(app.headers) == 3
    assert all(expected.items() <= headers.items() for headers in app.headers)


@pytest.mark.parametrize("status", [429, 503, 0])
def test_busy_app_is_asked_again(status):
    busy = (status, {"Retry-After": "0"}, {})
    with (
        scripted(EMPTY, busy, EMPTY, busy, busy, CREATED) as app,
        okta_for(app.url, "t", "template") as org,
    ):
        assigned = org.assign(org.person("ada"))
        tasks = org.call("GET", f"{org.app}/tasks")
        user = org.call("GET", f"{org.app}/users/{assigned['id']}")

    assert app.requests[1:] == [LOOK_UP] * 2 + ["POST /scim/v2/Users"] * 3
    assert tasks == []
    assert (user["externalId"], user["syncState"]) == ("42", "SYNCHRONIZED")


def test_lookup_that_answers_404_means_nobody():
    with scripted(EMPTY, (404, {}, {}), CREATED) as app, okta_for(app.url, "t", "template") as org:
        org.assign(org.person("ada"))

    assert app.requests[1:] == [LOOK_UP, "POST /scim/v2/Users"]


def test_answer_without_an_id_is_a_failed_task():
    with scripted(EMPTY, EMPTY, (201, {}, b"")) as app, okta_for(app.url, "t", "template") as org:
        org.assign(org.person("ada"))
        [task] = org.call("GET", f"{org.app}/tasks")

    assert task["error"] == "Create new user returned empty user"


@pytest.mark.parametrize("page", [{"Resources": [{}]}, {"Resources": ["ada"]}, {"Resources": 7}])
def test_senseless_answer_is_a_failed_task(page):
    with scripted(EMPTY, (200, {}, page)) as app, okta_for(app.url, "t", "wizard") as org:
        org.assign(org.person("ada"))
        [task] = org.call("GET", f"{org.app}/tasks")

    assert task["status"] == "FAILED"


def test_failure_that_nobody_foresaw_stops_no_later_task():
    with scripted(EMPTY, EMPTY, CREATED) as app, okta_for(app.url, "t", "template") as org:
        org.service.do("Divide", lambda: 1 // 0)
        org.assign(org.person("ada"))
        [task] = org.call("GET", f"{org.app}/tasks")

    assert task["title"] == "Divide"
    assert app.requests[1:] == [LOOK_UP, "POST /scim/v2/Users"]


def test_refused_request_is_kept_and_can_be_retried():
    refused = (400, {}, {"detail": "title is missing", "scimType": "invalidValue"})
    with (
        scripted(EMPTY, EMPTY, refused, EMPTY, CREATED) as app,
        okta_for(app.url, "t", "template") as org,
    ):
        ada = org.person("ada")
        org.assign(ada)
        [task] = org.call("GET", f"{org.app}/tasks")
        assert org.call("GET", f"{org.app}/users/{ada}")["syncState"] == "ERROR"
        assert len(app.requests) == 3  # 400 is final

        org.call("POST", f"{org.app}/tasks/{task['id']}/retry", status=202)
        assert org.call("GET", f"{org.app}/tasks") == []
        assert org.call("GET", f"{org.app}/users/{ada}")["externalId"] == "42"
        org.call("POST", f"{org.app}/tasks/{task['id']}/retry", status=404)

    assert task == {
        "id": task["id"],
        "status": "FAILED",
        "title": "Assign ada@example.com",
        "userId": ada,
        "error": "POST /Users: 400: title is missing",
        "created": task["created"],
    }


def test_retried_deactivation_spares_who_is_assigned_again():
    refused = (400, {}, {})
    found = (200, {}, {"Resources": [{"id": "42"}]})
    with (
        scripted(EMPTY, EMPTY, CREATED, refused, found, (200, {}, {})) as app,
        okta_for(app.url, "t", "template") as org,
    ):
        ada = org.person("ada")
        org.assign(ada)
        org.call("DELETE", f"{org.app}/users/{ada}", status=204)
        [task] = org.call("GET", f"{org.app}/tasks")
        org.assign(ada)
        sent = len(app.requests)

        org.call("POST", f"{org.app}/tasks/{task['id']}/retry", status=202)

    assert task["title"] == "Deactivate ada@example.com"
    assert len(app.requests) == sent


@ON_ONE_DATABASE
def test_task_that_fails_again_is_kept_again(template):
    mapping = template.push(template.group("Engineers"), targetGroupId="gone")
    path = f"{template.app}/group-push/mappings/{mapping['id']}"
    for _ in range(2):
        [task] = template.call("GET", f"{template.app}/tasks")
        assert "404" in task["error"]
        assert template.call("GET", path)["status"] == "ERROR"
        template.call("POST", f"{template.app}/tasks/{task['id']}/retry", status=202)

    assert len(template.call("GET", f"{template.app}/tasks")) == 1


@ON_ONE_DATABASE
def test_group_that_cannot_be_pushed_does_not_hold_up_its_members(server, template):
    ada = template.person("ada")
    template.push(template.group("Engineers", ada), targetGroupId="gone")
    template.push(template.group("Builders", ada))

    template.assign(ada)

    [task] = template.call("GET", f"{template.app}/tasks")
    assert task["title"] == "Push group Engineers"
    assert template.call("GET", f"{template.app}/users/{ada}")["syncState"] == "SYNCHRONIZED"
    [group] = server.session.get("/Groups").json()["Resources"]
    assert (group["displayName"], len(group["members"])) == ("Builders", 1)


def test_steps_are_printed_a_line_each():
    with scripted(EMPTY, EMPTY, CREATED) as app, okta_for(app.url, "t", "template") as org:
        org.assign(org.person("ada"))

    assert org.lines[2:] == [
        "Assign ada@example.com",
        '  GET /Users?filter=userName eq "ada@example.com"&startIndex=1&count=100 200',
        "  POST /Users 201",
    ]


def test_server_that_is_not_there_is_a_failed_task():
    with okta_for("http://127.0.0.1:1", "s3cret", "template") as org:
        [task] = org.call("GET", f"{org.app}/tasks")

    assert task["title"] == org.lines[0] == "Test API credentials"
    assert task["error"].startswith("GET /Users?startIndex=1&count=2: no answer: ")
    assert org.lines[-1] == f"  failed, kept as task {task['id']}: {task['error']}"
    assert len(org.lines) == 7  # it was asked five times
    assert "s3cret" not in " ".join(org.lines)


def test_renamed_user_keeps_the_resource(server, template):
    ada = template.person("ada")
    template.assign(ada)
    template.call("POST", f"/users/{ada}", {"profile": person("augusta")})

    [user] = server.session.get("/Users").json()["Resources"]
    assert user["userName"] == "augusta@example.com"
