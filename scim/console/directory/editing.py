"""Editing: requests to the SCIM endpoints, whose errors are shown as administrators see them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim import provider
from scim.protocol.etag import etag
from scim.protocol.filters.nodes import AttributePath, Comparison
from scim.protocol.headers import without_request
from scim.protocol.patch.target import PATCH_OP_SCHEMA
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest
from scim.storage import Store, is_id, kind_of
from scim.storage.tokens import Tenant

from ..asked import details, this_store, this_tenant, this_type, tolerated
from ..keys import for_writers
from ..showing import json_text
from ..state import state
from .blueprint import bp, read_json
from .resource import Shown, find
from .restoring import place

MOST_MEMBERS = 200  # that stand in the JSON of a group; a larger one is changed by PATCH
MADE_BY_SERVER = ("id", "meta", "groups")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of an endpoint: ``problem`` is empty if it did what was asked."""

    status: int
    problem: str = ""
    id: str = ""


def send(
    tenant: Tenant, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Send a request to the SCIM endpoints; a text is sent as it is."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    data = None if text is None else text.encode(errors="replace")
    try:
        answer = state().endpoints.send(tenant, method, path, data, headers)
    except httpx2.TransportError as error:
        return Answer(503, f"The SCIM server does not answer: {type(error).__name__}.")
    told = _json(answer)
    if answer.status_code < 400:
        return Answer(answer.status_code, "", str(told.get("id", "")))
    kind = f"{told['scimType']}: " if told.get("scimType") else ""
    detail = without_request(str(told.get("detail") or "no detail"))
    return Answer(answer.status_code, f"{answer.status_code} {kind}{detail}")


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@bp.get("/directory/new")
@for_writers
def new() -> ResponseReturnValue:
    """Ask for the JSON of a new resource."""
    resource_type = this_type()
    return _form(resource_type, None, _example(resource_type))


@bp.post("/directory/new")
def create() -> ResponseReturnValue:
    """Create a resource from JSON."""
    tenant, resource_type = this_tenant(), this_type()
    text = request.form.get("json", "")
    answer = send(tenant, "POST", resource_type.endpoint, text)
    if answer.problem:
        return _form(resource_type, None, text, answer)
    shown = find(tenant, this_store(), resource_type.name, answer.id)
    flash(f"{shown.name} was created.")
    return redirect(place(shown), 303)


@bp.get("/directory/<type_name>/<resource_id>/edit")
@for_writers
def edit(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Show a resource as JSON that can be changed."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    return _form(shown.type, shown, _editable(store, shown))


@bp.post("/directory/<type_name>/<resource_id>/edit")
def replace(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Replace a resource by the JSON, unless somebody else has changed it meanwhile."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    text, version = request.form.get("json", ""), request.form.get("version", 0, type=int)
    has_tags = tolerated(tenant.strict).profile.has_entity_tags
    headers = {"If-Match": etag(version)} if has_tags and version else {}
    if _is_large(store, shown):
        answer = _patched(tenant, shown, text, headers)
    else:
        answer = send(tenant, "PUT", _path(shown), text, headers)
    if answer.problem:
        return _form(shown.type, shown, text, answer)
    return _done(shown, f"{shown.name} was changed.")


@bp.post("/directory/<type_name>/<resource_id>/state")
def set_state(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Deactivate an account, or activate it again."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    is_active = request.form.get("active") == "true"
    answer = _patch(tenant, shown, {"op": "replace", "path": "active", "value": is_active})
    became = "active again" if is_active else "deactivated"
    return _done(shown, f"{shown.name} is {became}.", answer)


@bp.get("/directory/<type_name>/<resource_id>/delete")
@for_writers
def ask_to_delete(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Ask whether to delete a resource, and say what that does."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    days = state().service.settings.trash_days
    return render_template("directory/delete.html", shown=shown, days=days)


@bp.post("/directory/<type_name>/<resource_id>/delete")
def delete(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Delete a resource; it is in the trash afterwards."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    answer = send(tenant, "DELETE", _path(shown))
    return _done(shown, f"{shown.name} was deleted, and is in the trash now.", answer)


@bp.post("/directory/<type_name>/<resource_id>/members")
def change_members(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Add a member, named by id, userName or displayName, or remove one by its id."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    name = request.form.get("add", "").strip()
    if not name:
        member = request.form.get("remove", "")
        path = str(Comparison(AttributePath("value"), "eq", member))
        answer = _patch(tenant, shown, {"op": "remove", "path": f"members[{path}]"})
        return _done(shown, "The member was removed.", answer)
    member_id = _resolved(tenant, store, name)
    if not member_id:
        missing = f"No user has the userName, and no group the name “{name[:100]}”."
        return _done(shown, "", Answer(404, missing))
    operation = {"op": "add", "path": "members", "value": [{"value": member_id}]}
    return _done(shown, f"{name[:100]} is a member now.", _patch(tenant, shown, operation))


def _form(
    resource_type: ResourceType, shown: Shown | None, text: str, answer: Answer | None = None
) -> ResponseReturnValue:
    page = render_template(
        "directory/edit.html",
        type=resource_type,
        shown=shown,
        text=text,
        is_large=shown is not None and _is_large(this_store(), shown),
        problem=answer.problem if answer else "",
    )
    return page, answer.status if answer else 200


def _done(shown: Shown, told: str, answer: Answer | None = None) -> ResponseReturnValue:
    """Lead back to the page of a resource, with what was done or what went wrong."""
    if answer and answer.problem:
        flash(answer.problem, "bad")
    else:
        flash(told)
    return redirect(place(shown), 303)


def _patch(tenant: Tenant, shown: Shown, *operations: Any) -> Answer:
    body = {"schemas": [PATCH_OP_SCHEMA], "Operations": operations}
    return send(tenant, "PATCH", _path(shown), body)


def _patched(tenant: Tenant, shown: Shown, text: str, headers: Mapping[str, str]) -> Answer:
    """Change a large group by PATCH, so that its members need not be sent again."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Answer(400, f"invalidSyntax: this is not JSON: {error}")
    if not isinstance(document, dict):
        return Answer(400, "invalidSyntax: this is no JSON object")
    gone = [each for each in shown.document if each not in (*document, *MADE_BY_SERVER, "schemas")]
    operations = [{"op": "replace", "value": document}]
    operations += [{"op": "remove", "path": each} for each in gone]
    body = {"schemas": [PATCH_OP_SCHEMA], "Operations": operations}
    return send(tenant, "PATCH", _path(shown), body, headers)


def _path(shown: Shown) -> str:
    return f"{shown.type.endpoint}/{shown.id}"


def _is_large(store: Store, shown: Shown) -> bool:
    if not shown.type.has_members:
        return False
    counts = store.browse(lambda known: known.count_members([shown.id], MOST_MEMBERS + 1))
    return counts.get(shown.id, 0) > MOST_MEMBERS


def _editable(store: Store, shown: Shown) -> str:
    """Return the JSON that a PUT takes: without what the server makes, with a group's members."""
    document = {k: v for k, v in shown.document.items() if k not in MADE_BY_SERVER}
    if shown.type.has_members and not _is_large(store, shown):
        users = store.browse(lambda known: known.members(shown.id, limit=MOST_MEMBERS))
        groups = store.browse(lambda known: known.nested(shown.id)).get(shown.id, [])
        named = [{"value": each.id, "display": each.name} for each in [*users, *groups]]
        document |= {"members": named}
    return json_text(document)


def _example(resource_type: ResourceType) -> str:
    document: dict[str, Any] = {"schemas": [resource_type.schema.id]}
    if resource_type.is_account:
        document |= {"userName": "jane@example.com", "displayName": "Jane Berg"}
        document |= {"name": {"givenName": "Jane", "familyName": "Berg"}, "active": True}
        document |= {"emails": [{"value": "jane@example.com", "type": "work", "primary": True}]}
    elif resource_type.has_members:
        document |= {"displayName": "Sales", "members": []}
    else:
        needed = (each for each in resource_type.own_attributes if each.required)
        document |= {each.name: "" for each in needed}
    return json_text(document)


def _resolved(tenant: Tenant, store: Store, name: str) -> str:
    """Return the id of the user or group that a person named; empty if there is none."""
    if is_id(name.lower()):
        return name.lower()
    for resource_type in state().service.definitions.resource_types:
        if not (resource_type.is_account or resource_type.has_members):
            continue
        attribute = AttributePath(kind_of(resource_type).name)
        search = SearchRequest(filter=str(Comparison(attribute, "eq", name)), count=1)
        asked = details(tolerated(tenant.strict))
        found = read_json(provider.query(store, [resource_type], search, asked))
        if found.get("Resources"):
            return str(found["Resources"][0]["id"])
    return ""
