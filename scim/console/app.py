"""The console as a Flask application."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Flask, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from scim.explain.sentences.sentence import said, sentence
from scim.protocol.errors import ScimError, UnavailableError

from . import directory, find, keys, showing
from .connect import trying
from .conversation import page as conversation
from .exchanges import again, compare, live
from .exchanges import page as exchanges
from .lab import page as lab
from .learn import page as learn
from .links import here, page_url, with_tenant
from .operate import braking, clients, health, opening, outbox
from .operate import page as operate
from .problems import page as problems
from .state import MOST_LISTED, State, state

T = TypeVar("T")

PAGES = (
    ("live.live", "Live"),
    ("conversation.page", "Conversation"),
    ("directory.page", "Directory"),
    ("lab.page", "Lab"),
    ("learn.page", "Learn"),
    ("connect.page", "Connect"),
    ("problems.page", "Problems"),
    ("operate.page", "Operate"),
)
BLUEPRINTS = (
    live.bp,
    exchanges.bp,
    again.bp,
    compare.bp,
    conversation.bp,
    trying.bp,
    problems.bp,
    learn.bp,
    lab.bp,
    operate.bp,
    opening.bp,
    clients.bp,
    outbox.bp,
    braking.bp,
    health.bp,
    directory.bp,
    find.bp,
)
ERRORS = {
    404: "The console has no page at this address.",
    405: "This address takes no such request. Open the page, and use its buttons.",
    500: "The console failed. The log of the server says why.",
}


def create(found: State) -> Flask:
    """Return the console of a server."""
    app = Flask(__name__)
    app.extensions["console"] = found
    app.url_map.strict_slashes = False
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    keys.register(app, found)
    showing.register(app)
    app.add_template_filter(sentence, "sentence")
    app.add_template_filter(said, "said")
    for bp in BLUEPRINTS:
        app.register_blueprint(bp)
    app.context_processor(_shared)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(ScimError, _scim_error)
    return app


def _shared() -> dict[str, Any]:
    """Return what every template may use."""
    return {
        "pages": PAGES,
        "csrf": session.get("csrf", ""),
        "read_only": keys.is_read_only(),
        "tenant_name": request.args.get("tenant", ""),
        "most_listed": MOST_LISTED,
        "tenants": lambda: _read(state().tenants) if session else (),
        "number_of_problems": lambda: len(_read(problems.chosen)) if session else 0,
        "page_url": page_url,
        "here": here,
        "with_tenant": with_tenant,
    }


def _read(what: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return what the database has; nothing while it is away, or the page could not say so."""
    try:
        return what()
    except UnavailableError:
        return ()


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status, detail = error.code or 500, error.description
    if detail == type(error).description:  # the words of the library
        detail = ERRORS.get(status, "The console cannot answer this.")
    return render_template("error.html", status=status, detail=detail), status


def _scim_error(error: ScimError) -> ResponseReturnValue:
    return render_template("error.html", status=error.status, detail=error.detail), error.status
