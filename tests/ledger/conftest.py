"""The ledger on each database that it promises to run on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.tables import metadata
from tests.ledger.world import Replica, StillClock, Town, write_runbook
from tests.postgres import PostgresServer, Unavailable, start

Join = Callable[[], Replica]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer | Unavailable]:
    server = start()
    yield server
    if isinstance(server, PostgresServer):
        server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgres_url(postgres: PostgresServer | Unavailable) -> str:
    """An empty PostgreSQL database."""
    if isinstance(postgres, Unavailable):
        pytest.skip(f"PostgreSQL is not tested on this machine: {postgres.reason}")
    return postgres.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A database without any table, of each kind in turn."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
def url(empty_url: str) -> str:
    """A database with the tables of this version and nothing in them."""
    # Quicker than the migrations, which lead to the same: their own tests make sure of it.
    engine = create_engine(empty_url, poolclass=NullPool)
    metadata.create_all(engine)
    return empty_url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def runbooks(tmp_path: Path) -> Path:
    folder = tmp_path / "runbooks"
    write_runbook(folder)
    return folder


@pytest.fixture
def join(url: str, runbooks: Path, town: Town, clock: StillClock) -> Iterator[Join]:
    """Start a replica: on PostgreSQL with a database of its own, on SQLite as another process would."""
    joined: list[Replica] = []

    def one() -> Replica:
        joined.append(Replica(url, runbooks, town, clock))
        return joined[-1]

    yield one
    for replica in joined:
        replica.database.close()


@pytest.fixture
def replica(join: Join) -> Replica:
    return join()


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"
