"""Security event tokens as they arrive: verified by the keys of their issuer, and explained.

Refusals are those of RFC 8935 §2.4.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import httpx2

from scim.explain.sentences.events import sentences
from scim.protocol.values import Record

from ..events.signing import TYPE
from ..events.streams import TOKEN_TYPE
from .arrived import Arrived, Remembered, Verdict, refused

ALGORITHMS = ["ES256", "ES384", "ES512", "PS256", "RS256", "EdDSA"]
CLAIMS = {"iss": str, "iat": int, "jti": str, "events": dict}  # RFC 8417 §2.2 wants these
SECONDS = 10  # for the keys to be read
PAUSE = 5.0  # seconds before they are read again for a key that is unknown
REPEATED = "It has the jti of a token that was accepted before, so it is passed over."


class TokenError(Exception):
    """A token is refused; ``code`` is that of RFC 8935 §2.4."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def told(self) -> dict[str, str]:
        """The answer to the sender."""
        return {"err": self.code, "description": str(self)}

    @property
    def line(self) -> str:
        """The line for people."""
        return f"Refused, {self.code}: {self}."


class ReceivingError(Exception):
    """Nothing can be received; the text is for the person who has started it."""


class Keys:
    """The public keys at a URL, read when a token names one that is unknown."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known: Any = None
        self.read_at = -PAUSE

    def key(self, kid: Any) -> Any:
        """Return the key with an id.

        :raises TokenError: there is none
        :raises ReceivingError: the keys cannot be read, so the token may be right
        """
        if self._find(kid) is None and time.monotonic() >= self.read_at + PAUSE:
            self.read_at = time.monotonic()
            self.known = self._read()
        if (found := self._find(kid)) is None:
            raise TokenError("invalid_key", f"{self.url} has no key {kid!r}")
        return found

    def _find(self, kid: Any) -> Any:
        return next((each for each in self.known or () if each.kid == kid), None)

    def _read(self) -> Any:
        from joserfc.errors import JoseError  # noqa: PLC0415 - 80 ms
        from joserfc.jwk import KeySet  # noqa: PLC0415 - likewise

        try:
            return KeySet.import_key_set(httpx2.get(self.url, timeout=SECONDS).json())
        except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            said = f"{self.url} shows no keys: {error}; --jwks names another address"
            raise ReceivingError(said) from None


class EventReader:
    """Reads tokens; one with another issuer or audience is refused if there is one to compare."""

    def __init__(
        self,
        keys: Keys,
        issuer: str | None = None,
        audience: str | None = None,
        verbose: bool = False,
    ) -> None:
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.verbose = verbose
        self.remembered = Remembered()

    def __call__(self, arrived: Arrived) -> Verdict:
        try:
            lines = self.read(arrived.body.decode("ascii", "replace").strip())
        except TokenError as error:
            told, kind = json.dumps(error.told), "application/json"
            return Verdict([error.line], HTTPStatus.BAD_REQUEST, told, kind, "en")
        except ReceivingError as error:
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return Verdict(lines, HTTPStatus.ACCEPTED)

    def read(self, token: str) -> Sequence[str]:
        """Return what a token says.

        :raises TokenError: it is refused
        :raises ReceivingError: it cannot be verified now
        """
        claims = self._verified(token)
        self._check(claims)
        notes = [REPEATED] if self.remembered.add(claims["jti"]) else []
        return [*explained(claims, self.verbose), *notes]

    def _verified(self, token: str) -> Record:
        """Return the claims of a token whose signature is right."""
        from joserfc import jws  # noqa: PLC0415 - 80 ms
        from joserfc.errors import JoseError  # noqa: PLC0415 - likewise

        header, claims = parts(token)
        if str(header.get("typ", "")).lower() not in (TYPE, TOKEN_TYPE):
            raise TokenError("invalid_request", f"the typ is not {TYPE}")
        key = self.keys.key(header.get("kid"))
        try:
            jws.deserialize_compact(token, key, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError):
            raise TokenError("authentication_failed", "the signature is wrong") from None
        return claims

    def _check(self, claims: Record) -> None:
        for name, kind in CLAIMS.items():
            if not isinstance(claims.get(name), kind):
                raise TokenError(
                    "invalid_request", f"the claim {name} is missing, or of a wrong type"
                )
        if expired := _expired(claims):
            raise TokenError("invalid_request", expired)
        if self.issuer and claims["iss"] != self.issuer:
            raise TokenError("invalid_issuer", f"the iss is not {self.issuer}")
        audiences = claims.get("aud")
        named = audiences if isinstance(audiences, list) else [audiences]
        if self.audience and self.audience not in named:
            raise TokenError("invalid_audience", f"the aud is not {self.audience}")


def parts(token: str) -> tuple[Record, Record]:
    """Return the header and the claims of a token, as they stand: nothing is verified.

    :raises TokenError: it is no JWS in compact form
    """
    try:
        header, claims, _ = (_decoded(part) for part in (*token.split(".")[:2], "e30"))
        if token.count(".") != 2 or not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise TokenError("invalid_request", "the body is no signed token in compact form") from None
    return header, claims


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def pasted(text: str, verbose: bool) -> list[str]:
    """Return what a person's text says; nothing is verified.

    It is a token, the claims of one as JSON, or ``{"sets": ...}``, which polls are answered with.

    :raises TokenError: it is none of these
    """
    text = text.strip()
    if not text.startswith("{"):
        return explained(parts("".join(text.split()))[1], verbose)
    try:
        claims = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TokenError("invalid_request", f"it is no JSON: {error}") from None
    if not isinstance(sets := claims.get("sets"), dict):
        return explained(claims, verbose)
    tokens = [explained(parts(str(each))[1], verbose) for each in sets.values()]
    return [line for lines in tokens for line in lines] or ["There are no tokens in it."]


def explained(claims: Mapping[str, Any], verbose: bool = False) -> list[str]:
    """Return what the claims of a token say, and below it whence and for whom it is.

    A ``verbose`` answer has the claims themselves, too.
    """
    first, *others = sentences(claims)
    named = [f"{name} {claims[name]}" for name in ("jti", "txn", "iss", "aud") if name in claims]
    iat = claims.get("iat")
    made = [f"made {_instant(iat)}"] if isinstance(iat, int) else []
    expired = [f"Receivers refuse it: {said}."] if (said := _expired(claims)) else []
    whole = json.dumps(claims, indent=2).splitlines() if verbose else []
    return [first, *others, ", ".join([*named, *made]), *expired, *whole]


def _expired(claims: Mapping[str, Any]) -> str:
    """Return that a token has expired (RFC 7519 §4.1.4); empty if it has not.

    RFC 8417 §2.2 advises against ``exp``.
    """
    expires = claims.get("exp")
    if expires is None:
        return ""
    if not isinstance(expires, int | float):
        return "the claim exp is no number of seconds"
    return "" if expires > time.time() else f"the token expired at {_instant(expires)}"


def _instant(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)
