"""Wherever Rollcall is ended while it tells, no event is lost, and none comes with another id."""

import asyncio
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.ledger.database import Database
from bot.release.ids import ReleaseKey
from bot.subscribers.post import Outcome, Post
from bot.subscribers.teller import LEASE
from tests.ledger.world import ANA, BEN, CHECKOUT, CLEO, DAN, Replica, approve, begin, finish, start
from tests.subscribers.house import LOOPBACK, QUICK, House
from tests.subscribers.receiver import SECRET, Fault, Got, Receiver, hangs, in_order, receiving, resets, says
from tests.subscribers.telling import QuickClock
from tests.world import PATIENCE_S

ROUNDS = 5
"""How often it is killed."""
SERVICES = tuple(f"service-{number}" for number in range(6))


class Dies:
    """The point at which Rollcall is ended: who comes there waits, and is never heard of again."""

    def __init__(self, at: str) -> None:
        self._at = at
        self._counts: dict[str, int] = {}
        self.reached = asyncio.Event()

    async def here(self, what: str, does: Callable[[], Awaitable[Any]]) -> Any:
        self._counts[what] = self._counts.get(what, 0) + 1
        if self._at == f"before {what} {self._counts[what]}":
            await self._die()
        done = await does()
        if self._at == f"after {what} {self._counts[what]}":
            await self._die()
        return done

    async def _die(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()


class DyingDatabase:
    """A database at which Rollcall is ended, before or after something is kept."""

    def __init__(self, inner: Database, dies: Dies) -> None:
        self._inner = inner
        self._dies = dies
        self.read = inner.read

    async def write(self, work: Any) -> Any:
        return await self._dies.here("write", lambda: self._inner.write(work))


class DyingPost(Post):
    """A post at which Rollcall is ended, before or after something is sent."""

    def dies(self, dies: Dies) -> "DyingPost":
        self._dies = dies
        return self

    async def send(self, *arguments: Any) -> Outcome:
        outcome: Outcome = await self._dies.here("send", lambda: super(DyingPost, self).send(*arguments))
        return outcome


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("what", ["before write", "after write", "before send", "after send"])
async def test_wherever_it_is_ended_no_event_is_lost(
    house: House, receiver: Receiver, what: str, number: int, taken: bool
) -> None:
    await house.enters("log")
    await house.accepts(start())
    seq = (await house.accepts(approve(BEN))).seq
    if not taken:
        receiver.fails(*[says(500)] * 3)
    mine, dies = house.subscriber(receiver), Dies(f"{what} {number}")
    post = DyingPost(mine, LOOPBACK, QUICK).dies(dies)
    dying = house.teller(mine, DyingDatabase(house.database, dies), post=post)
    dying.start()
    async with asyncio.timeout(PATIENCE_S):
        while not dies.reached.is_set():
            house.clock.advance(seconds=1)
            await asyncio.sleep(0.01)
    await ends(dying)
    async with house.rollcall(mine):
        house.clock.advance(seconds=LEASE.total_seconds())
        async with asyncio.timeout(PATIENCE_S):
            while await house.waiting():
                house.clock.advance(seconds=1)
                await asyncio.sleep(0.01)
    assert sorted(set(receiver.taken_of(CHECKOUT))) == list(range(1, seq + 1))
    assert list(in_order(receiver.taken)) == []
    assert {got.id for got in receiver.taken} == {entry.hash for entry in await house.replica.entries()}


async def ends(teller: Any) -> None:
    """End what a teller does, as if its process were gone."""
    tasks = [teller._running, *teller._passes.values()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await teller._post.close()


class Fickle:
    """A receiver that goes wrong half of the time, in all the ways that there are."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.well = False

    def __call__(self, got: Got) -> Fault | None:
        if self.well or self._rng.random() < 0.6:
            return None
        rest: Fault = says(self._rng.choice([429, 503]), Retry_After=str(self._rng.randrange(20)))
        return self._rng.choice([says(500), says(404), hangs, resets, resets, resets, rest])


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(6))
async def test_hundreds_of_events_while_it_is_killed_and_the_receiver_goes_wrong(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    house, began = House(tmp_path, SERVICES), time.time()
    fickle = Fickle(rng)
    async with receiving(Receiver(QuickClock(began).now)) as receiver:
        receiver.always = fickle
        await house.enters("log")
        acting = asyncio.create_task(people_act(house.replica, rng))
        for _ in range(ROUNDS):
            process = await told_by(house.url, receiver.url, began)
            await asyncio.sleep(rng.uniform(0.2, 2.0))
            await killed(process)
        await acting
        fickle.well = True
        process = await told_by(house.url, receiver.url, began)
        async with asyncio.timeout(60):
            while await house.waiting():
                await asyncio.sleep(0.05)
        await killed(process)
    keys = [ReleaseKey(f"{service}-{number}") for service in SERVICES for number in (1, 2)]
    events = {(key, entry.seq): entry.hash for key in keys for entry in await house.replica.entries(key)}
    print(f"seed {seed}: {len(events)} events, {len(receiver.taken)} taken, {len(receiver.asked)} sent")
    assert {got.place: got.id for got in receiver.taken} == events
    assert len({(got.place, got.id) for got in receiver.asked}) == len(events)
    assert list(in_order(receiver.taken)) == []
    assert len(events) > 140  # In all seeds together, more than eight hundred.
    house.database.close()


async def people_act(replica: Replica, rng: random.Random) -> None:
    """Let two releases of each service go their way, all at the same time."""

    async def one(service: str) -> None:
        for number in (1, 2):
            key = ReleaseKey(f"{service}-{number}")
            for command in (
                start(f"1.0.{number}", service),
                approve(BEN, key),
                finish(ANA, 0, key),
                approve(DAN, key, stage=1),
                begin(key=key),
                finish(CLEO, 1, key),
            ):
                await replica.accepts(command)
                await asyncio.sleep(rng.uniform(0.0, 0.4))

    await asyncio.gather(*map(one, SERVICES))


async def told_by(database_url: str, url: str, began: float) -> Process:
    """Start a process that tells, and wait until it does."""
    words = (sys.executable, "-m", "tests.subscribers.telling", database_url, url, str(began))
    environment = {**os.environ, "RECEIVER_SECRET": SECRET}
    process = await asyncio.create_subprocess_exec(*words, env=environment, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"telling\n"
    return process


async def killed(process: Process) -> None:
    """End a process at once, with no chance to tidy up."""
    process.send_signal(signal.SIGKILL)
    await process.communicate()
