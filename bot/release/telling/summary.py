"""Handoff summaries: where a release stands, told when a stage changes hands and at set times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.release.event import Event, News
from bot.release.ids import ROLLCALL, UserId
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.waiting import Waiting, waiting_on


class Occasion(StrEnum):
    """Why a summary was posted."""

    STAGE = "stage"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarized(Event):
    """Where the release stood was told to the people who own its stage."""

    occasion: Occasion
    stage: int
    to: tuple[UserId, ...]
    news: tuple[News, ...]
    waiting: tuple[Waiting, ...]

    def change(self, release: Release) -> Release:
        return replace(release, summaries=(*release.summaries, self), news=())


def handed_over(release: Release, now: datetime) -> Summarized | None:
    """Return the summary for a stage that has just passed to another owner, if it has not been told."""
    stage = release.stage
    # A rollback may come from any stage, and not only from the last one.
    before = max((past for past in release.opened if past < stage), default=None)
    if release.state.ended or before is None or release.current.owner == release.stage_at(before).owner:
        return None
    since = release.opened[stage]
    told = any(s.occasion is Occasion.STAGE and s.stage == stage and s.at >= since for s in release.summaries)
    return None if told else _summary(release, now, Occasion.STAGE)


def due_summary(release: Release, now: datetime) -> Summarized | None:
    """Return the scheduled summary if its time has come. What was missed is caught up once."""
    at = next_summary(release)
    return _summary(release, now, Occasion.SCHEDULE) if at is not None and at <= now else None


def next_summary(release: Release) -> datetime | None:
    """Return when the runbook wants the next summary: the first of its times after the last one."""
    plan = release.runbook.handoffs
    if plan is None or release.state.ended:
        return None
    last = max(
        (s.at for s in release.summaries if s.occasion is Occasion.SCHEDULE), default=release.started_at
    )
    zone = ZoneInfo(plan.timezone)
    day = last.astimezone(zone).date()
    candidates = (
        datetime.combine(day + timedelta(days=days), time, tzinfo=zone).astimezone(last.tzinfo)
        for days in (0, 1)
        for time in plan.at
    )
    return min(moment for moment in candidates if moment > last)


def _summary(release: Release, now: datetime, occasion: Occasion) -> Summarized:
    return Summarized(
        at=now,
        by=ROLLCALL,
        occasion=occasion,
        stage=release.stage,
        to=release.owners,
        news=release.news,
        waiting=waiting_on(release),
    )
