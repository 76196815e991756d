"""Having the pipelines follow the ledger: what is asked for is started, seen to its end, or stopped."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.following import Following
from bot.ledger.database import Database
from bot.ledger.progress import runs
from bot.ledger.reader import Reader
from bot.pipelines.provider import Ended, Job, NotStarted, Provider, Unreached
from bot.pipelines.said import as_reason
from bot.release.ids import ROLLCALL, ReleaseId
from bot.release.release import Release
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, ReportRunHeldUp, Run

log = logging.getLogger(__name__)

STOPS_WITHIN: Final = timedelta(seconds=30)
"""How long a run that is no longer wanted may take to stop before it is told that another waits for it."""


class Runner:
    """Start what is asked for, once each, and report how it ends."""

    def __init__(
        self,
        provider: Provider,
        coordinator: Coordinator,
        releases: Reader,
        database: Database,
        clock: Clock,
        retry_s: float = 1.0,
    ) -> None:
        self._provider = provider
        self._coordinator = coordinator
        self._releases = releases
        self._database = database
        self._clock = clock
        self._following = Following(self._see_to, _trouble, retry_s)

    async def take_up(self) -> None:
        """Follow every release with a run for which something is left to do."""
        for release in await self._database.read(runs.unsettled):
            self.wake(release)

    def wake(self, release: ReleaseId) -> None:
        """Look at a release now, and follow it as long as something of it runs."""
        self._following.wake(release)

    async def output(self, release: Release, number: int) -> str:
        """Return what a run has said so far."""
        known = 0 < number <= len(release.runs)
        return (
            await self._provider.output(self._job(release, release.runs[number - 1], None)) if known else ""
        )

    async def stop(self) -> None:
        """Bring the calls that are under way to an end. What runs goes on, and is found again later."""
        await self._following.stop()

    async def _see_to(self, id_: ReleaseId) -> float | None:
        """Do what is to be done for the runs of a release; return the seconds after which to look again."""
        unsettled = await self._database.read(lambda c: runs.unsettled_of(c, id_))
        if not unsettled:
            return None
        release = await self._releases.find(id_)
        assert release is not None
        jobs = [self._job(release, release.runs[number - 1], tried) for number, tried in unsettled.items()]
        *older, newest = jobs
        # Those are wanted no more. What goes wrong with one of them holds up no other, and is tried again.
        done = await asyncio.gather(*(self._advance(release, job) for job in older), return_exceptions=True)
        await self._advance(release, newest)
        if troubles := [one for one in done if one is not None]:
            raise troubles[0]
        return min(map(self._provider.poll_s, jobs))

    async def _advance(self, release: Release, job: Job) -> None:
        run = release.runs[job.number - 1]
        if run.ended is not None:
            # Where it is not known whether it was started, it may go on.
            await (self._end(job) if run.began is None and job.tried else self._settle(job))
        elif release.run is None or release.run.number != run.number:
            await self._end(job)
        elif run.began is None:
            await self._start(job, run)
        elif ended := await self._provider.look(job):
            await self._ended(job, ended)

    async def _start(self, job: Job, run: Run) -> None:
        """Start a run. That it is tried is kept first, so that after a crash it is looked for."""
        now = self._clock.now()
        if older := await self._database.read(lambda c: runs.older(c, job.release, job.number, job.tried)):
            known = run.behind and (run.behind.release, run.behind.number)
            if now - run.at >= STOPS_WITHIN and known != (older[0].key, older[1]):
                await self._held_up(job, *older)
            return
        link = await self._provider.find(job) if job.tried else None
        if link is None and self._may_turn_up(job):
            return
        try:
            if link is None:
                if not await self._database.write(
                    lambda c: runs.call(c, job.release, job.number, now, job.tried)
                ):
                    return
                link = await self._provider.start(job)
        except (Unreached, NotStarted) as trouble:
            # It was not started this time; whether it was the time before is as open as it was.
            await self._database.write(lambda c: runs.uncall(c, job.release, job.number, now, job.tried))
            if isinstance(trouble, Unreached):
                raise
            await self._ended(job, Ended(passed=False, said=as_reason([str(trouble)])))
            return
        await self._coordinator.handle(
            ReportRunBegan(
                workspace=job.release.workspace,
                release=job.release.key,
                by=ROLLCALL,
                number=job.number,
                link=link,
            )
        )

    async def _held_up(self, job: Job, older: ReleaseId, number: int) -> None:
        """Tell which older run is to stop and does not, so that somebody ends it; once of each."""
        release = await self._releases.find(older)
        await self._coordinator.handle(
            ReportRunHeldUp(
                workspace=job.release.workspace,
                release=job.release.key,
                by=ROLLCALL,
                number=job.number,
                older=older.key,
                older_number=number,
                link=release.runs[number - 1].link if release else "",
            )
        )

    async def _end(self, job: Job) -> None:
        """Stop a run that is no longer wanted, or of which nobody can tell whether it was started; until it
        is over, no other of its service begins.

        One that cannot even be asked about, for want of access, is waited for until it has had its time.
        """
        try:
            over = await self._provider.stop(job)
        except NotStarted as trouble:
            log.warning("%s cannot be stopped: %s", job.id, trouble)
            over = job.left <= timedelta()
        if over or (over is None and not self._may_turn_up(job)):
            await self._settle(job)

    def _may_turn_up(self, job: Job) -> bool:
        """Return whether a run may have been started that is not seen yet.

        Clocks differ a little, so one that was tried shortly after now counts as well.
        """
        return job.tried is not None and abs(self._clock.now() - job.tried) < self._provider.settles(job)

    async def _ended(self, job: Job, ended: Ended) -> None:
        await self._coordinator.handle(
            ReportRunEnded(
                workspace=job.release.workspace,
                release=job.release.key,
                by=ROLLCALL,
                number=job.number,
                passed=ended.passed,
                said=ended.said,
            )
        )

    async def _settle(self, job: Job) -> None:
        await self._database.write(lambda c: runs.settle(c, job.release, job.number, job.tried))

    def _job(self, release: Release, run: Run, tried: datetime | None) -> Job:
        stage = release.stage_at(run.stage)
        about = {
            "release": release.key,
            "service": release.service,
            "version": release.version,
            "commit": release.manifest.commit,
            "stage": stage.name,
            "environment": stage.where,
            "step": run.step,
            "attempt": str(run.attempt),
        }
        before, commit = release.going_back_to
        if before:
            about |= {"before": before, "before_commit": commit}
        return Job(
            release=release.id,
            number=run.number,
            order=run.order,
            asked=run.at,
            link=run.link,
            about=about,
            left=run.until - self._clock.now(),
            tried=tried,
        )


def _trouble(release: ReleaseId) -> str:
    return f"A run of {release.key} cannot be seen to"
