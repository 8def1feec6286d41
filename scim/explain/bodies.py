"""Reads the bodies of an exchange: whom it is about, what was sent and what was answered."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from scim.protocol.errors import ScimError
from scim.protocol.filters.nodes import Filter
from scim.protocol.filters.parser import parse_filter
from scim.protocol.headers import TOKEN_PATH, without_request
from scim.protocol.tolerance import Tolerated

from .exchange import CONSOLE, Exchange, Message
from .providers import CHECKER
from .words import plain, short_id

PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],"]', re.DOTALL)
TOTAL = re.compile(r'"totalResults"\s*:\s*(\d{1,15})\b', re.ASCII)
ON_PAGE = re.compile(r'"itemsPerPage"\s*:\s*(\d{1,9})\b', re.ASCII)
# What Python says of JSON that is none means nothing to people, but for the place.
JSON_FAULT = re.compile(
    r"not JSON: [^\n]{1,100}?: (line \d{1,9} column \d{1,9}) \(char \d{1,9}\)", re.ASCII
)
HEAD = 2000  # characters of a list in which its total is
TYPES = {"users": "User", "groups": "Group", "me": "User"}
TOOLS = ("curl", "Wget", "HTTPie", "Postman", "Insomnia")
CHECKS = "check"  # the token with which the console runs the checks
DISCOVERY = {"serviceproviderconfig", "serviceproviderconfigs", "schemas", "resourcetypes"}


@dataclass(frozen=True, slots=True)
class Subject:
    """The user, group or other resource that an exchange is about; empty where nothing says it."""

    resource_type: str = ""
    id: str = ""
    name: str = ""


def subject(exchange: Exchange) -> Subject:
    """Return what an exchange is about."""
    return Reading(exchange).subject


def names(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Return the names of resources by their ids, as far as the exchanges tell them.

    Later ones win. ``sentence`` takes them, for a DELETE and for members, which come as ids.
    """
    found = {}
    for exchange in sorted(exchanges, key=lambda each: (each.at, each.number)):
        told = Reading(exchange).subject
        if told.id and told.name:
            found[told.id] = told.name
    return found


class Reading:
    """An exchange with its bodies read; whatever they are, nothing here raises."""

    def __init__(self, exchange: Exchange, known: Mapping[str, str] | None = None) -> None:
        self.exchange = exchange
        self.known = known or {}  # names by id
        self.method = exchange.method.upper()
        first, _, rest = exchange.path.strip("/").partition("/")
        self.endpoint = first
        self.is_search = exchange.path.rstrip("/").endswith("/.search") or first == ".search"
        self.id = "" if self.is_search else unquote(rest)

    @property
    def who(self) -> str:
        """The provider as the subject of a sentence."""
        if self.exchange.token == CONSOLE and not self.exchange.provider:
            return "The console"
        if self.is_checks:
            return "The checks"
        name = plain(self.exchange.provider, 40) or "a client"
        return f"A{name[1:]}" if name.startswith("a ") else name

    @property
    def is_checks(self) -> bool:
        """Tell whether a check sent the request, also one that plays an identity provider."""
        return self.exchange.provider == CHECKER or self.exchange.token == CHECKS

    @property
    def is_grant(self) -> bool:
        """Tell whether an OAuth client asks for an access token."""
        is_asked = self.exchange.path == TOKEN_PATH and self.method == "POST"
        return is_asked and not self.exchange.base

    @property
    def is_provider(self) -> bool:
        """Tell whether the client is an identity provider, not a tool in somebody's hand."""
        name = self.exchange.provider
        is_tool = name.startswith("a ") or name in TOOLS or self.is_checks
        return bool(name) and not is_tool

    @cached_property
    def changed_nothing(self) -> bool:
        """Whether a PATCH or PUT was accepted, and made no version of anything.

        Without statements nobody knows: the exchange was recorded without them, or made by hand.
        """
        exchange = self.exchange
        is_done = self.method in ("PATCH", "PUT") and exchange.status in (200, 204)
        is_known = bool(exchange.statements) and not exchange.applied
        return is_done and is_known and not exchange.made

    @cached_property
    def sent(self) -> Any:
        return parsed(self.exchange.request)

    @cached_property
    def answered(self) -> Any:
        return parsed(self.exchange.answer)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query, or those in the body of a search, by their small names."""
        if self.is_search and self.method == "POST":
            given = self.sent if isinstance(self.sent, dict) else {}
            found = {name: value for name, value in given.items() if isinstance(value, str | int)}
            return {name.lower(): str(value) for name, value in found.items()}
        pairs = parse_qsl(self.exchange.query[:20_000], keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as a number; the default if it is none."""
        text = self.parameters.get(name, "")
        return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else default

    @cached_property
    def filter(self) -> Filter | None:
        """The filter as a tree; None if there is none, or the text is none."""
        text = self.parameters.get("filter", "")
        try:
            return parse_filter(text, Tolerated()) if text else None
        except (ScimError, RecursionError):
            return None

    @cached_property
    def operations(self) -> list[dict[str, Any]]:
        """The operations of a PATCH or a bulk request, with small names."""
        found = get(self.sent, "Operations")
        listed = found if isinstance(found, list) else []
        return [{k.lower(): v for k, v in each.items()} for each in listed if is_object(each)]

    @property
    def total(self) -> int | None:
        """The number of resources that an answered list is about; None if it is no list."""
        if found := TOTAL.search(self.exchange.answer.body, 0, HEAD):
            return int(found[1])
        if self.exchange.answer.is_cut:
            return None
        told = get(self.answered, "totalResults")
        return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None

    @property
    def on_page(self) -> int:
        """The number of resources on an answered page."""
        found = ON_PAGE.search(self.exchange.answer.body, 0, HEAD)
        return int(found[1]) if found else len(self.shown)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The resources in an answered list."""
        found = get(self.answered, "Resources")
        return [each for each in found if is_object(each)] if isinstance(found, list) else []

    @cached_property
    def resource(self) -> dict[str, Any]:
        """The one resource that was answered, or else sent; empty if there is none."""
        if self.exchange.status < 400:
            if len(self.shown) == 1:
                return self.shown[0]
            if is_object(self.answered) and get(self.answered, "id"):
                return dict(self.answered)
        is_sent = self.method in ("POST", "PUT") and is_object(self.sent) and not self.is_search
        return dict(self.sent) if is_sent and self.endpoint.lower() != "bulk" else {}

    @property
    def resource_type(self) -> str:
        """``User``, ``Group`` or the name of another type; empty if it is about none."""
        endpoint = self.endpoint.lower()
        if endpoint in DISCOVERY or endpoint in ("bulk", ".search", ""):
            return ""
        if endpoint in TYPES:
            return TYPES[endpoint]
        told = get(get(self.resource, "meta"), "resourceType")
        return told if isinstance(told, str) and told else self.endpoint.removesuffix("s")

    @property
    def noun(self) -> str:
        """The type in a sentence: ``user``, ``group``, ``Device``."""
        kind = self.resource_type
        return kind.lower() if kind in ("User", "Group") else plain(kind, 30) or "resource"

    @cached_property
    def subject(self) -> Subject:
        told = get(self.resource, "id") if self.exchange.status < 400 else ""
        answered_id = told if isinstance(told, str) else ""
        found_id = (self.id if self.resource_type else "") or answered_id
        if not found_id and self.exchange.made and self.resource_type:
            found_id = self.exchange.made[0].resource_id
        name = name_of(self.resource) or self.known.get(found_id, "")
        return Subject(self.resource_type, found_id, name)

    @property
    def called(self) -> str:
        """The subject in a sentence: a person by the name, a group as ``the group Sales``."""
        told = self.subject
        if told.name:
            name = plain(told.name)
            return name if told.resource_type == "User" else f"the {self.noun} {name}"
        return f"the {self.noun} {short_id(told.id)}" if told.id else f"a {self.noun}"

    def name(self, resource_id: Any) -> str:
        """Return the known name of a resource, or the beginning of its id."""
        text = str(resource_id)
        return plain(self.known[text]) if text in self.known else short_id(text)

    @property
    def detail(self) -> str:
        """The detail of the error that was answered."""
        told = self.exchange.detail or get(self.answered, "detail")
        if not isinstance(told, str):
            return ""
        return JSON_FAULT.sub(r"not JSON at \1", without_request(told))

    @property
    def scim_type(self) -> str:
        told = get(self.answered, "scimType") if self.exchange.is_failed else ""
        return told if isinstance(told, str) else ""


def name_of(resource: Any) -> str:
    """Return what people call a resource: its display name, the parts of it, or its userName."""
    name = get(resource, "name")
    parts = [get(name, "givenName"), get(name, "familyName")]
    told = " ".join(part for part in parts if isinstance(part, str) and part.strip())
    choices = (get(resource, "displayName"), get(name, "formatted"), told, name)
    for choice in (*choices, get(resource, "userName"), get(resource, "externalId")):
        if isinstance(choice, str) and choice.strip():
            return choice
    return ""


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def get(value: Any, name: str) -> Any:
    """Return a member of an object, whatever the case of its name; None if there is none."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    small = name.lower()
    return next((member for key, member in value.items() if key.lower() == small), None)


def parsed(message: Message) -> Any:
    """Return a body as JSON, that of a cut one as far as it goes; None if it is no JSON."""
    if not message.body:
        return None
    text = completed(message.body) if message.is_cut else message.body
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def completed(text: str) -> str:
    """Return the JSON of a text that was cut: what is whole, with the brackets closed."""
    end, depth, closing = 0, 0, []
    for piece in PIECE.finditer(text):
        match piece.group():
            case '"':
                break  # this string was cut
            case "{" | "[" as mark:
                closing.append("}" if mark == "{" else "]")
            case "}" | "]":
                del closing[-1:]
                end, depth = piece.end(), len(closing)
            case ",":
                end, depth = piece.start(), len(closing)
    return text[:end] + "".join(reversed(closing[:depth]))
