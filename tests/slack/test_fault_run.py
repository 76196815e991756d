"""Five hundred messages while everything goes wrong: none lost, none doubled, and each thread in its order."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.practice.cast import BOT_USER
from bot.practice.workspace import Channel
from bot.slack.messages.card import card
from tests.slack.given import write
from tests.slack.killable import LATE_S, Killable, slots
from tests.world import World

SEED: Final = int(os.environ.get("ROLLCALL_TEST_SEED", "20261124"))
CHANNELS: Final = ("releases", "random", "north", "south", "west")
RELEASES: Final = 25
GATES: Final = 19
KILLS: Final = 6
SHOWN_WITHIN_S: Final = 90

POSTS: Final = {
    "none": 67,
    "lost_answer": 9,
    "late_store": 7,
    "server_error": 5,
    "server_error_after": 5,
    "fatal_error": 3,
    "ratelimited": 3,
    "timeout": 1,
}
UPDATES: Final = {"none": 88, "server_error": 4, "lost_answer": 4, "ratelimited": 3, "timeout": 1}
LOOKS: Final = {"none": 88, "server_error": 6, "ratelimited": 4, "lost_answer": 2}
FAULTS: Final = {"chat.postMessage": POSTS, "chat.update": UPDATES, "conversations.replies": LOOKS}
"""What becomes of each hundred calls, on average."""
DRAWN: Final = 600
"""How many calls of each method something is drawn for; the calls after those go well."""

THREAD: Final = ["card", *(f"gate:0:Gate {gate}" for gate in range(GATES))]
"""What each release shows, in order."""

Key = tuple[str, str]


@pytest.fixture
async def practice() -> AsyncIterator[Practice]:
    practice = Practice(MovableClock(), limits=False)
    for name in CHANNELS:
        place = Channel(id=f"C0{name.upper()}", name=name, members=["U0ANA", "U0BEN", BOT_USER])
        practice.workspace.channels[place.id] = place
    async with practice.serving(port=0):
        yield practice


@pytest.fixture
async def rollcall(practice: Practice, tmp_path: Path) -> AsyncIterator[Killable]:
    async with Killable(practice, f"sqlite:///{tmp_path / 'ledger.db'}", runbooks(tmp_path)) as rollcall:
        await rollcall.start()
        yield rollcall


@pytest.fixture
async def world(practice: Practice, rollcall: Killable) -> AsyncIterator[World]:
    async with World(practice, MovableClock(), rollcall.environment["DATABASE_URL"]) as world:
        yield world


def runbooks(folder: Path) -> Path:
    """Write a runbook for each service, with gates that one of two people answers."""
    gates = "".join(f"      - {{name: Gate {number}, approvals: {{qa: 1}}}}\n" for number in range(GATES))
    write(
        folder,
        "roles: {captain: {starter: true}, qa: {group: qa}}\n"
        "stages:\n  - name: production\n    owner: captain\n    production: true\n    begin: captain\n"
        f"    gates:\n{gates}    steps:\n      - do: Deploy\n",
    )
    there = folder / "runbooks"
    text = (there / "shop.yaml").read_text()
    for number in range(RELEASES):
        (there / f"s{number}.yaml").write_text(text.replace("service: shop", f"service: s{number}"))
    return there


def place_of(number: int) -> str:
    return CHANNELS[number % len(CHANNELS)]


async def order_faults(world: World, rng: random.Random) -> Counter[Key]:
    """Order what becomes of the calls to come; return how often each fault was ordered."""
    ordered: Counter[Key] = Counter()
    for method, shares in FAULTS.items():
        for kind, run in groupby(rng.choices(list(shares), list(shares.values()), k=DRAWN)):
            times, delay_s = len(list(run)), rng.uniform(0.1, LATE_S)
            await world.control("faults", method=method, kind=kind, times=times, delay_s=delay_s)
            ordered[method, kind] += times
    return ordered


async def injected(world: World, ordered: Counter[Key]) -> Counter[Key]:
    """Return how often each fault has met a call."""
    coming: Counter[Key] = Counter()
    for one in (await world.look("faults"))["faults"]:
        coming[one["method"], one["kind"]] += one["times"]
    return Counter({key: count for key, count in (ordered - coming).items() if key[1] != "none"})


async def people_press(world: World, rng: random.Random) -> set[Key]:
    """Have Ben approve some gates that are there; return the release and gate of each press that was taken."""
    taken: set[Key] = set()
    for number in rng.sample(range(RELEASES), 6):
        gate = rng.randrange(GATES - 1)
        found = await shown_at(world, number, f"gate:0:Gate {gate}")
        if found is not None:
            press = {"user": "ben", "channel": place_of(number), "message_ts": found["ts"]}
            answer = await world.control("press", **press, action_id="approve_v1")
            if answer["ok"]:
                taken.add((f"s{number}-1", f"Gate {gate}"))
    return taken


async def shown_at(world: World, number: int, slot: str) -> Mapping[str, Any] | None:
    for message in await thread_of(world, number):
        if message["metadata"]["event_payload"]["slot"] == slot:
            return message
    return None


async def thread_of(world: World, number: int) -> list[Mapping[str, Any]]:
    """Return a release's card and its thread, oldest first."""
    for root in await world.messages(place_of(number)):
        payload = (root.get("metadata") or {}).get("event_payload", {})
        if (payload.get("release"), payload.get("slot")) == (f"s{number}-1", "card"):
            return list(await world.messages(place_of(number), thread_ts=root["ts"]))
    return []


class Calls:
    """The calls that Rollcall has made, by method, and the posts that were answered well."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.posted = 0
        self._read = 0

    async def note(self, world: World) -> None:
        """Count the calls since the last look, before the log of the practice Slack drops them."""
        entries = (await world.look("log", after=str(self._read)))["entries"]
        for one in entries:
            self._read = one["n"]
            if one["direction"] == "in":
                self.made[one["what"]] += 1
                answered = isinstance(one["answer"], dict) and one["answer"].get("ok")
                self.posted += one["what"] == "chat.postMessage" and bool(answered)


@pytest.mark.proof
async def test_five_hundred_messages_are_shown_once_and_in_order_whatever_goes_wrong(
    world: World, rollcall: Killable
) -> None:
    rng, began = random.Random(SEED), time.monotonic()
    print(f"\nseed {SEED}, to be set by ROLLCALL_TEST_SEED")
    calls = Calls()
    ordered = await order_faults(world, rng)
    await world.until_types("ana", "/release list")
    for number in range(RELEASES):
        await world.ana.types(f"/release start s{number} 1.0", channel=place_of(number), settle=False)
    pressed: set[Key] = set()
    for _ in range(KILLS):
        pressed |= await people_press(world, rng)
        await asyncio.sleep(rng.uniform(0.3, 3.0))
        await rollcall.kill()
        await calls.note(world)
        await rollcall.start()
    pressed |= await people_press(world, rng)
    await world.settled(within_s=SHOWN_WITHIN_S)
    await calls.note(world)

    stand = sum([await slots(world, channel) for channel in CHANNELS], Counter[Key]())
    expected = {(f"s{number}-1", slot) for number in range(RELEASES) for slot in THREAD}
    lost, doubled = expected - set(stand), [key for key, count in stand.items() if count > 1]
    went_wrong = await injected(world, ordered)
    seconds = time.monotonic() - began
    print(f"{len(expected)} messages, {len(pressed)} presses, {KILLS} kills, in {seconds:.0f} s")
    for (method, kind), count in sorted(went_wrong.items()):
        print(f"  {method:24}{kind:20}{count:5}")
    for method in FAULTS:
        print(f"  {method:24}{'calls':20}{calls.made[method]:5}")
    print(f"  posts answered well {calls.posted}, messages found again {len(stand) - calls.posted}")
    print(f"  lost {len(lost)}, doubled {len(doubled)}")

    assert (len(expected), set(stand)) == (500, expected)
    assert (len(lost), len(doubled)) == (0, 0)
    for number in range(RELEASES):
        thread = await thread_of(world, number)
        assert [one["metadata"]["event_payload"]["slot"] for one in thread] == THREAD
        release = await world.release(f"s{number}-1")
        assert thread[0]["text"].startswith(card(release, "").text)
        counted = {(release.id.key, vote.gate) for vote in release.votes}
        # A press may count although its acknowledgement came too late for Slack.
        assert counted >= {one for one in pressed if one[0] == release.id.key}
    # What went wrong is enough to make this a proof.
    assert sum(went_wrong.values()) > 100
