"""Who is on call when: people who take turns by the calendar of their time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from bot.runbook.parts import Few, Part, fault, fault_at, invalid
from bot.runbook.values import DAY, Day, Days, TimeOfDay, Timezone, UserId

HANDOVER = time(9, 0)
NEAR = tuple(offset * DAY for offset in range(-2, 3))
"""Days around a moment, one more than a clock needs that skips a whole day."""

People = tuple[UserId, ...]


def _from_to(begins: time, ends: time) -> timedelta:
    """Return the time of day from one to the other, less than a day."""
    midnight = date.min
    return (datetime.combine(midnight, ends) - datetime.combine(midnight, begins)) % DAY


class Shift(Part):
    """A part of the day and the people who take it in turns; one that ends when it begins lasts a day."""

    begins: TimeOfDay
    """The time of day at which it begins, such as `"09:00"`, in quotes."""
    ends: TimeOfDay
    """The time of day at which it ends; on the next day, where that is not after its beginning."""
    people: Annotated[People, Few(1, 50)]
    """People, by their Slack user ids, in the order of their turns; at most 50."""

    def covers(self, at: time) -> bool:
        """Tell whether the shift goes on at a time of day."""
        return _from_to(self.begins, at) < (_from_to(self.begins, self.ends) or DAY)

    @property
    def last_day(self) -> timedelta:
        """Return how many days after its beginning the shift ends."""
        return DAY if self.ends <= self.begins else timedelta()


class Rotation(Part):
    """People take turns: all day, or in each shift of the day."""

    timezone: Timezone
    """The time zone of its times and days, such as `Europe/Berlin`."""
    starting: Day
    """The day on which the first person's turn begins, such as `2026-01-05`."""
    every: Days = timedelta(days=7)
    """How long a turn lasts; whole days."""
    at: TimeOfDay = HANDOVER
    """The time of day at which the turn passes on; not beside `shifts`."""
    people: Annotated[People, Few(0, 50)] = ()
    """People, by their Slack user ids, in the order of their turns; at most 50."""
    shifts: Annotated[tuple[Shift, ...], Few(0, 12)] = ()
    """Instead of `people`: parts of the day, each with its own people; together they fill the day."""

    @model_validator(mode="after")
    def _is_people_or_shifts(self) -> Self:
        if bool(self.people) == bool(self.shifts):
            raise fault(f"expected either people or shifts, found {'both' if self.people else 'none'}")
        if self.shifts and self.at != HANDOVER:
            raise invalid(fault_at(("at",), "goes with people; the turns of shifts pass with the day"))
        return self

    @model_validator(mode="after")
    def _fills_the_day(self) -> Self:
        for end in (shift.ends for shift in self.shifts):
            if not any(shift.covers(end) for shift in self.shifts):
                begin = min((shift.begins for shift in self.shifts), key=lambda begins: _from_to(end, begins))
                gap = f"nobody is on call from {end:%H:%M} to {begin:%H:%M}"
                raise invalid(fault_at(("shifts",), gap))
        return self

    @property
    def everybody(self) -> People:
        """Return all who take turns."""
        return tuple(dict.fromkeys((*self.people, *(one for shift in self.shifts for one in shift.people))))

    @property
    def most(self) -> int:
        """Return how many people are on call at a time, at most."""
        at_once = (sum(other.covers(shift.begins) for other in self.shifts) for shift in self.shifts)
        return min(len(self.everybody), max(at_once, default=1))

    def on_call(self, now: datetime) -> People:
        """Return who is on call at an aware moment; before the first turn, the first person."""
        if self.people:
            return (self._whose(self.people, self._day_of_turn(now)),)
        return tuple(dict.fromkeys(self._whose(shift.people, day) for shift, day in self._going_on(now)))

    def next_change(self, now: datetime) -> datetime:
        """Return the next moment, in UTC, at which a turn or a shift begins or ends."""
        if self.people:
            turn = max(self._turn(self._day_of_turn(now)), 0) + 1
            return self._moment(self.starting + turn * self.every, self.at)
        times = ((begin, end) for shift in self.shifts for _, begin, end in self._near(shift, now))
        return min(moment for both in times for moment in both if moment > now)

    def _day_of_turn(self, now: datetime) -> date:
        """Return the local day, from one handover to the next, to which the moment belongs."""
        return max(day for day in self._days(now) if self._moment(day, self.at) <= now)

    def _going_on(self, now: datetime) -> Iterator[tuple[Shift, date]]:
        """Yield each shift that goes on, with the day on which it began."""
        for shift in self.shifts:
            yield from ((shift, day) for day, begin, end in self._near(shift, now) if begin <= now < end)

    def _near(self, shift: Shift, now: datetime) -> Iterator[tuple[date, datetime, datetime]]:
        """Yield the days around the moment, with when the shift begins and ends that began on the day."""
        for day in self._days(now):
            end = self._moment(day + shift.last_day, shift.ends)
            yield day, self._moment(day, shift.begins), end

    def _days(self, now: datetime) -> Iterator[date]:
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        return (today + offset for offset in NEAR)

    def _whose(self, people: People, day: date) -> UserId:
        return people[max(self._turn(day), 0) % len(people)]

    def _turn(self, day: date) -> int:
        return (day - self.starting) // self.every

    def _moment(self, day: date, at: time) -> datetime:
        """Return the moment of a local time: the first of two, and one that is skipped by its old offset."""
        return datetime.combine(day, at, ZoneInfo(self.timezone)).astimezone(UTC)
