"""Sans-I/O: where a request really comes from, when a proxy or a tunnel stands in between.

A tunnel's agent runs on this machine, so through it the whole internet comes from 127.0.0.1.
Forwarding headers tell more, but anybody can write them: they count only for what a trusted proxy
added. They never tell our own address; see :mod:`public_url`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDING_HEADERS: Final = frozenset(
    {
        "cf-connecting-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-forwarded",
        "x-real-ip",
    }
)
"""Headers that proxies add, besides all that begin with ``x-forwarded-``."""

_MOST_HOPS: Final = 16
_LONGEST: Final = 1024
_IPV6_HOME: Final = 64
"""Bits of an IPv6 address that one customer has; the rest is theirs to choose."""


def is_forwarded(header_names: Iterable[str]) -> bool:
    """Return whether a request came through a proxy or a tunnel: then it is not from this machine.

    The control listener asks this where it would let this machine in without a token.
    """
    names = (name.lower() for name in header_names)
    return any(one in FORWARDING_HEADERS or one.startswith("x-forwarded-") for one in names)


def is_straight(peer: str, header_names: Iterable[str]) -> bool:
    """Return whether a request is from a program on this machine.

    One through a proxy or a tunnel is not, nor one that a page in a browser makes: pages come from
    elsewhere.

    Args:
        peer: Other end of the socket.
        header_names: Names of the request's headers.

    """
    names = [name.lower() for name in header_names]
    address = _parse(peer)
    local = address is not None and address.is_loopback
    return local and not is_forwarded(names) and "origin" not in names


class TrustedProxies:
    """Knows whose word to take about where a request comes from.

    Args:
        networks: Addresses and networks of our own proxies: ``127.0.0.1``, ``10.0.0.0/8``; with a
            tunnel on this machine ``127.0.0.0/8`` and ``::1``.

    Raises:
        ValueError: One of them is no network.

    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in networks]

    def trusts(self, address: str) -> bool:
        """Return whether an address is one of our proxies."""
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: Sequence[str] = ()) -> str:
        """Return the address a request comes from.

        Each proxy appends whom it heard: read from the right, the first that is not ours is the
        client, and what stands left of it is what the client claims.

        Args:
            peer: Other end of the socket.
            forwarded_for: The ``X-Forwarded-For`` headers, in their order.

        """
        chain = ",".join(forwarded_for)
        nearest = peer
        if not chain or len(chain) > _LONGEST or not self.trusts(peer):
            return peer
        for hop in reversed(chain.split(",")[-_MOST_HOPS:]):
            address = _parse(hop)
            if address is None:
                return nearest
            nearest = str(address)
            if not self.trusts(nearest):
                return nearest
        return nearest


def address_group(address: str) -> str:
    """Return what counts as one address for caps: an IPv4 address, or an IPv6 customer (/64)."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_HOME), strict=False))
    return str(parsed) if parsed is not None else address


def _parse(address: str) -> Address | None:
    """Read an address, also with a port: ``1.2.3.4:5``, ``[::1]:5``."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
