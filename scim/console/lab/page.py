"""The Lab: a filter, a PATCH or a whole request, tried without any effect (`/lab`)."""

import re

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from scim.explain.requests.pasted import METHODS
from scim.explain.sentences.tolerances import words
from scim.protocol.errors import ScimError
from scim.protocol.schema import ResourceType
from scim.storage import Store, is_id

from .. import asked
from ..links import page_url
from ..showing import visible
from ..state import state
from . import benches
from . import filters as lab_filter
from . import patches as lab_patch
from . import payloads as lab_payload

LONGEST = 200_000  # characters of a body that are taken from a form

SQL = re.compile(
    r"""(?P<string>'(?:[^']|'')*+')
      | (?P<key>\b(?:SELECT|FROM|WHERE|AND|OR|NOT|IN|IS|EXISTS|JOIN|ON|UNION|ALL|AS|LIKE|ESCAPE
        |CAST|COLLATE|NULL)\b)""",
    re.VERBOSE,
)

bp = Blueprint("lab", __name__, url_prefix="/lab")
bp.add_app_template_filter(words, "tolerance_words")


@bp.get("")
def page() -> ResponseReturnValue:
    """Lead to the first bench."""
    return redirect(page_url("lab.filters"))


@bp.get("/filter")
def filters() -> ResponseReturnValue:
    """Show what a filter means and finds; with ``part``, the result alone."""
    tenant = asked.this_tenant()
    store = state().store(tenant)
    resource_type = asked.this_type()
    text = request.args.get("filter", "").strip()
    trial = lab_filter.try_filter(store, resource_type, text, tenant.strict) if text else None
    dialect = state().service.database.engine.dialect.name
    shown = {"trial": trial, "type": resource_type, "tenant": tenant, "dialect": dialect}
    if "part" in request.args:
        return render_template("lab/filter_result.html", **shown)
    names = lab_filter.example_names(store)
    examples = [
        (label, kind, example.format(**names)) for label, kind, example in lab_filter.EXAMPLES
    ]
    return render_template(
        "lab/filter.html", text=text, examples=examples, types=_types(store), **shown
    )


@bp.get("/patch")
def patches() -> ResponseReturnValue:
    """Show what a PATCH does step by step; with ``part``, the result alone."""
    tenant = asked.this_tenant()
    store = state().store(tenant)
    resource_type = asked.this_type()
    text, wanted = request.args.get("body", ""), request.args.get("of", "").strip()
    problem, trial = "", None
    if text.strip():
        try:
            begin = _begin(store, resource_type, wanted)
            trial = lab_patch.try_patch(store, resource_type, begin, text, tenant.strict)
        except ScimError as error:
            problem = error.detail
    shown = {"trial": trial, "problem": problem, "type": resource_type, "tenant": tenant}
    if "part" in request.args:
        return render_template("lab/patch_result.html", **shown)
    return render_template(
        "lab/patch.html",
        text=text,
        of=wanted,
        some=benches.some(store, resource_type),
        examples=lab_patch.example_bodies(),
        types=_types(store),
        **shown,
    )


@bp.route("/payload", methods=["GET", "POST"])
def payload() -> ResponseReturnValue:
    """Show what the server would make of a pasted request."""
    tenant = asked.this_tenant()
    form = request.form
    text = form.get("text", "")[:LONGEST]
    method, path = form.get("method", "").upper(), form.get("path", "").strip()
    example = form.get("example", type=int)
    if example is not None and 0 <= example < len(lab_payload.EXAMPLES):
        text, method, path = lab_payload.EXAMPLES[example][1], "", ""
    problem, trial = "", None
    if text.strip():
        try:
            trial = lab_payload.try_payload(tenant, state().store(tenant), text, method, path)
        except (lab_payload.UnreadableError, ScimError) as error:
            problem = getattr(error, "detail", "") or str(error)
    return render_template(
        "lab/payload.html",
        text=text,
        method=method,
        path=path,
        methods=METHODS,
        problem=problem,
        trial=trial,
        tenant=tenant,
        examples=lab_payload.EXAMPLES,
    )


@bp.app_template_filter()
def sql_view(text: str) -> Markup:
    """Return a statement with colours; it is one line for each clause."""
    shown, end = Markup(""), 0
    for found in SQL.finditer(text):
        between = visible(text[end : found.start()])
        span = Markup('<span class="{}">{}</span>').format(found.lastgroup, visible(found.group()))
        shown, end = shown + between + span, found.end()
    return shown + visible(text[end:])


@bp.app_template_filter()
def capitalize_first(text: str) -> str:
    """Return a text that begins a line, with a capital letter."""
    return text[:1].upper() + text[1:]


def _begin(store: Store, resource_type: ResourceType, wanted: str) -> lab_patch.Begin:
    """Return where the resource comes from: an id, a name, a pasted resource, or the first one.

    :raises ScimError: there is none
    """
    if wanted.startswith("{"):
        return lab_patch.pasted(resource_type, wanted)
    if is_id(wanted):
        return lambda _: wanted
    found = benches.find(store, resource_type, wanted)
    return lambda _: found


def _types(store: Store) -> list[str]:
    return [each.name for each in store.directory.definitions.resource_types]
