"""The ticks, and the scheduler that runs them.

APScheduler only ticks. What is due is read from the ledger each time, so a restart loses and repeats
nothing, and what fell due while Rollcall was down is caught up once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


class Ticks:
    """Run functions every so often, one at a time each."""

    def __init__(self) -> None:
        # With the default grace of a second, a tick that comes late is dropped without a word.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._under_way: set[asyncio.Task[None]] = set()
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, tick: Callable[[], Awaitable[None]]) -> None:
        """Run `tick` every so many seconds; what it raises is logged, and it runs again."""

        async def guarded() -> None:
            try:
                await tick()
            except Exception:
                log.exception("A tick failed; it runs again.")

        async def kept() -> None:
            # The scheduler cancels what it runs when it stops, so the work is in a task of its own.
            task = asyncio.get_running_loop().create_task(guarded())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await asyncio.shield(task)

        self._scheduler.add_job(kept, "interval", seconds=seconds)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Tick no more, and finish what is under way."""
        self._scheduler.pause()
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._scheduler.shutdown(wait=False)
