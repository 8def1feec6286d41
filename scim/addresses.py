"""Addresses: of this machine, and of proxies that are trusted."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


@lru_cache(maxsize=1)
def networks(listed: str) -> list[IPv4Network | IPv6Network]:
    """Return the networks in a list as in SCIM_TRUSTED_PROXIES.

    :raises ValueError: one of them is none
    """
    return [ip_network(each.strip()) for each in listed.split(",")]


@lru_cache
def trusts(listed: str, address: str) -> bool:
    """Tell whether a list as in SCIM_TRUSTED_PROXIES has an address; cached, as it takes 20 µs.

    A client that comes by a socket file has no address; it is on this machine.
    """
    try:
        found = ip_address(address or "127.0.0.1")
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks(listed))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host: ``localhost`` or an address."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
