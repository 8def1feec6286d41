"""The /Users endpoint, one function per operation (RFC 7644 §3.3 to §3.6)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import provider
from scim.protocol.schema import USER

from .auth import bearer_required
from .wire import body, page_size, query, render, render_list, request_for, store

bp = Blueprint("users", __name__, url_prefix="/Users")


@bp.get("")
@bearer_required
def list_users() -> ResponseReturnValue:
    search = query()
    return render_list(
        provider.query(store(), USER, search, request_for(USER, search), page_size())
    )


@bp.post("")
@bearer_required
def create_user() -> ResponseReturnValue:
    return render(provider.create(store(), USER, body(), request_for(USER)), status=201)


@bp.get("/<user_id>")
@bearer_required
def get_user(user_id: str) -> ResponseReturnValue:
    return render(provider.get(store(), USER, user_id, request_for(USER)))


@bp.put("/<user_id>")
@bearer_required
def replace_user(user_id: str) -> ResponseReturnValue:
    return render(provider.replace(store(), USER, user_id, body(), request_for(USER)))


@bp.patch("/<user_id>")
@bearer_required
def patch_user(user_id: str) -> ResponseReturnValue:
    """Answer 200 with the resource; §3.5.2 also allows 204."""
    return render(provider.patch(store(), USER, user_id, body(), request_for(USER)))


@bp.delete("/<user_id>")
@bearer_required
def delete_user(user_id: str) -> ResponseReturnValue:
    provider.delete(store(), USER, user_id, request_for(USER))
    return "", 204
