"""Whom a release may ask, and from when on."""

from collections.abc import Iterable
from datetime import datetime

from bot.release.ids import UserId
from bot.release.people.duties import Circle, first_there
from bot.release.release import Release


def not_away(release: Release, people: Iterable[UserId]) -> tuple[UserId, ...]:
    """Return those of some people who are not away."""
    return tuple(person for person in people if person not in release.deputies)


def represented(release: Release, people: tuple[UserId, ...]) -> tuple[UserId, ...]:
    """Return those of some people who are not away; where all are, their deputies."""
    if there := not_away(release, people):
        return there
    deputies = (release.deputies[person].deputy for person in people)
    return not_away(release, dict.fromkeys(deputies))


def reachable(release: Release, people: tuple[UserId, ...]) -> tuple[UserId, ...]:
    """Return whom to ask in place of some people: those who are not away, their deputies, or who leads."""
    return represented(release, people) or first_there(release, Circle.LEAD)


def at_work(release: Release, person: UserId, moment: datetime) -> datetime:
    """Return when a person may be reminded, from a moment on; any time will do where no hours are known.

    It is not before the newest event: who is asked only since then is not reminded as of a time before.
    """
    hours, free = release.hours.get(person), max(moment, release.at, release.snoozed.get(person, moment))
    return hours.next_at_work(free, release.runbook.holidays) if hours else free
