"""The ticks, and the scheduler that runs them.

APScheduler only ticks. What is due is read from the ledger each time, so a restart loses and repeats
nothing, and what fell due while Rollcall was down is caught up once.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


class Ticks:
    """Run functions every so often, one at a time each."""

    def __init__(self) -> None:
        # An unmet grace time would drop a tick that comes late; a dropped tick is noise in the log.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, tick: Callable[[], Awaitable[None]]) -> None:
        """Run `tick` every so many seconds; what it raises is logged, and it runs again."""

        async def guarded() -> None:
            try:
                await tick()
            except Exception:
                log.exception("A tick failed; it runs again.")

        self._scheduler.add_job(guarded, "interval", seconds=seconds)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        self._scheduler.shutdown(wait=False)
