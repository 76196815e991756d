"""A receiver that checks what it is sent by the rules of Standard Webhooks, and goes wrong when it is told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.release.ids import ReleaseKey

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Got:
    """One request: the id by which it is told from others, and the event in it."""

    id: str
    event: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, int]:
        return self.event["subject"], int(self.event["sequence"])


Fault = Callable[[web.Request], Any]


class Receiver:
    """Take events. `now` is its clock, by which a message must not be old."""

    def __init__(self, now: Callable[[], datetime], secret: str = SECRET) -> None:
        self.now = now
        self.keys = [base64.b64decode(secret.removeprefix("whsec_"))]
        self.asked: list[Got] = []
        """All requests, also those that were not taken."""
        self.taken: list[Got] = []
        self.faults: list[Fault] = []
        self.always: Callable[[Got], Fault | None] = lambda got: None
        self.url = ""

    def fails(self, *faults: Fault) -> None:
        """Answer the next requests so, one each."""
        self.faults += faults

    def taken_of(self, key: str) -> list[int]:
        """Return the numbers of the events that were taken of a release, in the order in which they came."""
        return [got.place[1] for got in self.taken if got.place[0] == key]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if trouble := self._forged(request, body):
            return web.Response(status=401, text=trouble)
        assert request.content_type == "application/cloudevents+json"
        got = Got(request.headers["webhook-id"], json.loads(body))
        self.asked.append(got)
        fault = self.faults.pop(0) if self.faults else self.always(got)
        if fault is None:
            self.taken.append(got)
            return web.Response(status=204)
        if fault is resets:
            self.taken.append(got)
        answer: web.StreamResponse = await fault(request)
        return answer

    def _forged(self, request: web.Request, body: bytes) -> str:
        """Return why a message is not from whom it says, by the rules of Standard Webhooks."""
        try:
            id_, second, signatures = (
                request.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
            )
            at = int(second)
        except (KeyError, ValueError) as trouble:
            return f"headers: {trouble!r}"
        if abs(self.now().timestamp() - at) > TOLERANCE.total_seconds():
            return "old"
        content = f"{id_}.{second}.".encode() + body
        good = {
            base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in self.keys
        }
        given = {part.partition(",")[2] for part in signatures.split(" ") if part.startswith("v1,")}
        return "" if good & given else "signature"


def says(status: int, text: str = "", **headers: str) -> Fault:
    """Answer with a status; `Retry_After` is the header Retry-After."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(
            status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    return answer


async def resets(request: web.Request) -> web.StreamResponse:
    """Take it, and break the connection off before it is answered."""
    assert request.transport is not None
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


async def hangs(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(60)
    return web.Response()


@asynccontextmanager
async def receiving(receiver: Receiver, port: int = 0) -> AsyncIterator[Receiver]:
    """Serve a receiver until the block is left."""
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/events", receiver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def in_order(taken: list[Got]) -> Iterator[str]:
    """Return what is wrong with the order: an event that was first taken before the one that it follows."""
    seen: dict[str, list[int]] = {}
    for got in taken:
        key, seq = got.place
        mine = seen.setdefault(key, [])
        if seq in mine:
            continue
        if mine and seq != mine[-1] + 1:
            yield f"{key}: {seq} came after {mine[-1]}"
        mine.append(seq)


def key(number: int, service: str = "checkout") -> ReleaseKey:
    return ReleaseKey(f"{service}-{number}")
