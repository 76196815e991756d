"""Putting a reminder off: a person says when to be reminded again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.waiting import waiting_on

LONGEST: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed(Event):
    """Somebody is not to be reminded before a moment. What is asked of them stays."""

    until: datetime

    def change(self, release: Release) -> Release:
        return replace(release, snoozed={**release.snoozed, self.by: self.until})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze(Command):
    """Be reminded again at a moment, and not before."""

    until: datetime

    def decide(self, release: Release, facts: Facts) -> Decision:
        if not facts.now < self.until <= facts.now + LONGEST:
            return Refused(
                code=Code.TIME_INVALID,
                because=f"A reminder can be put off for at most {LONGEST.days} days.",
                instead="If you are away for longer, name a deputy.",
            )
        if not any(self.by in waiting.on for waiting in waiting_on(release)):
            return Refused(code=Code.NOTHING_TO_DO, because="This release asks nothing of you just now.")
        if release.snoozed.get(self.by) == self.until:
            return ()
        return (Snoozed(at=facts.now, by=self.by, until=self.until),)
