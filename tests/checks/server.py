"""A server that is asked for checks: it answers as it was told to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Asked:
    """A server on the loopback. `answer` is what it does with whatever it is asked."""

    address: str = ""
    answer: Answer = field(default_factory=lambda: says("fine"))
    heard: list[str] = field(default_factory=list)
    """The paths that it was asked for, as they came over the wire."""

    async def until_heard(self, times: int) -> None:
        """Wait until it was asked so many times."""
        async with asyncio.timeout(8):
            while len(self.heard) < times:
                await asyncio.sleep(0.01)

    @property
    def port(self) -> str:
        """The port on which it listens."""
        return self.address.rpartition(":")[2]


@asynccontextmanager
async def serving() -> AsyncIterator[Asked]:
    """Serve until the block is left."""
    asked = Asked()

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.heard.append(request.raw_path)
        return await asked.answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asked.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield asked
    await runner.cleanup()


def says(text: str, status: int = 200, kind: str = "text/plain") -> Answer:
    """Answer with a text."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=kind)

    return answer


def tells(content: object, status: int = 200) -> Answer:
    """Answer with JSON."""
    return says(json.dumps(content), status, "application/json")


def gives(*values: str) -> Answer:
    """Answer as Prometheus does to an instant query that gives so many series."""
    series = [{"metric": {"pod": str(n)}, "value": [1_790_000_000.1, v]} for n, v in enumerate(values)]
    return tells({"status": "success", "data": {"resultType": "vector", "result": series}})


def leads_to(address: str) -> Answer:
    """Answer with a redirect."""

    async def answer(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(address)

    return answer


def drips(kind: str = "application/json") -> Answer:
    """Answer drop by drop, and never to the end."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    return answer


def hangs() -> Answer:
    """Take the question, and say nothing."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    return answer


def floods(kind: str = "application/json") -> Answer:
    """Answer with more than anybody wants to read, packed small."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.Response(text=" " * (1 << 24), content_type=kind)
        response.enable_compression()
        return response

    return answer


def breaks_off() -> Answer:
    """Announce more than is said."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"fine")
        assert request.transport is not None
        request.transport.close()
        return response

    return answer
