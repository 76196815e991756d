"""The pages of deliveries: who was told what, what goes wrong, and having it told again."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.ledger.progress import tellings
from bot.web.token import Token
from tests.subscribers.house import sees
from tests.subscribers.receiver import SECRET, Receiver, receiving, says
from tests.world import PATIENCE_S, WORKSPACE, World, open_world

TOKEN = "token-of-the-pipelines"
SUBSCRIBERS = """\
subscribers:
  deploy-log:
    url: {url}?token=unseen
    secret_file: secret
"""


def signed_in(password: str) -> dict[str, str]:
    """Return what a browser sends once somebody has typed a password."""
    return {"Authorization": f"Basic {base64.b64encode(f'ana:{password}'.encode()).decode()}"}


class Desk:
    """A person at a browser, beside a Rollcall that tells a receiver."""

    def __init__(self, world: World, receiver: Receiver) -> None:
        self.world = world
        self.receiver = receiver
        self.headers = signed_in(TOKEN)

    async def opens(self, path: str = "/deliveries") -> tuple[int, str]:
        async with (
            aiohttp.ClientSession(headers=self.headers) as session,
            session.get(self.world.address + path) as answer,
        ):
            return answer.status, await answer.text()

    async def sends(self, fields: dict[str, str], **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession(headers=self.headers) as session,
            session.post(self.world.address + "/deliveries", data=fields, headers=named) as answer,
        ):
            return answer.status, await answer.text()

    async def presses(self, label: str, path: str = "/deliveries") -> str:
        """Press the first button of a page that has a label, and return the page that follows."""
        _, page = await self.opens(path)
        status, after = await self.sends(fields_of(page, label))
        assert status == 200, after
        return after

    def has_told(self, ids: list[str]) -> bool:
        return [got.id for got in self.receiver.taken] == ids

    async def reads(self) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(self.world.address + "/api/deliveries") as answer,
        ):
            return await answer.json()


def fields_of(page: str, label: str) -> dict[str, str]:
    """Return what the form around a button sends."""
    form = next(form for form in re.findall("<form.*?</form>", page) if f">{label}</button>" in form)
    pairs = re.findall('name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in pairs}


def text_of(page: str) -> str:
    """Return a page as it is read."""
    body = page.partition("<body>")[2]
    lines = re.sub("<[^>]+>", "\n", body.replace("</a>", "").replace("<b>", "").replace("</b>", ""))
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>", unescape(lines))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "secret").write_text(SECRET)
    receiver = Receiver(lambda: datetime.now(UTC))
    async with receiving(receiver):
        (tmp_path / "subscribers.yaml").write_text(SUBSCRIBERS.format(url=receiver.url))
        settings: dict[str, Any] = {
            "rollcall_api_token": SecretStr(TOKEN),
            "rollcall_subscribers": tmp_path / "subscribers.yaml",
            "rollcall_inside": "127.0.0.1",
        }
        async with open_world(tmp_path, **settings) as world:
            receiver.now = world.clock.now
            yield Desk(world, receiver)


async def test_rollcall_tells_what_people_do_and_the_page_says_so(desk: Desk) -> None:
    await desk.world.ana.types("/release start checkout 1.4.0")
    head = (await desk.world.release("checkout-1")).seq
    await sees(lambda: desk.receiver.taken_of("checkout-1") == list(range(1, head + 1)))
    status, page = await desk.opens()
    assert (status, text_of(page).replace(desk.receiver.url, "<url>")) == snapshot(
        (
            200,
            """\
Deliveries
Who is told of events, and how it goes.
deploy-log
<url>, since <time>
All is told.
Taken last:
checkout-1 at <time>
Show
Replay everything…
Every event of every release is sent again, from the first one on.
Replay everything\
""",
        )
    )
    assert "unseen" not in page
    assert (await desk.reads())["subscribers"][0]["waiting"] == 0


async def test_what_is_not_taken_is_shown_and_tried_again_when_somebody_asks(desk: Desk) -> None:
    desk.receiver.always = lambda got: says(500, "<script>alert(1)</script>")
    await desk.world.ana.types("/release start checkout 1.4.0")
    await sees(lambda: desk.receiver.asked)
    while "Not all is taken." not in (page := (await desk.opens())[1]):
        pass
    assert "<script" not in page
    assert text_of(page).replace(desk.receiver.url, "<url>") == snapshot("""\
Deliveries
Who is told of events, and how it goes.
deploy-log
<url>, since <time>
Not all is taken. 1 event waits.
checkout-1 event 1 of 1: It answers 500: <script>alert(1)</script>
Tried once since <time>. Next try at <time>.
Try again
Try all now
Show
Replay everything…
Every event of every release is sent again, from the first one on.
Replay everything\
""")
    (one,) = (await desk.reads())["subscribers"][0]["in_trouble"]
    assert (one["release"], one["event"], one["tried"], one["given_up"]) == ("checkout-1", 1, 1, False)
    desk.receiver.always = lambda got: None
    after = await desk.presses("Try all now")
    assert "It is tried now." in after
    head = (await desk.world.release("checkout-1")).seq
    await sees(lambda: desk.receiver.taken_of("checkout-1") == list(range(1, head + 1)))


async def test_a_delivery_a_release_and_all_are_replayed(desk: Desk) -> None:
    await desk.world.ana.types("/release start checkout 1.4.0")
    await desk.world.ana.types("/release cancel checkout-1 Not today")
    head = (await desk.world.release("checkout-1")).seq
    await sees(lambda: len(desk.receiver.taken) == head)
    ids = [got.id for got in desk.receiver.taken]
    page = "/deliveries/release?subscriber=deploy-log&release=checkout-1"
    for label, first in (("Replay from here", head), ("Replay the release", 1), ("Replay everything", 1)):
        desk.receiver.taken.clear()
        after = await desk.presses(label, "/deliveries" if label == "Replay everything" else page)
        assert "told again." in after
        await sees(partial(desk.has_told, ids[first - 1 :]))
    # What was received is noted a moment later.
    async with asyncio.timeout(PATIENCE_S):
        while "Told up to event 2 of 2." not in (shown := text_of((await desk.opens(page))[1])):
            await asyncio.sleep(0.02)
    assert shown.splitlines()[:4] == snapshot(
        ["← Deliveries", "checkout-1 to deploy-log", "Told up to event 2 of 2.", "Replay the release"]
    )


async def test_one_that_is_gone_is_told_of_and_goes_on_when_somebody_says_so(desk: Desk) -> None:
    desk.receiver.fails(says(410))
    await desk.world.ana.types("/release start checkout 1.4.0")
    await sees(lambda: desk.receiver.asked)
    while "Nothing is sent since" not in (await desk.opens())[1]:
        pass
    assert (await desk.reads())["subscribers"][0]["stopped"]["why"] == "It answers 410"
    await desk.presses("Go on")
    head = (await desk.world.release("checkout-1")).seq
    await sees(lambda: desk.receiver.taken_of("checkout-1") == list(range(1, head + 1)))


@pytest.mark.parametrize(
    "path", ["/deliveries", "/deliveries/release?subscriber=deploy-log&release=checkout-1"]
)
@pytest.mark.parametrize("password", ["", "another", TOKEN + "x"])
async def test_who_has_not_the_token_sees_nothing(desk: Desk, path: str, password: str) -> None:
    desk.headers = signed_in(password) if password else {}
    status, text = await desk.opens(path)
    assert (status, text) == (
        401,
        "Give the token of ROLLCALL_API_TOKEN as the password. The name does not matter.\n",
    )
    assert (await desk.sends({"act": "go-on", "subscriber": "deploy-log"}))[0] == 401


async def test_what_does_not_come_from_the_page_does_nothing(desk: Desk) -> None:
    await desk.world.ana.types("/release start checkout 1.4.0")
    head = (await desk.world.release("checkout-1")).seq
    await sees(lambda: len(desk.receiver.taken) == head)
    fields = fields_of((await desk.opens())[1], "Replay everything")
    now = desk.world.clock.now()
    old = Token(TOKEN).mark("deploy-log", now.replace(year=now.year - 1))
    other = Token(TOKEN).mark("another", now)
    for mark in ("", "ü", old, other, Token("x").mark("deploy-log", now)):
        status, text = await desk.sends({**fields, "mark": mark})
        assert (status, text) == (403, "This page is too old, or not from here. Open /deliveries again.\n")
    assert (await desk.sends(fields, Sec_Fetch_Site="cross-site"))[0] == 403
    for wrong in (
        {"act": "drop"},
        {"act": "replay", "release": "checkout-9"},
        {"act": "replay", "release": "x\0"},
        {"act": "forget"},
    ):
        assert (await desk.sends({**fields, **wrong}))[0] == 400
    for seq in ("0", "-1", "9" * 30, "x", "²", str(head + 1)):
        assert (await desk.sends({**fields, "act": "replay", "release": "checkout-1", "seq": seq}))[0] == 400
    assert len(desk.receiver.taken) == head


async def test_the_page_lets_no_script_and_no_frame_in(desk: Desk) -> None:
    async with (
        aiohttp.ClientSession(headers=desk.headers) as session,
        session.get(desk.world.address + "/deliveries") as answer,
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert re.sub("sha256-[^']+", "sha256-…", policy) == snapshot(
            "default-src 'none'; style-src 'sha256-…'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?subscriber=deploy-log&release=checkout-9",
        "?subscriber=x&release=checkout-1",
        "?subscriber=deploy-log&release=%00",
    ],
)
async def test_a_release_or_subscriber_that_there_is_not_is_answered_404(desk: Desk, query: str) -> None:
    await desk.world.ana.types("/release start checkout 1.4.0")
    assert (await desk.opens(f"/deliveries/release{query}"))[0] == 404


async def test_one_that_is_named_no_more_is_kept_until_somebody_forgets_it(
    desk: Desk,
) -> None:
    now = desk.world.clock.now()
    await desk.world.database.write(lambda c: tellings.enter(c, WORKSPACE, ["old-log"], now))
    await desk.world.ana.types("/release start checkout 1.4.0")
    page = (await desk.opens())[1]
    assert "It is in the file no more, so nothing is sent." in page
    assert "Forget it" not in page.partition("<h2>old-log")[0]
    assert "It is forgotten." in await desk.presses("Forget it")
    assert "old-log" not in (await desk.opens())[1]
