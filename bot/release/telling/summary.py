"""Handoff summaries: where a release stands, told when a stage changes hands, at set times, and to shifts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.release.event import Event, News
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.reachable import reachable
from bot.release.people.shift import ShiftAsked, begins, on_duty
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.waiting import Waiting, waiting_on


class Occasion(StrEnum):
    """Why a summary was posted."""

    STAGE = "stage"
    SCHEDULE = "schedule"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarized(Event):
    """Where the release stood was told to the people who own its stage, or to a shift that began."""

    occasion: Occasion
    stage: int
    to: tuple[UserId, ...]
    news: tuple[News, ...]
    waiting: tuple[Waiting, ...]
    roles: tuple[str, ...] = ()
    """The roles of the shift that began."""
    captain: UserId | None = None
    """Who led the release when a shift began."""

    def change(self, release: Release) -> Release:
        return replace(release, summaries=(*release.summaries, self), news=(), untold=None)


def handed_over(release: Release, now: datetime) -> Summarized | None:
    """Return the summary for a stage that has just passed to another owner, if it has not been told."""
    stage = release.stage
    # A rollback may come from any stage, and not only from the last one.
    before = max((past for past in release.opened if past < stage), default=None)
    if release.state.ended or before is None or release.current.owner == release.stage_at(before).owner:
        return None
    since = release.opened[stage]
    told = any(s.occasion is Occasion.STAGE and s.stage == stage and s.at >= since for s in release.summaries)
    return None if told else _summary(release, now, Occasion.STAGE, release.owners)


def due_summary(release: Release, now: datetime) -> ShiftAsked | Summarized | None:
    """Return the scheduled summary if its time has come, to a shift after it was asked to take over.

    What was missed is caught up once: it is the shift that began last to which it is told.
    """
    at, plan = next_summary(release), release.runbook.handoffs
    if plan is None or at is None or at > now:
        return None
    if plan.shifts is None:
        return _summary(release, now, Occasion.SCHEDULE, release.owners)
    roles = plan.begun(now)
    return begins(release, roles, now) or replace(
        _summary(release, now, Occasion.SHIFT, on_duty(release, roles)), roles=roles, captain=release.captain
    )


def next_summary(release: Release) -> datetime | None:
    """Return when the next summary is told: at the next shift, or at the next set time.

    That is the first after something new has come up, on a day on which one of those whom it is for works;
    where nothing is new there is none.
    """
    plan = release.runbook.handoffs
    if plan is None or release.state.ended:
        return None
    if plan.shifts is not None:
        begun = (past.at for past in release.summaries if past.occasion is Occasion.SHIFT)
        return plan.following(max(begun, default=release.started_at))
    if release.untold is None:
        return None
    at = plan.following(release.untold)
    while not _is_read(release, at):
        at = plan.following(at)
    return at


def untold_since(release: Release, event: Event) -> datetime | None:
    """Return since when there is something that no summary has told, after an event; None where there is not.

    That is what has happened, and whatever else the release waits for by now. It is known where summaries
    are told at set times.
    """
    plan = release.runbook.handoffs
    if plan is None or plan.at is None:
        return None
    if release.news or not release.summaries:
        return release.untold or event.at
    same = release.summaries[-1].waiting == waiting_on(release)
    return None if same else release.untold or event.at


def _is_read(release: Release, at: datetime) -> bool:
    """Return whether one of those whom a summary is for works on that day, as far as it is known."""
    hours = [release.hours.get(person) for person in reachable(release, release.owners)]
    return any(one is None or one.works_on_day_of(at, release.runbook.holidays) for one in hours)


def _summary(release: Release, now: datetime, occasion: Occasion, to: tuple[UserId, ...]) -> Summarized:
    return Summarized(
        at=now,
        by=ROLLCALL,
        occasion=occasion,
        stage=release.stage,
        to=to,
        news=release.news,
        waiting=waiting_on(release),
    )
