"""What Rollcall is made of in a year: all of it but the listeners and the scheduler, which the year plays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from bot.clock import MovableClock
from bot.coordinator import Coordinator
from bot.jobs.people import PeopleWatch
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.reader import Reader
from bot.ledger.schema import upgrade
from bot.practice import BOT_TOKEN, Practice
from bot.practice.cast import BOT_USER, SCOPES, Group, Person, dm_id
from bot.practice.workspace import Channel
from bot.release.ids import ReleaseId
from bot.release.release import Release
from bot.runbook.files.read import Runbooks
from bot.slack.asked.reading import Asked
from bot.slack.connection.connect import CALL_TIMEOUT, identify, web_client
from bot.slack.delivery.calls import Calls
from bot.slack.delivery.pace import Pace
from bot.slack.delivery.room_calls import RoomCalls
from bot.slack.delivery.rooms import Rooms
from bot.slack.delivery.showing import Showing
from bot.slack.delivery.worker import DeliveryWorker
from bot.slack.desk import Desk
from bot.slack.digest.digests import Digests
from bot.slack.people.directory import SlackDirectory
from bot.sources.git import Checkouts
from tests.world import WORKSPACE
from tests.year.cast import BEGINS, Cast, groups_of, members_of, write_runbooks

DEAF: Final = SCOPES - {"channels:history", "groups:history", "im:history"}
"""Nobody listens to what is written, so that it is not sent."""
QUICKLY: Final = 1e6
"""Slack's limits are by the minute, and a year passes in minutes."""


class StillClock(MovableClock):
    """A clock that stands still between moves."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        """Go on to a moment."""
        assert at >= self._at, "Time can only be moved forward."
        self._at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a year moves, and those releases that have changed since it looked at them."""

    clock: StillClock
    practice: Practice
    database: Database
    releases: Reader
    coordinator: Coordinator
    desk: Desk
    people: PeopleWatch
    delivery: DeliveryWorker
    changed: set[ReleaseId]

    def at_rest(self) -> bool:
        """Whether Slack shows everything."""
        return self.delivery.is_at_rest()

    async def settled(self) -> None:
        """Wait until Slack shows everything. The worker is looked into, as to ask it again and again takes long."""
        while not self.at_rest():
            if passes := [*self.delivery._passes.values()]:
                await asyncio.wait(passes)
            else:
                await asyncio.sleep(0)


@asynccontextmanager
async def open_parts(folder: Path, people: Cast) -> AsyncIterator[Parts]:
    """Open a practice Slack with the people in it, and Rollcall beside it on a database of its own."""
    clock = StillClock(BEGINS)
    url = f"sqlite:///{folder / 'ledger.db'}"
    upgrade(url)
    async with AsyncExitStack() as stack:
        practice = _practice(clock, people)
        await stack.enter_async_context(practice.serving(port=0))
        database = Database(url)
        stack.callback(database.close)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=CALL_TIMEOUT))
        client = web_client(BOT_TOKEN, practice.api_url, session)
        identity, releases = await identify(client), Reader(database, Ledger())
        directory, pace = SlackDirectory(client, WORKSPACE, clock), Pace(QUICKLY)
        rooms, settle = Rooms(RoomCalls(client, pace, identity.user), database), timedelta(seconds=1)
        showing = Showing(Calls(client, pace), rooms, database, clock, settle, identity.url)
        asked = Asked(releases, directory, WORKSPACE, identity.url)
        digests = Digests(asked, WORKSPACE, clock, "/release")
        delivery = DeliveryWorker(showing, digests, releases, pace, gap_s=0.0)
        changed: set[ReleaseId] = set()

        def follows(release: ReleaseId) -> None:
            changed.add(release)
            delivery.wake(release)

        runbooks = Runbooks(write_runbooks(folder / "runbooks"))
        assert not runbooks.check()
        coordinator = Coordinator(database, Ledger(), runbooks, directory, Checkouts(None), clock, follows)
        watch = PeopleWatch(directory, coordinator, releases, WORKSPACE)
        await watch.follow()
        desk = Desk(
            coordinator=coordinator,
            releases=releases,
            workspace=WORKSPACE,
            runbooks=runbooks,
            clock=clock,
            own_changed=watch.own_changed,
            output=_nothing,
            command="/release",
        )
        delivery.start()
        stack.push_async_callback(delivery.stop)
        yield Parts(
            clock=clock,
            practice=practice,
            database=database,
            releases=releases,
            coordinator=coordinator,
            desk=desk,
            people=watch,
            delivery=delivery,
            changed=changed,
        )


def _practice(clock: StillClock, people: Cast) -> Practice:
    practice = Practice(clock, limits=False, scopes=DEAF)
    there = practice.workspace
    for one in people.values():
        there.people[one.id] = Person(
            id=one.id, name=one.name, real_name=one.name, title="", tz=one.person.timezone
        )
        mine = Channel(id=dm_id(one.id), name="directmessage", im_with=one.id, members=[one.id, BOT_USER])
        there.channels[mine.id] = mine
    there.channels["C0RELEASES"].members += people
    for number, handle in enumerate(groups_of(people)):
        group = Group(id=f"S0Y{number}", handle=handle, name=handle, users=members_of(people, handle))
        there.groups[group.id] = group
    return practice


async def _nothing(release: Release, run: int) -> str:
    return ""
