"""What an event is: one immutable fact of a release."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from bot.release.ids import UserId
from bot.release.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(ABC):
    """One immutable fact: what happened, when, and by whose act."""

    at: datetime
    by: UserId

    @abstractmethod
    def change(self, release: Release) -> Release:
        """Return the release after this fact; its state moves by the table in `state`, not here."""

    def told(self) -> tuple[str, str] | None:
        """Return how a summary tells it: what its actor did, and to what; None where none tells it."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened since the summary before: who did what, to which gate, step or other thing."""

    at: datetime
    by: UserId
    what: str
    name: str
