"""Whether a receiver is tried: a dead one is not asked by every release."""

from datetime import datetime, timedelta
from typing import Final

from bot.release.ids import ReleaseKey
from bot.subscribers.post import LONGEST_REST

FIRST_BREAK: Final = timedelta(seconds=5)
LONGEST_BREAK: Final = timedelta(minutes=5)
DEAD_AFTER: Final = 3
"""Breaks after which what was not taken is the receiver's fault, and not that of single events."""


class Circuit:
    """How a receiver has answered lately.

    It is open when events of two releases were not taken and none was since: then one release at a time
    tries, now and then. What is wrong with the events of one release holds up no other.
    """

    def __init__(self) -> None:
        self._failed: ReleaseKey | None = None
        self._breaks = 0
        self._break_until: datetime | None = None
        self._rest_until: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether nobody knows that the receiver lives."""
        return self._break_until is not None

    def lets(self, now: datetime) -> bool:
        """Return whether it may be tried now."""
        return not (_lies_ahead(self._break_until, now) or _lies_ahead(self._rest_until, now))

    def taken(self) -> bool:
        """Note that an event was taken, and return whether that is news after the receiver has seemed dead.

        That it has asked for rest still holds.
        """
        was_dead = self._breaks >= DEAD_AFTER
        self._failed, self._breaks, self._break_until = None, 0, None
        return was_dead

    def failed(self, release: ReleaseKey, now: datetime, rest: timedelta | None) -> None:
        """Note that an event of a release was not taken; `rest` is what the receiver has asked for."""
        if rest is not None:
            self._rest_until = now + rest
        # Those that were under way together fail together, and count once.
        if (self.open or self._failed not in (None, release)) and not _lies_ahead(self._break_until, now):
            self._break_until = now + min(LONGEST_BREAK, FIRST_BREAK * 2**self._breaks)
            self._breaks = min(self._breaks + 1, 10)
        self._failed = release

    def reset(self) -> None:
        """Try again at once, because somebody has asked for it."""
        self.taken()
        self._rest_until = None


def _lies_ahead(until: datetime | None, now: datetime) -> bool:
    # A clock that was set back makes nobody wait for longer than was ever meant.
    return until is not None and now < until <= now + LONGEST_REST
