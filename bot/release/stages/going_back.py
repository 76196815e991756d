"""Going back by itself: announced when something goes wrong in production, and stopped by a veto in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.gates.check_result import check_result
from bot.release.gates.checks import Outcome
from bot.release.gates.result import gate_results
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
    """Something went wrong in production, `since` then, so the release goes back by itself at `until`.

    Where that was planned already, it is put off: nobody could be told, or nobody could look.
    """

    because: str
    since: datetime
    until: datetime

    def change(self, release: Release) -> Release:
        if release.plan is not None:
            later = replace(release.plan, because=self.because, until=self.until)
            return replace(release, plans=(*release.plans[:-1], later))
        plan = GoingBack(because=self.because, since=self.since, at=self.at, until=self.until)
        return replace(release, plans=(*release.plans, plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackVetoed(Event):
    """Somebody keeps the release from going back by itself, for a reason, whatever of `causes` goes wrong."""

    reason: str
    causes: tuple[str, ...] = ()

    def change(self, release: Release) -> Release:
        ended = release.without_plan(Ending(by=self.by, at=self.at, how="vetoed it", reason=self.reason))
        return replace(ended, vetoed=release.vetoed.union(self.causes))

    def told(self) -> Told:
        return Told("vetoed the rollback:", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackCalledOff(Event):
    """What went wrong is over, so the release does not go back by itself."""

    def change(self, release: Release) -> Release:
        how = "called it off, as what went wrong was mended or is tried again"
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
            or (self._vetoed(release, facts.now),)
        )

    def _vetoed(self, release: Release, now: datetime) -> RollbackVetoed:
        causes = tuple(one.name for one in _causes(release))
        return RollbackVetoed(at=now, by=self.by, reason=self.reason, causes=causes)

    def _nothing_to_veto(self, release: Release) -> Refused | None:
        if release.plan is not None:
            return None
        return Refused(
            code=Code.NOTHING_TO_DO,
            because=f"{release.key} is not about to go back by itself, so there is nothing to veto.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """Something that goes wrong in production: what tells it from others, why in words, and since when.

    What is not known just now, and had failed before, is not `sure`: it keeps a plan and makes none.
    """

    name: str
    because: str
    since: datetime
    sure: bool = True


def goes_back(release: Release, now: datetime) -> Event | None:
    """Return what follows where something goes wrong: it is announced, put off, or the way back begins."""
    plan, causes, window = release.plan, _standing(release), _window(release)
    if window is None or not causes:
        return None
    first = min(causes, key=lambda cause: cause.since)
    if plan is None:
        return _planned(first, now + window, now) if any(cause.sure for cause in causes) else None
    if now < plan.until:
        return None
    if now >= plan.until + window:
        # Nobody looked in all that time, so that nobody may have been told either.
        return _planned(first, now + window, now)
    to, commit = release.replaces or None, release.replaces_commit
    return RollbackBegan(at=now, by=ROLLCALL, reason=first.because, to=to, to_commit=commit)


def called_off(release: Release, now: datetime) -> RollbackCalledOff | None:
    """Return that a release does not go back by itself, where what went wrong is over."""
    if release.plan is None or _standing(release):
        return None
    return RollbackCalledOff(at=now, by=ROLLCALL)


def back_time(release: Release) -> datetime | None:
    """Return when the release goes back by itself, if it is about to."""
    return release.plan.until if release.plan else None


def _planned(cause: _Cause, until: datetime, now: datetime) -> RollbackPlanned:
    return RollbackPlanned(at=now, by=ROLLCALL, because=cause.because, since=cause.since, until=until)


def _window(release: Release) -> timedelta | None:
    """Return how long people have for a veto, where the runbook has a release go back by itself."""
    return release.runbook.rollback.automatic if release.runbook.rollback else None


def _standing(release: Release) -> Sequence[_Cause]:
    """Return what goes wrong, and was vetoed by nobody."""
    return [cause for cause in _causes(release) if cause.name not in release.vetoed]


def _causes(release: Release) -> Iterator[_Cause]:
    """Yield what goes wrong since production was touched: a step that has failed, and checks that keep it."""
    if release.production_at is None or release.state is State.ROLLING_BACK:
        return
    if (failure := release.failure) is not None:
        yield _Cause(
            name=f"step {failure.stage} {failure.step} {failure.attempt}",
            because=f"“{failure.step}” has failed: {failure.reason}"[:LIMIT],
            since=failure.at,
        )
    if not release.open_gates:
        return
    keeping = {
        check for result in gate_results(release) if not result.status.passes for check in result.checks
    }
    for check in release.reports:
        it = check_result(release, check, release.stage)
        if check not in keeping or not it.rule.tells_of_production:
            continue
        failing = min(
            (no.failing for no in it.noes if no.failing and no.failing >= release.production_at), default=None
        )
        if failing is None:
            continue
        comment = it.noes[-1].comment
        said = f": {comment}" if comment else ""
        sure = it.outcome is Outcome.FAILED
        how = "has failed" if sure else "had failed, and cannot be read now"
        yield _Cause(
            name=f"check {check} {failing.isoformat()}",
            because=f"The check {check} {how}{said}"[:LIMIT],
            since=failing,
            sure=sure,
        )
