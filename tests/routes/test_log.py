"""The line that the log has of each request, as text and as JSON."""

import json
import logging
import re

import pytest

from scim.logs import JsonFormatter, LogFormatter

from ..support.databases import ON_ONE_DATABASE
from ..support.scim import add, group, listed, patch_op, path_of, replace, user
from ..support.threads import READERS

SECRET = "t1meMa$heen"
NOBODY = "there is no User with the id 'none'"


@pytest.fixture
def logged(caplog):
    """Return what a handler with a formatter has written since the last call."""
    if READERS:
        pytest.skip("the lines of other threads would be there, too")
    caplog.set_level(logging.INFO, logger="scim")

    def logged(formatter):
        lines = [formatter.format(record) for record in caplog.records]
        caplog.clear()
        return lines

    return logged


def texts(logged):
    lines = logged(LogFormatter("%(message)s"))
    return [re.sub(r"\b\d+\.\dms request_id=[0-9a-f]{16} ", "1.0ms ", line) for line in lines]


def test_line_tells_who_asked_for_what_and_what_was_answered(scim, logged):
    scim.get("/Users")
    scim.get("/Users/none")
    scim.get("/Users", Authorization="123456789")
    scim.get("/Users", Authorization="Bearer wrong")

    asked = "GET /scim/v2/Users 200 1.0ms client=127.0.0.1 tenant=default token=SCIM_TOKEN"
    assert texts(logged) == [
        asked,
        f'{asked.replace("Users 200", "Users/none 404")} detail="{NOBODY}"',
        f"{asked} tolerated=bare_token",
        "GET /scim/v2/Users 401 1.0ms client=127.0.0.1 detail="
        '"the Authorization header must be Bearer, a space and a valid token"',
    ]


def test_json_has_the_same(scim, logged):
    scim.get("/Users/none", X_Request_Id="7f3c")

    [line] = logged(JsonFormatter())
    said = json.loads(line)
    assert said.pop("milliseconds") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said.pop("time"))
    assert said == {
        "level": "info",
        "method": "GET",
        "path": "/scim/v2/Users/none",
        "status": 404,
        "request_id": "7f3c",
        "client": "127.0.0.1",
        "tenant": "default",
        "token": "SCIM_TOKEN",
        "detail": NOBODY,
    }


@pytest.mark.parametrize("sent", ["7f3c", "a" * 128, "Root=1-67891233-abcdef;", "", "a b", "é"])
def test_answer_and_line_have_the_same_request_id(scim, logged, sent):
    answered = scim.get("/Users/none", X_Request_Id=sent).headers["X-Request-Id"]

    assert answered == sent if re.fullmatch(r"[0-9a-z]+", sent) else len(answered) == 16
    assert f"ms request_id={answered} client=" in logged(LogFormatter("%(message)s"))[0]


def test_client_behind_a_proxy_is_the_one_that_the_proxy_names(scim, logged):
    scim.get("/Users", X_Forwarded_For="203.0.113.9")

    assert " client=203.0.113.9 " in texts(logged)[-1]


def test_answer_in_parts_is_logged_when_it_was_made(scim, logged):
    members = [scim.create(user(f"user{number}")) for number in range(3)]
    created = scim.create(group("guides", *members))
    texts(logged)

    scim.get(path_of(created))

    [line] = texts(logged)
    assert line.startswith(f"GET /scim/v2{path_of(created)} 200 ")


@pytest.mark.parametrize(
    "ask",
    [
        lambda scim, path: scim.post("/Users", user("a", password=[SECRET, "x"])),
        lambda scim, path: scim.post("/Users", user("a", password={"value": SECRET, "type": "x"})),
        lambda scim, path: scim.put(path, user("a", password=[SECRET, "x"])),
        lambda scim, path: scim.patch(path, replace("password", {SECRET: SECRET})),
        lambda scim, path: scim.patch(path, replace("password.value", SECRET)),
        lambda scim, path: scim.patch(path, add("active", SECRET)),
        lambda scim, path: scim.patch(path, replace(f'password[value eq "{SECRET}"]', "x")),
        lambda scim, path: scim.patch(path, replace(f'password eq "{SECRET}"', "x")),
        lambda scim, path: scim.patch(path, replace(f'emails[value eq "{SECRET}', "x")),
        lambda scim, path: scim.get(f'/Users?filter=password eq "{SECRET}"'),
        lambda scim, path: scim.get(f'/Users?filter=password eq "{SECRET}'),
        lambda scim, path: scim.get(f'/Users?filter=userName eq "a" and "{SECRET}"'),
        lambda scim, path: scim.get(f"/Users?filter=password eq {SECRET}"),
        lambda scim, path: scim.get(f"/Users?filter=password eq {SECRET})"),
        lambda scim, path: scim.post(
            "/Bulk",
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                "Operations": [
                    {"method": "PATCH", "path": path, "data": patch_op(add("password", [SECRET]))}
                ],
            },
        ),
        lambda scim, path: scim.get("/Users", Authorization=f"Bearer {SECRET}"),
        lambda scim, path: scim.get("/Users", Authorization=f"Basic {SECRET}"),
    ],
)
def test_secret_is_in_no_line(scim, logged, ask):
    path = path_of(scim.create(user("babs")))
    texts(logged)

    ask(scim, path)

    [line] = logged(JsonFormatter())
    assert "detail" in json.loads(line) or "/Bulk" in line
    assert SECRET not in line


def test_what_a_client_sends_forges_no_line(scim, logged):
    created = scim.create(user("babs"))
    texts(logged)

    scim.patch(path_of(created), add('x\n2026-11-29 GET /scim/v2 200 tenant="a"\x1b[2J', "y"))
    scim.get("/Users/%0aGET%20%1b")

    lines = texts(logged)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert lines[1].startswith("GET /scim/v2/Users/%0AGET%20%1B 404 1.0ms ")


@ON_ONE_DATABASE
def test_server_logs_json_if_it_is_told_to(serve):
    server = serve(SCIM_LOG_FORMAT="json", SCIM_CLIENT_TIMEOUT="1")
    members = listed(*(server.session.post("/Users", json=user(f"u{n}")).json() for n in "ab"))
    server.session.post("/Groups", json=group("guides") | {"members": members})
    server.session.get("/Groups")

    said = [json.loads(line) for line in server.log.splitlines()]  # the start, too, is JSON

    begun, *answered = (each for each in said if each["level"] == "info")
    assert begun["message"].startswith(f"Serving {server.url.replace('127.0.0.1', 'localhost')}, ")
    assert [each["status"] for each in answered[-4:]] == [201, 201, 201, 200]
    assert all(0 < each["milliseconds"] < 20_000 for each in answered)
    assert [line for line in server.log.splitlines() if "/scim/v2/Groups" in line] == [
        line for line in server.log.splitlines() if '"path": "/scim/v2/Groups"' in line
    ]
