"""What was acknowledged is in the ledger, whatever happens to the process."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest
from sqlalchemy import Connection, event, make_url, select, text
from sqlalchemy.exc import OperationalError

from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.schema import upgrade
from bot.ledger.tables import services
from bot.ledger.verify import verify
from bot.release.ids import ReleaseId
from tests.ledger.approving import comment_of
from tests.ledger.conftest import Join
from tests.ledger.world import BEN, CHECKOUT, TEAM, Replica, approve, start, write_runbook
from tests.postgres import OwnServer, Unavailable, start_own

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(sqlite_url: str) -> Iterator[Database]:
    upgrade(sqlite_url)
    database = Database(sqlite_url)
    yield database
    database.close()


def acknowledged_until(
    url: str, runbooks: Path, after: float, kill: Callable[[], None] | None = None
) -> list[str]:
    """Return what the approving process acknowledged until a kill, `after` seconds from its first line.

    What is killed is the process itself, unless something else is named.
    """
    command = [sys.executable, "-m", "tests.ledger.approving", url, str(runbooks)]
    with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, "It ended before anything was acknowledged."
        threading.Timer(after, kill or process.kill).start()
        rest = process.stdout.read()
    assert process.returncode == (1 if kill else -signal.SIGKILL)
    # What stands after the last line break was cut off in the middle of being printed.
    return (first + rest).split("\n")[:-1]


async def run_kills(url: str, tmp_path: Path, times: int) -> None:
    runbooks = tmp_path / "runbooks"
    write_runbook(runbooks, seats=2)
    acknowledged: list[str] = []
    for _ in range(times):
        after = random.uniform(0, 0.4)
        acknowledged += await asyncio.to_thread(acknowledged_until, url, runbooks, after)
    database = Database(url)
    entries = await database.read(lambda c: Ledger().entries(c, ReleaseId(TEAM, CHECKOUT)))
    kept = {f"{entry.seq} {comment_of(entry)}" for entry in entries}
    assert len(acknowledged) >= times
    assert set(acknowledged) <= kept
    assert await database.read(verify) == []
    database.close()


async def test_a_kill_loses_nothing_that_was_acknowledged(url: str, tmp_path: Path) -> None:
    await run_kills(url, tmp_path, times=1)


@pytest.mark.proof
async def test_ten_kills_lose_nothing_that_was_acknowledged(url: str, tmp_path: Path) -> None:
    await run_kills(url, tmp_path, times=10)


@pytest.fixture
def mortal() -> Iterator[OwnServer]:
    server = start_own(durable=True)
    if isinstance(server, Unavailable):
        pytest.skip(f"A crash of PostgreSQL is not tested on this machine: {server.reason}")
    yield server
    server.stop()


@pytest.mark.proof
async def test_a_killed_postgresql_has_all_that_was_acknowledged_and_is_found_again(
    mortal: OwnServer, tmp_path: Path
) -> None:
    url = mortal.create_database()
    upgrade(url)
    runbooks = tmp_path / "runbooks"
    write_runbook(runbooks, seats=2)
    acknowledged = await asyncio.to_thread(acknowledged_until, url, runbooks, 0.5, mortal.kill)
    assert len(acknowledged) > 1
    mortal.restart()
    database = Database(url)
    entries = await database.read(lambda c: Ledger().entries(c, ReleaseId(TEAM, CHECKOUT)))
    assert set(acknowledged) <= {f"{entry.seq} {comment_of(entry)}" for entry in entries}
    assert await database.read(verify) == []
    mortal.kill()
    assert await database.answers() is False
    mortal.restart()
    assert await database.answers() is True
    database.close()


async def test_every_connection_to_sqlite_is_durable(file: Database) -> None:
    seen: list[tuple[object, ...]] = []

    def ask(connection: Connection) -> None:
        # The readers each keep their connection until all have one.
        barrier.wait(10)
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        seen.append(tuple(connection.scalar(text(f"PRAGMA {name}")) for name in names))

    barrier = threading.Barrier(5)
    await asyncio.gather(file.write(ask), *(file.read(ask) for _ in range(4)))
    full = 2
    assert seen == [("wal", full, 1, 2000)] * 5


async def test_a_write_begins_by_locking_the_file(file: Database) -> None:
    begun: list[str] = []
    event.listen(
        file.engine,
        "before_cursor_execute",
        lambda *call: begun.append(call[2]) if "BEGIN" in call[2] else None,
    )
    await file.write(lambda c: c.scalar(select(services.c.releases)))
    await file.read(lambda c: c.scalar(select(services.c.releases)))
    assert begun == ["BEGIN IMMEDIATE", "BEGIN DEFERRED"]


async def test_a_write_that_only_reads_so_far_keeps_other_processes_out(file: Database) -> None:
    read, go = threading.Event(), threading.Event()

    def look(connection: Connection) -> None:
        connection.scalar(select(services.c.releases))
        read.set()
        go.wait(10)

    task = asyncio.create_task(file.write(look))
    await asyncio.to_thread(read.wait, 10)
    other = sqlite3.connect(make_url(str(file.url)).database or "", timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    go.set()
    await task


async def test_an_answer_comes_after_the_commit(replica: Replica) -> None:
    committed: list[str] = []
    event.listen(replica.database.engine, "commit", lambda _connection: committed.append("kept"))
    await replica.accepts(start())
    assert committed == ["kept"]
    assert replica.changed == [ReleaseId(TEAM, CHECKOUT)]


async def test_a_file_that_is_locked_is_waited_for_two_seconds_and_works_afterwards(
    sqlite_url: str, join: Join, url: str
) -> None:
    if url != sqlite_url:
        pytest.skip("PostgreSQL locks no file.")
    replica = join()
    await replica.accepts(start())
    other = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(OperationalError, match="locked"):
        await replica.hears(approve(BEN), "press-1")
    assert 1.5 < time.monotonic() - began < 3
    other.execute("ROLLBACK")
    other.close()
    assert await replica.kinds() == ["Started"]
    await replica.accepts(approve(BEN), "press-1")
    assert "Approved" in await replica.kinds()
