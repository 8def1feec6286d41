"""Scopes and resource types of tokens (RFC 6750 §3.1), and tenants that are paused."""

import pytest
import sqlalchemy as sa

from app import create_app
from scim.protocol.permissions import Permission
from scim.storage import tokens

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, group, path_of, replace, user

pytestmark = EVERYDAY_ON_ONE_DATABASE
BULK = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}
SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
MADE = {"Users": user("ada"), "Groups": group("Tours")}
ROOT = ("", "Async", "Bulk", ".search", ".delta", ".deltaToken", "Events")
DISCOVERY = ("ServiceProviderConfig", "ResourceTypes", "Schemas", "openapi.json")
ROUTES = [
    pytest.param(method, rule.rule.removeprefix("/scim/v2"), id=f"{method} {rule}")
    for rule in create_app({"TESTING": True}).url_map.iter_rules()
    if rule.rule.startswith("/scim/v2")
    for method in sorted(rule.methods - {"OPTIONS"})
]


@pytest.fixture
def holding(app, engine, scim):
    """A client whose token has scopes and types: ``holding("read", "User")``."""

    def hold(scopes, types=None, name="limited", subject=None):
        with engine.begin() as connection:
            tenant = tokens.find_tenant(connection, "default")
            tokens.revoke_token(connection, tenant, name)
            permission = Permission.of(scopes, types)
            token = tokens.issue_token(connection, tenant, name, subject, permission)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return Scim(client)

    return hold


def needed(method, path):
    """Return the scope that a route needs; most need ``read`` or ``write`` by method."""
    if path.split("/")[1].removesuffix("Configs").startswith(DISCOVERY) or "Config" in path:
        return ""
    if path == "/Events/poll":
        return "events"
    return (
        "read" if method in ("GET", "HEAD") or path.endswith(("/.search", "/.delta")) else "write"
    )


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_route_needs_its_scope(holding, method, path):
    scope = needed(method, path)
    for scopes in ("read", "write", "events", "read events"):
        answer = holding(scopes).send(method, path)
        if scope in ("", *scopes.split()) or (scope == "read" and scopes == "write"):
            assert answer.status_code != 403
        else:
            assert answer.status_code == 403
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge == f'Bearer realm="SCIM", error="insufficient_scope", scope="{scope}"'
            assert method == "HEAD" or f"the scope {scope!r}" in check_error(answer, 403)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_route_of_a_type_needs_the_type(holding, method, path):
    endpoint = path.split("/")[1]
    named = {"Users": "User", "Me": "User", "Groups": "Group", "GroupMemberships": "Group"}.get(
        endpoint
    )
    if named is None:
        assert needed(method, path) == "" or endpoint in ROOT
        return

    other = {"User": "Group", "Group": "User"}[named]
    refused = holding("write", other).send(method, path)

    told = named
    if endpoint == "GroupMemberships":
        told = "GroupMembership"
        assert holding("write", told).send(method, path).status_code != 403
    assert refused.status_code == 403
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="SCIM", error="insufficient_scope"'
    assert method == "HEAD" or f"of the type {told!r}" in check_error(refused, 403)
    assert holding("write", named).send(method, path).status_code != 403


def test_queries_of_all_types_find_those_of_the_token(scim, holding):
    babs = scim.create(user())
    tours = scim.create(group("Tours", babs))
    limited = holding("read", "Group")

    for answer in (
        limited.get("/"),
        limited.post("/.search", SEARCH),
        limited.get("/?cursor="),
        limited.get('/?filter=meta.resourceType eq "User" or meta.resourceType eq "Group"'),
    ):
        assert [each["id"] for each in answer.json["Resources"]] == [tours["id"]]
        assert answer.json["totalResults"] == 1
    assert limited.read(tours)["members"][0]["value"] == babs["id"]  # an attribute of the group
    check_error(holding("read", "Device").get("/"), 403)


def test_cursor_leads_to_no_other_type(scim, holding):
    for name in "ab":
        scim.create(user(name))
        scim.create(group(name))
    cursor = holding("read", "User Group").get("/?cursor=&count=1").json["nextCursor"]

    check_error(holding("read", "Group").get(f"/?cursor={cursor}&count=1"), 400, "invalidCursor")


def test_bulk_operation_of_another_type_is_refused_by_itself(scim, holding):
    babs = scim.create(user())
    limited = holding("write", "Group")
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("ada")},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Tours", babs)},
        {"method": "DELETE", "path": path_of(babs)},
        {"method": "POST", "path": "/Groups", "bulkId": "h", "data": group("bulkId:u")},
    ]
    operations[3]["data"]["members"] = [{"value": "bulkId:u"}]

    answer = limited.post("/Bulk", BULK | {"Operations": operations})

    results = answer.json["Operations"]
    assert [each["status"] for each in results] == ["403", "201", "403", "409"]
    assert "of the type 'User'" in results[0]["response"]["detail"]
    assert scim.read(babs)["groups"][0]["display"] == "Tours"
    assert scim.get("/Users").json["totalResults"] == 1


def test_paused_tenant_is_read_and_not_written(scim, choose, engine, holding):
    babs = scim.create(user())
    choose(paused=True)

    writes = {
        "POST": scim.post("/Users", user("ada")),
        "PUT": scim.put(path_of(babs), user("ada")),
        "PATCH": scim.patch(path_of(babs), replace("title", "x")),
        "DELETE": scim.delete(path_of(babs)),
        "bulk": scim.post("/Bulk", BULK | {"Operations": []}),
        "dry run": scim.post("/Users", user("ada"), Prefer="dry-run"),
    }

    for answer in writes.values():
        assert "paused" in check_error(answer, 503)
        assert answer.headers["Retry-After"] == "60"
    assert scim.read(babs) == babs
    assert scim.post("/Users/.search", SEARCH).json["totalResults"] == 1
    assert holding("read").get("/Schemas").status_code == 200
    check_error(holding("read").delete(path_of(babs)), 403)  # which no resume changes
    mended = holding("read write", name="console").patch(path_of(babs), replace("title", "x"))
    assert mended.json["title"] == "x"
    choose(paused=False)
    assert scim.delete(path_of(babs)).status_code == 204


def test_bulk_request_that_goes_on_is_stopped_by_a_pause(scim, engine, monkeypatch):
    """As by a removal, which pauses the tenant first: rows written later would stay for good."""
    monkeypatch.setattr("scim.operate.guard.UNCHECKED", 0)
    scim.create(user())  # its token is remembered for seconds
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE tenants SET paused = true"))

    creates = [
        {"method": "POST", "path": f"/{each}", "bulkId": each, "data": made}
        for each, made in MADE.items()
    ]
    answer = scim.post("/Bulk", BULK | {"Operations": creates})

    results = answer.json["Operations"]
    assert [each["status"] for each in results] == ["503", "503"]
    assert "paused" in results[0]["response"]["detail"]
    assert scim.get("/").json["totalResults"] == 1


def test_expired_token_opens_nothing(app, engine, holding):
    client = holding("read")
    assert client.get("/Users").status_code == 200
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE tokens SET expires = '2026-01-01T00:00:00.000000Z'"))
    app.extensions["scim"].doorkeeper.known.clear()

    detail = check_error(client.get("/Users"), 401)

    client.client.environ_base["HTTP_AUTHORIZATION"] = "Bearer wrong"
    assert detail == check_error(client.get("/Users"), 401)
