"""Having deployments follow the ledger: each waits until its release says that it goes on, or never will."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, assert_never

from bot.clock import Clock
from bot.coordinator import service_of
from bot.deployments.finding import Finding
from bot.deployments.platform import MOST, Platform
from bot.deployments.verdict import Go, No, NotOurs, Wait
from bot.ledger import deployments
from bot.ledger.database import Database
from bot.ledger.deployments import Answer, Deployment, Standing
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId

log = logging.getLogger(__name__)

LONGEST_RETRY_S: Final = 60.0
SETTLES: Final = timedelta(seconds=60)
"""How long it may take until a deployment that waits is seen to."""
LONGEST: Final = timedelta(days=31)
"""How long a deployment is followed. GitHub lets none wait for more than 30 days (docs.github.com)."""
LAST: Final = " This is the last that is told here; Slack knows more."


@dataclass(slots=True)
class _Followed:
    """A deployment as this process follows it."""

    task: asyncio.Task[None] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    release: ReleaseKey | None = None
    services: tuple[str, ...] = ()
    looked: float = 0.0


class Follower:
    """Follow the deployments that wait. What goes wrong is tried again, each time after twice as long,
    beginning at twice `retry_s` seconds.

    Whether a deployment still waits at its platform is looked at every `poll_s` seconds.
    """

    def __init__(
        self,
        platform: Platform,
        finding: Finding,
        database: Database,
        workspace: WorkspaceId,
        clock: Clock,
        poll_s: float,
        retry_s: float = 1.0,
    ) -> None:
        self._platform = platform
        self._finding = finding
        self._database = database
        self._workspace = workspace
        self._clock = clock
        self._poll_s = poll_s
        self._retry_s = retry_s
        self._followed: dict[Deployment, _Followed] = {}
        self._stopping = False

    async def asked(self, deployment: Deployment) -> None:
        """Keep a deployment that waits, and follow it once that is durable."""
        now = self._clock.now()
        await self._database.write(lambda c: deployments.keep(c, self._workspace, deployment, now))
        self._look(deployment)

    async def take_up(self) -> None:
        """Follow every deployment that waits."""
        for deployment in await self._database.read(lambda c: deployments.waiting(c, self._workspace)):
            if deployment not in self._followed:
                self._look(deployment)

    def wake(self, release: ReleaseId) -> None:
        """Look at the deployments of a release that has changed, and at those that may belong to one of its
        service."""
        service = service_of(release.key)
        for deployment, followed in self._followed.items():
            if followed.release == release.key or service in followed.services:
                self._look(deployment)

    async def stop(self) -> None:
        """Bring the calls that are under way to an end. What waits is followed again later."""
        self._stopping = True
        tasks = [followed.task for followed in self._followed.values() if followed.task]
        for followed in self._followed.values():
            followed.news.set()
        if tasks:
            await asyncio.wait(tasks)

    def _look(self, deployment: Deployment) -> None:
        if self._stopping:
            return
        followed = self._followed.setdefault(deployment, _Followed())
        followed.news.set()
        if followed.task is None:
            followed.task = asyncio.get_running_loop().create_task(self._follow(deployment, followed))

    async def _follow(self, deployment: Deployment, followed: _Followed) -> None:
        failures = 0
        try:
            while not self._stopping:
                followed.news.clear()
                try:
                    waits = await self._see_to(deployment, followed)
                    if not waits and not followed.news.is_set():
                        return
                    pause, failures = self._poll_s, 0
                except Exception:
                    log.exception("%s is not answered; it is tried again.", deployment.pipeline)
                    failures += 1
                    pause = min(LONGEST_RETRY_S, self._retry_s * 2.0**failures)
                try:
                    async with asyncio.timeout(pause):
                        await followed.news.wait()
                except TimeoutError:
                    pass
        finally:
            del self._followed[deployment]

    async def _see_to(self, deployment: Deployment, followed: _Followed) -> bool:
        """Do what is to be done for a deployment; return whether it still waits."""
        standing = await self._database.read(lambda c: deployments.standing(c, self._workspace, deployment))
        if standing is None:
            return False
        if await self._is_gone(deployment, standing, followed):
            await self._settle(deployment, Answer.GONE)
            return False
        found = await self._finding.find(deployment, standing.release)
        followed.release, followed.services = found.release, found.services
        if (key := found.release) and key != standing.release:
            await self._database.write(lambda c: deployments.bind(c, self._workspace, deployment, key))
        match found.verdict:
            case Go(because) | No(because) as verdict:
                go = isinstance(verdict, Go)
                await self._platform.answer(deployment, go=go, because=because)
                await self._settle(deployment, Answer.APPROVED if go else Answer.REJECTED)
                return False
            case NotOurs(because):
                if not await self._platform.turn_away(deployment, because):
                    return True
                await self._settle(deployment, Answer.REJECTED)
                return False
            case Wait(because):
                await self._tell(deployment, standing, because)
                return True
            case _:
                assert_never(found.verdict)

    async def _is_gone(self, deployment: Deployment, standing: Standing, followed: _Followed) -> bool:
        """Return whether a deployment waits no longer, as when its pipeline was cancelled."""
        age = self._clock.now() - standing.at
        if age > LONGEST:
            return True
        now = asyncio.get_running_loop().time()
        if age < SETTLES or now - followed.looked < self._poll_s:
            return False
        followed.looked = now
        return not await self._platform.waits(deployment)

    async def _tell(self, deployment: Deployment, standing: Standing, because: str) -> None:
        """Tell a deployment on what it waits, if that is new. That it is told is kept first, so that no two
        tell it."""
        if because in ("", standing.told) or standing.reports >= MOST:
            return
        if not await self._database.write(
            lambda c: deployments.tell(c, self._workspace, deployment, because, standing.reports)
        ):
            return
        last = LAST if standing.reports + 1 == MOST else ""
        try:
            await self._platform.tell(deployment, because + last)
        except Exception:
            await self._database.write(lambda c: deployments.untell(c, self._workspace, deployment, standing))
            raise

    async def _settle(self, deployment: Deployment, answer: Answer) -> None:
        await self._database.write(lambda c: deployments.settle(c, self._workspace, deployment, answer))
