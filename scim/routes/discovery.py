"""/ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 §4)."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.protocol.discovery import (
    Offer,
    okta_service_provider_config,
    resource_type_documents,
    schema_documents,
    service_provider_config,
)
from scim.protocol.errors import ForbiddenError, NotFoundError
from scim.protocol.search import list_response
from scim.serializers.resources import to_json

from .auth import bearer_required
from .call import Call

bp = Blueprint("discovery", __name__)


@bp.get("/ServiceProviderConfig")
@bearer_required
def get_service_provider_config(call: Call) -> ResponseReturnValue:
    _refuse_filter(call)
    return call.answer(to_json(service_provider_config(_offer(call))))


@bp.get("/ServiceProviderConfigs")
@bearer_required
def get_service_provider_configs(call: Call) -> ResponseReturnValue:
    """Answer under the plural name, which Okta's on-premises agent uses."""
    if not call.tolerated.allows("plural_configuration"):
        raise NotFoundError("this endpoint does not exist; ask for /ServiceProviderConfig")
    return call.answer(to_json(okta_service_provider_config(_offer(call))))


@bp.get("/ResourceTypes")
@bearer_required
def list_resource_types(call: Call) -> ResponseReturnValue:
    return _list(call, resource_type_documents(call.definitions))


@bp.get("/ResourceTypes/<name>")
@bearer_required
def get_resource_type(call: Call, name: str) -> ResponseReturnValue:
    return _one(call, resource_type_documents(call.definitions), name)


@bp.get("/Schemas")
@bearer_required
def list_schemas(call: Call) -> ResponseReturnValue:
    return _list(call, schema_documents(call.definitions, _offer(call), _for_entra(call)))


@bp.get("/Schemas/<urn>")
@bearer_required
def get_schema(call: Call, urn: str) -> ResponseReturnValue:
    return _one(call, schema_documents(call.definitions, _offer(call), _for_entra(call)), urn)


def _offer(call: Call) -> Offer:
    known = call.settings
    return Offer(
        max_results=known.max_page_size,
        max_payload_size=known.max_body_size,
        max_operations=known.max_bulk_operations,
        default_page_size=known.default_page_size,
        cursor_timeout=known.cursor_timeout,
        unique_group_names=known.unique_group_names,
        profile=call.profile,
    )


def _for_entra(call: Call) -> bool:
    """Tell whether the caller is Entra ID: its compliance flag stands in the URL."""
    return "aadOptscim062020" in call.args and call.profile.adapts_schemas


def _refuse_filter(call: Call) -> None:
    """Raise if the URL has a filter, since an answer that ignores it is false (RFC 7644 §4)."""
    if "filter" in call.args:
        raise ForbiddenError("this endpoint takes no filter; ask without it")


def _list(call: Call, documents: dict[str, Any]) -> ResponseReturnValue:
    _refuse_filter(call)
    shown = [to_json(document) for document in documents.values()]
    return call.answer(list_response(shown, len(shown), 1))


def _one(call: Call, documents: dict[str, Any], name: str) -> ResponseReturnValue:
    _refuse_filter(call)
    found = {known.lower(): document for known, document in documents.items()}.get(name.lower())
    if found is None:
        raise NotFoundError(
            f"{name[:80]!r} does not exist; ask for the endpoint without it to list all"
        )
    return call.answer(to_json(found))
