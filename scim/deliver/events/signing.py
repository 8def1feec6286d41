"""Security event tokens are signed with ES256, by a key that is made when one is first needed.

Receivers verify them by the public keys at ``PATH``. A new key is shown there for a while before
it signs, since receivers keep what they have read. The one before it is shown for ``KEPT_DAYS``
longer.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from scim.serializers.resources import to_json
from scim.service import Service
from scim.storage import Database
from scim.storage.keys import from_now, now
from scim.storage.signing import (
    SigningKey,
    add_key,
    forget_other_keys,
    list_keys,
    signing_key,
    tidy_keys,
)

PATH = "/.well-known/jwks.json"
ALGORITHM, TYPE = "ES256", "secevent+jwt"
AHEAD = 600  # seconds: a new key is shown so long before it signs
KEPT_DAYS = 7  # a key is shown so long after another has replaced it

Claims = Mapping[str, Any]


def sign(service: Service, claims: Claims) -> str:
    """Return claims as a security event token, a JWS in compact form (RFC 8417 §2).

    :raises UnavailableError: the database cannot be reached, or is too busy
    """
    return signer(service)(claims)


def signer(service: Service) -> Callable[[Claims], str]:
    """Return a function that signs several tokens, all by the key that signs now."""
    from joserfc import jws  # noqa: PLC0415 - 80 ms, for few servers

    key = current_key(service.database)
    assert key.private is not None
    header, private = {"typ": TYPE, "alg": ALGORITHM, "kid": key.kid}, _imported(key.private)
    return lambda claims: jws.serialize_compact(header, to_json(claims).encode(), private)


def issuer(service: Service) -> str:
    """Return the URL that names this server in tokens, the same that OAuth clients know."""
    return service.settings.public_url or service.settings.origin


def current_key(database: Database) -> SigningKey:
    """Return the key that signs now; the first time, a new one."""
    return database.read(signing_key) or new_key(database, now())


def rotate(database: Database) -> SigningKey:
    """Return a new key, which takes the place of the current one ``AHEAD`` later."""
    current_key(database)
    tidy(database)
    return new_key(database, from_now(seconds=AHEAD))


def replace(database: Database) -> SigningKey:
    """Return a new key that signs at once; all others are forgotten, as they are compromised."""
    made = new_key(database, now())
    database.write(lambda known: forget_other_keys(known, made))
    return made


def new_key(database: Database, starts: str) -> SigningKey:
    """Make and store a key, which signs from an instant on."""
    from joserfc.jwk import ECKey  # noqa: PLC0415 - likewise

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    private, public = (json.dumps(key.as_dict(private=each)) for each in (True, False))
    return database.write(lambda known: add_key(known, str(key.kid), private, public, starts))


def tidy(database: Database) -> None:
    """Forget keys that nobody needs any more."""
    database.write(lambda known: tidy_keys(known, before=from_now(days=-KEPT_DAYS)))


def key_set(database: Database) -> str:
    """Return the public keys as a JWK set in JSON (RFC 7517 §5), at most a second old."""
    return _key_set(database, int(time.monotonic()))


@lru_cache(maxsize=16)
def _key_set(database: Database, second: int) -> str:
    keys = database.read(list_keys)
    return '{"keys":[' + ",".join(each.public for each in keys) + "]}"


@lru_cache(maxsize=16)
def _imported(private: str) -> Any:
    from joserfc.jwk import ECKey  # noqa: PLC0415 - likewise

    return ECKey.import_key(json.loads(private))
