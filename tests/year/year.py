"""A year of releases, played on the real parts: coordinator, ledger, delivery worker and a practice Slack.

The clock stands still while something happens and until Slack shows it, and then goes on to what is next: an
act of somebody, a time that the ledger has, or the minute in which a digest is due. So the same seed gives
the same year. People press nothing here: what a button means goes to the coordinator at once.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import Connection, select

from bot.coordinator import Accepted
from bot.jobs.attend import attend_due
from bot.ledger.codec import decode_own
from bot.ledger.ledger import Ledger
from bot.ledger.own import chain_of
from bot.ledger.progress.answers import Delivery
from bot.ledger.tables import events, releases
from bot.ledger.verify import verify
from bot.release.attention import Attend
from bot.release.command import Command
from bot.release.event import Event
from bot.release.ids import ROLLCALL, ChannelId, ReleaseId, ReleaseKey, UserId
from bot.release.people.absence import GoAway
from bot.release.release import Release
from bot.release.stages.cancel import Cancel
from bot.release.stages.start import Start
from bot.release.telling.snooze import Snoozed
from bot.release.waiting import waiting_on
from bot.simulate.play import Agenda, Plan, Turn
from bot.slack.buttons import Action
from bot.slack.digest.put_off import put_off
from tests.world import WORKSPACE
from tests.year.cast import BEGINS, SERVICES, Cast, Member, as_people, cast, members_of
from tests.year.parts import Parts, open_parts
from tests.year.slack import POST, Sent, Watching, standing

CHANNEL: Final = ChannelId("C0RELEASES")
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
PATIENCE: Final = timedelta(days=7)
"""How long a captain lets a release wait that has not touched production."""
LATER: Final = (Action.REMIND_IN_AN_HOUR, Action.REMIND_IN_FOUR_HOURS, Action.REMIND_TOMORROW)
STARTS: Final = (1, 0, 0, 3, 0, 0, 0)
"""Releases that somebody starts on each day of a week, so that one day asks much of a few people at once."""

Happening = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Played:
    """What a year came to: the events of each release, what Slack was sent, and what stands there."""

    people: Cast
    seed: int
    begins: datetime
    ends: datetime
    events: Mapping[ReleaseKey, Sequence[Event]]
    snoozed: Mapping[UserId, Sequence[Snoozed]]
    sent: Sequence[Sent]
    by_people: frozenset[int]
    """The turns in which a person did something."""
    standing: Sequence[tuple[str, str]]


@dataclass(slots=True)
class Open:
    """A release that is open: whom it asks, and what happens next, and when."""

    release: Release
    agenda: Agenda
    next: tuple[datetime, Command]


@dataclass(slots=True)
class Year:
    """The year under way."""

    parts: Parts
    people: Cast
    seed: int
    watching: Watching
    open: dict[ReleaseId, Open] = field(default_factory=dict)
    by_people: set[int] = field(default_factory=set)
    turn: int = 0
    _ahead: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    _count: "count[int]" = field(default_factory=count)

    @property
    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self.parts.clock.now()

    async def pass_until(self, ends: datetime) -> None:
        """Let everything happen that does until then."""
        self._plan(ends)
        while self.now < ends:
            at = self._next_at(ends)
            if await self._comes(max(at, self.now)) and at < ends:
                await self._next_thing()
                await self._follow()

    # What is ahead

    def _plan(self, ends: datetime) -> None:
        luck, captains = Random(f"starts/{self.seed}"), members_of(self.people, "captains")
        for day in range((ends - BEGINS).days):
            at = BEGINS + day * DAY
            captain, morning = self.people[luck.choice(captains)], luck.randrange(6 * 60)
            for _ in range(STARTS[at.weekday()]):
                begins = captain.person.after((morning + luck.randrange(2 * 60)) * MINUTE, at)
                services = luck.sample(SERVICES, len(SERVICES))
                self._at(begins, partial(self._start, captain, services))
        for one in self.people.values():
            if (absent := one.person.absent) is not None:
                self._at(absent[0], partial(self._goes_away, one))

    def _at(self, at: datetime, happening: Happening) -> None:
        heappush(self._ahead, (at, next(self._count), happening))

    def _next_at(self, ends: datetime) -> datetime:
        times = [one.next[0] for one in self.open.values()]
        return min([*times, *(at for at, *_ in self._ahead[:1]), ends])

    async def _next_thing(self) -> None:
        self.turn += 1
        if self._ahead and self._ahead[0][0] <= self.now:
            await heappop(self._ahead)[2]()
            return
        one = min(self.open.values(), key=lambda one: (one.next[0], one.release.key))
        command = one.next[1]
        self.parts.changed.add(one.release.id)
        if isinstance(command, Attend):
            await attend_due(self.parts.coordinator, self.parts.releases, self.parts.clock)
        else:
            await self._acts(replace(command, workspace=WORKSPACE))

    # What happens

    async def _acts(self, command: Command | Start) -> bool:
        answer = await self.parts.coordinator.handle(command, Delivery(f"year:{next(self._count)}"))
        if accepted := isinstance(answer, Accepted):
            self.by_people.add(self.turn)
        return accepted

    async def _start(self, captain: Member, services: Sequence[str]) -> None:
        for service in services:
            start = Start(
                workspace=WORKSPACE,
                by=captain.id,
                channel=CHANNEL,
                service=service,
                version=f"2027.{next(self._count)}",
            )
            if await self._acts(start):
                return

    async def _gives_up(self, id_: ReleaseId) -> None:
        one = self.open.get(id_)
        if one is not None and not one.release.touched_production:
            by, key = one.release.captain, one.release.key
            await self._acts(Cancel(workspace=WORKSPACE, release=key, by=by, reason="It waits for too long."))

    async def _goes_away(self, one: Member) -> None:
        assert one.person.absent is not None
        until = one.person.absent[1]
        if one.deputy is None:
            status = {"status_text": "Vacationing", "status_emoji": ":palm_tree:"}
            person = self.parts.practice.workspace.person(one.id)
            self.parts.practice.slack.change_person(
                person, **status, status_expiration=int(until.timestamp())
            )
            self.parts.people.changed()
        else:
            await self.parts.desk.note(GoAway(workspace=WORKSPACE, by=one.id, deputy=one.deputy, until=until))
        await self.parts.people.follow()
        self.parts.changed.update(self.open)

    async def _snoozes(self, one: Member, button: Action) -> None:
        await put_off(self.parts.desk, button, WORKSPACE, one.id)
        self.parts.delivery.look_at(chain_of(WORKSPACE, one.id))
        self.by_people.add(self.turn)

    # What follows

    async def _comes(self, at: datetime) -> bool:
        """Let the time pass until a moment, and return whether it has come before any digest was due."""
        minute = self.now.replace(second=0, microsecond=0) + MINUTE
        while minute < at:
            if await self._digests_at(minute):
                return False
            minute += MINUTE
        return not await self._digests_at(at)

    async def _digests_at(self, at: datetime) -> bool:
        """Look whether digests are due at a moment, and have them shown; return whether any were."""
        self.parts.clock.move_to(at)
        await self.parts.delivery.wake_digests()
        if due := not self.parts.at_rest():
            self.turn += 1
            await self._follow()
        return due

    async def _follow(self) -> None:
        """Wait until Slack shows everything, and find out what is next."""
        await self.parts.settled()
        for one in self.watching.note(self.turn):
            if one.method == POST and one.kind == "digest":
                self._may_snooze(one)
        for id_ in sorted(self.parts.changed):
            await self._look_at(id_)
        self.parts.changed.clear()

    async def _look_at(self, id_: ReleaseId) -> None:
        release = await self.parts.releases.find(id_)
        assert release is not None
        if release.state.ended:
            self.open.pop(id_, None)
            return
        known = self.open.get(id_)
        agenda = known.agenda if known else self._agenda(release)
        agenda.follow(turn := self._turn_of(release))
        self.open[id_] = Open(release, agenda, agenda.next(turn))

    def _turn_of(self, release: Release) -> Turn:
        at = max(self.now, release.at)
        return Turn(at=at, by=ROLLCALL, events=(), release=release, waiting=waiting_on(release))

    def _agenda(self, release: Release) -> Agenda:
        self._at(self.now + PATIENCE, partial(self._gives_up, release.id))
        return Agenda(
            Plan(
                runbook=release.runbook,
                people=as_people(self.people, release.starter),
                version=release.version,
                at=BEGINS,
                days=10_000,
                seed=Random(f"{self.seed}/{release.key}").randrange(10**9),
            )
        )

    def _may_snooze(self, digest: Sent) -> None:
        luck = Random(f"{self.seed}/{digest.owner}/{digest.slot}")
        one = self.people[UserId(digest.owner.removeprefix("@"))]
        if luck.random() < one.snoozes:
            at, button = one.person.after(luck.randrange(1, 20) * MINUTE, self.now), luck.choice(LATER)
            self._at(at, partial(self._snoozes, one, button))


async def play(folder: Path, seed: int, days: int) -> Played:
    """Play so many days of the year, and return what they came to; the ledger is checked at the end."""
    people, ends = cast(seed), BEGINS + days * DAY
    async with open_parts(folder, people) as parts:
        year = Year(parts, people, seed, Watching(parts.practice))
        await year.pass_until(ends)
        assert await parts.database.read(verify) == []
        return Played(
            people=people,
            seed=seed,
            begins=BEGINS,
            ends=ends,
            events=await parts.database.read(_events),
            snoozed=await parts.database.read(_snoozed),
            sent=year.watching.sent,
            by_people=frozenset(year.by_people),
            standing=[*standing(parts.practice)],
        )


def _snoozed(connection: Connection) -> Mapping[UserId, Sequence[Snoozed]]:
    """Return when each person has put reminders off, the first time first."""
    written = select(events.c.body).where(events.c.kind == Snoozed.__name__).order_by(events.c.at)
    told: defaultdict[UserId, list[Snoozed]] = defaultdict(list)
    for body in connection.scalars(written):
        one = decode_own(body)
        assert isinstance(one, Snoozed)
        told[one.by].append(one)
    return told


def _events(connection: Connection) -> Mapping[ReleaseKey, Sequence[Event]]:
    ledger = Ledger()
    keys = connection.scalars(select(releases.c.release).order_by(releases.c.started_at)).all()
    return {
        key: [entry.event for entry in ledger.entries(connection, ReleaseId(WORKSPACE, key))] for key in keys
    }
