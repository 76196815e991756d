"""What people are asked by: the releases that wait for something, and whom each of them concerns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from bot.release.ids import UserId
from bot.release.people.duties import leads
from bot.release.people.handoff import Offer
from bot.release.people.shift import ShiftOffer, asked
from bot.release.release import Release
from bot.release.waiting import Waiting, waiting_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A release that is open, or that still waits for something after its end, and what it waits for.

    `link` is the address of its card, or nothing as long as Slack shows none.
    """

    release: Release
    waiting: tuple[Waiting, ...]
    link: str = ""

    @classmethod
    def of(cls, release: Release, link: str = "") -> Self:
        """Return a release with what it waits for now."""
        return cls(release=release, waiting=waiting_on(release), link=link)

    def waits_for(self, person: UserId) -> tuple[Waiting, ...]:
        """Return what it waits for on a person."""
        return tuple(one for one in self.waiting if person in one.on)

    def led_by(self, person: UserId) -> bool:
        """Return whether a person leads it, as long as it is open."""
        return not self.release.state.ended and person in leads(self.release)

    def offers_to(self, person: UserId) -> Iterable[Offer]:
        """Return the duties that are offered to a person."""
        if not self.release.state.ended:
            yield from (offer for offer in self.release.offers.values() if offer.to == person)

    def shift_of(self, person: UserId) -> ShiftOffer | None:
        """Return what is asked of a shift that begins, if it is a person's, and they may take over."""
        return self.release.shift if not self.release.state.ended and person in asked(self.release) else None

    def concerns(self, person: UserId) -> bool:
        """Return whether a person leads it, is waited for, or is offered a duty, alone or with a shift."""
        offered = any(self.offers_to(person)) or self.shift_of(person) is not None
        return bool(self.waits_for(person)) or self.led_by(person) or offered
