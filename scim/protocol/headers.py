"""Headers that the endpoints and the server program have in common."""

import re
from dataclasses import dataclass
from secrets import token_hex

MEDIA_TYPE = "application/scim+json"
EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY_AFTER = 5  # seconds, beside most answers with the status 503
REQUEST_ID = "X-Request-Id"
DRY_RUN = "dry-run"  # a preference of ours (RFC 7240)
RESPOND_ASYNC = "respond-async"  # RFC 7240 §4.1, RFC 9967 §2.5.1.1
SET_TXN = "Set-Txn"  # RFC 9967 §3
SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
TOKEN_PATH = "/oauth/token"  # the only endpoint that takes a body without a bearer token
FOR_TENANT = "scim.tenant"  # of an application that embeds the server: the only tenant to open
PREFIX = "scim.prefix"  # likewise: the path below which it has what is beside the base path
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


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences in a Prefer header that are known here (RFC 7240).

    ``wait`` is the number of seconds that the client waits for an answer before it is told that the
    request goes on without it.
    """

    dry_run: bool = False
    respond_async: bool = False
    wait: int = 0

    @classmethod
    def of(cls, header: str) -> "Preferences":
        """Return the preferences in a header; of two with the same name the first counts (§2)."""
        found: dict[str, str] = {}
        for each in header.split(","):
            name, _, value = each.partition(";")[0].partition("=")
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
        wait = found.get("wait", "")
        return cls(
            DRY_RUN in found,
            RESPOND_ASYNC in found,
            int(wait) if SECONDS.fullmatch(wait) else 0,
        )


NO_PREFERENCES = Preferences()


def request_id(sent: str) -> str:
    """Return the id of a request: the one that the client sent, or a new one if that is not plain.

    A plain id has 1 to 128 ASCII letters, digits and characters of ``_.:@/+=-``.
    """
    return sent if PLAIN_ID.fullmatch(sent) else token_hex(8)
