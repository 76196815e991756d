"""Working hours: the next moment at which somebody is at work, and the next morning."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.release.people.hours import Hours, is_zone
from tests.release.given import NINE, UNHURRIED

BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # In Berlin, the hour is one more than here, and from 29 March on two.
        (datetime(2026, 3, 2, 7, 59, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)),
        (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)),
        (datetime(2026, 3, 2, 16, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 59, tzinfo=UTC)),
        (datetime(2026, 3, 2, 17, tzinfo=UTC), datetime(2026, 3, 3, 8, tzinfo=UTC)),
        (datetime(2026, 3, 6, 17, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)),
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)),
        (datetime(2026, 3, 27, 17, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),
        (datetime(2026, 10, 23, 16, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
)
def test_people_are_at_work_in_office_hours_of_their_time_zone(now: datetime, expected: datetime) -> None:
    assert Hours(zone=BERLIN).next_at_work(now) == expected


@UNHURRIED
@given(
    st.integers(0, 365 * 24 * 4),
    st.sampled_from((BERLIN, NEW_YORK, TOKYO, "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC")),
)
def test_the_next_moment_at_work_is_the_first_one(quarters: int, zone: str) -> None:
    """The oracle looks at every quarter of an hour, which is enough for all zones that there are."""

    def works(moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        return local.weekday() < 5 and 9 <= local.hour < 18

    now = NINE + quarters * timedelta(minutes=15)
    moment = now
    while not works(moment):
        moment += timedelta(minutes=15)
    assert Hours(zone=zone).next_at_work(now) == moment


def test_the_next_morning_is_when_somebody_begins_to_work_next() -> None:
    hours = Hours(zone=BERLIN)
    assert hours.next_morning(MONDAY) == datetime(2026, 3, 3, 8, tzinfo=UTC)
    friday = MONDAY + timedelta(days=4)
    assert hours.next_morning(friday) == datetime(2026, 3, 9, 8, tzinfo=UTC)
    # Late on Monday in Berlin it is early on Tuesday in Tokyo.
    late = datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert Hours(zone=TOKYO).next_morning(late) == datetime(2026, 3, 3, 0, tzinfo=UTC)


def test_on_a_holiday_nobody_is_at_work() -> None:
    holidays = [date(2026, 3, 3), date(2026, 3, 4)]
    assert Hours(zone=BERLIN).next_morning(MONDAY, holidays) == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_people_have_days_and_hours_of_their_own() -> None:
    hours = Hours(zone="UTC", begins=time(14), ends=time(20), days=(2, 5))
    assert hours.next_at_work(MONDAY) == datetime(2026, 3, 4, 14, tzinfo=UTC)
    assert hours.next_morning(datetime(2026, 3, 4, 15, tzinfo=UTC)) == datetime(2026, 3, 7, 14, tzinfo=UTC)


def test_a_night_shift_goes_on_into_the_next_day() -> None:
    hours = Hours(zone="UTC", begins=time(22), ends=time(6))
    assert hours.next_at_work(MONDAY) == datetime(2026, 3, 2, 22, tzinfo=UTC)
    tuesday = datetime(2026, 3, 3, 5, 59, tzinfo=UTC)
    assert hours.next_at_work(tuesday) == tuesday
    assert hours.next_at_work(tuesday + timedelta(minutes=1)) == datetime(2026, 3, 3, 22, tzinfo=UTC)
    # The shift that began on Friday evening ends on Saturday, and the next one begins on Monday.
    saturday = datetime(2026, 3, 7, 5, tzinfo=UTC)
    assert hours.next_at_work(saturday) == saturday
    assert hours.next_at_work(saturday + timedelta(hours=1)) == datetime(2026, 3, 9, 22, tzinfo=UTC)


def test_the_next_shift_of_the_night_is_not_the_one_that_goes_on() -> None:
    hours = Hours(zone="UTC", begins=time(22), ends=time(6))
    tuesday = datetime(2026, 3, 3, 22, tzinfo=UTC)
    for at in (datetime(2026, 3, 2, 22, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC)):
        assert hours.next_morning(at) == tuesday


def test_hours_that_end_when_they_begin_last_a_day() -> None:
    hours = Hours(zone="UTC", begins=time(9), ends=time(9))
    assert hours.next_at_work(MONDAY) == MONDAY
    tuesday = datetime(2026, 3, 3, 8, 59, tzinfo=UTC)
    assert hours.next_at_work(tuesday) == tuesday


def test_a_time_zone_is_one_that_there_is() -> None:
    assert [is_zone(name) for name in (BERLIN, "Mars/Olympus", "", None)] == [True, False, False, False]


def test_where_there_is_no_day_of_work_any_moment_will_do() -> None:
    assert Hours(zone="UTC", days=()).next_at_work(MONDAY) == MONDAY
    assert Hours(zone="UTC", days=()).next_morning(MONDAY) == MONDAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "works"),
    [
        (datetime(2026, 3, 6, 3, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 23, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), False),
        # It is Saturday in Tokyo already, and Monday, which is a holiday.
        (datetime(2026, 3, 6, 15, tzinfo=UTC), False),
        (datetime(2026, 3, 8, 15, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 15, tzinfo=UTC), True),
    ],
)
def test_a_day_of_work_is_one_where_the_person_is(at: datetime, works: bool) -> None:
    tokyo = at >= datetime(2026, 3, 6, 15, tzinfo=UTC) and at.hour == 15
    hours = Hours(zone="Asia/Tokyo" if tokyo else "UTC")
    assert hours.works_on_day_of(at, (date(2026, 3, 9),)) is works


def test_a_night_of_work_is_of_both_its_days() -> None:
    night = Hours(zone="UTC", begins=time(22), ends=time(6), days=(4,))
    days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (5, 6, 7, 8)]
    assert [night.works_on_day_of(day) for day in days] == [False, True, True, False]
    # Until midnight is not of the next day, and from midnight on not of the one before.
    late, early = (
        Hours(zone="UTC", begins=time(begins), ends=time(ends), days=(5,))
        for begins, ends in ((16, 0), (0, 6))
    )
    assert [late.works_on_day_of(day) for day in days] == [False, False, True, False]
    assert [early.works_on_day_of(day) for day in days] == [False, False, True, False]
