"""Bringing a database to the schema of this version, alone and in company."""

import asyncio
import contextlib
import gc
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from bot.ledger.database import Database
from bot.ledger.schema import UnusableDatabase, alembic_config, upgrade
from bot.ledger.tables import metadata
from tests.ledger.conftest import Join, is_sqlite
from tests.ledger.world import BEN, approve, start

ROOT = Path(__file__).parents[2]


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
