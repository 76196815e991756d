"""A server that closes leaves nothing open, whoever has just come in."""

import asyncio
import gc
import socket

import pytest
from aiohttp import web

from bot.listening import Listening


@pytest.mark.parametrize("steps", range(5))
def test_who_comes_in_while_it_closes_leaves_nothing_open(steps: int) -> None:
    async def comes_in() -> None:
        listening = Listening(web.Application(), 0.5)
        port = await listening.start("127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", port)):
            for _ in range(steps):
                await asyncio.sleep(0)
            await listening.stop()

    asyncio.run(comes_in())
    # What was left open would be told of here, and fails the test.
    gc.collect()


async def test_a_port_that_is_taken_is_told_at_once() -> None:
    one, other = Listening(web.Application()), Listening(web.Application())
    port = await one.start("127.0.0.1", 0)
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        await other.start("127.0.0.1", port)
    await other.stop()
    await one.stop()


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "127.0.0.1", ""])
async def test_it_is_reached_at_whatever_it_listens_at(host: str) -> None:
    listening = Listening(web.Application())
    port = await listening.start(host, 0)
    socket.create_connection(("127.0.0.1", port)).close()
    await listening.stop()
