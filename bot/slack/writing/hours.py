"""When somebody is reminded: their working hours in words."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.release.people.hours import Hours
from bot.slack.writing.text import enumerated, escape

WEEK: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def reminded(hours: Hours) -> str:
    """Return when the person is reminded, such as from 09:00 to 18:00, Monday to Friday (Europe/Berlin)."""
    overnight = " the next day" if hours.ends <= hours.begins else ""
    times = f"from {hours.begins:%H:%M} to {hours.ends:%H:%M}{overnight}"
    return f"You are reminded {times}, {_days(hours)} ({escape(hours.zone)})."


def not_at_work(hours: Hours, now: datetime, holidays: Collection[date] = ()) -> str:
    """Return what time it is for somebody else who is not at work, and when they are; nothing if they are."""
    zone, back = ZoneInfo(hours.zone), hours.next_at_work(now, holidays)
    if back <= now:
        return ""
    there, then = now.astimezone(zone), back.astimezone(zone)
    day = "" if then.date() == there.date() else f" on {WEEK[then.weekday()]}"
    return f"It is {there:%H:%M} for them; they are at work from {then:%H:%M}{day}."


def _days(hours: Hours) -> str:
    days = set(hours.days)
    return "every day" if days == set(range(7)) else enumerated(list(_runs(days)), "and")


def _runs(days: set[int]) -> Iterator[str]:
    """Go through the days, those of which three or more follow each other as one, also past Sunday."""
    for first in sorted(day for day in days if (day - 1) % 7 not in days):
        last = first
        while (last + 1) % 7 in days:
            last += 1
        run = [WEEK[day % 7] for day in range(first, last + 1)]
        yield from [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
