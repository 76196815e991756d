"""A real browser on the practice Slack's page, and what the tests of the page put into it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.practice import APP_TOKEN, Practice

CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None
)
IN_BROWSER = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="The page is tested in Chromium; install it with `apt-get install chromium`."
    ),
]


RELEASES = "C0RELEASES"
WIDE = (1280, 800)
PHONE = (390, 844)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "checkout-1", **more}


def gate(*buttons: dict[str, Any]) -> list[dict[str, Any]]:
    return [mrkdwn("*QA* asks two people"), {"type": "actions", "elements": list(buttons)}]


START: dict[str, Any] = {
    "type": "modal",
    "callback_id": "start",
    "title": plain("Start a release"),
    "submit": plain("Start"),
    "blocks": [
        {
            "type": "input",
            "block_id": "version",
            "label": plain("Version"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


@dataclass(kw_only=True)
class World:
    """A workspace, an app's client in it, and a browser."""

    practice: Practice
    client: AsyncWebClient
    browser: Browser
    windows: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def opens(self, route: str = "ana/releases", size: tuple[int, int] = WIDE) -> Page:
        """Open the page at a route in a window of its own; any error in the page fails the test."""
        window = await self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.windows.append(window)
        page = await window.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(f"{self.practice.url}/#/{route}")
        await expect(page.locator("#sidebar h1")).to_have_text("Practice")
        return page

    async def closes(self) -> None:
        """Close all windows and fail if any page raised an error."""
        for window in self.windows:
            await window.close()
        assert self.errors == []

    async def posts(self, text: str, **more: Any) -> str:
        """Post as the app in #releases and return the message's ts."""
        answer = await self.client.chat_postMessage(channel=RELEASES, text=text, **more)
        return str(answer["ts"])

    @asynccontextmanager
    async def runs(self, app: AsyncApp) -> AsyncIterator[None]:
        """Keep the app connected by a socket."""
        handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=self.client)
        await handler.connect_async()
        try:
            yield
        finally:
            await handler.close_async()

    def app(self) -> AsyncApp:
        return AsyncApp(client=self.client)
