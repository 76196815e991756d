"""Putting reminders off: until when, and what of the ladder waits for it."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.ids import ROLLCALL
from bot.release.people.directory import Directory, Own
from bot.release.people.own import own_after
from bot.release.refusal import Code, Refused
from bot.release.telling.snooze import Snooze, Snoozed, SnoozesRead
from bot.runbook.model import Reminders
from tests.release.given import (
    ACME,
    CHECK,
    NINE,
    among,
    answer,
    asks,
    bea,
    ben,
    eli,
    events,
    names,
    play,
    runbook,
    snoozed,
    started,
    time_passes,
    town,
)
from tests.release.telling.test_reminders import by_the_clock, told

HOUR = timedelta(hours=1)
BOOK = runbook(
    CHECK.model_copy(update={"gates": (asks("QA", qa=2),)}),
    reminders=Reminders(after=HOUR, every=2 * HOUR, limit=3),
)


def snooze(wait: timedelta, directory: Directory | None = None) -> Snoozed | Refused:
    command = Snooze(workspace=ACME, by=ben.id, until=NINE + wait)
    return command.decide(directory or town(), NINE)


def test_who_has_put_it_off_is_named_later_and_the_others_as_before() -> None:
    """Ben is reminded at ten, and puts it off until three."""
    release = play(started(BOOK), time_passes(hours=1))
    later = by_the_clock(release, NINE + 9 * HOUR, snoozed(NINE + 6 * HOUR, ben))
    assert told(later) == snapshot(
        [
            "Mon 10:00 private: bea ben eli",
            "Mon 12:00 thread: bea eli",
            "Mon 14:00 channel: bea eli, with ana",
        ]
    )


def test_who_has_put_it_off_is_not_named_before_all_even_when_that_is_past() -> None:
    """All have put it off for half an hour, so that the thread hears of it two hours after that."""
    release = play(started(BOOK), time_passes(hours=1))
    later = by_the_clock(release, NINE + 5 * HOUR, snoozed(NINE + 1.5 * HOUR, bea, ben, eli))
    assert told(later) == snapshot(["Mon 10:00 private: bea ben eli", "Mon 12:30 thread: bea ben eli"])


def test_before_the_first_reminder_it_is_put_off_too() -> None:
    later = by_the_clock(started(BOOK), NINE + 4 * HOUR, snoozed(NINE + 3 * HOUR, bea, ben, eli))
    assert told(later) == snapshot(["Mon 12:00 private: bea ben eli"])


def test_the_release_takes_it_in_when_somebody_is_to_be_reminded_and_not_before() -> None:
    until = NINE + 6 * HOUR
    release = started(BOOK)
    assert answer(release, among(snoozed(until, ben), time_passes(minutes=59))) == ()
    assert events(release, among(snoozed(until, ben), time_passes(hours=1)))[0] == SnoozesRead(
        at=NINE + HOUR, by=ROLLCALL, until={ben.id: until}
    )
    assert names(release, among(snoozed(until, ben), time_passes(hours=1))) == ["SnoozesRead", "Reminded"]


def test_what_was_put_off_before_the_release_began_is_no_news_to_it() -> None:
    assert names(started(BOOK), among(snoozed(NINE, ben), time_passes(hours=1))) == ["Reminded"]


@pytest.mark.parametrize("wait", [timedelta(), -HOUR, timedelta(days=3, seconds=1)])
def test_it_is_put_off_into_the_next_days(wait: timedelta) -> None:
    no = snooze(wait)
    assert isinstance(no, Refused)
    assert no.code is Code.TIME_INVALID
    assert no.because == snapshot("A reminder can be put off for at most 3 days.")


def test_the_longest_time_is_three_days() -> None:
    until = NINE + timedelta(days=3)
    assert snooze(timedelta(days=3)) == Snoozed(at=NINE, by=ben.id, until=until)


def test_the_same_moment_again_is_no_news() -> None:
    no = snooze(HOUR, snoozed(NINE + HOUR, ben)(town()))
    assert isinstance(no, Refused)
    assert no.code is Code.ALREADY_DONE


def test_the_last_word_holds() -> None:
    first, last = (Snoozed(at=NINE, by=ben.id, until=NINE + wait) for wait in (2 * HOUR, HOUR))
    assert own_after([first, last]) == Own(snoozed=NINE + HOUR)
    there = town().as_told({ben.id: own_after([first, last])})
    assert there.snoozed == {ben.id: NINE + HOUR}
