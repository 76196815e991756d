"""An HTTP server that listens, and that closes so that nobody who has just come in is forgotten.

A connection that is accepted in the turn in which CPython's asyncio server closes is never known to it, and
stays open until the garbage collector finds it.
"""

import asyncio
import errno
import socket
from typing import Final

from aiohttp import web

STEPS_IN: Final = 3
"""Turns of the event loop that it takes a connection that was accepted to be known to its server."""


class Listening:
    """Serve an application. What is under way when it stops has `shutdown_s` seconds to end."""

    def __init__(self, app: web.Application, shutdown_s: float = 60.0) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_s)
        self._doors: list[socket.socket] = []

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; 0 takes any that is free. Raises OSError where it is taken."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((one[0], one[4][:2]) for one in found):
            try:
                door = socket.create_server(address, family=family)
            except OSError as trouble:
                # A name may stand for addresses of a kind that this machine has not.
                if trouble.errno != errno.EAFNOSUPPORT:
                    raise
                continue
            door.setblocking(False)
            self._doors.append(door)
            await web.SockSite(self._runner, door).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Let in whole who has just come in, finish what is under way, and stop listening."""
        for door in self._doors:
            asyncio.get_running_loop().remove_reader(door)
        for _ in range(STEPS_IN):
            await asyncio.sleep(0)
        self._doors.clear()
        await self._runner.cleanup()
