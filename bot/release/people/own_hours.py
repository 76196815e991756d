"""Working hours of one's own: a person says when they work, in the time zone that Slack tells."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.release.ids import UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.people.hours import Week
from bot.release.refusal import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSet:
    """A person said at which hours of which days they work."""

    at: datetime
    by: UserId
    week: Week


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHours:
    """Say at which hours of which days one works, where it is not nine to six, Monday to Friday."""

    workspace: WorkspaceId
    by: UserId
    week: Week

    def decide(self, directory: Directory, now: datetime) -> HoursSet | Refused:
        """Return the event, or why not. `directory` has the hours that hold now."""
        week = replace(self.week, days=tuple(sorted(set(self.week.days))))
        return _bad(week) or self._as_before(week, directory) or HoursSet(at=now, by=self.by, week=week)

    def _as_before(self, week: Week, directory: Directory) -> Refused | None:
        if directory.hours_of(self.by).week != week:
            return None
        return Refused(code=Code.ALREADY_DONE, because="These are your working hours already.")


def _bad(week: Week) -> Refused | None:
    to_the_minute = not any(end.second or end.microsecond or end.tzinfo for end in (week.begins, week.ends))
    if to_the_minute and week.days and set(week.days) <= set(range(7)):
        return None
    return Refused(
        code=Code.TIME_INVALID,
        because="Working hours begin and end at a full minute, on at least one day of the week.",
        instead="For example: 9:30-17:00 mon-thu",
    )
