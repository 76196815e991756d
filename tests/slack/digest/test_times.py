"""When a digest is posted anew: once for much that comes together, and so many times a day at most."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.release.people.hours import Hours
from bot.slack.digest.times import GAP, MOST_A_DAY, TOGETHER, Digest, newest, next_digest

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at_any_time(moment: datetime) -> datetime:
    return moment


def test_the_first_is_posted_when_there_is_something_to_remind_of() -> None:
    assert next_digest(None, TEN, "UTC", at_any_time) == Digest(at=TEN)


def test_who_may_not_be_disturbed_gets_it_afterwards() -> None:
    assert next_digest(None, TEN, "UTC", lambda at: at + HOUR) == Digest(at=TEN + HOUR)


def test_without_anything_new_there_is_no_other() -> None:
    assert next_digest(Digest(at=TEN), TEN, "UTC", at_any_time) is None
    assert next_digest(Digest(at=TEN), TEN - HOUR, "UTC", at_any_time) is None


def test_what_comes_soon_after_waits_for_an_hour() -> None:
    after = next_digest(Digest(at=TEN), TEN + 2 * MINUTE, "UTC", at_any_time)
    assert after == Digest(at=TEN + GAP, count=2)


def test_what_comes_within_a_minute_is_read_in_the_same_digest() -> None:
    assert next_digest(Digest(at=TEN), TEN + MINUTE, "UTC", at_any_time) is None


def test_what_would_have_to_wait_into_the_evening_comes_in_the_morning() -> None:
    late = TEN + 7 * HOUR + 30 * MINUTE
    after = next_digest(Digest(at=late, count=3), late + 2 * MINUTE, "UTC", Hours(zone="UTC").next_at_work)
    assert after == Digest(at=TEN + 23 * HOUR)


def test_after_the_last_of_the_day_the_next_comes_tomorrow() -> None:
    last, later = Digest(at=TEN, count=MOST_A_DAY), TEN + 5 * HOUR
    nine = Digest(at=TEN + 23 * HOUR)
    assert next_digest(last, later, "UTC", Hours(zone="UTC").next_at_work) == nine
    assert next_digest(last, later, "UTC", at_any_time) == Digest(at=TEN + 14 * HOUR)
    tomorrow = TEN + timedelta(days=1)
    assert next_digest(last, tomorrow, "UTC", at_any_time) == Digest(at=tomorrow)


def test_after_the_last_of_a_friday_the_next_comes_on_monday() -> None:
    friday = Digest(at=TEN + timedelta(days=4), count=MOST_A_DAY)
    after = next_digest(friday, friday.at + HOUR, "UTC", Hours(zone="UTC").next_at_work)
    assert after == Digest(at=friday.at + timedelta(days=3) - HOUR)


def test_a_day_that_has_no_midnight_begins_an_hour_later() -> None:
    zone = ZoneInfo("Africa/Cairo")
    evening = datetime(2026, 4, 23, 20, tzinfo=zone).astimezone(UTC)
    after = next_digest(Digest(at=evening, count=MOST_A_DAY), evening + HOUR, zone.key, at_any_time)
    assert after is not None
    assert after.at.astimezone(zone) == datetime(2026, 4, 24, 1, tzinfo=zone)


def test_the_day_is_that_of_the_reader() -> None:
    evening = Digest(at=TEN + 4 * HOUR, count=MOST_A_DAY)  # 23:00 in Tokyo
    night = TEN + 5 * HOUR + MINUTE
    assert next_digest(evening, night, "Asia/Tokyo", at_any_time) == Digest(at=night)
    assert next_digest(evening, night, "UTC", at_any_time) == Digest(at=TEN + 14 * HOUR)


def test_a_slot_reads_back() -> None:
    digest = Digest(at=TEN + timedelta(microseconds=7), count=3)
    assert Digest.read(digest.slot) == digest
    assert newest([Digest(at=TEN).slot, digest.slot]) == digest
    assert newest([]) is None


@given(st.lists(st.integers(0, 3 * 24 * 60), max_size=200), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_however_much_comes_a_day_has_few_and_they_lie_apart(minutes: list[int], zone: str) -> None:
    last, posted = None, list[Digest]()
    times = [TEN + minute * MINUTE for minute in sorted(minutes)]
    for now in times:
        after = next_digest(last, now, zone, at_any_time)
        if after is not None:
            last = after
            posted.append(after)
    days = [digest.at.astimezone(ZoneInfo(zone)).date() for digest in posted]
    assert all(days.count(day) <= MOST_A_DAY for day in days)
    assert all(after.at - before.at >= GAP for before, after in pairwise(posted))
    # However much it is, it comes, and no later than at the beginning of the day after.
    assert all(any(now - TOGETHER <= it.at <= now + DAY for it in posted) for now in times)
