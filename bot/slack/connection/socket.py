"""Slack's requests over a socket, for a machine that Slack cannot reach."""

import asyncio
import logging
from typing import Final

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.errors import REFUSED, TokenRefused, error_of

log = logging.getLogger(__name__)

DRAIN_S: Final = 10.0
RETRY_S: Final = 5.0


class SlackOverSocket(AsyncSocketModeHandler):
    """Answer what comes over the socket, and let what is under way finish before the socket closes.

    The client runs each request in a task that it does not keep; closing at once would lose the
    acknowledgement of something that has happened.
    """

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        super().__init__(app, app_token, log, web_client=app.client)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def handle(  # type: ignore[override]  # The client is the one of this package.
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        self._under_way += 1
        self._idle.clear()
        try:
            await super().handle(client, req)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def is_connected(self) -> bool:
        """Whether requests can come in."""
        return bool(await self.client.is_connected())

    async def start(self) -> None:
        """Connect, and go on trying while Slack cannot be reached.

        Raises TokenRefused when Slack does not accept the token.
        """
        while self.client.wss_uri is None:
            try:
                self.client.wss_uri = await self.client.issue_new_wss_url()
            except SlackApiError as fault:
                if error_of(fault) in REFUSED:
                    raise TokenRefused("Slack does not accept SLACK_APP_TOKEN.") from fault
                log.warning("Slack answered apps.connections.open with %s.", error_of(fault))
                await asyncio.sleep(RETRY_S)
            except (aiohttp.ClientError, TimeoutError) as fault:
                log.warning("Slack cannot be reached (%s).", fault)
                await asyncio.sleep(RETRY_S)
        await self.connect_async()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Finish what is under way, for ten seconds at most, and close the socket."""
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._idle.wait()
        except TimeoutError:
            pass
        await self.close_async()  # type: ignore[no-untyped-call]
