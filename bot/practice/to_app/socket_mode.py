"""Socket Mode: up to ten connections of the app, and envelopes that each go to one of them."""

import asyncio
import itertools
import json
import secrets
import time
from typing import Literal

from aiohttp import WSMsgType, web

from bot.practice.cast import APP_ID
from bot.practice.shapes import Json
from bot.practice.to_app.answers import ACK_SECONDS, Answer

CONNECTIONS = 10
Kind = Literal["slash_commands", "interactive", "events_api"]
Parting = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


class Sockets:
    """Keep the app's connections and wait for its acknowledgements."""

    def __init__(self) -> None:
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[object]] = {}
        self._turn = itertools.count()

    @property
    def connected(self) -> bool:
        return bool(self._open)

    def ticket(self) -> str:
        """Give out the secret of one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak Socket Mode over one connection until it ends."""
        ticket = request.match_info["ticket"]
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="This ticket is not known or was used.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        if len(self._open) >= CONNECTIONS:
            await socket.send_json(_parting("too_many_websockets"))
            await socket.close()
            return socket
        self._open.append(socket)
        try:
            await socket.send_json(self._hello())
            await self._listen(socket)
        finally:
            self._forget(socket)
        return socket

    async def send(self, kind: Kind, payload: Json, *, attempt: int = 0, reason: str = "") -> Answer:
        """Send an envelope to one connection and wait three seconds for its acknowledgement."""
        started = time.perf_counter()
        envelope_id = payload.get("event_id") or secrets.token_hex(16)
        acknowledged: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acknowledged
        try:
            if not await self._sent(_envelope(envelope_id, kind, payload, attempt, reason)):
                return Answer.failed("connection_failed", started)
            body = await asyncio.wait_for(acknowledged, ACK_SECONDS)
        except TimeoutError:
            return Answer.failed("http_timeout", started)
        finally:
            self._waiting.pop(envelope_id, None)
        return Answer.given(200, body, started)

    async def ask_to_reconnect(self, reason: Parting) -> None:
        """Send a `disconnect` frame to each connection; after all but a warning it gets no more envelopes."""
        for socket in list(self._open):
            await socket.send_json(_parting(reason))
            if reason != "warning":
                self._forget(socket)

    async def close(self) -> None:
        """End all connections."""
        for socket in list(self._open):
            await socket.close()

    async def _sent(self, envelope: Json) -> bool:
        """Give the envelope to the connection whose turn it is; one that has died is passed over."""
        while self._open:
            socket = self._open[next(self._turn) % len(self._open)]
            try:
                await socket.send_json(envelope)
            except ConnectionError:
                self._forget(socket)
            else:
                return True
        return False

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._take(message.data)

    def _take(self, text: str) -> None:
        try:
            frame = json.loads(text)
            acknowledged = self._waiting.get(frame["envelope_id"])
        except (ValueError, KeyError, TypeError):
            return
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(frame.get("payload", ""))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "practice", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }


def _parting(reason: Parting) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "practice"}}


def _envelope(envelope_id: str, kind: Kind, payload: Json, attempt: int, reason: str) -> Json:
    envelope = {
        "envelope_id": envelope_id,
        "type": kind,
        "payload": payload,
        "accepts_response_payload": kind != "events_api",
    }
    return envelope | {"retry_attempt": attempt, "retry_reason": reason} if kind == "events_api" else envelope
