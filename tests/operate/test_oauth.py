"""OAuth clients get access tokens by a secret or a signed assertion, on both databases."""

import base64
import json
import time
from uuid import uuid4

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from scim.operate.assertions import read_keys
from scim.operate.oauth import ASSERTION
from scim.protocol.permissions import Permission
from scim.storage import clients, tokens

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import Scim, user

ENDPOINT = "/oauth/token"
AUDIENCE = "http://localhost"
PEM, SPKI = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
GRANT = {"grant_type": "client_credentials"}
KEY = ECKey.generate_key("P-256", private=True)
WEAK = rsa.generate_private_key(65537, 1024).public_key().public_bytes(PEM, SPKI).decode()
RSA = RSAKey.generate_key(2048, private=True)


@pytest.fixture
def add(engine, empty_database):
    """Add a client of the first tenant, and return its id and secret."""

    def add(scopes="read write", types=None, keys=None, name="entra"):
        with engine.begin() as connection:
            tenant, *_ = tokens.list_tenants(connection)
            permission = Permission.of(scopes, types)
            return clients.add_client(connection, tenant, name, permission, keys)

    return add


@pytest.fixture
def ask(app):
    """Send a form to the token endpoint, without a bearer token."""
    return lambda headers=None, **form: app.test_client().post(
        ENDPOINT, data=GRANT | form, headers=headers
    )


@pytest.fixture
def opened_by(app):
    def opened_by(token):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return Scim(client)

    return opened_by


def basic(client_id, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def public(key):
    return json.dumps({"keys": [key.as_dict(private=False)]})


def signed(client_id, key=KEY, algorithm="ES256", header=(), **claims):
    """Return an assertion; a claim of None is left out."""
    all_claims = {"iss": client_id, "sub": client_id, "aud": AUDIENCE, "jti": uuid4().hex}
    all_claims |= {"exp": int(time.time()) + 300} | claims
    kept = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode({"alg": algorithm, **dict(header)}, kept, key, algorithms=[algorithm])


def refused(answer, code, status=None):
    assert answer.status_code == (status or (401 if code == "invalid_client" else 400))
    assert answer.json["error"] == code
    assert answer.mimetype == "application/json"
    assert answer.json["error_description"].endswith(f" [request {answer.headers['X-Request-Id']}]")
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    return answer.json["error_description"]


@pytest.mark.parametrize("is_basic", [True, False])
def test_secret_opens_the_directory_for_an_hour(add, ask, opened_by, is_basic):
    client_id, secret = add()
    form = {} if is_basic else {"client_id": client_id, "client_secret": secret}

    answer = ask(basic(client_id, secret) if is_basic else None, **form)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json.pop("access_token")
    assert answer.json == answer.json | {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read write",
    }
    acme = opened_by(token)
    made = acme.create(user())
    assert acme.get(f"/Users/{made['id']}").status_code == 200


def test_history_names_the_client(add, ask, opened_by, engine):
    client_id, secret = add(name="entra")
    opened_by(ask(basic(client_id, secret)).json["access_token"]).create(user())

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT token FROM changes")) == "entra"


def test_token_has_the_scopes_that_were_asked_for(add, ask, opened_by):
    client_id, secret = add(types="User")
    answer = ask(basic(client_id, secret), scope="read")

    reader = opened_by(answer.json["access_token"])

    assert answer.json["scope"] == "read"
    assert reader.get("/Users").status_code == 200
    assert reader.post("/Users", user()).status_code == 403
    assert reader.get("/Groups").status_code == 403  # which the client is not for


def test_scope_scim_stands_for_all_of_the_client(add, ask):
    client_id, secret = add(scopes="read")

    assert ask(basic(client_id, secret), scope="scim").json["scope"] == "read"
    assert "'read'" in refused(ask(basic(client_id, secret), scope="write"), "invalid_scope")


def test_expired_token_opens_nothing(add, ask, opened_by, engine):
    client_id, secret = add()
    token = ask(basic(client_id, secret)).json["access_token"]
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE access_tokens SET expires = '2020-01-01T00:00:00.0Z'"))

    assert opened_by(token).get("/Users").status_code == 401
    ask(basic(client_id, secret))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM access_tokens")) == 1


def test_removed_client_leaves_no_token(add, ask, opened_by, engine):
    client_id, secret = add()
    token = ask(basic(client_id, secret)).json["access_token"]
    with engine.begin() as connection:
        tenant, *_ = tokens.list_tenants(connection)
        assert clients.remove_client(connection, tenant, "entra")
        assert not clients.remove_client(connection, tenant, "entra")

    assert opened_by(token).get("/Users").status_code == 401
    refused(ask(basic(client_id, secret)), "invalid_client")


def test_new_secret_takes_the_place_of_the_old_one(add, ask, engine):
    client_id, secret = add()
    with engine.begin() as connection:
        tenant, *_ = tokens.list_tenants(connection)
        new = clients.change_secret(connection, tenant, "entra")

    assert ask(basic(client_id, new)).status_code == 200
    refused(ask(basic(client_id, secret)), "invalid_client")


@pytest.mark.parametrize("form", [{"client_id": "x" * 24}, {"client_secret": "x"}, {}])
def test_stranger_gets_no_token(add, ask, form):
    client_id, secret = add()

    refused(
        ask(**({"client_id": client_id, "client_secret": secret} | form if form else {})),
        "invalid_client",
    )


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic YQ==", "Bearer 123456789", "Basic /w==", "x"]
)
def test_header_that_is_no_credential_is_refused(ask, empty_database, header):
    refused(ask({"Authorization": header}), "invalid_client")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_method_is_told_to_a_client_without_a_token(app, empty_database, method):
    answer = app.test_client().open(ENDPOINT, method=method)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "WWW-Authenticate" not in answer.headers


def test_request_must_be_one_form(add, ask, app):
    client_id, secret = add()
    header = basic(client_id, secret)
    client = app.test_client()

    refused(ask(header, client_secret=secret, client_id=client_id), "invalid_request")
    refused(ask(header, client_id="another"), "invalid_request")
    refused(ask(header, grant_type=""), "invalid_request")
    refused(ask(header, grant_type="password"), "unsupported_grant_type")
    refused(client.post(ENDPOINT, json=GRANT, headers=header), "invalid_request")
    twice = "grant_type=client_credentials&grant_type=client_credentials"
    for body in (twice, b"\xff", "&".join(f"a{n}=1" for n in range(60)), ""):
        answer = client.post(
            ENDPOINT, data=body, headers=header, content_type="application/x-www-form-urlencoded"
        )
        refused(answer, "invalid_request")


@pytest.mark.parametrize(("key", "algorithm"), [(KEY, "ES256"), (RSA, "RS256"), (RSA, "PS256")])
def test_signed_assertion_opens_the_directory_once(add, ask, opened_by, key, algorithm):
    client_id, secret = add(keys=public(key))
    form = {"client_assertion": signed(client_id, key, algorithm)}
    form["client_assertion_type"] = ASSERTION

    answer = ask(**form)

    assert secret == ""
    assert opened_by(answer.json["access_token"]).get("/Users").status_code == 200
    assert "already" in refused(ask(**form), "invalid_client")
    refused(ask(basic(client_id, "")), "invalid_client")


def unsigned(client_id):
    _, payload, _ = signed(client_id).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{none}.{payload}."


def with_claim(client_id, text):
    """Return an assertion, signed with claims in JSON as they are."""
    from joserfc import jws  # noqa: PLC0415

    claims = json.dumps({"iss": client_id, "sub": client_id, "aud": AUDIENCE, "jti": "1"})
    return jws.serialize_compact({"alg": "ES256"}, f"{claims[:-1]}, {text}}}", KEY)


WRONG = {
    "another server": lambda c: signed(c, aud="https://elsewhere.example.com"),
    "no server": lambda c: signed(c, aud=None),
    "expired": lambda c: signed(c, exp=int(time.time()) - 120),
    "never expires": lambda c: signed(c, exp=None),
    "lasts too long": lambda c: signed(c, exp=int(time.time()) + 86400),
    "lasts for ever": lambda c: with_claim(c, '"exp": Infinity'),
    "no number": lambda c: with_claim(c, '"exp": NaN'),
    "not yet": lambda c: signed(c, nbf=int(time.time()) + 600),
    "no id": lambda c: signed(c, jti=None),
    "an id that is no text": lambda c: signed(c, jti=1),
    "another issuer": lambda c: signed(c, iss="client_000000000000000000000000"),
    "another key": lambda c: signed(c, ECKey.generate_key("P-256", private=True)),
    "no signature": unsigned,
    "the public key as a secret": lambda c: signed(
        c, OctKey.import_key(public(KEY).encode()), "HS256"
    ),
    "too deep": lambda c: with_claim(c, '"exp": ' + "[" * 3000 + "]" * 3000),
    "no text": lambda c: signed(c, sub=["a"]),
    "no JWT": lambda c: "a.b",
    "no JSON": lambda c: "YQ.YQ.YQ",
    "no ASCII": lambda c: "ä.ä.ä",
    "half a pair": lambda c: with_claim(c, '"exp": 1e400, "x": "\\ud800"'),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_assertion_opens_nothing(add, ask, wrong):
    client_id, _ = add(keys=public(KEY))

    answer = ask(client_assertion=wrong(client_id), client_assertion_type=ASSERTION)

    refused(answer, "invalid_client")


@EVERYDAY_ON_ONE_DATABASE
def test_claims_as_they_are_open_the_directory_unless_they_are_wrong(add, ask):
    client_id, _ = add(keys=public(KEY))
    assertion = with_claim(client_id, f'"exp": {time.time() + 300}, "jti": "\\ud800"')

    answer = ask(client_assertion=assertion, client_assertion_type=ASSERTION)

    assert answer.status_code == 200, answer.json


def test_assertion_names_its_type(add, ask):
    client_id, _ = add(keys=public(KEY))

    refused(ask(client_assertion=signed(client_id)), "invalid_request")


def test_public_url_is_the_name_in_assertions(add, ask, app, monkeypatch):
    client_id, _ = add(keys=public(KEY))
    service = app.extensions["scim"]
    url = "https://scim.example.com"

    def set_to(**values):
        settings = type(service.settings)(**(vars_of(service.settings) | values))
        monkeypatch.setitem(app.extensions, "scim", replaced(service, settings))

    set_to(public_url=url)
    form = {"client_assertion_type": ASSERTION}
    assert (
        ask(client_assertion=signed(client_id, aud=[f"{url}/oauth/token"]), **form).status_code
        == 200
    )
    refused(ask(client_assertion=signed(client_id), **form), "invalid_client")
    set_to(env="production", token="a-token-of-our-own")
    said = refused(ask(client_assertion=signed(client_id), **form), "invalid_client")
    assert "SCIM_PUBLIC_URL" in said


def vars_of(settings):
    return {name: getattr(settings, name) for name in settings.__slots__}


def replaced(service, settings):
    from dataclasses import replace  # noqa: PLC0415

    return replace(service, settings=settings)


def test_metadata_leads_to_the_endpoint(app):
    found = app.test_client().get("/.well-known/oauth-authorization-server")

    assert found.status_code == 200
    assert found.json["issuer"] == AUDIENCE
    assert found.json["token_endpoint"] == f"{AUDIENCE}{ENDPOINT}"
    assert found.json["grant_types_supported"] == ["client_credentials"]
    assert "private_key_jwt" in found.json["token_endpoint_auth_methods_supported"]


def test_only_good_public_keys_are_taken():
    for key in (KEY, RSA):
        pem = key.as_pem(private=False).decode()
        one = json.dumps(key.as_dict(private=False))
        for text in (pem, one, public(key)):
            [kept] = json.loads(read_keys(text))["keys"]
            assert kept["kty"] == key.key_type
    for bad, why in (
        (KEY.as_pem(private=True).decode(), "private"),
        (json.dumps(RSA.as_dict(private=True)), "private"),
        (WEAK, "2048"),
        (json.dumps(OctKey.generate_key(256).as_dict(private=True)), "elliptic"),
        (OKPKey.generate_key("X25519", private=False).as_pem(private=False).decode(), "no public"),
        ("hello", "no public key"),
        ('{"keys": []}', "1 to 10"),
        ("[" * 3000, "no public key"),
        ('{"keys": 3}', "no public key"),
    ):
        with pytest.raises(ValueError, match=why):
            read_keys(bad)


def test_form_comes_without_a_bearer_token_but_is_short(serve, add):
    client_id, secret = add()
    server = serve()
    url = server.url.removesuffix("/scim/v2") + ENDPOINT
    form = GRANT | {"client_id": client_id, "client_secret": secret}
    headers = {"Authorization": ""}

    good = server.session.post(url, data=form, headers=headers)
    long = server.session.post(url, data=form | {"x": "x" * 20_000}, headers=headers)

    assert good.status_code == 200
    assert long.status_code == 400
    assert secret not in server.log
