"""Headers that the endpoints and the server program have in common."""

import re
from secrets import token_hex

MEDIA_TYPE = "application/scim+json"
EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY_AFTER = 5  # seconds, beside most answers with the status 503
REQUEST_ID = "X-Request-Id"
DRY_RUN = "dry-run"  # a preference of ours (RFC 7240)
TOKEN_PATH = "/oauth/token"  # the only endpoint that takes a body without a bearer token
FORWARDED_HOST = "scim.forwarded_host"  # X-Forwarded-Host as it came, whatever links make of it
# Of the server program, for a view that waits: see scim/server/parking.py.
PARK = "scim.park"  # how to park the request: ``park(owner, is_ready, seconds, left)``
PARKED = "scim.parked"  # what the view left when it parked the request, which is asked again
PLAIN_ID = re.compile(r"[\w.:@/+=-]{1,128}", re.ASCII)
REQUEST = re.compile(rf" \[request {PLAIN_ID.pattern}\]\Z", re.ASCII)


def with_request(detail: str, request_id: str) -> str:
    """Return the detail of an error with the id of the request behind it, to look for in logs."""
    return f"{detail} [request {request_id}]"


def without_request(detail: str) -> str:
    """Return a detail as it was before ``with_request``."""
    return REQUEST.sub("", detail)


def wants_dry_run(prefer: str) -> bool:
    """Tell whether a Prefer header has the preference ``dry-run`` (RFC 7240 §2)."""
    named = (preference.partition(";")[0].partition("=")[0] for preference in prefer.split(","))
    return any(name.strip().lower() == DRY_RUN for name in named)


def request_id(sent: str) -> str:
    """Return the id of a request: the one that the client sent, or a new one if that is not plain.

    A plain id has 1 to 128 ASCII letters, digits and characters of ``_.:@/+=-``.
    """
    return sent if PLAIN_ID.fullmatch(sent) else token_hex(8)
