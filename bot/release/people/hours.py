"""Working hours: when somebody may be asked."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

BEGINS: Final = time(9, 0)
ENDS: Final = time(18, 0)
WEEKDAYS: Final = (0, 1, 2, 3, 4)
DAY: Final = timedelta(days=1)
LONGEST_PAUSE: Final = 400
"""Days that are looked at for one of work; where there is none, any moment will do."""


def is_zone(name: str | None) -> bool:
    """Return whether a time zone of this name is known."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """At which hours of which days somebody works, wherever that is: from `begins` until before `ends`.

    `days`, on which work begins, count from Monday, which is 0. Where `ends` is not after `begins`, it is on
    the next day. What is not known is taken to be nine to six, Monday to Friday.
    """

    begins: time = BEGINS
    ends: time = ENDS
    days: tuple[int, ...] = WEEKDAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Week):
    """When somebody is at work: a week in their time zone. `zone` is an IANA name."""

    zone: str

    @property
    def week(self) -> Week:
        """Return the week, wherever it is."""
        return Week(begins=self.begins, ends=self.ends, days=self.days)

    def in_week(self, week: Week) -> "Hours":
        """Return another week in the same time zone."""
        return replace(self, begins=week.begins, ends=week.ends, days=week.days)

    def next_at_work(self, moment: datetime, holidays: Collection[date] = ()) -> datetime:
        """Return the first moment from `moment` on at which the person is at work."""
        return _next_at_work(self, moment, frozenset(holidays))

    def next_morning(self, moment: datetime, holidays: Collection[date] = ()) -> datetime:
        """Return when the person next begins to work, after a moment."""
        return _next_morning(self, moment, frozenset(holidays))

    def works_on_day_of(self, moment: datetime, holidays: Collection[date] = ()) -> bool:
        """Return whether the person works on the day of a moment, as it is where they are."""
        zone = ZoneInfo(self.zone)
        day = datetime.combine(moment.astimezone(zone).date(), time(), zone)
        return self.next_at_work(day, holidays) < day + DAY


@lru_cache(maxsize=4_096)
def _next_at_work(hours: Hours, moment: datetime, holidays: frozenset[date]) -> datetime:
    local = moment.astimezone(ZoneInfo(hours.zone))
    day, night = local.date() - DAY, DAY if hours.ends <= hours.begins else timedelta()
    for _ in range(LONGEST_PAUSE):
        if day.weekday() in hours.days and day not in holidays:
            begins = datetime.combine(day, hours.begins, tzinfo=local.tzinfo).astimezone(moment.tzinfo)
            ends = datetime.combine(day + night, hours.ends, tzinfo=local.tzinfo).astimezone(moment.tzinfo)
            if moment < ends:
                return max(moment, begins)
        day += DAY
    return moment


@lru_cache(maxsize=4_096)
def _next_morning(hours: Hours, moment: datetime, holidays: frozenset[date]) -> datetime:
    zone = ZoneInfo(hours.zone)
    today = moment.astimezone(zone).date()
    for day in (today + number * DAY for number in range(LONGEST_PAUSE)):
        begins = datetime.combine(day, hours.begins, tzinfo=zone).astimezone(moment.tzinfo)
        if begins > moment and day.weekday() in hours.days and day not in holidays:
            return begins
    return moment + DAY
