"""A step that failed: somebody says so, and somebody chooses what then."""

from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.ids import UserId
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import DoneStep, Ending, Release
from bot.release.replace import replace
from bot.release.stages.holds import on_hold
from bot.release.stages.steps import step_trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A step of the stage with the index `stage` that failed, at which attempt, why, and what followed."""

    stage: int
    step: str
    attempt: int
    by: UserId
    at: datetime
    reason: str
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(Event):
    """A step failed at an attempt."""

    stage: int
    step: str
    attempt: int
    reason: str

    def change(self, release: Release) -> Release:
        failure = Failure(
            stage=self.stage,
            step=self.step,
            attempt=self.attempt,
            by=self.by,
            at=self.at,
            reason=self.reason,
        )
        return replace(release, since=self.at, failures=(*release.failures, failure))

    def told(self) -> Told:
        return Told("reported the failure of", self.step, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetried(Event):
    """A step that had failed is done once more."""

    stage: int
    step: str

    def change(self, release: Release) -> Release:
        ended = release.without_failure(Ending(by=self.by, at=self.at, how="retried it"))
        return replace(ended, since=self.at, attempt=release.attempt + 1)

    def told(self) -> Told:
        return Told("retried", self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(Event):
    """A step that had failed is left out, for a reason."""

    stage: int
    step: str
    reason: str

    def change(self, release: Release) -> Release:
        tick = DoneStep(stage=self.stage, step=self.step, by=self.by, at=self.at, skipped=self.reason)
        ended = release.without_failure(Ending(by=self.by, at=self.at, how="skipped it", reason=self.reason))
        return replace(ended, since=self.at, attempt=1, done=(*release.done, tick))

    def told(self) -> Told:
        return Told("skipped", self.step, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStep(Command):
    """Say that a step of the stage with the index `stage` failed at an attempt, and why."""

    stage: int
    step: str
    attempt: int
    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            step_trouble(release, self.stage, self.step, self.attempt)
            or not_yours(release, self.by, "Saying how a step went", Circle.OWNERS, Circle.LEAD)
            or reason_trouble(self.reason)
            or (
                StepFailed(
                    at=facts.now,
                    by=self.by,
                    stage=self.stage,
                    step=self.step,
                    attempt=self.attempt,
                    reason=self.reason,
                ),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryStep(Command):
    """Do the step that failed once more. `attempt` is the one that failed."""

    stage: int
    step: str
    attempt: int

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            _not_failed(release, self)
            or not_yours(release, self.by, "Choosing what follows a failure", Circle.OWNERS, Circle.LEAD)
            or on_hold(release)
            or (StepRetried(at=facts.now, by=self.by, stage=self.stage, step=self.step),)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipStep(Command):
    """Leave the step that failed out, for a reason. `attempt` is the one that failed."""

    stage: int
    step: str
    attempt: int
    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            _not_failed(release, self)
            or not_yours(release, self.by, "Choosing what follows a failure", Circle.OWNERS, Circle.LEAD)
            or on_hold(release)
            or reason_trouble(self.reason)
            or (StepSkipped(at=facts.now, by=self.by, stage=self.stage, step=self.step, reason=self.reason),)
        )


def _not_failed(release: Release, command: RetryStep | SkipStep) -> Refused | None:
    failure = release.failure
    if failure is not None and (release.stage, failure.step, failure.attempt) == (
        command.stage,
        command.step,
        command.attempt,
    ):
        return None
    return Refused(
        code=Code.STALE,
        because=f"“{command.step}” of {release.key} is not a step that has failed just now.",
        instead="Look at its newest messages.",
    )
