"""The page at ``/`` for browsers, and errors that say which path was meant."""

import base64
import hashlib
import re
from urllib.parse import quote

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.definitions import attribute, rooms
from ..support.errors import check_error

pytestmark = EVERYDAY_ON_ONE_DATABASE

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
NO_BROWSERS = [
    None,
    "*/*",
    "application/json",
    "application/scim+json",
    "text/html;q=0",
    "x" * 5000,
]


@pytest.fixture
def stranger(app):
    """A client without any Authorization header."""
    return app.test_client()


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "TEXT/HTML,*/*;q=0.1"])
def test_browser_gets_a_page_without_a_token(stranger, client, accept):
    for visitor in (stranger, client):
        page = visitor.get("/", headers={"Accept": accept})

        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        assert "SCIM 2.0 server" in page.text
        assert "<pre>http://localhost/scim/v2</pre>" in page.text
        command = "curl -H &#34;Authorization: Bearer 123456789&#34; http://localhost/scim/v2/Users"
        assert command in page.text.replace('"Auth', "&#34;Auth").replace('89" ', "89&#34; ")
    assert stranger.head("/", headers={"Accept": accept}).status_code == 200


def test_page_may_load_and_run_nothing(stranger):
    page = stranger.get("/", headers={"Accept": BROWSER})

    [style] = re.findall("<style>(.*)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Accept" in page.headers["Vary"]
    assert not re.findall(r"<script|\son\w+=|src=", page.text)
    assert "Authorization" not in page.headers


def test_page_shows_no_token_but_the_public_one(new_client):
    client = new_client(TOKEN="s3cret").client

    page = client.get("/", headers={"Accept": BROWSER, "Authorization": "Bearer s3cret"})

    assert "s3cret" not in page.text + str(page.headers)
    assert "123456789" not in page.text
    assert "$SCIM_TOKEN" in page.text


def test_page_follows_the_proxy_and_escapes_what_came(stranger):
    headers = {"Accept": BROWSER, "X-Forwarded-Host": "scim.example", "X-Forwarded-Proto": "https"}
    page = stranger.get("/", headers=headers | {"X-Forwarded-Prefix": "/tenant"})
    assert "<pre>https://scim.example/tenant/scim/v2</pre>" in page.text

    page = stranger.get("/", headers={"Accept": BROWSER, "Host": "a&b;'$(id)"})
    assert "<pre>http://a&amp;b;&#39;$(id)/scim/v2</pre>" in page.text
    assert '$SCIM_TOKEN" &#39;http://a&amp;b;&#39;' in page.text  # in quotes for the shell
    assert "123456789" not in page.text

    for host in ("<b>", 'a"b', "a..b", ""):
        answer = stranger.get("/", headers={"Accept": BROWSER, "Host": host})
        assert "Host header" in check_error(answer, 400, "invalidSyntax")


@pytest.mark.parametrize("accept", NO_BROWSERS)
def test_other_clients_get_json_at_the_root(stranger, client, accept):
    headers = {"Accept": accept} if accept else {}

    check_error(stranger.get("/", headers=headers), 401)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        check_error(client.open("/", method=method, headers=headers), 404)
    check_error(client.post("/", headers={"Accept": BROWSER}), 404)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/users", "/scim/v2/Users"),
        ("/Users", "/scim/v2/Users"),
        ("/user", "/scim/v2/Users"),
        ("/Users/", "/scim/v2/Users"),
        ("/users/2819c223-7f76-453a-919d-413861904646", "/scim/v2/Users"),
        ("/scim/Users", "/scim/v2/Users"),
        ("/scim/v1/users", "/scim/v2/Users"),
        ("/v2/Groups", "/scim/v2/Groups"),
        ("/SCIM/V2/Groups/1", "/scim/v2/Groups"),
        ("/Schemas", "/scim/v2/Schemas"),
        ("/ServiceProviderConfigs", "/scim/v2/ServiceProviderConfig"),
        ("/.search", "/scim/v2/.search"),
        ("/me", "/scim/v2/Me"),
    ],
)
def test_path_outside_the_base_path_names_the_right_one(stranger, client, path, meant):
    for asked in (stranger, client):
        for method in ("GET", "POST"):
            detail = check_error(asked.open(path, method=method), 404)
            assert detail == f"this endpoint does not exist; did you mean {meant}?"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/scim/v2/users", "/scim/v2/Users"),
        ("/scim/v2/user", "/scim/v2/Users"),
        ("/scim/v2//users", "/scim/v2/Users"),
        ("/scim/v2/USERS/1", "/scim/v2/Users"),
        ("/scim/v2/group", "/scim/v2/Groups"),
        ("/scim/v2/ResourceType/User", "/scim/v2/ResourceTypes"),
        ("/scim/v2/search", "/scim/v2/.search"),
        ("/scim/v2/bulk", "/scim/v2/Bulk"),
    ],
)
def test_path_below_the_base_path_needs_a_token_first(stranger, client, path, meant):
    assert "did you mean" not in check_error(stranger.get(path), 401)
    assert check_error(client.get(path), 404).endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize(
    ("path", "twice", "meant"),
    [
        ("/scim/v2/v2/Users", "/v2", "/scim/v2/Users"),
        ("/scim/v2/scim/v2/Users", "/scim/v2", "/scim/v2/Users"),
        ("/scim/v2/scim/v2/groups/7", "/scim/v2", "/scim/v2/Groups"),
    ],
)
def test_base_path_that_is_there_twice_is_named(client, path, twice, meant):
    detail = check_error(client.get(path), 404)

    said = f"{twice} is twice in the path; did you mean {meant}?"
    assert detail == f"this endpoint does not exist; {said}"


def test_base_path_twice_before_nothing_known(client):
    assert "did you mean" not in check_error(client.get("/scim/v2/v2/nothing"), 404)


def test_hint_follows_the_proxy(client):
    answer = client.get("/users", headers={"X-Forwarded-Prefix": "/tenant"})

    assert "did you mean /tenant/scim/v2/Users?" in check_error(answer, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/scim/v2/Nothing",
        "/scim/v2/Users/1/2",
        "/scim/v2/Schemas/x/y",
        "/x",
        "/scim",
        "/userslist",
        "/" + "users" * 10_000,
        "/users/" * 10_000,
        "/" + quote("<b>users</b>"),
    ],
)
def test_other_path_has_no_hint(stranger, client, path):
    detail = check_error(client.get(path), 404)

    assert detail == "this endpoint does not exist; check the base URL and the path"
    check_error(stranger.get(path), 401)


def test_types_of_ones_own_are_meant_too_but_hidden_from_strangers(defining):
    scim = defining(*rooms(attribute("floor")))

    assert "/scim/v2/Rooms?" in check_error(scim.client.get("/rooms"), 404)
    assert "/scim/v2/Rooms?" in check_error(scim.get("/room"), 404)
    assert "Rooms" not in scim.client.get("/", headers={"Accept": BROWSER}).text
    check_error(scim.client.get("/rooms", headers={"Authorization": "Bearer wrong"}), 401)
