"""The log of all traffic between the app and the practice Slack."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bot.clock import Clock
from bot.practice.shapes import Json

ENTRIES_KEPT = 4_000

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One exchange: `in` is the app calling Slack, `out` is Slack calling the app; `ms` until the answer."""

    n: int
    at: str
    direction: Direction
    what: str
    status: int
    ms: float
    summary: str
    body: Any
    answer: Any


class Traffic:
    """Keep the newest four thousand exchanges."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_KEPT)
        self._count = 0

    def note(
        self,
        direction: Direction,
        what: str,
        *,
        status: int,
        ms: float,
        summary: str = "",
        body: Any = None,
        answer: Any = None,
    ) -> None:
        self._count += 1
        entry = Entry(
            n=self._count,
            at=self._clock.now().isoformat(timespec="milliseconds"),
            direction=direction,
            what=what,
            status=status,
            ms=round(ms, 1),
            summary=summary,
            body=body,
            answer=answer,
        )
        self._entries.append(entry)

    def entries(self, after: int = 0) -> list[Json]:
        """List the exchanges after the given number, oldest first."""
        return [asdict(entry) for entry in self._entries if entry.n > after]
