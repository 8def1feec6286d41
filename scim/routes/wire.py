"""Every conversion between Flask and SCIM."""

import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request

from scim import query as querying
from scim.cursors import Cursors, scope
from scim.messages import load_bulk, load_search
from scim.protocol import etag
from scim.protocol.bulk import BulkOperation
from scim.protocol.definitions import Definitions
from scim.protocol.errors import (
    InvalidSyntaxError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
)
from scim.protocol.paging import SearchRequest, search_request
from scim.protocol.parser import Limits
from scim.protocol.projection import EVERYTHING, projection
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.provider import Request
from scim.query import PageSize
from scim.representation import Representation, location
from scim.settings import Settings
from scim.storage import Access, Store, digest
from scim.storage.tokens import Tenant

MEDIA_TYPE = "application/scim+json"
ACCEPTED = {MEDIA_TYPE, "application/json", ""}

logger = logging.getLogger("scim")


def register(app: Flask) -> None:
    """Add what every answer gets."""
    app.after_request(_finish)


def settings() -> Settings:
    found: Settings = current_app.extensions["scim_settings"]
    return found


def definitions() -> Definitions:
    """Return the resource types and schemas that are served."""
    found: Definitions = current_app.extensions["scim_definitions"]
    return found


def user_type() -> ResourceType:
    """Return the resource type of users, as it has been extended."""
    return definitions().by_name["User"]


def admit(token: str) -> Access | None:
    """Return what a token opens, and remember it for this request; None if it opens nothing."""
    database, doorkeeper = (current_app.extensions[f"scim_{name}"] for name in ("database", "door"))
    presented = digest(token)
    found: Access | None = doorkeeper.remembered(presented) or database.read(
        lambda connection: doorkeeper.admit(connection, presented)
    )
    if found:
        g.access = found
    return found


def access() -> Access:
    """Return what the token of this request opens."""
    found: Access = g.access
    return found


def store() -> Store:
    """Return the directory of the tenant that the token belongs to."""
    return open_store(access().tenant, access().token)


def open_store(tenant: Tenant, token: str) -> Store:
    """Return the directory of a tenant; ``token`` is the name of whose changes are made."""
    known = settings()
    return Store(
        current_app.extensions["scim_database"],
        tenant.id,
        definitions(),
        unique_names=known.unique_group_names,
        skip_unknown=known.skip_unknown_members,
        restores=tenant.restores and not tenant.strict,  # the profile deletes for good (its §6.6)
        keeps_history=known.history_days > 0,
        token=token,
    )


def is_strict() -> bool:
    """Tell whether the tenant wants no deviation accepted, and the interoperability profile kept.

    The profile is draft-zollner-scim-interop-profile-01.
    """
    return "access" in g and access().tenant.strict


def tolerated() -> Tolerated:
    """Return the tolerances of this request, the same object throughout."""
    if "tolerated" not in g:
        tolerance = STRICT_TOLERANCE if is_strict() else current_app.extensions["scim_tolerance"]
        g.tolerated = Tolerated(tolerance, base_url(), interop=is_strict())
    found: Tolerated = g.tolerated
    return found


def base_url() -> str:
    """Return the public URL of the service, as a proxy in front may have changed it."""
    if "base_url" not in g:
        g.base_url = request.url_root.rstrip("/") + settings().base_path
    found: str = g.base_url
    return found


def body() -> Any:
    """Return the JSON in the request's body.

    :raises UnsupportedMediaTypeError: the body says that it is something else
    :raises InvalidSyntaxError: it is not JSON in UTF-8, or an object has a name twice
    """
    if request.mimetype not in ACCEPTED:
        raise UnsupportedMediaTypeError(f"send {MEDIA_TYPE}, not {request.mimetype}")
    try:
        text = _data().decode("utf-8-sig")
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


def _data() -> bytes:
    """Return the bytes of the body; one without a Content-Length is cut behind the limit.

    :raises PayloadTooLargeError: there are more than the limit
    """
    data = request.get_data()
    if len(data) > settings().max_body_size:
        raise too_large()
    return data


def too_large() -> PayloadTooLargeError:
    """Return the error for a body over the limit, which it names."""
    most = settings().max_body_size
    return PayloadTooLargeError(f"the body is larger than {most} bytes, the maxPayloadSize")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(set(map(str.lower, found))) != len(pairs):
        raise ValueError("an object has the same name twice, if only in different case")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def search_body() -> SearchRequest:
    """Return the query in the body."""
    return load_search(body())


def bulk_body() -> tuple[list[BulkOperation], int | None]:
    """Return the operations in the body, and how many errors end them.

    :raises PayloadTooLargeError: there are more operations than the limit
    """
    operations, fail_on_errors = load_bulk(body(), tolerated())
    most = settings().max_bulk_operations
    if len(operations) > most:
        raise PayloadTooLargeError(
            f"{len(operations)} operations are more than {most}, the maxOperations"
        )
    return operations, fail_on_errors


def query() -> SearchRequest:
    """Return the query in the URL."""
    return search_request({name: request.args.getlist(name) for name in request.args})


def request_for(resource_type: ResourceType | None = None) -> Request:
    """Return what an operation, on that type or on several, needs to know of this request."""
    search = query() if resource_type else SearchRequest()
    return Request(
        tolerated=tolerated(),
        projection=projection(
            search.attributes, search.excluded_attributes, resource_type, tolerated()
        )
        if resource_type
        else EVERYTHING,
        if_match=request.headers.get("If-Match"),
        if_none_match=None if _reads() else request.headers.get("If-None-Match"),
        limits=Limits(settings().max_filter_length, depth=settings().max_filter_depth),
    )


def search(resource_types: Sequence[ResourceType], asked: SearchRequest) -> Response:
    """Answer a query, whichever way it came."""
    cursors = None if asked.cursor is None else cursors_for(resource_types, asked)
    found = querying.query(store(), resource_types, asked, request_for(), page_size(), cursors)
    return json_response(found, 200)


def cursors_for(resource_types: Sequence[ResourceType], asked: SearchRequest) -> Cursors:
    """Return what seals and opens the cursors of a query."""
    endpoint = resource_types[0].endpoint if len(resource_types) == 1 else "/"
    tenant = access().tenant
    return Cursors(tenant.cursor_key, settings().cursor_timeout, tenant.id, scope(endpoint, asked))


def _reads() -> bool:
    return request.method in ("GET", "HEAD")


def page_size() -> PageSize:
    return PageSize(settings().default_page_size, settings().max_page_size)


def render(resource: Representation, status: int = 200, is_alias: bool = False) -> Response:
    """Answer with a resource, or with 304 if the client has that version.

    ``is_alias`` if it was asked for under another URL than its own.
    """
    known = request.headers.get("If-None-Match") if _reads() else None
    if known is not None and etag.names(known, resource.version):
        response = Response(status=304)
    else:
        response = json_response(resource.text, status)
    place = resource.location.replace(PLACEHOLDER, base_url())
    if not is_strict():  # the profile's clients use no entity tags (its §6.7)
        response.headers["ETag"] = etag.etag(resource.version)
    response.headers["Content-Location"] = place
    if status == 201 or is_alias:
        response.headers["Location"] = place
    return response


def render_deleted(resource_type: ResourceType, resource_id: str) -> Response:
    """Answer that a resource is gone, which was known under another URL than its own."""
    where = location(resource_type, resource_id).replace(PLACEHOLDER, base_url())
    return Response(status=204, headers={"Location": where})


def json_response(text: str, status: int) -> Response:
    """Answer with JSON text in which the placeholder stands for the base URL."""
    escaped = json.dumps(base_url())[1:-1]
    return Response(text.replace(PLACEHOLDER, escaped), status, content_type=MEDIA_TYPE)


def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    used = ",".join(tolerated().used)
    if used:
        response.headers["SCIM-Tolerances"] = used
    logger.info(
        "%s %s %s%s",
        request.method,
        quote(request.path, safe="/:"),  # a path may hold a line break
        response.status_code,
        f" tolerated {used}" if used else "",
    )
    return response
