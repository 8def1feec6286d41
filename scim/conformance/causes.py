"""One cause counts once: the first check that it breaks fails, the others name that check.

A cause is an endpoint that never does what it is asked, or a discovery document without something.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from .client import Exchange, NotJsonError
from .outcomes import Failure, Status, Unprepared

DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")
ABSENT = (404, 405, 501)
INTERNAL = " is answered 5"


def operation(exchange: Exchange, base_url: str) -> str:
    """Return the method and endpoint of a request: ``GET /Users/{id}``."""
    path = urlsplit(exchange.url).path.removeprefix(urlsplit(base_url).path)
    return f"{exchange.method} {re.sub(r'(?<=.)/(?!.search$).*', '/{id}', path)}"


class Causes:
    """What has failed so far, and the operations that have succeeded at least once."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.working: set[str] = set()
        self.known: dict[str, tuple[Status, str]] = {}

    def watch(self, exchanges: Iterable[Exchange]) -> None:
        """Note what has succeeded; an internal error of the same before is over."""
        done = {operation(each, self.base_url) for each in exchanges if 200 <= each.status < 300}
        self.working |= done
        for cause in [each for each in self.known if each.partition(INTERNAL)[0] in done]:
            del self.known[cause]

    def of_failure(self, failure: Failure) -> str:
        """Return why a request did not succeed, or '' if such a request has succeeded before.

        A server that worked and cannot create anything now may be broken for all later checks.
        """
        answer = failure.answer
        asked = operation(answer, self.base_url) if answer else ""
        is_down = answer and answer.status >= 500 and isinstance(failure, Unprepared)
        if answer is None or (asked in self.working and not is_down):
            return ""
        place = re.findall(r"/[^/]*", asked)[0]
        if answer.status in ABSENT and not any(f" {place}" in each for each in self.working):
            asked = f"each request to {place}"
        return f"{asked} is answered {answer.status}"

    def of_error(self, error: Exception, last: Exchange | None) -> str:
        """Return what is wrong with a document, or '' if it is none that all checks share."""
        if last is None:
            return ""
        asked = operation(last, self.base_url)
        if isinstance(error, NotJsonError):
            return f"{asked} is answered {last.status} without JSON"
        is_shared = asked.partition(" ")[2].startswith(DISCOVERY)
        said = describe(error).partition(" (")[0]
        return f"{asked}: {said}" if is_shared else ""

    def once(self, cause: str, title: str, status: Status, detail: str) -> tuple[Status, str]:
        """Return the outcome of a check that has failed; skipped, if its cause is known."""
        seen, where = self.known.get(cause, (None, ""))
        if cause and (seen is status or seen is Status.FAILED):
            return Status.SKIPPED, f"not checked: {cause}; see “{where}”"
        if cause:
            self.known[cause] = status, title
        return status, detail


def describe(error: Exception) -> str:
    """Return in words what is wrong with the structure of an answer."""
    match error:
        case NotJsonError():
            return str(error)
        case KeyError(args=(name,)):
            return f"there is no {name!r}"
        case IndexError():
            return "a list has too few elements"
    return f"its structure is not that of the RFC ({type(error).__name__}: {error})"
