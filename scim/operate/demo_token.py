"""The demo token, which everybody knows: for this machine and for tunnels, never in production."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scim.addresses import is_loopback, trusts
from scim.printing import printable
from scim.protocol.errors import UnauthorizedError
from scim.protocol.headers import FORWARDED_HOST
from scim.settings import Settings

from .tunnels import AGENT, THIS_MACHINE, kind_of, origins

GO_ON = (
    "set SCIM_TOKEN to a token of your own, or to none, so that only tokens of "
    "`python manage.py token issue` are accepted"
)
IN_PRODUCTION = f"SCIM_ENV=production refuses the demo token; on the server, {GO_ON}"
ELSEWHERE = (
    "the demo token is accepted on the server's own machine and through a tunnel only; "
    f"on the server, {GO_ON}"
)
WARNING = (
    "EVERYBODY KNOWS THE DEMO TOKEN. It is accepted on this machine, and through a tunnel also "
    f"from the internet. Before data of real people arrives, {GO_ON}."
)
PAUSE = 60  # seconds between two lines in the log about refused requests
ASKED = 5  # seconds for which an answer of ngrok's agent counts
MOST_TOLD = 10  # tunnels that the log names
# Headers in which proxies send the address of a client.
ADDRESSES = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REAL_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_TRUE_CLIENT_IP",
)
# Headers that proxies send beside them and X-Forwarded-Host: the client is on another machine.
OTHERS = ("HTTP_FORWARDED", "HTTP_VIA")
UNREADABLE = "?"  # in place of a header that is empty, as one is whose bytes are no text

logger = logging.getLogger("scim")


def why_refused(settings: Settings) -> str:
    """Return the line with which the server refuses to start; empty if it may start."""
    if not settings.has_demo_token:
        return ""
    if settings.is_production:
        return f"SCIM_TOKEN: SCIM_ENV=production refuses the demo token; {GO_ON}"
    if is_loopback(settings.host):
        return ""
    reached = f"everybody knows the demo token, and others can reach SCIM_HOST={settings.host}"
    return f"SCIM_TOKEN: {reached}; {GO_ON}"


class Came(NamedTuple):
    """How a request came: ``by`` a public host or address, or none if it is from this machine."""

    by: str
    is_served: bool


class DemoToken:
    """Decides about the requests of one process that come with the demo token.

    Nginx beside the server is a client on this machine, too. So every host and every address that a
    request names has to be this machine's, unless it came through a tunnel.
    """

    def __init__(self, settings: Settings, agent: str = AGENT) -> None:
        self._settings = settings
        self._origins = lru_cache(maxsize=1)(lambda _: origins(agent, settings))
        self._told: set[str] = set()  # tunnels
        self._refused = -float(PAUSE)  # when the log was told of a refused request

    def check(self, environ: Mapping[str, Any], host: str) -> None:
        """Check that the demo token opens the directory to a request for ``host``.

        :raises UnauthorizedError: it does not; the detail says what to change
        """
        if self._settings.is_production:
            self._refuse(host, IN_PRODUCTION)
        came = self._came(environ, host)
        if not came.is_served:
            self._refuse(came.by, ELSEWHERE)
        if came.by:
            self._tell(came.by)

    def serves(self, environ: Mapping[str, Any], host: str) -> bool:
        """Tell whether the demo token would open the directory to such a request."""
        return not self._settings.is_production and self._came(environ, host).is_served

    def _came(self, environ: Mapping[str, Any], host: str) -> Came:
        sent: Mapping[str, Any] = environ.get("werkzeug.proxy_fix.orig", environ)
        peer = sent.get("REMOTE_ADDR") or ""
        forwarded = environ.get(FORWARDED_HOST, environ.get("HTTP_X_FORWARDED_HOST"))
        hosts = sent.get("HTTP_HOST") or host, UNREADABLE if forwarded == "" else forwarded or ""
        public = [name for name in _names(",".join(hosts)) if not _is_here(name)]
        if public:
            is_tunnel = trusts(self._settings.trusted_proxies, peer)
            return Came(public[0], is_tunnel and all(map(self._is_tunnel, public)))
        told = (environ[name].strip() or UNREADABLE for name in ADDRESSES if name in environ)
        clients = ",".join((peer, *told)).strip(",")
        if _are_here(clients) and not any(name in environ for name in OTHERS):
            return Came("", is_served=True)
        return Came(clients, is_served=False)

    def _is_tunnel(self, name: str) -> bool:
        """Tell whether a name is a tunnel's; ngrok's agent knows domains of one's own."""
        if kind_of(name):
            return True
        known = self._origins(monotonic() // ASKED)
        return any(urlsplit(origin).hostname == name for origin in known)

    def _tell(self, name: str) -> None:
        if name not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(name)
            logger.warning("A request came through the tunnel %s. %s", printable(name), WARNING)

    def _refuse(self, came: str, detail: str) -> None:
        if monotonic() - self._refused >= PAUSE:
            self._refused = monotonic()
            logger.warning("The demo token was refused (%s): %s", printable(came[:300]), detail)
        raise UnauthorizedError(detail)


@lru_cache
def _names(hosts: str) -> tuple[str, ...]:
    """Return the names in Host headers, without ports, in lower case."""
    return tuple(_name(host.strip()) for host in hosts.split(",") if host.strip())


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or host
    except ValueError:
        return host


def _is_here(name: str) -> bool:
    return is_loopback(name) or name.endswith(".localhost") or name in THIS_MACHINE


@lru_cache
def _are_here(addresses: str) -> bool:
    """Tell whether all addresses are this machine's; a client by a socket file has none."""
    return all(is_loopback(each.strip()) for each in addresses.split(",") if each.strip())
