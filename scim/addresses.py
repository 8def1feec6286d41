"""Addresses: of this machine, of proxies that are trusted, and of the public internet."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def check_addresses(host: str, trusted_proxies: str) -> None:
    """Check SCIM_HOST and SCIM_TRUSTED_PROXIES.

    :raises ValueError: one of them cannot be used
    """
    try:
        host.encode("idna")
    except ValueError as error:
        raise ValueError(f"SCIM_HOST cannot be used: {error}") from None
    try:
        networks(trusted_proxies)
    except ValueError as error:
        raise ValueError(f"SCIM_TRUSTED_PROXIES cannot be used: {error}") from None


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


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet, and leads to no private network.

    An IPv6 address that stands for an IPv4 address is as public as that one.
    """
    try:
        return all(map(_is_public, _meant(ip_address(address))))
    except ValueError:
        return False


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address.is_link_local
    return address.is_global and not is_special and not getattr(address, "is_site_local", False)


def _meant(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Yield the IPv4 addresses in an IPv6 address; the address itself if it has none."""
    if isinstance(address, IPv4Address):
        yield address
        return
    in_teredo = address.teredo or ()
    in_nat64 = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    inside = [each for each in (address.ipv4_mapped, address.sixtofour, in_nat64) if each]
    yield from [*inside, *in_teredo] or [address]
