"""The URL by which a client reached the server, from the Host header (RFC 9110 §7.2)."""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import quote

# RFC 3986 §3.2.2, without the comma: WSGI joins two Host headers by one.
AUTHORITY = re.compile(
    r"(?P<name>\[(?P<address>[\w:.%~-]+)\]|([\w.~!$&'()*+;=-]|%[\dA-Fa-f]{2}){1,255})(:(?P<port>\d*))?",
    re.ASCII,
)
DEFAULT_PORTS = {"http": "80", "https": "443"}


@lru_cache
def root_url(scheme: str, host: str, root_path: str) -> str:
    """Return the URL before the base path; empty if a Host header is missing or not allowed.

    It is cached, as it takes six times as long otherwise.
    """
    name = authority(scheme, host)
    return f"{scheme}://{name}{quote(root_path, safe='/')}".rstrip("/") if name else ""


def authority(scheme: str, host: str) -> str:
    """Return a Host header without a port that needs no mention; empty if it is not allowed."""
    match = AUTHORITY.fullmatch(host)
    if match is None or not (_is_address(match["address"]) if match["address"] else _is_name(host)):
        return ""
    port = match["port"]
    if not port or port == DEFAULT_PORTS.get(scheme):
        return match["name"]
    return host if len(port) <= 5 and 0 < int(port) <= 65535 else ""


def _is_name(host: str) -> bool:
    """Tell whether the labels of a host name are as long as DNS has them (RFC 1035 §2.3.4)."""
    labels = host.partition(":")[0].removesuffix(".").split(".")
    return all(0 < len(label) <= 63 for label in labels)


def _is_address(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False
