"""Putting reminders off: a person says, for all releases, when to be reminded again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.release.command import Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace

LONGEST: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed:
    """A person is not to be reminded of anything before a moment. What is asked of them stays."""

    at: datetime
    by: UserId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Be reminded again at a moment, and not before."""

    workspace: WorkspaceId
    by: UserId
    until: datetime

    def decide(self, directory: Directory, now: datetime) -> Snoozed | Refused:
        """Return the event, or why not. `directory` has what was put off before."""
        if not now < self.until <= now + LONGEST:
            return Refused(
                code=Code.TIME_INVALID,
                because=f"A reminder can be put off for at most {LONGEST.days} days.",
                instead="If you are away for longer, name a deputy.",
            )
        if directory.snoozed.get(self.by) == self.until:
            return Refused(code=Code.ALREADY_DONE, because="You are reminded again then already.")
        return Snoozed(at=now, by=self.by, until=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozesRead(Event):
    """People who were to be reminded have put it off: until when, by their own word for all releases."""

    until: Mapping[UserId, datetime]

    def change(self, release: Release) -> Release:
        return replace(release, snoozed={**release.snoozed, **self.until})


def snoozes_read(release: Release, people: Iterable[UserId], facts: Facts) -> SnoozesRead | None:
    """Return the event that takes in until when some people have put it off, where the release knows less.

    It is not before somebody is to be reminded that it matters, so that no release is woken for it.
    """
    until = {
        person: said
        for person in sorted({*people})
        if (said := facts.directory.snoozed.get(person, release.started_at))
        > release.snoozed.get(person, release.started_at)
    }
    return SnoozesRead(at=facts.now, by=ROLLCALL, until=until) if until else None
