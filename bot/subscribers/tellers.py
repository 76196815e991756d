"""All who are told of events, each for itself: one that is slow or dead holds up no other."""

import asyncio
from collections.abc import Sequence

from bot.clock import Clock
from bot.ledger.database import Database
from bot.ledger.progress import tellings
from bot.ledger.reader import Reader
from bot.outgoing import Networks
from bot.release.ids import WorkspaceId
from bot.subscribers.post import Post
from bot.subscribers.subscriber import Subscriber
from bot.subscribers.teller import LOOK_S, Teller


class Tellers:
    """Tell everybody who is named in the file."""

    def __init__(
        self,
        subscribers: Sequence[Subscriber],
        allowed: Networks,
        workspace: WorkspaceId,
        releases: Reader,
        database: Database,
        clock: Clock,
        look_s: float = LOOK_S,
    ) -> None:
        self._workspace = workspace
        self._database = database
        self._clock = clock
        self._tellers = {
            one.name: Teller(one, Post(one, allowed), workspace, releases, database, clock, look_s)
            for one in subscribers
        }

    async def start(self) -> None:
        """Note who is to be told from now on, and begin; what was left when the process ended is taken up."""
        names, now = list(self._tellers), self._clock.now()
        if names:
            await self._database.write(lambda c: tellings.enter(c, self._workspace, names, now))
        for teller in self._tellers.values():
            teller.start()

    async def stop(self) -> None:
        """Bring what is being sent to its end."""
        await asyncio.gather(*(teller.stop() for teller in self._tellers.values()))

    def wake(self) -> None:
        """Look now what is to be told."""
        for teller in self._tellers.values():
            teller.wake()

    def try_now(self, name: str) -> None:
        """Try one now, whatever it has answered before."""
        if teller := self._tellers.get(name):
            teller.try_now()
