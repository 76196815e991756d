"""How a release moves through its stages: what follows by rule from what has happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, News
from bot.release.gates.checks import by_hand
from bot.release.gates.result import gates_met
from bot.release.ids import ROLLCALL
from bot.release.people.duties import Circle, not_yours
from bot.release.people.roles import people_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Beginning, Release
from bot.release.replace import replace
from bot.release.stages.holds import on_hold
from bot.release.stages.rollback import RolledBack
from bot.release.stages.runs import what_runs
from bot.release.state import State
from bot.runbook.model import Begin


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesMet(Event):
    """Every gate of the stage is met, or passed by an override."""

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
        beginning = Beginning(
            at=self.at,
            by=self.by,
            members=release.members,
            reports=release.reports,
            runs=len(release.runs),
        )
        production_at = release.production_at or (self.at if release.current.production else None)
        return replace(
            release,
            since=self.at,
            reports=by_hand(release),
            began={**release.began, release.stage: beginning},
            production_at=production_at,
            news=(*release.news, *self._go(release)),
        )

    def _go(self, release: Release) -> Iterable[News]:
        """Yield whose go it was. That a stage begins by itself is no news."""
        if self.by != ROLLCALL:
            yield News(at=self.at, by=self.by, what="said go for", name=release.current.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDone(Event):
    """All steps of a stage are done, and the next stage's gates are open."""

    def change(self, release: Release) -> Release:
        following = release.stage + 1
        return replace(release, since=self.at, stage=following, opened={**release.opened, following: self.at})


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
        return (
            self._not_next(release)
            or not_yours(release, self.by, "The go", Circle.LEAD, Circle.OWNERS)
            or people_trouble(release, facts)
            or self._not_met(release)
            or on_hold(release)
            or (StageBegan(at=facts.now, by=self.by),)
        )

    def _not_next(self, release: Release) -> Refused | None:
        if self.stage in release.began:
            return Refused(code=Code.ALREADY_BEGUN, because="This stage has begun already.")
        if self.stage != release.stage:
            return Refused(code=Code.NOT_YET, because=f"{release.stage_name(self.stage)} is not next.")
        return None

    def _not_met(self, release: Release) -> Refused | None:
        if release.state is State.READY and gates_met(release):
            return None
        return Refused(
            code=Code.GATES_NOT_MET,
            because=f"The gates of {release.current.name} are not all met.",
            instead="Their messages show who is still asked.",
        )


def follows(release: Release, facts: Facts) -> Event | None:
    """Return what the rules of the stages bring about next, or None where a person or the time is awaited."""
    now = facts.now
    match release.state:
        case State.AWAITING_APPROVAL if gates_met(release):
            return GatesMet(at=now, by=ROLLCALL)
        case State.READY if not gates_met(release):
            return GatesLapsed(at=now, by=ROLLCALL)
        case State.READY if _begins_by_itself(release, facts):
            return StageBegan(at=now, by=ROLLCALL)
        case State.IN_PROGRESS if not release.open_steps:
            last = release.stage == len(release.runbook.stages) - 1
            return Completed(at=now, by=ROLLCALL) if last else StageDone(at=now, by=ROLLCALL)
        case State.IN_PROGRESS:
            return what_runs(release, now)
        case State.ROLLING_BACK:
            return _way_back(release, now)
        case _:
            return None


def begins_when_lifted(release: Release) -> bool:
    """Return whether the stage asks for nobody's go, and only a hold keeps it from beginning by itself."""
    return release.current.begin is Begin.AUTOMATIC and bool(release.holds)


def _begins_by_itself(release: Release, facts: Facts) -> bool:
    if release.current.begin is not Begin.AUTOMATIC or release.holds:
        return False
    # What cannot be read counts as no, so a stage with gates then waits for somebody's go.
    return not release.current.gates or people_trouble(release, facts) is None


def _way_back(release: Release, now: datetime) -> Event | None:
    """Return what follows in a rollback, which no hold stops."""
    if release.stage not in release.began:
        return StageBegan(at=now, by=ROLLCALL) if gates_met(release) else None
    return what_runs(release, now) if release.open_steps else RolledBack(at=now, by=ROLLCALL)
