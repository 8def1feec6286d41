"""Probes: ``/healthz`` tells that the process answers, ``/readyz`` that it can serve.

They need no token and show no secret. A probe every second would flood the log and the recorded
exchanges, so neither has them.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from scim.protocol.headers import EVERY_ANSWER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEALTH, READINESS = "/healthz", "/readyz"
PROBE_METHODS = ("GET", "HEAD")
OK = "ok"
STATUSES = {OK: "200 OK"}
FAILED = "503 Service Unavailable"


def with_probes(application: "WSGIApplication", failed: Callable[[], str]) -> "WSGIApplication":
    """Return ``application`` with both probes, for GET and HEAD.

    The text of an answer is ``ok``, or with the status 503 the word that ``failed`` returns for
    what is not ready; an empty one stands for nothing.
    """
    probes: dict[str, Callable[[], str]] = {HEALTH: str, READINESS: failed}

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        probe = probes.get(environ["PATH_INFO"])
        if probe is None or environ["REQUEST_METHOD"] not in PROBE_METHODS:
            return application(environ, start_response)
        said = probe() or OK
        text = f"{said}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text))}
        start_response(STATUSES.get(said, FAILED), list((headers | EVERY_ANSWER).items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]

    return serve
