"""Traces why a credential was rejected: lists each check, what was expected and what came."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from scim.protocol.tokens import PREFIX, is_whole

from ..exchange import Check
from .telling import MASK

Known = Callable[[str], bool]
Expired = Callable[[str], str]
MOST_SHOWN = 4  # characters at the beginning, and at the end, of a credential
LONGEST = 4096  # characters of a header that are looked at
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(:?\s+)(\S.*)", re.DOTALL)
SCHEMES = {"basic", "digest", "negotiate", "ssws", "token", "bearer", "apikey", "api-key", "oauth"}
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{?\w+\}?|<.*>|your[-_ ]?token|x{6,}|\*+|•+", re.IGNORECASE)
PAIRS = {'"': '"', "'": "'", "<": ">", "`": "`", "“": "”", "‘": "’", "„": "“", "«": "»"}
NAMES = {'"': "quotes", "'": "quotes", "<": "angle brackets", "`": "backquotes"}
MARKS = "".join({*PAIRS, *PAIRS.values()})
SECOND = re.compile(r",\s*(?:bearer|basic|ssws)\s", re.IGNORECASE)
AGAIN = re.compile(r"^bearer[\s:]+", re.IGNORECASE)
EXPECTED = "a token without anything around it"


def trace(
    header: str | None,
    own: str,
    is_known: Known,
    number_of_tokens: int,
    expired: Expired = lambda token: "",
) -> tuple[Check, ...]:
    """Return the checks of a rejected Authorization header, in order.

    ``own`` is SCIM_TOKEN or empty, ``is_known`` tells whether a token opens a directory, and there
    are ``number_of_tokens`` in all. ``expired`` returns the instant at which a token expired, empty
    if it did not. A check never shows more of a credential than ``masked`` does.
    """
    if not header or not header.strip():
        came = "none" if header is None else "an empty one"
        return (Check("header", "an Authorization header", came, is_passed=False),)
    checks = [Check("header", "an Authorization header", "one", is_passed=True)]
    scheme, token = split(header[:LONGEST])
    checks.append(_scheme(header, scheme, token, is_known))
    if not token:
        return (*checks, Check("token", "a token", "nothing behind the scheme", is_passed=False))
    cleaned, found = clean(token)
    came = masked(token)
    if found:
        came = f"{_joined(found)} in {came}{_remedy(token, cleaned, is_known)}"
    checks.append(Check("form", EXPECTED, came, is_passed=not found))
    tokens = "the token" if number_of_tokens == 1 else f"one of the {number_of_tokens} tokens"
    is_right = is_known(cleaned)
    nature = "known" if is_right else unlike(cleaned, own) or _nature(cleaned, expired)
    came = f"{masked(cleaned)}: {nature}"
    checks.append(Check("token", f"{tokens} of this server", came, is_passed=is_right))
    return tuple(checks)


def split(header: str) -> tuple[str, str]:
    """Return the scheme of a header, empty if it has none, and the rest."""
    found = SCHEME.fullmatch(header.strip(" \t"))
    if found:
        return found[1], found[3]
    is_scheme = header.strip().lower() in SCHEMES
    return (header.strip(), "") if is_scheme else ("", header)


def _scheme(header: str, scheme: str, token: str, is_known: Known) -> Check:
    expected = "Bearer, a space and the token"
    if header.strip().partition(" ")[0].lower() == "bearer":
        return Check("scheme", expected, scheme, is_passed=True)
    would = "this token would be accepted"
    is_right = is_known(clean(token)[0])
    came = scheme if scheme.lower() in SCHEMES else masked(scheme)
    if not scheme:
        came = "no scheme: the word Bearer is missing"
        came += f"; with it, {would}" if is_right else ""
    elif scheme.lower() == "basic":
        came += _of_basic(token, is_known)
    elif scheme.lower() == "bearer":
        came = "Bearer, but no space directly behind it"
    elif is_right:
        came += f"; with Bearer in its place, {would}"
    return Check("scheme", expected, came, is_passed=False)


def _of_basic(token: str, is_known: Known) -> str:
    """Say what a name and a password of Basic have to do with tokens."""
    try:
        user, _, password = b64decode(token.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    for name, text in (("password", password), ("user name", user)):
        if is_known(text):
            return f": its {name} is a token, which has to follow Bearer instead"
    return ": a user name and a password, instead of a token"


def clean(token: str) -> tuple[str, list[str]]:
    """Return a token without what does not belong to it, and the names of what that was."""
    found: list[str] = []
    while True:
        for name, shorter in _steps(token):
            if shorter != token:
                found += [name] if name not in found else []
                token = shorter
                break
        else:
            return token, found


def _steps(token: str) -> Iterator[tuple[str, str]]:
    if token.strip():
        yield "a line end", token.strip("\r\n")
    yield "a space at the end", token.rstrip()
    yield "a space at the beginning", token.lstrip()
    yield "a second Authorization header", SECOND.split(token)[0]
    yield "the word Bearer again", AGAIN.sub("", token)
    if len(token) > 1 and PAIRS.get(token[0]) == token[-1]:
        yield NAMES.get(token[0], "typographic quotes"), token[1:-1]
    if len(token) > 1:
        yield "a quote or a bracket on one side", token.strip(MARKS)
    odd = [each for each in token if not each.isprintable() and each not in "\r\n\t"]
    yield f"an invisible character{_codes(odd)}", "".join(c for c in token if c not in odd)
    yield "a space inside", "".join(token.split())
    odd = [each for each in token if not each.isascii()]
    yield f"a character that no token has{_codes(odd)}", "".join(filter(str.isascii, token))


def _codes(characters: list[str]) -> str:
    return f" (U+{ord(characters[0]):04X})" if characters else ""


def _remedy(token: str, cleaned: str, is_known: Known) -> str:
    if token != cleaned and is_known(cleaned):
        return ": without that it would be accepted"
    return ""


def unlike(token: str, own: str) -> str:
    """Return in which way a token is nearly SCIM_TOKEN; empty if it is another one."""
    if not token or not own or token == own:
        return ""
    if unquote(token) == own:
        return "it is SCIM_TOKEN, but coded as in a URL"
    if token.lower() == own.lower():
        return "it differs from SCIM_TOKEN in upper and lower case only"
    if len(token) == len(own) and token[:-1] == own[:-1]:
        return "it differs from SCIM_TOKEN in the last character only"
    if len(token) > 2 * MOST_SHOWN or len(token) * 2 > len(own):
        if own.startswith(token):
            return f"it is SCIM_TOKEN, cut off after {len(token)} of {len(own)} characters"
        if own.endswith(token):
            return f"it is SCIM_TOKEN without its first {len(own) - len(token)} characters"
        if own in token:
            where = "behind" if token.startswith(own) else "before"
            return f"it is SCIM_TOKEN with {len(token) - len(own)} characters {where} it"
        if _differs_in_one(token, own):
            return "it differs from SCIM_TOKEN in one character only"
    return ""


def _differs_in_one(token: str, own: str) -> bool:
    differing = sum(a != b for a, b in zip(token, own, strict=False))
    return len(token) == len(own) and differing == 1


def _nature(token: str, expired: Expired) -> str:
    if at := expired(token):
        return f"it expired on {at[:10]} at {at[11:16]} UTC"
    if PLACEHOLDER.fullmatch(token):
        return "a placeholder, in the place of which the token belongs"
    if JWT.fullmatch(token):
        return "a JSON Web Token, as another service issues it; this server takes its own tokens"
    if "://" in token:
        return "a URL, in the place of which the token belongs"
    if token.startswith(PREFIX) and not is_whole(token):
        return "it begins as a token of this server, but it is cut off or misspelt"
    return "this server has no such token"


def masked(credential: str) -> str:
    """Return enough of a credential to recognise it: ``1234…6788``, at most a third of it."""
    shown = min(len(credential) // 3, 2 * MOST_SHOWN)
    first, last = shown - shown // 2, shown // 2
    if not shown:
        return MASK
    text = f"{credential[:first]}…{credential[len(credential) - last :]}"
    return "".join(c if c.isprintable() else "�" for c in text)


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
