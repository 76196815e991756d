"""The lock on a service: what was rolled back keeps the next release out until somebody lifts it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import UserId
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Why no release of the service may start; `to` is the version that went back into production."""

    by: UserId
    at: datetime
    reason: str
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockLifted(Event):
    """Releases of the service may start again."""

    reason: str

    def change(self, release: Release) -> Release:
        return replace(release, lock=None, mended=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftLock(Command):
    """Let releases of the service start again, and say what has been mended."""

    after_end: ClassVar[bool] = True

    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        if release.lock is None or not release.state.ended:
            return Refused(
                code=Code.NOTHING_TO_DO,
                because=f"{release.key} keeps no lock on {release.service}"
                f"{' that could be lifted before it is rolled back' if release.lock else ''}.",
            )
        return (
            not_yours(release, self.by, "Lifting the lock", Circle.LEAD, Circle.ROLLBACK)
            or reason_trouble(self.reason)
            or (LockLifted(at=facts.now, by=self.by, reason=self.reason),)
        )
