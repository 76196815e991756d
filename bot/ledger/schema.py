"""Bringing a database to the schema of this version."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


class UnusableDatabase(Exception):
    """The database cannot be used: it cannot be reached, or a newer version of Rollcall has changed it."""


def upgrade(url: str) -> None:
    """Apply the migrations that are missing. Processes that start together take turns.

    Raises UnusableDatabase, saying what to do.
    """
    try:
        make_url(url).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError) as fault:
        # The address is not repeated, because it may hold a password.
        raise UnusableDatabase(
            "DATABASE_URL is no address of a database that Rollcall can use. Write sqlite:///file or"
            " postgresql+psycopg://user:password@host/name."
        ) from fault
    try:
        command.upgrade(alembic_config(url), "head")
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
