"""When a release next needs attention, and what it then gets."""

from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.handoff import due_summary, next_summary
from bot.release.release import Release
from bot.release.reminders import due_reminders, reminder_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Attend(Command):
    """Look at a release again: its people may be others, or the time for something may have come."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        # What is due follows from any command, so this one brings about nothing of its own.
        return ()


def due(release: Release, now: datetime) -> Event | None:
    """Return what the time has come for: a reminder, or the summary."""
    return next(iter(due_reminders(release, now)), None) or due_summary(release, now)


def attention_at(release: Release) -> datetime | None:
    """Return the time at which the release next needs attention; None when only people can move it."""
    summary = next_summary(release)
    times = [*reminder_times(release), *([summary] if summary else [])]
    return min(times, default=None)
