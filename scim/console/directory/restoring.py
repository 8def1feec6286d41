"""Undo and restore: each shows first what it will change, then does what the commands do."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.changes.versions import Some
from scim.protocol.errors import ScimError
from scim.provider import recovery
from scim.storage import Store
from scim.storage.browsing import Named

from ..asked import this_store, this_tenant
from ..keys import for_writers
from ..links import page_url
from .blueprint import bp, difference
from .resource import Shown, find

SHOWN = 20  # members whose names are shown


@bp.get("/directory/<type_name>/<resource_id>/undo")
@for_writers
def undo(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Show what going back to the version ``to`` will change."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    return _undo_page(store, shown, _version(shown, request.args.get("to", 0, type=int)))


@bp.post("/directory/<type_name>/<resource_id>/undo")
def undone(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Go back to the version ``to``, unless the resource has changed since the diff was shown."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    version = _version(shown, request.form.get("to", 0, type=int))
    if request.form.get("version", type=int) != shown.version:
        return _undo_page(store, shown, version, "It has changed meanwhile. Look at the new diff.")
    try:
        done = recovery.revert(store, shown.id, version)
    except ScimError as error:
        return _undo_page(store, shown, version, error.detail)
    flash(f"{shown.name} is as in version {version} again. This is version {done.stored.version}.")
    _tell_missing(store, done.missing)
    return redirect(place(shown), 303)


@bp.get("/directory/<type_name>/<resource_id>/restore")
@for_writers
def restore(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Show what a restore from the trash will bring back."""
    tenant, store = this_tenant(), this_store()
    return _restore_page(store, find(tenant, store, type_name, resource_id))


@bp.post("/directory/<type_name>/<resource_id>/restore")
def restored(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Bring a resource back from the trash."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    try:
        done = recovery.restore(store, shown.id)
    except ScimError as error:
        return _restore_page(store, shown, error.detail)
    flash(f"{shown.name} is back.")
    _tell_missing(store, done.missing)
    return redirect(place(shown), 303)


def place(shown: Shown) -> str:
    """Return the URL of a resource's page; it keeps the tenant."""
    return page_url("directory.one", type_name=shown.type.name, resource_id=shown.id)


def _version(shown: Shown, version: int) -> int:
    if shown.deleted:
        abort(404, f"{shown.name} was deleted. Restore it first.")
    if not 1 <= version <= shown.version:
        abort(404, f"{shown.name} has the versions 1 to {shown.version}.")
    return version


def _undo_page(store: Store, shown: Shown, version: int, problem: str = "") -> ResponseReturnValue:
    stored = store.look_at(shown.type, shown.id)
    now = stored.body if stored else None
    body = store.timeline(shown.id, lambda known: known.body_at(version)) or now
    left, joined = store.timeline(shown.id, lambda known: known.members_since(version))
    page = render_template(
        "directory/undo.html",
        shown=shown,
        version=version,
        differences=difference(now, body),
        joined=_people(store, joined),
        left=_people(store, left),
        problem=problem,
    )
    return page, 409 if problem else 200


def _restore_page(store: Store, shown: Shown, problem: str = "") -> ResponseReturnValue:
    found = store.in_trash(lambda trash: trash.get(shown.id))
    if found is None:
        abort(404, f"{shown.name} is not in the trash.")
    page = render_template(
        "directory/restore.html",
        shown=shown,
        differences=difference(None, found.stored.body),
        groups=_people(store, found.groups),
        members=_people(store, found.members),
        problem=problem,
    )
    return page, 409 if problem else 200


def _people(store: Store, ids: Sequence[str]) -> dict[str, Any]:
    names = store.browse(lambda known: known.names(ids[:SHOWN]))
    found: list[Named] = [names[each] for each in ids[:SHOWN]]
    return {"found": found, "more": len(ids) - len(found), "number": len(ids)}


def _tell_missing(store: Store, ids: Sequence[str]) -> None:
    if ids:
        names = store.browse(lambda known: known.names(ids[:SHOWN]))
        lost = Some([names[each].name for each in ids[:SHOWN]], len(ids))
        flash(f"Not brought back, since they do not exist any more: {lost}.", "warn")
