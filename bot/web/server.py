"""The HTTP server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

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
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; 0 asks for any that is free."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Finish what is under way and stop listening."""
        await self._runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        parts = await self._healthy()
        return web.json_response(dict(parts), status=200 if all(parts.values()) else 503)
