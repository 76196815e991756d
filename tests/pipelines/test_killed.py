"""Runs at providers that are elsewhere, while Rollcall is killed again and again: none is started twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.state import State
from tests.pipelines.ci_server import CI, SECRET
from tests.pipelines.faulty import free_port, listening
from tests.pipelines.gitlab_server import TOKEN, GitLab
from tests.slack.given import ROLES, write
from tests.slack.killable import Killable
from tests.world import World

STEPS = 12
KILLS = 10
PATIENCE_S = 300.0
"""Where it is not known whether one was started, each waits for a minute."""


@asynccontextmanager
async def killed(folder: Path, run: str, settings: dict[str, str], seed: int) -> AsyncIterator[World]:
    """Run Rollcall, kill it again and again, and wait until a release with many steps is completed."""
    luck = random.Random(seed)
    steps = "".join(f"      - do: Deploy {n}\n        run: {run}\n" for n in range(STEPS))
    head = "repository: https://127.0.0.1/acme/web/shop\n"
    stage = f"stages:\n  - name: production\n    owner: on-call\n    production: true\n    steps:\n{steps}"
    write(folder, head + ROLES + stage)
    practice = Practice(MovableClock(), limits=False)
    url = f"sqlite:///{folder / 'ledger.db'}"
    async with (
        practice.serving(port=0),
        World(practice, MovableClock(), url) as world,
        Killable(practice, url, folder / "runbooks") as rollcall,
    ):
        rollcall.environment |= settings
        await rollcall.start()
        await world.ana.types("/release start shop 2.0", settle=False)
        for _ in range(KILLS):
            await asyncio.sleep(luck.uniform(0.0, 0.4))
            await rollcall.kill()
            await rollcall.start()
        async with asyncio.timeout(PATIENCE_S):
            while (state := (await world.release("shop-1")).state) is not State.COMPLETED:
                if state is State.FAILED:
                    # Nobody can tell whether it was started: a person has looked, and it does not run.
                    await world.ana.presses("Retry", "shop-1", on="stage:0")
                await asyncio.sleep(0.1)
        yield world


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_moment_each_pipeline_is_started_once(tmp_path: Path, seed: int) -> None:
    async def finish(gitlab: GitLab) -> None:
        while True:
            await asyncio.sleep(0.1)
            if gitlab.pipelines and gitlab.pipelines[-1].status == "running":
                gitlab.finish()

    gitlab = GitLab()
    async with listening(gitlab):
        settings = {"GITLAB_URL": gitlab.api, "GITLAB_TOKEN": TOKEN, "GITLAB_POLL": "0.1"}
        finishing = asyncio.create_task(finish(gitlab))
        async with killed(tmp_path, "{pipeline: main}", settings, seed) as world:
            passed = [run.number for run in (await world.release("shop-1")).runs if run.passed]
        finishing.cancel()
    names = Counter(one.variables["ROLLCALL_RUN"] for one in gitlab.pipelines)
    assert names == dict.fromkeys((f"shop-1/{number}" for number in passed), 1)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_moment_each_run_elsewhere_is_asked_for_once(tmp_path: Path, seed: int) -> None:
    async def report(ci: CI) -> None:
        """Report what was asked for, each until it is answered, as it must be."""
        done: set[str] = set()
        while True:
            await asyncio.sleep(0.05)
            for asked in _new(ci, done):
                with suppress(aiohttp.ClientError):
                    status, _ = await ci.reports("passed", run=asked, url=url)
                    assert status == 200
                    done.add(asked)

    ci, port = CI(), free_port()
    url = f"http://127.0.0.1:{port}/runs"
    settings = {
        "PORT": str(port),
        "ROLLCALL_URL": f"http://127.0.0.1:{port}",
        "ROLLCALL_WEBHOOK_SECRET": SECRET,
        "ROLLCALL_INSIDE": "127.0.0.1",
    }
    # What it was not asked for it does not run, and says so.
    ci.stops = lambda: web.Response(status=404)
    async with listening(ci):
        reporting = asyncio.create_task(report(ci))
        run = f'{{webhook: "{ci.address}"}}'
        async with killed(tmp_path, run, settings, seed) as world:
            passed = [run.number for run in (await world.release("shop-1")).runs if run.passed]
        reporting.cancel()
    assert [asked["run"] for asked in ci.asked] == [f"shop-1/{number}" for number in passed]
    assert ci.count("POST") == len(passed) + len(ci.told_to_stop)


def _new(ci: CI, done: set[str]) -> Iterable[str]:
    return [asked["run"] for asked in ci.asked if asked["run"] not in done]
