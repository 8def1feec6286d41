"""Signed assertions of OAuth clients, and the keys that verify them (RFC 7523 §3)."""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any
from warnings import catch_warnings

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeySet, RSAKey, import_key

from scim.storage.clients import Client

MOST_KEYS = 10
LEEWAY = 60  # seconds by which the clocks may differ
LONGEST = 3600  # seconds from now until an assertion expires


def verify(
    client: Client, assertion: str, audiences: Sequence[str], algorithms: Sequence[str]
) -> tuple[str, float]:
    """Return the digest of an assertion's id, and when it expires in seconds of Unix time.

    ``audiences`` are the names of this server.

    :raises ValueError: the assertion does not prove that the client has sent it; says why
    """
    keys = KeySet.import_key_set(json.loads(client.keys)) if client.keys else ()
    claims = next(filter(None, (_decoded(assertion, key, algorithms) for key in keys)), None)
    if claims is None:
        raise ValueError("is not signed by a key of the client")
    own: Any = {"essential": True, "value": client.id}
    aud: Any = {"essential": True, "values": list(audiences)}
    needed: Any = {"essential": True}
    rules = jwt.JWTClaimsRegistry(leeway=LEEWAY, iss=own, sub=own, aud=aud, exp=needed, jti=needed)
    try:
        rules.validate(claims)
    except JoseError as error:
        raise ValueError(f"is refused: {error.description}") from None
    except (OverflowError, TypeError, ValueError):
        raise ValueError("has a claim of a wrong form") from None
    if not claims["exp"] <= time.time() + LONGEST + LEEWAY:  # NaN is refused, too
        raise ValueError("must expire within an hour")
    number = hashlib.sha256(claims["jti"].encode("utf-8", "replace")).hexdigest()
    return number, claims["exp"] + LEEWAY


def _decoded(assertion: str, key: Any, algorithms: Sequence[str]) -> dict[str, Any] | None:
    """Return the claims of an assertion; None unless the key has signed it."""
    try:
        return jwt.decode(assertion, key, algorithms=algorithms).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        return None


def read_keys(text: str) -> str:
    """Return public keys as a JWK set in JSON: of a PEM, a JWK or a JWK set.

    :raises ValueError: the text is none of them, or a key is private or too weak
    """
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else text
        read = found["keys"] if isinstance(found, dict) and "keys" in found else [found]
        with catch_warnings(action="error", category=SecurityWarning):
            keys = [_key(each) for each in read]
    except SecurityWarning as warning:
        raise ValueError(f"a key is too weak: {warning}") from None
    except (JoseError, LookupError, TypeError, ValueError, RecursionError):
        raise ValueError("the file has no public key as PEM, JWK or JWK set") from None
    if not 0 < len(keys) <= MOST_KEYS:
        raise ValueError(f"the file must have 1 to {MOST_KEYS} keys")
    for key in keys:
        if not isinstance(key, RSAKey | ECKey):
            raise ValueError("a key must be RSA or an elliptic curve")
        if key.is_private:
            raise ValueError("a key is private; the client keeps that one, give the public key")
    return json.dumps(KeySet(list(keys)).as_dict(private=False))


def _key(data: Any) -> Any:
    """Return the key in a JWK or a PEM, whose kind shows when it is read."""
    if isinstance(data, dict):
        return import_key(data)
    try:
        return RSAKey.import_key(data)
    except (JoseError, TypeError, ValueError):
        return ECKey.import_key(data)
