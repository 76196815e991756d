"""Races: how releases stand before, what many people then want at once, and how it is done to a database."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from bot.ledger.codec import decode_any
from bot.ledger.progress.answers import Delivery
from bot.ledger.tables import events
from bot.release.command import Command
from bot.release.event import Event
from bot.release.gates.answers import Abstain, Reject, Withdraw
from bot.release.ids import ReleaseKey, WorkspaceId
from bot.release.people.own import OwnCommand, OwnEvent
from bot.release.stages.holds import LiftHold, PlaceHold
from bot.release.stages.start import Start
from tests.ledger.orders import Asked, Heard, Ledger, Village
from tests.ledger.world import (
    ANA,
    BEN,
    CLEO,
    DAN,
    EVE,
    MORNING,
    Replica,
    StillClock,
    Town,
    act,
    approve,
    attend,
    begin,
    cancel,
    come_back,
    finish,
    go_away,
    put_back,
    put_off,
    reject,
    roll_back,
    set_hours,
    start,
    unlock,
)

Wanted = Start | Command | OwnCommand
Hand = Sequence[Asked]
"""What one pair of hands does, one after the other."""

SECOND = ReleaseKey("checkout-2")
GO = "Go or no-go"
TOMORROW = MORNING + timedelta(days=1)

STARTED: Sequence[Start | Command] = (start(),)
HALF: Sequence[Start | Command] = (*STARTED, approve(BEN))
STAGED: Sequence[Start | Command] = (*HALF, approve(CLEO), finish(ANA, 0))
READY: Sequence[Start | Command] = (*STAGED, approve(DAN, stage=1))
LIVE: Sequence[Start | Command] = (*READY, begin())
DONE: Sequence[Start | Command] = (*LIVE, finish(CLEO, 1))
AGAIN: Sequence[Start | Command] = (
    *DONE,
    start("2.0.0"),
    approve(BEN, SECOND),
    approve(CLEO, SECOND),
    finish(ANA, 0, SECOND),
    approve(DAN, SECOND, stage=1),
    begin(key=SECOND),
)
LOCKED: Sequence[Start | Command] = (*DONE, roll_back(), put_back())

HOLDS: Sequence[Wanted] = (
    act(PlaceHold, EVE, reason="The dashboards are red."),
    act(PlaceHold, BEN, reason="It blinks."),
    act(LiftHold, ANA, number=1, reason="They are green."),
    act(LiftHold, EVE, number=1),
)
AT_QA: Sequence[Wanted] = (
    *(approve(by) for by in (BEN, CLEO, DAN, EVE)),
    *(reject(by) for by in (BEN, CLEO)),
    *(act(Withdraw, by, stage=0, gate="QA") for by in (BEN, CLEO)),
    act(Abstain, CLEO, stage=0, gate="QA"),
    go_away(BEN, EVE, TOMORROW),
    go_away(EVE, CLEO, TOMORROW),
    come_back(BEN),
    *(set_hours(CLEO, begins, 20) for begins in (12, 13)),
    *(put_off(CLEO, MORNING + timedelta(hours=hours)) for hours in (1, 2)),
    finish(ANA, 0),
    cancel(),
    attend(),
    start("2.0.0"),
    begin(stage=0),
)
AT_GO: Sequence[Wanted] = (
    *(approve(by, stage=1) for by in (CLEO, DAN)),
    act(Reject, CLEO, stage=1, gate=GO, comment="Not on a Friday."),
    act(Withdraw, DAN, stage=1, gate=GO),
    act(Withdraw, CLEO, stage=1, gate=GO),
    act(Abstain, DAN, stage=1, gate=GO),
    begin(),
    begin(CLEO),
    cancel(),
    finish(CLEO, 1),
    roll_back(),
    start("2.0.0"),
)
IN_PRODUCTION: Sequence[Wanted] = (
    finish(CLEO, 1),
    finish(DAN, 1),
    roll_back(),
    roll_back(CLEO),
    put_back(),
    cancel(),
    start("2.0.0"),
    unlock(),
)
AFTERWARDS: Sequence[Wanted] = (
    roll_back(),
    roll_back(DAN, reason="It is slow."),
    put_back(),
    put_back(DAN),
    unlock(),
    start("1.0.0"),
    start("2.0.0"),
    start("3.0.0", by=BEN),
    approve(CLEO, SECOND),
    cancel(key=SECOND),
    finish(CLEO, 1, SECOND),
    roll_back(CLEO, SECOND),
    attend(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How the releases of a service stand before, and what people may then want."""

    before: Sequence[Start | Command]
    wanted: Sequence[Wanted]


RACES: Mapping[str, Race] = {
    "everybody is asked": Race(before=STARTED, wanted=(*AT_QA, *HOLDS)),
    "a seat is filled": Race(before=HALF, wanted=(*AT_QA, *HOLDS)),
    "the last gate is open": Race(before=STAGED, wanted=(*AT_GO, *HOLDS)),
    "all is ready": Race(before=READY, wanted=(*AT_GO, *HOLDS)),
    "it is in production": Race(before=LIVE, wanted=(*IN_PRODUCTION, *HOLDS)),
    "it is completed": Race(before=DONE, wanted=AFTERWARDS),
    "a second is in production": Race(before=AGAIN, wanted=AFTERWARDS),
    "it was rolled back": Race(before=LOCKED, wanted=AFTERWARDS),
}


def hands(race: Race, workspace: WorkspaceId, chance: random.Random) -> Sequence[Hand]:
    """Return what six to nine pairs of hands do at once; now and then something is delivered twice."""
    every = []
    for number in range(chance.randint(6, 9)):
        wanted = chance.sample(race.wanted, chance.choice([1, 1, 2]))
        one = [
            Asked(command=replace(command, workspace=workspace), delivery=Delivery(f"{number}.{index}"))
            for index, command in enumerate(wanted)
        ]
        every.append(one)
        if chance.random() < 0.2:
            every.append(one[:1])
    return every


async def do(replica: Replica, hand: Hand) -> list[Heard]:
    """Do one thing after the other, and note what was answered when."""
    heard = []
    for asked in hand:
        since, command = time.monotonic(), asked.command
        if isinstance(command, OwnCommand):
            answer = await replica.coordinator.note(command)
            heard.append(Heard(asked=asked, since=since, until=time.monotonic(), answer=answer))
        else:
            given = await replica.coordinator.handle(command, asked.delivery)
            heard.append(Heard(asked=asked, since=since, until=time.monotonic(), answer=given))
    return heard


async def at_once(replicas: Sequence[Replica], every: Sequence[Hand]) -> list[Heard]:
    """Do what all hands do, at once, each by the next of the replicas."""
    done = await asyncio.gather(
        *(do(replicas[number % len(replicas)], hand) for number, hand in enumerate(every))
    )
    return [heard for one in done for heard in one]


async def prepare(replica: Replica, town: Town, race: Race, workspace: WorkspaceId) -> Village:
    """Bring about how the releases stand before, and return the village as it then is."""
    releases = {}
    for command in race.before:
        release = await replica.accepts(replace(command, workspace=workspace))
        releases[release.key] = release
    runbook = next(iter(releases.values())).runbook
    told = {str(release.key): release.seq for release in releases.values()}
    return Village(workspace=workspace, runbook=runbook, people=town.seen(), releases=releases, told=told)


async def written(replica: Replica, workspace: WorkspaceId) -> Ledger:
    """Return all events of a workspace, by chain, in order."""

    def read(connection: Connection) -> Ledger:
        chains: dict[str, list[Event | OwnEvent]] = {}
        query = select(events).where(events.c.workspace == workspace).order_by(events.c.release, events.c.seq)
        for row in connection.execute(query):
            chains.setdefault(row.release, []).append(decode_any(row.body))
        return chains

    return await replica.database.read(read)


_here: list[Replica] = []
"""The replica of this process, where it is one of several."""


def join(url: str, runbooks: Path) -> None:
    """Be one of several processes on a database."""
    _here.append(Replica(url, runbooks, Town(), StillClock()))


def do_here(every: Sequence[Hand], at: float) -> list[Heard]:
    """Do what some hands do in this process, from a moment on that others wait for, too."""
    time.sleep(max(0.0, at - time.monotonic()))
    return asyncio.run(at_once(_here, every))
