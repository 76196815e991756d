"""Measures of single parts, in process: the decision, the fold, the commits and the idle tick."""

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlalchemy import insert

from bot.jobs.attend import attend_due
from bot.ledger.database import Database
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata, releases
from bot.release.command import Facts
from bot.release.decide import decide, fold
from bot.release.event import Event
from bot.release.gates.answers import Approve, Approved, Reject
from bot.release.ids import ChannelId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.refusal import Refused
from bot.release.stages.start import Started
from bot.runbook.model import Runbook
from bot.runbook.roles.role import Standing
from tests.bench.machines import there_and_back
from tests.ledger.world import BEN, MORNING, TEAM, Replica, StillClock, Town, start, write_runbook

PEOPLE = tuple(UserId(f"U0P{number:02}") for number in range(50))
EVENTS = 200
CLICKERS = 64
CLICKS = 10
TICKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one decision and one fold cost, and one transition of each library beside them, in microseconds."""

    decide_us: float
    fold_us: float
    machines_us: Mapping[str, float]


def cost_of_deciding() -> Cost:
    """Measure one Approve at a release of 50 people and 200 events, and folding the 200."""
    history = list(_history())
    release = fold(history)
    town = Directory(people=dict.fromkeys((*PEOPLE, UserId("U0ANA"), UserId("U0CLEO")), Standing.MEMBER))
    command = Approve(workspace=TEAM, release=release.key, by=PEOPLE[-1], stage=0, gate="QA")
    facts = Facts(now=MORNING, directory=town)
    assert not isinstance(decide(release, command, facts), Refused)
    return Cost(
        decide_us=_typical_us(lambda: decide(release, command, facts), 300),
        fold_us=_typical_us(lambda: fold(history), 50),
        machines_us={name: _typical_us(fire, 2_000) / 2 for name, fire in there_and_back().items()},
    )


def _history() -> Iterator[Event]:
    members = {"captain": (UserId("U0ANA"),), "crowd": PEOPLE, "last": (UserId("U0CLEO"),)}
    gate = {"name": "QA", "approvals": {"crowd": 20, "last": 1}}
    stage = {"name": "production", "owner": "captain", "gates": [gate], "steps": [{"do": "Deploy"}]}
    roles = {"captain": {"starter": True}, "crowd": {"users": list(PEOPLE)}, "last": {"users": ["U0CLEO"]}}
    runbook = Runbook.model_validate({"title": "Big", "service": "big", "roles": roles, "stages": [stage]})
    yield Started(
        at=MORNING,
        by=UserId("U0ANA"),
        workspace=TEAM,
        key=ReleaseKey("big-1"),
        service="big",
        version="1.0.0",
        note="",
        channel=ChannelId("C1"),
        runbook=runbook,
        runbook_hash=runbook.content_hash,
        members=members,
    )
    for number in range(EVENTS - 1):
        by = PEOPLE[number % (len(PEOPLE) - 1)]
        yield Approved(at=MORNING, by=by, stage=0, gate="QA", roles=("crowd",), comment="")


class Plain:
    """One thread with one plain connection: the least that a durable click can cost."""

    def __init__(self, file: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._seq = 0

    async def click(self, number: int) -> None:
        """Commit what a click of Rollcall writes: an event, the release's row, and the answer."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, number)

    def _commit(self, number: int) -> None:
        self._seq += 1
        key, now, digest = f"s{number}-1", MORNING.isoformat(), "0" * 64
        body = json.dumps({"kind": "Approved", "at": now, "by": BEN, "stage": 0, "gate": "QA", "comment": ""})
        event = (TEAM, key, self._seq, "Approved", now, BEN, body, digest, digest)
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", event)
        run(
            "UPDATE releases SET seq = ?, head = ? WHERE workspace = ? AND release = ?",
            (self._seq, digest, TEAM, key),
        )
        run("INSERT INTO answers VALUES (?, ?, ?, ?, NULL)", (TEAM, str(uuid4()), key, now))
        run("COMMIT")

    def close(self) -> None:
        self._thread.shutdown()
        self._connection.close()


async def commits_compared(folder: Path, chance: random.Random, rounds: int = 5) -> float:
    """Return how many times as many clicks the coordinator keeps as plain sqlite3 commits one by one.

    64 people click at a time; both write to files in WAL mode that are synced at each commit.
    """
    replica = await _replica(folder / "clicks.db", folder / "runbooks")
    with _plain(folder / "plain.db") as plain:
        ratios = []
        for _ in range(rounds):
            seconds = {}
            for way in chance.sample([_clicks, _rows], 2):
                started = time.perf_counter()
                await way(replica, plain)
                seconds[way] = time.perf_counter() - started
            ratios.append(seconds[_rows] / seconds[_clicks])
    assert await replica.faults() == []
    replica.database.close()
    return median(ratios)


async def _replica(file: Path, runbooks: Path) -> Replica:
    for number in range(CLICKERS):
        write_runbook(runbooks, f"s{number}", seats=2)
    replica = Replica(f"sqlite:///{file}", runbooks, Town(), StillClock())
    await replica.database.write(metadata.create_all)
    await asyncio.gather(*(replica.accepts(start(service=f"s{number}")) for number in range(CLICKERS)))
    return replica


async def _clicks(replica: Replica, _plain: Plain) -> None:
    async def person(number: int) -> None:
        key = ReleaseKey(f"s{number}-1")
        for _ in range(CLICKS // 2):
            await replica.accepts(Approve(workspace=TEAM, release=key, by=BEN, stage=0, gate="QA"))
            await replica.accepts(
                Reject(workspace=TEAM, release=key, by=BEN, stage=0, gate="QA", comment="No")
            )

    await asyncio.gather(*map(person, range(CLICKERS)))


@contextmanager
def _plain(file: Path) -> Iterator[Plain]:
    database = Database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(insert(releases), [_row(number) for number in range(CLICKERS)])
    database.close()
    plain = Plain(file)
    yield plain
    plain.close()


async def _rows(_replica: Replica, plain: Plain) -> None:
    async def person(number: int) -> None:
        for _ in range(CLICKS):
            await plain.click(number)

    await asyncio.gather(*map(person, range(CLICKERS)))


async def idle_tick_compared(folder: Path, chance: random.Random, few: int, many: int) -> float:
    """Return how many times as long an idle tick takes with `many` open releases as with `few`."""
    ticks = {count: await _ticking(folder / f"{count}.db", count) for count in (few, many)}
    times: dict[int, list[float]] = {few: [], many: []}
    for _ in range(TICKS):
        for count in chance.sample([few, many], 2):
            started = time.perf_counter()
            await ticks[count].tick()
            times[count].append(time.perf_counter() - started)
    for ticking in ticks.values():
        ticking.replica.database.close()
    return median(times[many]) / median(times[few])


@dataclass(frozen=True, slots=True)
class Ticking:
    """A ledger with open releases, none of which is due."""

    replica: Replica

    async def tick(self) -> None:
        replica = self.replica
        await attend_due(replica.coordinator, Reader(replica.database, replica.ledger), replica.clock)


async def _ticking(file: Path, count: int) -> Ticking:
    replica = Replica(f"sqlite:///{file}", file.parent, Town(), StillClock())
    await replica.database.write(metadata.create_all)
    rows = [_row(number) for number in range(count)]
    await replica.database.write(lambda connection: connection.execute(insert(releases), rows))
    return Ticking(replica)


def _row(number: int) -> dict[str, object]:
    return {
        "workspace": WorkspaceId(TEAM),
        "release": f"s{number}-1",
        "service": f"s{number}",
        "version": "1.0.0",
        "state": "awaiting_approval",
        "channel": "C1",
        "started_at": MORNING,
        "ended_at": None,
        "attention_at": MORNING + timedelta(seconds=60 + number),
        "seq": 1,
        "head": "0" * 64,
        "shown_seq": 1,
    }


def _typical_us(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1e6)
    return median(taken)
