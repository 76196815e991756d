"""Work that goes on after a response has been given."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Hold on to what runs in the background: asyncio alone would let it be collected half done."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work`; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, within_s: float) -> None:
        """Wait until all work is done, but no longer than `within_s` seconds."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)


async def _logged(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except Exception:
        log.exception("Work after a response failed.")
