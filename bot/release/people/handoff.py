"""Handing a duty over: it is offered, and passes when the other has read the state back and accepts."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import Circle, heirs_of, leaders, leads, not_yours
from bot.release.people.shift import TOOK_OVER, asked, without_shift
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.replace import replace
from bot.release.waiting import Waiting, waiting_on
from bot.runbook.roles.role import Standing


class Duty(StrEnum):
    """What a person can be on a release."""

    CAPTAIN = "captain"
    DEPUTY = "deputy"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A duty that was offered to somebody, who may answer until a time."""

    duty: Duty
    to: UserId
    by: UserId
    at: datetime
    until: datetime
    note: str = ""


class Outcome(StrEnum):
    """What became of an offer."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """An offer that has come to its end, and how; `waiting` is what was open when it was accepted."""

    offer: Offer
    outcome: Outcome
    at: datetime
    comment: str = ""
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyOffered(Event):
    """Somebody was asked to take a duty on; until then it stays with whom it is."""

    duty: Duty
    to: UserId
    until: datetime
    note: str = ""

    def change(self, release: Release) -> Release:
        offer = Offer(duty=self.duty, to=self.to, by=self.by, at=self.at, until=self.until, note=self.note)
        before = _ended(release, self.duty, Outcome.REPLACED, self.at)
        return replace(before, offers={**before.offers, self.duty: offer})


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyAccepted(Event):
    """The person who was offered a duty has it now; `read` is the state that was read back."""

    duty: Duty
    read: str

    def change(self, release: Release) -> Release:
        given = _given(release, self.duty, self.by)
        if _offered(release, self.duty, self.by):
            given = _ended(given, self.duty, Outcome.ACCEPTED, self.at)
            *before, accepted = given.handed
            given = replace(given, handed=(*before, replace(accepted, waiting=waiting_on(given))))
        return _without_offers(given, self.by, self.at) if self.duty is Duty.CAPTAIN else given

    def told(self) -> Told:
        return Told(f"became {self.duty}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyDeclined(Event):
    """The person who was offered a duty does not take it, so it stays where it is."""

    duty: Duty
    comment: str = ""

    def change(self, release: Release) -> Release:
        return _ended(release, self.duty, Outcome.DECLINED, self.at, self.comment)

    def told(self) -> Told:
        return Told(f"declined to be {self.duty}", reason=self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(Event):
    """Nobody answered the offer of a duty in time, so it stays where it is."""

    duty: Duty
    to: UserId

    def change(self, release: Release) -> Release:
        return _ended(release, self.duty, Outcome.LAPSED, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTaken(Event):
    """Somebody leads the release now, because its captain has gone."""

    def change(self, release: Release) -> Release:
        return _given(_without_offers(release, self.by, self.at), Duty.CAPTAIN, self.by)

    def told(self) -> Told:
        return Told("took the lead")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDuty(Command):
    """Offer a duty of the release to somebody."""

    duty: Duty
    to: UserId
    note: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            not_yours(release, self.by, f"Handing over as {self.duty}", Circle.LEAD)
            or self._not_to_them(release, facts)
            or comment_trouble(self.note)
            or (
                DutyOffered(
                    at=facts.now,
                    by=self.by,
                    duty=self.duty,
                    to=self.to,
                    until=facts.now + release.runbook.offers,
                    note=self.note,
                ),
            )
        )

    def _not_to_them(self, release: Release, facts: Facts) -> Refused | None:
        offer = release.offers.get(self.duty)
        if offer is not None and offer.to == self.to:
            return Refused(
                code=Code.ALREADY_DONE, because="They have been asked already, and have not answered yet."
            )
        if self.to == self.by:
            return self._not_to_oneself(release)
        return _has_it(release, self.duty, self.to) or may_take(release, self.duty, self.to, facts)

    def _not_to_oneself(self, release: Release) -> Refused:
        mine = {
            Duty.CAPTAIN: (release.captain,),
            Duty.DEPUTY: (release.deputy,),
            Duty.SHADOW: release.shadows,
        }
        if self.by in mine[self.duty]:
            because = f"You are {self.duty} already."
            return Refused(code=Code.ALREADY_DONE, because=because, instead="Name somebody else.")
        return Refused(
            code=Code.NOT_ELIGIBLE,
            because="A duty is offered to somebody else, and not taken.",
            instead="Name somebody else.",
            ask=() if self.by == release.captain else (release.captain,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDuty(Command):
    """Take on a duty that was offered, to oneself or to one's shift.

    `read` is the fingerprint of the state as it was read back.
    """

    duty: Duty
    read: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            self._not_asked(release)
            or may_take(release, self.duty, self.by, facts)
            or self._not_read(release)
            or (DutyAccepted(at=facts.now, by=self.by, duty=self.duty, read=self.read),)
        )

    def _not_asked(self, release: Release) -> Refused | None:
        of_shift = self.duty is Duty.CAPTAIN and self.by in asked(release)
        return None if of_shift else _not_offered(release, self.duty, self.by)

    def _not_read(self, release: Release) -> Refused | None:
        if self.read == fingerprint(release):
            return None
        return Refused(
            code=Code.STALE,
            because=f"{release.key} has moved on since you read how it stands, so it stays where it was.",
            instead="Open the offer again, and read it once more.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineDuty(Command):
    """Do not take on the duty that one was offered."""

    duty: Duty
    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            _not_offered(release, self.duty, self.by)
            or comment_trouble(self.comment)
            or (DutyDeclined(at=facts.now, by=self.by, duty=self.duty, comment=self.comment),)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLead(Command):
    """Lead a release whose captain has gone."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        if release.captain not in release.leavers:
            return Refused(
                code=Code.NOT_YOURS,
                because=f"{release.key} has a captain, who hands it over.",
                ask=leads(release),
            )
        if trouble := may_take(release, Duty.CAPTAIN, self.by, facts):
            return trouble
        heirs = heirs_of(release)
        if self.by not in heirs:
            return Refused(
                code=Code.NOT_YOURS, because=f"Others come first to lead {release.key}.", ask=heirs
            )
        return (LeadTaken(at=facts.now, by=self.by),)


def may_take(release: Release, duty: Duty, person: UserId, facts: Facts) -> Refused | None:
    """Refuse somebody who cannot have a duty: no full member, or not in the role that leads.

    Where nobody is in that role, the heirs of a captain may have it.
    """
    if not facts.directory.readable:
        return Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Who is in the workspace cannot be read just now, and what cannot be read counts as no.",
            instead="Try again in a minute.",
        )
    standing = facts.directory.people.get(person)
    if standing is not Standing.MEMBER and duty is not Duty.SHADOW:
        what = f"a {standing}" if standing else "nobody of this workspace"
        return Refused(
            code=Code.NOT_ELIGIBLE,
            because=f"The {duty} of a release is a full member of the workspace; that is {what}.",
            instead="Name somebody else.",
        )
    if standing in (None, Standing.BOT, Standing.DEACTIVATED):
        return Refused(
            code=Code.NOT_ELIGIBLE, because="Only people of this workspace follow a release as its shadow."
        )
    may = leaders(release)
    if duty is Duty.SHADOW or may is None or person in may:
        return None
    return Refused(
        code=Code.NOT_ELIGIBLE,
        because=f"The {duty} of {release.key} is somebody in {release.runbook.lead}, by its runbook.",
        instead="Name somebody of that role.",
        ask=tuple(p for p in may if p not in leads(release)),
    )


def fingerprint(release: Release) -> str:
    """Return what tells one state to be read back from another: the state, and all that is waited for."""
    points = [[w.kind, w.name, w.role, w.count, list(w.on)] for w in waiting_on(release)]
    content = json.dumps([release.bound, release.state, release.stage, points])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def lapsed_offers(release: Release, now: datetime) -> Iterable[OfferLapsed]:
    """Return the events by which offers end that nobody has answered in time."""
    for offer in release.offers.values():
        if offer.until <= now:
            yield OfferLapsed(at=now, by=ROLLCALL, duty=offer.duty, to=offer.to)


def _has_it(release: Release, duty: Duty, person: UserId) -> Refused | None:
    has = {
        Duty.CAPTAIN: person == release.captain,
        Duty.DEPUTY: person in leads(release),
        Duty.SHADOW: person in release.shadows,
    }
    return Refused(code=Code.ALREADY_DONE, because=f"They are {duty} already.") if has[duty] else None


def _offered(release: Release, duty: Duty, person: UserId) -> bool:
    return duty in release.offers and release.offers[duty].to == person


def _not_offered(release: Release, duty: Duty, person: UserId) -> Refused | None:
    if _offered(release, duty, person):
        return None
    return Refused(
        code=Code.STALE,
        because=f"To be {duty} of {release.key} is not offered to you just now.",
        instead="An offer ends when it is answered, when another is made, or with its time.",
        ask=leads(release),
    )


def _ended(release: Release, duty: Duty, outcome: Outcome, at: datetime, comment: str = "") -> Release:
    """Return the release without the offer of a duty, if there is one, and with what became of it."""
    offer = release.offers.get(duty)
    if offer is None:
        return release
    left = {d: one for d, one in release.offers.items() if d is not duty}
    handed = Handed(offer=offer, outcome=outcome, at=at, comment=comment)
    return replace(release, offers=left, handed=(*release.handed, handed))


def _without_offers(release: Release, leader: UserId, at: datetime) -> Release:
    """Return the release without any offer: those that a captain made end when another leads."""
    for duty in release.offers:
        release = _ended(release, duty, Outcome.REPLACED, at)
    return without_shift(release, Ending(by=leader, at=at, how=TOOK_OVER))


def _given(release: Release, duty: Duty, to: UserId) -> Release:
    match duty:
        case Duty.CAPTAIN:
            deputy = None if release.deputy == to else release.deputy
            return replace(release, captain=to, deputy=deputy)
        case Duty.DEPUTY:
            return replace(release, deputy=to)
        case Duty.SHADOW:
            return replace(release, shadows=(*release.shadows, to))
