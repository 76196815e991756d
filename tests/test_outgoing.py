"""HTTP to addresses from outside goes to public ones, and inwards only where that is allowed."""

from collections.abc import AsyncIterator
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp import web

from bot.outgoing import TooLarge, is_public, networks, outgoing, read

TIMEOUT = aiohttp.ClientTimeout(total=10)
LOOPBACK = networks("127.0.0.0/8, ::1")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Return the port of a server on the loopback of both protocols."""

    async def hello(request: web.Request) -> web.StreamResponse:
        return web.Response(text="hello" * 100)

    async def away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"http://127.0.0.2:{request.url.port}/hello")

    app = web.Application()
    app.router.add_get("/hello", hello)
    app.router.add_get("/away", away)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"]
)
async def test_however_it_is_written_the_loopback_is_forbidden(port: int, host: str) -> None:
    async with outgoing((), TIMEOUT) as session:
        with pytest.raises(aiohttp.ClientError, match=r"is not a (public|canonical IPv4) address"):
            await session.get(f"http://{host}:{port}/hello")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_what_is_allowed_is_reached(port: int, host: str) -> None:
    async with outgoing(LOOPBACK, TIMEOUT) as session:
        response = await session.get(f"http://{host}:{port}/hello")
        assert await read(response, 500) == b"hello" * 100


async def test_a_redirect_is_looked_at_like_any_address(port: int) -> None:
    async with outgoing(networks("127.0.0.1"), TIMEOUT) as session:
        with pytest.raises(aiohttp.ClientConnectorError, match=r"127\.0\.0\.2 is not a public address"):
            await session.get(f"http://127.0.0.1:{port}/away")


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(port: int) -> None:
    async with outgoing(LOOPBACK, TIMEOUT) as session:
        response = await session.get(f"http://127.0.0.1:{port}/hello")
        with pytest.raises(TooLarge, match="more than 499 bytes"):
            await read(response, 499)


@pytest.mark.parametrize(
    "inward",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::", "::1", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1",
        "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::808:808", "::127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1", "2002:a00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_leads_inwards_is_not_public(inward: str) -> None:
    assert not is_public(ip_address(inward))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "140.82.121.4", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8 has host bits set"):
        networks("10.0.0.1/8")
