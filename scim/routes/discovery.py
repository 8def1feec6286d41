"""/ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 §4)."""

from collections.abc import Mapping

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.deliver.events.streams import event_uris
from scim.protocol.discovery import Offer, served_grants
from scim.protocol.errors import ForbiddenError, NotFoundError
from scim.protocol.openapi import OPENAPI, OPENAPI_MEDIA_TYPE
from scim.serializers import answers

from .auth import any_token
from .call import Call
from .delta import token_seconds

bp = Blueprint("discovery", __name__)


@bp.get("/ServiceProviderConfig")
@any_token
def get_service_provider_config(call: Call) -> ResponseReturnValue:
    _refuse_filter(call)
    return call.answer(answers.configuration(_offer(call)))


@bp.get("/ServiceProviderConfigs")
@any_token
def get_service_provider_configs(call: Call) -> ResponseReturnValue:
    """Answer under the plural name, which Okta's on-premises agent uses."""
    if not call.tolerated.allows("plural_configuration"):
        raise NotFoundError("this endpoint does not exist; ask for /ServiceProviderConfig")
    return call.answer(answers.okta_configuration(_offer(call)))


@bp.get("/ResourceTypes")
@any_token
def list_resource_types(call: Call) -> ResponseReturnValue:
    return _list(call, answers.resource_types(call.definitions))


@bp.get("/ResourceTypes/<name>")
@any_token
def get_resource_type(call: Call, name: str) -> ResponseReturnValue:
    return _one(call, answers.resource_types(call.definitions), name)


@bp.get("/Schemas")
@any_token
def list_schemas(call: Call) -> ResponseReturnValue:
    return _list(call, answers.schemas(call.definitions, _offer(call), _for_entra(call)))


@bp.get("/Schemas/<urn>")
@any_token
def get_schema(call: Call, urn: str) -> ResponseReturnValue:
    return _one(call, answers.schemas(call.definitions, _offer(call), _for_entra(call)), urn)


@bp.get(OPENAPI)
@any_token
def get_openapi(call: Call) -> ResponseReturnValue:
    """Answer with the OpenAPI document, below the base path: those who ask know the base URL."""
    _refuse_filter(call)
    text = answers.openapi(call.definitions, _offer(call))
    return call.answer(text, media_type=OPENAPI_MEDIA_TYPE)


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
        delta_seconds=token_seconds(known) if known.announce_delta_query else 0,
        delta_types=tuple(each.name for each in call.definitions.resource_types),
        async_request="request" if known.max_async_requests else "none",
        event_uris=event_uris(call.service, call.admitted.tenant),
        grants=served_grants(call.definitions),
    )


def _for_entra(call: Call) -> bool:
    """Tell whether the caller is Entra ID: its compliance flag stands in the URL."""
    return "aadOptscim062020" in call.args and call.profile.adapts_schemas


def _refuse_filter(call: Call) -> None:
    """Raise if the URL has a filter, since an answer that ignores it is false (RFC 7644 §4)."""
    if "filter" in call.args:
        raise ForbiddenError("this endpoint takes no filter; ask without it")


def _list(call: Call, texts: Mapping[str, str]) -> ResponseReturnValue:
    _refuse_filter(call)
    return call.answer(answers.list_response(texts.values(), len(texts), 1))


def _one(call: Call, texts: Mapping[str, str], name: str) -> ResponseReturnValue:
    _refuse_filter(call)
    found = {known.lower(): text for known, text in texts.items()}.get(name.lower())
    if found is None:
        raise NotFoundError(
            f"{name[:80]!r} does not exist; ask for the endpoint without it to list all"
        )
    return call.answer(found)
