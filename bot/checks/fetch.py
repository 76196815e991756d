"""Asking an address, and saying in plain words what went wrong."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from bot.checks.source import Unreadable
from bot.outgoing import Forbidden, TooLarge

TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
"""For the whole of an answer, so that one that comes drop by drop ends as well."""
LARGEST: Final = 1 << 20
"""Bytes of an answer."""


@asynccontextmanager
async def fetched(
    session: aiohttp.ClientSession, url: URL, headers: Mapping[str, str] | None = None
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask an address by GET, and follow no redirect. Raises Unreadable, also for what goes wrong within."""
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            yield response
    except TimeoutError:
        raise Unreadable(f"no whole answer within {session.timeout.total:g} seconds") from None
    except TooLarge:
        raise Unreadable(f"the answer has more than {LARGEST:,} bytes") from None
    except aiohttp.ClientConnectorDNSError:
        raise Unreadable(f"there is no name {url.host}") from None
    except aiohttp.ClientConnectorCertificateError:
        raise Unreadable(f"the certificate of {url.host} is not accepted") from None
    except aiohttp.ClientSSLError:
        raise Unreadable(f"{url.host} does not speak HTTPS at port {url.port}") from None
    except aiohttp.ClientConnectorError as fault:
        raise Unreadable(_unconnected(url, fault.os_error)) from None
    except aiohttp.InvalidURL:
        raise Unreadable("its address is none") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise Unreadable("the answer broke off, or is not HTTP") from None


def answered(response: aiohttp.ClientResponse) -> str:
    """Return the status of an answer, such as `answered 503 Service Unavailable`."""
    reason = "".join(c for c in response.reason or "" if c.isprintable())[:60]
    return f"answered {response.status} {reason}".rstrip()


def _unconnected(url: URL, fault: OSError) -> str:
    if isinstance(fault, Forbidden):
        return str(fault.strerror).rstrip(".")
    return f"{url.host} takes no connection at port {url.port}"
