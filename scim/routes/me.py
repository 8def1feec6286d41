"""The /Me endpoint: the user whom the token names (RFC 7644 §3.11)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import provider
from scim.protocol.errors import NotImplementedYetError, UniquenessError

from .auth import bearer_required
from .wire import access, body, render, render_deleted, request_for, store, user_type

bp = Blueprint("me", __name__, url_prefix="/Me")


def subject() -> str:
    """Return the id of the user.

    :raises NotImplementedYetError: the token names none
    """
    named = access().subject
    if named is None:
        raise NotImplementedYetError("this token names no user; issue one with a subject for /Me")
    return named


@bp.get("")
@bearer_required
def get_me() -> ResponseReturnValue:
    me = provider.get(store(), user_type(), subject(), request_for(user_type()))
    return render(me, is_alias=True)


@bp.post("")
@bearer_required
def create_me() -> ResponseReturnValue:
    """Refuse: the user exists, or has been deleted, and an id is never used again."""
    provider.get(store(), user_type(), subject(), request_for(user_type()))
    raise UniquenessError("the user whom this token names exists already")


@bp.put("")
@bearer_required
def replace_me() -> ResponseReturnValue:
    request = request_for(user_type())
    return render(provider.replace(store(), user_type(), subject(), body(), request), is_alias=True)


@bp.patch("")
@bearer_required
def patch_me() -> ResponseReturnValue:
    request = request_for(user_type())
    return render(provider.patch(store(), user_type(), subject(), body(), request), is_alias=True)


@bp.delete("")
@bearer_required
def delete_me() -> ResponseReturnValue:
    provider.delete(store(), user_type(), subject(), request_for(user_type()))
    return render_deleted(user_type(), subject())
