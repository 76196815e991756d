"""People take turns by the calendar of their time zone, also on the days on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runbook.roles.role import Rotation, Shift
from tests.runbook.given import STAGE, Write, refusals

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
ANA, BEN, CLEO = "U0ANA", "U0BEN", "U0CLEO"


def local(written: str, timezone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(timezone), fold=fold)


def weekly(timezone: str = "Europe/Berlin", at: time = time(9)) -> Rotation:
    return Rotation(timezone=timezone, starting=date(2026, 1, 5), at=at, people=(ANA, BEN, CLEO))


def daily(timezone: str, at: time) -> Rotation:
    every = timedelta(days=1)
    return Rotation(timezone=timezone, starting=date(2026, 1, 5), every=every, at=at, people=(ANA, BEN))


def shifts(timezone: str = "Europe/Berlin", hour: int = 9) -> Rotation:
    day = Shift(begins=time(hour), ends=time(21), people=(ANA, BEN))
    night = Shift(begins=time(21), ends=time(hour), people=(CLEO,))
    every = timedelta(days=1)
    return Rotation(timezone=timezone, starting=date(2026, 1, 5), every=every, shifts=(day, night))


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2025-12-01T12:00", ANA),
        ("2026-01-05T08:59", ANA),
        ("2026-01-05T09:00", ANA),
        ("2026-01-12T08:59:59", ANA),
        ("2026-01-12T09:00", BEN),
        ("2026-01-19T09:00", CLEO),
        ("2026-01-26T09:00", ANA),
        ("2026-03-30T08:59", CLEO),
        ("2026-03-30T09:00", ANA),
        ("2026-07-20T08:59", ANA),
        ("2026-07-20T09:00", BEN),
        ("2026-11-02T09:00", BEN),
    ],
)
def test_the_turn_passes_at_the_local_time_of_every_season(timezone: str, moment: str, person: str) -> None:
    assert weekly(timezone).on_call(local(moment, timezone)) == (person,)


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-28", 23),
        ("Europe/Berlin", "2026-10-24", 25),
        ("America/New_York", "2026-03-07", 23),
        ("America/New_York", "2026-10-31", 25),
        ("Australia/Lord_Howe", "2026-04-04", 24.5),
        ("Australia/Lord_Howe", "2026-10-03", 23.5),
        ("Asia/Kolkata", "2026-03-28", 24),
    ],
)
def test_a_turn_of_a_day_is_as_long_as_the_day(timezone: str, day: str, hours: float) -> None:
    rotation = daily(timezone, time(9))
    begin = local(f"{day}T09:00", timezone)
    end = rotation.next_change(begin)
    assert end.astimezone(ZoneInfo(timezone)).time() == time(9)
    assert end - begin.astimezone(UTC) == timedelta(hours=hours)
    assert rotation.on_call(end) != rotation.on_call(begin)


def test_a_turn_that_has_passed_does_not_come_back_when_the_clock_is_set_back() -> None:
    rotation = daily("Europe/Berlin", time(2, 30))
    before, after = (local(f"2026-10-25T02:{minute}", "Europe/Berlin") for minute in ("29", "30"))
    again = local("2026-10-25T02:10", "Europe/Berlin", fold=1)
    assert rotation.on_call(before) != rotation.on_call(after) == rotation.on_call(again)


def test_a_turn_passes_at_a_time_that_is_skipped() -> None:
    rotation = daily("Europe/Berlin", time(2, 30))
    before, after = (local(f"2026-03-29T{at}", "Europe/Berlin") for at in ("01:59", "03:30"))
    assert rotation.next_change(before) == after.astimezone(UTC)
    assert rotation.on_call(before) != rotation.on_call(after)


def test_before_the_first_turn_the_first_person_is_on_call() -> None:
    before = local("2025-01-01T00:00", "Europe/Berlin")
    assert weekly().on_call(before) == (ANA,)
    assert weekly().next_change(before) == local("2026-01-12T09:00", "Europe/Berlin").astimezone(UTC)


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-01-05T08:59", CLEO),
        ("2026-01-05T09:00", ANA),
        ("2026-01-05T20:59", ANA),
        ("2026-01-05T21:00", CLEO),
        ("2026-01-06T09:00", BEN),
        ("2026-01-07T09:00", ANA),
        ("2025-12-31T09:00", ANA),
    ],
)
def test_each_shift_has_its_people(timezone: str, moment: str, person: str) -> None:
    assert shifts(timezone).on_call(local(moment, timezone)) == (person,)


def test_the_turn_of_a_shift_is_that_of_the_day_on_which_it_began() -> None:
    night = Shift(begins=time(21), ends=time(9), people=(ANA, BEN))
    day = Shift(begins=time(9), ends=time(21), people=(CLEO,))
    rotation = shifts().model_copy(update={"shifts": (night, day)})
    assert rotation.on_call(local("2026-01-05T23:00", "Europe/Berlin")) == (ANA,)
    assert rotation.on_call(local("2026-01-06T08:00", "Europe/Berlin")) == (ANA,)
    assert rotation.on_call(local("2026-01-06T23:00", "Europe/Berlin")) == (BEN,)


def test_shifts_may_overlap() -> None:
    late = Shift(begins=time(20), ends=time(22), people=(BEN, CLEO))
    rotation = Rotation(timezone="UTC", starting=date(2026, 1, 5), shifts=(*shifts().shifts, late))
    assert rotation.on_call(datetime(2026, 1, 5, 20, 30, tzinfo=UTC)) == (ANA, BEN)
    assert rotation.on_call(datetime(2026, 1, 5, 21, 30, tzinfo=UTC)) == (CLEO, BEN)
    assert rotation.most == 2
    assert shifts().most == 1


def test_everybody_is_all_who_take_turns() -> None:
    assert weekly().everybody == (ANA, BEN, CLEO)
    assert shifts().everybody == (ANA, BEN, CLEO)


def test_a_day_that_a_time_zone_skips_is_nobody_s_gap() -> None:
    # Samoa had no 30 December 2011.
    begin = date(2011, 12, 1)
    whole = Shift(begins=time(12), ends=time(12), people=(ANA, BEN))
    for rotation in (
        Rotation(timezone="Pacific/Apia", starting=begin, people=(ANA, BEN)),
        Rotation(timezone="Pacific/Apia", starting=begin, shifts=(whole,)),
    ):
        for hour in range(72):
            now = datetime(2011, 12, 29, 12, tzinfo=UTC) + timedelta(hours=hour)
            assert rotation.on_call(now)
            assert rotation.next_change(now) > now


moments = st.integers(0, 2 * 365 * 86_400).map(
    lambda s: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=s)
)


@given(moments, st.sampled_from(ZONES), st.times(), st.booleans())
def test_nothing_changes_before_the_next_change(now: datetime, zone: str, at: time, by_shifts: bool) -> None:
    at = at.replace(second=0, microsecond=0, fold=0)
    rotation = shifts(zone, at.hour % 21) if by_shifts else daily(zone, at)
    change = rotation.next_change(now)
    assert now < change <= now + timedelta(hours=25)
    people = rotation.on_call(now)
    assert len(people) == 1
    for part in range(1, 5):
        assert rotation.on_call(now + (change - now) * part / 5) == people
    assert rotation.on_call(change - timedelta(microseconds=1)) == people
    assert rotation.on_call(change) != people


ROTATION = "{rotation: {timezone: UTC, starting: 2026-01-05, MORE}}"
DAY = "{begins: 09:00, ends: 17:00, people: [U0BEN]}"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("every: 7d", "4:8: roles.qa.rotation: expected either people or shifts, found none"),
        (
            "people: [U0BEN], shifts: [{begins: 09:00, ends: 09:00, people: [U0BEN]}]",
            "4:8: roles.qa.rotation: expected either people or shifts, found both",
        ),
        (
            "people: [ben]",
            '4:65: roles.qa.rotation.people.0: expected a user id such as "U02ABCDEF", found "ben"',
        ),
        (
            "every: 36h, people: [U0BEN]",
            '4:63: roles.qa.rotation.every: expected whole days such as "7d", found "36h"',
        ),
        (
            f"shifts: [{DAY}, {{begins: 18:00, ends: 09:00, people: [U0BEN]}}]",
            "4:56: roles.qa.rotation.shifts: nobody is on call from 17:00 to 18:00",
        ),
        (f"shifts: [{DAY}]", "4:56: roles.qa.rotation.shifts: nobody is on call from 17:00 to 09:00"),
        (
            "at: 10:00, shifts: [{begins: 09:00, ends: 09:00, people: [U0BEN]}]",
            "4:60: roles.qa.rotation.at: goes with people; the turns of shifts pass with the day",
        ),
        (
            "shifts: [{begins: 09:00, ends: 09:00, people: []}]",
            "4:94: roles.qa.rotation.shifts.0.people: expected at least one, found none",
        ),
        (
            "shifts: [{begins: 09:00, ends: 09:00, people: [U0BEN], peple: x}]",
            "4:111: roles.qa.rotation.shifts.0.peple: expected one of the keys begins, ends, people; "
            'found "peple"; did you mean "people"?',
        ),
    ],
)
def test_a_rotation_that_is_wrong_is_told_with_its_place(more: str, message: str, write: Write) -> None:
    text = STAGE.replace("{group: qa}", ROTATION.replace("MORE", more))
    assert refusals(write(text)) == [f"r.yaml:{message}"]


@pytest.mark.parametrize(
    ("starting", "message"),
    [
        ("2026-1-5", 'expected a date such as "2026-01-05", found "2026-1-5"'),
        ("2026-02-30", 'expected a date such as "2026-01-05", found "2026-02-30"'),
        ("2026-W02-1", 'expected a date such as "2026-01-05", found "2026-W02-1"'),
        ("1999-12-31", "expected a date from 2000-01-01 to 2099-12-31, found 1999-12-31"),
    ],
)
def test_a_day_that_is_none_is_refused(starting: str, message: str, write: Write) -> None:
    binding = ROTATION.replace("2026-01-05", starting).replace("MORE", "people: [U0BEN]")
    text = STAGE.replace("{group: qa}", binding)
    assert refusals(write(text)) == [f"r.yaml:4:44: roles.qa.rotation.starting: {message}"]
