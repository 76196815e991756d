"""The stream of changes: server-sent events that tell a page what to read again."""

import asyncio
import json

from aiohttp import web

from bot.practice.control.outlook import sees
from bot.practice.shapes import Impossible, Json
from bot.practice.workspace import Change, Workspace

QUIET_SECONDS = 15.0


class Streams:
    """Serve `/_control/stream`, one queue for each page that listens."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._queues: set[asyncio.Queue[Change | None]] = set()
        workspace.listeners.append(self._tell)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send each change that the person may know of, and a comment when nothing happens for long."""
        try:
            user = self._workspace.person(request.query.get("user", "ana")).id
        except Impossible as impossible:
            return web.json_response({"ok": False, "error": str(impossible)}, status=impossible.status)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            await response.write(b": listening\n\n")
            while (line := await self._next(queue, user)) is not None:
                await response.write(line)
        except ConnectionError:
            pass
        finally:
            self._queues.discard(queue)
        return response

    def close(self) -> None:
        """End all streams."""
        for queue in self._queues:
            queue.put_nowait(None)

    def _tell(self, change: Change) -> None:
        for queue in self._queues:
            queue.put_nowait(change)

    async def _next(self, queue: asyncio.Queue[Change | None], user: str) -> bytes | None:
        try:
            change = await asyncio.wait_for(queue.get(), QUIET_SECONDS)
        except TimeoutError:
            return b": still here\n\n"
        if change is None:
            return None
        if not self._concerns(user, change):
            return b""
        return f"data: {json.dumps(_told(change))}\n\n".encode()

    def _concerns(self, user: str, change: Change) -> bool:
        if change.user is not None and change.what in ("view", "home", "read"):
            return change.user == user
        channel = self._workspace.channels.get(change.channel or "")
        return channel is None or sees(self._workspace.people[user], channel)


def _told(change: Change) -> Json:
    told: Json = {"version": change.version, "what": change.what}
    return told | ({"channel": change.channel} if change.channel else {})
