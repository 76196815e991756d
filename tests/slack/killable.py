"""Rollcall in a process that can be killed, and what it has shown by then."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path
from typing import Self

from bot.practice import APP_TOKEN, BOT_TOKEN, Practice
from tests.world import RUNBOOKS, World

SETTLE_S = 1
LATE_S = 0.5
"""How late the practice Slack stores where it does: Rollcall waits longer."""


LINES = ("channel_join", "channel_topic")
"""The subtypes of what Slack itself writes in a channel."""


class Killable:
    """Rollcall in a process of its own, connected to a practice Slack that outlives it."""

    def __init__(self, practice: Practice, database_url: str, runbooks: Path = RUNBOOKS) -> None:
        self.environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": practice.api_url,
            "DATABASE_URL": database_url,
            "PORT": "0",
            "ROLLCALL_RUNBOOKS": str(runbooks),
            "ROLLCALL_SETTLE": str(SETTLE_S),
            "ROLLCALL_TICK": "0.2",
            "ROLLCALL_GAP": "0",
            "ROLLCALL_PACE": "1000",
        }
        self.process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process is not None:
            await self.kill()

    async def start(self) -> None:
        """Start it, and wait until it serves."""
        command = sys.executable, "-m", "bot", "serve"
        self.process = await asyncio.create_subprocess_exec(*command, env=self.environment, stdout=PIPE)
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            assert b"Rollcall serves Practice by socket." in await self.process.stdout.readline()

    async def kill(self) -> None:
        """End it at once, with no chance to tidy up."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.communicate()


async def slots(world: World, channel: str = "releases") -> Counter[tuple[str, str]]:
    """Return how often each message of each release stands in Slack."""
    everything = list(await world.messages(channel))
    for root in [message for message in everything if message.get("reply_count")]:
        everything += (await world.messages(channel, thread_ts=root["ts"]))[1:]
    mine = [message for message in everything if message.get("subtype") not in LINES]
    payloads = [message["metadata"]["event_payload"] for message in mine]
    return Counter((payload["release"], payload["slot"]) for payload in payloads)
