"""Being away: a person names a deputy for a time, on all releases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.release.ids import UserId, WorkspaceId
from bot.release.people.directory import Away, Directory
from bot.release.refusal import Code, Refused
from bot.runbook.roles.role import Standing

LONGEST: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class WentAway:
    """A person is away until a moment, and named who acts in their stead."""

    at: datetime
    by: UserId
    deputy: UserId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBackEarly:
    """A person who was away is back before the time that was named."""

    at: datetime
    by: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway:
    """Name a deputy until a moment."""

    workspace: WorkspaceId
    by: UserId
    deputy: UserId
    until: datetime

    def decide(self, directory: Directory, now: datetime) -> WentAway | Refused:
        """Return the event, or why not. `directory` has who is away now."""
        return (
            self._bad_time(now)
            or self._bad_deputy(directory, now)
            or self._as_before(directory)
            or WentAway(at=now, by=self.by, deputy=self.deputy, until=self.until)
        )

    def _bad_time(self, now: datetime) -> Refused | None:
        if now < self.until <= now + LONGEST:
            return None
        return Refused(
            code=Code.TIME_INVALID,
            because=f"You can be away from now on, for at most {LONGEST.days} days.",
            instead="Name another time.",
        )

    def _bad_deputy(self, directory: Directory, now: datetime) -> Refused | None:
        if not directory.readable:
            return Refused(
                code=Code.CANNOT_READ_PEOPLE,
                because="Who is in the workspace cannot be read just now.",
                instead="Try again in a minute.",
            )
        if self.deputy == self.by:
            because = "You cannot stand in for yourself."
        elif directory.people.get(self.deputy) is not Standing.MEMBER:
            because = "A deputy is a full member of the workspace."
        elif self.deputy in directory.deputies(now):
            because = "They are away themselves, and being a deputy is not passed on."
        elif self.by in {away.deputy for away in directory.deputies(now).values()}:
            because = "You stand in for somebody yourself, and being a deputy is not passed on."
        else:
            return None
        return Refused(code=Code.NOT_ELIGIBLE, because=because, instead="Name somebody else.")

    def _as_before(self, directory: Directory) -> Refused | None:
        if directory.away.get(self.by) != Away(deputy=self.deputy, until=self.until):
            return None
        return Refused(code=Code.ALREADY_DONE, because="So it is recorded already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComeBack:
    """Be back before the time that one has named."""

    workspace: WorkspaceId
    by: UserId

    def decide(self, directory: Directory, now: datetime) -> CameBackEarly | Refused:
        """Return the event, or why not."""
        if self.by not in directory.deputies(now):
            return Refused(code=Code.NOTHING_TO_DO, because="You are not away, as far as Rollcall knows.")
        return CameBackEarly(at=now, by=self.by)
