"""The runner: each run is started once and seen to its end, wherever Rollcall is ended."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from bot.clock import MovableClock
from bot.coordinator import Answer
from bot.ledger import runs, tables
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata
from bot.ledger.verify import rebuild
from bot.pipelines.commands import Commands
from bot.pipelines.provider import Ended, Job, Provider
from bot.pipelines.runner import Runner
from bot.practice import Practice
from bot.release.ids import ReleaseId, ReleaseKey
from bot.release.release import Release
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.stages.holds import PlaceHold
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded
from bot.release.state import State
from tests.ledger.world import ANA, CHECKOUT, TEAM, Replica, StillClock, Town, act, cancel, start
from tests.pipelines.kept import kept
from tests.slack.given import ROLES, write
from tests.slack.killable import Killable
from tests.world import PATIENCE_S, World

RUNBOOK = """\
title: Checkout
service: checkout
roles:
  captain: {starter: true}
stages:
  - name: production
    owner: captain
    production: true
    steps:
      - do: Deploy
        run: {command: [deploy, "{version}"]}
"""


POINTS = (
    "before the call",
    "after the call",
    "before it began is kept",
    "after it ended",
    "before its end is kept",
)
"""Where Rollcall is ended."""


class Place:
    """A machine with a ledger, an allowed command, and one Rollcall after the other."""

    def __init__(self, folder: Path, runbook: str = RUNBOOK) -> None:
        self.folder = folder
        (folder / "runbooks").mkdir()
        (folder / "runbooks" / "checkout.yaml").write_text(runbook)
        (folder / "commands").mkdir()
        self.replica = Replica(f"sqlite:///{folder / 'ledger.db'}", folder / "runbooks", Town(), StillClock())
        with self.replica.database.engine.begin() as connection:
            metadata.create_all(connection)
        self.releases = Reader(self.replica.database, self.replica.ledger)
        self.has("echo once >> times")

    def has(self, script: str) -> None:
        path = self.folder / "commands" / "deploy"
        path.write_text(f"#!/bin/sh\ncd {self.folder}\n{script}\n")
        path.chmod(0o755)

    def commands(self) -> Commands:
        return Commands(self.folder / "commands", self.folder / "runs", {}, poll_s=0.02)

    def runner(self, provider: Any = None, coordinator: Any = None) -> Runner:
        return Runner(
            provider or self.commands(),
            coordinator or self.replica.coordinator,
            self.releases,
            self.replica.database,
            self.replica.clock,
            0.02,
        )

    @asynccontextmanager
    async def rollcall(self, provider: Provider | None = None) -> AsyncIterator[Runner]:
        """Run Rollcall until the block is left."""
        runner = self.runner(provider)
        await runner.take_up()
        yield runner
        await runner.stop()

    async def release(self) -> Release:
        release = await self.releases.find(ReleaseId(TEAM, CHECKOUT))
        assert release is not None
        return release

    async def until(self, state: State) -> Release:
        async with asyncio.timeout(PATIENCE_S):
            while (release := await self.release()).state is not state:
                await asyncio.sleep(0.02)
        return release

    async def until_settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.replica.database.read(runs.unsettled):
                await asyncio.sleep(0.02)

    async def has_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.times or not (await self.release()).runs[0].began:
                await asyncio.sleep(0.02)

    @property
    def times(self) -> int:
        """How often the command was run."""
        written = self.folder / "times"
        return len(written.read_text().splitlines()) if written.exists() else 0


class Dies:
    """A point at which Rollcall is ended: who comes there waits, and is never heard of again."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def here(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()


class Dying:
    """A provider at which Rollcall is ended, before or after a call."""

    def __init__(self, inner: Provider, dies: Dies, when: str) -> None:
        self._inner = inner
        self._dies = dies
        self._when = when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def start(self, job: Job) -> str:
        if self._when == "before the call":
            await self._dies.here()
        link = await self._inner.start(job)
        if self._when == "after the call":
            await self._dies.here()
        return link

    async def look(self, job: Job) -> Ended | None:
        ended = await self._inner.look(job)
        if ended and self._when == "after it ended":
            await self._dies.here()
        return ended


class DyingCoordinator:
    """A door at which Rollcall is ended, before something is kept."""

    def __init__(self, place: Place, dies: Dies, command: type) -> None:
        self._place = place
        self._dies = dies
        self._command = command

    async def handle(self, command: Any) -> Answer:
        if isinstance(command, self._command):
            await self._dies.here()
        return await self._place.replica.coordinator.handle(command)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    place.replica.database.close()


async def test_what_is_asked_for_is_run_once_and_completes_the_release(place: Place) -> None:
    await place.replica.accepts(start())
    async with place.rollcall():
        release = await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1
    assert release.runs[0].began


async def test_what_is_asked_for_later_is_run_when_it_is_woken(place: Place) -> None:
    async with place.rollcall() as runner:
        release = await place.replica.accepts(start())
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert place.times == 1


async def end_at(place: Place, point: str, provider: Provider) -> None:
    """Start a release, and end Rollcall at a point."""
    dies = Dies()
    kept = {"before it began is kept": ReportRunBegan, "before its end is kept": ReportRunEnded}
    coordinator = DyingCoordinator(place, dies, kept[point]) if point in kept else None
    await place.replica.accepts(start())
    dying = place.runner(Dying(provider, dies, point), coordinator)
    await dying.take_up()
    async with asyncio.timeout(PATIENCE_S):
        await dies.reached.wait()
    for task in [*dying._followed.values()]:
        task.cancel()


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_a_run_is_started_once(place: Place, point: str) -> None:
    await end_at(place, point, place.commands())
    async with place.rollcall():
        await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1


async def test_two_at_once_start_it_once(place: Place) -> None:
    await place.replica.accepts(start())
    async with place.rollcall(), place.rollcall():
        await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1


async def test_a_run_that_is_no_longer_wanted_is_stopped_even_when_it_was_ended_meanwhile(
    place: Place,
) -> None:
    place.has("echo once >> times; sleep 60")
    await place.replica.accepts(start())
    async with place.rollcall():
        async with asyncio.timeout(PATIENCE_S):
            while not place.times:
                await asyncio.sleep(0.02)
    failed = act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="It is stuck.")
    await place.replica.accepts(failed)
    async with place.rollcall():
        await place.until_settled()
        async with asyncio.timeout(PATIENCE_S):
            while not (kept(place.folder, TEAM, CHECKOUT) / "ended.json").exists():
                await asyncio.sleep(0.02)


CLEANS_UP = """\
trap 'sleep 0.7; echo end >> times; exit 1' TERM
echo begin >> times
while :; do sleep 0.05; done
"""


async def test_no_run_begins_while_the_one_before_is_being_stopped(place: Place) -> None:
    place.has(CLEANS_UP)
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        await place.has_begun()
        place.has("echo again >> times")
        await place.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Stuck."))
        release = await place.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert (place.folder / "times").read_text().split() == ["begin", "end", "again"]


async def test_no_run_begins_while_one_of_the_release_before_is_being_stopped(tmp_path: Path) -> None:
    place = Place(tmp_path, RUNBOOK.replace("    production: true\n", ""))
    place.has(CLEANS_UP)
    first = await place.replica.accepts(start())
    async with place.rollcall() as runner:
        await place.has_begun()
        place.has("echo again >> times")
        await place.replica.accepts(cancel())
        second = await place.replica.accepts(start(version="1.0.1"))
        runner.wake(second.id)
        runner.wake(first.id)
        await place.until_settled()
    assert (place.folder / "times").read_text().split() == ["begin", "end", "again"]
    place.replica.database.close()


async def test_only_an_older_run_of_the_same_service_holds_one_up(place: Place) -> None:
    def note(connection: Connection) -> None:
        for key, number in (("shop-2", 1), ("shop-2", 2), ("shop-10", 1), ("shop-api-1", 1)):
            rows = {"workspace": TEAM, "release": key, "number": number, "called_at": None, "settled": False}
            connection.execute(insert(tables.runs), rows)

    def held_up(key: str, number: int) -> bool:
        with place.replica.database.engine.connect() as connection:
            return runs.is_held_up(connection, ReleaseId(TEAM, ReleaseKey(key)), number)

    await place.replica.database.write(note)
    assert [held_up("shop-2", 1), held_up("shop-2", 2), held_up("shop-10", 1)] == [False, True, True]
    assert not held_up("shop-api-1", 1)


async def test_what_was_settled_meanwhile_is_not_started(place: Place) -> None:
    release = await place.replica.accepts(start())
    database, now = place.replica.database, place.replica.clock.now()
    await database.write(lambda c: runs.settle(c, release.id, 1, now))
    assert await database.read(runs.unsettled) == [release.id]
    await database.write(lambda c: runs.settle(c, release.id, 1, None))
    assert not await database.write(lambda c: runs.call(c, release.id, 1, now, None))


async def test_a_clock_that_is_set_back_holds_up_no_run(place: Place) -> None:
    await end_at(place, "before the call", place.commands())
    place.replica.clock.time -= timedelta(days=1)
    async with place.rollcall():
        await place.until(State.COMPLETED)
    assert place.times == 1


async def test_a_retry_is_run_again(place: Place) -> None:
    place.has("echo once >> times; exit 1")
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        release = await place.until(State.FAILED)
        place.has("echo once >> times")
        await place.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert place.times == 2


async def test_a_provider_that_does_not_answer_is_asked_again_and_holds_up_no_other(place: Place) -> None:
    class Deaf(Commands):
        failures = 3

        def __init__(self, inner: Commands) -> None:
            self.__dict__.update(inner.__dict__)

        async def start(self, job: Job) -> str:
            if self.failures:
                self.failures -= 1
                raise TimeoutError("The provider does not answer.")
            return await super().start(job)

    await place.replica.accepts(start())
    runner = place.runner(Deaf(place.commands()))
    await runner.take_up()
    await place.until(State.COMPLETED)
    await runner.stop()
    assert place.times == 1


async def test_a_ledger_that_is_made_anew_forgets_no_run_that_is_under_way(place: Place) -> None:
    await place.replica.accepts(start())
    await place.replica.database.write(lambda c: c.exec_driver_sql("DELETE FROM runs"))
    await place.replica.database.write(rebuild)
    async with place.rollcall():
        await place.until(State.COMPLETED)
    assert place.times == 1


async def test_a_hold_keeps_a_run_from_being_asked_for(place: Place) -> None:
    place.has("echo once >> times; exit 1")
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        release = await place.until(State.FAILED)
        await place.replica.accepts(act(PlaceHold, ANA, reason="Look first."))
        runner.wake(release.id)
        await place.until_settled()
    assert place.times == 1


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_moment_each_run_is_started_once(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    steps = "".join(
        f'      - do: Deploy {n}\n        run: {{command: [deploy, "{n}", "{{version}}"]}}\n'
        for n in range(10)
    )
    stage = f"stages:\n  - name: production\n    owner: on-call\n    production: true\n    steps:\n{steps}"
    write(tmp_path, ROLES + stage)
    (tmp_path / "commands").mkdir()
    deploy = tmp_path / "commands" / "deploy"
    deploy.write_text(f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/times\nsleep 0.2\n')
    deploy.chmod(0o755)
    practice = Practice(MovableClock(), limits=False)
    await practice.start(port=0)
    rollcall = Killable(practice, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "runbooks")
    rollcall.environment |= {
        "ROLLCALL_COMMANDS": str(tmp_path / "commands"),
        "ROLLCALL_RUNS": str(tmp_path / "runs"),
        "ROLLCALL_POLL": "0.05",
    }
    world = World(practice, MovableClock(), rollcall.environment["DATABASE_URL"])
    await rollcall.start()
    await world.ana.types("/release start shop 2.0", settle=False)
    kills = 0
    while (await world.release("shop-1")).state is not State.COMPLETED:
        await asyncio.sleep(luck.uniform(0.0, 0.3))
        await rollcall.kill()
        await rollcall.start()
        kills += 1
    await rollcall.kill()
    await world.close()
    await practice.stop()
    print(f"{kills} kills")
    assert kills >= 6
    assert (tmp_path / "times").read_text().split("\n")[:-1] == [f"{n} 2.0" for n in range(10)]
