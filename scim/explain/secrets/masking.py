"""Secrets are masked by structure, before an exchange is stored or shown.

A value is a secret if its attribute is ``returned: never``, or if its name tells of one: a token, a
password, a key. Names decide, not values, since no list has every secret. If it is unclear which
value a name belongs to, more is masked than needed.
"""

import json
import re
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from scim.protocol.attributes import chains
from scim.protocol.errors import ScimError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.schema import ResourceType

from .telling import HINTS, MASK, is_telling, without_credentials

LONGEST = 1024 * 1024  # characters of a body that is looked through for the places of secrets
SHORTEST = 6  # characters of a secret that is masked in other places, where it may be repeated
TOO_LONG = f"{MASK} (the body names a secret and is too long to be looked through)"
UNREADABLE = f"{MASK} (the body names a secret and cannot be read as JSON)"
NAME = re.compile(r"[\w$-]+", re.ASCII)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
SAID = re.compile(QUOTED.pattern + r"|(?<!\w)'(?:[^'\\]|\\.)*'?", re.DOTALL)  # in an error's detail
OPERATOR = r"\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s"
COMPARES = re.compile(OPERATOR, re.IGNORECASE)
COMPARED = re.compile(
    rf'({OPERATOR})\s*("(?:[^"\\]|\\.)*"?|(?:(?!\s(?:and|or)\s)[^)\]])+)',
    re.IGNORECASE | re.DOTALL,
)
OPERAND = re.compile(rf'{OPERATOR}\s*"(?:[^"\\]|\\.)*"?', re.IGNORECASE | re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"(\s{0,9}:)?|\Z)', re.DOTALL)  # and whether a key
PATH = re.compile(r"([\w$:./-]*)(.*?)((?:(?<=\])\.[\w$.-]+)?)", re.ASCII | re.DOTALL)
UNCODED, CODED_MASK = "()[]:,.$/", quote(MASK)
CUT = 100  # characters of a name
AGAIN = " (again) "  # behind a name that an object has more than once, before a number
SCHEMES = {"basic", "bearer", "digest", "negotiate", "ssws", "token"}
BESIDE_PATH = {"op", "path", "method", "bulkid", "version"}  # of an operation: no values
NAMING = {"attribute", "attributename", "key", "name", "type"}  # {"name": "pin", "value": "1234"}


def _decoded(text: str) -> str:
    """Return a body that is no JSON as a form would be read, and one in UTF-16 as in UTF-8."""
    text = text.replace("\0", "")
    return text if text.lstrip().startswith(("{", "[", '"')) else unquote_plus(text)


def _read(text: str) -> Any:
    """Return the value of JSON in a text, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_path(name: str) -> bool:
    return name.lower().partition(AGAIN)[0] == "path"


def never_returned(resource_types: Iterable[ResourceType]) -> frozenset[str]:
    """Return the names of the attributes that are ``returned: never``, in small letters."""
    paths = (path for each in resource_types for path in chains(each.root))
    return frozenset(path[-1].key for path in paths if path[-1].returned == "never")


class Masker:
    """Masks the secrets of one exchange, in the order in which its parts came.

    ``secret`` has the names of attributes that are never returned, in small letters. ``known`` are
    credentials, which are masked wherever they are.
    """

    def __init__(self, secret: Collection[str], known: Iterable[str] = ()) -> None:
        self.secret = secret
        self.hints = (*HINTS, *secret)
        self.known = [each for each in known if len(each) >= SHORTEST]
        self.found: set[str] = set()  # what was masked, also as in JSON; an answer may repeat it
        self.masked = 0  # how many values were

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return headers without credentials."""
        return tuple([(name, self._header(name, value)) for name, value in headers])

    def _header(self, name: str, value: str) -> str:
        lower = name.lower()
        if lower == "www-authenticate":
            return value
        if not is_telling(lower):
            return self.text(value)
        scheme, space, _ = value.strip().partition(" ")
        is_credential = lower in ("authorization", "proxy-authorization")
        is_scheme = is_credential and space and scheme.lower() in SCHEMES
        return f"{scheme} {MASK}" if is_scheme else MASK

    def text(self, text: str) -> str:
        """Return a text without credentials in its midst."""
        return self.without_known(without_credentials(text))

    def without_known(self, text: str) -> str:
        """Return a text without the credentials that are known."""
        for each in self.known:
            if each in text:
                text = text.replace(each, MASK)
        return text

    def detail(self, detail: str) -> str:
        """Return the detail of an error, without what it repeats of a request with a secret."""
        if self.masked:
            detail = self._without_found(SAID.sub(f'"{MASK}"', detail))
        return self.text(detail)

    def _without_found(self, text: str) -> str:
        for secret in self.found:
            text = text.replace(secret, MASK)
        return text

    def query(self, query: str) -> str:
        """Return the query of a URL without secrets in parameters and filters."""
        parts = query.split("&") if query else []
        for place, part in enumerate(parts):
            name, equals, value = part.partition("=")
            if equals and value and self._names(unquote_plus(name)):
                parts[place] = f"{name}={self._mask(unquote_plus(value))}"
                continue
            read = unquote(unquote_plus(value if equals else part))  # Entra ID may code twice
            is_filter = name.lower() == "filter" or COMPARES.search(read)
            masked = self._filter(read) if is_filter else self.text(read)
            if masked != read:
                shown = quote(masked, safe=UNCODED).replace(CODED_MASK, MASK)
                parts[place] = f"{name}={shown}" if equals else shown
                if read.count('"') % 2 and place + 1 < len(parts):  # what is quoted has an &
                    parts[place + 1 :] = [MASK]
                    break
        return "&".join(parts)

    def body(self, data: bytes, is_whole: bool = True) -> str:
        """Return the text of a body without secrets, or a notice in its place."""
        text = data.decode("utf-8-sig", "replace")
        if not self._may_name(_decoded(text)):
            return self.text(text)
        if len(text) > LONGEST or not is_whole:
            self.masked += 1
            return TOO_LONG
        return self._structured(text)

    def answer(self, data: bytes, is_error: bool, is_whole: bool = True) -> str:
        """Return the text of an answer of this server's, likewise. A long one is looked through.

        It names a secret in a key only, and has no secret but in the detail of an error.
        """
        text = data.decode("utf-8-sig", "replace")
        is_long = len(text) > LONGEST or not is_whole
        if not self._may_name(text):
            text = self.text(text)
        elif is_long:
            text = TOO_LONG if self._has_secret_key(text) else self.text(text)
        else:
            text = self._structured(text)
        return self._without_found(text) if is_error else text

    def _has_secret_key(self, text: str) -> bool:
        return any(each[2] and self._names(each[1]) for each in TEXT.finditer(text))

    def _structured(self, text: str) -> str:
        before = self.masked
        try:
            value = self.value(json.loads(text, object_pairs_hook=self._object))
        except (ValueError, RecursionError):
            self.masked += 1
            return UNREADABLE
        return self.text(json.dumps(value, ensure_ascii=False) if self.masked > before else text)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):  # all are kept, since parsers differ in which one they take
            self.masked += 1
            found = {f"{name}{AGAIN}{n}": each for n, (name, each) in enumerate(pairs)}
        return found

    def value(self, value: Any) -> Any:
        """Return a JSON value without secrets.

        :raises RecursionError: it is nested too deeply
        """
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if not isinstance(value, str) or not self._may_name(value):
            return value
        if value.lstrip().startswith(("{", "[")) and self._names(value):  # JSON in a text
            self._remember(_read(value))
            return self._mask(value)
        return self._counted(value, self.text(value))

    def _counted(self, text: str, masked: str) -> str:
        self.masked += masked != text
        return masked

    def _members(self, members: dict[str, Any]) -> dict[str, Any]:
        named = {key.lower().partition(AGAIN)[0]: each for key, each in members.items()}
        is_at_secret = any(_is_path(key) and self._names(each) for key, each in members.items())
        is_pair = any(
            isinstance(named[key], str) and self._names(named[key][:CUT])
            for key in NAMING & named.keys()
        )
        made = {}
        for key, each in members.items():
            lower = key.lower().partition(AGAIN)[0]
            is_value = is_pair and lower in ("value", "values")
            if is_value or (is_at_secret and lower not in BESIDE_PATH):
                made[key] = self._masked(each)
            else:
                made[self._path(key)] = self._member(lower, each)
        return made

    def _member(self, name: str, value: Any) -> Any:
        if name == "path" and self._names(value):
            return self._path(value) if isinstance(value, str) else self._masked(value)
        if name == "filter" and isinstance(value, str):
            return self._filter(value)
        if name == "detail" and isinstance(value, str) and self.masked:
            return self._counted(value, self.detail(value))
        own = name.rpartition(":")[2] if name.startswith("urn:") else name
        if any(each in self.secret for each in NAME.findall(OPERAND.sub("", own))):
            return self._masked(value)
        return self._without_texts(value) if self._names(own) else self.value(value)

    def _filter(self, text: str) -> str:
        """Return a filter without its values, if it names a secret."""
        if not self._names(text):
            return self.text(text)
        self._mask([each[1].strip().strip('"') for each in COMPARED.findall(text)])
        masked = COMPARED.sub(rf'\1"{MASK}"', text)
        try:
            parse_filter(masked)
        except ScimError:
            names = (each for each in NAME.finditer(text) if self._names(each[0]))
            end = next(names).end()
            return f"{QUOTED.sub(MASK, text[:end])} {MASK}"
        return masked

    def _path(self, text: str) -> str:
        """Return the path of a PATCH without values, if it names a secret."""
        parts = PATH.fullmatch(text)
        if not parts or not parts[2] or not self._names(text):
            return text
        self._mask([each.strip('"') for each in QUOTED.findall(text)])
        return f"{parts[1]}[{MASK}]{parts[3]}"

    def _masked(self, value: Any) -> Any:
        return None if value is None else self._mask(value)

    def _mask(self, value: Any) -> str:
        """Count a secret, and remember it."""
        self.masked += 1
        self._remember(value)
        return MASK

    def _remember(self, value: Any) -> None:
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                self._remember(each)
        elif len(text := str(value)) >= SHORTEST:
            self.found |= {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}

    def _without_texts(self, value: Any) -> Any:
        """Return the value of a telling name without texts and numbers; true, false, null stay."""
        if isinstance(value, dict):
            return {name: self._without_texts(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._without_texts(each) for each in value]
        return value if value is None or isinstance(value, bool) else self._mask(value)

    def _names(self, text: Any) -> bool:
        """Tell whether a secret is named, by a name or a path, or in a filter."""
        found = NAME.findall(OPERAND.sub("", str(text)).lower())
        return any(name in self.secret or is_telling(name) for name in found)

    def _may_name(self, text: str) -> bool:
        lower = text.lower()
        if "\\u" in lower or (self.masked and '"detail"' in lower):
            return True
        return any(map(lower.__contains__, self.hints))
