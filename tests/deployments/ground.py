"""What tests of deployments stand on: a ledger, a platform, and one Rollcall after the other."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.deployments.finding import Finding
from bot.deployments.follower import Follower
from bot.deployments.platform import Platform
from bot.ledger.progress import deployments
from bot.ledger.progress.deployments import Deployment
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata
from bot.runbook.files.read import Runbooks
from tests.ledger.world import TEAM, Replica, StillClock, Town
from tests.pipelines.place import Dies
from tests.world import PATIENCE_S

POINTS = ("before it is followed", "before the call", "after the call")
"""Where Rollcall is ended once it has kept a deployment; what it has called is noted after that."""


class Ground(ABC):
    """A ledger, deployments that wait for it, and one Rollcall after the other."""

    def __init__(self, folder: Path, runbook: str) -> None:
        self.runbooks = folder / "runbooks"
        self.runbooks.mkdir()
        self.has_runbook(runbook)
        self.replica = Replica(f"sqlite:///{folder / 'ledger.db'}", self.runbooks, Town(), StillClock())
        with self.replica.database.engine.begin() as connection:
            metadata.create_all(connection)
        self.releases = Reader(self.replica.database, self.replica.ledger)

    @abstractmethod
    def platform(self) -> Platform:
        """Return where the deployments wait."""

    @abstractmethod
    async def asks(self, follower: Follower, asked: Any) -> None:
        """Have a deployment ask whether it goes on."""

    def has_runbook(self, runbook: str, service: str = "checkout") -> None:
        (self.runbooks / f"{service}.yaml").write_text(runbook)

    def finding(self) -> Finding:
        replica = self.replica
        return Finding(self.releases, Runbooks(replica.runbooks), replica.coordinator, TEAM)

    def follower(self, platform: Platform | None = None) -> Follower:
        replica = self.replica
        return Follower(
            platform or self.platform(),
            self.finding(),
            replica.database,
            TEAM,
            replica.clock,
            poll_s=0.02,
            retry_s=0.01,
        )

    @asynccontextmanager
    async def rollcall(self, platform: Platform | None = None) -> AsyncIterator[Follower]:
        """Run Rollcall until the block is left."""
        follower = self.follower(platform)
        await follower.take_up()
        try:
            yield follower
        finally:
            await follower.stop()

    async def answers(self) -> list[str | None]:
        """Return how the deployments ended that were asked about, as they are kept."""
        query = select(metadata.tables["deployments"].c.answer)
        return list(await self.replica.database.read(lambda c: c.scalars(query).all()))

    async def until_settled(self) -> list[str | None]:
        async with asyncio.timeout(PATIENCE_S):
            while await self.replica.database.read(lambda c: deployments.waiting(c, TEAM)):
                await asyncio.sleep(0.01)
        return await self.answers()

    async def sees(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.01)

    async def acts(self, follower: Follower, *commands: Any) -> None:
        for command in commands:
            release = await self.replica.accepts(command)
            follower.wake(release.id)


class Dying:
    """A platform at which Rollcall is ended, before or after it has answered or told something."""

    def __init__(self, inner: Platform, dies: Dies, when: str) -> None:
        self._inner = inner
        self._dies = dies
        self._when = when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def answer(self, deployment: Deployment, *, go: bool, because: str) -> None:
        await self._call(self._inner.answer(deployment, go=go, because=because))

    async def tell(self, deployment: Deployment, because: str) -> None:
        await self._call(self._inner.tell(deployment, because))

    async def _call(self, call: Awaitable[None]) -> None:
        if self._when == "before the call":
            asyncio.ensure_future(call).cancel()
            await self._dies.here()
        await call
        if self._when == "after the call":
            await self._dies.here()


async def end_at(ground: Ground, asked: Any, point: str) -> None:
    """Have a deployment ask, and end Rollcall at a point."""
    dies = Dies()
    follower = ground.follower(Dying(ground.platform(), dies, point))
    await ground.asks(follower, asked)
    if point == "before it is followed":
        dies.reached.set()
    async with asyncio.timeout(PATIENCE_S):
        await dies.reached.wait()
    tasks = [*follower._following._followed.values()]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
