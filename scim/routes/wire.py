"""Every conversion between Flask and SCIM."""

import json
import logging
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request

from scim.protocol import etag
from scim.protocol.errors import (
    TOO_LARGE,
    InvalidSyntaxError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
)
from scim.protocol.paging import SearchRequest, search_request
from scim.protocol.parser import Limits
from scim.protocol.projection import projection
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.provider import PageSize, Representation, Request
from scim.settings import Settings
from scim.storage import Store

MEDIA_TYPE = "application/scim+json"
ACCEPTED = {MEDIA_TYPE, "application/json", ""}

logger = logging.getLogger("scim")


def register(app: Flask) -> None:
    """Add what every answer gets."""
    app.after_request(_finish)


def settings() -> Settings:
    found: Settings = current_app.extensions["scim_settings"]
    return found


def store() -> Store:
    """Return the directory of the tenant that the token belongs to."""
    found: Store = current_app.extensions["scim_store"]
    return found


def tolerated() -> Tolerated:
    """Return the tolerances of this request, the same object throughout."""
    if "tolerated" not in g:
        g.tolerated = Tolerated(current_app.extensions["scim_tolerance"], base_url())
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
        raise PayloadTooLargeError(TOO_LARGE)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len({name.lower() for name in found}) != len(pairs):
        raise ValueError("an object has the same name twice, if only in different case")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def query() -> SearchRequest:
    """Return the query in the URL."""
    return search_request({name: request.args.getlist(name) for name in request.args})


def request_for(resource_type: ResourceType, search: SearchRequest | None = None) -> Request:
    """Return what an operation on that type needs to know of this request."""
    search = search or query()
    return Request(
        tolerated=tolerated(),
        projection=projection(
            search.attributes, search.excluded_attributes, resource_type, tolerated()
        ),
        if_match=request.headers.get("If-Match"),
        if_none_match=None if _reads() else request.headers.get("If-None-Match"),
        limits=Limits(settings().max_filter_length, depth=settings().max_filter_depth),
    )


def _reads() -> bool:
    return request.method in ("GET", "HEAD")


def page_size() -> PageSize:
    return PageSize(settings().default_page_size, settings().max_page_size)


def render(resource: Representation, status: int = 200) -> Response:
    """Answer with a resource, or with 304 if the client has that version."""
    known = request.headers.get("If-None-Match") if _reads() else None
    if known is not None and etag.names(known, resource.version):
        response = Response(status=304)
    else:
        response = json_response(resource.text, status)
    location = resource.location.replace(PLACEHOLDER, base_url())
    response.headers["ETag"] = etag.etag(resource.version)
    response.headers["Content-Location"] = location
    if status == 201:
        response.headers["Location"] = location
    return response


def render_list(text: str) -> Response:
    """Answer with a ListResponse."""
    return json_response(text, 200)


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
