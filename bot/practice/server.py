"""The practice Slack in one server on the loopback interface: its parts, wired together."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.clock import MovableClock
from bot.listening import Listening
from bot.practice.cast import COMMANDS, SCOPES, SlashCommand
from bot.practice.control import Control
from bot.practice.deliver import Delivery
from bot.practice.handles import ResponseUrls, Triggers
from bot.practice.keep import Keeper
from bot.practice.responses import Responses
from bot.practice.slack import Slack
from bot.practice.stream import Streams
from bot.practice.traffic import Traffic
from bot.practice.web_api import WebApi
from bot.practice.workspace import Workspace

PAGE = Path(__file__).parent / "page"
OWN_HOSTS = {"127.0.0.1", "localhost"}
BODY_BYTES = 2_000_000
SHUTDOWN_SECONDS = 0.5

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Practice:
    """A throwaway Slack workspace whose time is `clock`.

    With `state`, the workspace is kept in that file and the clock's offset is set from it at start.
    `limits=False` lifts the rate limits; `scopes` are those that the app was granted, `home_tab` is whether
    its Home tab is enabled.
    """

    def __init__(
        self,
        clock: MovableClock,
        state: Path | None = None,
        *,
        limits: bool = True,
        scopes: frozenset[str] = SCOPES,
        commands: tuple[SlashCommand, ...] = COMMANDS,
        home_tab: bool = True,
    ) -> None:
        self.workspace = Workspace(clock)
        traffic = Traffic(clock)
        self.slack = Slack(
            workspace=self.workspace,
            delivery=Delivery(clock, traffic, scopes),
            traffic=traffic,
            triggers=Triggers(),
            response_urls=ResponseUrls(),
            scopes=scopes,
            commands=commands,
            home_tab=home_tab,
        )
        self._keeper = Keeper(self.workspace, state) if state is not None else None
        self._web_api = WebApi(self.slack, limits=limits)
        self._streams = Streams(self.workspace)
        self._listening: Listening | None = None

    @property
    def url(self) -> str:
        return self.slack.url

    @property
    def api_url(self) -> str:
        return f"{self.slack.url}/api/"

    async def start(self, host: str = "127.0.0.1", port: int = 3000) -> None:
        """Open the workspace at the port; 0 takes any free one. Raises OSError when it is taken."""
        if self._keeper is not None:
            self._keeper.start()
        self._listening = Listening(self._app(), SHUTDOWN_SECONDS)
        self.slack.url = f"http://{host}:{await self._listening.start(host, port)}"
        self.slack.response_urls.base = self.slack.url

    async def stop(self) -> None:
        """Close the workspace; what was to be kept is written."""
        self._streams.close()
        await self._web_api.close()
        await self.slack.delivery.close()
        if self._listening is not None:
            await self._listening.stop()
            self._listening = None
        if self._keeper is not None:
            self._keeper.stop()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[only_from_here], client_max_size=BODY_BYTES)
        control = Control(self.slack, self._web_api.faults)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._web_api.serve),
                web.get("/socket/{ticket}", self.slack.delivery.sockets.serve),
                web.post("/response/{key}", Responses(self.slack).serve),
                web.get("/_control/stream", self._streams.serve),
                *control.routes(),
                web.get("/", _page),
                web.get("/archives/{channel}/{message}", self._permalink),
                web.static("/page", PAGE),
            ]
        )
        return app

    async def _permalink(self, request: web.Request) -> web.StreamResponse:
        channel = self.workspace.channels.get(request.match_info["channel"])
        digits = request.match_info["message"].removeprefix("p")
        thread = request.query.get("thread_ts") or f"{digits[:-6]}.{digits[-6:]}"
        name = channel.name if channel is not None and channel.im_with is None else "messages"
        raise web.HTTPFound(f"/?channel={name}&thread={thread}")


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another web site could send through a browser: foreign host names and foreign origins."""
    if urlsplit(f"//{request.host}").hostname not in OWN_HOSTS:
        return _forbidden("The practice Slack answers at 127.0.0.1 and localhost only.")
    origin = request.headers.get("Origin")
    if origin is not None and request.method != "GET" and urlsplit(origin).netloc != request.host:
        return _forbidden("The practice Slack takes no requests from other web sites.")
    return await handler(request)


def _forbidden(sentence: str) -> web.Response:
    return web.json_response({"ok": False, "error": sentence}, status=403)


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})
