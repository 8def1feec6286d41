"""Tokens are verified by the public keys of the server, by joserfc and by PyJWT."""

import json

import jwt
import pytest
import sqlalchemy as sa
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet

from scim.deliver.events import signing
from scim.storage.keys import from_now, now

CLAIMS = {"iss": "http://localhost:5000", "jti": "4d3559ec", "aud": "f", "events": {"a:b": {}}}


@pytest.fixture
def service(app, empty_database):
    return app.extensions["scim"]


def shown(app):
    """Return the keys that receivers see."""
    signing._key_set.cache_clear()
    answer = app.test_client().get(signing.PATH)
    assert answer.status_code == 200
    assert answer.mimetype == "application/jwk-set+json"
    return answer.json["keys"]


def verified(token, keys):
    """Return the header of a token that both libraries verify."""
    header = jwt.get_unverified_header(token)
    [key] = [each for each in keys if each["kid"] == header["kid"]]
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"], audience="f")
    assert claims == CLAIMS
    assert joserfc.decode(token, KeySet.import_key_set({"keys": keys})).claims == CLAIMS
    return header


def test_token_is_verified_by_two_libraries(app, service):
    assert shown(app) == []

    token = signing.sign(service, CLAIMS)

    [key] = shown(app)
    assert verified(token, [key]) == {"typ": "secevent+jwt", "alg": "ES256", "kid": key["kid"]}
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def pass_time(engine, **passed):
    """Let time pass for all keys."""
    before = from_now(**{name: -number for name, number in passed.items()})
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE signing_keys SET starts = :at"), {"at": before})


def test_new_key_is_shown_before_it_signs_and_the_old_one_after(app, service, engine):
    first = verified(signing.sign(service, CLAIMS), shown(app))["kid"]
    pass_time(engine, days=1)

    second = signing.rotate(service.database).kid

    token = signing.sign(service, CLAIMS)
    assert [each["kid"] for each in shown(app)] == [second, first]
    assert verified(token, shown(app))["kid"] == first

    moment = {"at": now(), "kid": second}
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE signing_keys SET starts = :at WHERE kid = :kid"), moment)
    assert verified(signing.sign(service, CLAIMS), shown(app))["kid"] == second
    assert verified(token, shown(app))["kid"] == first

    signing.tidy(service.database)
    with engine.connect() as connection:
        kept = connection.scalars(sa.text("SELECT kid FROM signing_keys WHERE private IS NULL"))
        assert kept.all() == [first]
    assert verified(token, shown(app))["kid"] == first


def test_old_key_is_forgotten_in_the_end(app, service, engine):
    signing.sign(service, CLAIMS)
    pass_time(engine, days=20)
    second = signing.rotate(service.database).kid
    with engine.begin() as connection:
        later = from_now(days=-8)
        connection.execute(
            sa.text("UPDATE signing_keys SET starts = :at WHERE kid = :kid"),
            {"at": later, "kid": second},
        )

    signing.tidy(service.database)

    assert [each["kid"] for each in shown(app)] == [second]


def test_compromised_key_is_forgotten_at_once(app, service):
    old = signing.sign(service, CLAIMS)

    made = signing.replace(service.database)

    assert [each["kid"] for each in shown(app)] == [made.kid]
    assert verified(signing.sign(service, CLAIMS), shown(app))["kid"] == made.kid
    with pytest.raises(ValueError, match="not enough values"):
        verified(old, shown(app))


def test_private_half_is_nowhere(app, service, caplog):
    key = signing.current_key(service.database)

    secret = json.loads(key.private)["d"]
    texts = [repr(key), str(shown(app)), repr(service), caplog.text]
    assert not [text for text in texts if secret in text]
