"""Working hours: when somebody may be asked."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

BEGINS: Final = time(9, 0)
ENDS: Final = time(18, 0)
WEEKDAYS: Final = (0, 1, 2, 3, 4)
DAY: Final = timedelta(days=1)
LONGEST_PAUSE: Final = 400
"""Days that are looked at for one of work; where there is none, any moment will do."""


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
        """Return when the person's first day of work after the day of `moment` begins."""
        local = moment.astimezone(ZoneInfo(self.zone))
        midnight = datetime.combine(local.date() + DAY, time(), tzinfo=local.tzinfo)
        return self.next_at_work(midnight.astimezone(moment.tzinfo), holidays)


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
