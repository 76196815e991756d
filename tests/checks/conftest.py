"""What the tests of checks share: a server that is asked, and sessions that may ask it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.outgoing import networks, outgoing
from tests.checks.server import Asked, serving


@pytest.fixture
async def server() -> AsyncIterator[Asked]:
    """A server on the loopback."""
    async with serving() as asked:
        yield asked


@pytest.fixture
async def inside() -> AsyncIterator[aiohttp.ClientSession]:
    """A session that may ask the loopback, and is not patient."""
    async with outgoing(networks("127.0.0.0/8"), aiohttp.ClientTimeout(total=0.5)) as session:
        yield session


@pytest.fixture
async def outward() -> AsyncIterator[aiohttp.ClientSession]:
    """A session that may ask nothing but public addresses."""
    async with outgoing((), aiohttp.ClientTimeout(total=0.5)) as session:
        yield session
