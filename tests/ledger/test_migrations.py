"""Bringing a database to the schema of this version, alone and in company."""

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, column, create_engine, insert, inspect, select, table, text

from bot.coordinator import Accepted
from bot.ledger.database import Database
from bot.ledger.schema import UnusableDatabase, alembic_config, upgrade
from bot.ledger.tables import Moment, metadata
from bot.ledger.verify import rebuild
from bot.release.ids import ReleaseKey
from bot.release.people.hours import Hours
from bot.release.refusal import Code
from bot.release.state import State
from tests.ledger.conftest import Join, is_sqlite
from tests.ledger.world import (
    BEN,
    CLEO,
    DAN,
    TEAM,
    Replica,
    StillClock,
    Town,
    approve,
    cancel,
    come_back,
    go_away,
    put_back,
    roll_back,
    set_hours,
    start,
)

ROOT = Path(__file__).parents[2]
LEFT = Path(__file__).with_name("left-by-0001.jsonl")
"""What the version with migration 0001 wrote: its story, an open release of another service, and answers."""
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@pytest.fixture
def url(empty_url: str) -> Iterator[str]:
    """A database that was migrated, rather than one that was made from the tables as they are."""
    upgrade(empty_url)
    with warnings.catch_warnings():
        # The migrations leave their connection to the garbage collector; the last test here says so.
        warnings.simplefilter("ignore")
        gc.collect()
        yield empty_url
        gc.collect()


def run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


async def look(url: str) -> tuple[set[str], Sequence[object]]:
    """Return the tables of a database, and how its schema differs from that of the code."""

    def compare(connection: Connection) -> tuple[set[str], Sequence[object]]:
        options = {"compare_type": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        return set(inspect(connection).get_table_names()), differences

    database = Database(url)
    seen = await database.read(compare)
    database.close()
    return seen


async def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    upgrade(empty_url)
    tables, _ = await look(empty_url)
    assert tables == {*metadata.tables, "alembic_version"}


async def test_the_migrations_lead_to_the_schema_of_the_code(url: str) -> None:
    assert (await look(url))[1] == []
    command.check(alembic_config(url))


async def test_the_comparison_notices_an_index_that_is_missing(url: str) -> None:
    database = Database(url)
    await database.write(lambda c: run(c, "DROP INDEX ix_releases_attention_at"))
    database.close()
    assert len((await look(url))[1]) == 1


async def test_partial_indexes_are_partial_on_every_database(url: str) -> None:
    """The comparison does not look at an index's condition, so this does."""
    catalogue = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if is_sqlite(url)
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    database = Database(url)
    rows = await database.read(lambda c: c.execute(text(catalogue)).all())
    database.close()
    conditions = {
        name: sql.split(" WHERE ")[-1].strip("()").replace('"', "") for name, sql in rows if " WHERE " in sql
    }
    assert conditions == {
        "uq_releases_open": "ended_at IS NULL",
        "ix_releases_attention_at": "attention_at IS NOT NULL",
        "ix_releases_unshown": "shown_seq < seq",
        "ix_releases_ended": "ended_at IS NOT NULL",
        "ix_deployments_unanswered": "answer IS NULL",
        "ix_runs_unsettled": "NOT settled",
        "ix_tellings_waiting": "told < head",
    }


async def test_migrating_again_changes_nothing(join: Join, url: str) -> None:
    replica = join()
    await replica.accepts(start())
    upgrade(url)
    await replica.accepts(approve(BEN))
    assert (await look(url))[1] == []


async def test_what_was_migrated_can_be_taken_back_and_done_again(url: str) -> None:
    command.downgrade(alembic_config(url), "base")
    assert (await look(url))[0] == {"alembic_version"}
    upgrade(url)
    assert (await look(url))[1] == []


# Over the data that the version before left


@pytest.fixture
def left() -> Rows:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for line in LEFT.read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            rows.setdefault(row.pop("table"), []).append({k: moment(k, v) for k, v in row.items()})
    return rows


def moment(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if is_moment(name) and value else value


def is_moment(name: str) -> bool:
    return name == "at" or name.endswith("_at")


def as_it_was(name: str, row: Mapping[str, Any]) -> Any:
    """Return a table with the columns that it had in a version."""
    return table(name, *(column(key, Moment() if is_moment(key) else None) for key in row))


def lasting(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row without what each version works out in its own way: when a release needs attention."""
    return {name: value for name, value in row.items() if name != "attention_at"}


def lasting_rows(left: Rows) -> Rows:
    return {name: [lasting(row) for row in rows] for name, rows in left.items()}


async def rows_of(database: Database, left: Rows) -> Rows:
    """Return what is in the columns that a version had, of the releases that it left."""

    def read(connection: Connection) -> Rows:
        found: dict[str, Sequence[Mapping[str, Any]]] = {}
        for name, rows in left.items():
            keys = [key.name for key in metadata.tables[name].primary_key]
            query = select(as_it_was(name, rows[0]))
            every = [lasting(dict(row)) for row in connection.execute(query).mappings()]
            found[name] = sorted(every, key=lambda row: tuple(row[key] for key in keys))
        return found

    return await database.read(read)


@pytest.fixture
def old_url(empty_url: str, left: Rows) -> str:
    """A database as the version with migration 0001 left it."""
    command.upgrade(alembic_config(empty_url), "0001")
    engine = create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        for name, rows in left.items():
            connection.execute(insert(as_it_was(name, rows[0])), rows)
    return empty_url


@pytest.fixture
def old(old_url: str, runbooks: Path, town: Town, clock: StillClock) -> Iterator[Replica]:
    """This version on the database of the one before, brought up to date."""
    upgrade(old_url)
    replica = Replica(old_url, runbooks, town, clock)
    clock.advance(days=2)
    yield replica
    replica.database.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


async def test_what_the_version_before_left_is_whole(old: Replica, left: Rows) -> None:
    assert await rows_of(old.database, left) == lasting_rows(left)
    assert await old.faults() == []
    query = text("SELECT DISTINCT kind, signed, locked FROM releases")
    (row,) = await old.database.read(lambda c: c.execute(query).all())
    assert (row.kind, bool(row.signed), bool(row.locked)) == ("normal", True, False)


async def test_rows_made_anew_of_what_the_version_before_left_are_the_same(old: Replica, left: Rows) -> None:
    assert await old.database.write(rebuild) == 4
    assert await rows_of(old.database, left) == lasting_rows(left)


async def test_releases_of_the_version_before_go_on(old: Replica) -> None:
    payments, open_one = ReleaseKey("payments-1"), ReleaseKey("checkout-3")
    assert (await old.accepts(approve(CLEO, payments))).state is State.IN_PROGRESS
    assert (await old.refuses(roll_back(CLEO))).code is Code.ANOTHER_ACTIVE
    await old.accepts(cancel(key=open_one))
    await old.accepts(roll_back(CLEO))
    assert (await old.accepts(put_back())).state is State.ROLLED_BACK
    assert (await old.refuses(start("1.1.0"))).code is Code.LOCKED
    assert await old.faults() == []


async def test_a_delivery_that_the_version_before_answered_is_not_answered_anew(old: Replica) -> None:
    again = await old.hears(start("8.8.8"), "press-0")
    assert isinstance(again, Accepted)
    assert (again.again, again.release.key) == (True, "checkout-1")
    assert (await old.refuses(start("8.8.8"), "typed-refused")).code is Code.ANOTHER_ACTIVE


async def test_a_start_after_the_version_before_needs_no_signature_where_nothing_changed(
    old: Replica,
) -> None:
    await old.accepts(cancel(key=ReleaseKey("checkout-3")))
    release = await old.accepts(start("1.1.0"))
    assert (release.key, release.policy, release.signed) == ("checkout-4", (), True)


async def test_the_version_before_gets_its_schema_and_its_rows_back(
    old: Replica, old_url: str, left: Rows
) -> None:
    command.downgrade(alembic_config(old_url), "0001")
    assert await rows_of(old.database, left) == lasting_rows(left)
    tables, _ = await look(old_url)
    assert tables == {*left, "alembic_version"}
    upgrade(old_url)
    assert await rows_of(old.database, left) == lasting_rows(left)
    assert await old.faults() == []
    assert (await look(old_url))[1] == []


async def test_what_was_taken_back_and_done_again_is_made_anew_from_the_events(
    old: Replica, old_url: str
) -> None:
    """Going back drops who is away, who works when and what is locked; the events still say it."""
    await old.notes(go_away(BEN, DAN, old.clock.now().replace(day=9)))
    await old.notes(set_hours(CLEO, 12, 20))
    await old.accepts(cancel(key=ReleaseKey("checkout-3")))
    await old.accepts(roll_back(CLEO))
    await old.accepts(put_back())
    command.downgrade(alembic_config(old_url), "0001")
    upgrade(old_url)
    assert await old.faults() == []
    assert (await old.refuses(start("1.1.0"))).code is Code.LOCKED
    await old.notes(come_back(BEN))
    assert await old.coordinator.hours_of(TEAM, CLEO) == Hours(zone="UTC", begins=time(12), ends=time(20))


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


async def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    database = Database(url)
    await database.write(lambda c: run(c, "UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabase) as refused:
        upgrade(url)
    assert str(refused.value).startswith(
        "The database was changed by a newer version of Rollcall, so this one leaves it alone."
        " Install the newer version, or name another DATABASE_URL."
    )
    version = text("SELECT version_num FROM alembic_version")
    assert await database.read(lambda c: c.scalar(version)) == "9999"
    database.close()


def test_a_database_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'no such folder' / 'ledger.db'}",
        "postgresql+psycopg://rollcall@127.0.0.1:1/rollcall",
    ):
        with pytest.raises(UnusableDatabase, match="The database cannot be used: "):
            upgrade(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rollcall.db",
        "mysql://me:secret@host/rollcall",
        "postgres://me:secret@host/rollcall",
        "sqlite:///.",
    ],
)
def test_an_address_of_no_database_says_so(url: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(UnusableDatabase) as refused:
        upgrade(url)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("This is a letter and no database.\n" * 100)
    with pytest.raises(UnusableDatabase, match="not a database"):
        upgrade(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_a_path_with_a_percent_sign_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "100%(here)s"
    folder.mkdir()
    upgrade(f"sqlite:///{folder / 'ledger.db'}")
    assert (folder / "ledger.db").exists()


@pytest.mark.proof
def test_processes_that_start_together_take_turns(empty_url: str) -> None:
    start_together(empty_url, processes=3)


async def test_a_migration_waits_for_its_turn(postgres_url: str) -> None:
    """The number of the lock stays, because versions that take turns may differ."""
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(7265010)"))
        migration = asyncio.create_task(asyncio.to_thread(upgrade, postgres_url))
        done, _ = await asyncio.wait([migration], timeout=0.6)
        assert not done
    await migration
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.mark.proof
@pytest.mark.parametrize("turn", range(8))
def test_processes_that_start_together_always_take_turns(empty_url: str, turn: int) -> None:
    start_together(empty_url, processes=4)


def start_together(url: str, *, processes: int) -> None:
    # Each says that it is ready and waits for a line, so that all migrate at the same moment.
    script = (
        "import sys; from bot.ledger.schema import upgrade; print(flush=True); sys.stdin.readline();"
        f" upgrade({url!r})"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60)[1].strip().split("\n")[-1] for process in running]
    assert [process.returncode for process in running] == [0] * processes, ends


def test_a_migration_leaves_no_connection_open(postgres_url: str) -> None:
    gc.collect()
    upgrade(postgres_url)
    with create_engine(postgres_url).connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        others = (connection.scalar(text(query)) or 0) - 1
    connection.engine.dispose()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
    assert others == 0
