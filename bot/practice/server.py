"""The practice Slack in one server on the loopback interface: its parts, wired together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.clock import MovableClock
from bot.listening import Listening
from bot.practice.cast import COMMANDS, SCOPES, SlashCommand
from bot.practice.control.control import Control
from bot.practice.control.stream import Streams
from bot.practice.handles import ResponseUrls, Triggers
from bot.practice.keep import Keeper
from bot.practice.responses import Responses
from bot.practice.slack import Slack
from bot.practice.to_app.deliver import Delivery
from bot.practice.to_app.traffic import Traffic
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

    @property
    def url(self) -> str:
        return self.slack.url

    @property
    def api_url(self) -> str:
        return f"{self.slack.url}/api/"

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 3000) -> AsyncIterator[None]:
        """Open the workspace at the port, and close it; what was to be kept is written then.

        Port 0 takes any free one. Raises OSError when it is taken, and ValueError when the file holds
        something else.
        """
        async with AsyncExitStack() as stack:
            if self._keeper is not None:
                self._keeper.start()
                stack.callback(self._keeper.stop)
            listening = Listening(self._app(), SHUTDOWN_SECONDS)
            stack.push_async_callback(listening.stop)
            port = await listening.start(host, port)
            self.slack.url = self.slack.response_urls.base = f"http://{host}:{port}"
            # Who holds a connection is let go of first, so that the server need not wait for them.
            stack.push_async_callback(self.slack.delivery.close)
            stack.push_async_callback(self._web_api.close)
            stack.callback(self._streams.close)
            yield

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
