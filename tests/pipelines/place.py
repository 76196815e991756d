"""A place where commands are run by one Rollcall after the other, and the points at which it is ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.coordinator import Answer
from bot.ledger.progress import runs
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata
from bot.pipelines.commands.commands import Commands
from bot.pipelines.provider import Ended, Job, Provider
from bot.pipelines.runner import Runner
from bot.release.command import Command
from bot.release.ids import ReleaseId
from bot.release.release import Release
from bot.release.stages.runs import Behind, ReportRunBegan, ReportRunEnded
from bot.release.stages.start import Start
from bot.release.state import State
from tests.ledger.world import CHECKOUT, TEAM, Replica, StillClock, Town, start
from tests.world import PATIENCE_S

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
        self.running: Runner | None = None
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
        runner = self.running = self.runner(provider)
        await runner.take_up()
        try:
            yield runner
        finally:
            self.running = None
            await runner.stop()

    async def tell(self, command: Start | Command) -> Release:
        """Have a command accepted, and woken who runs what follows."""
        release = await self.replica.accepts(command)
        if self.running:
            self.running.wake(release.id)
        return release

    async def release(self) -> Release:
        release = await self.releases.find(ReleaseId(TEAM, CHECKOUT))
        assert release is not None
        return release

    async def until(self, state: State) -> Release:
        async with asyncio.timeout(PATIENCE_S):
            while (release := await self.release()).state is not state:
                await asyncio.sleep(0.02)
        return release

    async def ends(self, release: Release, state: State) -> None:
        """Wait until a release has come to a state."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.releases.find(release.id)) is None or found.state is not state:
                await asyncio.sleep(0.02)

    async def until_held_up(self, release: ReleaseId) -> Behind:
        """Wait until it is told which older run keeps the newest of a release from beginning."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.releases.find(release)
                if found and found.runs and (older := found.runs[-1].held_up_by):
                    return older
                await asyncio.sleep(0.02)

    async def until_settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.replica.database.read(runs.unsettled):
                await asyncio.sleep(0.02)

    async def until_said(self, *lines: str) -> None:
        """Wait until the command has written these lines last."""
        async with asyncio.timeout(PATIENCE_S):
            while self.said[-len(lines) :] != [*lines]:
                await asyncio.sleep(0.02)

    async def begins(self) -> None:
        """Start a release, of which nothing has been tried yet."""
        await self.replica.accepts(start())

    async def passes(self, runner: Runner, **duration: float) -> None:
        """Let time pass, and have the releases looked at."""
        self.replica.clock.time += timedelta(**duration)
        await runner.take_up()

    async def sees(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.02)

    async def has_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.times or not (await self.release()).runs[0].began:
                await asyncio.sleep(0.02)

    @property
    def times(self) -> int:
        """How often the command was run."""
        return len(self.said)

    @property
    def said(self) -> list[str]:
        """What the command has written down, each time it was run."""
        written = self.folder / "times"
        return written.read_text().splitlines() if written.exists() else []


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
    for task in [*dying._following._followed.values()]:
        task.cancel()
