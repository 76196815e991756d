"""Having one subscriber follow the ledger: it is told each event, for each release in order."""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from bot.clock import Clock
from bot.ledger.database import Database
from bot.ledger.ledger import Entry
from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Claim, Failure, Telling
from bot.ledger.reader import Reader
from bot.release.decide import apply
from bot.release.ids import ReleaseId, WorkspaceId
from bot.release.release import Release
from bot.subscribers.circuit import Circuit
from bot.subscribers.cloud_event import cloud_event, written
from bot.subscribers.post import Gone, NotTaken, Post, Taken
from bot.subscribers.subscriber import Subscriber

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Releases of which one subscriber is told at the same time."""
LEASE: Final = timedelta(seconds=30)
"""Longer than a try can take, so that two processes never send the same at once."""
FIRST_RETRY: Final = timedelta(seconds=5)
LONGEST_RETRY: Final = timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(days=3)
LOOK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """One event, and its release as it stood after it."""

    entry: Entry
    release: Release


class Teller:
    """Tell one subscriber. What it has not taken is tried again, ever later, and given up after three days.

    `look_s` is how often it is looked what is to be told besides when it is woken: whether it is time to try
    again, and whether another process has left something.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        post: Post,
        workspace: WorkspaceId,
        releases: Reader,
        database: Database,
        clock: Clock,
        look_s: float = LOOK_S,
    ) -> None:
        self._subscriber = subscriber
        self._post = post
        self._workspace = workspace
        self._releases = releases
        self._database = database
        self._clock = clock
        self._look_s = look_s
        self._circuit = Circuit()
        self._passes: dict[ReleaseId, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Bring what is being sent to its end."""
        self._stopping = True
        self._woken.set()
        if self._running is not None:
            await self._running
        if self._passes:
            await asyncio.wait(self._passes.values())
        await self._post.close()

    def wake(self) -> None:
        """Look now what is to be told."""
        self._woken.set()

    def try_now(self) -> None:
        """Try now, whatever the receiver has answered before."""
        self._circuit.reset()
        self.wake()

    async def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                for release in await self._due():
                    self._passes[release] = asyncio.get_running_loop().create_task(self._pass(release))
            except Exception:
                log.exception("What %s is to be told cannot be read.", self._subscriber.name)
            try:
                async with asyncio.timeout(self._look_s):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _due(self) -> Sequence[ReleaseId]:
        now = self._clock.now()
        free = (1 if self._circuit.open else AT_ONCE) - len(self._passes)
        if free <= 0 or not self._circuit.lets(now):
            return []
        # Those that are under way are not free, but one may have ended since it was read.
        query = AT_ONCE + free
        found = await self._database.read(
            lambda c: tellings.due(c, self._workspace, self._subscriber.name, now, query)
        )
        return [release for release in found if release not in self._passes][:free]

    async def _pass(self, release: ReleaseId) -> None:
        try:
            await self._tell(release)
        except Exception:
            log.exception("%s cannot be told of %s.", self._subscriber.name, release.key)
            # It is left claimed, so that it is not tried again at once.
        finally:
            del self._passes[release]
            self.wake()

    async def _tell(self, release: ReleaseId) -> None:
        """Tell all there is to tell of a release, until something is not taken."""
        now = self._clock.now()
        mine = Claim(subscriber=self._subscriber.name, release=release, until=now + LEASE)
        telling = await self._database.write(lambda c: tellings.claim(c, mine, now))
        if telling is None:
            return
        news = await self._news(release, telling.told)
        for one in news:
            if self._wants(one) and not await self._is_taken(mine, telling, one):
                return
            renewed = await self._note_told(mine, one, last=one is news[-1])
            if renewed is None:
                return
            mine, telling = renewed, replace(telling, failures=0, failing_since=None)

    async def _news(self, release: ReleaseId, told: int) -> Sequence[Told]:
        """Return the events after number `told` that are wanted, and the last of all."""
        news: list[Told] = []
        stands: Release | None = None
        for entry in await self._releases.entries(release):
            stands = apply(stands, entry.event)
            news.append(Told(entry, stands))
        return [one for one in news[told:] if self._wants(one) or one is news[-1]]

    def _wants(self, one: Told) -> bool:
        return self._subscriber.wants(one.release.service, type(one.entry.event).__name__)

    async def _is_taken(self, mine: Claim, telling: Telling, one: Told) -> bool:
        """Send an event, and return whether it was taken; what else became of it is noted."""
        if self._stopping:
            await self._database.write(lambda c: tellings.let_go(c, mine))
            return False
        body = written(cloud_event(one.entry, one.release))
        outcome = await self._post.send(one.entry.hash, body, self._clock.now())
        if not isinstance(outcome, Taken):
            await self._note_failed(mine, telling, one.entry, outcome)
            return False
        if self._circuit.taken():
            await self._hurry()
        return True

    async def _hurry(self) -> None:
        """Try all that waits soon, because the receiver is back after it has seemed to be dead."""
        await self._database.write(lambda c: tellings.hurry(c, self._workspace, self._subscriber.name))

    async def _note_told(self, mine: Claim, one: Told, *, last: bool) -> Claim | None:
        """Note that an event is done with, and return the claim as it goes on; None where it was lost."""
        now = self._clock.now()
        renewed = replace(mine, until=now + LEASE)
        until = None if last else renewed.until
        sent = now if self._wants(one) else None
        kept = await self._database.write(
            lambda c: tellings.note_told(c, mine, one.entry.seq, sent=sent, until=until)
        )
        return renewed if kept else None

    async def _note_failed(
        self, mine: Claim, telling: Telling, entry: Entry, outcome: NotTaken | Gone
    ) -> None:
        """Note that an event was not taken: it stays the next one."""
        now, name = self._clock.now(), self._subscriber.name
        rest = outcome.rest if isinstance(outcome, NotTaken) else None
        self._circuit.failed(mine.release.key, now, rest)
        failing_since = telling.failing_since or now
        next_at = now + max(_backoff(telling.failures), rest or timedelta())
        failure = Failure(
            told=entry.seq - 1,
            since=failing_since,
            failures=telling.failures + 1,
            next_at=None if now - failing_since >= GIVEN_UP_AFTER else next_at,
            said=outcome.said,
        )
        what = f"{name} has not taken event {entry.seq} of {mine.release.key}: {outcome.said.rstrip('.')}."
        if isinstance(outcome, Gone):
            log.error("%s Nothing is sent there any more; have it go on at /deliveries.", what)
        elif failure.next_at is None:
            log.error("%s It is given up; have it tried again at /deliveries.", what)
        else:
            log.warning("%s Next try in %.0f s.", what, (next_at - now).total_seconds())

        def note(connection: Connection) -> None:
            tellings.note_failed(connection, mine, failure)
            if isinstance(outcome, Gone):
                tellings.stop(connection, self._workspace, name, outcome.said, now)

        await self._database.write(note)


def _backoff(failures: int) -> timedelta:
    """Return twice as long each time, up to an hour, and a little less, so that not all come at once."""
    longest: timedelta = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - It is no secret when something is tried again.
