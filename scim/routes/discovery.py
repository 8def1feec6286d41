"""/ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 §4)."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from scim.protocol.discovery import (
    Offer,
    okta_service_provider_config,
    resource_type_documents,
    schema_documents,
    service_provider_config,
)
from scim.protocol.errors import ForbiddenError, NotFoundError
from scim.protocol.paging import list_response
from scim.serializers import to_json

from .auth import bearer_required
from .wire import definitions, is_strict, json_response, settings, tolerated

bp = Blueprint("discovery", __name__)


@bp.get("/ServiceProviderConfig")
@bearer_required
def get_service_provider_config() -> ResponseReturnValue:
    _refuse_filter()
    return json_response(to_json(service_provider_config(_offer())), 200)


@bp.get("/ServiceProviderConfigs")
@bearer_required
def get_service_provider_configs() -> ResponseReturnValue:
    """Answer under the plural name that Okta's on-premises agent asks for."""
    if not tolerated().allows("plural_configuration"):
        raise NotFoundError("the endpoint is /ServiceProviderConfig")
    return json_response(to_json(okta_service_provider_config(_offer())), 200)


@bp.get("/ResourceTypes")
@bearer_required
def list_resource_types() -> ResponseReturnValue:
    return _list(resource_type_documents(definitions()))


@bp.get("/ResourceTypes/<name>")
@bearer_required
def get_resource_type(name: str) -> ResponseReturnValue:
    return _one(resource_type_documents(definitions()), name)


@bp.get("/Schemas")
@bearer_required
def list_schemas() -> ResponseReturnValue:
    return _list(schema_documents(definitions(), _offer(), _for_entra()))


@bp.get("/Schemas/<urn>")
@bearer_required
def get_schema(urn: str) -> ResponseReturnValue:
    return _one(schema_documents(definitions(), _offer(), _for_entra()), urn)


def _offer() -> Offer:
    known = settings()
    return Offer(
        max_results=known.max_page_size,
        max_payload_size=known.max_body_size,
        max_operations=known.max_bulk_operations,
        default_page_size=known.default_page_size,
        cursor_timeout=known.cursor_timeout,
        unique_group_names=known.unique_group_names,
        interop_profile=is_strict(),
    )


def _for_entra() -> bool:
    """Tell whether the caller is Entra ID: its compliance flag stands in the URL.

    A strict tenant's schemas are shown as they are (the profile, §5.1).
    """
    return "aadOptscim062020" in request.args and not is_strict()


def _refuse_filter() -> None:
    """Raise if there is a filter: an answer that ignored it would be false (RFC 7644 §4)."""
    if "filter" in request.args:
        raise ForbiddenError("discovery endpoints take no filter")


def _list(documents: dict[str, Any]) -> ResponseReturnValue:
    _refuse_filter()
    shown = [to_json(document) for document in documents.values()]
    return json_response(list_response(shown, len(shown), 1), 200)


def _one(documents: dict[str, Any], name: str) -> ResponseReturnValue:
    _refuse_filter()
    found = {known.lower(): document for known, document in documents.items()}.get(name.lower())
    if found is None:
        raise NotFoundError(f"there is no {name[:80]!r} here")
    return json_response(to_json(found), 200)
