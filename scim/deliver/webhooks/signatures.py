"""Signatures of webhooks as Standard Webhooks has them: an HMAC with each secret that is valid.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

PREFIX = "whsec_"
NEW_BYTES = 32
FEWEST_BYTES, MOST_BYTES = 24, 64
TOLERANCE = 300  # seconds that a message may be old, or from the future
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class SignatureError(Exception):
    """A message cannot be trusted; the text says why, and what to do."""


def new_secret() -> str:
    """Return a new secret, in the form in which receivers take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(NEW_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key in a secret.

    :raises ValueError: it is no secret
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(
            f"a secret is {PREFIX} and {FEWEST_BYTES} to {MOST_BYTES} bytes in base64; "
            "`webhook add` printed it"
        )
    return key


def signed(keys: Iterable[bytes], message_id: str, body: bytes) -> Mapping[str, str]:
    """Return the headers of a message that is sent now."""
    timestamp = str(int(time.time()))
    made = [f"v1,{_signature(key, message_id, timestamp, body)}" for key in keys]
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(made)}


def verify(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> None:
    """Check a message that was received; the names of ``headers`` are in lower case.

    :raises SignatureError: it has no valid signature, or is too old
    """
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
    if missing:
        raise SignatureError(f"it has no header {missing[0]}, so nobody knows who sent it")
    _check_age(headers[TIMESTAMP])
    given = [each.removeprefix("v1,") for each in headers[SIGNATURE].split(" ")]
    expected = [_signature(key, headers[ID], headers[TIMESTAMP], body) for key in keys]
    if not any(
        hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected
    ):
        raise SignatureError(
            "no signature in webhook-signature is one with this secret: either the secret is that "
            "of another webhook, or the body is not what was sent, byte by byte"
        )


def _check_age(timestamp: str) -> None:
    if not timestamp.isdecimal() or len(timestamp) > len(str(2**53)):
        raise SignatureError("webhook-timestamp is no number of seconds since 1970")
    age = time.time() - int(timestamp)
    if abs(age) > TOLERANCE:
        when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s from the future"
        raise SignatureError(
            f"its webhook-timestamp is {when}, and {TOLERANCE} s are allowed: either somebody "
            "sends an old message again, or one of the two clocks is wrong"
        )


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    text = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
