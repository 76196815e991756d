"""kill -9 in the middle: nothing that was acknowledged is lost, and no message is doubled."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.practice import APP_TOKEN, BOT_TOKEN, Practice
from bot.release.state import State
from tests.world import RUNBOOKS, World

SETTLE_S = 1
LATE_S = 0.5
"""How late the practice Slack stores where it does: Rollcall waits longer."""


class Killable:
    """Rollcall in a process of its own, connected to a practice Slack that outlives it."""

    def __init__(self, practice: Practice, database_url: str) -> None:
        self.environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": practice.api_url,
            "DATABASE_URL": database_url,
            "PORT": "0",
            "ROLLCALL_RUNBOOKS": str(RUNBOOKS),
            "ROLLCALL_SETTLE": str(SETTLE_S),
            "ROLLCALL_TICK": "0.2",
            "ROLLCALL_GAP": "0",
            "ROLLCALL_PACE": "1000",
        }
        self.process: Process | None = None

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


@pytest.fixture
async def rollcall(practice: Practice, tmp_path: Path) -> AsyncIterator[Killable]:
    rollcall = Killable(practice, f"sqlite:///{tmp_path / 'ledger.db'}")
    await rollcall.start()
    yield rollcall
    await rollcall.kill()


@pytest.fixture
async def practice() -> AsyncIterator[Practice]:
    practice = Practice(MovableClock(), limits=False)
    await practice.start(port=0)
    yield practice
    await practice.stop()


async def slots(world: World) -> Counter[tuple[str, str]]:
    """Return how often each message of each release stands in Slack."""
    everything = list(await world.messages())
    for root in [message for message in everything if message.get("reply_count")]:
        everything += (await world.messages(thread_ts=root["ts"]))[1:]
    payloads = [message["metadata"]["event_payload"] for message in everything]
    return Counter((payload["release"], payload["slot"]) for payload in payloads)


@pytest.mark.parametrize(
    "fault",
    [
        "none",
        "lost_answer",
        pytest.param("late_store", marks=pytest.mark.proof),
        pytest.param("timeout", marks=pytest.mark.proof),
    ],
)
async def test_a_killed_process_loses_nothing_and_doubles_nothing(
    practice: Practice, rollcall: Killable, fault: str
) -> None:
    world = World(practice, MovableClock(), rollcall.environment["DATABASE_URL"])
    if fault != "none":
        await world.control("faults", method="chat.postMessage", kind=fault, delay_s=LATE_S)

    # Each act is acknowledged, and then the process is killed before Slack can show all of it.
    await world.ana.types("/release start checkout 1.4.0", settle=False)
    await rollcall.kill()
    assert (await world.release("checkout-1")).state is State.AWAITING_APPROVAL
    await rollcall.start()
    await world.settled(within_s=20)

    gate = await world.message("checkout-1", "gate:0:QA")
    await world.control(
        "press", user="ben", channel="releases", message_ts=gate["ts"], action_id="approve_v1"
    )
    await rollcall.kill()
    assert [vote.by for vote in (await world.release("checkout-1")).votes] == ["U0BEN"]
    await rollcall.start()

    await world.settled(within_s=20)
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.cleo.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.ana.presses("Begin production", "checkout-1", on="stage:1")
    await world.dan.presses("Done", "checkout-1", on="stage:1")
    await rollcall.kill()
    await rollcall.start()
    await world.dan.presses("Done", "checkout-1", on="stage:1")

    assert (await world.release("checkout-1")).state is State.COMPLETED
    assert set((await slots(world)).values()) == {1}
    await world.close()
