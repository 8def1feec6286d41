"""Delta queries, which each resource type and the root answer (draft-sehgal-scim-delta-query)."""

from collections.abc import Sequence

from flask import Response

from scim.protocol.schema import ResourceType
from scim.provider import delta
from scim.serializers.messages import load_delta
from scim.settings import Settings

from .call import Call

DAY = 86_400  # seconds


def token_seconds(settings: Settings) -> int:
    """Return how long a delta token is valid: as long as the trash tells of deleted resources."""
    return settings.trash_days * DAY


def issue_token(call: Call, resource_types: Sequence[ResourceType], is_root: bool) -> Response:
    """Answer with a delta token of this moment."""
    types = call.admitted.permission.permitted(resource_types)
    return call.answer(delta.issue(call.store, types, _tokens(call), is_root))


def answer(call: Call, resource_types: Sequence[ResourceType]) -> Response:
    """Answer with what has changed since the delta token in the body was issued."""
    types = call.admitted.permission.permitted(resource_types)
    token, asked = load_delta(call.json_body(), call.tolerated)
    pages = delta.Pages(_tokens(call), call.cursors(types, asked, token), call.page_size)
    return call.answer(delta.query(call.store, types, token, asked, call.details(), pages))


def _tokens(call: Call) -> delta.Tokens:
    tenant = call.admitted.tenant
    return delta.Tokens(tenant.cursor_key, token_seconds(call.settings), tenant.id)
