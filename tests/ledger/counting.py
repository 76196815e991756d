"""A process that reads a number, adds one and writes it back, over and over: `counting URL TIMES`."""

import asyncio
import sys

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.database import Database
from bot.ledger.tables import services
from tests.ledger.world import TEAM


def begin(connection: Connection) -> None:
    row = {"workspace": TEAM, "service": "count", "releases": 0}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(services).values(row).on_conflict_do_nothing())


def add_one(connection: Connection) -> None:
    count = connection.scalar(select(services.c.releases).with_for_update()) or 0
    connection.execute(update(services).values(releases=count + 1))


async def count(url: str, times: int) -> None:
    database = Database(url)
    await database.write(begin)
    for _ in range(times):
        await database.write(add_one)
    database.close()


if __name__ == "__main__":
    asyncio.run(count(sys.argv[1], int(sys.argv[2])))
