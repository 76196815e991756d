"""Pipelines and the runner: each is started once, whatever is lost, late, refused or ended on the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from inline_snapshot import snapshot

from bot.pipelines.gitlab.pipelines import SETTLES, Pipelines
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.state import State
from tests.ledger.world import ANA, act
from tests.pipelines.gitlab_server import GitLab, broken, gitlab_there, said
from tests.pipelines.place import POINTS, Place, end_at
from tests.world import PATIENCE_S

RUNBOOK = """\
title: Checkout
service: checkout
repository: https://127.0.0.1/acme/web/shop
roles:
  captain: {starter: true}
stages:
  - name: production
    owner: captain
    production: true
    steps:
      - do: Deploy
        run: {pipeline: main, inputs: {ENVIRONMENT: "{environment}", VERSION: "{version}"}}
"""
CREATE = "POST /api/v4/projects/acme/web/shop/pipeline"
LIST = "GET /api/v4/projects/acme/web/shop/pipelines"


class Street(Place):
    """A place from which a GitLab can be reached."""

    def __init__(self, folder: Path, gitlab: GitLab, session: aiohttp.ClientSession) -> None:
        super().__init__(folder, RUNBOOK)
        self.gitlab = gitlab
        self.session = session

    def pipelines(self) -> Pipelines:
        return Pipelines(self.gitlab.reached(self.session), poll_s=0.02)

    async def has_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.release()).runs[0].began:
                await asyncio.sleep(0.02)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with gitlab_there(GitLab()) as gitlab, aiohttp.ClientSession() as session:
        street = Street(tmp_path, gitlab, session)
        yield street
        street.replica.database.close()


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_a_pipeline_is_started_once(street: Street, point: str) -> None:
    finishing = asyncio.create_task(_finish_what_runs(street.gitlab))
    await end_at(street, point, street.pipelines())
    async with street.rollcall(street.pipelines()) as runner:
        await street.passes(runner, seconds=SETTLES.total_seconds())
        release = await street.until(State.COMPLETED)
        await street.until_settled()
    finishing.cancel()
    assert len(street.gitlab.pipelines) == 1
    assert release.runs[0].link == "https://127.0.0.1/acme/web/shop/-/pipelines/1001"


@pytest.mark.parametrize("late_s", [0.0, 0.4])
async def test_a_pipeline_whose_answer_is_lost_is_found_however_late_it_is_shown(
    street: Street, late_s: float
) -> None:
    street.gitlab.loses("POST", "/pipeline")
    street.gitlab.late_s = late_s
    await street.begins()
    async with street.rollcall(street.pipelines()):
        await street.sees(lambda: bool(street.gitlab.pipelines))
        street.gitlab.finish()
        await street.until(State.COMPLETED)
    assert len(street.gitlab.pipelines) == 1
    assert street.gitlab.count(CREATE) == 1


async def test_a_start_that_had_no_effect_is_made_again_when_none_can_turn_up(street: Street) -> None:
    street.gitlab.fails(broken, "POST", "/pipeline")
    await street.begins()
    async with street.rollcall(street.pipelines()) as runner:
        await street.sees(lambda: street.gitlab.count(LIST) >= 3)
        assert street.gitlab.count(CREATE) == 1
        await street.passes(runner, seconds=SETTLES.total_seconds())
        await street.sees(lambda: bool(street.gitlab.pipelines))
        street.gitlab.finish()
        await street.until(State.COMPLETED)
    assert len(street.gitlab.pipelines) == 1


async def test_a_clock_that_is_set_back_holds_up_no_start(street: Street) -> None:
    street.gitlab.fails(broken, "POST", "/pipeline")
    await street.begins()
    async with street.rollcall(street.pipelines()) as runner:
        await street.sees(lambda: street.gitlab.count(LIST) >= 3)
        await street.passes(runner, seconds=1 - SETTLES.total_seconds())
        shown = street.gitlab.count(LIST)
        await street.sees(lambda: street.gitlab.count(LIST) >= shown + 3)
        assert street.gitlab.count(CREATE) == 1
        await street.passes(runner, seconds=-1)
        await street.sees(lambda: bool(street.gitlab.pipelines))
        street.gitlab.finish()
        await street.until(State.COMPLETED)
    assert len(street.gitlab.pipelines) == 1


async def test_where_nobody_can_tell_whether_it_was_started_a_person_looks(street: Street) -> None:
    street.gitlab.loses("POST", "/pipeline")
    await street.begins()
    async with street.rollcall(street.pipelines()) as runner:
        await street.sees(lambda: bool(street.gitlab.pipelines))
        # Its token was changed for that of somebody else meanwhile, who may not read the variables.
        street.gitlab.pipelines[0].user = "rollcall-before"
        await street.passes(runner, seconds=SETTLES.total_seconds())
        release = await street.until(State.FAILED)
    assert release.failure is not None
    assert release.failure.reason == snapshot(
        "The answer to its start was lost, and nobody can tell whether it is this pipeline, whose variables Rollcall may not read: https://127.0.0.1/acme/web/shop/-/pipelines/1001. Look there."
    )
    assert len(street.gitlab.pipelines) == 1


async def test_two_at_once_start_it_once(street: Street) -> None:
    await street.begins()
    async with street.rollcall(street.pipelines()), street.rollcall(street.pipelines()):
        await street.sees(lambda: bool(street.gitlab.pipelines))
        street.gitlab.finish()
        await street.until(State.COMPLETED)
    assert len(street.gitlab.pipelines) == 1


@pytest.mark.proof
async def test_a_gitlab_that_is_away_for_long_is_waited_for(street: Street) -> None:
    await street.begins()
    async with street.rollcall(street.pipelines()):
        await street.sees(lambda: bool(street.gitlab.pipelines))
        for fault in (broken, lambda: said(403, "No."), lambda: said(404, "404 Not found")):
            street.gitlab.fails(fault, "GET", times=2)
        street.gitlab.finish()
        await street.until(State.COMPLETED)
    assert len(street.gitlab.pipelines) == 1


@pytest.mark.parametrize("lost", [False, True], ids=["known", "lost and shown late"])
async def test_a_pipeline_that_is_no_longer_wanted_is_cancelled(street: Street, lost: bool) -> None:
    if lost:
        street.gitlab.loses("POST", "/pipeline")
        street.gitlab.late_s = 0.5
    await street.begins()
    async with street.rollcall(street.pipelines()) as runner:
        await street.sees(lambda: bool(street.gitlab.pipelines))
        if not lost:
            await street.has_begun()
        await street.replica.accepts(
            act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="It is stuck.")
        )
        await runner.take_up()
        await street.sees(lambda: street.gitlab.pipelines[0].status == "canceled")
        await street.passes(runner, seconds=SETTLES.total_seconds())
        await street.until_settled()
    assert len(street.gitlab.pipelines) == 1


async def test_no_pipeline_is_started_while_the_one_before_is_being_cancelled(street: Street) -> None:
    street.gitlab.ends_at_once = False
    await street.begins()
    async with street.rollcall(street.pipelines()) as runner:
        await street.has_begun()
        await street.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Stuck."))
        await street.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        await runner.take_up()
        await street.sees(lambda: street.gitlab.pipelines[0].cancels >= 2)
        assert len(street.gitlab.pipelines) == 1
        street.gitlab.finish("canceled")
        await street.sees(lambda: len(street.gitlab.pipelines) == 2)
        street.gitlab.finish()
        await street.until(State.COMPLETED)


async def test_what_was_never_started_is_settled_when_it_is_no_longer_wanted(street: Street) -> None:
    await street.begins()
    await street.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Not now."))
    async with street.rollcall(street.pipelines()):
        await street.until_settled()
    assert street.gitlab.calls == []


async def _finish_what_runs(gitlab: GitLab) -> None:
    """Let every run pass at once."""
    while True:
        if gitlab.pipelines and gitlab.pipelines[-1].status == "running":
            gitlab.finish()
        await asyncio.sleep(0.02)
