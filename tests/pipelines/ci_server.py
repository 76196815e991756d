"""A server that runs what it is asked for by signed requests, and reports it, as a Jenkins can be made to."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.signing import Key
from tests.pipelines.faulty import Faulty

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class CI(Faulty):
    """What runs elsewhere. It does the same request once, and never what is not signed.

    What it answers is `answer`, and to who asks it to stop `stops`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key = Key.read(SECRET)
        self.ids: list[str] = []
        self.asked: list[Mapping[str, Any]] = []
        self.told_to_stop: list[str] = []
        self.answer: Callable[[], web.Response] = lambda: web.json_response(
            {"link": f"https://ci.acme.example/runs/{len(self.asked)}"}, status=202
        )
        self.stops: Callable[[], web.Response] = lambda: web.Response(status=202)

    @property
    def address(self) -> str:
        """Return the address that a runbook names."""
        return f"{self.url}/hooks/deploy"

    async def reports(self, status: str, run: str = "", url: str = "", **more: object) -> tuple[int, str]:
        """Report a run, the newest where none is named; return what was answered."""
        asked = self.asked[-1] if self.asked else {}
        body = json.dumps({"run": run or asked["run"], "status": status, **more}).encode()
        return await self.sends(url or asked["callback"], body)

    async def sends(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Send a report as it is, signed where no headers are given."""
        signed = self.key.sign(str(uuid4()), body) if headers is None else headers
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=BytesIO(body), headers=signed) as answer,
        ):
            return answer.status, await answer.text()

    async def _routed(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path != "/hooks/deploy" or not self.key.has_signed(request.headers, body):
            return web.Response(status=403, text="Who are you?")
        asked, id_ = json.loads(body), request.headers["webhook-id"]
        if asked["do"] == "stop":
            self.told_to_stop.append(asked["run"])
            return self.stops()
        if id_ not in self.ids:
            self.ids.append(id_)
            self.asked.append(asked)
        return self.answer()
