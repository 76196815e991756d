"""Having deployments follow the ledger: each waits until its release says that it goes on, or never will."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, assert_never

from bot.clock import Clock
from bot.coordinator import service_of
from bot.deployments.finding import Finding
from bot.deployments.platform import MOST, Platform
from bot.deployments.verdict import Go, No, NotOurs, Wait
from bot.following import Following
from bot.ledger.database import Database
from bot.ledger.progress import deployments
from bot.ledger.progress.deployments import Answer, Deployment, Standing
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId

SETTLES: Final = timedelta(seconds=60)
"""How long it may take until a deployment that waits is seen to."""
LONGEST: Final = timedelta(days=31)
"""How long a deployment is followed. GitHub lets none wait for more than 30 days (docs.github.com)."""
LAST: Final = " This is the last that is told here; Slack knows more."


@dataclass(slots=True)
class _Known:
    """What this process knows of a deployment that it follows; `looked` is a time of the event loop."""

    release: ReleaseKey | None = None
    services: tuple[str, ...] = ()
    looked: float = 0.0


class Follower:
    """Answer the deployments that wait, once each.

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
        self._known: dict[Deployment, _Known] = {}
        self._following = Following(self._see_to, _trouble, retry_s)

    async def asked(self, deployment: Deployment) -> None:
        """Keep a deployment that waits, and follow it once that is durable."""
        now = self._clock.now()
        await self._database.write(lambda c: deployments.keep(c, self._workspace, deployment, now))
        self._following.wake(deployment)

    async def take_up(self) -> None:
        """Follow every deployment that waits."""
        for deployment in await self._database.read(lambda c: deployments.waiting(c, self._workspace)):
            if deployment not in self._following:
                self._following.wake(deployment)

    def wake(self, release: ReleaseId) -> None:
        """Look at the deployments of a release that has changed, and at those that may belong to one of its
        service."""
        service = service_of(release.key)
        for deployment, known in self._known.items():
            if known.release == release.key or service in known.services:
                self._following.wake(deployment)

    async def stop(self) -> None:
        """Bring the calls that are under way to an end. What waits is followed again later."""
        await self._following.stop()

    async def _see_to(self, deployment: Deployment) -> float | None:
        """Do what is to be done for a deployment; return the seconds after which to look again."""
        known = self._known.setdefault(deployment, _Known())
        if await self._still_waits(deployment, known):
            return self._poll_s
        del self._known[deployment]
        return None

    async def _still_waits(self, deployment: Deployment, known: _Known) -> bool:
        """Answer a deployment if its time has come; return whether it still waits."""
        standing = await self._database.read(lambda c: deployments.standing(c, self._workspace, deployment))
        if standing is None:
            return False
        if await self._is_gone(deployment, standing, known):
            await self._settle(deployment, Answer.GONE)
            return False
        found = await self._finding.find(deployment, standing.release)
        known.release, known.services = found.release, found.services
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

    async def _is_gone(self, deployment: Deployment, standing: Standing, known: _Known) -> bool:
        """Return whether a deployment waits no longer, as when its pipeline was cancelled."""
        age = self._clock.now() - standing.at
        if age > LONGEST:
            return True
        now = asyncio.get_running_loop().time()
        if age < SETTLES or now - known.looked < self._poll_s:
            return False
        known.looked = now
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


def _trouble(deployment: Deployment) -> str:
    return f"{deployment.pipeline} is not answered"
