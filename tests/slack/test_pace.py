"""Slack's limits are kept by ourselves, before Slack has to refuse a call."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.ids import ChannelId
from bot.slack.delivery.pace import (
    A_CHANNELS_POSTS,
    ALL_POSTS,
    TIER_THREE,
    TIER_TWO,
    Line,
    Pace,
    Rate,
    StillTooFast,
)
from tests.slack.given import write
from tests.world import World, open_world

ONE, OTHER = ChannelId("C0ONE"), ChannelId("C0OTHER")
MINUTE = 60.0


def calls(rate: Rate, minutes: float) -> Sequence[float]:
    """Return when calls are made by somebody who makes the next one as soon as it may be made."""
    line, made, now = Line(rate), [], 1_000.0
    while now < 1_000.0 + minutes * MINUTE:
        now = max(now, line.opens_at())
        line.take(now)
        made.append(now)
    return made


def most_in_a_minute(made: Sequence[float]) -> int:
    return max(sum(begin <= at < begin + MINUTE - 1e-6 for at in made) for begin in made)


@pytest.mark.parametrize(
    ("rate", "most"),
    [
        pytest.param(TIER_THREE, 49, id="chat.update"),
        pytest.param(TIER_TWO, 19, id="conversations.create"),
        pytest.param(ALL_POSTS, 259, id="all posts"),
        pytest.param(A_CHANNELS_POSTS, 62, id="the posts of a channel"),
    ],
)
def test_no_minute_has_more_calls_than_the_limit(rate: Rate, most: int) -> None:
    assert most_in_a_minute(calls(rate, minutes=5)) == most


def test_what_slack_asks_for_closes_a_line_for_longer() -> None:
    line = Line(TIER_THREE)
    line.take(0.0)
    line.close_until(30.0)
    line.close_until(20.0)
    assert line.opens_at() == 30.0


def test_who_takes_no_turn_learns_when_there_may_be_one() -> None:
    pace = Pace()
    assert [pace.take("conversations.create") for _ in range(TIER_TWO.burst)] == [0.0] * TIER_TWO.burst
    assert 3.0 < pace.take("conversations.create") <= 4.0
    assert pace.take("conversations.setTopic") == 0.0


async def test_a_slow_channel_and_another_method_hold_up_nobody_else() -> None:
    pace = Pace(speed=0.001)
    for _ in range(A_CHANNELS_POSTS.burst):
        await pace.turn("chat.postMessage", ONE)
    pace.hold("chat.delete", 3_600)
    slow = asyncio.create_task(pace.turn("chat.postMessage", ONE))
    held = asyncio.create_task(pace.turn("chat.delete", ONE))
    await pace.turn("chat.postMessage", OTHER)
    await pace.turn("chat.update", ONE)
    assert not slow.done()
    assert not held.done()
    pace.stop()
    for waiting in (slow, held):
        with pytest.raises(StillTooFast):
            await waiting


async def test_those_who_wait_go_in_the_order_in_which_they_came() -> None:
    pace, came = Pace(speed=50.0), list[int]()

    async def call(number: int) -> None:
        await pace.turn("chat.postMessage", ONE)
        came.append(number)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert came == [*range(10)]


@pytest.mark.proof
async def test_a_channel_that_does_not_answer_holds_up_no_other(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.control("faults", method="chat.update", kind="timeout")
    await world.ana.types("/release cancel checkout-1 wrong build", settle=False)
    while (await world.look("faults"))["faults"]:
        await asyncio.sleep(0.02)
    await world.ana.types("/release start checkout 1.5.0", channel="random", settle=False)
    # The first one waits for its answer, which does not come for ten seconds.
    async with asyncio.timeout(5):
        while [release.key for release in await world.releases.unshown()] != ["checkout-1"]:
            await asyncio.sleep(0.02)
    await world.settled(within_s=20)


@pytest.mark.proof
async def test_a_practice_slack_with_slacks_limits_never_has_to_slow_rollcall_down(tmp_path: Path) -> None:
    gates = "".join(f"      - {{name: Gate {number}, approvals: {{qa: 1}}}}\n" for number in range(6))
    write(
        tmp_path,
        "roles: {captain: {starter: true}, qa: {group: qa}}\n"
        "stages:\n  - name: production\n    owner: captain\n    production: true\n    begin: captain\n"
        f"    gates:\n{gates}    steps:\n      - do: Deploy\n",
    )
    text = (tmp_path / "runbooks" / "shop.yaml").read_text()
    for name in ("till", "stock"):
        (tmp_path / "runbooks" / f"{name}.yaml").write_text(text.replace("service: shop", f"service: {name}"))
    practice = Practice(MovableClock(), limits=True)
    books = tmp_path / "runbooks"
    async with open_world(tmp_path, practice=practice, rollcall_pace=1.0, rollcall_runbooks=books) as world:
        await world.ana.types("/release start shop 1.0", settle=False)
        await world.ana.types("/release start till 1.0", settle=False)
        await world.ana.types("/release start stock 1.0", channel="random", settle=False)
        await world.settled(within_s=60)
        for number in range(6):
            for key in ("shop-1", "till-1"):
                gate = await world.message(key, f"gate:0:Gate {number}")
                place = {"channel": "releases", "message_ts": gate["ts"], "action_id": "approve_v1"}
                await world.control("press", user="ben", **place)
        await world.settled(within_s=60)
        entries = (await world.look("log"))["entries"]
        statuses = [(one["what"], one["status"]) for one in entries if one["direction"] == "in"]
        assert not [what for what, status in statuses if status == 429]
        posts = sum(what == "chat.postMessage" for what, _ in statuses)
        updates = sum(what == "chat.update" for what, _ in statuses)
        print(f"{posts} posts, {updates} updates, and nothing to slow down.")
        # Each release has a card and six messages of gates, and two wait for the captain's go.
        assert posts == 3 * 7 + 2
