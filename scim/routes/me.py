"""The /Me endpoint: the user to whom the token belongs (RFC 7644 §3.11)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import provider
from scim.protocol.errors import NotImplementedYetError, UniquenessError
from scim.serializers.stored import Representation

from .auth import bearer_required
from .call import Call
from .writing import write

bp = Blueprint("me", __name__, url_prefix="/Me")


def subject(call: Call) -> str:
    """Return the id of the user.

    :raises InsufficientScopeError: the token is not for users
    :raises NotImplementedYetError: the token belongs to no user
    """
    call.admitted.permission.check_type(call.user_type)
    named = call.admitted.subject
    if named is None:
        raise NotImplementedYetError(
            "this token names no user; for /Me, issue a token with `token issue --subject`"
        )
    return named


def get(call: Call) -> Representation:
    users = call.user_type
    return provider.get(call.store, users, subject(call), call.details(users))


@bp.get("")
@bearer_required
def get_me(call: Call) -> ResponseReturnValue:
    return call.render(get(call), is_alias=True)


@bp.post("")
@bearer_required
def create_me(call: Call) -> ResponseReturnValue:
    """Refuse: the user exists, or was deleted, and no other user gets its id."""
    get(call)
    raise UniquenessError(
        "the user whom this token names exists already; change it with PUT or PATCH"
    )


@bp.put("")
@bearer_required
def replace_me(call: Call) -> ResponseReturnValue:
    me, details = subject(call), call.details(call.user_type)
    replaced = write(call, provider.replace, call.user_type, me, call.json_body(), details)
    return call.render(replaced, is_alias=True)


@bp.patch("")
@bearer_required
def patch_me(call: Call) -> ResponseReturnValue:
    me, details = subject(call), call.details(call.user_type)
    patched = write(call, provider.patch, call.user_type, me, call.json_body(), details)
    return call.render(patched, is_alias=True)


@bp.delete("")
@bearer_required
def delete_me(call: Call) -> ResponseReturnValue:
    write(call, provider.delete, call.user_type, subject(call), call.details(call.user_type))
    return call.render_deleted(call.user_type, subject(call))
