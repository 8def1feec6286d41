"""The headers of a proxy: believed only from an address that SCIM_TRUSTED_PROXIES lists."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from scim.addresses import trusts
from scim.protocol.headers import FORWARDED_HOST
from scim.settings import BASE_PATH

from .hosts import authority

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDED = {f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PREFIX")}
SCHEMES = ("http", "https")


def behind_proxies(application: "WSGIApplication", trusted: str) -> "WSGIApplication":
    """Return ``application`` as a client of a trusted proxy sees it, by X-Forwarded headers.

    Nobody else's headers count. A request without these headers skips everything here.
    """
    proxied = ProxyFix(application, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if FORWARDED.isdisjoint(environ) or not trusts(trusted, environ.get("REMOTE_ADDR", "")):
            return application(environ, start_response)
        _drop_unusable(environ)
        return proxied(environ, start_response)

    return serve


def client_of(trusted: str, address: str, forwarded: str) -> str:
    """Return the address of a client, by the X-Forwarded-For header of a trusted proxy."""
    last = forwarded.rpartition(",")[2].strip()
    return last if last and trusts(trusted, address) else address


def _drop_unusable(environ: "WSGIEnvironment") -> None:
    """Remove a prefix that is no path, and a scheme or host that no link of this server has."""
    if not BASE_PATH.fullmatch(environ.get("HTTP_X_FORWARDED_PREFIX", "")):
        environ.pop("HTTP_X_FORWARDED_PREFIX", None)
    scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
    if scheme in SCHEMES:
        environ["HTTP_X_FORWARDED_PROTO"] = scheme
    if (sent := environ.pop("HTTP_X_FORWARDED_HOST", None)) is None:
        return
    environ[FORWARDED_HOST] = sent
    host = sent.rpartition(",")[2].strip()
    if authority(scheme, host):
        environ["HTTP_X_FORWARDED_HOST"] = host
