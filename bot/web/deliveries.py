"""The pages on which a person sees what others were told, and has it told again; and the same as JSON."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from sqlalchemy import Connection

from bot.clock import Clock
from bot.ledger.database import Database
from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Telling
from bot.ledger.reader import Reader
from bot.release.ids import KEY, ReleaseId, ReleaseKey, WorkspaceId
from bot.web.deliveries_page import OF_RELEASE, PATH, Receiver, address, of_release, overview
from bot.web.server import Handler
from bot.web.standing import moment
from bot.web.token import Token

JSON: Final = "/api/deliveries"
STYLE: Final = Path(__file__).with_name("deliveries.css")
MOST: Final = 50
RECENT: Final = 5
AT_ONCE: Final = 500
"""Releases that are to be told again in one transaction."""
SAID: Final = {
    "go-on": "It is tried now.",
    "replay": "It is told again.",
    "replay-all": "Everything is told again.",
    "forget": "It is forgotten.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Where a subscriber is that the file names, and of which kinds of events it hears, where not of all."""

    where: str
    kinds: frozenset[str]


class Deliveries:
    """Show who was told what, to who has the token."""

    def __init__(
        self,
        database: Database,
        releases: Reader,
        workspace: WorkspaceId,
        token: Token,
        clock: Clock,
        named: Mapping[str, Named],
        try_now: Callable[[str], None],
    ) -> None:
        self._database = database
        self._releases = releases
        self._workspace = workspace
        self._token = token
        self._clock = clock
        self._named = named
        self._try_now = try_now
        self._style = STYLE.read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    def gets(self) -> Mapping[str, Handler]:
        """Return what can be seen, by path."""
        return {PATH: self._overview, OF_RELEASE: self._release, JSON: self._json}

    def posts(self) -> Mapping[str, Handler]:
        """Return what can be done, by path."""
        return {PATH: self._act}

    async def _overview(self, request: web.Request) -> web.StreamResponse:
        """Answer the page with all receivers."""
        if trouble := self._token.stranger_in_browser(request):
            return trouble
        receivers = await self._database.read(self._receivers)
        return self._page(overview(receivers, self._style, _said(request)))

    async def _release(self, request: web.Request) -> web.StreamResponse:
        """Answer the page with the events of one release, as one receiver was told them."""
        if trouble := self._token.stranger_in_browser(request):
            return trouble
        name, key = request.query.get("subscriber", ""), request.query.get("release", "").strip()
        receivers = await self._database.read(self._receivers)
        receiver = next((one for one in receivers if one.name == name), None)
        id_ = ReleaseId(self._workspace, ReleaseKey(key))
        entries = await self._releases.entries(id_) if KEY.fullmatch(key) else ()
        if receiver is None or not entries:
            return _plain(404, f"There is no {'release' if receiver else 'subscriber'} of this name.")
        telling = await self._database.read(lambda c: tellings.of_release(c, name, id_))
        return self._page(of_release(receiver, id_.key, entries, telling, self._style, _said(request)))

    async def _act(self, request: web.Request) -> web.StreamResponse:
        """Do what a button of the pages says, and show the page again."""
        if trouble := self._token.stranger_in_browser(request):
            return trouble
        form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        name, act = form.get("subscriber", ""), form.get("act", "")
        from_elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
        if from_elsewhere or not self._token.is_mark(form.get("mark", ""), name, self._clock.now()):
            return _plain(403, f"This page is too old, or not from here. Open {PATH} again.")
        if act not in SAID or not await self._does(act, name, form):
            return _plain(400, "There is nothing that fits.")
        self._try_now(name)
        key = form.get("release")
        raise web.HTTPSeeOther(address(name, key, act) if key else f"{PATH}?said={act}")

    async def _json(self, request: web.Request) -> web.StreamResponse:
        """Answer how it stands with all receivers, in JSON."""
        if trouble := self._token.stranger(request):
            return trouble
        receivers = await self._database.read(self._receivers)
        return web.json_response({"subscribers": [_as_json(one) for one in receivers]})

    async def _does(self, act: str, name: str, form: Mapping[str, str]) -> bool:
        match act:
            case "go-on":
                await self._database.write(lambda c: tellings.go_on(c, self._workspace, name))
            case "replay":
                return await self._replay(name, form.get("release", ""), form.get("seq", "1"))
            case "forget":
                if name in self._named:
                    return False
                await self._database.write(lambda c: tellings.forget(c, self._workspace, name))
            case _:
                await self._replay_all(name)
        return True

    async def _replay(self, name: str, key: str, seq: str) -> bool:
        number = int(seq) if seq.isdecimal() and len(seq) < 10 else 0
        if not KEY.fullmatch(key) or number < 1:
            return False
        id_ = ReleaseId(self._workspace, ReleaseKey(key))
        return await self._database.write(lambda c: tellings.replay(c, name, id_, number))

    async def _replay_all(self, name: str) -> None:
        last: ReleaseKey | None = None
        while True:
            last = await self._database.write(self._some_of_all(name, last))
            if last is None:
                return

    def _some_of_all(self, name: str, after: ReleaseKey | None) -> Callable[[Connection], ReleaseKey | None]:
        return lambda c: tellings.replay_all(c, self._workspace, name, after, AT_ONCE)

    def _receivers(self, connection: Connection) -> list[Receiver]:
        found = []
        for one in tellings.known(connection, self._workspace):
            named = self._named.get(one.name)
            kinds = sorted(named.kinds) if named and named.kinds else None
            found.append(
                Receiver(
                    subscriber=one,
                    where=named.where if named else None,
                    waiting=tellings.waiting(connection, self._workspace, one.name, kinds),
                    in_trouble=tellings.in_trouble(connection, self._workspace, one.name, MOST),
                    recent=tellings.recent(connection, self._workspace, one.name, RECENT),
                    mark=self._token.mark(one.name, self._clock.now()),
                )
            )
        return found

    def _page(self, text: str) -> web.Response:
        return web.Response(text=text, content_type="text/html", headers=self._headers)


def _said(request: web.Request) -> str:
    return SAID.get(request.query.get("said", ""), "")


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")


def _as_json(one: Receiver) -> Mapping[str, Any]:
    stopped = {"why": one.subscriber.stopped, "at": moment(one.subscriber.stopped_at)}
    return {
        "name": one.name,
        "url": one.where,
        "since": moment(one.subscriber.since),
        "stopped": stopped if one.subscriber.stopped else None,
        "waiting": one.waiting,
        "in_trouble": [_telling(telling) for telling in one.in_trouble],
        "recent": [
            {"release": telling.release, "event": telling.told, "at": moment(telling.told_at)}
            for telling in one.recent
        ],
    }


def _telling(telling: Telling) -> Mapping[str, Any]:
    return {
        "release": telling.release,
        "event": telling.told + 1,
        "answer": telling.answer,
        "tried": telling.failures,
        "since": moment(telling.failing_since),
        "next_try": moment(telling.next_at),
        "given_up": telling.given_up,
    }
