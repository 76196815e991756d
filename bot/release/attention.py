"""When a release next needs attention, and what it then gets."""

from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.handoff import due_summary, next_summary
from bot.release.release import Release
from bot.release.reminders import due_reminders, reminder_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Attend(Command):
    """Give a release what is due: reminders, and its summary."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        reminders = due_reminders(release, facts.now)
        summary = due_summary(release, facts.now)
        return (*reminders, summary) if summary else tuple(reminders)


def attention_at(release: Release) -> datetime | None:
    """Return the time at which the release next needs attention; None when only people can move it."""
    summary = next_summary(release)
    times = [*reminder_times(release), *([summary] if summary else [])]
    return min(times, default=None)
