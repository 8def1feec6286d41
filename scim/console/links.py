"""Links between the pages of the console."""

from typing import Any
from urllib.parse import urlencode

from flask import request, url_for


def page_url(endpoint: str, **values: Any) -> str:
    """Return the URL of a page; it keeps the tenant that was chosen."""
    return url_for(endpoint, **(_tenant() | values))


def with_tenant(path: str) -> str:
    """Return the URL of a page by its path; it keeps the tenant that was chosen."""
    kept = _tenant()
    return f"{path}?{urlencode(kept)}" if kept else path


def here(**values: Any) -> str:
    """Return the URL of this page with other parameters; None takes one out."""
    given = {**request.args, **values}
    rest = urlencode({name: value for name, value in given.items() if value not in (None, "")})
    return f"{request.path}?{rest}" if rest else request.path


def _tenant() -> dict[str, str]:
    return {"tenant": request.args["tenant"]} if "tenant" in request.args else {}
