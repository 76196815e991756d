"""A bare Bolt app that only acknowledges, on the server that Rollcall uses: `bare default` or `bare quick`.

`default` is Bolt as it ships: it polls for the acknowledgement. `quick` responds when the listener returns.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.practice import BOT_TOKEN, SIGNING_SECRET
from bot.web.server import WebServer


def bare(*, quick: bool) -> AsyncApp:
    """Return an app that acknowledges every button and does nothing else."""
    known = AuthorizeResult(enterprise_id=None, team_id="T0PRACTICE", bot_token=BOT_TOKEN)

    async def authorize() -> AuthorizeResult:
        return known

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    app = AsyncApp(authorize=authorize, signing_secret=SIGNING_SECRET, process_before_response=quick)
    app.action("approve_v1")(acknowledge)
    return app


async def serve(app: AsyncApp) -> None:
    """Serve the app on a free port, and print its address."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async def healthy() -> Mapping[str, bool]:
        return {}

    port = await WebServer(healthy, {"/slack/events": answer}, {}).start("127.0.0.1", 0)
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(bare(quick=sys.argv[1] == "quick")))
