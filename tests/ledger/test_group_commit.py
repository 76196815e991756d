"""Pieces of work that are submitted together share a commit, and nothing else."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select, text

from bot.ledger.database import Database
from bot.ledger.tables import metadata, services
from tests.ledger.conftest import is_sqlite
from tests.ledger.world import TEAM


class Leaving(BaseException):
    """What is no Exception, such as SystemExit."""


def keep(service: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(services).values(workspace=TEAM, service=service, releases=0))
        return service

    return work


def keep_then_fail(service: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        keep(service)(connection)
        raise LookupError(service)

    return work


def kept(connection: Connection) -> set[str]:
    return set(connection.scalars(select(services.c.service)))


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """Keep the one writer of SQLite busy, so that what is submitted meanwhile is committed together."""
    go, busy = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        busy.set()
        go.wait(10)

    first = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(busy.wait, 10)
    try:
        yield
        await asyncio.sleep(0.05)
    finally:
        go.set()
        await first


async def test_a_piece_of_work_returns_its_result_once_it_is_kept(database: Database) -> None:
    assert await database.write(keep("a")) == "a"
    assert await database.read(kept) == {"a"}


async def test_a_piece_of_work_that_raises_leaves_no_trace(database: Database) -> None:
    with pytest.raises(LookupError):
        await database.write(keep_then_fail("a"))
    assert await database.read(kept) == set()
    assert await database.write(keep("a")) == "a"


async def test_a_failing_piece_of_work_fails_itself_alone(database: Database) -> None:
    names = [f"s{number}" for number in range(40)]
    pieces = [keep_then_fail(n) if index % 4 == 0 else keep(n) for index, n in enumerate(names)]
    answers = await asyncio.gather(*(database.write(piece) for piece in pieces), return_exceptions=True)
    failed = {str(answer) for answer in answers if isinstance(answer, LookupError)}
    assert failed == set(names[::4])
    assert await database.read(kept) == set(names) - failed


async def test_a_statement_that_the_database_refuses_fails_itself_alone(database: Database) -> None:
    pieces = [keep("a"), keep("b"), keep("a"), keep("c")]
    answers = await asyncio.gather(*(database.write(piece) for piece in pieces), return_exceptions=True)
    assert sorted(a for a in answers if isinstance(a, str)) == ["a", "b", "c"]
    assert await database.read(kept) == {"a", "b", "c"}


async def test_what_waits_for_the_one_writer_is_committed_together(url: str) -> None:
    if not is_sqlite(url):
        pytest.skip("PostgreSQL groups commits by itself.")
    database = Database(url)
    commits: list[Connection] = []
    event.listen(database.engine, "commit", commits.append)
    async with held(database):
        tasks = [asyncio.create_task(database.write(keep(f"s{number}"))) for number in range(60)]
    await asyncio.gather(*tasks)
    assert len(await database.read(kept)) == 60
    assert len(commits) <= 3
    database.close()


async def test_a_batch_that_cannot_be_committed_tells_each_of_its_pieces(url: str) -> None:
    if not is_sqlite(url):
        pytest.skip("PostgreSQL commits each piece of work by itself.")
    database = Database(url)

    commits = itertools.count()

    def refuse(_connection: Connection) -> None:
        if next(commits):
            raise OSError("The disk is gone.")

    async with held(database):
        tasks = [asyncio.create_task(database.write(keep(name))) for name in "abc"]
        event.listen(database.engine, "commit", refuse)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    event.remove(database.engine, "commit", refuse)
    assert await database.read(kept) == set()
    assert await database.write(keep("a")) == "a"
    database.close()


async def test_nothing_is_acknowledged_that_a_full_disk_took_back(sqlite_url: str) -> None:
    """SQLite may roll the whole transaction back when the disk is full, not only the one statement."""
    database = Database(sqlite_url)
    await database.write(metadata.create_all)

    def fill_the_disk(connection: Connection) -> None:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        try:
            connection.execute(text("INSERT INTO services VALUES ('T1', 'big', zeroblob(400000))"))
        finally:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")

    async with held(database):
        pieces: list[Callable[[Connection], object]] = [keep("a"), fill_the_disk, keep("b")]
        tasks = [asyncio.create_task(database.write(piece)) for piece in pieces]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[1], Exception)
    acknowledged = {answer for answer in answers if isinstance(answer, str)}
    assert await database.read(kept) == acknowledged
    assert await database.write(keep("c")) == "c"
    database.close()


async def test_closing_finishes_what_was_submitted(url: str) -> None:
    database = Database(url)
    slow = asyncio.create_task(database.write(lambda _connection: time.sleep(0.3)))
    tasks = [asyncio.create_task(database.write(keep(f"s{number}"))) for number in range(100)]
    await asyncio.sleep(0)
    await asyncio.to_thread(database.close)
    again = Database(url)
    assert len(await again.read(kept)) == 100
    again.close()
    await slow
    assert len(await asyncio.gather(*tasks)) == 100


async def test_what_is_submitted_after_closing_is_refused(url: str) -> None:
    database = Database(url)
    database.close()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(database.write(keep("a")), timeout=2)


async def test_a_piece_of_work_that_ends_its_thread_does_not_end_the_writer(url: str) -> None:
    database = Database(url)

    def leave(_connection: Connection) -> None:
        raise Leaving

    with pytest.raises(Leaving):
        await asyncio.wait_for(database.write(leave), timeout=2)
    assert await asyncio.wait_for(database.write(keep("a")), timeout=2) == "a"
    await asyncio.to_thread(database.close)


async def test_a_caller_that_gives_up_stops_nobody_else(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(keep(f"s{number}"))) for number in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[3], asyncio.CancelledError | str)
    assert {a for a in answers if isinstance(a, str)} <= await database.read(kept)
    assert len([a for a in answers if isinstance(a, str)]) >= 19


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    await database.write(keep("a"))
    go, busy = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        keep("b")(connection)
        busy.set()
        go.wait(10)

    task = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(busy.wait, 10)
    try:
        assert await asyncio.wait_for(database.read(kept), timeout=5) == {"a"}
    finally:
        go.set()
        await task
    assert await database.read(kept) == {"a", "b"}


async def test_a_read_sees_one_state_however_often_it_looks(database: Database) -> None:
    looked, written = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[set[str], set[str]]:
        before = kept(connection)
        looked.set()
        written.wait(10)
        return before, kept(connection)

    reading = asyncio.create_task(database.read(twice))
    await asyncio.to_thread(looked.wait, 10)
    await database.write(keep("a"))
    written.set()
    before, after = await reading
    assert before == after == set()


async def test_a_database_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path / 'no such folder' / 'ledger.db'}")
    assert await missing.answers() is False
    missing.close()
    there = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert await there.answers() is True
    there.close()
