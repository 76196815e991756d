"""A small world to test in: the practice Slack, Rollcall in it over real HTTP or a real socket, and people.

A test reads like the thread: *ana types*, *ben presses*, *two hours pass*.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import Running, running
from bot.clock import MovableClock
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.reader import Reader
from bot.ledger.verify import verify
from bot.practice import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Practice
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.release import Release
from bot.settings import Settings, Transport

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
WORKSPACE = WorkspaceId("T0PRACTICE")
PATIENCE_S = 8.0
A_TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""When every world begins, so that working hours are the same whenever a test runs."""


class World:
    """The practice Slack and the people in it.

    `is_at_rest` tells whether Rollcall has shown its digests, too, where it runs in this process; `address` is
    where it serves then.
    """

    def __init__(
        self,
        practice: Practice,
        clock: MovableClock,
        database_url: str,
        is_at_rest: Callable[[], bool] = lambda: True,
        address: str = "",
    ) -> None:
        self.address = address
        self.is_at_rest = is_at_rest
        self.practice = practice
        self.clock = clock
        self.database = Database(database_url)
        self.releases = Reader(self.database, Ledger())
        self.session = aiohttp.ClientSession()
        self.read: dict[str, str] = {}

    def __getattr__(self, name: str) -> "Person":
        if name in ("ana", "ben", "bea", "cleo", "dan", "dee", "gus", "gil", "sol"):
            return Person(self, name)
        raise AttributeError(name)

    async def control(self, call: str, **content: object) -> dict[str, Any]:
        """Send one call of the control API and return its answer."""
        async with self.session.post(f"{self.practice.url}/_control/{call}", json=content) as answer:
            return dict(await answer.json())

    async def look(self, call: str, **query: str) -> dict[str, Any]:
        """Read from the control API."""
        async with self.session.get(f"{self.practice.url}/_control/{call}", params=query) as answer:
            return dict(await answer.json())

    async def passes(self, **duration: float) -> None:
        """Let time pass, such as `hours=2`, and let what is due happen."""
        await self.control("clock", advance_s=timedelta(**duration).total_seconds())
        await self._ticked()
        await self.settled()

    async def _ticked(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.releases.due(self.clock.now(), 100):
                await asyncio.sleep(0.02)

    async def settled(self, within_s: float = PATIENCE_S) -> None:
        """Wait until Slack shows all that the ledger says, and each digest what waits for its person."""
        async with asyncio.timeout(within_s):
            while await self.releases.unshown() or not self.is_at_rest():
                await asyncio.sleep(0.02)

    async def release(self, key: str) -> Release:
        """Return a release as the ledger has it."""
        release = await self.releases.find(ReleaseId(WORKSPACE, ReleaseKey(key)))
        assert release is not None, f"There is no release {key}."
        return release

    async def with_head(self, key: str) -> tuple[Release, str]:
        """Return a release, and the hash of its newest event."""
        found = await self.releases.find_with_head(ReleaseId(WORKSPACE, ReleaseKey(key)))
        assert found is not None, f"There is no release {key}."
        return found

    async def messages(self, channel: str = "releases", **query: str) -> Sequence[Mapping[str, Any]]:
        """Return the messages of a channel or thread as Slack has stored them, private ones left out."""
        answer = await self.look("messages", channel=channel, **query)
        return [message for message in answer["messages"] if "ephemeral_for" not in message]

    async def card(self, key: str, channel: str = "releases") -> Mapping[str, Any]:
        """Return the card of a release."""
        return await self.message(key, "card", channel)

    async def message(self, key: str, slot: str, channel: str = "releases") -> Mapping[str, Any]:
        """Return the one message of a release at a slot."""
        await self.settled()
        everything = [*await self.messages(channel)]
        for root in [m for m in everything if m.get("reply_count")]:
            everything += (await self.messages(channel, thread_ts=root["ts"]))[1:]
        # One that is broadcast is in the channel as well, and is the same there.
        found = {message["ts"]: message for message in everything if _slot(message) == (key, slot)}
        assert len(found) == 1, f"{slot} of {key} stands {len(found)} times in #{channel}."
        return next(iter(found.values()))

    async def thread(self, key: str, channel: str = "releases") -> str:
        """Return the thread of a release as plain text, the card first, as a person would read it."""
        card = await self.card(key, channel)
        return "\n---\n".join(map(readable, await self.messages(channel, thread_ts=card["ts"])))

    async def until(self, holds: Callable[[Release], bool], key: str) -> None:
        """Wait until something holds of a release."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds(await self.release(key)):
                await asyncio.sleep(0.02)

    async def people_read(self, after: int = 0) -> None:
        """Wait until Rollcall has read people and groups more than `after` times."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.calls("usergroups.list") <= after:
                await asyncio.sleep(0.02)

    async def regroups(self, group: str, users: Sequence[str]) -> None:
        """Set who is in a user group, and wait until Rollcall has read it."""
        before, quiet = await self.calls("usergroups.list"), await self.calls("dnd.teamInfo")
        await self.control("groups", group=group, users=users)
        await self.people_read(after=before)
        # It is the last that is read of the people; then the releases follow.
        async with asyncio.timeout(PATIENCE_S):
            while await self.calls("dnd.teamInfo") <= quiet:
                await asyncio.sleep(0.02)

    async def until_types(self, user: str, text: str) -> str:
        """Type a command again until it is accepted, such as one that must wait until people are read."""
        async with asyncio.timeout(PATIENCE_S):
            while "cannot be read" in (answer := await Person(self, user).types(text)):
                await asyncio.sleep(0.05)
        return answer

    async def direct(self, user: str) -> str:
        """Return the newest direct message from Rollcall to a person, waiting for it."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await self.messages(f"D0{user.upper()}")):
                await asyncio.sleep(0.02)
        return readable(found[-1])

    async def digest(self, user: str, *words: str) -> str:
        """Return the one message in which a person is reminded privately, once it has some words."""
        return readable((await self.digests(user, *words))[0])

    async def digests(self, user: str, *words: str) -> Sequence[Mapping[str, Any]]:
        """Return the messages of Rollcall to a person, once it is one that has some words."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.messages(f"D0{user.upper()}")
                if len(found) == 1 and all(word in readable(found[0]) for word in words):
                    return found
                await asyncio.sleep(0.02)

    async def until_digest_is_not(self, user: str, ts: str) -> None:
        """Wait until another message has taken the place of the one in which a person was reminded."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.digests(user))[0]["ts"] == ts:
                await asyncio.sleep(0.02)

    async def heard(self, ts: str) -> None:
        """Wait until Rollcall has taken the events about a message that somebody has written."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(
                entry["what"] == "events_api" and entry["body"]["event"].get("ts") == ts
                for entry in (await self.look("log"))["entries"]
            ):
                await asyncio.sleep(0.02)

    async def private(self, user: str, channel: str = "releases") -> str:
        """Return the newest private answer that a person got and has not read, waiting for it."""
        message = await self.whispered(user, channel)
        self.read[user] = message["ts"]
        return readable(message)

    async def whispers(self, user: str, channel: str = "releases") -> Sequence[Mapping[str, Any]]:
        """Return all private messages that a person sees in a channel and its threads."""
        everything = (await self.look("messages", channel=channel))["messages"]
        threads = [m["ts"] for m in everything if m.get("reply_count")]
        for ts in threads:
            everything += (await self.look("messages", channel=channel, thread_ts=ts))["messages"]
        return [m for m in everything if m.get("ephemeral_for") == f"U0{user.upper()}"]

    async def whispered(self, user: str, channel: str = "releases") -> Mapping[str, Any]:
        """Return the newest private message that a person got and has not read, waiting for it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                mine = await self.whispers(user, channel)
                if unread := [m for m in mine if m["ts"] > self.read.get(user, "")]:
                    return max(unread, key=lambda m: str(m["ts"]))
                await asyncio.sleep(0.02)

    async def calls(self, method: str) -> int:
        """Return how often Rollcall has called a method of the Web API."""
        entries = (await self.look("log"))["entries"]
        return sum(entry["direction"] == "in" and entry["what"] == method for entry in entries)

    def client(self) -> AsyncWebClient:
        """Return a client of the Web API that calls as Rollcall."""
        return AsyncWebClient(BOT_TOKEN, base_url=self.practice.api_url)

    async def deletes(self, message: Mapping[str, Any], channel: str = "C0RELEASES") -> None:
        """Delete a message, as a workspace admin would."""
        client = self.client()
        await client.chat_delete(channel=channel, ts=message["ts"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, wrong: type[BaseException] | None, *_: object) -> None:
        """Let go, whatever happened, and check the ledger."""
        try:
            assert wrong or await self.database.read(verify) == []
        finally:
            self.database.close()
            await self.session.close()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the practice Slack."""

    world: World
    name: str

    async def types(self, text: str, channel: str = "releases", *, settle: bool = True) -> str:
        """Type a slash command, and return what only the person sees in answer."""
        command, _, rest = text.partition(" ")
        answer = await self.world.control(
            "command", user=self.name, channel=channel, command=command, text=rest
        )
        assert answer["ok"], answer
        # What is answered to the command is read by that.
        self.world.read[self.name] = f"{self.world.clock.now().timestamp():.6f}"
        if settle:
            await self.world.settled()
        body = answer["body"]
        return plain(body["text"]) if isinstance(body, dict) and "text" in body else ""

    async def writes(self, text: str, key: str = "", channel: str = "releases") -> str:
        """Write in the thread of a release, or in the channel; return the ts once Rollcall has heard it."""
        thread = (await self.world.card(key, channel))["ts"] if key else None
        said = await self.world.control(
            "message", user=self.name, channel=channel, text=text, thread_ts=thread
        )
        assert said["ok"], said
        await self.world.heard(said["message"]["ts"])
        return str(said["message"]["ts"])

    async def answers(self, button: str, channel: str = "releases") -> None:
        """Press a button of the newest private message that the person has not read."""
        message = await self.world.whispered(self.name, channel)
        await self._press(message, button, channel)
        await self.world.settled()

    async def chooses(self, shortcut: str, ts: str = "", channel: str = "releases") -> dict[str, Any]:
        """Choose a shortcut by its name: a global one, or one of the message with a ts."""
        mine = (await self.world.look("workspace", user=self.name))["shortcuts"]
        callback = next(one["callback_id"] for one in mine if one["name"] == shortcut)
        place = {"channel": channel, "message_ts": ts} if ts else {}
        return await self.world.control("shortcut", user=self.name, callback_id=callback, **place)

    async def presses(self, button: str, key: str, on: str, channel: str = "releases") -> dict[str, Any]:
        """Press a button of the message of a release at the slot `on`."""
        message = await self.world.message(key, on, channel)
        pressed = await self._press(message, button, channel)
        await self.world.settled()
        return pressed

    async def presses_in_digest(self, button: str) -> dict[str, Any]:
        """Press a button of the message in which the person is reminded privately."""
        await self.world.digest(self.name)
        channel = f"D0{self.name.upper()}"
        pressed = await self._press((await self.world.messages(channel))[0], button, channel)
        await self.world.settled()
        return pressed

    async def _press(self, message: Mapping[str, Any], button: str, channel: str) -> dict[str, Any]:
        for block in message["blocks"]:
            for element in block.get("elements", ()) if block["type"] == "actions" else ():
                if element["text"]["text"] == button:
                    return await self.world.control(
                        "press",
                        user=self.name,
                        channel=channel,
                        message_ts=message["ts"],
                        action_id=element["action_id"],
                    )
        raise AssertionError(f"There is no button {button} in: {readable(message)}")

    async def sees_form(self) -> Mapping[str, Any]:
        """Wait for the person's modal, and return it."""
        async with asyncio.timeout(PATIENCE_S):
            while not (view := (await self.world.look("view", user=self.name))["view"]):
                await asyncio.sleep(0.02)
        return dict(view)

    async def submits(self, **values: str | int | list[str] | None) -> dict[str, Any]:
        """Fill in and submit the open modal."""
        await self.sees_form()
        answer = await self.world.control("submit", user=self.name, values=values)
        await self.world.settled()
        return answer

    async def sees(self, channel: str = "releases") -> str:
        """Return the newest private answer that the person got."""
        return await self.world.private(self.name, channel)


def _slot(message: Mapping[str, Any]) -> tuple[str, str] | None:
    payload = (message.get("metadata") or {}).get("event_payload")
    return (payload["release"], payload["slot"]) if payload else None


def readable(message: Mapping[str, Any]) -> str:
    """Return a message's text, and its buttons in brackets."""
    buttons = [
        f"[{element['text']['text']}]"
        for block in message.get("blocks") or ()
        for element in (block["elements"] if block["type"] == "actions" else ())
    ]
    return "\n".join(filter(None, [plain(message["text"]), " ".join(buttons)]))


def plain(text: str) -> str:
    """Return text with people by short name, times as `<time>` and the stamp of a card as `<n>` and `<head>`."""
    text = re.sub(r"<!date\^[^>]*>", "<time>", text)
    text = re.sub(r"<@U0([A-Z]+)>", lambda match: f"@{match[1].lower()}", text)
    text = re.sub(r"<http://127[^|>]*\|([^>]+)>", r"\1", text)
    text = re.sub(r"Event [0-9]+ · ledger [0-9a-f]{12}", "Event <n> · ledger <head>", text)
    return text.replace("\u2060", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def settings_for(practice: Practice, database_url: str, transport: Transport, **other: object) -> Settings:
    """Return settings with which Rollcall runs in the practice Slack, quickly."""
    socket = transport is Transport.SOCKET
    values = {
        "slack_bot_token": SecretStr(BOT_TOKEN),
        "slack_app_token": SecretStr(APP_TOKEN if socket else ""),
        "slack_signing_secret": SecretStr("" if socket else SIGNING_SECRET),
        "slack_api_url": practice.api_url,
        "database_url": database_url,
        "port": 0,
        "rollcall_runbooks": RUNBOOKS,
        "rollcall_settle": 1.0,
        "rollcall_tick": 0.05,
        "rollcall_gap": 0.0,
        "rollcall_pace": 1_000.0,
    }
    return Settings.model_validate({**values, **other})


@asynccontextmanager
async def rollcall_in(practice: Practice, settings: Settings, clock: MovableClock) -> AsyncIterator[Running]:
    """Run Rollcall in a practice Slack, by the transport that its settings choose."""
    async with running(settings, clock) as rollcall, aiohttp.ClientSession() as session:
        url = f"{rollcall.address}/slack/events" if rollcall.transport is Transport.HTTP else None
        async with session.post(f"{practice.url}/_control/app", json={"request_url": url}) as answer:
            assert answer.status == 200
        yield rollcall


@asynccontextmanager
async def open_world(
    folder: Path,
    transport: Transport = Transport.SOCKET,
    database_url: str = "",
    practice: Practice | None = None,
    **other: object,
) -> AsyncIterator[World]:
    """Open a world with Rollcall running in it, in the practice Slack that is given or in one without limits."""
    practice = practice or Practice(MovableClock(A_TUESDAY - datetime.now(UTC)), limits=False)
    clock = practice.workspace.clock
    url = database_url or f"sqlite:///{folder / 'ledger.db'}"
    # A test that fails must leave nothing open, for which others would be blamed.
    async with (
        practice.serving(port=0),
        rollcall_in(practice, settings_for(practice, url, transport, **other), clock) as rollcall,
        World(practice, clock, url, rollcall.is_at_rest, rollcall.address) as world,
    ):
        await world.people_read()
        yield world
