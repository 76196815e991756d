"""Having the pipelines follow the ledger: what is asked for is started, seen to its end, or stopped."""

import asyncio
import logging
from datetime import datetime
from typing import Final

from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.ledger import runs
from bot.ledger.database import Database
from bot.ledger.reader import Reader
from bot.pipelines.provider import Job, NotStarted, Provider
from bot.release.ids import ROLLCALL, ReleaseId
from bot.release.release import Release
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, Run

log = logging.getLogger(__name__)

LONGEST_RETRY_S: Final = 60.0


class Runner:
    """Start what is asked for, once each, and report how it ends. `poll_s` is the time between two looks.

    Each release is followed by itself, so one that waits holds up no other.
    """

    def __init__(
        self,
        provider: Provider,
        coordinator: Coordinator,
        releases: Reader,
        database: Database,
        clock: Clock,
        poll_s: float,
    ) -> None:
        self._provider = provider
        self._coordinator = coordinator
        self._releases = releases
        self._database = database
        self._clock = clock
        self._poll_s = poll_s
        self._followed: dict[ReleaseId, asyncio.Task[None]] = {}
        self._news: dict[ReleaseId, asyncio.Event] = {}
        self._stopping = False

    async def take_up(self) -> None:
        """Follow every release with a run for which something is left to do."""
        for release in await self._database.read(runs.unsettled):
            self.wake(release)

    def wake(self, release: ReleaseId) -> None:
        """Look at a release now, and follow it as long as something of it runs."""
        if self._stopping:
            return
        self._news.setdefault(release, asyncio.Event()).set()
        if release not in self._followed:
            task = asyncio.get_running_loop().create_task(self._follow(release))
            self._followed[release] = task

    async def output(self, release: Release, number: int) -> str:
        """Return what a run has said so far."""
        known = 0 < number <= len(release.runs)
        return await self._provider.output(self._job(release, release.runs[number - 1])) if known else ""

    async def stop(self) -> None:
        """Bring the calls that are under way to an end. What runs goes on, and is found again later."""
        self._stopping = True
        for news in self._news.values():
            news.set()
        if self._followed:
            await asyncio.wait(self._followed.values())

    async def _follow(self, release: ReleaseId) -> None:
        news, failures = self._news[release], 0
        try:
            while not self._stopping:
                news.clear()
                try:
                    if not await self._see_to(release) and not news.is_set():
                        return
                    failures = 0
                except Exception:
                    log.exception("A run of %s cannot be seen to; it is tried again.", release.key)
                    failures += 1
                wait = min(LONGEST_RETRY_S, self._poll_s * 2.0**failures)
                try:
                    async with asyncio.timeout(wait):
                        await news.wait()
                except TimeoutError:
                    pass
        finally:
            del self._followed[release], self._news[release]

    async def _see_to(self, id_: ReleaseId) -> bool:
        """Do what is to be done for the runs of a release, and return whether there are any."""
        unsettled = await self._database.read(lambda c: runs.unsettled_of(c, id_))
        if not unsettled:
            return False
        release = await self._releases.find(id_)
        assert release is not None
        for number, called_at in unsettled.items():
            run = release.runs[number - 1]
            if run.ended is not None:
                await self._settle(id_, number)
            elif release.run is None or release.run.number != number:
                await self._provider.stop(self._job(release, run))
                await self._settle(id_, number)
            elif run.began is None:
                await self._start(release, run, called_at)
            elif ended := await self._provider.look(self._job(release, run)):
                await self._ended(release, run, passed=ended.passed, said=ended.said)
        return True

    async def _start(self, release: Release, run: Run, called_at: datetime | None) -> None:
        """Start a run. That it is tried is kept first, so that after a crash it is looked for."""
        job, now = self._job(release, run), self._clock.now()
        link = await self._provider.find(job) if called_at else None
        if link is None and called_at and now < called_at + self._provider.settles:
            return
        try:
            if link is None:
                if not await self._database.write(
                    lambda c: runs.call(c, release.id, run.number, now, called_at)
                ):
                    return
                link = await self._provider.start(job)
        except NotStarted as trouble:
            await self._ended(release, run, passed=False, said=str(trouble))
            return
        await self._coordinator.handle(
            ReportRunBegan(
                workspace=release.workspace, release=release.key, by=ROLLCALL, number=run.number, link=link
            )
        )

    async def _ended(self, release: Release, run: Run, *, passed: bool, said: str) -> None:
        await self._coordinator.handle(
            ReportRunEnded(
                workspace=release.workspace,
                release=release.key,
                by=ROLLCALL,
                number=run.number,
                passed=passed,
                said=said,
            )
        )

    async def _settle(self, release: ReleaseId, number: int) -> None:
        await self._database.write(lambda c: runs.settle(c, release, number))

    def _job(self, release: Release, run: Run) -> Job:
        stage = release.stage_at(run.stage)
        about = {
            "release": release.key,
            "service": release.service,
            "version": release.version,
            "stage": stage.name,
            "environment": stage.where,
            "step": run.step,
            "attempt": str(run.attempt),
        }
        return Job(
            release=release.id,
            number=run.number,
            order=run.order,
            asked=run.at,
            link=run.link,
            about=about,
            left=run.until - self._clock.now(),
        )
