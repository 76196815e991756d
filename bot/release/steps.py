"""Doing the steps of a stage."""

from dataclasses import dataclass, replace

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.refusal import Code, Refused
from bot.release.release import DoneStep, Release
from bot.release.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(Event):
    """A person ticked a step."""

    stage: int
    step: str

    def change(self, release: Release) -> Release:
        tick = DoneStep(stage=self.stage, step=self.step, by=self.by, at=self.at)
        return replace(release, done=(*release.done, tick))


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishStep(Command):
    """Tick a step of the stage with the index `stage`."""

    stage: int
    step: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        for tick in release.done:
            if (tick.stage, tick.step) == (self.stage, self.step):
                return Refused(
                    code=Code.ALREADY_DONE, because=f"“{self.step}” is done already, and it is recorded."
                )
        return self._out_of_turn(release) or self._not_yours(release) or self._done(facts)

    def _out_of_turn(self, release: Release) -> Refused | None:
        if release.state is not State.IN_PROGRESS or self.stage != release.stage:
            stage = release.stage_name(self.stage)
            return Refused(
                code=Code.NOT_YET,
                because=f"{stage} of {release.key} has not begun, so it has no step to tick.",
                instead="Its gates come first.",
            )
        following = release.open_steps[0].do
        if self.step != following:
            return Refused(code=Code.NOT_YET, because=f"“{following}” comes first.")
        return None

    def _not_yours(self, release: Release) -> Refused | None:
        if self.by in (*release.owners, release.captain):
            return None
        return Refused(
            code=Code.NOT_YOURS,
            because=f"The steps of {release.current.name} are ticked by its owners or the captain.",
            ask=tuple(dict.fromkeys((*release.owners, release.captain))),
        )

    def _done(self, facts: Facts) -> Decision:
        return (StepDone(at=facts.now, by=self.by, stage=self.stage, step=self.step),)
