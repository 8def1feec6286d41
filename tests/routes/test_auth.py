"""RFC 7644 §2 and RFC 6750: no SCIM route answers a client without the token."""

import hmac

import pytest

from app import create_app
from scim.storage import tokens

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import user
from ..support.tenants import new_tenant, new_token

RULES = [
    rule
    for rule in create_app({"TESTING": True}).url_map.iter_rules()
    if rule.rule.startswith("/scim/v2")
]
SCIM_ROUTES = [
    pytest.param(method, rule.rule.replace("<", "").replace(">", ""), id=f"{method} {rule}")
    for rule in RULES
    for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
]
REFUSED = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Bearer 12345678",
    "Bearer 1234567890",
    "Bearer 123456789 123456789",
    "bearer: 123456789",
    "Basic MTIzNDU2Nzg5",
    "Basic 123456789",
    "Token 123456789",
    "123456789,",
    "Bearer \xe9\xff",
    "wrong",
    '"123456789"',
]


@pytest.fixture
def stranger(app):
    """A client without any Authorization header."""
    return app.test_client()


def test_every_endpoint_is_swept():
    assert {"/scim/v2/Users", "/scim/v2/Groups", "/scim/v2/Schemas"} <= {r.rule for r in RULES}
    assert len(SCIM_ROUTES) >= 18


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(("method", "path"), SCIM_ROUTES)
def test_route_needs_a_known_bearer_token(stranger, method, path):
    for header in (None, "Bearer wrong", "Basic MTIzNDU2Nzg5"):
        check_refused(stranger, method, path, header)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/scim/v2/Nothing"),
        ("POST", "/scim/v2/Devices"),
        ("GET", "/scim/v2/Users/1/2"),
        ("GET", "/scim/v2"),
        ("GET", "/"),
        ("GET", "/favicon.ico"),
        ("PUT", "/scim/v2/Users"),
        ("POST", "/scim/v2/Schemas"),
        ("OPTIONS", "/scim/v2/Users"),
        ("TRACE", "/scim/v2/Groups/1"),
        ("PROPFIND", "/"),
    ],
)
def test_who_has_no_token_learns_no_endpoints(stranger, method, path):
    for header in (None, "Bearer wrong"):
        check_refused(stranger, method, path, header)


@EVERYDAY_ON_ONE_DATABASE
def test_who_has_no_token_learns_no_types_and_methods(stranger):
    answers = [
        stranger.open(path, method=method, headers={"X-Request-Id": "1"})
        for method, path in (("GET", "/scim/v2/Users"), ("PUT", "/scim/v2/Users"), ("GET", "/x"))
    ]

    assert len({(answer.status_code, answer.data, str(answer.headers)) for answer in answers}) == 1


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("header", REFUSED)
def test_header_without_a_known_bearer_token_is_refused(stranger, header):
    check_refused(stranger, "GET", "/scim/v2/Users", header)


def check_refused(stranger, method, path, header):
    headers = {} if header is None else {"Authorization": header}

    response = stranger.open(path, method=method, headers=headers)

    check_error(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert "SCIM-Tolerances" not in response.headers


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    "header",
    ["Bearer 123456789", "bearer 123456789", "BEARER 123456789", " Bearer   123456789  "],
)
def test_bearer_is_recognised_in_any_case(stranger, header):
    response = stranger.get("/scim/v2/Schemas", headers={"Authorization": header})

    assert response.status_code == 200
    assert "SCIM-Tolerances" not in response.headers


def test_bare_token_is_tolerated_and_the_tolerance_named(stranger):
    response = stranger.get("/scim/v2/Schemas", headers={"Authorization": "123456789"})

    assert response.status_code == 200
    assert response.headers["SCIM-Tolerances"] == "bare_token"


def test_tokens_are_compared_in_constant_time(stranger, monkeypatch):
    compared, compare = [], hmac.compare_digest

    def remember(one, other):
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(tokens.secrets, "compare_digest", remember)
    stranger.application.extensions["scim"].doorkeeper.known.clear()
    for token in ("1", "123456789", "x" * 5000):
        stranger.get("/scim/v2/Schemas", headers={"Authorization": f"Bearer {token}"})

    assert compared == [(32, 32)] * 3  # digests, so even the length tells nothing


@ON_ONE_DATABASE
def test_demo_token_is_refused_to_a_public_host(scim, stranger):
    for path in ("/Users", "/Schemas", "/nothing"):
        refused = scim.get(path, X_Forwarded_Host="scim.example.com")
        assert "the demo token is accepted on the server's own machine" in check_error(refused, 401)
        assert "error=" in refused.headers["WWW-Authenticate"]
    refused = scim.post("/Users", user("bjensen"), Host="scim.example.com")
    assert "set SCIM_TOKEN to a token of your own" in check_error(refused, 401)
    assert scim.get("/Users", X_Forwarded_Host="a.ngrok-free.app").json["totalResults"] == 0
    wrong = stranger.get("/scim/v2/Users", headers={"Host": "scim.example.com"})
    assert "demo token" not in check_error(wrong, 401)


@ON_ONE_DATABASE
def test_production_refuses_the_demo_token_under_any_server(new_client):
    refused = new_client(ENV="production").get("/Users")

    assert check_error(refused, 401).startswith("SCIM_ENV=production refuses the demo token; ")


@ON_ONE_DATABASE
def test_none_accepts_issued_tokens_only(new_client, engine):
    scim = new_client(TOKEN="none")

    for token in ("none", "None", "", "123456789"):
        check_error(scim.get("/Users", Authorization=f"Bearer {token}"), 401)
    issued = new_token(engine, new_tenant(engine))
    assert scim.get("/Users", Authorization=f"Bearer {issued}").status_code == 200
    assert scim.get("/Users/none", Authorization=f"Bearer {issued}").status_code == 404
