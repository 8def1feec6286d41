"""Answers: SCIM JSON with the URL of the service in it, and the headers."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Response

from scim.protocol import etag
from scim.protocol.headers import EVERY_ANSWER, MEDIA_TYPE, REQUEST_ID
from scim.protocol.values import PLACEHOLDER
from scim.serializers.stored import Representation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers


class Answer(Response):
    """An answer with its headers as they are.

    Werkzeug would parse and rewrite ``Location`` and ``Content-Length``, which are right already.
    That took a fifth of the time of a GET.
    """

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> "Headers":
        return self.headers


class Empty(Response):
    """An answer without a body, so without a media type; Flask would call it text/html."""

    default_mimetype = None


def answer_text(
    text: str,
    base_url: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    media_type: str = MEDIA_TYPE,
) -> Response:
    """Answer with JSON text in which the placeholder stands for the base URL."""
    return Answer(_with_urls(base_url)(text), status, headers, content_type=media_type)


def answer_resource(
    resource: Representation,
    base_url: str,
    status: int,
    *,
    is_alias: bool,
    has_tag: bool,
    known: str | None,
) -> Response:
    """Answer with a resource, or with 304 if the client has that version.

    ``is_alias`` if it was asked for under another URL than its own. ``known`` is If-None-Match.
    """
    place = resource.location.replace(PLACEHOLDER, base_url)
    headers = {"Content-Location": place}
    if has_tag:
        headers["ETag"] = etag.etag(resource.version)
    if status == 201 or is_alias:
        headers["Location"] = place
    if known is not None and etag.matches(known, resource.version):
        return Empty(status=304, headers=headers)
    if resource.members is None:
        return answer_text(resource.text, base_url, status, headers)
    parts = map(_with_urls(base_url), resource.parts())
    return Response(parts, status, headers, content_type=MEDIA_TYPE)


def finish(response: Response, request_id: str, used: str) -> Response:
    """Add the headers that every answer has; ``used`` names tolerances."""
    for name, value in EVERY_ANSWER.items():
        response.headers[name] = value
    response.headers[REQUEST_ID] = request_id
    if used:
        response.headers["SCIM-Tolerances"] = used
    return response


@lru_cache
def _with_urls(base_url: str) -> Callable[[str], bytes]:
    """Return a function that puts a URL in the place of the placeholder; cached, likewise."""
    escaped = json.dumps(base_url)[1:-1]
    return lambda text: text.replace(PLACEHOLDER, escaped).encode()
