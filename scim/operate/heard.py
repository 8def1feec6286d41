"""Makes recorded exchanges of requests and answers: masks them, cuts them, names the provider."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from scim import logs
from scim.explain.exchange import CONSOLE, Check, Exchange, Message, Statement
from scim.explain.providers import recognised
from scim.explain.secrets.masking import Masker
from scim.protocol.headers import TOKEN_PATH
from scim.protocol.values import instant
from scim.settings import DEFAULT_TOKEN
from scim.storage.noting import NOTHING, Noted

MOST_BYTES = 64 * 1024  # of a body that are kept
ISSUED = re.compile(logs.ISSUED.pattern.encode())
MOST_ISSUED = 20  # texts of the form of a token that are looked up
LONGEST_TEXT = 2000  # characters of a statement, a path, a query, a header
MOST_HEADERS = 100

Headers = Iterable[tuple[str, str]]
Rejected = Callable[[str | None], tuple[Check, ...]]


class Heard(NamedTuple):
    """The parts of an exchange, as they came: nothing is masked yet.

    ``ended`` is the instant in seconds of Unix time. Names of headers may be those of WSGI.
    ``declared`` is the Content-Length of the request. ``answer`` may be the beginning of the whole
    answer, which has ``answer_size`` bytes.
    """

    id: str
    milliseconds: float
    method: str
    path: str
    ended: float
    query: str
    status: int
    request_headers: Headers
    request: bytes
    declared: str
    answer_headers: Headers
    answer: bytes
    answer_size: int
    client: str = ""
    tenant: str = ""
    token: str = ""
    tolerated: tuple[str, ...] = ()
    applied: str = ""
    detail: str = ""
    noted: Noted = NOTHING


@dataclass(frozen=True, slots=True)
class Listener:
    """Makes exchanges of what was heard.

    ``secret`` has the names of attributes that are never returned, in small letters, ``tokens``
    credentials that are masked wherever they are. ``rejected`` checks an Authorization header.
    ``is_token`` tells whether a text is a token, which people also put where it does not belong.
    """

    base_path: str
    secret: frozenset[str]
    tokens: tuple[str, ...]
    rejected: Rejected
    is_token: Callable[[str], bool]

    def exchange(self, heard: Heard) -> Exchange:
        """Return what is recorded: without secrets, and with at most 64 KiB of each body."""
        headers = [(name_of(name), value) for name, value in heard.request_headers]
        sent = next((value for name, value in headers if name == "Authorization"), None)
        tokens = (*self.tokens, *self.presented(sent), *self.issued(heard, headers))
        masker = Masker(self.secret, tokens)
        request = masker.body(heard.request)
        query = masker.query(heard.query)
        is_whole = len(heard.answer) == heard.answer_size
        answer = masker.answer(heard.answer, heard.status >= 400, is_whole)
        base, path = self.below_base(masker.text(heard.path))
        shown = masker.headers(short(headers))
        provider, _ = recognised(shown, heard.method, path, query, request)
        size = max(len(heard.request), declared(heard.declared))
        answered = masker.headers(short(heard.answer_headers))
        return Exchange(
            id=masker.without_known(heard.id),
            at=instant(heard.ended - heard.milliseconds / 1000),
            milliseconds=round(heard.milliseconds, 3),
            method=masker.without_known(heard.method)[:20],
            base=base,
            path=path[:LONGEST_TEXT],
            query=query[:LONGEST_TEXT],
            status=heard.status,
            request=message(shown, request, size, size == len(heard.request)),
            answer=message(answered, answer, heard.answer_size, is_whole),
            client=masker.without_known(heard.client),
            provider="" if heard.token == CONSOLE else provider,
            tenant=heard.tenant,
            token=heard.token,
            tolerated=heard.tolerated,
            applied=heard.applied,
            detail=masker.detail(heard.detail)[:LONGEST_TEXT],
            statements=statements(heard.noted),
            made=tuple(heard.noted.made),
            checks=self.rejected(sent) if heard.status == 401 and path != TOKEN_PATH else (),
        )

    def presented(self, header: str | None) -> list[str]:
        """Return the words of the credential in a header, without the default token."""
        words = (header or "").split()
        return [each for each in words[1:] or words if each != DEFAULT_TOKEN]

    def issued(self, heard: Heard, headers: Sequence[tuple[str, str]]) -> list[str]:
        """Return the tokens of this server that stand in a request outside of Authorization."""
        url = unquote_to_bytes(
            f"{heard.id} {heard.client} {heard.method} {heard.path} {heard.query}"
        )
        told = "\n".join(value for name, value in headers if name != "Authorization")
        looked = (
            found
            for part in (url, told.encode("utf-8", "replace"), heard.request)
            for found in ISSUED.finditer(part)
        )
        texts = {found[0].decode() for found in islice(looked, MOST_ISSUED)}
        return [each for each in texts if self.is_token(each)]

    def below_base(self, path: str) -> tuple[str, str]:
        """Return the base path and what follows it; the former is empty for a path elsewhere."""
        rest = path.removeprefix(self.base_path)
        is_below = rest != path and rest[:1] in ("", "/")
        return (self.base_path, rest) if is_below else ("", path)


@lru_cache(maxsize=1000)
def name_of(key: str) -> str:
    """Return the name of a header, whether it comes from WSGI or from the server program."""
    words = key.removeprefix("HTTP_").replace("_", "-").split("-")
    return "-".join(map(str.capitalize, words))


def short(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value[:LONGEST_TEXT]) for name, value in headers if value][:MOST_HEADERS]


def message(headers: Headers, text: str, size: int, is_whole: bool) -> Message:
    """Return one side of an exchange; a long body is cut, at a whole character."""
    kept = text
    if len(text) > MOST_BYTES // 4:  # no character has more than four bytes
        kept = text.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")
    return Message(tuple(headers), kept, size, is_cut=len(kept) < len(text) or not is_whole)


def declared(length: str) -> int:
    """Return a Content-Length as a number; 0 if it is missing or is no number."""
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0


def statements(noted: Noted) -> tuple[Statement, ...]:
    """Return the statements that ran; the last one stands for all those that are not listed."""
    listed = [
        Statement(text[:LONGEST_TEXT], round(1000 * seconds, 3), rows)
        for text, seconds, rows in noted.statements
    ]
    number, seconds = noted.unlisted
    if number:
        listed.append(Statement(f"and {number} more statements", round(1000 * seconds, 3)))
    return tuple(listed)
