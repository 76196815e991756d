"""The HTTP server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from bot.listening import Listening

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY: Final = 1_000_000
"""Bytes. A click carries the message that it was made in; Slack's largest views have 250 KB."""


class WebServer:
    """Serve health, and whatever else is handed in by path."""

    def __init__(
        self,
        healthy: Callable[[], Awaitable[Mapping[str, bool]]],
        posts: Mapping[str, Handler],
        gets: Mapping[str, Handler],
    ) -> None:
        self._healthy = healthy
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_get("/healthz", self._health)
        for path, handler in gets.items():
            app.router.add_get(path, handler)
        for path, handler in posts.items():
            app.router.add_post(path, handler)
        self._listening = Listening(app)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; 0 asks for any that is free."""
        return await self._listening.start(host, port)

    async def stop(self) -> None:
        """Finish what is under way and stop listening."""
        await self._listening.stop()

    async def _health(self, request: web.Request) -> web.Response:
        parts = await self._healthy()
        return web.json_response(dict(parts), status=200 if all(parts.values()) else 503)
