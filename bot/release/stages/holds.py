"""Holds: a concern that somebody names, and while it is open nothing moves forward."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import Circle, leads, people_of
from bot.release.reason import comment_trouble, reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.replace import replace
from bot.release.state import State

MOST: Final = 10
"""Holds that are open at once. The card lists each, and a Slack message holds no more with all else on it."""
LONGEST: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A concern with an owner and a reason. From `asked` on it is asked whether it is still needed.

    `kept` is when it was said last that it is.
    """

    number: int
    owner: UserId
    reason: str
    at: datetime
    until: datetime | None = None
    asked: datetime | None = None
    kept: datetime | None = None
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """Somebody has a concern, and nothing moves forward until it is lifted."""

    number: int
    reason: str
    until: datetime | None = None

    def change(self, release: Release) -> Release:
        hold = Hold(number=self.number, owner=self.by, reason=self.reason, at=self.at, until=self.until)
        return replace(release, holds=(*release.holds, hold), holds_placed=self.number)

    def told(self) -> Told:
        return Told(f"placed hold {self.number}:", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldQuestioned(Event):
    """The time that a hold was given has come, and it is asked whether it is still needed."""

    number: int

    def change(self, release: Release) -> Release:
        return _with(release, self.number, lambda hold: replace(hold, asked=self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKept(Event):
    """A hold is still needed, for good or until another time."""

    number: int
    until: datetime | None = None

    def change(self, release: Release) -> Release:
        def kept(hold: Hold) -> Hold:
            return replace(hold, until=self.until, asked=None, kept=self.at)

        return _with(release, self.number, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Event):
    """A hold is no longer needed."""

    number: int
    reason: str

    def change(self, release: Release) -> Release:
        ending = Ending(by=self.by, at=self.at, how="lifted it", reason=self.reason)
        lifted = tuple(replace(hold, ended=ending) for hold in release.holds if hold.number == self.number)
        left = tuple(hold for hold in release.holds if hold.number != self.number)
        return replace(release, holds=left, lifted=(*release.lifted, *lifted))

    def told(self) -> Told:
        return Told(f"lifted hold {self.number}{self.reason and ':'}", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(Command):
    """Name a concern, for a reason; `until` is when it is to be asked whether it is still needed."""

    reason: str
    until: datetime | None = None

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            reason_trouble(self.reason)
            or _bad_time(self.until, facts.now)
            or self._one_too_many(release)
            or (
                HoldPlaced(
                    at=facts.now,
                    by=self.by,
                    number=release.holds_placed + 1,
                    reason=self.reason,
                    until=self.until,
                ),
            )
        )

    def _one_too_many(self, release: Release) -> Refused | None:
        if any((hold.owner, hold.reason) == (self.by, self.reason) for hold in release.holds):
            return Refused(code=Code.ALREADY_DONE, because="You hold it for this reason already.")
        if len(release.holds) >= MOST:
            return Refused(
                code=Code.TOO_MANY,
                because=f"{release.key} has {MOST} open holds, and that is as many as it can show.",
                instead="Nothing moves forward as it is. Write yours to the others in a message.",
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold(Command):
    """Say that a hold is no longer needed. Who leads the release gives a reason; its owner may."""

    number: int
    reason: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        hold = _find(release, self.number)
        if hold is None:
            return _no_hold(release, self.number)
        trouble = _may_not(release, hold, self.by, "lifted") or (
            comment_trouble(self.reason) if self.by == hold.owner else reason_trouble(self.reason)
        )
        return trouble or (HoldLifted(at=facts.now, by=self.by, number=self.number, reason=self.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepHold(Command):
    """Say that a hold is still needed: for good, or until another time."""

    number: int
    until: datetime | None = None

    def decide(self, release: Release, facts: Facts) -> Decision:
        hold = _find(release, self.number)
        if hold is None:
            return _no_hold(release, self.number)
        if hold.asked is None and hold.until == self.until:
            return Refused(code=Code.ALREADY_DONE, because="This hold is kept as it is.")
        return (
            _may_not(release, hold, self.by, "kept")
            or _bad_time(self.until, facts.now)
            or (HoldKept(at=facts.now, by=self.by, number=self.number, until=self.until),)
        )


def on_hold(release: Release) -> Refused | None:
    """Refuse what would move a release forward that is on hold. The way back is never stopped by a hold."""
    if not release.holds or release.state is State.ROLLING_BACK:
        return None
    first, more = release.holds[0], len(release.holds) - 1
    others = f" (and {more} more)" if more else ""
    return Refused(
        code=Code.ON_HOLD,
        because=f"{release.key} is on hold, so nothing moves forward: “{first.reason}”{others}",
        instead="Its owner lifts it, or the captain, with a reason.",
        ask=tuple(dict.fromkeys((*(hold.owner for hold in release.holds), *leads(release)))),
    )


def due_question(release: Release, now: datetime) -> HoldQuestioned | None:
    """Return the question that is due next at a hold whose time has come."""
    due = (h for h in release.holds if h.until is not None and h.asked is None and h.until <= now)
    hold = next(iter(sorted(due, key=lambda h: h.number)), None)
    return HoldQuestioned(at=now, by=ROLLCALL, number=hold.number) if hold else None


def question_times(release: Release) -> Iterable[datetime]:
    """Return when each hold that was given a time turns into a question."""
    return [hold.until for hold in release.holds if hold.until is not None and hold.asked is None]


def _find(release: Release, number: int) -> Hold | None:
    return next((hold for hold in release.holds if hold.number == number), None)


def _no_hold(release: Release, number: int) -> Refused:
    if 0 < number <= release.holds_placed:
        return Refused(code=Code.ALREADY_DONE, because=f"Hold {number} of {release.key} is lifted already.")
    return Refused(
        code=Code.STALE,
        because=f"{release.key} has no hold {number}.",
        instead="The card lists those that are open.",
    )


def _may_not(release: Release, hold: Hold, by: UserId, what: str) -> Refused | None:
    if by == hold.owner or by in leads(release):
        return None
    return Refused(
        code=Code.NOT_YOURS,
        because=f"Hold {hold.number} is {what} by its owner or by who leads {release.key}.",
        ask=tuple(dict.fromkeys((hold.owner, *people_of(release, Circle.LEAD)))),
    )


def _bad_time(until: datetime | None, now: datetime) -> Refused | None:
    if until is None or now < until <= now + LONGEST:
        return None
    return Refused(
        code=Code.TIME_INVALID,
        because=f"A hold can be given a time from now on, at most {LONGEST.days} days ahead.",
        instead="For example: 2h",
    )


def _with(release: Release, number: int, change: Callable[[Hold], Hold]) -> Release:
    holds = tuple(change(hold) if hold.number == number else hold for hold in release.holds)
    return replace(release, holds=holds)
