"""The one place that asks what time it is."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the time that releases, reminders and messages go by."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...


class SystemClock:
    """Go by the machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """Go by the machine's clock plus an offset that can only grow."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move the time forward.

        Raises ValueError when `by` is negative: a ledger's time does not run backwards.
        """
        if by < timedelta():
            raise ValueError("Time can only be moved forward.")
        self.offset += by
