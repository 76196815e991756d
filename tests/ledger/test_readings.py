"""Which checks are to be read, and when: the same on every database."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.ledger.database import Database
from bot.ledger.progress import readings
from bot.ledger.progress.readings import Due
from bot.release.release import Release
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed
from bot.runbook.model import Check, Stage
from tests.release.given import NINE, ana, ben, gated, needs, play, reading, runbook, started, steps

MINUTE = timedelta(minutes=1)
HEALTH = Check(name="health", read=Read(url="https://shop.example/health"))


def waiting() -> Release:
    """Return a release that waits for a check that is read."""
    return started(gated(needs("Green", CheckPassed(check="health")), checks=(HEALTH,)))


async def follow(database: Database, before: Release | None, after: Release) -> None:
    await database.write(lambda c: readings.follow(c, before, after))


async def due(database: Database, at: datetime = NINE) -> Sequence[Due]:
    return await database.read(lambda c: readings.due(c, at, 10))


async def test_a_check_is_due_at_once_and_taken_by_one(database: Database) -> None:
    release = waiting()
    await follow(database, None, release)
    (one,) = await due(database)
    assert one == Due(release=release.id, check="health", at=NINE)
    takes = (database.write(lambda c: readings.take(c, one, NINE + MINUTE)) for _ in range(8))
    assert sorted(await asyncio.gather(*takes)) == [False] * 7 + [True]
    assert await due(database) == []
    assert [again.at for again in await due(database, NINE + MINUTE)] == [NINE + MINUTE]


async def test_what_goes_on_keeps_its_time_and_what_changes_is_due_at_once(database: Database) -> None:
    release = waiting()
    await follow(database, None, release)
    (one,) = await due(database)
    await database.write(lambda c: readings.take(c, one, NINE + MINUTE))
    failing = play(release, reading.fails("health"))
    await follow(database, release, failing)
    assert await due(database) == []
    changed = play(failing, ana.changes("1.4.1"))
    await follow(database, failing, changed)
    assert len(await due(database)) == 1
    await follow(database, changed, play(changed, ana.cancels()))
    assert await due(database, NINE + timedelta(days=1)) == []


async def test_what_was_read_for_one_stage_is_due_at_once_for_the_next(database: Database) -> None:
    green = needs("Green", CheckPassed(check="health"))
    stages = (Stage(name=name, owner="qa", gates=(green,), steps=steps(name)) for name in ("Canary", "Live"))
    canary = started(runbook(*stages, checks=(HEALTH,)))
    await follow(database, None, canary)
    (one,) = await due(database)
    await database.write(lambda c: readings.take(c, one, NINE + MINUTE))
    await follow(database, canary, play(canary, reading.passes("health"), ben.finishes("Canary")))
    assert [again.at for again in await due(database)] == [NINE]
