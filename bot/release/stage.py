"""How a release moves through its stages: what follows by rule from what has happened."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.gates import gates_met
from bot.release.ids import ROLLCALL
from bot.release.members import cannot_read_people
from bot.release.refusal import Code, Refused
from bot.release.release import Beginning, Release
from bot.release.state import State
from bot.runbook.model import Begin


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesMet(Event):
    """Every gate of the stage is met."""

    def change(self, release: Release) -> Release:
        return replace(release, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesLapsed(Event):
    """A gate that was met is so no longer, before the stage began."""

    def change(self, release: Release) -> Release:
        return replace(release, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBegan(Event):
    """The steps of the stage may be done."""

    def change(self, release: Release) -> Release:
        beginning = Beginning(at=self.at, members=release.members)
        return replace(release, since=self.at, began=(*release.began, beginning))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDone(Event):
    """All steps of a stage are done, and the next stage's gates are open."""

    def change(self, release: Release) -> Release:
        return replace(release, since=self.at, stage=release.stage + 1, opened=(*release.opened, self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Event):
    """All steps of the last stage are done."""

    def change(self, release: Release) -> Release:
        return replace(release, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginStage(Command):
    """Say go for a stage whose gates are met."""

    stage: int

    def decide(self, release: Release, facts: Facts) -> Decision:
        if len(release.began) > self.stage:
            return Refused(code=Code.ALREADY_BEGUN, because="This stage has begun already.")
        if self.stage != release.stage:
            return Refused(code=Code.NOT_YET, because=f"{release.stage_name(self.stage)} is not next.")
        if self.by not in (release.captain, *release.owners):
            return Refused(
                code=Code.NOT_YOURS,
                because=f"{release.current.name} begins with the go of the captain or of its owners.",
                ask=tuple(dict.fromkeys((release.captain, *release.owners))),
            )
        if not facts.readable:
            return cannot_read_people(facts.members)
        if release.state is not State.READY or not gates_met(release):
            return Refused(
                code=Code.GATES_NOT_MET,
                because=f"The gates of {release.current.name} are not all met.",
                instead="The thread shows who is still asked.",
            )
        return (StageBegan(at=facts.now, by=self.by),)


def follows(release: Release, now: datetime) -> Event | None:
    """Return what the rules of the stages bring about next, or None where a person or the time is awaited."""
    match release.state:
        case State.AWAITING_APPROVAL if gates_met(release):
            return GatesMet(at=now, by=ROLLCALL)
        case State.READY if not gates_met(release):
            return GatesLapsed(at=now, by=ROLLCALL)
        case State.READY if release.current.begin is Begin.AUTOMATIC:
            return StageBegan(at=now, by=ROLLCALL)
        case State.IN_PROGRESS if not release.open_steps:
            last = release.stage == len(release.runbook.stages) - 1
            return Completed(at=now, by=ROLLCALL) if last else StageDone(at=now, by=ROLLCALL)
        case _:
            return None
