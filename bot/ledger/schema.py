"""Bringing a database to the schema of this version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


class UnusableDatabase(Exception):
    """The database cannot be used: it cannot be reached, or a newer version of Rollcall has changed it."""


def upgrade(url: str) -> None:
    """Apply the migrations that are missing. Processes that start together take turns.

    Raises UnusableDatabase, saying what to do.
    """
    with _usable(url):
        command.upgrade(alembic_config(url), "head")


def missing_migrations(url: str) -> int:
    """Return how many migrations a database lacks, without changing it. Raises UnusableDatabase."""
    with _usable(url):
        scripts, at = ScriptDirectory.from_config(alembic_config(url)), _revision(url)
        return sum(1 for _ in scripts.iterate_revisions("head", at or "base"))


def _revision(url: str) -> str | None:
    file = make_url(url).database
    # To look at a file that is not there would make it.
    if make_url(url).get_backend_name() == "sqlite" and not (file and Path(file).is_file()):
        return None
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _usable(url: str) -> Iterator[None]:
    try:
        make_url(url).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError) as fault:
        # The address is not repeated, because it may hold a password.
        raise UnusableDatabase(
            "DATABASE_URL is no address of a database that Rollcall can use. Write sqlite:///file or"
            " postgresql+psycopg://user:password@host/name."
        ) from fault
    try:
        yield
    except CommandError as fault:
        raise UnusableDatabase(
            "The database was changed by a newer version of Rollcall, so this one leaves it alone."
            f" Install the newer version, or name another DATABASE_URL. ({fault})"
        ) from fault
    except DBAPIError as fault:
        raise UnusableDatabase(f"The database cannot be used: {fault.orig}") from fault


def alembic_config(url: str) -> Config:
    """Return the configuration with which Alembic works on the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # Alembic reads the option through a template, in which a percent sign is special.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
