"""Cancelling a release."""

from dataclasses import dataclass, replace

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """The release was called off before it touched production."""

    reason: str

    def change(self, release: Release) -> Release:
        return replace(release, since=self.at, ended_by=self.by, ended_because=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Call a release off, with a reason."""

    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        if self.by not in (release.captain, *release.owners):
            return Refused(
                code=Code.NOT_YOURS,
                because=f"Only its captain, or who owns {release.current.name}, can cancel {release.key}.",
                ask=tuple(dict.fromkeys((release.captain, *release.owners))),
            )
        if release.touched_production:
            return Refused(
                code=Code.PRODUCTION_TOUCHED,
                because=f"{release.key} has begun {release.current.name}, so production may be changed"
                " already, and a cancelled release would hide that.",
                instead="Bring its steps to an end.",
            )
        return reason_trouble(self.reason) or (Cancelled(at=facts.now, by=self.by, reason=self.reason),)
