"""A release as it stands: what folding its events gives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.state import State
from bot.runbook.model import Gate, Runbook, Stage, Step

if TYPE_CHECKING:
    from bot.release.handoff import Summarized
    from bot.release.reminders import Reminded

Members = Mapping[str, tuple[UserId, ...]]
"""Role -> the people in it, sorted."""


class Verdict(StrEnum):
    """What a person said at a gate."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A person's latest word at one gate, and the roles that the person was in when saying it."""

    stage: int
    gate: str
    by: UserId
    at: datetime
    roles: tuple[str, ...]
    verdict: Verdict
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneStep:
    """A step that a person has ticked."""

    stage: int
    step: str
    by: UserId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """When a stage began, and who was in the roles then: its gates stay as they were at that moment."""

    at: datetime
    members: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One attempt to put a version of a service into production.

    `stage` is an index into the runbook's stages. `opened` has the time at which each stage so far was
    opened, `began` how each began, from when its steps could be done. `since` is when it came into the
    state it is in, `at` the time of its newest event, `seq` the number of its events.
    """

    workspace: WorkspaceId
    key: ReleaseKey
    service: str
    version: str
    note: str
    runbook: Runbook
    channel: ChannelId
    starter: UserId
    captain: UserId
    started_at: datetime
    members: Members
    state: State = State.AWAITING_APPROVAL
    stage: int = 0
    opened: tuple[datetime, ...] = ()
    began: tuple[Beginning, ...] = ()
    votes: tuple[Vote, ...] = ()
    done: tuple[DoneStep, ...] = ()
    reminders: tuple["Reminded", ...] = ()
    summaries: tuple["Summarized", ...] = ()
    since: datetime
    at: datetime
    ended_by: UserId | None = None
    ended_because: str = ""
    seq: int = 0

    @property
    def id(self) -> ReleaseId:
        """Where it is found."""
        return ReleaseId(self.workspace, self.key)

    @property
    def current(self) -> Stage:
        """The stage that it is in."""
        return self.runbook.stages[self.stage]

    @property
    def owners(self) -> tuple[UserId, ...]:
        """The people who own the current stage; the captain where the role is empty."""
        return self.members.get(self.current.owner, ()) or (self.captain,)

    @property
    def open_steps(self) -> tuple[Step, ...]:
        """The steps of the current stage that nobody has ticked, in order."""
        done = {tick.step for tick in self.done if tick.stage == self.stage}
        return tuple(step for step in self.current.steps if step.do not in done)

    @property
    def touched_production(self) -> bool:
        """Whether a production stage has begun."""
        return any(self.runbook.stages[stage].production for stage in range(len(self.began)))

    def stage_name(self, stage: int) -> str:
        """Return the name of the stage with the index `stage`; of one that is not there, its number."""
        stages = self.runbook.stages
        return stages[stage].name if 0 <= stage < len(stages) else f"Stage {stage + 1}"

    def members_at(self, stage: int) -> Members:
        """Return who counts in the roles at the gates of a stage: those of now until it has begun."""
        return self.began[stage].members if stage < len(self.began) else self.members

    def gate(self, stage: int, name: str) -> Gate | None:
        """Return the gate of that name of the stage with the index `stage`, or None."""
        if not 0 <= stage < len(self.runbook.stages):
            return None
        return next((gate for gate in self.runbook.stages[stage].gates if gate.name == name), None)

    def vote(self, stage: int, gate: str, by: UserId) -> Vote | None:
        """Return what a person said at a gate last, or None."""
        place = (stage, gate, by)
        return next((vote for vote in self.votes if (vote.stage, vote.gate, vote.by) == place), None)

    def with_vote(self, vote: Vote) -> "Release":
        """Return the release with `vote` in place of what that person said at that gate before."""
        others = self.without_vote(vote.stage, vote.gate, vote.by).votes
        return replace(self, votes=(*others, vote))

    def without_vote(self, stage: int, gate: str, by: UserId) -> "Release":
        """Return the release without what a person said at a gate."""
        place = (stage, gate, by)
        return replace(self, votes=tuple(v for v in self.votes if (v.stage, v.gate, v.by) != place))
