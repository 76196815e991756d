"""The times at which summaries are posted, and whose shift begins then."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runbook.handoffs import Handoffs, ShiftOfRole

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
TWO = Handoffs(
    shifts=(
        ShiftOfRole(begins=time(9), timezone="Europe/Berlin", role="eu"),
        ShiftOfRole(begins=time(9), timezone="America/New_York", role="us"),
    )
)


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "following", "begun"),
    [
        (utc(3, 2, 7), utc(3, 2, 8), ("us",)),
        (utc(3, 2, 8), utc(3, 2, 14), ("eu",)),
        (utc(3, 2, 13, 59), utc(3, 2, 14), ("eu",)),
        (utc(3, 2, 14), utc(3, 3, 8), ("us",)),
        # America changes its clocks on 8 March 2026, and Europe on the 29th.
        (utc(3, 9, 8), utc(3, 9, 13), ("eu",)),
        (utc(3, 29, 6, 59), utc(3, 29, 7), ("us",)),
    ],
)
def test_each_shift_begins_by_its_own_clock(
    after: datetime, following: datetime, begun: tuple[str, ...]
) -> None:
    assert (TWO.following(after), TWO.begun(after)) == (following, begun)


def test_shifts_that_begin_at_one_moment_are_one() -> None:
    noon = [ShiftOfRole(begins=time(12), timezone="UTC", role=role) for role in ("eu", "ops")]
    nine = ShiftOfRole(begins=time(8), timezone="America/New_York", role="us")
    plan = Handoffs(shifts=(*noon, nine, nine.model_copy(update={"begins": time(7), "role": "eu"})))
    # In summer it is 8:00 in New York then, in winter 7:00.
    assert plan.begun(utc(7, 1, 12)) == ("eu", "ops", "us")
    assert plan.begun(utc(1, 5, 12)) == ("eu", "ops")
    assert plan.following(utc(7, 1, 11, 59)) == utc(7, 1, 12)


times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
shifts = st.builds(
    ShiftOfRole, begins=times, timezone=st.sampled_from(ZONES), role=st.sampled_from(["eu", "us", "ops"])
)


@given(st.lists(shifts, min_size=1, max_size=4, unique=True), st.integers(0, 400 * 24 * 60))
def test_who_has_begun_last_began_at_a_time_of_the_plan(listed: list[ShiftOfRole], minutes: int) -> None:
    plan = Handoffs(shifts=tuple(listed))
    now = utc(1, 1, 0) + timedelta(minutes=minutes)
    last = max(at for day in (2, 1) if (at := plan.following(now - timedelta(days=day))) <= now)
    while plan.following(last) <= now:
        last = plan.following(last)
    assert plan.begun(now) == plan.begun(last)
    assert now - last <= timedelta(hours=25)
    assert set(plan.begun(now)) <= {shift.role for shift in listed}
