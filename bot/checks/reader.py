"""Reading the checks that are due, and saying so through the one door.

When each is due stands in the ledger's database, so that of several processes one reads it, and a restart
repeats nothing. What a reading brings about is decided like anything else.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from bot.checks.source import Asked, Reading, Source, Unreadable
from bot.clock import Clock
from bot.coordinator import Coordinator
from bot.ledger.database import Database
from bot.ledger.progress import readings
from bot.ledger.progress.readings import Due
from bot.ledger.reader import Reader
from bot.release.gates.checks import Outcome
from bot.release.gates.readings import ReportReading, to_be_read
from bot.release.ids import ROLLCALL
from bot.release.release import Release
from bot.runbook.model import Check

log = logging.getLogger(__name__)

AT_ONCE: Final = 20
"""Readings that are under way at the same time; others wait for the next tick."""
AGAIN_S: Final = 1.0
"""Seconds after which what could not be read is tried once more, before it is said."""


class CheckReader:
    """Read checks, each in the source of its kind: `sources` by the key that names it in a runbook."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        coordinator: Coordinator,
        releases: Reader,
        database: Database,
        clock: Clock,
        again_s: float = AGAIN_S,
    ) -> None:
        self._sources = sources
        self._coordinator = coordinator
        self._releases = releases
        self._database = database
        self._clock = clock
        self._again_s = again_s
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def is_reading(self) -> bool:
        """Whether something is being read."""
        return bool(self._under_way)

    async def read_due(self) -> None:
        """Begin to read what is due, as much as may be read at once."""
        now, free = self._clock.now(), AT_ONCE - len(self._under_way)
        if free <= 0:
            return
        for due in await self._database.read(lambda c: readings.due(c, now, free)):
            task = asyncio.get_running_loop().create_task(self._see_to(due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Let go of what is being read: nothing was said of it yet, and it is read again later."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _see_to(self, due: Due) -> None:
        try:
            release = await self._releases.find(due.release)
            if release is not None and due.check in to_be_read(release):
                await self._report(release, release.runbook.check(due.check), due)
        except Exception:
            log.exception("%s of %s could not be told; it is read again.", due.check, due.release.key)

    async def _report(self, release: Release, check: Check, due: Due) -> None:
        # The newest event may be of a process whose clock is ahead of this one.
        read = max(self._clock.now(), release.at)
        if not await self._database.write(lambda c: readings.take(c, due, read + check.every)):
            return
        found = await self._read(release, check)
        await self._coordinator.handle(
            ReportReading(
                workspace=release.workspace,
                release=release.key,
                by=ROLLCALL,
                bound=release.bound,
                stage=release.stage,
                check=check.name,
                outcome=found.outcome,
                said=found.said,
                read=read,
            )
        )

    async def _read(self, release: Release, check: Check) -> Reading:
        """Return how a check goes. What cannot be read is tried once more, as a short trouble is common."""
        try:
            return await self._once(release, check)
        except Unreadable:
            await asyncio.sleep(self._again_s)
        try:
            return await self._once(release, check)
        except Unreadable as why:
            return Reading(outcome=Outcome.UNKNOWN, said=str(why))

    async def _once(self, release: Release, check: Check) -> Reading:
        assert check.read is not None
        asked = Asked(
            read=check.read,
            repository=release.runbook.repository or "",
            values=_values(release),
            tickets=release.manifest.tickets,
            untold=release.manifest.untold,
        )
        source = self._sources.get(check.read.what)
        if source is None:
            raise Unreadable("this Rollcall does not know how")
        try:
            return await source.read(asked)
        except Unreadable:
            raise
        except Exception as fault:
            log.exception("%s of %s could not be read.", check.name, release.key)
            raise Unreadable("something went wrong, and the log says what") from fault


def _values(release: Release) -> Mapping[str, str]:
    """Return what can stand in braces, as far as it is known."""
    back = release.taken_back
    values = {
        "version": release.version,
        "commit": release.manifest.commit,
        "before": (back.to if back else None) or "",
        "service": release.service,
        "release": release.key,
        "stage": release.current.name,
        "environment": release.current.where,
    }
    return {name: value for name, value in values.items() if value}
