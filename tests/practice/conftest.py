"""The practice workspace on a free port, an app connected to it, and a person's hands on its control API."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, async_playwright
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Practice
from tests.practice.browsing import CHROMIUM, World

Connect = Callable[[AsyncApp], Awaitable[None]]


class Hands:
    """Act as any person by the control API."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def do(self, what: str, **body: Any) -> dict[str, Any]:
        """Post to the control API; the answer carries the HTTP status as `http`."""
        async with self.session.post(f"/_control/{what}", json=body) as response:
            return {**await response.json(), "http": response.status}

    async def see(self, what: str, **query: str) -> dict[str, Any]:
        async with self.session.get(f"/_control/{what}", params=query) as response:
            return {**await response.json(), "http": response.status}

    async def messages(self, channel: str = "releases", **query: str) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = (await self.see("messages", channel=channel, **query))["messages"]
        return seen


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def practice(clock: MovableClock) -> AsyncIterator[Practice]:
    practice = Practice(clock)
    async with practice.serving(port=0):
        yield practice


@pytest.fixture
def client(practice: Practice) -> AsyncWebClient:
    return AsyncWebClient(BOT_TOKEN, base_url=practice.api_url, retry_handlers=[])


@pytest.fixture
async def hands(practice: Practice) -> AsyncIterator[Hands]:
    async with aiohttp.ClientSession(practice.url) as session:
        yield Hands(session)


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=SIGNING_SECRET, process_before_response=True)


@pytest.fixture
async def over_socket(practice: Practice) -> AsyncIterator[Connect]:
    handlers: list[AsyncSocketModeHandler] = []

    async def connect(app: AsyncApp) -> None:
        web_client = AsyncWebClient(base_url=practice.api_url)
        handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=web_client)
        handlers.append(handler)
        await handler.connect_async()

    yield connect
    for handler in handlers:
        await handler.close_async()


@pytest.fixture
async def over_http(hands: Hands) -> AsyncIterator[Connect]:
    runners: list[web.AppRunner] = []

    async def connect(app: AsyncApp) -> None:
        async def events(request: web.Request) -> web.Response:
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

        server = web.Application()
        server.add_routes([web.post("/slack/events", events)])
        runner = web.AppRunner(server, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        await hands.do("app", request_url=url)

    yield connect
    for runner in runners:
        await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def world(browser: Browser) -> AsyncIterator[World]:
    practice = Practice(MovableClock(), limits=False)
    async with practice.serving(port=0):
        client = AsyncWebClient(token=BOT_TOKEN, base_url=practice.api_url)
        world = World(practice=practice, client=client, browser=browser)
        yield world
        await world.closes()
