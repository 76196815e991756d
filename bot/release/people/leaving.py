"""People who go while they have a duty: the others are told, and they themselves are asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import leads
from bot.release.release import Release
from bot.release.replace import replace
from bot.runbook.roles.role import Standing


class Gone(StrEnum):
    """How somebody has gone."""

    LEFT = "left the channel"
    DEACTIVATED = "is deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """Somebody who has gone, how, since when, and what they had to do."""

    how: Gone
    at: datetime
    duties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftWithDuty(Event):
    """Somebody has gone who has something to do on the release, or has started it."""

    person: UserId
    how: Gone
    duties: tuple[str, ...]

    def change(self, release: Release) -> Release:
        leaver = Leaver(how=self.how, at=self.at, duties=self.duties)
        return replace(release, leavers={**release.leavers, self.person: leaver})


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(Event):
    """Somebody who had gone is back."""

    person: UserId

    def change(self, release: Release) -> Release:
        left = {person: leaver for person, leaver in release.leavers.items() if person != self.person}
        return replace(release, leavers=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveChannel(Command):
    """Note that a person has left the channel of the release."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        duties = duties_of(release, self.by)
        if not duties or self.by in release.leavers:
            return ()
        return (LeftWithDuty(at=facts.now, by=self.by, person=self.by, how=Gone.LEFT, duties=duties),)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinChannel(Command):
    """Note that a person has come into the channel of the release."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        leaver = release.leavers.get(self.by)
        if leaver is None or leaver.how is not Gone.LEFT:
            return ()
        return (CameBack(at=facts.now, by=self.by, person=self.by),)


def gone(release: Release, facts: Facts) -> Iterable[LeftWithDuty | CameBack]:
    """Return the events by which those are noted who are deactivated, or active again.

    They are those who have a duty, whoever started the release, and those who were noted before.
    """
    if not facts.directory.readable:
        return
    people = facts.directory.people
    for person in sorted({*_looked_for(release)}):
        active = people.get(person, Standing.DEACTIVATED) is not Standing.DEACTIVATED
        leaver = release.leavers.get(person)
        noted = leaver is not None and leaver.how is Gone.DEACTIVATED
        if not active and not noted:
            duties = duties_of(release, person)
            yield LeftWithDuty(at=facts.now, by=ROLLCALL, person=person, how=Gone.DEACTIVATED, duties=duties)
        elif active and noted:
            yield CameBack(at=facts.now, by=ROLLCALL, person=person)


def duties_of(release: Release, person: UserId) -> tuple[str, ...]:
    """Return what a person has to do on the release, in words."""
    holds = (f"owner of hold {hold.number}" for hold in release.holds if hold.owner == person)
    captain = ("captain",) if person == release.captain else ()
    deputy = ("deputy",) if person == release.deputy else ()
    return (*captain, *deputy, *holds)


def _looked_for(release: Release) -> Iterable[UserId]:
    yield from leads(release)
    yield release.starter  # Who started it is asked to lead where the others have gone.
    yield from (hold.owner for hold in release.holds)
    yield from (person for person, leaver in release.leavers.items() if leaver.how is Gone.DEACTIVATED)
