"""Following many things, each by itself: looked at when there is news of it, and again after a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)

log = logging.getLogger(__name__)

LONGEST_RETRY_S: Final = 60.0


class Following(Generic[Thing]):
    """Follow things until nothing is left to do for them; one that waits holds up no other.

    `see_to` does what is to be done for a thing, and returns the seconds after which to look again, or None
    when nothing is left. What goes wrong is logged as `trouble` says, and tried again, each time after twice
    as long, beginning at twice `retry_s` seconds.
    """

    def __init__(
        self,
        see_to: Callable[[Thing], Awaitable[float | None]],
        trouble: Callable[[Thing], str],
        retry_s: float,
    ) -> None:
        self._see_to = see_to
        self._trouble = trouble
        self._retry_s = retry_s
        self._followed: dict[Thing, asyncio.Task[None]] = {}
        self._news: dict[Thing, asyncio.Event] = {}
        self._stopping = False

    def __contains__(self, thing: Thing) -> bool:
        return thing in self._followed

    def wake(self, thing: Thing) -> None:
        """Look at a thing now, and follow it as long as something is left to do for it."""
        if self._stopping:
            return
        self._news.setdefault(thing, asyncio.Event()).set()
        if thing not in self._followed:
            self._followed[thing] = asyncio.get_running_loop().create_task(self._follow(thing))

    async def stop(self) -> None:
        """Bring to an end what is under way, and look at nothing any more."""
        self._stopping = True
        for news in self._news.values():
            news.set()
        if self._followed:
            await asyncio.wait(self._followed.values())

    async def _follow(self, thing: Thing) -> None:
        news, failures = self._news[thing], 0
        try:
            while not self._stopping:
                news.clear()
                try:
                    wait = await self._see_to(thing)
                    if wait is None and not news.is_set():
                        return
                    failures = 0
                except Exception:
                    log.exception("%s; it is tried again.", self._trouble(thing))
                    failures += 1
                    wait = min(LONGEST_RETRY_S, self._retry_s * 2.0**failures)
                try:
                    async with asyncio.timeout(wait):
                        await news.wait()
                except TimeoutError:
                    pass
        finally:
            del self._followed[thing], self._news[thing]
