"""When a digest is posted anew, so that Slack notifies its reader, and when it is only edited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

PREFIX: Final = "digest:"
"""What the slots of digests begin with."""
MOST_A_DAY: Final = 4
"""Digests that a person is notified of in a day of their own time zone, however much waits for them."""
GAP: Final = timedelta(hours=1)
"""The least time between two of them."""
TOGETHER: Final = timedelta(minutes=1)
"""What comes so soon after a digest is read in it, and not reminded of again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One digest as it was posted: for when, and as which of its day."""

    at: datetime
    count: int = 1

    @property
    def slot(self) -> str:
        """Where it is kept."""
        return f"{PREFIX}{self.at.isoformat()}:{self.count}"

    @classmethod
    def read(cls, slot: str) -> Self:
        """Return the digest of a slot."""
        at, _, count = slot.removeprefix(PREFIX).rpartition(":")
        return cls(at=datetime.fromisoformat(at), count=int(count))


def newest(slots: Iterable[str]) -> Digest | None:
    """Return the newest of the digests that were posted, or None."""
    digests = (Digest.read(slot) for slot in slots if slot.startswith(PREFIX))
    return max(digests, key=lambda digest: digest.at, default=None)


def next_digest(
    last: Digest | None, reminded: datetime, zone: str, free: Callable[[datetime], datetime]
) -> Digest | None:
    """Return the digest that is next, with its time; None where the last one is edited instead.

    What is more than a day may have comes as the first of the next day. `reminded` is when the person was
    last to be reminded of something that waits for them still, `free` tells when they may next be disturbed,
    from a moment on.
    """
    if last is None:
        return Digest(at=free(reminded))
    if reminded <= last.at + TOGETHER:
        return None
    # What has to wait may have waited into the evening.
    at = free(max(reminded, last.at + GAP))
    if _day(at, zone) != _day(last.at, zone):
        return Digest(at=at)
    if last.count < MOST_A_DAY:
        return Digest(at=at, count=last.count + 1)
    return Digest(at=free(_day_after(at, zone)))


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _day_after(at: datetime, zone: str) -> datetime:
    """Return when the next day begins."""
    tomorrow = _day(at, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone)).astimezone(UTC)
