"""Tunnels: the public address by which an identity provider reaches this server.

ngrok's agent on this machine is asked; other tunnels show in the requests that come through them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from scim.addresses import is_loopback
from scim.explain.exchange import Exchange
from scim.settings import Settings

AGENT = "http://127.0.0.1:4040"  # only this address is ever asked
SECONDS = 1.0  # that the agent has to answer
LONGEST = 1_000_000  # bytes of its answer
HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,250}(:\d{1,5})?", re.ASCII)
THIS_MACHINE = ("0.0.0.0", "::", "host.docker.internal", "host.containers.internal")
ENDINGS: Mapping[str, str] = {
    "ngrok-free.app": "ngrok",
    "ngrok-free.dev": "ngrok",
    "ngrok.app": "ngrok",
    "ngrok.dev": "ngrok",
    "ngrok.io": "ngrok",
    "trycloudflare.com": "cloudflared",
    "ts.net": "Tailscale Funnel",
    "devtunnels.ms": "VS Code",
    "app.github.dev": "Codespaces",
    "gitpod.io": "Gitpod",
    "serveo.net": "serveo",
    "serveousercontent.com": "serveo",
    "lhr.life": "localhost.run",
    "loca.lt": "localtunnel",
    "pinggy.link": "Pinggy",
    "zrok.io": "zrok",
}
# The field of each provider that has the address.
FIELDS: Mapping[str, str] = {
    "Okta": "Base URL",
    "Entra ID": "Tenant URL",
    "OneLogin": "SCIM Base URL",
    "JumpCloud": "Base URL",
    "Google": "Endpoint URL",
    "authentik": "URL",
}


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel to this server: ``kind`` names its program, ``origin`` is its public address."""

    kind: str
    origin: str


def kind_of(host: str) -> str:
    """Return the program whose tunnels have such a host; empty if it is none that is known."""
    name = host.partition(":")[0]
    return next((kind for end, kind in ENDINGS.items() if name.endswith(f".{end}")), "")


def passed(exchange: Exchange) -> Tunnel | None:
    """Return the tunnel through which an exchange came, by its headers.

    Anybody can send any header, so only a request with a token of this server counts.
    """
    if not exchange.tenant:
        return None
    headers = exchange.request.header
    for name in ("Host", "X-Forwarded-Host"):
        host = headers(name).partition(",")[0].strip().lower()
        if HOST.fullmatch(host) and (kind := kind_of(host)):
            return Tunnel(kind, f"https://{host}")
    return None


def ask_ngrok(agent: str, settings: Settings) -> Tunnel | None:
    """Return the tunnel of ngrok's agent that leads to the server; None if there is none."""
    urls = origins(agent, settings)
    return Tunnel("ngrok", min(urls, key=lambda url: not url.startswith("https"))) if urls else None


def origins(agent: str, settings: Settings) -> list[str]:
    """Return the public addresses of the tunnels of ngrok's agent that lead to the server."""
    import httpx2  # noqa: PLC0415 - a tenth of the time of a start, and few servers need it

    try:
        told = json.loads(_received(f"{agent}/api/tunnels"))
        listed = told["tunnels"]
        found = [each["public_url"] for each in listed if _leads_here(each, settings)]
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [each for each in found if isinstance(each, str) and _is_origin(each)]


def _received(url: str) -> bytes:
    import httpx2  # noqa: PLC0415

    ends = monotonic() + 2 * SECONDS
    received = b""
    plain = httpx2.HTTPTransport(verify=False, trust_env=False)  # to read certificates takes long
    with (
        httpx2.Client(timeout=SECONDS, transport=plain, follow_redirects=False) as client,
        client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
    ):
        for part in answer.iter_bytes():
            received += part
            if len(received) > LONGEST or monotonic() > ends:
                raise ValueError("that is not ngrok's agent")
    return received


def _leads_here(tunnel: Any, settings: Settings) -> bool:
    """Tell whether a tunnel has the server's port: ``5000``, ``http://localhost:5000``."""
    address = str(tunnel["config"]["addr"])
    address = f"localhost:{address}" if address.isdecimal() else address
    parts = urlsplit(address if "://" in address else f"http://{address}")
    host = parts.hostname or ""
    is_here = is_loopback(host) or host in (*THIS_MACHINE, settings.host)
    return is_here and (parts.port or {"https": 443}.get(parts.scheme, 80)) == settings.port


def _is_origin(url: str) -> bool:
    scheme, _, host = url.partition("://")
    return scheme in ("http", "https") and bool(HOST.fullmatch(host))


@dataclass(frozen=True, slots=True)
class Use:
    """The last request that a provider sent through a tunnel."""

    provider: str
    origin: str
    at: str


def uses(exchanges: Iterable[Exchange]) -> list[Use]:
    """Return the last use of a tunnel by each provider; the newest exchange comes first."""
    found: dict[str, Use] = {}
    for exchange in exchanges:
        if exchange.provider not in found and (tunnel := passed(exchange)):
            found[exchange.provider] = Use(exchange.provider, tunnel.origin, exchange.at)
    return list(found.values())


def announcement(
    current: Tunnel | None, before: Tunnel | None, stale: Sequence[Use], base_path: str
) -> Iterator[str]:
    """Yield the lines for the terminal when the address has changed."""
    if current is None:
        if before:
            yield f"The tunnel {before.origin} has ended: nobody reaches the server through it now."
        return
    yield f"Public: {current.origin}{base_path} - paste this into Okta"
    known = [each for each in stale if each.provider in FIELDS]
    for each in known:
        field = f"{each.provider}: {FIELDS[each.provider]}"
        yield f"The address has changed. {field} still has {each.origin}{base_path}"
    if before and not known:
        fields = ", ".join(f"{name}: {FIELDS[name]}" for name in ("Okta", "Entra ID"))
        yield f"The address was {before.origin}{base_path}. Replace it where it is ({fields})"
