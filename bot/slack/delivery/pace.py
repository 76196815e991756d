"""Keeping Slack's limits by ourselves, before Slack has to refuse a call.

Every limit has a line of those who wait to call, first come, first served. Who waits in the line of a slow
channel is in no other line yet, so other channels do not wait for it.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.release.ids import ChannelId

POST: Final = "chat.postMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many calls a second in the long run, and `burst` at once after a pause."""

    per_s: float
    burst: int


A_CHANNELS_POSTS: Final = Rate(per_s=1.0, burst=3)
"""About one a second, and short bursts (docs.slack.dev, rate-limits)."""
ALL_POSTS: Final = Rate(per_s=4.0, burst=20)
"""Several hundred a minute in a workspace (the same)."""
TIER_THREE: Final = Rate(per_s=40 / 60, burst=10)
"""Fifty in any minute, for chat.update, chat.delete, conversations.history and .replies (the same)."""
TIER_TWO: Final = Rate(per_s=15 / 60, burst=5)
"""Twenty in any minute (the same)."""
RATES: Final = {
    POST: ALL_POSTS,
    "conversations.archive": TIER_TWO,
    "conversations.create": TIER_TWO,
    "conversations.setTopic": TIER_TWO,
}
"""The limits of those methods that have another than tier three."""


class StillTooFast(Exception):
    """There is no turn any more, because Rollcall is stopping."""


class Line:
    """Those who wait for one limit; times are monotonic seconds."""

    def __init__(self, rate: Rate) -> None:
        self.lock = asyncio.Lock()
        self._every_s = 1 / rate.per_s
        self._burst_s = (rate.burst - 1) * self._every_s
        self._even = 0.0
        self._closed_until = 0.0

    def opens_at(self) -> float:
        """Return when the next call may be made."""
        return max(self._even - self._burst_s, self._closed_until)

    def take(self, now: float) -> None:
        """Count a call that is made now."""
        self._even = max(self._even, now) + self._every_s

    def close_until(self, at: float) -> None:
        """Let nobody call before `at`."""
        self._closed_until = max(self._closed_until, at)


class Pace:
    """Give each call its turn. `speed` is a multiple of the published limits."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._lines: dict[str, Line] = {}
        self._stopping = asyncio.Event()

    async def turn(self, method: str, channel: ChannelId) -> None:
        """Wait until the method may be called for the channel. Raises StillTooFast at a stop."""
        for line in self._lines_of(method, channel):
            async with line.lock:
                await self._open(line)
                line.take(time.monotonic())

    def take(self, method: str) -> float:
        """Take a turn if there is one now, and return 0; else return in how many seconds there may be one."""
        line, now = self._line(method), time.monotonic()
        if (wait := line.opens_at() - now) > 0:
            return wait
        line.take(now)
        return 0.0

    def hold(self, method: str, after_s: float) -> None:
        """Let nobody call a method for so many seconds, because Slack has asked for that."""
        self._line(method).close_until(time.monotonic() + after_s)

    def stop(self) -> None:
        """Send home who still waits for a turn."""
        self._stopping.set()

    async def _open(self, line: Line) -> None:
        # What Slack asks for meanwhile may close the line for longer, so it is looked at again.
        while (wait := line.opens_at() - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
            if self._stopping.is_set():
                raise StillTooFast

    def _lines_of(self, method: str, channel: ChannelId) -> Iterator[Line]:
        if method == POST:
            yield self._line(f"{POST} {channel}", A_CHANNELS_POSTS)
        yield self._line(method)

    def _line(self, name: str, rate: Rate | None = None) -> Line:
        if name not in self._lines:
            rate = rate or RATES.get(name, TIER_THREE)
            self._lines[name] = Line(Rate(per_s=rate.per_s * self._speed, burst=rate.burst))
        return self._lines[name]
