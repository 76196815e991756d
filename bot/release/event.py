"""What an event is: one immutable fact of a release."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.release.ids import UserId
from bot.release.release import Release


class Told(NamedTuple):
    """How a summary tells an event: what its actor did, to what, and why where the name is not that."""

    what: str
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(ABC):
    """One immutable fact: what happened, when, and by whose act."""

    at: datetime
    by: UserId

    @abstractmethod
    def change(self, release: Release) -> Release:
        """Return the release after this fact; its state moves by the table in `state`, not here."""

    def told(self) -> Told | None:
        """Return how a summary tells it; None where none tells it."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing since the summary before: who did what, to which gate, step or other thing, and why."""

    at: datetime
    by: UserId
    what: str
    name: str
    reason: str = ""
