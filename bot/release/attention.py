"""What comes by the clock, and by what people have become: all of it stands in these three lists.

`taken_in` is what has become different, before anything is decided; `due` is what the time has come for,
after that; `attention_at` is when one of them has something next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.gates.expiry import expired, next_expiry
from bot.release.gates.review import due_review, next_review_reminder
from bot.release.people.handoff import lapsed_offers
from bot.release.people.leaving import gone
from bot.release.people.roles import members_read, next_turn
from bot.release.people.shift import overdue
from bot.release.release import Release
from bot.release.stages.going_back import back_time, goes_back
from bot.release.stages.holds import due_question, question_times
from bot.release.stages.runs import overdue_run, run_time
from bot.release.telling.reminders import due_reminder, reminder_times
from bot.release.telling.summary import due_summary, next_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Attend(Command):
    """Look at a release again: its people may be others, or the time for something may have come."""

    after_end: ClassVar[bool] = True

    def decide(self, release: Release, facts: Facts) -> Decision:
        # What is due follows from any command, so this one brings about nothing of its own.
        return ()


def taken_in(release: Release, command: Command, facts: Facts) -> Sequence[Event]:
    """Return what people and time have made different, which is taken in before anything is decided."""
    if release.state.ended:
        awaited = release.review is not None and not release.review.done
        return members_read(release, facts) if awaited or not isinstance(command, Attend) else ()
    return (
        *members_read(release, facts),
        *gone(release, facts),
        *expired(release, facts.now),
        *lapsed_offers(release, facts.now),
    )


def due(release: Release, facts: Facts) -> Event | None:
    """Return what the time has come for: what is late, a reminder, or a summary."""
    now = facts.now
    if release.state.ended:
        return due_review(release, now)
    return (
        due_question(release, now)
        or overdue_run(release, now)
        or goes_back(release, now)
        or due_reminder(release, facts)
        or overdue(release, now)
        or due_summary(release, now)
        or due_review(release, now)
    )


def attention_at(release: Release) -> datetime | None:
    """Return the time at which the release next needs attention; None when only people can move it."""
    review, turn = next_review_reminder(release), next_turn(release)
    if release.state.ended:
        # Who may sign follows from the roles, so that they are read as long as a review is awaited.
        return None if review is None else min(review, turn or review)
    some = (review, turn, next_summary(release), next_expiry(release), run_time(release), back_time(release))
    offers = [offer.until for offer in release.offers.values()]
    offers += [release.shift.until] if release.shift else []
    times = [*reminder_times(release), *question_times(release), *offers, *(at for at in some if at)]
    return min(times, default=None)
