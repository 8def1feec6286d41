"""One resource: what it is, its groups or members, and its history (`/directory/TYPE/ID`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from scim import provider
from scim.explain.bodies import name_of
from scim.explain.exchange import CONSOLE, Exchange
from scim.protocol.errors import NotFoundError
from scim.protocol.projection import projection
from scim.protocol.schema import ResourceType
from scim.serializers.stored import represent
from scim.storage import Store
from scim.storage.browsing import Belonging, Named
from scim.storage.keys import FIRST_ID
from scim.storage.timeline import LATEST
from scim.storage.tokens import Tenant

from ..asked import details, this_store, this_tenant, this_type, tolerated
from ..exchanges.changed import plain
from ..showing import json_text
from ..state import state
from .blueprint import bp, difference, given, read_json, this_id
from .pushed import compare
from .rows import Row, row, rows
from .trees import tree
from .values import pairs, with_names

MEMBERS_ON_PAGE = 100
ROWS_ON_PAGE = 50
ALL = 10**9
APART = "groups,members"  # what the page reads by itself


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource that is there, or in the trash: ``deleted`` is then the instant."""

    type: ResourceType
    id: str
    document: Mapping[str, Any]
    version: int
    deleted: str = ""

    @property
    def name(self) -> str:
        return name_of(self.document) or f"{self.type.name} {self.id[:8]}"

    @property
    def is_active(self) -> bool:
        return self.document.get("active") is not False

    @property
    def state(self) -> str:
        """``deleted``, or of an account ``active`` or ``deactivated``, or empty."""
        if self.deleted:
            return "deleted"
        if not self.type.is_account:
            return ""
        return "active" if self.is_active else "deactivated"


def find(tenant: Tenant, store: Store, type_name: str, resource_id: str) -> Shown:
    """Return a resource, from the trash if it was deleted; or else the page that there is none."""
    resource_type, resource_id = this_type(type_name), this_id(resource_id)
    shown = projection("", APART, resource_type)
    asked = replace(details(tolerated(tenant.strict)), projection=shown)
    try:
        found = provider.get(store, resource_type, resource_id, asked)
    except NotFoundError:
        return _deleted(store, resource_type, resource_id)
    return Shown(resource_type, resource_id, read_json(found.text), found.version)


def _deleted(store: Store, resource_type: ResourceType, resource_id: str) -> Shown:
    found = store.in_trash(lambda trash: trash.get(resource_id))
    if found is None or found.resource_type != resource_type.name:
        abort(404, f"The tenant has no {resource_type.name} with this id, nor has its trash.")
    text = represent(resource_type, found.stored).text
    return Shown(resource_type, resource_id, read_json(text), found.stored.version, found.deleted)


@bp.get("/directory/<type_name>/<resource_id>")
def one(type_name: str, resource_id: str) -> ResponseReturnValue:
    """Show a resource; ``until`` leads to older history, ``m`` and ``after`` through members."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    recorded = state().recordings.about(shown.id)
    until = given("until") or LATEST
    moments, older = store.timeline(shown.id, lambda known: known.page(until, ROWS_ON_PAGE))
    newest = shown.version if until == LATEST and not shown.deleted else None
    history = rows(store, shown.id, moments, recorded, newest)
    return render_template(
        "directory/resource.html",
        shown=shown,
        pairs=pairs(shown.document, _endpoints()),
        text=json_text(shown.document),
        history=history,
        older=older,
        is_newest=until == LATEST,
        undo=_undo(shown, history) if until == LATEST else None,
        provisioner=provisioner(recorded, history),
        belongings=_belongings(store, shown),
        members=_members(store, shown),
        push=_push(store, shown, recorded),
    )


@bp.get("/directory/<type_name>/<resource_id>/<int:version>")
def then(type_name: str, resource_id: str, version: int) -> ResponseReturnValue:
    """Show a resource as it was at a version."""
    tenant, store = this_tenant(), this_store()
    shown = find(tenant, store, type_name, resource_id)
    if not 1 <= version <= shown.version:
        abort(404, f"{shown.name} has the versions 1 to {shown.version}.")
    moment = store.timeline(shown.id, lambda known: known.version(version))
    body = store.timeline(shown.id, lambda known: known.body_at(version))
    known_body = read_json(plain(body) or "{}") if body else dict(shown.document)
    joined, left = store.timeline(shown.id, lambda known: known.members_since(version))
    first = [*joined[:MEMBERS_ON_PAGE], *left[:MEMBERS_ON_PAGE]]
    names = store.browse(
        lambda known: known.names({*first, *(moment.change.members if moment else ())})
    )
    recorded = state().recordings.about(shown.id)
    asked_for = (shown.id, version)
    made = [
        exchange
        for exchange in recorded
        if any((each.resource_id, each.version) == asked_for for each in exchange.made)
    ]
    now = _body_now(store, shown)
    return render_template(
        "directory/version.html",
        shown=shown,
        version=version,
        made=row(moment, names, made[0] if made else None) if moment else None,
        pairs=pairs(with_names(known_body, store), _endpoints()),
        text=json_text(known_body),
        since=difference(body, now) if body and now else [],
        joined=[names[each] for each in joined[:MEMBERS_ON_PAGE]],
        left=[names[each] for each in left[:MEMBERS_ON_PAGE]],
        more=len(joined) + len(left) - len(first),
    )


def _body_now(store: Store, shown: Shown) -> str | None:
    if shown.deleted:
        found = store.in_trash(lambda trash: trash.get(shown.id))
        return found.stored.body if found else None
    stored = store.look_at(shown.type, shown.id)
    return stored.body if stored else None


def _endpoints() -> Mapping[str, str]:
    known = state().service.definitions.resource_types
    return {each.endpoint: each.name for each in known}


def _undo(shown: Shown, history: Sequence[Row]) -> int | None:
    """Return the version before the last change, to which one can go back at once."""
    own = [each for each in history if each.version is not None]
    if shown.deleted or not own or own[0].version == 1 or own[0].is_restore:
        return None
    return (own[0].version or 1) - 1


def provisioner(recorded: Sequence[Exchange], history: Sequence[Row]) -> str:
    """Return in words who provisions a resource; empty if nothing tells."""
    for exchange in recorded:
        if exchange.token != CONSOLE and exchange.made and exchange.provider:
            return f"Provisioned by {exchange.provider}, with the token “{exchange.token}”"
    token = next((each.token for each in history if each.token != CONSOLE), "")
    return f"Provisioned with the token “{token}”" if token else ""


def _belongings(store: Store, shown: Shown) -> Sequence[Belonging]:
    if shown.deleted or not (shown.type.has_members or shown.type.is_account):
        return ()
    return store.browse(lambda known: known.groups_of(shown.type.name, shown.id))


def _members(store: Store, shown: Shown) -> Mapping[str, Any] | None:
    """Return a page of a group's members, their number, and the groups in it as a tree."""
    if shown.deleted or not shown.type.has_members:
        return None
    search = given("m")
    after = request.args.get("after", FIRST_ID)
    more = MEMBERS_ON_PAGE + 1
    page: list[Named] = store.browse(
        lambda known: known.members(shown.id, search, this_id(after), more)
    )
    total = store.browse(lambda known: known.count_members([shown.id], ALL))
    return {
        "page": page[:MEMBERS_ON_PAGE],
        "next": page[MEMBERS_ON_PAGE - 1].id if len(page) == more else None,
        "search": search,
        "is_first": after == FIRST_ID,
        "total": total.get(shown.id, 0),
        "tree": tree(shown.id, store.browse(lambda known: known.nested(shown.id))),
    }


def _push(store: Store, shown: Shown, recorded: Sequence[Exchange]) -> Any:
    if shown.deleted or not shown.type.has_members:
        return None
    return compare(store, shown.id, recorded)
