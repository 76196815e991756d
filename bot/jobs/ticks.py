"""The ticks, and the scheduler that runs them.

APScheduler only ticks. What is due is read from the ledger each time, so a restart loses and repeats
nothing, and what fell due while Rollcall was down is caught up once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Tick = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)


class Ticks:
    """Run functions every so often, one at a time each."""

    def __init__(self) -> None:
        # With the default grace of a second, a tick that comes late is dropped without a word.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._under_way: dict[Tick, asyncio.Task[None]] = {}
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, tick: Tick) -> None:
        """Run `tick` every so many seconds; what it raises is logged, and it runs again."""

        async def guarded() -> None:
            try:
                await tick()
            except Exception as fault:
                log.warning("A tick failed, and runs again: %s", fault, exc_info=fault)

        async def begin() -> None:
            # The scheduler cancels what it runs when it stops, so the work is in a task of its own.
            if tick not in self._under_way:
                task = self._under_way[tick] = asyncio.get_running_loop().create_task(guarded())
                task.add_done_callback(lambda _: self._under_way.pop(tick))

        self._scheduler.add_job(begin, "interval", seconds=seconds)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Tick no more, and finish what is under way."""
        self._scheduler.pause()
        if self._under_way:
            await asyncio.wait(self._under_way.values())
        self._scheduler.shutdown(wait=False)
