"""Requests that people paste: raw HTTP, a curl command, an entry of a HAR file, or a body alone."""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FIRST_LINE = re.compile(
    rf"({'|'.join(METHODS)})[ \t]+(\S+)(?:[ \t]+HTTP/[\d.]+)?[ \t]*(?:\r?\n|\Z)", re.IGNORECASE
)
HEADER = re.compile(r"([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)", re.ASCII)
PATCH_OP, BULK_REQUEST = "PatchOp", "BulkRequest"
# Of the pasted headers, those that are about the request itself; the rest are the sender's.
KEPT = ("content-type", "if-match", "if-none-match")
WITH_VALUE = {"-X": "method", "--request": "method", "--url": "url"}
BODIES = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
HEADERS = ("-H", "--header")
ALONE = ("-s", "-S", "-k", "-i", "-v", "-L", "-G", "-f", "--compressed", "--insecure", "--silent")


@dataclass(frozen=True, slots=True)
class Pasted:
    """A request; ``guessed`` says in a sentence what was not in the text, empty if all was."""

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: str = ""
    guessed: str = ""

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{self.query}" if self.query else self.path


def read(text: str, endpoints: Sequence[str]) -> Pasted | None:
    """Return the request in a text; None if there is none.

    ``endpoints`` such as ``/Users`` are those that the server has. What stands before one of them
    in a path, as the base URL of another server does, is left out.
    """
    text = text.strip()
    readers: Sequence[Callable[[str], Pasted | None]] = (_curl, _raw, _har, _body)
    found = next((made for made in (each(text) for each in readers) if made), None)
    return replace(found, path=_below(found.path, endpoints)) if found else None


def _below(path: str, endpoints: Sequence[str]) -> str:
    """Return a path from the first part on that is an endpoint."""
    known = {each.lower() for each in endpoints}
    parts = path.split("/")[:50]
    for place, part in enumerate(parts):
        if f"/{part}".lower() in known:
            return "/" + "/".join(path.split("/")[place:])
    return path if path.startswith("/") else f"/{path}"


def _raw(text: str) -> Pasted | None:
    """Read a request as it goes over the wire: a line, headers, an empty line, the body."""
    first = FIRST_LINE.match(text)
    if first is None:
        return None
    rest = text[first.end() :].replace("\r\n", "\n")
    lines, headers = rest.split("\n"), []
    while lines and (header := HEADER.fullmatch(lines[0])):
        headers.append((header[1], header[2].strip()))
        del lines[0]
    return _request(first[1], first[2], headers, "\n".join(lines).strip())


def _curl(text: str) -> Pasted | None:
    """Read a curl command as browsers and the console copy it."""
    if not re.match(r"curl\s", text):
        return None
    try:
        words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "))[1:]
    except ValueError:
        return None
    found, headers, body = {"method": "", "url": ""}, [], ""
    while words:
        word = words.pop(0)
        if word in (*WITH_VALUE, *BODIES, *HEADERS) and words:
            value = words.pop(0)
            if word in WITH_VALUE:
                found[WITH_VALUE[word]] = value
            elif word in BODIES:
                body = value
            elif header := HEADER.fullmatch(value):
                headers.append((header[1], header[2]))
        elif not word.startswith("-"):
            found["url"] = word
        elif word not in ALONE and words and not _is_word(words[0]):
            del words[0]  # the value of an option that says nothing of the request
    method = found["method"] or ("POST" if body else "GET")
    return _request(method, found["url"], headers, body) if found["url"] else None


def _is_word(word: str) -> bool:
    """Tell whether a word of a command stands by itself: an option, or the URL."""
    return word.startswith("-") or "://" in word


def _har(text: str) -> Pasted | None:
    """Read an entry of a HAR file, or the first one of a whole file."""
    found = _json(text)
    entries = _get(_get(found, "log"), "entries")
    entry = entries[0] if isinstance(entries, list) and entries else found
    sent = _get(entry, "request") or entry
    method, url = _get(sent, "method"), _get(sent, "url")
    if not isinstance(method, str) or not isinstance(url, str):
        return None
    listed = _get(sent, "headers")
    pairs = [
        (str(_get(each, "name")), str(_get(each, "value")))
        for each in (listed if isinstance(listed, list) else ())
    ]
    body = _get(_get(sent, "postData"), "text")
    return _request(method, url, pairs, body if isinstance(body, str) else "")


def _body(text: str) -> Pasted | None:
    """Read a body alone, and guess from it what was asked."""
    found = _json(text)
    if not isinstance(found, dict):
        return None
    urns = str(found.get("schemas"))
    names = {name.lower() for name in found}
    if BULK_REQUEST in urns:
        return Pasted("POST", "/Bulk", body=text, guessed="a bulk request, by its schemas")
    if PATCH_OP in urns or "operations" in names:
        return Pasted("PATCH", "", body=text, guessed="a PATCH, by its operations")
    is_group = "core:2.0:Group" in urns or "members" in names
    kind = "group" if is_group and "username" not in names else "user"
    path = "/Groups" if kind == "group" else "/Users"
    resource_id = found.get("id")
    if isinstance(resource_id, str) and re.fullmatch(r"[\w-]{1,100}", resource_id):
        why = f"a PUT of a {kind}, as the body has an id"
        return Pasted("PUT", f"{path}/{resource_id}", body=text, guessed=why)
    return Pasted("POST", path, body=text, guessed=f"a POST of a new {kind}, by its attributes")


def _request(method: str, url: str, headers: Sequence[tuple[str, str]], body: str) -> Pasted | None:
    if method.upper() not in METHODS:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    kept = [
        (name, value) for name, value in headers if name.lower() in KEPT and value.isprintable()
    ]
    return Pasted(method.upper(), parts.path, parts.query, kept, body)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
