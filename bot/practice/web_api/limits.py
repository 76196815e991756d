"""Rate limits: so many calls of a method in any minute, and about one post a second per channel."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from enum import IntEnum

MINUTE = 60.0
POST_BURST = 5
POSTS_PER_SECOND = 1.0


class Tier(IntEnum):
    """Calls of one method that pass in any minute: Slack's tier and a modest burst over it."""

    ONE = 10
    TWO = 25
    THREE = 60
    FOUR = 120
    SPECIAL = 300


class Limits:
    """Count calls in real time; `now` reads monotonic seconds."""

    def __init__(self, *, on: bool = True, now: Callable[[], float] = time.monotonic) -> None:
        self._on = on
        self._now = now
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def wait_for(self, method: str, tier: Tier, channel: str | None = None) -> int | None:
        """Count a call and return None, or the whole seconds to wait when it is one too many."""
        if not self._on:
            return None
        calls = self._calls[method]
        now = self._now()
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= tier:
            return max(1, math.ceil(calls[0] + MINUTE - now))
        if channel is not None and not self._post_passes(channel, now):
            return 1
        calls.append(now)
        return None

    def _post_passes(self, channel: str, now: float) -> bool:
        tokens, at = self._posts.get(channel, (float(POST_BURST), now))
        tokens = min(POST_BURST, tokens + (now - at) * POSTS_PER_SECOND)
        passes = tokens >= 1
        self._posts[channel] = (tokens - 1 if passes else tokens, now)
        return passes
