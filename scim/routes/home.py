"""The page for a person who opens the server's address in a browser."""

import base64
import hashlib
import shlex
from pathlib import Path

from flask import Blueprint, Response, abort, render_template
from markupsafe import Markup

from scim.protocol.errors import InvalidSyntaxError
from scim.settings import DEFAULT_TOKEN

from .auth import NO_HOST
from .call import Call, this_call

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "home.css").read_text()
DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{DIGEST}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

bp = Blueprint("home", __name__, template_folder=str(TEMPLATES))


@bp.route("/", methods=METHODS)
def home() -> Response:
    """Show the page to a browser; any other client gets 404, as outside the base path."""
    call = this_call()
    if not (call.reads and _is_browser(call)):
        abort(404)
    if not call.service_url:
        raise InvalidSyntaxError(NO_HOST)
    is_default = call.settings.has_demo_token
    is_served = is_default and call.demo_token.serves(call.environ, call.host_header)
    page = render_template(
        "home.html",
        base_url=call.service_url,
        users=shlex.quote(f"{call.service_url}/Users"),
        token=DEFAULT_TOKEN if is_served else "$SCIM_TOKEN",
        is_default=is_default,
        is_served=is_served,
        has_console=call.settings.has_console,
        style=Markup(STYLE),
    )
    return Response(page, headers=HEADERS)


def _is_browser(call: Call) -> bool:
    """Tell whether a client would rather have a page than JSON; curl takes anything equally."""
    accepted = call.accept_mimetypes
    return accepted.quality("text/html") > accepted.quality("application/scim+json")
