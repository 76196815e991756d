"""How Alembic reaches the database and takes turns with other processes."""

import logging

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from bot.ledger.tables import metadata
from bot.ledger.verify import EventsMissing, rebuild

log = logging.getLogger(__name__)

TURN = 7_265_010
"""The advisory lock under which one process at a time migrates a PostgreSQL database."""


def migrate(connection: Connection) -> None:
    """Run the migrations in the transaction of `connection`, when it is this process's turn."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
    else:
        # The driver begins no transaction before a CREATE TABLE by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    before = context.get_context().get_current_revision()
    context.run_migrations()
    after = context.get_context().get_current_revision()
    if after != before and after == context.get_head_revision():
        make_rows_anew(connection)


def make_rows_anew(connection: Connection) -> None:
    """Work out anew what follows from the events, for a version may see it in another way."""
    try:
        rebuild(connection)
    except EventsMissing as missing:
        log.error("Rows are left as they are, for events are missing: %s", missing)


def migrate_offline(url: str) -> None:
    """Print the SQL of the migrations."""
    context.configure(url=url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


url = context.config.get_alembic_option("sqlalchemy.url") or "sqlite:///rollcall.db"
if context.is_offline_mode():
    migrate_offline(url)
else:
    with create_engine(make_url(url), poolclass=NullPool).begin() as connection:
        migrate(connection)
