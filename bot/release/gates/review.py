"""The review afterwards: what was done without the usual go is looked at by others, and signed off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.reachable import at_work
from bot.release.people.roles import people_trouble
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.state import State

AGAIN: Final = timedelta(days=1)
"""How long after one reminder of an overdue review the next one comes."""


class Because(StrEnum):
    """Why a release is reviewed."""

    OVERRIDE = "override"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Somebody has reviewed a release."""

    by: UserId
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review that is due at a time, and who has signed it of the `count` people that it needs."""

    because: Because
    opened: datetime
    due: datetime
    count: int
    signed: tuple[Signature, ...] = ()
    reminded: tuple[datetime, ...] = ()

    @property
    def done(self) -> bool:
        """Whether enough people have signed it."""
        return len(self.signed) >= self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOpened(Event):
    """The release is to be reviewed by a time."""

    because: Because
    due: datetime

    def change(self, release: Release) -> Release:
        count = release.runbook.review.count
        review = Review(because=self.because, opened=self.at, due=self.due, count=count)
        return replace(release, review=review)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSigned(Event):
    """A person has reviewed the release and says what came of it."""

    comment: str

    def change(self, release: Release) -> Release:
        assert release.review is not None
        signature = Signature(by=self.by, at=self.at, comment=self.comment)
        return replace(release, review=replace(release.review, signed=(*release.review.signed, signature)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReminded(Event):
    """Those who may review were reminded that it is due."""

    people: tuple[UserId, ...]

    def change(self, release: Release) -> Release:
        assert release.review is not None
        return replace(release, review=replace(release.review, reminded=(*release.review.reminded, self.at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignReview(Command):
    """Say that one has reviewed the release, and what came of it."""

    after_end: ClassVar[bool] = True

    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        review = release.review
        if review is None or review.done:
            return Refused(
                code=Code.NOTHING_TO_DO,
                because=f"{release.key} has no review that is still to be signed.",
            )
        return (
            people_trouble(release, facts)
            or self._may_not(release, review)
            or comment_trouble(self.comment)
            or (ReviewSigned(at=facts.now, by=self.by, comment=self.comment),)
        )

    def _may_not(self, release: Release, review: Review) -> Refused | None:
        if any(signature.by == self.by for signature in review.signed):
            return Refused(code=Code.ALREADY_DONE, because="You have signed this review already.")
        if self.by in reviewers(release):
            return None
        if self.by in under_review(release):
            return Refused(
                code=Code.YOUR_OWN_RELEASE,
                because="It is your own act that is reviewed, so others sign.",
                ask=reviewers(release),
            )
        return Refused(
            code=Code.NOT_YOURS,
            because=f"This review is signed by people in {_role(release)}.",
            ask=reviewers(release),
        )


def reviewers(release: Release) -> tuple[UserId, ...]:
    """Return who may sign the review and has not: never who started the release, or has overridden a gate."""
    signed = {signature.by for signature in release.review.signed} if release.review else set()
    role = release.runbook.review.role
    names = [role] if role else [one.name for one in release.runbook.roles]
    people = sorted({person for name in names for person in release.members.get(name, ())})
    return tuple(person for person in people if person not in signed | under_review(release))


def under_review(release: Release) -> frozenset[UserId]:
    """Return whose acts are reviewed."""
    return frozenset({release.starter, *(past.by for past in release.overrides)})


def opens_review(release: Release, now: datetime) -> ReviewOpened | None:
    """Return the review that the runbook asks for of each release that has reached its end in production."""
    plan = release.runbook.review
    ended = release.state in (State.COMPLETED, State.ROLLED_BACK)
    if not plan.always or not ended or (release.review is not None and not _signed_before_the_end(release)):
        return None
    return ReviewOpened(at=now, by=ROLLCALL, because=Because.RUNBOOK, due=now + plan.within)


def _signed_before_the_end(release: Release) -> bool:
    """Return whether those who signed the review have not seen how the release ended."""
    review = release.review
    return review is not None and review.done and review.signed[-1].at < release.since


def due_review(release: Release, now: datetime) -> ReviewReminded | None:
    """Return the reminder of a review if its time has come. What was missed is caught up once."""
    at = next_review_reminder(release)
    if at is None or at > now:
        return None
    return ReviewReminded(at=now, by=ROLLCALL, people=reviewers(release))


def next_review_reminder(release: Release) -> datetime | None:
    """Return when those who may review are reminded next: half-way, when it is due, then every day."""
    review = release.review
    if review is None or review.done:
        return None
    nominal = next(at for at in _times(review) if not review.reminded or at > review.reminded[-1])
    return min((at_work(release, one, nominal) for one in reviewers(release)), default=nominal)


def _times(review: Review) -> Iterable[datetime]:
    yield review.opened + (review.due - review.opened) / 2
    yield review.due
    last = review.reminded[-1] if review.reminded else review.due
    yield max(last, review.due) + AGAIN


def _role(release: Release) -> str:
    return release.runbook.review.role or "a role of the runbook"
