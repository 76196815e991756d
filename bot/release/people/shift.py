"""A shift that begins takes over: its people are asked together, reminded once, and then missed aloud.

Whoever of them accepts first is captain from then on; until somebody does, the captain before stays it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.release.event import Event, Told
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import leaders, there
from bot.release.people.reachable import represented
from bot.release.release import Ending, Release
from bot.release.replace import replace

TOOK_OVER = "took over"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOffer:
    """The lead of a release, offered to the people in some roles until a time, and how that ended.

    `people` are those who were asked last, `captain` is who led it meanwhile, `reminded` when they were
    asked again. Where nobody took over, it was Rollcall who ended it.
    """

    roles: tuple[str, ...]
    people: tuple[UserId, ...]
    captain: UserId
    at: datetime
    until: datetime
    reminded: datetime | None = None
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAsked(Event):
    """The people of a shift that begins were asked to take the release over."""

    roles: tuple[str, ...]
    people: tuple[UserId, ...]
    until: datetime

    def change(self, release: Release) -> Release:
        offer = ShiftOffer(
            roles=self.roles, people=self.people, captain=release.captain, at=self.at, until=self.until
        )
        return replace(release, shifts=(*release.shifts, offer))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReminded(Event):
    """Nobody of a shift had taken the release over in time, so its people were asked once more."""

    people: tuple[UserId, ...]
    until: datetime

    def change(self, release: Release) -> Release:
        assert release.shift is not None
        again = replace(release.shift, people=self.people, until=self.until, reminded=self.at)
        return replace(release, shifts=(*release.shifts[:-1], again))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftMissed(Event):
    """Nobody of a shift has taken the release over, so that it stays with its captain, and all are told."""

    roles: tuple[str, ...]

    def change(self, release: Release) -> Release:
        return without_shift(release, Ending(by=self.by, at=self.at, how="waited in vain"))

    def told(self) -> Told:
        return Told("waited in vain for the shift", " and ".join(self.roles))


def on_duty(release: Release, roles: Iterable[str]) -> tuple[UserId, ...]:
    """Return who is there of the people in some roles, and not away; where all are away, their deputies."""
    people = there(release, (person for role in roles for person in release.members.get(role, ())))
    return represented(release, people)


def takers(release: Release, roles: Iterable[str]) -> tuple[UserId, ...]:
    """Return who of those on duty could take the release over: full members, who may lead by the runbook."""
    may = leaders(release)
    return tuple(
        person
        for person in on_duty(release, roles)
        if person != release.captain and person not in release.guests and (may is None or person in may)
    )


def asked(release: Release) -> tuple[UserId, ...]:
    """Return who could now take the release over of the shift that is asked to; nobody where none is."""
    return () if release.shift is None else takers(release, release.shift.roles)


def begins(release: Release, roles: tuple[str, ...], now: datetime) -> ShiftAsked | None:
    """Return the event that asks a shift which begins, if the captain is not of it, and somebody may lead."""
    people = takers(release, roles)
    if release.shift is not None or release.captain in on_duty(release, roles) or not people:
        return None
    return ShiftAsked(at=now, by=ROLLCALL, roles=roles, people=people, until=_until(release, now))


def overdue(release: Release, now: datetime) -> ShiftReminded | ShiftMissed | None:
    """Return what follows when nobody of a shift has taken over in time.

    It is asked once more, unless nobody is left to ask or the next shift has begun; then it is missed. An
    answer that comes late still counts, as long as it was not.
    """
    offer = release.shift
    if offer is None or offer.until > now:
        return None
    people, over = asked(release), _next(release, offer.at) <= now
    if offer.reminded or over or not people:
        return ShiftMissed(at=now, by=ROLLCALL, roles=offer.roles)
    return ShiftReminded(at=now, by=ROLLCALL, people=people, until=_until(release, now))


def without_shift(release: Release, ending: Ending) -> Release:
    """Return the release in which the offer to a shift, if one is open, has come to its end."""
    if release.shift is None:
        return release
    return replace(release, shifts=(*release.shifts[:-1], replace(release.shift, ended=ending)))


def _until(release: Release, now: datetime) -> datetime:
    """Return until when a shift may answer that is asked now: not beyond the beginning of the next one."""
    return min(now + release.runbook.offers, _next(release, now))


def _next(release: Release, after: datetime) -> datetime:
    assert release.runbook.handoffs is not None
    return release.runbook.handoffs.following(after)
