"""The links and the pages in the answers of the management API."""

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue

from ...values import Record
from .errors import invalid

MAX_LIMIT = 200


def link(path: str, *methods: str) -> Record:
    """Return a link below ``/api/v1``, which may tell the methods that it takes."""
    hints = {"hints": {"allow": list(methods)}} if methods else {}
    return {"href": f"{request.host_url}api/v1{path}", **hints}


def page(records: list[Record]) -> ResponseReturnValue:
    """Answer with a part of a list, in whose ``Link`` headers are this page and the next one."""
    limit = _limit()
    after = request.args.get("after")
    ids = [record["id"] for record in records]
    if after and after not in ids:
        raise invalid("after", "unknown cursor")
    start = ids.index(after) + 1 if after else 0
    shown = records[start : start + limit]
    response = jsonify(shown)
    response.headers.add("Link", f'<{request.url}>; rel="self"')
    if start + limit < len(records):
        arguments = request.args.to_dict() | {"limit": str(limit), "after": shown[-1]["id"]}
        following = current_app.url_for(
            str(request.endpoint), **(request.view_args or {}), **arguments, _external=True
        )
        response.headers.add("Link", f'<{following}>; rel="next"')
    return response


def _limit() -> int:
    text = request.args.get("limit", str(MAX_LIMIT))
    if not text.isdecimal() or int(text) == 0:
        raise invalid("limit", "must be a positive number")
    return min(int(text), MAX_LIMIT)
