"""kill -9 in the middle: nothing that was acknowledged is lost, and no message is doubled."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.state import State
from tests.slack.given import OWN_CHANNEL, ROLES, write
from tests.slack.killable import LATE_S, Killable, slots
from tests.world import PATIENCE_S, World


@pytest.fixture
async def rollcall(practice: Practice, tmp_path: Path) -> AsyncIterator[Killable]:
    async with Killable(practice, f"sqlite:///{tmp_path / 'ledger.db'}") as rollcall:
        await rollcall.start()
        yield rollcall


@pytest.fixture
async def practice() -> AsyncIterator[Practice]:
    practice = Practice(MovableClock(), limits=False)
    async with practice.serving(port=0):
        yield practice


@pytest.mark.proof
@pytest.mark.parametrize("fault", ["lost_answer", "late_store", "timeout"])
@pytest.mark.parametrize("method", ["conversations.create", "conversations.invite", "chat.postMessage"])
async def test_a_process_that_is_killed_while_it_makes_a_channel_makes_no_second_one(
    practice: Practice, tmp_path: Path, method: str, fault: str
) -> None:
    write(tmp_path, f"{ROLES}{OWN_CHANNEL}")
    rollcall = Killable(practice, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "runbooks")
    async with World(practice, MovableClock(), rollcall.environment["DATABASE_URL"]) as world:
        await rollcall.start()
        await world.control("faults", method=method, kind=fault, delay_s=LATE_S)
        await world.ana.types("/release start shop 1.0", settle=False)
        await until_fault_is_met(world)
        await rollcall.kill()
        await rollcall.start()
        await world.settled(within_s=20)
        made = [one.name for one in practice.workspace.channels.values() if one.creator]
        shown = await slots(world) + await slots(world, "release-shop-1")
        await rollcall.kill()
    assert made == ["release-shop-1"]
    assert shown == {("shop-1", slot): 1 for slot in ("card", "opening", "gate:0:QA")}


async def until_fault_is_met(world: World) -> None:
    """Wait until Rollcall has made the call that goes wrong; nothing may have come of it yet."""
    async with asyncio.timeout(PATIENCE_S):
        while (await world.look("faults"))["faults"]:
            await asyncio.sleep(0.02)


@pytest.mark.proof
@pytest.mark.parametrize("fault", ["none", "lost_answer", "late_store", "timeout"])
async def test_a_killed_process_loses_nothing_and_doubles_nothing(
    practice: Practice, rollcall: Killable, fault: str
) -> None:
    async with World(practice, MovableClock(), rollcall.environment["DATABASE_URL"]) as world:
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
