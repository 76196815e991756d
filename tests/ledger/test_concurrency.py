"""Many people at once: every answer fits one order, on one replica, on two, and from two processes."""

import asyncio
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.coordinator import Accepted, Answer
from bot.ledger.database import Database
from bot.ledger.tables import services
from bot.release.command import Command, Facts
from bot.release.decide import decide, fold
from bot.release.ids import ReleaseId, UserId
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.runbook.read import Runbooks
from tests.ledger.conftest import Join, is_sqlite
from tests.ledger.world import (
    ANA,
    BEN,
    CHECKOUT,
    CLEO,
    MORNING,
    TEAM,
    Replica,
    Town,
    approve,
    begin,
    cancel,
    finish,
    reject,
    start,
    write_runbook,
)

ROOT = Path(__file__).parents[2]
FIRST = ReleaseId(TEAM, CHECKOUT)
PEOPLE = tuple(UserId(f"U{number:02}") for number in range(16))


@pytest.fixture
def pair(join: Join) -> tuple[Replica, Replica]:
    return join(), join()


def in_turn(pair: Sequence[Replica]) -> Iterator[Replica]:
    return itertools.cycle(pair)


@pytest.mark.parametrize("replicas", [1, 2])
async def test_sixteen_approvers_at_once_are_each_counted_once(
    replicas: int, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    write_runbook(runbooks, seats=16)
    town.groups["qa"] = PEOPLE
    await pair[0].accepts(start())
    turns = in_turn(pair[:replicas])
    answers = await asyncio.gather(*(next(turns).hears(approve(by)) for by in PEOPLE))
    assert all(isinstance(answer, Accepted) for answer in answers)
    entries = await pair[0].entries()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    kinds = [type(entry.event).__name__ for entry in entries]
    assert kinds == ["Started", *["Approved"] * 16, "GatesMet", "StageBegan"]
    assert {entry.event.by for entry in entries[1:17]} == set(PEOPLE)
    assert await pair[0].faults() == []
    # Each answer shows the release as it stood then: no two have the same number of votes.
    votes = sorted(len(answer.release.votes) for answer in answers if isinstance(answer, Accepted))
    assert votes == list(range(1, 17))


@pytest.mark.parametrize("replicas", [1, 2])
async def test_ten_starts_at_once_give_one_release(replicas: int, pair: Sequence[Replica]) -> None:
    turns = in_turn(pair[:replicas])
    answers = await asyncio.gather(*(next(turns).hears(start(f"1.{n}.0")) for n in range(10)))
    assert Counter(map(outcome, answers)) == {"yes": 1, Code.ANOTHER_ACTIVE: 9}
    assert await pair[0].kinds() == ["Started"]
    assert await pair[0].faults() == []
    assert await pair[0].database.read(lambda c: c.scalar(select(services.c.releases))) == 1


async def test_a_start_waits_for_another_that_is_being_decided(pair: Sequence[Replica]) -> None:
    """The row of the service exists by then, so that nothing but its lock makes them take turns."""
    await pair[0].accepts(start())
    await pair[0].accepts(cancel())
    with pair[0].database.engine.begin() as connection:
        pair[0].ledger.lock_service(connection, TEAM, "checkout", "1.1.0")
        other = asyncio.create_task(pair[1].hears(start("1.1.0")))
        done, _ = await asyncio.wait([other], timeout=0.4)
        assert not done
    assert outcome(await other) == "yes"


async def test_services_are_started_at_once_without_hindering_each_other(
    pair: Sequence[Replica], runbooks: Path
) -> None:
    names = [f"service-{number}" for number in range(8)]
    for name in names:
        write_runbook(runbooks, name)
    turns = in_turn(pair)
    answers = await asyncio.gather(*(next(turns).hears(start(service=name)) for name in names))
    assert [outcome(answer) for answer in answers] == ["yes"] * 8
    assert await pair[0].faults() == []


@pytest.mark.parametrize("replicas", [1, 2])
async def test_the_same_delivery_ten_times_at_once_has_one_effect_and_ten_kind_answers(
    replicas: int, pair: Sequence[Replica]
) -> None:
    await pair[0].accepts(start())
    turns = in_turn(pair[:replicas])
    answers = await asyncio.gather(*(next(turns).hears(approve(BEN), "press-1") for _ in range(10)))
    assert [outcome(answer) for answer in answers] == ["yes"] * 10
    assert Counter(answer.again for answer in answers if isinstance(answer, Accepted)) == {False: 1, True: 9}
    assert Counter(await pair[0].kinds())["Approved"] == 1


async def test_the_same_start_ten_times_at_once_gives_one_release_and_ten_kind_answers(
    pair: Sequence[Replica],
) -> None:
    turns = in_turn(pair)
    answers = await asyncio.gather(*(next(turns).hears(start(), "typed-1") for _ in range(10)))
    assert [outcome(answer) for answer in answers] == ["yes"] * 10
    assert {answer.release.key for answer in answers if isinstance(answer, Accepted)} == {CHECKOUT}


async def test_the_same_refused_delivery_ten_times_at_once_is_refused_ten_times(
    pair: Sequence[Replica],
) -> None:
    turns = in_turn(pair)
    answers = await asyncio.gather(*(next(turns).hears(approve(BEN), "press-1") for _ in range(10)))
    assert [outcome(answer) for answer in answers] == [Code.UNKNOWN_RELEASE] * 10


RACES: dict[str, Sequence[Command]] = {
    "the last approvals, a no and a cancel": (approve(BEN), approve(CLEO), reject(CLEO), cancel()),
    "two who press twice": (approve(BEN), approve(BEN), approve(CLEO), approve(CLEO)),
    "a no that is taken back": (reject(BEN), approve(BEN), approve(CLEO), cancel(UserId("UEVE"))),
    "a step against a cancel": (approve(BEN), approve(CLEO), finish(ANA, 0), cancel()),
    "go before its time": (begin(), approve(BEN), reject(BEN), cancel()),
}


@pytest.mark.parametrize("race", RACES)
async def test_the_answers_of_a_race_fit_one_order(
    race: str, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    await run_races(race, pair, town, runbooks, rounds=4)


@pytest.mark.proof
@pytest.mark.parametrize("race", RACES)
async def test_the_answers_of_many_races_fit_one_order(
    race: str, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    await run_races(race, pair, town, runbooks, rounds=40)


async def run_races(race: str, pair: Sequence[Replica], town: Town, runbooks: Path, *, rounds: int) -> None:
    commands = RACES[race]
    for number in range(rounds):
        service = f"race-{number}"
        write_runbook(runbooks, service, seats=2)
        before = await pair[0].accepts(start(service=service))
        aimed = [aim(command, before) for command in commands]
        # The first to be sent is another one in each round, and so is the replica that it is sent to.
        shift = number % len(aimed)
        turns = itertools.islice(in_turn(pair), number // len(aimed) % 2, None)
        order = [*aimed[shift:], *aimed[:shift]]
        answers = await asyncio.gather(*(next(turns).hears(command) for command in order))
        facts = Facts(now=MORNING, members=members(runbooks, service, town))
        kinds = (await pair[0].kinds(before.key))[1:]
        assert fits_one_order(before, order, facts, [outcome(a) for a in answers], kinds), (order, answers)
    assert await pair[0].faults() == []


def aim(command: Command, release: Release) -> Command:
    return replace(command, release=release.key)


def members(runbooks: Path, service: str, town: Town) -> dict[str, tuple[UserId, ...] | None]:
    roles = Runbooks(runbooks).for_service(service).roles
    return {role.name: (ANA,) if role.starter else town.people_in(role) for role in roles}


def outcome(answer: Answer) -> str:
    return answer.code if isinstance(answer, Refused) else "yes"


def fits_one_order(
    before: Release,
    commands: Sequence[Command],
    facts: Facts,
    answers: Sequence[str],
    kinds: Sequence[str],
) -> bool:
    """Tell whether the commands, one after the other in some order, give these answers and these events."""
    return any(
        replay(before, [commands[i] for i in order], facts) == ([answers[i] for i in order], list(kinds))
        for order in itertools.permutations(range(len(commands)))
    )


def replay(before: Release, commands: Sequence[Command], facts: Facts) -> tuple[list[str], list[str]]:
    release, answers, kinds = before, list[str](), list[str]()
    for command in commands:
        decision = decide(release, command, facts)
        if isinstance(decision, Refused):
            answers.append(decision.code)
            continue
        answers.append("yes")
        kinds += [type(event).__name__ for event in decision]
        release = fold(decision, release)
    return answers, kinds


async def test_the_check_of_an_order_notices_answers_that_fit_none(
    pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    before = await pair[0].accepts(start())
    facts = Facts(now=MORNING, members=members(runbooks, "checkout", town))
    both = (approve(BEN), cancel())
    yes = ["Approved", "GatesMet", "StageBegan"]
    assert fits_one_order(before, both, facts, ["yes", "yes"], [*yes, "Cancelled"])
    assert fits_one_order(before, both, facts, [Code.ENDED, "yes"], ["Cancelled"])
    assert not fits_one_order(before, both, facts, ["yes", "yes"], ["Cancelled", *yes])
    assert not fits_one_order(before, both, facts, [Code.ENDED, Code.ENDED], [])


async def test_people_in_different_releases_do_not_wait_for_each_other(
    pair: Sequence[Replica], url: str, runbooks: Path
) -> None:
    if is_sqlite(url):
        pytest.skip("SQLite has one writer.")
    write_runbook(runbooks, "payments")
    await pair[0].accepts(start())
    payments = await pair[0].accepts(start(service="payments"))
    with pair[0].database.engine.begin() as connection:
        pair[0].ledger.lock(connection, FIRST)
        await asyncio.wait_for(pair[1].accepts(approve(BEN, key=payments.key)), timeout=5)


async def test_a_release_that_another_session_holds_is_not_waited_for_longer_than_a_click_may(
    pair: Sequence[Replica],
) -> None:
    await pair[0].accepts(start())
    with pair[0].database.engine.begin() as connection:
        pair[0].ledger.lock(connection, FIRST)
        with pytest.raises(OperationalError):
            await asyncio.wait_for(pair[1].hears(approve(BEN), "press-1"), timeout=4)
    await pair[1].accepts(approve(BEN), "press-1")
    assert Counter(await pair[0].kinds())["Approved"] == 1


async def test_two_processes_that_count_in_one_database_lose_nothing(url: str) -> None:
    each = 60
    await asyncio.gather(*(asyncio.to_thread(count_in_a_process, url, each) for _ in range(2)))
    database = Database(url)
    assert await database.read(lambda c: c.scalar(select(services.c.releases))) == 2 * each
    database.close()


def count_in_a_process(url: str, times: int) -> None:
    command = [sys.executable, "-m", "tests.ledger.counting", url, str(times)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


async def test_runbooks_are_read_from_several_threads_without_one_going_missing(runbooks: Path) -> None:
    names = [f"service-{number}" for number in range(6)]
    for name in names:
        write_runbook(runbooks, name)
    shared = Runbooks(runbooks)
    shared.services()

    def look(name: str) -> list[str]:
        return [shared.for_service(name).title for _ in range(30)]

    found = await asyncio.gather(*(asyncio.to_thread(look, name) for name in names))
    assert found == [[name] * 30 for name in names]
