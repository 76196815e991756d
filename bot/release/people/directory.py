"""The people of a workspace, as they were read last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.release.ids import UserId
from bot.release.people.hours import Hours, Week
from bot.runbook.roles.role import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody is away until a moment, and a deputy acts in that person's stead."""

    deputy: UserId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What somebody has said of themselves: when they are away, when they work, and until when to wait."""

    away: Away | None = None
    week: Week | None = None
    snoozed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who is in the workspace, in its user groups by handle and by id, who is away, and at work when.

    `snoozed` is until when a person has last put off being reminded, also when that moment is past.

    `mails` has who has an address, in small letters: usually one person.

    `quiet` is until when a person is not to be disturbed. It changes all day long and no release hangs on it,
    so directories that differ in it alone are equal.

    Of what could not be read nothing is known: nobody has a standing, no group is there, and nobody is quiet.
    """

    people: Mapping[UserId, Standing] = field(default_factory=dict)
    groups: Mapping[str, tuple[UserId, ...]] = field(default_factory=dict)
    away: Mapping[UserId, Away] = field(default_factory=dict)
    hours: Mapping[UserId, Hours] = field(default_factory=dict)
    snoozed: Mapping[UserId, datetime] = field(default_factory=dict)
    mails: Mapping[str, tuple[UserId, ...]] = field(default_factory=dict)
    quiet: Mapping[UserId, datetime] = field(default_factory=dict, compare=False)

    @property
    def readable(self) -> bool:
        """Whether people could be read at all."""
        return bool(self.people)

    def hours_of(self, person: UserId) -> Hours:
        """Return when a person is at work; in UTC where their time zone is not known."""
        return self.hours.get(person, Hours(zone="UTC"))

    def accounts(self, known_by: Iterable[str]) -> tuple[UserId, ...]:
        """Return who is known by any of some addresses in small letters, or ids; none for what is neither."""
        found = (self.mails.get(key, (UserId(key),) if key in self.people else ()) for key in known_by)
        return tuple(dict.fromkeys(person for those in found for person in those))

    def as_told(self, own: Mapping[UserId, Own]) -> "Directory":
        """Return the directory with what people have said of themselves."""
        away = {person: said.away for person, said in own.items() if said.away}
        weeks = {person: said.week for person, said in own.items() if said.week}
        hours = {person: self.hours_of(person).in_week(week) for person, week in weeks.items()}
        snoozed = {person: said.snoozed for person, said in own.items() if said.snoozed}
        return replace(self, away=away, hours={**self.hours, **hours}, snoozed=snoozed)

    def deputies(self, now: datetime) -> Mapping[UserId, Away]:
        """Return who is away at a moment, each with the deputy."""
        return {person: away for person, away in self.away.items() if away.until > now}
