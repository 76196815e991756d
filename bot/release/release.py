"""A release as it stands: what folding its events gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import NOTHING_KNOWN, Manifest, bound_to
from bot.release.people.directory import Away
from bot.release.people.hours import Hours
from bot.release.replace import replace
from bot.release.state import State
from bot.runbook.gates.gate import Gate
from bot.runbook.model import Runbook, Stage, Step
from bot.runbook.roles.role import Duties

if TYPE_CHECKING:
    from bot.release.event import News
    from bot.release.gates.checks import Report
    from bot.release.gates.evidence import Evidence
    from bot.release.gates.override import Overridden
    from bot.release.gates.review import Review
    from bot.release.people.handoff import Duty, Handed, Offer
    from bot.release.people.leaving import Leaver
    from bot.release.people.shift import ShiftOffer
    from bot.release.stages.failure import Failure
    from bot.release.stages.going_back import GoingBack
    from bot.release.stages.holds import Hold
    from bot.release.stages.lock import Lock
    from bot.release.stages.recovery import Rehearsal
    from bot.release.stages.revision import ManifestChanged
    from bot.release.stages.rollback import RollbackBegan
    from bot.release.stages.runs import Run
    from bot.release.stages.start import Earlier
    from bot.release.stages.withdrawn import Withdrawn
    from bot.release.telling.reminders import Reminded
    from bot.release.telling.summary import Summarized

Members = Mapping[str, tuple[UserId, ...]]
"""Role -> the people in it, sorted."""


class Verdict(StrEnum):
    """What a person said at a gate."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A person's latest word at one gate, and the roles that the person was in when saying it.

    `lent` are those of the roles in which the person stands in for `behalf`. `seat` is the role whose seat
    the person has chosen to fill, or nothing. `version` is what was released when it was said; `carried` is
    the newest version that it was carried over to because nothing that it covers had changed.
    """

    stage: int
    gate: str
    by: UserId
    at: datetime
    roles: tuple[str, ...]
    verdict: Verdict
    comment: str
    version: str = ""
    carried: str = ""
    behalf: UserId | None = None
    lent: tuple[str, ...] = ()
    seat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A vote that no longer counts, and why."""

    vote: Vote
    at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a rejection, a failure or a hold ended: who did what, in words that follow the name, and why."""

    by: UserId
    at: datetime
    how: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A no that somebody gave at a gate, and how it came to its end."""

    vote: Vote
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneStep:
    """A step that a person has ticked, or skipped for a reason after it had failed."""

    stage: int
    step: str
    by: UserId
    at: datetime
    skipped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """When a stage began, with the people and reports of then: its gates stay as they were at that moment.

    It began `by` somebody's go, or by itself. `runs` is how many runs there were before.
    """

    at: datetime
    by: UserId
    members: Members
    reports: Mapping[str, tuple["Report", ...]]
    runs: int = 0


@dataclass(frozen=True, kw_only=True)  # Without slots, so that `replace` copies it faster.
class Release:
    """One attempt to put a version of a service into production."""

    workspace: WorkspaceId
    key: ReleaseKey
    service: str
    version: str
    note: str
    manifest: Manifest = NOTHING_KNOWN
    runbook: Runbook
    """The runbook that it goes by. Where who may say go has changed, a gate of it is there to sign that."""
    filed: Runbook
    """The same as the file had it."""
    policy: tuple[str, ...] = ()
    """What is different in who may say go."""
    duties_before: Duties = Duties.OFF
    """How the runbook that was signed last kept people apart."""
    earlier: "Earlier | None" = None
    withdrawn: tuple["Withdrawn", ...] = ()
    """What was rolled back since the service was last released, the newest first."""
    replaces: str = ""
    replaces_commit: str = ""
    """The version that was in production when it was started, as far as there was one."""
    rehearsal: "Rehearsal | None" = None
    """Of a drill, what it rehearses."""
    channel: ChannelId
    starter: UserId
    captain: UserId
    deputy: UserId | None = None
    shadows: tuple[UserId, ...] = ()
    started_at: datetime

    members: Members
    read_at: datetime
    """When its people were read last."""
    deputies: Mapping[UserId, Away] = field(default_factory=dict)
    guests: tuple[UserId, ...] = ()
    """Those of its people who are no full members."""
    hours: Mapping[UserId, Hours] = field(default_factory=dict)
    """When its people are at work, as far as it is known."""
    snoozed: Mapping[UserId, datetime] = field(default_factory=dict)
    """Until when each did not want to be reminded, as far as a reminder hung on it."""

    state: State = State.AWAITING_APPROVAL
    since: datetime
    """When it came into this state."""
    at: datetime
    """The time of its newest event."""
    seq: int = 0
    """The number of its events."""
    stage: int = 0
    """An index into the stages of the runbook, one past the last for the rollback."""
    opened: Mapping[int, datetime] = field(default_factory=dict)
    """When each stage so far was opened."""
    began: Mapping[int, Beginning] = field(default_factory=dict)
    """How each stage began, from when its steps could be done."""
    production_at: datetime | None = None

    votes: tuple[Vote, ...] = ()
    voided: tuple[Voided, ...] = ()
    unanswered: Mapping[tuple[int, str, UserId], datetime] = field(default_factory=dict)
    """Since when, by stage, gate and person, what they said counts no more."""
    rejections: tuple[Rejection, ...] = ()
    """All there were."""
    revisions: tuple["ManifestChanged", ...] = ()
    reports: Mapping[str, tuple["Report", ...]] = field(default_factory=dict)
    """What was reported or read last of each check: by each, where everybody in a role reports it."""
    expired: Mapping[tuple[str, UserId | None], datetime] = field(default_factory=dict)
    """When the report of a check was too old last, by check, and by person where everybody reports it."""
    evidence: tuple["Evidence", ...] = ()
    overrides: tuple["Overridden", ...] = ()
    """All there were."""
    overridden: frozenset[tuple[int, str]] = frozenset()
    """The gates, by stage and name, that were passed by override for what goes out now."""
    review: "Review | None" = None
    holds: tuple["Hold", ...] = ()
    holds_placed: int = 0
    lifted: tuple["Hold", ...] = ()
    """The holds that are open no more."""

    done: tuple[DoneStep, ...] = ()
    failures: tuple["Failure", ...] = ()
    """All there were."""
    attempt: int = 1
    """At the step that is next."""
    runs: tuple["Run", ...] = ()
    """All there were."""
    plans: tuple["GoingBack", ...] = ()
    """Every time that it was to go back by itself."""
    vetoed: frozenset[str] = frozenset()
    """What went wrong, by its name, for which somebody keeps it from going back by itself."""
    rolled_back_from: State | None = None
    taken_back: "RollbackBegan | None" = None
    """How its rollback began."""
    lock: "Lock | None" = None
    mended: str = ""
    """What was said to be mended when the lock was lifted."""
    ended_by: UserId | None = None
    ended_because: str = ""

    offers: Mapping["Duty", "Offer"] = field(default_factory=dict)
    handed: tuple["Handed", ...] = ()
    shifts: tuple["ShiftOffer", ...] = ()
    """All that were asked to take over."""
    leavers: Mapping[UserId, "Leaver"] = field(default_factory=dict)
    reminders: tuple["Reminded", ...] = ()
    summaries: tuple["Summarized", ...] = ()
    news: tuple["News", ...] = ()
    """What the next summary tells."""
    untold: datetime | None = None
    """Since when it has something to tell."""

    @property
    def id(self) -> ReleaseId:
        """Where it is found."""
        return ReleaseId(self.workspace, self.key)

    @property
    def bound(self) -> str:
        """The hash that approvals bind to."""
        return bound_to(self.version, self.manifest)

    @property
    def current(self) -> Stage:
        """The stage that it is in; the rollback is one, too."""
        return self.stage_at(self.stage)

    @property
    def owners(self) -> tuple[UserId, ...]:
        """The people who own the current stage; the captain where the role is the starter's, or empty."""
        role = self.runbook.role(self.current.owner)
        return (() if role.starter else self.members.get(role.name, ())) or (self.captain,)

    @property
    def open_steps(self) -> tuple[Step, ...]:
        """The steps of the current stage that nobody has ticked, in order."""
        done = {tick.step for tick in self.done if tick.stage == self.stage}
        return tuple(step for step in self.current.steps if step.do not in done)

    @property
    def failure(self) -> "Failure | None":
        """The failure that waits for a choice; only the newest can."""
        newest = self.failures[-1] if self.failures else None
        return newest if newest and newest.ended is None else None

    @property
    def plan(self) -> "GoingBack | None":
        """The rollback that is about to begin by itself; only the newest can."""
        newest = self.plans[-1] if self.plans else None
        return newest if newest and newest.ended is None else None

    @property
    def run(self) -> "Run | None":
        """The run of the step that is next, at this attempt. Of any other it does not matter what becomes."""
        newest, begun = self.runs[-1] if self.runs else None, self.began.get(self.stage)
        if newest is None or begun is None or self.failure or self.state.ended or not self.open_steps:
            return None
        asked = (newest.stage, newest.step, newest.attempt)
        wanted = (self.stage, self.open_steps[0].do, self.attempt)
        return newest if asked == wanted and newest.number > begun.runs else None

    @property
    def shift(self) -> "ShiftOffer | None":
        """The shift that is asked to take over; only the newest can be."""
        newest = self.shifts[-1] if self.shifts else None
        return newest if newest and newest.ended is None else None

    @property
    def open_gates(self) -> tuple[Gate, ...]:
        """The gates of the current stage that can still be answered: until it begins, or the release ends."""
        return () if self.state.ended or self.stage in self.began else self.current.gates

    @property
    def touched_production(self) -> bool:
        """Whether a production stage has begun."""
        return self.production_at is not None

    @property
    def signed(self) -> bool:
        """Whether who may say go is as it was, or was signed by those who could say it before."""
        return not self.policy or 0 in self.began

    @property
    def back(self) -> int:
        """The index of the rollback: one past the last stage."""
        return len(self.runbook.stages)

    def stage_at(self, stage: int) -> Stage:
        """Return the stage with an index that is there."""
        return self.runbook.way_back if stage == self.back else self.runbook.stages[stage]

    def stage_name(self, stage: int) -> str:
        """Return the name of the stage with the index `stage`; of one that is not there, its number."""
        return self.stage_at(stage).name if 0 <= stage <= self.back else f"Stage {stage + 1}"

    @property
    def going_back_to(self) -> tuple[str, str]:
        """The version to which a rollback or a drill goes back, and its commit; nothing where not known."""
        if self.rehearsal:
            return self.rehearsal.to, self.rehearsal.to_commit
        return (self.taken_back.to or "", self.taken_back.to_commit) if self.taken_back else ("", "")

    def members_at(self, stage: int) -> Members:
        """Return who counts in the roles at the gates of a stage: those of now until it has begun."""
        return self.began[stage].members if stage in self.began else self.members

    def reports_at(self, stage: int) -> Mapping[str, tuple["Report", ...]]:
        """Return the reports that count at the gates of a stage: those of now until it has begun."""
        return self.began[stage].reports if stage in self.began else self.reports

    def reporters(self, check: str) -> tuple[UserId, ...]:
        """Return the people in the role that reports a check, now; nobody where none is named."""
        role = self.runbook.check(check).by
        return self.members.get(role, ()) if role else ()

    def gate(self, stage: int, name: str) -> Gate | None:
        """Return the gate of that name of the stage with the index `stage`, or None."""
        if not 0 <= stage <= self.back:
            return None
        return next((gate for gate in self.stage_at(stage).gates if gate.name == name), None)

    def vote(self, stage: int, gate: str, by: UserId) -> Vote | None:
        """Return what a person said at a gate last, or None."""
        place = (stage, gate, by)
        return next((vote for vote in self.votes if (vote.stage, vote.gate, vote.by) == place), None)

    def with_vote(self, vote: Vote) -> "Release":
        """Return the release with `vote` in place of what that person said at that gate before."""
        return replace(self, votes=(*self._votes_but(vote.stage, vote.gate, vote.by), vote))

    def without_vote(self, at: datetime, stage: int, gate: str, by: UserId) -> "Release":
        """Return the release without what a person said at a gate."""
        unanswered = {**self.unanswered, (stage, gate, by): at}
        return replace(self, votes=self._votes_but(stage, gate, by), unanswered=unanswered)

    def without_rejection(self, stage: int, gate: str, by: UserId, ending: Ending) -> "Release":
        """Return the release in which what a person rejected at a gate has come to its end."""
        place = (stage, gate, by)
        return replace(
            self,
            rejections=tuple(
                replace(it, ended=ending)
                if it.ended is None and (it.vote.stage, it.vote.gate, it.vote.by) == place
                else it
                for it in self.rejections
            ),
        )

    def without_failure(self, ending: Ending) -> "Release":
        """Return the release in which the failure that waited for a choice has come to its end."""
        if self.failure is None:
            return self
        return replace(self, failures=(*self.failures[:-1], replace(self.failure, ended=ending)))

    def without_plan(self, ending: Ending) -> "Release":
        """Return the release that is not about to go back by itself any more."""
        if self.plan is None:
            return self
        return replace(self, plans=(*self.plans[:-1], replace(self.plan, ended=ending)))

    def voiding(self, at: datetime, because: "Mapping[Vote, str]") -> "Release":
        """Return the release with some of its votes set aside, each for its reason."""
        votes = tuple(vote for vote in self.votes if vote not in because)
        voided = (Voided(vote=vote, at=at, because=because[vote]) for vote in self.votes if vote in because)
        unanswered = {**self.unanswered, **{(vote.stage, vote.gate, vote.by): at for vote in because}}
        return replace(self, votes=votes, voided=(*self.voided, *voided), unanswered=unanswered)

    def _votes_but(self, stage: int, gate: str, by: UserId) -> tuple[Vote, ...]:
        place = (stage, gate, by)
        return tuple(vote for vote in self.votes if (vote.stage, vote.gate, vote.by) != place)
