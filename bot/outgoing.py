"""HTTP to addresses that come from outside, such as a URL in a runbook: only to public ones, unless allowed.

The address is looked at when a socket to it is made, after its name was resolved. So neither a name that
leads inwards, nor one that does so the second time it is asked for, nor a redirect gets around it.
"""

import errno
import socket
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

import aiohttp

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

NAT64: Final = ip_network("64:ff9b::/96")
"""Addresses that lead to one of IPv4, which their last 32 bits are (RFC 6052)."""
INWARDS: Final = tuple(map(ip_network, ("64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))
"""Addresses that may lead to any of IPv4 and are for nobody outside: NAT64 within a network (RFC 8215), what
was compatible with IPv4 (RFC 4291), and what is translated without state (RFC 2765)."""


class Forbidden(OSError):
    """An address is not public, and nobody has allowed it."""


class TooLarge(Exception):
    """An answer is larger than it may be."""


def networks(text: str) -> Networks:
    """Return the networks and single addresses of a setting, parted by commas. Raises ValueError."""
    return tuple(ip_network(one) for one in filter(None, map(str.strip, text.split(","))))


def is_public(address: Address) -> bool:
    """Return whether an address is one that everybody can reach, also where it wraps another."""
    if isinstance(address, IPv6Address):
        if (inner := _inner(address)) is not None:
            return is_public(inner)
        if address.is_site_local or any(address in network for network in INWARDS):
            return False
    return address.is_global and not address.is_multicast


def outgoing(allowed: Networks, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """Return a session that connects to public addresses and to those in `allowed`, through no proxy.

    A call to any other raises aiohttp.ClientConnectorError, whose text says what is forbidden.
    """
    connector = aiohttp.TCPConnector(socket_factory=partial(_socket, allowed), happy_eyeballs_delay=None)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)


async def read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body of an answer, of at most `limit` bytes once it is unpacked. Raises TooLarge."""
    body = bytearray()
    async for part in response.content.iter_chunked(1 << 16):
        body += part
        if len(body) > limit:
            raise TooLarge(f"The answer has more than {limit:,} bytes.")
    return bytes(body)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the address of IPv4 that one of IPv6 leads to."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _socket(allowed: Networks, info: tuple[Any, ...]) -> socket.socket:
    family, kind, proto, _, (host, *_) = info
    address = ip_address(str(host).partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if not is_public(address) and not any((mapped or address) in network for network in allowed):
        raise Forbidden(
            errno.EACCES,
            f"{address} is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE.",
        )
    return socket.socket(family, kind, proto)
