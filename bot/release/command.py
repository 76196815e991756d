"""What a command is: what somebody wants to happen to a release."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.release.event import Event
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.refusal import Refused
from bot.release.release import Release

Decision = Sequence[Event] | Refused
"""The facts that a command brings about, or why it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for one decision, under the same lock. `now` is later than all events of the release.

    `members` has the people in each role of the release's runbook who may fill a seat (active, no guests, no
    bots), sorted; a role that could not be read is None.
    """

    now: datetime
    members: Mapping[str, tuple[UserId, ...] | None]

    @property
    def readable(self) -> bool:
        """Whether every role could be read. What cannot be read counts as no."""
        return None not in self.members.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(ABC):
    """Something that somebody wants to happen to a release that exists."""

    workspace: WorkspaceId
    release: ReleaseKey
    by: UserId

    @abstractmethod
    def decide(self, release: Release, facts: Facts) -> Decision:
        """Return this command's own events, or a refusal; the consequences are worked out by `decide`."""
