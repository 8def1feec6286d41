"""Names and texts that tell of a secret: a token, a password, a key."""

import re
from functools import lru_cache

from scim.protocol.tokens import FORM

MASK = "••••"
CACHED = 1000  # characters of a text that may come again, such as a header or a URL
APART = re.compile(r"[^a-z0-9]+")
TELLING = re.compile(
    r"passw(or)?[dt]|^pass$|passphrase|passcode|^pwd|pwd$|secret(?!ar|ai)|tokens?$|token(value|hash)$|"
    r"(api|private|access|signing|encryption|shared)keys?$|credentials?$|authorization|cookies?$|"
    r"^(jwt|otp|pin|bearer|assertion|signature|sig)$"
)
# A text without any of these has no name that tells, as it is written in JSON or in a filter.
HINTS = (
    "passw",
    'pass"',
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "authorization",
    "cookie",
    "jwt",
    "otp",
    '"pin',
    "bearer",
    "assertion",
    '"sig',
    "eyj",
)
# Where a text has one of the first words, the pattern may match.
INLINE = (
    (("scim_",), re.compile(rf"(?<!\w){FORM.pattern}(?!\w)", re.ASCII), MASK),
    (
        ("bearer", "ssws"),
        re.compile(r"\b(bearer|ssws)\s+[\w.~+/=-]{6,}", re.ASCII | re.IGNORECASE),
        rf"\1 {MASK}",
    ),
    (
        ("basic",),
        re.compile(r"\b(basic)\s+[\w+/=-]{8,}(?![^\s\"])", re.ASCII | re.IGNORECASE),
        rf"\1 {MASK}",
    ),
    (
        ("eyj",),
        re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?", re.ASCII),
        MASK,
    ),
    (
        ("token", "secret", "passw", "pwd", "key", "jwt", "sig"),
        re.compile(
            r"((?:^|[?&;#/\s])[\w.-]*(?:token|secret|passw(?:or)?d|pwd|key|jwt|signature|sig)=)"
            r"[^&#\s\"']+",
            re.ASCII | re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
USERINFO = re.compile(r"(://)[^/\s:@\"]+:[^/\s@\"]+@")


def is_telling(name: str) -> bool:
    """Tell whether the name of a header, a parameter or an attribute says that it has a secret."""
    return _is_telling(name) if len(name) < 100 else _tells(name)


def _tells(name: str) -> bool:
    return bool(TELLING.search(APART.sub("", name.lower())))


_is_telling = lru_cache(maxsize=4096)(_tells)


def without_credentials(text: str) -> str:
    """Return a text without the credentials in its midst: ``Bearer ...``, ``?access_token=...``."""
    return _without_again(text) if len(text) < CACHED else _without(text)


def _without(text: str) -> str:
    lower = text.lower()
    for words, pattern, replacement in INLINE:
        if any(map(lower.__contains__, words)):
            text = pattern.sub(replacement, text)
    if "://" in text:
        text = USERINFO.sub(rf"\1{MASK}@", text)
    return text


_without_again = lru_cache(maxsize=2048)(_without)
