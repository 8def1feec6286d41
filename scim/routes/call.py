"""The request as views get it: the tenant, the parsed parameters and body, and the answer."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Request, Response, request

from scim import provider
from scim.logs import ARRIVED, RequestLine
from scim.operate.demo_token import DemoToken
from scim.operate.guard import guard
from scim.operate.limits import Limiter
from scim.operate.recorder import Recorder
from scim.protocol.bulk import BulkOperation
from scim.protocol.definitions.assembly import Definitions
from scim.protocol.headers import (
    MEDIA_TYPE,
    NO_PREFERENCES,
    PARK,
    PARKED,
    Preferences,
    request_id,
)
from scim.protocol.profile import INTEROP_PROFILE, NO_PROFILE, Profile
from scim.protocol.projection import EVERYTHING, Projection, projection
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest, search_request
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.serializers.messages import load_bulk, load_search
from scim.serializers.stored import Representation, location
from scim.service import Service
from scim.settings import Settings
from scim.storage import Access, Store
from scim.storage.noting import NOTHING, begin

from . import answers, body
from .hosts import root_url

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

WHOLE_LIST = SearchRequest()
RECORDER = "scim_recorder"  # in the application's extensions, if exchanges are recorded
DEMO_TOKEN = "scim_demo_token"
LIMITER = "scim_limiter"  # if there are limits

logger = logging.getLogger("scim")


class Call(Request):
    """A request in terms of SCIM. ``access`` is set when its token has been checked.

    A second slash behind the base path is passed over; ``has_doubled_slash`` tells of it.

    Views take it as an argument, because looking Flask's ``request`` up forty times took as long as
    the rest of Flask.
    """

    def __init__(
        self, extensions: Mapping[str, Any], environ: "WSGIEnvironment", **options: Any
    ) -> None:
        self.service: Service = extensions["scim"]
        base = f"{self.settings.base_path}/"
        self.sent_path: str = environ["PATH_INFO"]
        path = self.sent_path
        self.has_doubled_slash = path.startswith("/", len(base)) and path.startswith(base)
        if self.has_doubled_slash:
            environ["PATH_INFO"] = base + path[len(base) + 1 :]
        # Werkzeug refuses some hosts that HTTP allows, in its own words. It makes no links here.
        self.host_header: str = environ.pop("HTTP_HOST", "")
        super().__init__(environ, **options)
        self.access: Access | None = None
        self.demo_token: DemoToken = extensions[DEMO_TOKEN]
        self.limiter: Limiter | None = extensions.get(LIMITER)
        left = environ.get(PARKED)
        self.id = left.request_id if left else request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        self.applied = ""  # the preference that was heeded
        self.detail = ""  # of the error that is answered
        self.received = b""  # the body, when a view has read it
        self.began: float = environ.get(ARRIVED) or perf_counter()
        recorder: Recorder | None = extensions.get(RECORDER)
        self.recorder = recorder if recorder and recorder.has_room() else None
        self.noted = begin() if self.recorder else NOTHING  # what it does to the database

    @property
    def settings(self) -> Settings:
        return self.service.settings

    @property
    def definitions(self) -> Definitions:
        """The resource types and schemas that are served."""
        return self.service.definitions

    @property
    def user_type(self) -> ResourceType:
        """The resource type of users, with the extensions that are served."""
        return self.definitions.by_name["User"]

    @property
    def admitted(self) -> Access:
        """The tenant and the token's name, after ``bearer_required`` has checked the token."""
        assert self.access is not None
        return self.access

    @property
    def store(self) -> Store:
        """The directory of the tenant that the token belongs to."""
        access = self.admitted
        allowed = guard(access, self.definitions)
        return self.service.store(access.tenant, access.token, allowed, self.id)

    @cached_property
    def preferences(self) -> Preferences:
        """The preferences of the client (RFC 7240)."""
        header = self.environ.get("HTTP_PREFER")
        return Preferences.of(header) if header else NO_PREFERENCES

    @property
    def is_dry(self) -> bool:
        """Whether the client only wants to know what would be answered."""
        return not self.reads and self.preferences.dry_run

    @property
    def is_parked(self) -> bool:
        """Whether the request waits, and is asked again; its answer is dropped."""
        place = self.environ.get(PARK)
        return place is not None and place.is_taken

    @property
    def is_first(self) -> bool:
        """Whether this is not a request that has been parked."""
        return PARKED not in self.environ

    @property
    def is_strict(self) -> bool:
        """Whether the tenant tolerates nothing; it then keeps the interoperability profile, too."""
        return self.access is not None and self.access.tenant.strict

    @property
    def profile(self) -> Profile:
        """The rules of the interoperability profile for the tenant."""
        return INTEROP_PROFILE if self.is_strict else NO_PROFILE

    @cached_property
    def tolerated(self) -> Tolerated:
        """The tolerances of this request, the same object throughout."""
        return self.service.tolerated(self.is_strict, self.service_url, self.is_dry)

    @cached_property
    def service_url(self) -> str:
        """The base URL that the client knows, which a proxy in front may have changed.

        It is empty if the request has no Host header that HTTP allows.
        """
        root = root_url(self.scheme, self.host_header, self.root_path)
        return root and root + self.settings.base_path

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    def json_body(self) -> Any:
        """Return the JSON in the body.

        :raises UnsupportedMediaTypeError: the headers name another media type, or a coding
        :raises PayloadTooLargeError: the body is larger than the setting allows
        :raises InvalidSyntaxError: it is not JSON in UTF-8, or an object has a name twice
        """
        body.check_media_type(self.mimetype)
        body.check_coding(self.environ.get("HTTP_CONTENT_ENCODING", ""))
        self.received = self.get_data()
        return body.parse(self.received, self.settings.max_body_size)

    def search_body(self) -> SearchRequest:
        """Return the query in the body."""
        return load_search(self.json_body(), self.tolerated)

    def bulk_body(self) -> tuple[list[BulkOperation], int | None]:
        """Return the operations in the body, and the number of errors that ends them, or None."""
        most = self.settings.max_bulk_operations
        operations, errors = load_bulk(self.json_body(), self.tolerated, most)
        if self.limiter and self.is_first:
            self.limiter.charge(self.admitted.tenant, len(operations) - 1)
        return operations, errors

    def query(self) -> SearchRequest:
        """Return the query in the URL."""
        if not self.query_string:
            return WHOLE_LIST
        given = {name: self.args.getlist(name) for name in self.args}
        return search_request(given, self.tolerated)

    def details(self, resource_type: ResourceType | None = None) -> provider.Request:
        """Return what an operation needs of this request; without a type, nothing is projected."""
        return provider.Request(
            tolerated=self.tolerated,
            projection=self._projection(resource_type) if resource_type else EVERYTHING,
            if_match=self.environ.get("HTTP_IF_MATCH"),
            if_none_match=None if self.reads else self.environ.get("HTTP_IF_NONE_MATCH"),
            limits=self.service.limits,
            max_operations=self.settings.max_patch_operations,
            permission=self.admitted.permission,
        )

    def _projection(self, resource_type: ResourceType) -> Projection:
        search = self.query()
        if search is WHOLE_LIST:
            return EVERYTHING
        return projection(
            search.attributes, search.excluded_attributes, resource_type, self.tolerated
        )

    def search(self, resource_types: Sequence[ResourceType], asked: SearchRequest) -> Response:
        """Answer a query, whether it came in the URL or in the body.

        A query of several types is one of those that the token is for.
        """
        resource_types = self.admitted.permission.permitted(resource_types)
        cursors = None if asked.cursor is None else self.cursors(resource_types, asked)
        details, size = self.details(), self.page_size
        return self.answer(
            provider.query(self.store, resource_types, asked, details, size, cursors)
        )

    @property
    def page_size(self) -> provider.PageSize:
        """The number of resources on a page, and the most that a client may ask for."""
        return provider.PageSize(self.settings.default_page_size, self.settings.max_page_size)

    def cursors(
        self, resource_types: Sequence[ResourceType], asked: SearchRequest, token: str = ""
    ) -> provider.Cursors:
        """Return what seals the cursors of a query, or of a delta query with a token."""
        endpoints = " ".join((*(each.endpoint for each in resource_types), token))
        tenant, lifetime = self.admitted.tenant, self.settings.cursor_timeout
        scope = provider.scope(endpoints, asked)
        return provider.Cursors(tenant.cursor_key, lifetime, tenant.id, scope)

    def render(
        self, resource: Representation, status: int = 200, is_alias: bool = False
    ) -> Response:
        """Answer with a resource, or with 304 if the client has that version.

        ``is_alias`` if it was asked for under another URL than its own.
        """
        return answers.answer_resource(
            resource,
            self.service_url,
            status,
            is_alias=is_alias,
            has_tag=self.profile.has_entity_tags,
            known=self.environ.get("HTTP_IF_NONE_MATCH") if self.reads else None,
        )

    def render_deleted(self, resource_type: ResourceType, resource_id: str) -> Response:
        """Answer that a resource was deleted through another URL than its own."""
        place = location(resource_type, resource_id).replace(PLACEHOLDER, self.service_url)
        return answers.Empty(status=204, headers={"Location": place})

    def log(self, status: int, milliseconds: float, tolerated: str) -> None:
        """Log the answer in a line."""
        tenant, token = (self.access.tenant.name, self.access.token) if self.access else ("", "")
        client = self.remote_addr or ""
        parts = (milliseconds, self.id, client, tenant, token, self.applied, tolerated, self.detail)
        path, own = self.path, self.settings.secret_token
        if status >= 400 and own:  # some put the token there by mistake
            path = path.replace(own, "…")
        logger.info(RequestLine(self.method, path, status, *parts))

    def answer(self, text: str, status: int = 200, media_type: str = MEDIA_TYPE) -> Response:
        """Answer with JSON text in which the placeholder stands for the base URL."""
        return answers.answer_text(text, self.service_url, status, media_type=media_type)


def this_call() -> Call:
    """Return the request that is being answered."""
    found: Call = request._get_current_object()  # type: ignore[attr-defined]
    return found
