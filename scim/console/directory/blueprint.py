"""What the pages of the directory share: the tenant and the type that a URL names."""

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, request

from scim import provider
from scim.explain import words
from scim.explain.bodies import name_of
from scim.explain.changes.differences import Difference, changes
from scim.explain.changes.referring import referred, with_names
from scim.protocol.profile import INTEROP_PROFILE, NO_PROFILE, Profile
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.protocol.values import UNSTORABLE
from scim.storage import Store, is_id
from scim.storage.tokens import Tenant

from ..exchanges.changed import plain
from ..exchanges.changed import short as short_ones
from ..lab.benches import limits, this_tenant, with_urls
from ..links import KEPT
from ..state import state

SHORT = 120  # characters of a name

bp = Blueprint("directory", __name__)


@bp.app_template_filter("short")
def short(text: Any) -> str:
    """Return a text of clients in one line that fits a heading or a row."""
    return words.plain(text, SHORT)


@bp.app_template_global()
def with_tenant(path: str) -> str:
    """Return the URL of a page elsewhere in the console; it keeps the tenant that was chosen."""
    kept = {name: request.args[name] for name in KEPT if name in request.args}
    return f"{path}?{urlencode(kept)}" if kept else path


bp.add_app_template_filter(name_of)


def given(name: str) -> str:
    """Return a parameter of the URL, without characters that no database can look for."""
    return UNSTORABLE.sub("", request.args.get(name, "")).strip()


def this_store() -> Store:
    """Return the directory of the tenant that the URL names."""
    return state().store(this_tenant())


def this_type(name: str) -> ResourceType:
    """Return the resource type with a name; its case does not matter."""
    known = state().service.definitions.resource_types
    found = next((each for each in known if each.name.lower() == name.lower()), None)
    return found or abort(404, "There is no resource type of that name.")


def this_id(text: str) -> str:
    """Return an id in a URL in small letters."""
    return text.lower() if is_id(text.lower()) else abort(404, "No resource has this id.")


def profile(tenant: Tenant) -> Profile:
    """Return the rules of the interoperability profile for a tenant."""
    return INTEROP_PROFILE if tenant.strict else NO_PROFILE


def asked(tenant: Tenant) -> provider.Request:
    """Return what an operation needs of a request: what the endpoints allow the tenant."""
    service = state().service
    settings = service.settings
    tolerated = Tolerated(
        STRICT_TOLERANCE if tenant.strict else service.tolerance,
        settings.base_url,
        profile(tenant),
        settings.max_elements,
    )
    return provider.Request(tolerated, limits=limits())


def difference(before: str | None, after: str | None) -> list[Difference]:
    """Return what changed from one stored body to another, as it is shown, with names for ids."""
    found = short_ones(changes(plain(before), plain(after)))
    ids = referred(found)
    names = this_store().browse(lambda known: known.names(ids)) if ids else {}
    return with_names(found, {each: named.name for each, named in names.items()})


def read_json(text: str) -> Any:
    """Return the value of JSON text that this server made."""
    return json.loads(with_urls(text), strict=False)
