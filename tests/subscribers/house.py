"""A house with a ledger, receivers around it, and one Rollcall after the other that tells them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.ledger.database import Database
from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Telling
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata
from bot.outgoing import networks
from bot.release.ids import ReleaseId, ReleaseKey
from bot.signing import Key
from bot.subscribers.post import Post
from bot.subscribers.subscriber import Subscriber
from bot.subscribers.teller import Teller
from tests.ledger.world import CHECKOUT, TEAM, Replica, StillClock, Town, write_runbook
from tests.subscribers.receiver import SECRET, Receiver
from tests.world import PATIENCE_S

LOOPBACK = networks("127.0.0.1")
QUICK = aiohttp.ClientTimeout(total=0.3)


class House:
    """Rollcall's ledger. Time stands still unless it passes."""

    def __init__(self, folder: Path, services: Sequence[str] = ("checkout", "payments")) -> None:
        for service in services:
            write_runbook(folder / "runbooks", service)
        self.url = f"sqlite:///{folder / 'ledger.db'}"
        self.replica = Replica(self.url, folder / "runbooks", Town(), StillClock())
        with self.replica.database.engine.begin() as connection:
            metadata.create_all(connection)
        self.clock = self.replica.clock
        self.tellers: list[Teller] = []
        self.accepts = self.replica.accepts

    @property
    def database(self) -> Database:
        return self.replica.database

    def subscriber(self, receiver: Receiver, name: str = "log", **other: Any) -> Subscriber:
        return Subscriber(name=name, url=receiver.url, keys=(Key.read(SECRET),), **other)

    async def enters(self, *names: str) -> None:
        """Let somebody be known, though nobody tells them yet."""
        await self.database.write(lambda c: tellings.enter(c, TEAM, names, self.clock.now()))

    def teller(
        self, subscriber: Subscriber, database: Any = None, releases: Any = None, post: Any = None
    ) -> Teller:
        return Teller(
            subscriber,
            post or Post(subscriber, LOOPBACK, QUICK),
            TEAM,
            releases or Reader(self.database, self.replica.ledger),
            database or self.database,
            self.clock,
            look_s=0.02,
        )

    @asynccontextmanager
    async def rollcall(self, *subscribers: Subscriber) -> AsyncIterator[list[Teller]]:
        """Tell them until the block is left."""
        await self.enters(*(one.name for one in subscribers))
        async with AsyncExitStack() as stack:
            tellers = [self.teller(one) for one in subscribers]
            for teller in tellers:
                stack.push_async_callback(teller.stop)
                teller.start()
            yield tellers

    async def telling(self, name: str = "log", key: ReleaseKey = CHECKOUT) -> Telling:
        found = await self.database.read(lambda c: tellings.of_release(c, name, ReleaseId(TEAM, key)))
        assert found is not None
        return found

    async def waiting(self, name: str = "log") -> int:
        return await self.database.read(lambda c: tellings.waiting(c, TEAM, name))

    async def replays(self, seq: int = 1, key: ReleaseKey = CHECKOUT, name: str = "log") -> bool:
        return await self.database.write(lambda c: tellings.replay(c, name, ReleaseId(TEAM, key), seq))

    async def all_told(self, name: str = "log") -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.waiting(name):
                await asyncio.sleep(0.01)

    async def failed(self, times: int, name: str = "log", key: ReleaseKey = CHECKOUT) -> Telling:
        """Wait until an event of a release was not taken some times."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.telling(name, key)).failures < times:
                await asyncio.sleep(0.01)
        return found


async def sees(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)
