"""Many people at once: every answer fits one order, on one replica, on two, and from two processes."""

import asyncio
import itertools
import multiprocessing
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from bot.coordinator import Accepted, Answer, Noted
from bot.ledger import own, tables
from bot.ledger.database import Database
from bot.ledger.progress import runs
from bot.ledger.progress.answers import Delivery
from bot.ledger.tables import services
from bot.release.command import Command
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.refusal import Code, Refused
from bot.release.stages.start import Start
from bot.release.state import State
from bot.runbook.files.read import Runbooks
from tests.ledger.conftest import Join, is_sqlite
from tests.ledger.orders import Asked, Heard, Ledger, Village, fits_one_order, in_words
from tests.ledger.races import RACES, TOMORROW, at_once, do, do_here, hands, prepare, written
from tests.ledger.races import join as join_here
from tests.ledger.world import (
    ANA,
    BEN,
    CHECKOUT,
    CLEO,
    DAN,
    EVE,
    RUNBOOK,
    TEAM,
    Replica,
    Town,
    approve,
    attend,
    begin,
    cancel,
    complete,
    finish,
    go_away,
    put_back,
    reject,
    roll_back,
    start,
    unlock,
    write_runbook,
)

ROOT = Path(__file__).parents[2]
FIRST = ReleaseId(TEAM, CHECKOUT)
PEOPLE = tuple(UserId(f"U{number:02}") for number in range(64))
ROLES = ("web", "shop", "data", "mail")
QUICK, MANY = 2, 40
"""How many histories of each race are run."""


@pytest.fixture
def pair(join: Join) -> tuple[Replica, Replica]:
    return join(), join()


def in_turn(pair: Sequence[Replica]) -> Iterator[Replica]:
    return itertools.cycle(pair)


@pytest.mark.parametrize("replicas", [1, 2])
async def test_sixty_four_approvers_at_once_are_each_counted_once(
    replicas: int, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    ask_everybody(town, runbooks)
    await pair[0].accepts(start())
    turns = in_turn(pair[:replicas])
    answers = await asyncio.gather(*(next(turns).hears(approve(by)) for by in PEOPLE))
    assert all(isinstance(answer, Accepted) for answer in answers)
    entries = await pair[0].entries()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    kinds = [type(entry.event).__name__ for entry in entries]
    assert kinds == ["Started", *["Approved"] * 64, "GatesMet", "StageBegan"]
    assert {entry.event.by for entry in entries[1:65]} == set(PEOPLE)
    assert await pair[0].faults() == []
    # Each answer shows the release as it stood then: no two have the same number of votes.
    votes = sorted(len(answer.release.votes) for answer in answers if isinstance(answer, Accepted))
    assert votes == list(range(1, 65))


def ask_everybody(town: Town, runbooks: Path) -> None:
    """Let the gate ask all of 64 people, sixteen in each of four roles."""
    town.groups.update({role: PEOPLE[index::4] for index, role in enumerate(ROLES)})
    roles = "".join(f"  {role}: {{group: {role}}}\n" for role in ROLES)
    text = RUNBOOK.format(service="checkout", seats=1).replace("roles:\n", f"roles:\n{roles}")
    asked = ", ".join(f"{role}: 16" for role in ROLES)
    (runbooks / "checkout.yaml").write_text(text.replace("{qa: 1}", f"{{{asked}}}"), encoding="utf-8")


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
        pair[0].ledger.lock_service(connection, TEAM, "checkout")
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


@pytest.mark.parametrize("replicas", [1, 2])
async def test_the_answers_of_a_race_fit_one_order(
    replicas: int, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    await run_races(pair[:replicas], town, runbooks, rounds=QUICK)


@pytest.mark.proof
@pytest.mark.parametrize("replicas", [1, 2])
async def test_the_answers_of_many_races_fit_one_order(
    replicas: int, pair: Sequence[Replica], town: Town, runbooks: Path
) -> None:
    await run_races(pair[:replicas], town, runbooks, rounds=MANY)


async def run_races(replicas: Sequence[Replica], town: Town, runbooks: Path, *, rounds: int) -> None:
    write_runbook(runbooks, seats=2)
    for name, number in itertools.product(RACES, range(rounds)):
        # A workspace of its own for each, so that none is in the way of the next.
        workspace, chance = WorkspaceId(f"{name} {number}"), random.Random(f"{name} {number}")
        before = await prepare(replicas[0], town, RACES[name], workspace)
        heard = await at_once(replicas, hands(RACES[name], workspace, chance))
        ledger = await written(replicas[0], workspace)
        assert fits_one_order(before, heard, ledger), f"{workspace}. {in_words(heard, ledger)}"
    assert await replicas[0].faults() == []


@pytest.mark.proof
async def test_the_answers_of_many_races_of_processes_fit_one_order(
    replica: Replica, town: Town, runbooks: Path, url: str
) -> None:
    # Two other processes do what half of the hands do each.
    write_runbook(runbooks, seats=2)
    spawn, loop = multiprocessing.get_context("spawn"), asyncio.get_running_loop()
    with ExitStack() as stack:
        # A pool of one each, so that neither takes both halves.
        pools = [
            stack.enter_context(
                ProcessPoolExecutor(1, mp_context=spawn, initializer=join_here, initargs=(url, runbooks))
            )
            for _ in range(2)
        ]
        await asyncio.gather(*(loop.run_in_executor(pool, do_here, (), 0.0) for pool in pools))
        for name, number in itertools.product(RACES, range(MANY)):
            workspace, chance = WorkspaceId(f"{name} {number}"), random.Random(f"{name} {number}")
            before = await prepare(replica, town, RACES[name], workspace)
            every, at = hands(RACES[name], workspace, chance), time.monotonic() + 0.02
            halves = (
                loop.run_in_executor(pool, do_here, every[half::2], at) for half, pool in enumerate(pools)
            )
            heard = [one for half in await asyncio.gather(*halves) for one in half]
            ledger = await written(replica, workspace)
            assert fits_one_order(before, heard, ledger), f"{workspace}. {in_words(heard, ledger)}"
    assert await replica.faults() == []


# The check itself


async def test_the_check_of_an_order_notices_answers_that_fit_none(replica: Replica, town: Town) -> None:
    before, heard, ledger = await one_after_the_other(replica, town, approve(BEN), cancel(), reject(CLEO))
    assert fits_one_order(before, heard, ledger)
    refused = heard[2].answer
    assert isinstance(refused, Refused)
    # All three at once fit no other order than the one in which they came, by what was written.
    together = [replace(one, since=0.0, until=1.0) for one in heard]
    assert fits_one_order(before, together, ledger)
    for wrong in (
        [heard[0], replace(heard[1], answer=refused), heard[2]],  # It was cancelled, and nobody is told.
        [replace(heard[0], answer=refused), *heard[1:]],  # The approval was refused, and is written.
        [*heard[:2], replace(heard[2], answer=heard[1].answer)],  # What had ended took a no.
        [*heard[:2], replace(heard[2], answer=replace(refused, because="No."))],
        [*heard[:2], replace(heard[2], answer=replace(refused, code=Code.STALE))],
        heard[:1],  # What was written was asked for by nobody.
    ):
        assert not fits_one_order(before, wrong, ledger)


async def test_the_check_of_an_order_notices_an_event_that_is_lost_or_doubled(
    replica: Replica, town: Town
) -> None:
    before, heard, ledger = await one_after_the_other(replica, town, approve(BEN), reject(CLEO))
    events = ledger[CHECKOUT]
    for wrong in (events[:-1], [*events, events[-1]], [events[0], *reversed(events[1:])]):
        assert not fits_one_order(before, heard, {CHECKOUT: wrong})


async def test_the_check_of_an_order_notices_an_answer_from_before_another_was_given(
    replica: Replica, town: Town
) -> None:
    """A no that came after a cancel was answered cannot have been taken before it."""
    before, heard, ledger = await one_after_the_other(replica, town, reject(CLEO), cancel())
    no, off = heard
    assert fits_one_order(before, [no, off], ledger)
    assert fits_one_order(before, [replace(no, since=off.since, until=off.until), off], ledger)
    assert not fits_one_order(before, [replace(no, since=off.until + 1, until=off.until + 2), off], ledger)


async def one_after_the_other(
    replica: Replica, town: Town, *commands: Command
) -> tuple[Village, list[Heard], Ledger]:
    before = await prepare(replica, town, RACES["everybody is asked"], TEAM)
    hand = [Asked(command=command, delivery=Delivery(str(number))) for number, command in enumerate(commands)]
    return before, await do(replica, hand), await written(replica, TEAM)


# Who waits for whom


async def test_a_rollback_waits_for_a_start_that_is_being_decided(pair: Sequence[Replica]) -> None:
    await pair[0].accepts(start())
    await complete(pair[0])
    with pair[0].database.engine.begin() as connection:
        pair[0].ledger.lock_service(connection, TEAM, "checkout")
        back = asyncio.create_task(pair[1].hears(roll_back()))
        done, _ = await asyncio.wait([back], timeout=0.4)
        assert not done
    assert outcome(await back) == "yes"


async def test_a_rollback_that_waited_for_the_last_step_knows_that_it_is_the_newest(
    pair: Sequence[Replica],
) -> None:
    await pair[0].accepts(start())
    await complete(pair[0])
    second = (await pair[0].accepts(start("2.0.0"))).key
    for command in (approve(BEN, second), finish(ANA, 0, second), approve(DAN, second, stage=1)):
        await pair[0].accepts(command)
    await pair[0].accepts(begin(key=second))
    with pair[0].database.engine.begin() as connection:
        pair[0].coordinator._decide(connection, finish(CLEO, 1, second), None)
        back = asyncio.create_task(pair[1].accepts(roll_back(key=second)))
        done, _ = await asyncio.wait([back], timeout=0.4)
        assert not done
    release = await back
    assert (release.state, release.rolled_back_from) == (State.ROLLING_BACK, State.COMPLETED)
    assert release.lock is not None
    assert release.lock.to == "1.0.0"


async def test_of_two_runs_of_a_service_that_are_tried_at_once_one_is(pair: Sequence[Replica]) -> None:
    """The way back of a release was asked for while the run of a newer one was about to begin."""
    await pair[0].accepts(start())
    database, now = pair[0].database, pair[0].clock.now()
    older, newer = (ReleaseId(TEAM, ReleaseKey(key)) for key in ("checkout-1", "checkout-2"))
    row = {"workspace": TEAM, "number": 1, "called_at": None, "settled": False}
    await database.write(lambda c: c.execute(insert(tables.runs), {**row, "release": newer.key}))
    with database.engine.begin() as connection:
        assert runs.call(connection, newer, 1, now, None)
        connection.execute(insert(tables.runs), {**row, "release": older.key})
        other = asyncio.create_task(pair[1].database.write(lambda c: runs.call(c, older, 1, now, None)))
        done, _ = await asyncio.wait([other], timeout=0.4)
        assert not done
    assert not await other


async def test_starts_rollbacks_and_all_others_never_wait_in_a_circle(pair: Sequence[Replica]) -> None:
    await pair[0].accepts(start())
    await complete(pair[0])
    rounds = 4
    for number in range(rounds):
        turns = in_turn(pair)
        wanted: list[Start | Command] = [roll_back(), start(f"2.{number}.0"), attend(), put_back(), unlock()]
        answers = await asyncio.gather(*(next(turns).hears(command) for command in wanted * 4))
        assert len(answers) == len(wanted) * 4
    assert await pair[0].faults() == []


async def test_a_rollback_of_no_release_leaves_no_service_behind(replica: Replica) -> None:
    assert (await replica.refuses(roll_back(key=ReleaseKey("nothing-7")))).code is Code.UNKNOWN_RELEASE
    assert await replica.database.read(lambda c: c.execute(select(services)).all()) == []


# Who is away


async def test_ten_who_say_at_once_that_one_is_away_are_taken_once(pair: Sequence[Replica]) -> None:
    turns, gone = in_turn(pair), go_away(BEN, EVE, TOMORROW)
    answers = await asyncio.gather(*(next(turns).coordinator.note(gone) for _ in range(10)))
    assert Counter(map(outcome, answers)) == {"yes": 1, Code.ALREADY_DONE: 9}
    assert await pair[0].faults() == []


async def test_ten_who_go_away_at_once_are_all_away(pair: Sequence[Replica]) -> None:
    turns = in_turn(pair)
    gone = [go_away(by, EVE, TOMORROW) for by in PEOPLE[:10]]
    answers = await asyncio.gather(*(next(turns).coordinator.note(one) for one in gone))
    assert [outcome(answer) for answer in answers] == ["yes"] * 10
    said = await pair[0].database.read(lambda c: own.said(c, TEAM))
    assert {person for person, one in said.items() if one.away} == set(PEOPLE[:10])
    assert await pair[0].faults() == []


async def test_of_two_who_name_each_other_at_once_one_goes(pair: Sequence[Replica]) -> None:
    with pair[0].database.engine.begin() as connection:
        own.lock(connection, TEAM)
        both = [
            asyncio.create_task(one.coordinator.note(go_away(by, to, TOMORROW)))
            for one, by, to in ((pair[0], BEN, CLEO), (pair[1], CLEO, BEN))
        ]
        done, _ = await asyncio.wait(both, timeout=0.4)
        assert not done
    assert Counter([outcome(await one) for one in both]) == {"yes": 1, Code.NOT_ELIGIBLE: 1}


def outcome(answer: Answer | Noted) -> str:
    return answer.code if isinstance(answer, Refused) else "yes"


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


@pytest.mark.proof
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


@pytest.mark.proof
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
