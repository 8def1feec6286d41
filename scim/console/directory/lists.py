"""Lists: the resources of a type, found by a filter, sorted, page by page (`/directory`)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from scim import provider
from scim.explain.bodies import name_of
from scim.explain.filters import sentence
from scim.protocol.attributes import chains, notation
from scim.protocol.errors import ScimError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import OPERATORS, resolve
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest
from scim.storage import Store
from scim.storage.tokens import Tenant

from ..asked import details, this_store, this_tenant, this_type, tolerated
from ..state import state
from .blueprint import bp, given, read_json

ON_PAGE = 50
MOST_COUNTED = 1000  # members of each group in a list
POSITION = re.compile(r"position (\d+): ")
TEXTUAL = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
Columns = Sequence[tuple[str, str]]  # the path to sort by, and the heading

OF_ALL: Columns = (("meta.created", "Created"), ("meta.lastModified", "Changed"))
OF_USERS: Columns = (("displayName", "Name"), ("userName", "User name"), ("active", "State"))
OF_GROUPS: Columns = (("displayName", "Name"),)
OF_OTHERS: Columns = (("id", "id"),)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault in a filter, which is cut at the place: before it, the character there, after it."""

    detail: str
    before: str = ""
    there: str = ""
    after: str = ""
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list."""

    resources: Sequence[Mapping[str, Any]] = ()
    total: int = 0
    start: int = 1

    @property
    def last(self) -> int:
        return self.start + len(self.resources) - 1

    @property
    def previous(self) -> int | None:
        return max(1, self.start - ON_PAGE) if self.start > 1 else None

    @property
    def next(self) -> int | None:
        return self.last + 1 if self.resources and self.last < self.total else None


@bp.get("/directory")
def page() -> ResponseReturnValue:
    """Show resources of a type; ``filter``, ``sortBy``, ``sortOrder`` and ``startIndex`` choose."""
    tenant, store = this_tenant(), this_store()
    resource_type = this_type()
    text = request.args.get("filter", "").strip()
    wrong, listed = None, Listed()
    try:
        listed = _listed(tenant, store, resource_type, text)
    except ScimError as error:
        wrong = place(text, error.detail)
    counts: dict[str, int] = {}
    if resource_type.has_members:
        ids = [each["id"] for each in listed.resources]
        counts = store.browse(lambda known: known.count_members(ids, MOST_COUNTED))
    return render_template(
        "directory/list.html",
        types=state().service.definitions.resource_types,
        type=resource_type,
        columns=_columns(resource_type),
        listed=listed,
        counts=counts,
        most=MOST_COUNTED,
        text=text,
        wrong=wrong,
        told="" if wrong or not text else told(tenant, resource_type, text),
        sort_by=request.args.get("sortBy", ""),
        is_descending=request.args.get("sortOrder") == "descending",
    )


@bp.get("/directory/words")
def words() -> ResponseReturnValue:
    """Answer with what a filter can be made of: attributes of a type, with their operators."""
    resource_type = this_type()
    return {"attributes": [_word(chain) for chain in chains_of(resource_type)]}


@bp.get("/directory/check")
def check() -> ResponseReturnValue:
    """Answer with the sentence of a filter, or with what is wrong and where."""
    tenant = this_tenant()
    resource_type = this_type()
    text = request.args.get("filter", "").strip()
    if not text:
        return {"sentence": ""}
    try:
        return {"sentence": told(tenant, resource_type, text)}
    except ScimError as error:
        found = place(text, error.detail)
        return {"detail": found.detail, "position": found.position}


@bp.get("/directory/deleted")
def deleted() -> ResponseReturnValue:
    """Show the trash: what was deleted last, or has a text in its name."""
    store, search = this_store(), given("q")
    rows = store.in_trash(lambda trash: trash.latest(ON_PAGE, search))
    found = [(row.resource_type, row.id, row.deleted, _name(row.body)) for row in rows]
    return render_template(
        "directory/deleted.html",
        types=state().service.definitions.resource_types,
        found=found,
        search=search,
        total=store.in_trash(lambda trash: trash.size(search)),
    )


def told(tenant: Tenant, resource_type: ResourceType, text: str) -> str:
    """Return a filter as a sentence.

    :raises InvalidFilterError: it is none, or does not fit the attributes
    """
    allowed = tolerated(tenant.strict)
    node = parse_filter(text, allowed, state().service.limits)
    resolve(node, resource_type, allowed)
    return sentence(node, resource_type)


def place(text: str, detail: str) -> Wrong:
    """Return what is wrong with a filter, with the place if the detail names one."""
    found = POSITION.match(detail)
    if not found:
        return Wrong(detail)
    at = int(found[1]) - 1
    return Wrong(detail[found.end() :], text[:at], text[at : at + 1], text[at + 1 :], at + 1)


def chains_of(resource_type: ResourceType) -> list[Any]:
    """Return the attributes that a filter of a type may name, each behind those that contain it."""
    return [
        chain
        for chain in chains(resource_type.root)
        if not any(each.returned == "never" for each in chain) and not chain[-1].is_extension
    ]


def _word(chain: Any) -> dict[str, Any]:
    last = chain[-1]
    own = last.find("value") if last.type == "complex" else last
    operators = [each for each in TEXTUAL if own and each in OPERATORS.get(own.type, TEXTUAL)]
    return {
        "path": notation(chain),
        "type": own.type if own else "complex",
        "operators": [*operators, "pr"],
        "values": list(last.canonical_values),
        "brackets": last.type == "complex" and last.multi_valued,
        "inside": [each.name for each in last.sub_attributes],
    }


def _columns(resource_type: ResourceType) -> Columns:
    if resource_type.is_account:
        return (*OF_USERS, *OF_ALL)
    if resource_type.has_members:
        return (*OF_GROUPS, *OF_ALL)
    is_named = resource_type.root.find("displayName") is not None
    return (*(OF_GROUPS if is_named else OF_OTHERS), *OF_ALL)


def _listed(tenant: Tenant, store: Store, resource_type: ResourceType, text: str) -> Listed:
    order = request.args.get("sortOrder", "ascending")
    search = SearchRequest(
        filter=text or None,
        sort_by=request.args.get("sortBy", ""),
        sort_order=order if order == "descending" else "ascending",
        start_index=max(1, request.args.get("startIndex", 1, type=int)),
        count=ON_PAGE,
        excluded_attributes="groups,members",
    )
    size = provider.PageSize(ON_PAGE, ON_PAGE)
    asked = details(tolerated(tenant.strict))
    answer = read_json(provider.query(store, [resource_type], search, asked, size))
    return Listed(answer.get("Resources", ()), answer["totalResults"], search.start_index)


def _name(body: str) -> str:
    return name_of(json.loads(body, strict=False))
