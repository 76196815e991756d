"""The deployments that wait, as they are kept on each database."""

from datetime import timedelta

import pytest

from bot.ledger.database import Database
from bot.ledger.progress import deployments
from bot.ledger.progress.deployments import Answer, Deployment, Standing
from bot.release.ids import ReleaseKey
from tests.ledger.world import CHECKOUT, MORNING, TEAM

LATER = MORNING + timedelta(minutes=5)


def deployment(number: str = "1", environment: str = "production") -> Deployment:
    return Deployment(
        repository="https://github.com/acme/shop",
        pipeline="https://github.com/acme/shop/actions/runs/7",
        environment=environment,
        number=number,
        commit="a" * 40,
        ref="main",
        sender="bea-gh",
    )


async def keep(database: Database, one: Deployment) -> None:
    at = LATER
    await database.write(lambda c: deployments.keep(c, TEAM, one, at))


async def standing(database: Database, one: Deployment) -> Standing | None:
    return await database.read(lambda c: deployments.standing(c, TEAM, one))


async def test_what_waits_is_kept_once_and_read_back(database: Database) -> None:
    first, second = deployment(), deployment("2", "staging")
    await database.write(lambda c: deployments.keep(c, TEAM, first, MORNING))
    for one in (second, first):
        await keep(database, one)
    assert await database.read(lambda c: deployments.waiting(c, TEAM)) == [first, second]
    assert await standing(database, first) == Standing(at=MORNING, release=None, told="", reports=0)


async def test_it_is_told_something_by_one_process_alone(database: Database) -> None:
    one = deployment()
    await keep(database, one)
    before = await standing(database, one)
    assert before is not None
    told = [await database.write(lambda c: deployments.tell(c, TEAM, one, "It waits.", 0)) for _ in range(2)]
    assert told == [True, False]
    assert await standing(database, one) == Standing(at=LATER, release=None, told="It waits.", reports=1)
    await database.write(lambda c: deployments.untell(c, TEAM, one, before))
    assert await standing(database, one) == before


@pytest.mark.parametrize("answer", Answer)
async def test_what_is_settled_waits_no_more_and_stays_so(database: Database, answer: Answer) -> None:
    one, other = deployment(), deployment("2")
    for each in (one, other):
        await keep(database, each)
    await database.write(lambda c: deployments.bind(c, TEAM, other, CHECKOUT))
    await database.write(lambda c: deployments.settle(c, TEAM, one, answer))
    await keep(database, one)
    assert await standing(database, one) is None
    assert await database.read(lambda c: deployments.waiting(c, TEAM)) == [other]
    there = await standing(database, other)
    assert there is not None
    assert there.release == ReleaseKey("checkout-1")


async def test_one_without_a_number_may_wait_anew(database: Database) -> None:
    one = deployment("")
    await keep(database, one)
    await database.write(lambda c: deployments.bind(c, TEAM, one, CHECKOUT))
    await database.write(lambda c: deployments.tell(c, TEAM, one, "It waits.", 0))
    await keep(database, one)
    there = await standing(database, one)
    assert there is not None
    assert there.told == "It waits."
    await database.write(lambda c: deployments.settle(c, TEAM, one, Answer.REJECTED))
    await keep(database, one)
    assert await standing(database, one) == Standing(at=LATER, release=None, told="", reports=0)
