"""Following the ledger: what is due is read once, by one process, and told through the one door."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.checks.reader import CheckReader
from bot.checks.source import Asked, Reading, Unreadable
from bot.ledger.progress import readings
from bot.ledger.progress.readings import Due
from bot.ledger.reader import Reader
from bot.ledger.tables import metadata
from bot.ledger.verify import rebuild
from bot.release.gates.checks import Outcome
from bot.release.gates.readings import CheckRead
from bot.release.manifest import Manifest
from bot.release.stages.revision import ChangeManifest
from bot.release.state import State
from tests.ledger.world import ANA, CHECKOUT, Replica, StillClock, Town, act, begin, start
from tests.world import PATIENCE_S

RUNBOOK = """\
title: Checkout
service: checkout
roles:
  captain: {starter: true}
checks:
  health: {read: {url: "https://shop.example/health?v={version}"}}
stages:
  - name: production
    owner: captain
    production: true
    begin: captain
    gates:
      - {name: Health, needs: {check: health}}
"""
PASSED, FAILED = Reading(outcome=Outcome.PASSED), Reading(outcome=Outcome.FAILED, said="answered 503")


@dataclass
class Board:
    """What checks are read from: it says what stands on it, and remembers for which versions it was read."""

    says: Reading | Exception = PASSED
    asked: list[str] = field(default_factory=list)
    first: list[Exception] = field(default_factory=list)
    """What goes wrong before."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether it answers at all."""

    async def read(self, asked: Asked) -> Reading:
        self.asked.append(asked.values["version"])
        await self.open.wait()
        said = self.first.pop(0) if self.first else self.says
        if isinstance(said, Exception):
            raise said
        return said


class Place:
    """A ledger with a release that waits for a check, and as many processes as there are readers."""

    def __init__(self, folder: Path, board: Board) -> None:
        (folder / "runbooks").mkdir()
        (folder / "runbooks" / "checkout.yaml").write_text(RUNBOOK)
        self.folder, self.board, self.clock = folder, board, StillClock()
        self.replicas: list[Replica] = []
        with self.joins().database.engine.begin() as connection:
            metadata.create_all(connection)

    @property
    def replica(self) -> Replica:
        return self.replicas[0]

    def joins(self) -> Replica:
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        self.replicas.append(Replica(url, self.folder / "runbooks", Town(), self.clock))
        return self.replicas[-1]

    def reader(self, replica: Replica | None = None) -> CheckReader:
        of = replica or self.replica
        releases = Reader(of.database, of.ledger)
        return CheckReader({"url": self.board}, of.coordinator, releases, of.database, self.clock, 0.01)

    async def read(self) -> Sequence[tuple[Outcome, str]]:
        """Return what the ledger has of readings."""
        found = [entry.event for entry in await self.replica.entries()]
        return [(event.outcome, event.said) for event in found if isinstance(event, CheckRead)]

    async def due(self) -> Sequence[Due]:
        now = self.clock.now()
        return await self.replica.database.read(lambda c: readings.due(c, now, 10))


@pytest.fixture
def board() -> Board:
    board = Board()
    board.open.set()
    return board


@pytest.fixture
def place(tmp_path: Path, board: Board) -> Iterator[Place]:
    place = Place(tmp_path, board)
    yield place
    for replica in place.replicas:
        replica.database.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.005)


async def reads(reader: CheckReader) -> None:
    """Let all that is due be read, and told."""
    await reader.read_due()
    await until(lambda: not reader.is_reading)


async def test_what_is_due_is_read_and_told(place: Place, board: Board) -> None:
    await place.replica.accepts(start())
    await reads(place.reader())
    assert board.asked == ["1.0.0"]
    assert await place.read() == [(Outcome.PASSED, "")]
    assert (await place.replica.accepts(begin(stage=0))).state is State.COMPLETED


async def test_it_is_read_again_after_its_time_and_not_before_also_after_a_restart(
    place: Place, board: Board
) -> None:
    await place.replica.accepts(start())
    await reads(place.reader())
    place.clock.advance(seconds=59)
    await reads(place.reader())
    assert len(board.asked) == 1
    place.clock.advance(seconds=1)
    await reads(place.reader())
    await reads(place.reader())
    assert len(board.asked) == 2
    assert await place.read() == [(Outcome.PASSED, "")]


async def test_of_several_processes_one_reads_it(place: Place, board: Board) -> None:
    await place.replica.accepts(start())
    readers = [place.reader(replica) for replica in (place.replica, place.joins(), place.joins())]
    for minute in range(5):
        await asyncio.gather(*(reads(reader) for reader in readers for _ in range(2)))
        assert len(board.asked) == minute + 1
        place.clock.advance(minutes=1)
    assert await place.read() == [(Outcome.PASSED, "")]


async def test_a_process_that_ends_while_it_reads_leaves_it_to_the_next(place: Place, board: Board) -> None:
    await place.replica.accepts(start())
    board.open.clear()
    ended = place.reader()
    await ended.read_due()
    await until(lambda: len(board.asked) == 1)
    await ended.stop()
    assert await place.read() == []
    board.open.set()
    place.clock.advance(minutes=1)
    await reads(place.reader())
    assert await place.read() == [(Outcome.PASSED, "")]


async def test_a_reading_of_what_has_changed_meanwhile_is_dropped_and_made_anew(
    place: Place, board: Board
) -> None:
    await place.replica.accepts(start())
    board.open.clear()
    reader = place.reader()
    await reader.read_due()
    await until(lambda: len(board.asked) == 1)
    await place.replica.accepts(
        act(ChangeManifest, ANA, version="1.0.1", manifest=Manifest(labels=("urgent",)))
    )
    assert [due.check for due in await place.due()] == ["health"]
    board.open.set()
    await until(lambda: not reader.is_reading)
    assert await place.read() == []
    await reads(reader)
    assert (board.asked, await place.read()) == (["1.0.0", "1.0.1"], [(Outcome.PASSED, "")])


async def test_a_short_trouble_is_nothing(place: Place, board: Board) -> None:
    board.first = [Unreadable("there is no name shop.example")]
    await place.replica.accepts(start())
    await reads(place.reader())
    assert len(board.asked) == 2
    assert await place.read() == [(Outcome.PASSED, "")]


async def test_what_cannot_be_read_is_told_with_its_reason(place: Place, board: Board) -> None:
    board.says = Unreadable("answered 401 Unauthorized")
    await place.replica.accepts(start())
    await reads(place.reader())
    assert await place.read() == [(Outcome.UNKNOWN, "answered 401 Unauthorized")]


async def test_a_source_that_breaks_does_not_pass(
    place: Place, board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    board.says = RuntimeError("a fault of ours")
    await place.replica.accepts(start())
    with caplog.at_level(logging.ERROR):
        await reads(place.reader())
    assert await place.read() == [(Outcome.UNKNOWN, "something went wrong, and the log says what")]
    assert "health of checkout-1 could not be read." in caplog.text


async def test_what_no_source_reads_does_not_pass(place: Place) -> None:
    await place.replica.accepts(start())
    of = place.replica
    reader = CheckReader({}, of.coordinator, Reader(of.database, of.ledger), of.database, place.clock, 0.01)
    await reads(reader)
    assert await place.read() == [(Outcome.UNKNOWN, "this Rollcall does not know how")]


async def test_nothing_is_due_once_its_gate_is_passed(place: Place) -> None:
    await place.replica.accepts(start())
    await reads(place.reader())
    await place.replica.accepts(begin(stage=0))
    place.clock.advance(days=1)
    assert await place.due() == []


async def test_rows_that_are_made_anew_have_what_is_to_be_read(place: Place) -> None:
    await place.replica.accepts(start())
    await reads(place.reader())
    assert await place.due() == []
    assert await place.replica.database.write(rebuild) == 1
    assert [(due.release.key, due.check) for due in await place.due()] == [(CHECKOUT, "health")]
    assert await place.replica.faults() == []
