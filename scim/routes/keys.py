"""The public keys that verify security event tokens, for receivers without a token too."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from scim.deliver.events.signing import PATH, key_set

from .call import this_call

bp = Blueprint("keys", __name__)


@bp.get(PATH)
def show() -> ResponseReturnValue:
    """Answer with the JWK set (RFC 7517 §5); however often it is asked, the database seldom is."""
    text = key_set(this_call().service.database)
    return Response(text, mimetype="application/jwk-set+json")
