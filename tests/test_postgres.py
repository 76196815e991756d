"""The server that the tests bring along is a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.postgres import CannotStart, OwnServer, PostgresServer, Unavailable, start, start_own


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = start()
    if isinstance(server, Unavailable):
        pytest.skip(f"PostgreSQL is not tested on this machine: {server.reason}")
    yield server
    server.stop()


@pytest.fixture
def mortal() -> Iterator[OwnServer]:
    server = start_own(durable=True)
    if isinstance(server, Unavailable):
        pytest.skip(f"A crash of PostgreSQL is not tested on this machine: {server.reason}")
    yield server
    server.stop()


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def test_every_database_is_new_and_empty(server: PostgresServer) -> None:
    first, second = server.create_database(), server.create_database()
    with connect(first) as connection:
        connection.execute("CREATE TABLE release (key text)")
    with connect(second) as connection:
        assert connection.execute("SELECT to_regclass('release')").fetchone() == (None,)


def test_a_locked_row_is_skipped_by_others(server: PostgresServer) -> None:
    url = server.create_database()
    with connect(url) as one, connect(url) as other:
        one.execute("CREATE TABLE job (id int); INSERT INTO job VALUES (1), (2)")
        one.commit()
        take = "SELECT id FROM job ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        assert one.execute(take).fetchone() == (1,)
        assert other.execute(take).fetchone() == (2,)


def test_what_was_committed_outlives_a_kill(mortal: OwnServer) -> None:
    url = mortal.create_database()
    with connect(url) as connection:
        connection.execute("CREATE TABLE event (id int); INSERT INTO event VALUES (1)")
        connection.commit()
        mortal.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    mortal.restart()
    with connect(url) as connection:
        assert connection.execute("SELECT id FROM event").fetchall() == [(1,)]


def test_stopping_drops_what_was_created(server: PostgresServer) -> None:
    guest = start(environ={"ROLLCALL_TEST_PG": server.url})
    assert isinstance(guest, PostgresServer)
    url = guest.create_database()
    guest.stop()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(url)


def test_a_named_server_that_does_not_answer_is_not_replaced_in_silence() -> None:
    answer = start(environ={"ROLLCALL_TEST_PG": "postgresql://postgres@127.0.0.1:1/postgres"})
    assert isinstance(answer, Unavailable)
    assert "ROLLCALL_TEST_PG" in answer.reason


def test_binaries_that_cannot_run_say_why(tmp_path: Path) -> None:
    binaries = tmp_path / "server" / "bin"
    binaries.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (binaries / name).write_text("#!/bin/sh\necho no shared memory here\nexit 1\n")
        (binaries / name).chmod(0o755)
    with pytest.raises(CannotStart, match="no shared memory here"):
        OwnServer(binaries, durable=False)
