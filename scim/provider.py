"""The operations of a SCIM service provider: query, create, get, replace, patch, delete.

Each takes the tenant's store and what the client sent, and returns what to answer. Nothing here
knows of HTTP or SQL. The protocol's rules come from scim/protocol, the rows from scim/storage.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

from .protocol import etag
from .protocol import patch as patching
from .protocol.canonical import check_primary, refer
from .protocol.errors import InvalidFilterError, NotFoundError, PreconditionFailedError, ScimError
from .protocol.members import member_ids
from .protocol.mutability import check_immutable, check_required
from .protocol.paging import SearchRequest, list_response
from .protocol.parser import DEFAULT_LIMITS, Limits, parse_filter
from .protocol.patch import MemberOperation
from .protocol.projection import EVERYTHING, Projection, project
from .protocol.resolve import Condition, resolve
from .protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER, Attribute, ResourceType
from .protocol.tolerance import Tolerated, with_decoded_values
from .protocol.values import PLACEHOLDER
from .serializers import dump_resource, load_patch, load_resource, load_value, to_json
from .storage import Query, Store, Stored, Transaction, new_id, sort_chain

# A PATCH answers with a group's members up to this number and leaves them out beyond it, never cuts
# them: adding one to a hundred thousand must not answer with a hundred thousand and one.
MEMBERS_SHOWN = 100

RELATED = {"User": "groups", "Group": "members"}

# What stands in a body beside the id of a user's manager, until a read tells who that is.
MANAGER_MARK = f',"$ref":"{PLACEHOLDER}"'

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Representation:
    """A resource as an answer shows it: JSON text with a placeholder for the base URL."""

    text: str
    version: int
    location: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an operation needs to know of a request beside its subject."""

    tolerated: Tolerated
    projection: Projection = EVERYTHING
    if_match: str | None = None
    if_none_match: str | None = None
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many resources a page has when the client does not say, and at the most."""

    default: int = 100
    most: int = 1000


def get(
    store: Store, resource_type: ResourceType, resource_id: str, request: Request
) -> Representation:
    """Return one resource (RFC 7644 §3.4.1).

    :raises NotFoundError: there is none with that id
    """
    stored = store.get(resource_type, resource_id, _shows_related(resource_type, request))
    stored = _check_found(resource_type, resource_id, stored, request)
    return represent(resource_type, stored, request.projection)


def query(
    store: Store,
    resource_type: ResourceType,
    search: SearchRequest,
    request: Request,
    page_size: PageSize = PageSize(),
) -> str:
    """Return the ListResponse to a query (RFC 7644 §3.4.2).

    :raises InvalidFilterError: the filter is not understood
    :raises InvalidPathError: ``sortBy`` names nothing to sort by
    """
    wanted = page_size.default if search.count is None else search.count
    find = Query(
        resource_type,
        condition=_condition(search.filter, resource_type, request),
        sort=sort_chain(search.sort_by, resource_type, request.tolerated) if search.sort_by else (),
        descending=search.descending,
        offset=search.start_index - 1,
        limit=min(wanted, page_size.most),
        with_related=_shows_related(resource_type, request),
    )
    page = store.query(find)
    if page.total == 0 and (decoded := _decoded(search.filter, resource_type, request)):
        page = store.query(changed(find, condition=decoded))
    shown = (represent(resource_type, stored, request.projection).text for stored in page.resources)
    return list_response(shown, page.total, search.start_index)


def create(
    store: Store, resource_type: ResourceType, sent: Any, request: Request
) -> Representation:
    """Create a resource (RFC 7644 §3.3).

    :raises UniquenessError: something unique in it is in use
    :raises ScimError: the body is not a resource of that type
    """
    document, ids = _load(resource_type, sent, request)
    if resource_type.name == "User":
        document.setdefault("active", True)
    document = _arranged(resource_type, new_id(), document)
    body = dump_resource(document, resource_type)

    def work(transaction: Transaction) -> Stored:
        stored = transaction.insert(resource_type, document, body)
        if ids:
            _change_members(transaction, stored.id, [MemberOperation("add", ids)], store)
        if ids or MANAGER_MARK in body:
            return transaction.get(resource_type, stored.id, _shows_related(resource_type, request))
        return stored

    return represent(resource_type, store.atomically(work), request.projection)


def replace(
    store: Store, resource_type: ResourceType, resource_id: str, sent: Any, request: Request
) -> Representation:
    """Replace a resource (RFC 7644 §3.5.1).

    What the client leaves out is cleared, but for the password, which it cannot read, and
    ``active``, lest a user be reactivated by silence.

    :raises NotFoundError: there is none with that id; PUT never creates
    :raises ScimError: the body is not a resource of that type, or changes what is immutable
    """
    sent_document, ids = _load(resource_type, sent, request)

    def change(before: Record) -> tuple[Record, list[MemberOperation]]:
        kept = {name: before[name] for name in ("active", "password") if name in before}
        return kept | sent_document, [MemberOperation("replace", ids)]

    return _change(store, resource_type, resource_id, change, request, shows_all=True)


def patch(
    store: Store, resource_type: ResourceType, resource_id: str, sent: Any, request: Request
) -> Representation:
    """Apply the operations of a PATCH, all or none (RFC 7644 §3.5.2).

    :raises NotFoundError: there is none with that id
    :raises ScimError: an operation cannot be applied; the detail names it
    """
    operations = load_patch(sent, request.tolerated)

    def load(attribute: Attribute, value: Any) -> Any:
        return load_value(attribute, value, request.tolerated)

    def change(before: Record) -> tuple[Record, list[MemberOperation]]:
        patched = patching.apply(
            operations, before, resource_type, load, request.tolerated, request.limits
        )
        return patched.resource, list(patched.members)

    return _change(store, resource_type, resource_id, change, request, shows_all=False)


def delete(store: Store, resource_type: ResourceType, resource_id: str, request: Request) -> None:
    """Delete a resource; from then on it is found by no request (RFC 7644 §3.6).

    :raises NotFoundError: there is none with that id
    """

    def work(transaction: Transaction) -> None:
        stored = transaction.lock_for_delete(resource_type, resource_id)
        _check_found(resource_type, resource_id, stored, request)
        if resource_type is USER:
            _unassign_manager(transaction, resource_id)
        transaction.delete(resource_type, resource_id)

    store.atomically(work)


def _unassign_manager(transaction: Transaction, manager_id: str) -> None:
    """Take the manager away from those who report to a user who is to go."""
    for stored in transaction.lock_reports(manager_id):
        document = _document(stored)
        del document[ENTERPRISE_USER_SCHEMA]["manager"]
        document = _arranged(USER, stored.id, document)
        transaction.update(USER, stored, document, dump_resource(document, USER))


def represent(
    resource_type: ResourceType, stored: Stored, projection: Projection = EVERYTHING
) -> Representation:
    """Return a stored resource as an answer shows it; parsed only if less than all is asked for."""
    location = f"{PLACEHOLDER}{resource_type.endpoint}/{stored.id}"
    name = RELATED[resource_type.name]
    related = f',"{name}":[{stored.related}]' if stored.related else ""
    meta = (
        f'{{"resourceType":"{resource_type.name}","created":"{stored.created}",'
        f'"lastModified":"{stored.last_modified}","location":"{location}",'
        f'"version":{json.dumps(etag.etag(stored.version))}}}'
    )
    text = f'{stored.body[:-1]}{related},"meta":{meta}}}'
    text = text.replace(MANAGER_MARK, f",{stored.manager}" if stored.manager else "")
    if projection:
        shown = project(
            json.loads(text, strict=False),
            resource_type.attributes,
            projection.wanted,
            projection.unwanted,
        )
        text = to_json(shown)
    return Representation(text, stored.version, location)


def _load(
    resource_type: ResourceType, sent: Any, request: Request
) -> tuple[Record, tuple[str, ...]]:
    """Return the resource in a POST or PUT, and the ids of its members, which are kept apart."""
    ids: tuple[str, ...] = ()
    if resource_type is GROUP and isinstance(sent, dict):
        listed = [value for name, value in sent.items() if name.lower() == "members"]
        ids = member_ids(listed[0], request.tolerated) if listed else ()
        sent = {name: value for name, value in sent.items() if name.lower() != "members"}
    document = load_resource(sent, resource_type, request.tolerated)
    _check(resource_type, document)
    return document, ids


def _check(resource_type: ResourceType, document: Record) -> None:
    """Check what must be true of a whole resource, whichever way it was reached."""
    check_required({"schemas": True, **document}, resource_type.attributes)
    check_primary(document, resource_type.attributes)


def _change(
    store: Store,
    resource_type: ResourceType,
    resource_id: str,
    change: Callable[[Record], tuple[Record, list[MemberOperation]]],
    request: Request,
    shows_all: bool,
) -> Representation:
    """Lock a resource, change it, and write it if it is not what it was."""

    def work(transaction: Transaction) -> Stored:
        stored = transaction.lock(resource_type, resource_id)
        stored = _check_found(resource_type, resource_id, stored, request)
        before = _document(stored)
        document, members = change(before)
        _check(resource_type, document)
        check_immutable(before, document, resource_type.attributes)
        document = _arranged(resource_type, stored.id, document)
        moved = _change_members(transaction, stored.id, members, store)
        body = dump_resource(document, resource_type)
        if moved or body != stored.body or document.get("password") != stored.password:
            stored = transaction.update(resource_type, stored, document, body)
            if resource_type is USER and MANAGER_MARK not in body:
                return stored
        shows = resource_type is USER or _shows_members(transaction, stored.id, request, shows_all)
        return transaction.get(resource_type, stored.id, with_related=shows)

    return represent(resource_type, store.atomically(work), request.projection)


def _change_members(
    transaction: Transaction, group_id: str, operations: list[MemberOperation], store: Store
) -> bool:
    """Carry out operations on a group's members; tell whether that changed who is in it."""
    if not operations:
        return False
    members = transaction.members(group_id)
    for operation in operations:
        members.apply(operation, store.skip_unknown)
    transaction.touch(USER, members.changed)
    return bool(members.changed)


def _shows_members(
    transaction: Transaction, group_id: str, request: Request, shows_all: bool
) -> bool:
    if not request.projection.shows("members"):
        return False
    named = bool(request.projection.wanted)
    return shows_all or named or not transaction.members(group_id).more_than(MEMBERS_SHOWN)


def _document(stored: Stored) -> Record:
    """Return a locked resource as it was written, password hash included."""
    document: Record = json.loads(stored.body, strict=False)
    return document | ({"password": stored.password} if stored.password else {})


def _arranged(resource_type: ResourceType, resource_id: str, document: Record) -> Record:
    """Return the document with ``schemas`` and ``id`` as the server makes them."""
    document = refer(document, resource_type.attributes)
    extensions = [a.name for a in resource_type.extension_attributes if a.name in document]
    made = {"schemas": [resource_type.schema.id, *extensions], "id": resource_id}
    return {**made, **{name: value for name, value in document.items() if name not in made}}


def _check_found(
    resource_type: ResourceType, resource_id: str, stored: Stored | None, request: Request
) -> Stored:
    if stored is None:
        raise _not_found(resource_type, resource_id)
    if request.if_match is not None and not etag.names(request.if_match, stored.version):
        raise PreconditionFailedError(
            f"the resource has version {etag.etag(stored.version)}, If-Match asks for another"
        )
    if request.if_none_match is not None and etag.names(request.if_none_match, stored.version):
        raise PreconditionFailedError(
            f"the resource has version {etag.etag(stored.version)}, If-None-Match excludes it"
        )
    return stored


def _not_found(resource_type: ResourceType, resource_id: str) -> ScimError:
    return NotFoundError(f"there is no {resource_type.name} with the id {resource_id[:80]!r}")


def _shows_related(resource_type: ResourceType, request: Request) -> bool:
    return request.projection.shows(RELATED[resource_type.name])


def _condition(text: str | None, resource_type: ResourceType, request: Request) -> Condition | None:
    if text is None:
        return None
    parsed = parse_filter(text, request.tolerated, request.limits)
    return resolve(parsed, resource_type, request.tolerated)


def _decoded(text: str | None, resource_type: ResourceType, request: Request) -> Condition | None:
    """Return what a filter whose values were encoded twice asks; None if they were not.

    Values are decoded after parsing: a quotation mark in one must not end it.
    """
    if text is None or "%" not in text:
        return None
    parsed = parse_filter(text, request.tolerated, request.limits)
    decoded = with_decoded_values(parsed)
    if decoded == parsed or not request.tolerated.allows("double_encoded_filter_values"):
        return None
    try:
        return resolve(decoded, resource_type, request.tolerated)
    except InvalidFilterError:  # what has been decoded is no text
        return None
