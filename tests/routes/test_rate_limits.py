"""RFC 6585 §4: requests beyond a limit are 429 with Retry-After, and ask no database."""

from functools import partial

import pytest
import sqlalchemy as sa

from scim.operate.limits import GUESSES
from scim.protocol.permissions import UNLIMITED
from scim.storage import clients, tables, tokens

from ..support.bulk import bulk_request, post
from ..support.databases import ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, user
from ..support.statements import noted
from ..support.tenants import new_tenant, new_token

LIMIT = 5


@pytest.fixture
def limited(new_client):
    return new_client(RATE_LIMIT=f"{LIMIT}/minute", WORKERS=1)


@pytest.fixture
def statements_of():
    """Note the statements of an application."""
    return lambda scim: noted(scim.client.application.extensions["scim"].database)


@ON_ONE_DATABASE
def test_tenant_waits_and_another_does_not(limited, engine, statements_of):
    for _ in range(LIMIT):
        assert limited.get("/Users").status_code == 200
    with statements_of(limited) as seen:
        for refused in (
            limited.get("/Users"),
            limited.post("/Users", user("bjensen")),
            limited.get("/nothing"),
            limited.get("/Schemas"),
        ):
            detail = check_error(refused, 429)
            assert detail.startswith("the tenant has sent more than 5 requests in 60 seconds; ")
            assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert seen == []

    token = f"Bearer {new_token(engine, new_tenant(engine))}"
    assert limited.get("/Users", Authorization=token).status_code == 200


@ON_ONE_DATABASE
def test_operations_of_a_bulk_request_count_when_it_is_done(limited):
    operations = [post(str(each), user(f"user{each}")) for each in range(LIMIT - 1)]

    assert limited.post("/Bulk", bulk_request(*operations)).status_code == 200
    assert limited.get("/Users").status_code == 200  # the last one
    check_error(limited.get("/Users"), 429)


@ON_ONE_DATABASE
def test_guesses_of_an_address_are_limited_and_known_tokens_are_not(
    new_client, engine, statements_of
):
    scim = new_client(RATE_LIMIT="9999/second", WORKERS=1)
    known, unmet = (f"Bearer {new_token(engine, new_tenant(engine))}" for _ in range(2))
    guess = {"Authorization": "Bearer wrong"}
    with statements_of(scim) as seen:
        check_error(scim.get("/Users", Authorization=f"{known}0"), 401)
    assert len(seen) == 2  # among the tokens, and those of OAuth clients
    assert scim.get("/Users", Authorization=known).status_code == 200

    for _ in range(GUESSES.amount - 1):
        check_error(scim.get("/Users", **guess), 401)
        check_error(scim.get("/Users", Authorization=""), 401)  # is no guess
    with statements_of(scim) as seen:
        refused = scim.get("/Users", **guess)
        detail = check_error(refused, 429)
        check_error(scim.get("/nothing", **guess), 429)
    assert seen == []
    assert detail.startswith("too many tokens of this address were refused; try again in ")
    assert 1 <= int(refused.headers["Retry-After"]) <= GUESSES.seconds
    for own in (known, unmet):  # as after a rotation, and for each token of an OAuth client
        assert scim.get("/Users", Authorization=own).status_code == 200
    check_error(scim.get("/Users", Authorization=f"{unmet}0"), 429)
    elsewhere = {"X_Forwarded_For": "203.0.113.9"}  # of a proxy that is trusted
    assert scim.get("/Users", Authorization=unmet, **elsewhere).status_code == 200
    check_error(scim.get("/Users", **guess, **elsewhere), 401)


@ON_ONE_DATABASE
def test_secrets_of_oauth_clients_are_guessed_as_seldom(new_client, engine, statements_of):
    client = new_client(RATE_LIMIT="9999/second", WORKERS=1).client
    guess = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    with engine.begin() as connection:
        tenant, *_ = tokens.list_tenants(connection)
        client_id, secret = clients.add_client(connection, tenant, "entra", UNLIMITED)

    for _ in range(GUESSES.amount):
        assert client.post("/oauth/token", data=guess).status_code == 401
    with statements_of(Scim(client)) as seen:
        refused = client.post("/oauth/token", data=guess)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    assert seen == []
    known = guess | {"client_id": client_id, "client_secret": secret}
    bare = {"Authorization": ""}
    granted = client.post("/oauth/token", data=known, headers=bare)  # from the same address
    assert (
        Scim(client)
        .get("/Users", Authorization=f"Bearer {granted.json['access_token']}")
        .status_code
        == 200
    )


@ON_ONE_DATABASE
def test_body_of_a_guess_is_not_received(serve, engine):
    server = serve(SCIM_RATE_LIMIT="9999/second")
    wrong = {"Authorization": "Bearer wrong"}

    for _ in range(GUESSES.amount):
        assert server.session.get("/Users", headers=wrong).status_code == 401
    refused = server.session.post("/Users", json=user("bjensen"), headers=wrong)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    assert refused.headers["Connection"] == "close"
    unmet = f"Bearer {new_token(engine, new_tenant(engine))}"
    elsewhere = {"Authorization": unmet, "X-Forwarded-For": "203.0.113.9"}
    assert server.session.post("/Users", json=user(), headers=elsewhere).status_code == 201


@ON_ONE_DATABASE
def test_access_tokens_beyond_the_limit_are_not_made(limited, engine):
    with engine.begin() as connection:
        tenant, *_ = tokens.list_tenants(connection)
        client_id, secret = clients.add_client(connection, tenant, "entra", UNLIMITED)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}

    ask = partial(limited.client.post, "/oauth/token", data=form, headers={"Authorization": ""})
    answers = [ask() for _ in range(LIMIT + 2)]

    assert [each.status_code for each in answers] == [200] * LIMIT + [429] * 2
    with engine.connect() as connection:
        made = sa.select(sa.func.count()).select_from(tables.access_tokens)
        assert connection.scalar(made) == LIMIT
