"""The cause of a failure, in a few words that complete a sentence."""

import re

from ..bodies import Reading
from ..exchange import Check, Exchange
from ..words import plain

IN_USE = re.compile(r"(.{1,200}?) is already in use")
FIRST = re.compile(r"^Operations\[0\]: (members: )?")
MEANT = re.compile(r"did you mean (\S{1,300})\?$")
WORDS = {
    405: "the endpoint does not take this method",
    408: "the request did not arrive in time",
    409: "a value in it is taken already",
    412: "it has been changed meanwhile",
    413: "the request is too large",
    415: "the body is not sent as SCIM JSON",
    429: "it sends too many requests",
    500: "the server failed; its log has the reason",
    501: "this server has no such thing",
    503: "the server cannot do it at the moment",
}
LONGEST = 120
DEMO_REFUSED = "the demo token is not accepted from there"


def failed_check(exchange: Exchange) -> Check | None:
    """Return the check for which a credential was rejected: the last that it did not pass.

    A token without Bearer is accepted, so the scheme counts only if nothing is wrong behind it, or
    if it is another one.
    """
    failed = [check for check in exchange.checks if not check.is_passed]
    scheme = next((check for check in failed if check.name == "scheme"), None)
    if scheme and not scheme.came.startswith("no scheme"):
        return scheme
    return failed[-1] if failed else None


def why(reading: Reading) -> str:
    """Return why the server refused a request: the fault, without the remedy behind it."""
    status = reading.exchange.status
    detail = reading.detail
    if status == 401:
        return DEMO_REFUSED if is_demo_token(reading) else _unknown(reading.exchange)
    if status == 409 and (found := IN_USE.match(detail)):
        return f"the {plain(found[1], 80)} is taken"
    if status in (405, 412, 500):
        return WORDS[status]
    if status == 404 and reading.id and not is_endpoint_missing(reading):
        return f"there is no such {reading.noun}"
    told = detail.partition("; ")[0].removeprefix("members: ")
    if len(reading.operations) == 1:
        told = FIRST.sub("", told)
    fault = plain(told, LONGEST)
    return fault or WORDS.get(status, f"the answer was {status}")


def is_endpoint_missing(reading: Reading) -> bool:
    """Tell whether a 404 is about the path, not about the resource."""
    is_below = reading.exchange.base and reading.resource_type and reading.id
    return reading.detail.startswith("this endpoint") or not is_below


def is_stray(reading: Reading) -> bool:
    """Tell whether a request was to no endpoint, or with a method that the endpoint does not take.

    A request outside the base path is one, unless it has no credential that is known.
    """
    status = reading.exchange.status
    is_missing = status == 404 and is_endpoint_missing(reading)
    return status == 405 or is_missing or not reading.exchange.base


def meant(reading: Reading) -> str:
    """Return the URL or path that a 404 says is meant; empty if it says none."""
    found = MEANT.search(reading.detail[:1000])
    return plain(found[1], 100) if found else ""


def is_demo_token(reading: Reading) -> bool:
    """Tell whether a 401 is about the demo token, which is right and not accepted from there."""
    return reading.exchange.status == 401 and "the demo token" in reading.detail[:100]


def _unknown(exchange: Exchange) -> str:
    if not exchange.request.header("Authorization"):
        is_outside = not exchange.base and exchange.path
        where = f"{plain(exchange.path, 80)} is outside the base path, and " if is_outside else ""
        return f"{where}the request has no token"
    check = failed_check(exchange)
    if check and check.name == "scheme":
        is_bare = check.came.startswith("no scheme")
        return "the word Bearer is missing" if is_bare else "the token does not follow Bearer"
    if check and check.name == "form":
        return f"the token has {plain(check.came.partition(' in ')[0], 80)}"
    if check and check.came.startswith("nothing"):
        return "the request has no token"
    return "the token is not known here"
