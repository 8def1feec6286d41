"""Links between the pages of the console."""

from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

KEPT = ("tenant", "stage")  # parameters that a link to another page keeps


def page_url(endpoint: str, **values: Any) -> str:
    """Return the URL of a page; it keeps the tenant that was chosen."""
    kept = {name: request.args[name] for name in KEPT if name in request.args}
    return url_for(endpoint, **(kept | values))


def here(**values: Any) -> str:
    """Return the URL of this page with other parameters; None takes one out."""
    given = {**request.args, **values}
    rest = urlencode({name: value for name, value in given.items() if value not in (None, "")})
    return f"{request.path}?{rest}" if rest else request.path
