"""Doing the steps of a stage."""

from dataclasses import dataclass

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.people.duties import Circle, not_yours
from bot.release.refusal import Code, Refused
from bot.release.release import DoneStep, Release
from bot.release.replace import replace
from bot.release.stages.holds import on_hold
from bot.release.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(Event):
    """A person ticked a step, or its run has passed."""

    stage: int
    step: str

    def change(self, release: Release) -> Release:
        tick = DoneStep(stage=self.stage, step=self.step, by=self.by, at=self.at)
        return replace(release, attempt=1, done=(*release.done, tick))

    def told(self) -> Told:
        return Told("finished", self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishStep(Command):
    """Tick a step of the stage with the index `stage`, done at an attempt."""

    stage: int
    step: str
    attempt: int = 1

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            step_trouble(release, self.stage, self.step, self.attempt)
            or _is_run(release)
            or not_yours(release, self.by, "Ticking a step", Circle.OWNERS, Circle.LEAD)
            or on_hold(release)
            or (StepDone(at=facts.now, by=self.by, stage=self.stage, step=self.step),)
        )


def _is_run(release: Release) -> Refused | None:
    step = release.open_steps[0]
    if step.run is None:
        return None
    return Refused(
        code=Code.NOT_YET,
        because=f"“{step.do}” is done by a run, and is ticked when that has passed.",
        instead="If it is stuck, say that it failed: then it can be retried, or skipped with a reason.",
    )


def step_trouble(release: Release, stage: int, step: str, attempt: int) -> Refused | None:
    """Refuse what is said of a step that is not the one being done now, at this attempt."""
    for tick in release.done:
        if (tick.stage, tick.step) == (stage, step):
            return Refused(code=Code.ALREADY_DONE, because=f"“{step}” is done already, and it is recorded.")
    under_way = release.state in (State.IN_PROGRESS, State.FAILED, State.ROLLING_BACK)
    if not under_way or stage != release.stage or stage not in release.began or not release.open_steps:
        return Refused(
            code=Code.NOT_YET,
            because=f"{release.stage_name(stage)} of {release.key} is not under way, so it has no step"
            " to tick.",
            instead="The card says what comes next.",
        )
    following = release.open_steps[0].do
    if step != following:
        return Refused(code=Code.NOT_YET, because=f"“{following}” comes first.")
    return _attempt_trouble(release, step, attempt)


def _attempt_trouble(release: Release, step: str, attempt: int) -> Refused | None:
    if release.failure is not None:
        return Refused(
            code=Code.ALREADY_DONE,
            because=f"“{step}” has failed, and it is recorded.",
            instead="Retry it, skip it or roll back.",
        )
    if attempt != release.attempt:
        return Refused(
            code=Code.STALE,
            because=f"“{step}” is at attempt {release.attempt} by now; this was about attempt {attempt}.",
            instead="Look at its newest messages.",
        )
    return None
