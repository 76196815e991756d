"""`hours`: say when one works, so that one is reminded then."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Final

from bot.release.people.hours import Week
from bot.release.people.own_hours import SetHours
from bot.release.refusal import Refused
from bot.slack.desk import Call, Desk, Reply
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.hours import WEEK, reminded
from bot.slack.writing.text import escape, shorten
from bot.slack.writing.words import refusal

EXAMPLE: Final = "hours 9:30-17:00 mon-thu"
USUAL: Final = "usual"
LONGEST_WORD: Final = 40
NO_TIMES: Final = "These are days alone: say from when to when you work, too."
TWICE: Final = "Say only once from when to when you work: it is the same on all days."
BETWEEN: Final = re.compile(r"\s*[-–—]\s*|\s+to\s+")
"""What stands between two times or days; phones make longer dashes of two short ones."""
TIME: Final = r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?"
TIMES: Final = re.compile(f"{TIME}-{TIME}")


async def hours(desk: Desk, call: Call) -> Reply:
    """Say when the caller is reminded, after it was changed to what was typed."""
    now = await desk.coordinator.hours_of(call.workspace, call.user)
    if not call.text:
        return Reply(text=f"{reminded(now)} To change that: `{desk.command} {EXAMPLE}`")
    week = week_of(call.text, now.week)
    if isinstance(week, str):
        examples = f"`{desk.command} {EXAMPLE}`, or `{desk.command} hours {USUAL}`"
        return Reply(text=f"{escape(week)} For example: {examples}")
    noted = await desk.note(SetHours(workspace=call.workspace, by=call.user, week=week))
    return Reply(text=refusal(noted) if isinstance(noted, Refused) else reminded(now.in_week(week)))


def week_of(text: str, now: Week) -> Week | str:
    """Return the week that was typed, or what is wrong with it; without days they stay those of `now`."""
    if text.lower() == USUAL:
        return Week()
    words = BETWEEN.sub("-", text.lower()).replace(",", " ").split()
    times = [found for word in words if (found := TIMES.fullmatch(word))]
    others = [word for word in words if not TIMES.fullmatch(word)]
    if strange := next((word for word in others if not _days(word)), None):
        return f"I cannot read “{shorten(strange, LONGEST_WORD)}” as times of a day of 24 hours, nor as days."
    if len(times) != 1:
        return TWICE if times else NO_TIMES
    named = [_days(word) for word in others]
    begins_hour, begins_minute, ends_hour, ends_minute = (int(part or 0) for part in times[0].groups())
    return Week(
        begins=time(begins_hour, begins_minute),
        ends=time(ends_hour, ends_minute),
        days=tuple(sorted({day for days in named for day in days})) or now.days,
    )


def _days(word: str) -> Sequence[int]:
    """Return the days that a word such as `mon` or `sun-thu` names, or none."""
    match [_day(name) for name in word.split("-")]:
        case [int(day)]:
            return [day]
        case [int(first), int(last)]:
            return [(first + more) % 7 for more in range((last - first) % 7 + 1)]
        case _:
            return []


def _day(name: str) -> int | None:
    """Return the day that begins with at least two letters, or None."""
    found = (number for number, day in enumerate(WEEK) if day.lower().startswith(name))
    return next(found, None) if len(name) > 1 else None


HOURS = Subcommand(
    name="hours",
    usage="hours [9:30-17:00 mon-thu]",
    summary="say when you work, to be reminded then; `usual` is nine to six, Monday to Friday",
    answer=hours,
)
