"""What a command is: what somebody wants to happen to a release."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from bot.release.event import Event
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.refusal import Refused
from bot.release.release import Release

Decision = Sequence[Event] | Refused
"""The facts that a command brings about, or why it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The other releases of the service, read under its lock: the one that is open, the newest completed.

    `before` is the version that was in production before the release in question, where that is known, and
    `before_commit` the id of what was approved as that. `released_as` is as what the version was released
    already of which a command speaks.
    """

    active: ReleaseKey | None = None
    newest: ReleaseKey | None = None
    before: str | None = None
    before_commit: str = ""
    released_as: ReleaseKey | None = None


ALONE: Final = Neighbours()
"""A release beside which no other is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for one decision, under the same lock. `now` is later than all events of the release.

    `neighbours` is read for the commands that ask for it.
    """

    now: datetime
    directory: Directory
    neighbours: Neighbours = ALONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(ABC):
    """Something that somebody wants to happen to a release that exists.

    `bound` is the hash of what was to be released as it was shown to them, where it is about that.
    """

    after_end: ClassVar[bool] = False
    """Whether it may still be decided when the release has ended."""
    asks_neighbours: ClassVar[bool] = False
    """Whether the service is locked for it, and its other releases are read."""

    workspace: WorkspaceId
    release: ReleaseKey
    by: UserId
    bound: str = ""

    @abstractmethod
    def decide(self, release: Release, facts: Facts) -> Decision:
        """Return this command's own events, or a refusal; the consequences are worked out by `decide`."""
