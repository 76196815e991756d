"""A server in place of a provider, whose answers can be broken, lost, or slow."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Fault:
    """What becomes of the calls to come: of those of a method whose path has some text in it, or of all."""

    answer: Callable[[], web.Response] | None
    method: str
    path: str
    times: int
    done: bool
    """Whether the call has its effect before the answer goes wrong."""


class Faulty(ABC):
    """A provider that keeps all calls. Each answer takes `slow_s` seconds."""

    def __init__(self) -> None:
        self.slow_s = 0.0
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.url = ""

    def fails(
        self, answer: Callable[[], web.Response], method: str = "", path: str = "", times: int = 1
    ) -> None:
        """Refuse the next calls, without any effect."""
        self.faults.append(Fault(answer, method, path, times, done=False))

    def loses(self, method: str, path: str, times: int = 1) -> None:
        """Do what the next calls ask, and lose the answer."""
        self.faults.append(Fault(None, method, path, times, done=True))

    def count(self, call: str) -> int:
        """Return how many calls there were whose method and path have some text in them."""
        return sum(call in one for one in self.calls)

    @abstractmethod
    async def _routed(self, request: web.Request) -> web.Response:
        """Do what a call asks, and answer it."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        await asyncio.sleep(self.slow_s)
        fault = next((f for f in self.faults if f.times and self._fits(f, request)), None)
        if fault:
            fault.times -= 1
            if not fault.done:
                assert fault.answer is not None
                return fault.answer()
        answer = await self._routed(request)
        if fault:
            assert request.transport is not None
            request.transport.close()
            await asyncio.sleep(0)
        return answer

    def _fits(self, fault: Fault, request: web.Request) -> bool:
        return fault.method in ("", request.method) and fault.path in request.path


@asynccontextmanager
async def listening(server: Faulty, port: int = 0) -> AsyncIterator[None]:
    """Have a server listen on this machine, at a port that is free."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server._answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    # A test that fails must leave nothing open, for which others would be blamed.
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield
    finally:
        await runner.cleanup()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
