"""The database: durable transactions, run away from the event loop.

SQLite has one writer. Its transactions begin IMMEDIATE, because SQLAlchemy's default begins none before a
SELECT and so loses updates without an error; what waits is committed together, each piece of work in a
savepoint of its own. PostgreSQL runs each piece of work in its own transaction, and rows are locked by
`SELECT ... FOR UPDATE`. Neither waits for a lock longer than a click may take.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Work = Callable[[Connection], T]

LARGEST_BATCH: Final = 64
READERS: Final = 4
POSTGRES_WRITERS: Final = 8
LOCK_WAIT_S: Final = 2.0
"""How long a write waits for another to let go of the file or row. A click must be answered within three."""


class TransactionLost(Exception):
    """SQLite has rolled back all that was to be committed together, as it does when the disk is full."""


class DatabaseClosed(RuntimeError):
    """Nothing is written any more, because Rollcall is stopping."""


class Database:
    """Run pieces of work in transactions: `write` durably, `read` from a consistent state."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url)
        self.engine = _engine(self.url)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self._writer: _OneWriter | _ManyWriters
        self._writer = _OneWriter(self.engine) if self.sqlite else _ManyWriters(self.engine)

    @property
    def sqlite(self) -> bool:
        """Whether it is a SQLite file rather than a PostgreSQL server."""
        return self.url.get_backend_name() == "sqlite"

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once that is durable."""
        return await asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which only reads, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Work[T]) -> T:
        # Each statement of PostgreSQL would otherwise see a newer state than the one before.
        option = {"sqlite_begin": "DEFERRED"} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(**option) as connection:
            return work(connection)

    async def answers(self) -> bool:
        """Whether the database can be read."""
        try:
            return await self.read(lambda connection: connection.scalar(select(1)) == 1)
        except DBAPIError:
            return False

    def close(self) -> None:
        """Finish what was submitted, then let go of the database."""
        self._writer.close()
        self._readers.shutdown()
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class _Piece:
    work: Work[Any]
    result: "Future[Any]"

    def run(self, connection: Connection) -> tuple["Future[Any]", Any, BaseException | None]:
        try:
            with connection.begin_nested():
                return self.result, self.work(connection), None
        except BaseException as fault:
            # It is raised again where the work was submitted.
            if not _is_in_transaction(connection):
                raise TransactionLost from fault
            return self.result, None, fault


def _is_in_transaction(connection: Connection) -> bool:
    # The driver knows; its commit does nothing, without an error, where there is nothing to commit.
    driver = connection.connection.driver_connection
    return driver is not None and bool(driver.in_transaction)


class _OneWriter:
    """Run all work on one thread, and commit together what has come in meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pieces: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._submitting = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="write", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "Future[T]":
        result: Future[T] = Future()
        with self._submitting:
            if self._closed:
                raise DatabaseClosed
            self._pieces.put(_Piece(work, result))
        return result

    def close(self) -> None:
        with self._submitting:
            self._closed = True
            self._pieces.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._pieces.get()) is not None:
            batch, last = self._batch(first)
            self._commit(batch)
            if last:
                return

    def _batch(self, first: _Piece) -> tuple[Sequence[_Piece], bool]:
        batch = [first]
        while len(batch) < LARGEST_BATCH:
            try:
                piece = self._pieces.get_nowait()
            except queue.Empty:
                break
            if piece is None:
                return batch, True
            batch.append(piece)
        return batch, False

    def _commit(self, batch: Sequence[_Piece]) -> None:
        try:
            with self._engine.begin() as connection:
                outcomes = [piece.run(connection) for piece in batch]
        except BaseException as fault:  # noqa: BLE001 - Nothing of the batch was kept, and each is told so.
            outcomes = [(piece.result, None, fault) for piece in batch]
        for result, value, trouble in outcomes:
            _settle(result, value, trouble)


def _settle(result: "Future[Any]", value: object, trouble: BaseException | None) -> None:
    if not result.set_running_or_notify_cancel():
        return
    if trouble is None:
        result.set_result(value)
    else:
        result.set_exception(trouble)


class _ManyWriters:
    """Run each piece of work in a transaction of its own, several at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(POSTGRES_WRITERS, thread_name_prefix="write")

    def submit(self, work: Work[T]) -> "Future[T]":
        return self._threads.submit(self._run, work)

    def close(self) -> None:
        self._threads.shutdown()

    def _run(self, work: Work[T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        wait = {"options": f"-c lock_timeout={int(LOCK_WAIT_S * 1000)}", "connect_timeout": 3}
        return create_engine(url, pool_size=POSTGRES_WRITERS + READERS, pool_pre_ping=True, connect_args=wait)
    engine = create_engine(url, pool_size=READERS + 2, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, and says how.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={int(LOCK_WAIT_S * 1000)}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _use_wal(connection: Any) -> None:
    # The first switch needs the file for itself, and SQLite does not wait for that as it does for a lock.
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    how = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {how}")
