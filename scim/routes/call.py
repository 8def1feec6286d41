"""Every conversion between Flask and SCIM."""

import json
import logging
import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any
from urllib.parse import quote

from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers

from scim import provider
from scim.protocol import etag
from scim.protocol.bulk import BulkOperation
from scim.protocol.definitions.assembly import Definitions
from scim.protocol.errors import (
    InvalidSyntaxError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
)
from scim.protocol.filters.parser import Limits
from scim.protocol.profile import Profile
from scim.protocol.projection import EVERYTHING, projection
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest, search_request
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.serializers.messages import load_bulk, load_search
from scim.serializers.stored import Representation, location
from scim.service import Service
from scim.settings import Settings
from scim.storage import Access, Store

MEDIA_TYPE = "application/scim+json"
ACCEPTED = {MEDIA_TYPE, "application/json", ""}
PLAIN_PATH = re.compile(r"[\w/.:-]*", re.ASCII)
WHOLE_LIST = SearchRequest()

logger = logging.getLogger("scim")


def register(app: Flask) -> None:
    """Make every request a ``Call``, and add what every answer gets."""
    app.request_class = partial(Call, app.extensions)  # type: ignore[assignment]
    app.after_request(_finish)


class Call(Request):
    """A request, and what it means to SCIM.

    Views get it as an argument: a look at Flask's ``request`` goes through a context variable each
    time, and forty of them took as long as the rest of Flask. ``access`` is what its token opens.
    """

    def __init__(self, extensions: dict[str, Any], environ: Any, **options: Any) -> None:
        super().__init__(environ, **options)
        self.service: Service = extensions["scim"]
        self.access: Access | None = None

    @property
    def settings(self) -> Settings:
        return self.service.settings

    @property
    def definitions(self) -> Definitions:
        """The resource types and schemas that are served."""
        return self.service.definitions

    @property
    def user_type(self) -> ResourceType:
        """The resource type of users, as it has been extended."""
        return self.definitions.by_name["User"]

    @property
    def admitted(self) -> Access:
        """What the token opens, once it has been admitted."""
        assert self.access is not None
        return self.access

    @property
    def store(self) -> Store:
        """The directory of the tenant that the token belongs to."""
        return self.service.store(self.admitted.tenant, self.admitted.token)

    @property
    def is_strict(self) -> bool:
        """Whether the tenant tolerates nothing; it then keeps the interoperability profile, too."""
        return self.access is not None and self.access.tenant.strict

    @property
    def profile(self) -> Profile:
        """The rules of the interoperability profile for the tenant."""
        return Profile(kept=self.is_strict)

    @cached_property
    def tolerated(self) -> Tolerated:
        """The tolerances of this request, the same object throughout."""
        tolerance = STRICT_TOLERANCE if self.is_strict else self.service.tolerance
        return Tolerated(tolerance, self.service_url, self.profile)

    @cached_property
    def service_url(self) -> str:
        """The public URL of the service, as a proxy in front may have changed it."""
        return _service_url(self.scheme, self.host, self.root_path) + self.settings.base_path

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    def json_body(self) -> Any:
        """Return the JSON in the body.

        :raises UnsupportedMediaTypeError: the body says that it is something else
        :raises InvalidSyntaxError: it is not JSON in UTF-8, or an object has a name twice
        """
        if self.mimetype not in ACCEPTED:
            raise UnsupportedMediaTypeError(f"send {MEDIA_TYPE}, not {self.mimetype}")
        data = self.get_data()
        if len(data) > self.settings.max_body_size:  # without a Content-Length it is cut there
            raise too_large(self.settings)
        return _parsed(data)

    def search_body(self) -> SearchRequest:
        """Return the query in the body."""
        return load_search(self.json_body())

    def bulk_body(self) -> tuple[list[BulkOperation], int | None]:
        """Return the operations in the body, and how many errors end them.

        :raises PayloadTooLargeError: there are more operations than the limit
        """
        operations, fail_on_errors = load_bulk(self.json_body(), self.tolerated)
        most = self.settings.max_bulk_operations
        if len(operations) > most:
            raise PayloadTooLargeError(
                f"{len(operations)} operations are more than {most}, the maxOperations"
            )
        return operations, fail_on_errors

    def query(self) -> SearchRequest:
        """Return the query in the URL."""
        if not self.query_string:
            return WHOLE_LIST
        return search_request({name: self.args.getlist(name) for name in self.args})

    def details(self, resource_type: ResourceType | None = None) -> provider.Request:
        """Return what an operation, on that type or on several, needs to know of this request."""
        search = self.query() if resource_type else WHOLE_LIST
        return provider.Request(
            tolerated=self.tolerated,
            projection=projection(
                search.attributes, search.excluded_attributes, resource_type, self.tolerated
            )
            if resource_type and search is not WHOLE_LIST
            else EVERYTHING,
            if_match=self.environ.get("HTTP_IF_MATCH"),
            if_none_match=None if self.reads else self.environ.get("HTTP_IF_NONE_MATCH"),
            limits=Limits(self.settings.max_filter_length, depth=self.settings.max_filter_depth),
        )

    def search(self, resource_types: Sequence[ResourceType], asked: SearchRequest) -> Response:
        """Answer a query, whichever way it came."""
        cursors = None if asked.cursor is None else self.cursors_for(resource_types, asked)
        size = provider.PageSize(self.settings.default_page_size, self.settings.max_page_size)
        found = provider.query(self.store, resource_types, asked, self.details(), size, cursors)
        return self.answer(found)

    def cursors_for(
        self, resource_types: Sequence[ResourceType], asked: SearchRequest
    ) -> provider.Cursors:
        """Return what seals and opens the cursors of a query."""
        endpoint = resource_types[0].endpoint if len(resource_types) == 1 else "/"
        tenant, lifetime = self.admitted.tenant, self.settings.cursor_timeout
        return provider.Cursors(
            tenant.cursor_key, lifetime, tenant.id, provider.scope(endpoint, asked)
        )

    def render(
        self, resource: Representation, status: int = 200, is_alias: bool = False
    ) -> Response:
        """Answer with a resource, or with 304 if the client has that version.

        ``is_alias`` if it was asked for under another URL than its own.
        """
        place = resource.location.replace(PLACEHOLDER, self.service_url)
        headers = {"Content-Location": place}
        if self.profile.has_entity_tags:
            headers["ETag"] = etag.etag(resource.version)
        if status == 201 or is_alias:
            headers["Location"] = place
        known = self.environ.get("HTTP_IF_NONE_MATCH") if self.reads else None
        if known is not None and etag.names(known, resource.version):
            return Response(status=304, headers=headers)
        if resource.members is None:
            return self.answer(resource.text, status, headers)
        parts = map(_with_urls(self.service_url), resource.parts())
        return Response(parts, status, headers, content_type=MEDIA_TYPE)

    def render_deleted(self, resource_type: ResourceType, resource_id: str) -> Response:
        """Answer that a resource is gone, which was known under another URL than its own."""
        place = location(resource_type, resource_id).replace(PLACEHOLDER, self.service_url)
        return Response(status=204, headers={"Location": place})

    def answer(
        self, text: str, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """Answer with JSON text in which the placeholder stands for the base URL."""
        body = _with_urls(self.service_url)(text)
        return Answer(body, status, headers, content_type=MEDIA_TYPE)


class Answer(Response):
    """An answer whose headers are URIs and numbers already."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        return self.headers


@lru_cache
def _service_url(scheme: str, host: str, root_path: str) -> str:
    return quote(f"{scheme}://{host}{root_path}", safe="%!$&'()*+,/:;=@[]").rstrip("/")


@lru_cache
def _with_urls(base_url: str) -> Callable[[str], bytes]:
    """Return what puts a URL in the place of the placeholder in JSON text."""
    escaped = json.dumps(base_url)[1:-1]
    return lambda text: text.replace(PLACEHOLDER, escaped).encode()


def too_large(settings: Settings) -> PayloadTooLargeError:
    """Return the error for a body over the limit, which it names."""
    most = settings.max_body_size
    return PayloadTooLargeError(f"the body is larger than {most} bytes, the maxPayloadSize")


def _parsed(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        if "\\ud" in text.lower():  # half of a surrogate pair is no text
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeError:
        raise InvalidSyntaxError("the body is not valid UTF-8") from None
    except RecursionError:
        raise InvalidSyntaxError("the body is nested too deeply") from None
    except ValueError as error:
        raise InvalidSyntaxError(f"the body is not JSON: {error}") from None
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(set(map(str.lower, found))) != len(pairs):
        raise ValueError("an object has the same name twice, if only in different case")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def this_call() -> Call:
    """Return the request that is being answered."""
    found: Call = request._get_current_object()  # type: ignore[attr-defined]
    return found


def _finish(response: Response) -> Response:
    call = this_call()
    response.headers["Cache-Control"] = "no-store"
    used = ",".join(call.tolerated.used)
    if used:
        response.headers["SCIM-Tolerances"] = used
    path = call.path  # it may hold a line break
    logger.info(
        "%s %s %s%s",
        call.method,
        path if PLAIN_PATH.fullmatch(path) else quote(path, safe="/:"),
        response.status_code,
        f" tolerated {used}" if used else "",
    )
    return response
