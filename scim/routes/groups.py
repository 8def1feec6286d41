"""The /Groups endpoint, one function per operation (RFC 7644 §3.3 to §3.6)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import provider
from scim.protocol.schema import GROUP

from .auth import bearer_required
from .wire import body, page_size, query, render, render_list, request_for, store

bp = Blueprint("groups", __name__, url_prefix="/Groups")


@bp.get("")
@bearer_required
def list_groups() -> ResponseReturnValue:
    search = query()
    return render_list(
        provider.query(store(), GROUP, search, request_for(GROUP, search), page_size())
    )


@bp.post("")
@bearer_required
def create_group() -> ResponseReturnValue:
    return render(provider.create(store(), GROUP, body(), request_for(GROUP)), status=201)


@bp.get("/<group_id>")
@bearer_required
def get_group(group_id: str) -> ResponseReturnValue:
    return render(provider.get(store(), GROUP, group_id, request_for(GROUP)))


@bp.put("/<group_id>")
@bearer_required
def replace_group(group_id: str) -> ResponseReturnValue:
    return render(provider.replace(store(), GROUP, group_id, body(), request_for(GROUP)))


@bp.patch("/<group_id>")
@bearer_required
def patch_group(group_id: str) -> ResponseReturnValue:
    """Answer 200 with the resource; §3.5.2 also allows 204."""
    return render(provider.patch(store(), GROUP, group_id, body(), request_for(GROUP)))


@bp.delete("/<group_id>")
@bearer_required
def delete_group(group_id: str) -> ResponseReturnValue:
    provider.delete(store(), GROUP, group_id, request_for(GROUP))
    return "", 204
