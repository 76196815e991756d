"""Putting a reminder off: until when, and what of the ladder waits for it."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.refusal import Code, Refused
from bot.release.telling.snooze import Snoozed
from bot.runbook.model import Reminders
from tests.release.given import (
    CHECK,
    NINE,
    ana,
    answer,
    asks,
    bea,
    ben,
    dan,
    eli,
    events,
    play,
    refusal,
    runbook,
    started,
    time_passes,
)
from tests.release.telling.test_reminders import by_the_clock, told

HOUR = timedelta(hours=1)
BOOK = runbook(
    CHECK.model_copy(update={"gates": (asks("QA", qa=2),)}),
    reminders=Reminders(after=HOUR, every=2 * HOUR, limit=3),
)


def test_who_has_put_it_off_is_reminded_then_and_the_others_as_before() -> None:
    release = play(started(BOOK), time_passes(hours=1), ben.snoozes(5 * HOUR))
    assert told(by_the_clock(release, NINE + 10 * HOUR)) == snapshot(
        [
            "Mon 10:00 private: bea ben eli",
            "Mon 12:00 thread: bea eli",
            "Mon 14:00 channel: bea eli, with ana",
            "Mon 15:00 private: ben",
        ]
    )


def test_before_the_first_reminder_it_is_put_off_too() -> None:
    release = play(started(BOOK), bea.snoozes(3 * HOUR), ben.snoozes(3 * HOUR), eli.snoozes(3 * HOUR))
    assert told(by_the_clock(release, NINE + 4 * HOUR)) == snapshot(["Mon 12:00 private: bea ben eli"])


def test_it_is_kept_also_when_all_reminders_have_come() -> None:
    one = runbook(
        CHECK.model_copy(update={"gates": (asks("QA", qa=2),)}),
        reminders=Reminders(after=HOUR, every=2 * HOUR, limit=1),
    )
    release = play(started(one), time_passes(hours=1), ben.snoozes(5 * HOUR))
    assert told(by_the_clock(release, NINE + timedelta(days=9)))[1:] == snapshot(["Mon 15:00 private: ben"])


def test_what_is_asked_stays_and_can_be_answered() -> None:
    release = play(started(BOOK), ben.snoozes(HOUR))
    assert not isinstance(answer(release, ben.approves("QA")), Refused)


@pytest.mark.parametrize("wait", [timedelta(), -HOUR, timedelta(days=3, seconds=1)])
def test_it_is_put_off_into_the_next_days(wait: timedelta) -> None:
    no = refusal(started(BOOK), ben.snoozes(wait))
    assert no.code is Code.TIME_INVALID
    assert no.because == snapshot("A reminder can be put off for at most 3 days.")


def test_the_longest_time_is_three_days() -> None:
    until = NINE + timedelta(days=3)
    assert events(started(BOOK), ben.snoozes(timedelta(days=3))) == (
        Snoozed(at=NINE, by=ben.id, until=until),
    )


def test_who_is_asked_for_one_of_several_things_can_put_it_off() -> None:
    assert not isinstance(answer(started(), ben.snoozes(HOUR)), Refused)


def test_the_same_moment_again_is_no_news() -> None:
    release = play(started(BOOK), ben.snoozes(HOUR))
    assert answer(release, ben.snoozes(HOUR)) == ()


def test_who_is_not_asked_has_nothing_to_put_off() -> None:
    assert refusal(started(BOOK), dan.snoozes(HOUR)).code is Code.NOTHING_TO_DO
    assert refusal(play(started(BOOK), ben.approves("QA")), ben.snoozes(HOUR)).code is Code.NOTHING_TO_DO
    assert refusal(play(started(BOOK), ana.cancels()), ben.snoozes(HOUR)).code is Code.ENDED
