"""Going back by itself: announced when something goes wrong in production, and stopped by a veto in time."""

from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.gates.checks import Outcome
from bot.release.ids import ROLLCALL
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import LIMIT, reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.replace import replace
from bot.release.stages.rollback import RollbackBegan
from bot.release.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingBack:
    """A rollback that begins by itself at a time, unless it is kept from: why, since when, how that ended."""

    because: str
    since: datetime
    at: datetime
    until: datetime
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlanned(Event):
    """Something went wrong in production, `since` then, so the release goes back by itself at `until`."""

    because: str
    since: datetime
    until: datetime

    def change(self, release: Release) -> Release:
        plan = GoingBack(because=self.because, since=self.since, at=self.at, until=self.until)
        return replace(release, plans=(*release.plans, plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackVetoed(Event):
    """Somebody keeps the release from going back by itself, for a reason."""

    reason: str

    def change(self, release: Release) -> Release:
        return release.without_plan(Ending(by=self.by, at=self.at, how="vetoed it", reason=self.reason))

    def told(self) -> tuple[str, str]:
        return "vetoed the rollback:", self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackCalledOff(Event):
    """What went wrong is over, so the release does not go back by itself."""

    def change(self, release: Release) -> Release:
        how = "called it off, as what went wrong is over"
        return release.without_plan(Ending(by=self.by, at=self.at, how=how))


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoRollback(Command):
    """Keep a release from going back by itself. People can still take it back."""

    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            self._nothing_to_veto(release)
            or not_yours(release, self.by, "A veto", Circle.LEAD, Circle.OWNERS, Circle.ROLLBACK)
            or reason_trouble(self.reason)
            or (RollbackVetoed(at=facts.now, by=self.by, reason=self.reason),)
        )

    def _nothing_to_veto(self, release: Release) -> Refused | None:
        if release.plan is not None:
            return None
        return Refused(
            code=Code.NOTHING_TO_DO,
            because=f"{release.key} is not about to go back by itself, so there is nothing to veto.",
        )


def goes_back(release: Release, now: datetime) -> Event | None:
    """Return what follows where something goes wrong: it is announced, or the way back begins."""
    plan = release.plan
    if plan is None:
        return _planned(release, wrong, now) if (wrong := _wrong(release)) else None
    if plan.until <= now:
        return RollbackBegan(at=now, by=ROLLCALL, reason=plan.because, to=release.replaces or None)
    return None


def called_off(release: Release, now: datetime) -> RollbackCalledOff | None:
    """Return that a release does not go back by itself, where what went wrong is over."""
    plan = release.plan
    if plan is None or ((wrong := _wrong(release)) and wrong[1] <= plan.since):
        return None
    return RollbackCalledOff(at=now, by=ROLLCALL)


def back_time(release: Release) -> datetime | None:
    """Return when the release goes back by itself, if it is about to."""
    return release.plan.until if release.plan else None


def _planned(release: Release, wrong: tuple[str, datetime], now: datetime) -> RollbackPlanned | None:
    because, since = wrong
    if release.plans and release.plans[-1].since >= since:
        # That was vetoed.
        return None
    assert release.runbook.rollback is not None
    assert release.runbook.rollback.automatic is not None
    until = now + release.runbook.rollback.automatic
    return RollbackPlanned(at=now, by=ROLLCALL, because=because, since=since, until=until)


def _wrong(release: Release) -> tuple[str, datetime] | None:
    """Return what goes wrong since production was touched, and since when, where the runbook minds that."""
    back = release.runbook.rollback
    if back is None or back.automatic is None or not release.touched_production:
        return None
    if release.state is State.ROLLING_BACK:
        return None
    if (failure := release.failure) is not None:
        return f"“{failure.step}” has failed: {failure.reason}"[:LIMIT], failure.at
    book = release.runbook
    needed = {
        check for gate in release.open_gates for check in gate.checks if book.check(check).tells_of_production
    }
    reports = (report for report in release.reports.values() if report.check in needed)
    failed = [report for report in reports if report.outcome is Outcome.FAILED]
    if not failed:
        return None
    first = min(failed, key=lambda report: report.since)
    said = f": {first.comment}" if first.comment else ""
    return f"The check {first.check} has failed{said}"[:LIMIT], first.since
