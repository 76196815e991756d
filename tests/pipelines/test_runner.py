"""The runner: each run is started once and seen to its end, wherever Rollcall is ended."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from bot.clock import MovableClock
from bot.ledger import tables
from bot.ledger.progress import runs
from bot.ledger.verify import rebuild
from bot.pipelines.commands.commands import Commands
from bot.pipelines.provider import Job, NotStarted
from bot.practice import Practice
from bot.release.ids import ReleaseId, ReleaseKey
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.stages.holds import PlaceHold
from bot.release.stages.lock import LiftLock
from bot.release.stages.rollback import Rollback
from bot.release.stages.steps import FinishStep
from bot.release.state import State
from tests.ledger.world import ANA, CHECKOUT, TEAM, act, cancel, start
from tests.pipelines.kept import kept
from tests.pipelines.place import POINTS, RUNBOOK, Place, end_at
from tests.release.stages.test_rollback import BACK
from tests.slack.given import ROLES, write
from tests.slack.killable import Killable
from tests.world import PATIENCE_S, World


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    place.replica.database.close()


async def test_what_is_asked_for_is_run_once_and_completes_the_release(place: Place) -> None:
    await place.replica.accepts(start())
    async with place.rollcall():
        release = await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1
    assert release.runs[0].began


async def test_what_is_asked_for_later_is_run_when_it_is_woken(place: Place) -> None:
    async with place.rollcall() as runner:
        release = await place.replica.accepts(start())
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert place.times == 1


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_a_run_is_started_once(place: Place, point: str) -> None:
    await end_at(place, point, place.commands())
    async with place.rollcall():
        await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1


async def test_two_at_once_start_it_once(place: Place) -> None:
    await place.replica.accepts(start())
    async with place.rollcall(), place.rollcall():
        await place.until(State.COMPLETED)
        await place.until_settled()
    assert place.times == 1


async def test_a_run_that_is_no_longer_wanted_is_stopped_even_when_it_was_ended_meanwhile(
    place: Place,
) -> None:
    place.has("echo once >> times; sleep 60")
    await place.replica.accepts(start())
    async with place.rollcall():
        async with asyncio.timeout(PATIENCE_S):
            while not place.times:
                await asyncio.sleep(0.02)
    failed = act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="It is stuck.")
    await place.replica.accepts(failed)
    async with place.rollcall():
        await place.until_settled()
        async with asyncio.timeout(PATIENCE_S):
            while not (kept(place.folder, TEAM, CHECKOUT) / "ended.json").exists():
                await asyncio.sleep(0.02)


CLEANS_UP = """\
trap 'sleep 0.7; echo end >> times; exit 1' TERM
echo begin >> times
while :; do sleep 0.05; done
"""


async def test_no_run_begins_while_the_one_before_is_being_stopped(place: Place) -> None:
    place.has(CLEANS_UP)
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        await place.has_begun()
        place.has("echo again >> times")
        await place.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Stuck."))
        release = await place.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert (place.folder / "times").read_text().split() == ["begin", "end", "again"]


async def test_no_run_begins_while_one_of_the_release_before_is_being_stopped(tmp_path: Path) -> None:
    place = Place(tmp_path, RUNBOOK.replace("    production: true\n", ""))
    place.has(CLEANS_UP)
    first = await place.replica.accepts(start())
    async with place.rollcall() as runner:
        await place.has_begun()
        place.has("echo again >> times")
        await place.replica.accepts(cancel())
        second = await place.replica.accepts(start(version="1.0.1"))
        runner.wake(second.id)
        runner.wake(first.id)
        await place.until_settled()
    assert (place.folder / "times").read_text().split() == ["begin", "end", "again"]
    place.replica.database.close()


async def note(place: Place, *asked: tuple[str, int, bool]) -> None:
    """Note runs of which nothing is settled, each with whether it was tried."""
    now = place.replica.clock.now()
    rows = [
        {
            "workspace": TEAM,
            "release": key,
            "number": number,
            "called_at": now if tried else None,
            "settled": False,
        }
        for key, number, tried in asked
    ]
    await place.replica.database.write(lambda c: c.execute(insert(tables.runs), rows))


async def waits_for(place: Place, key: str, number: int, tried: bool = False) -> tuple[str, int] | None:
    """Return the run for which another waits."""
    release, called = ReleaseId(TEAM, ReleaseKey(key)), place.replica.clock.now() if tried else None
    found = await place.replica.database.read(lambda c: runs.older(c, release, number, called))
    return found and (found[0].key, found[1])


async def test_only_an_older_run_of_the_same_service_holds_one_up(place: Place) -> None:
    await note(place, *((key, 1, False) for key in ("shop-2", "shop-10", "shop-api-1")), ("shop-2", 2, False))
    assert await waits_for(place, "shop-2", 1) is None
    assert await waits_for(place, "shop-2", 2) == ("shop-2", 1)
    assert await waits_for(place, "shop-10", 1) == ("shop-2", 2)
    assert await waits_for(place, "shop-api-1", 1) is None


async def test_what_was_tried_holds_up_the_rest_whatever_its_number_and_waits_for_none_of_it(
    place: Place,
) -> None:
    await note(place, ("shop-2", 3, False), ("shop-2", 4, False), ("shop-10", 1, True), ("api-1", 1, True))
    assert await waits_for(place, "shop-2", 3) == ("shop-10", 1)
    assert await waits_for(place, "shop-2", 4) == ("shop-10", 1)
    assert await waits_for(place, "shop-10", 1, tried=True) is None


async def test_none_is_started_while_one_that_comes_before_it_may_be_under_way(place: Place) -> None:
    """Another process has tried one since it was looked."""
    await note(place, ("shop-2", 3, False), ("shop-10", 1, False))
    database, now = place.replica.database, place.replica.clock.now()

    async def call(key: str, number: int, last: datetime | None = None) -> bool:
        release = ReleaseId(TEAM, ReleaseKey(key))
        return await database.write(lambda c: runs.call(c, release, number, now, last))

    assert not await call("shop-10", 1)
    await database.write(lambda c: c.execute(delete(tables.runs)))
    await note(place, ("shop-2", 3, False), ("shop-10", 1, True))
    assert not await call("shop-2", 3)
    assert await call("shop-10", 1, now)


NEWER_GOES_ON = """\
echo $1 begins >> times
trap 'sleep 0.7' TERM
[ $1 != 3.0 ] || while [ ! -e over ]; do sleep 0.05; done
echo $1 ends >> times
"""
STAGES = """\
  - name: canary
    owner: captain
    steps:
      - do: Deploy to one
        run: {command: [deploy, "{version}"]}
"""
BACK_TO = """\
rollback:
  steps:
    - do: Take it back
      run: {command: [deploy, "{before}"]}
"""


async def test_no_way_back_begins_beside_the_run_of_a_newer_release_that_was_cancelled(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, RUNBOOK.replace("stages:\n", f"stages:\n{STAGES}") + BACK_TO)
    place.has(NEWER_GOES_ON)
    async with place.rollcall():
        for version in ("1.0", "2.0"):
            await place.ends(await place.tell(start(version)), State.COMPLETED)
        cancelled = await place.tell(start("3.0"))
        await place.until_said("3.0 begins")
        await place.tell(cancel(key=cancelled.key))
        second = await place.tell(act(Rollback, ANA, ReleaseKey("checkout-2"), reason="Orders are lost."))
        place.replica.clock.advance(seconds=31)
        assert (await place.until_held_up(second.id)).text == "run 1 of checkout-3"
        (tmp_path / "over").touch()
        await place.ends(second, State.ROLLED_BACK)
        await place.until_settled()
    assert place.said[-4:] == ["3.0 begins", "3.0 ends", "1.0 begins", "1.0 ends"]
    place.replica.database.close()


async def test_what_was_settled_meanwhile_is_not_started(place: Place) -> None:
    release = await place.replica.accepts(start())
    database, now = place.replica.database, place.replica.clock.now()
    await database.write(lambda c: runs.settle(c, release.id, 1, now))
    assert await database.read(runs.unsettled) == [release.id]
    await database.write(lambda c: runs.settle(c, release.id, 1, None))
    assert not await database.write(lambda c: runs.call(c, release.id, 1, now, None))


async def test_a_clock_that_is_set_back_holds_up_no_run(place: Place) -> None:
    await end_at(place, "before the call", place.commands())
    place.replica.clock.time -= timedelta(days=1)
    async with place.rollcall():
        await place.until(State.COMPLETED)
    assert place.times == 1


async def test_a_retry_is_run_again(place: Place) -> None:
    place.has("echo once >> times; exit 1")
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        release = await place.until(State.FAILED)
        place.has("echo once >> times")
        await place.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        runner.wake(release.id)
        await place.until(State.COMPLETED)
    assert place.times == 2


async def test_a_provider_that_does_not_answer_is_asked_again_and_holds_up_no_other(place: Place) -> None:
    class Deaf(Commands):
        failures = 3

        def __init__(self, inner: Commands) -> None:
            self.__dict__.update(inner.__dict__)

        async def start(self, job: Job) -> str:
            if self.failures:
                self.failures -= 1
                raise TimeoutError("The provider does not answer.")
            return await super().start(job)

    await place.replica.accepts(start())
    runner = place.runner(Deaf(place.commands()))
    await runner.take_up()
    await place.until(State.COMPLETED)
    await runner.stop()
    assert place.times == 1


async def test_what_cannot_be_stopped_for_want_of_access_holds_up_the_next_until_its_time_is_over(
    place: Place,
) -> None:
    class Shut(Commands):
        def __init__(self, inner: Commands) -> None:
            self.__dict__.update(inner.__dict__)

        async def stop(self, job: Job) -> bool | None:
            raise NotStarted("Rollcall has no access any more.")

    place.has("echo $1 >> times; [ $1 != 1.0.0 ] || while [ ! -e over ]; do sleep 0.05; done")
    async with place.rollcall(Shut(place.commands())):
        await place.tell(start())
        await place.until_said("1.0.0")
        await place.tell(act(Rollback, ANA, reason="It hangs."))
        await place.tell(act(FinishStep, ANA, stage=1, step=BACK))
        await place.tell(act(LiftLock, ANA, reason="It is mended."))
        second = await place.tell(start("1.0.1"))
        assert second.runs
        await asyncio.sleep(0.2)
        assert place.said == ["1.0.0"]
        waiting = await place.releases.find(second.id)
        assert waiting
        assert waiting.runs[0].behind is None
        place.replica.clock.advance(seconds=31)
        assert (await place.until_held_up(second.id)).text == "run 1 of checkout-1"
        place.replica.clock.advance(minutes=31)
        await place.until_said("1.0.1")
    (place.folder / "over").touch()


async def test_a_ledger_that_is_made_anew_forgets_no_run_that_is_under_way(place: Place) -> None:
    await place.replica.accepts(start())
    await place.replica.database.write(lambda c: c.exec_driver_sql("DELETE FROM runs"))
    await place.replica.database.write(rebuild)
    async with place.rollcall():
        await place.until(State.COMPLETED)
    assert place.times == 1


async def test_a_hold_keeps_a_run_from_being_asked_for(place: Place) -> None:
    place.has("echo once >> times; exit 1")
    await place.replica.accepts(start())
    async with place.rollcall() as runner:
        release = await place.until(State.FAILED)
        await place.replica.accepts(act(PlaceHold, ANA, reason="Look first."))
        runner.wake(release.id)
        await place.until_settled()
    assert place.times == 1


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_moment_each_run_is_started_once(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    steps = "".join(
        f'      - do: Deploy {n}\n        run: {{command: [deploy, "{n}", "{{version}}"]}}\n'
        for n in range(10)
    )
    stage = f"stages:\n  - name: production\n    owner: on-call\n    production: true\n    steps:\n{steps}"
    write(tmp_path, ROLES + stage)
    (tmp_path / "commands").mkdir()
    deploy = tmp_path / "commands" / "deploy"
    deploy.write_text(f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/times\nsleep 0.2\n')
    deploy.chmod(0o755)
    practice = Practice(MovableClock(), limits=False)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with (
        practice.serving(port=0),
        World(practice, MovableClock(), url) as world,
        Killable(practice, url, tmp_path / "runbooks") as rollcall,
    ):
        rollcall.environment |= {
            "ROLLCALL_COMMANDS": str(tmp_path / "commands"),
            "ROLLCALL_RUNS": str(tmp_path / "runs"),
            "ROLLCALL_POLL": "0.05",
        }
        await rollcall.start()
        await world.ana.types("/release start shop 2.0", settle=False)
        kills = 0
        while (await world.release("shop-1")).state is not State.COMPLETED:
            await asyncio.sleep(luck.uniform(0.0, 0.3))
            await rollcall.kill()
            await rollcall.start()
            kills += 1
    print(f"{kills} kills")
    assert kills >= 6
    assert (tmp_path / "times").read_text().split("\n")[:-1] == [f"{n} 2.0" for n in range(10)]
