"""How Alembic reaches the database and takes turns with other processes."""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from bot.ledger.tables import metadata

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
    context.run_migrations()


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
