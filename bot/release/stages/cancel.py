"""Cancelling a release."""

from dataclasses import dataclass

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.replace import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """The release was called off before it touched production."""

    reason: str

    def change(self, release: Release) -> Release:
        ended = release.without_failure(Ending(by=self.by, at=self.at, how="cancelled the release"))
        return replace(ended, since=self.at, ended_by=self.by, ended_because=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Call a release off, with a reason."""

    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            # First what nobody may, so that nobody is named who could not do it either.
            production_touched(release, "a cancelled release would hide that")
            or not_yours(release, self.by, "Cancelling", Circle.LEAD, Circle.OWNERS)
            or reason_trouble(self.reason)
            or (Cancelled(at=facts.now, by=self.by, reason=self.reason),)
        )


def production_touched(release: Release, because: str) -> Refused | None:
    """Refuse what must not come after production may have been changed."""
    if not release.touched_production:
        return None
    return Refused(
        code=Code.PRODUCTION_TOUCHED,
        because=f"{release.key} has begun production, so production may be changed already, and {because}.",
        instead="Bring its steps to an end, or roll it back.",
    )
