"""Sixty-four people press Approve within a second: each counts once, and Slack is soon final."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.gates.result import gate_result
from bot.release.gates.tree import GateStatus
from bot.release.state import State
from bot.settings import Settings, Transport
from tests.bench.crowd import crowd
from tests.slack.given import write
from tests.world import World, open_world, readable

PEOPLE = crowd(64)
ROLES = {f"part-{number}": PEOPLE[16 * number : 16 * (number + 1)] for number in range(4)}
SHOWN_WITHIN_S = 3.0
HANDFUL = 5
GAP: float = Settings.model_fields["rollcall_gap"].default


def runbook() -> str:
    """Return a runbook with a gate of 64 seats, sixteen in each of four roles."""
    roles = "".join(
        f"  {name}: {{users: [{', '.join(one.id for one in people)}]}}\n" for name, people in ROLES.items()
    )
    seats = ", ".join(f"{name}: {len(people)}" for name, people in ROLES.items())
    return (
        f"roles:\n  captain: {{starter: true}}\n{roles}"
        "stages:\n  - name: production\n    owner: captain\n    production: true\n    begin: captain\n"
        f"    gates:\n      - {{name: Everybody, approvals: {{{seats}}}}}\n    steps:\n      - do: Deploy\n"
    )


async def press(world: World, user: str, message: str) -> None:
    """Press Approve as one person, and again at once where Slack says that it was not taken."""
    answer = await world.control(
        "press", user=user, channel="releases", message_ts=message, action_id="approve_v1"
    )
    assert answer["ok"], answer


async def updates(world: World, ts: str) -> int:
    """Return how often a message was updated."""
    entries: list[dict[str, Any]] = (await world.look("log"))["entries"]
    changed = [one for one in entries if one["direction"] == "in" and one["what"] == "chat.update"]
    return sum(f'"{ts}"' in json.dumps(one["body"]) for one in changed)


@pytest.mark.proof
@pytest.mark.parametrize("transport", list(Transport))
async def test_sixty_four_people_press_within_a_second(tmp_path: Path, transport: Transport) -> None:
    write(tmp_path, runbook())
    practice = Practice(MovableClock(), limits=True)
    practice.workspace.people.update({one.id: one for one in PEOPLE})
    practice.workspace.channels["C0RELEASES"].members += [one.id for one in PEOPLE]
    async with open_world(
        tmp_path,
        transport,
        practice=practice,
        rollcall_gap=GAP,
        rollcall_pace=1.0,
        rollcall_runbooks=tmp_path / "runbooks",
    ) as world:
        await world.ana.types("/release start shop 2.0")
        card, gate = await world.card("shop-1"), await world.message("shop-1", "gate:0:Everybody")

        began = time.monotonic()
        async with asyncio.TaskGroup() as presses:
            for number, person in enumerate(PEOPLE):
                presses.create_task(press(world, person.name, gate["ts"]))
                await asyncio.sleep(max(0.0, began + number / len(PEOPLE) * 0.9 - time.monotonic()))
        pressed = time.monotonic()
        await world.settled(within_s=SHOWN_WITHIN_S)
        final = time.monotonic()

        release = await world.release("shop-1")
        assert sorted(vote.by for vote in release.votes) == sorted(one.id for one in PEOPLE)
        # Started, one event for each vote, and one change of state.
        assert (release.state, release.seq) == (State.READY, 1 + len(PEOPLE) + 1)
        result = gate_result(release, release.current.gates[0], 0)
        assert result.status is GateStatus.MET
        assert {seat.filled.by for seat in result.seats if seat.filled} == {one.id for one in PEOPLE}

        assert "is *ready*" in readable(await world.card("shop-1"))
        counts = await updates(world, card["ts"]), await updates(world, gate["ts"])
        print(
            f"{transport}: pressed in {pressed - began:.2f} s, final {final - pressed:.2f} s later, {counts}"
        )
        assert max(counts) <= HANDFUL
        # Nobody was told anything privately: each press counted.
        everything = (await world.look("messages", channel="releases"))["messages"]
        assert not [one for one in everything if one.get("ephemeral_for", "").startswith("U0P")]
