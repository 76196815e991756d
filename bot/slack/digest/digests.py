"""The digests: that of each person follows what waits for them, and is posted anew to remind."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.ledger.own import MARK, chain_of
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.hours import Hours
from bot.release.release import Release
from bot.release.telling.reminders import Way
from bot.slack.asked.entries import entries_of
from bot.slack.asked.reading import Asked
from bot.slack.asked.watched import Watched
from bot.slack.digest.message import message
from bot.slack.digest.times import newest, next_digest
from bot.slack.messages.message import Message

LATE: Final = timedelta(minutes=10)
"""How much later than it was to be a digest may be posted without another look at the clock."""


class Digests:
    """Say what the digest of each person is to be, and know whom a change concerns.

    A digest is kept among the messages that are shown, in the place where others have the key of a release.
    """

    def __init__(self, asked: Asked, workspace: WorkspaceId, clock: Clock, command: str) -> None:
        self._asked = asked
        self._workspace = workspace
        self._clock = clock
        self._command = command
        self._about: dict[UserId, frozenset[ReleaseKey]] = {}
        self._later: dict[UserId, datetime] = {}

    def of(self, id_: ReleaseId) -> UserId | None:
        """Return the person whose digest is meant, or None where it is a release."""
        return UserId(id_.key.removeprefix(MARK)) if id_.key.startswith(MARK) else None

    def concerned(self, release: Release) -> Iterable[ReleaseId]:
        """Return the digests that are to be looked at because a release has changed."""
        told = {person for person, about in self._about.items() if release.key in about}
        for person in sorted(told | _reminded(release)):
            yield chain_of(self._workspace, person)

    async def every(self) -> Iterable[ReleaseId]:
        """Return all digests that there may have to be, whatever was shown before a restart."""
        watched, _ = await self._asked.read()
        reminded = {person for one in watched for person in _reminded(one.release)}
        return {chain_of(self._workspace, person) for person in reminded}

    def due(self) -> Iterable[ReleaseId]:
        """Return the digests whose time has come meanwhile."""
        for person in [*self._due()]:
            del self._later[person]
            yield chain_of(self._workspace, person)

    def is_any_due(self) -> bool:
        """Whether the time of some digest has come."""
        return any(self._due())

    def _due(self) -> Iterable[UserId]:
        now = self._clock.now()
        return (person for person, at in self._later.items() if at <= now)

    async def digest_of(self, person: UserId, slots: Iterable[str]) -> Message | None:
        """Return what the digest of a person is to say, in another slot if it is time to post it anew.

        `slots` are those of the digests that stand already, or may; None where there is none to show.
        """
        watched, directory = await self._asked.read()
        entries, last = entries_of(person, watched, self._command), newest(slots)
        self._about[person] = frozenset(entry.of.release.key for entry in entries)
        digest = last
        now, off = self._clock.now(), directory.snoozed.get(person)
        if person not in directory.deputies(now) and (latest := _latest(person, watched)):
            reminded, holidays = latest
            hours = directory.hours.get(person)
            free = _free(hours, holidays, directory.quiet.get(person))
            reminded = max(reminded, off or reminded)
            after = next_digest(last, reminded, hours.zone if hours else "UTC", free)
            if after is not None and not directory.readable:
                # Who must not be disturbed is not known before the people are read.
                self._later[person] = now
            elif after is not None and (at := _in_time(after.at, now, free)) > now:
                self._later[person] = at
            elif after is not None:
                digest = replace(after, at=max(after.at, now))
        return message(digest, entries, off, now) if digest else None


def _reminded(release: Release) -> set[UserId]:
    past = (it for it in release.reminders if it.stage == release.stage and it.way is Way.PRIVATE)
    return {person for it in past for person in it.people}


def _latest(person: UserId, watched: Sequence[Watched]) -> tuple[datetime, Collection[date]] | None:
    """Return when a person was last to be reminded privately of something that waits for them still.

    With it come the holidays that go for the release.
    """
    waiting = (one.release for one in watched if one.waits_for(person))
    past = ((it, release) for release in waiting for it in release.reminders if it.stage == release.stage)
    told = [
        (it.at, release.runbook.holidays)
        for it, release in past
        if it.way is Way.PRIVATE and person in it.people
    ]
    return max(told, key=lambda one: one[0], default=None)


def _in_time(at: datetime, now: datetime, free: Callable[[datetime], datetime]) -> datetime:
    """Return when to post a digest that was to be posted at `at`; one that is late must not come at night."""
    return at if now <= at + LATE else free(now)


def _free(
    hours: Hours | None, holidays: Collection[date], quiet: datetime | None
) -> Callable[[datetime], datetime]:
    """Return what tells when somebody may next be disturbed; at any time where their hours are not known."""

    def free(moment: datetime) -> datetime:
        rested = max(moment, quiet) if quiet else moment
        return hours.next_at_work(rested, holidays) if hours else rested

    return free
