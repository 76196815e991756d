"""What a provider of runs does: start one, say how it goes, stop it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.release.ids import ReleaseId
from bot.release.stages.runs import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run as its provider sees it.

    `asked` is when it was asked for, `link` where it can be watched, once it was started. `about` has what it
    is told of the release, such as its version; `left` is the time that it still has. `tried` is when it was
    last tried to start it, and None where it surely was not started.
    """

    release: ReleaseId
    number: int
    order: Order
    asked: datetime
    link: str
    about: dict[str, str]
    left: timedelta
    tried: datetime | None = None

    @property
    def id(self) -> str:
        """What names the run, to people and to its provider."""
        return f"{self.release.key}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, with what it said last."""

    passed: bool
    said: str


class NotStarted(Exception):
    """A run was not started now and cannot be, however often it is tried; the message says why.

    Where it was tried before, nobody may be able to tell whether it was started then.
    """


class Unreached(Exception):
    """A run was surely not started, and may be when it is tried again."""


class Provider(Protocol):
    """Something that runs steps. Whatever else goes wrong than NotStarted is tried again later."""

    def poll_s(self, job: Job) -> float:
        """Return the time between two looks at a run, in seconds."""
        ...

    def settles(self, job: Job) -> timedelta:
        """Return how long after it was tried to start a run it may still turn up."""
        ...

    async def start(self, job: Job) -> str:
        """Start a run, and return where it can be watched, or nothing. Raises NotStarted and Unreached."""
        ...

    async def find(self, job: Job) -> str | None:
        """Return where a run can be watched, or nothing, if it was started; None if it was not."""
        ...

    async def look(self, job: Job) -> Ended | None:
        """Return how a run that was started ended, or None while it goes on."""
        ...

    async def output(self, job: Job) -> str:
        """Return what a run has said so far, as lines that can be read."""
        ...

    async def stop(self, job: Job) -> bool | None:
        """Stop a run that is no longer wanted, and of which it may not be known whether it was started.

        Return whether it is over; None where nothing is seen of it.
        """
        ...
