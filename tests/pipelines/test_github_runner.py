"""Workflows and the runner: each is dispatched once, whatever is lost, late, refused or ended on the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from inline_snapshot import snapshot

from bot.github.access import Token
from bot.pipelines.github.workflows import SETTLES, Workflows
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.state import State
from tests.ledger.world import ANA, act
from tests.pipelines.github_server import TOKEN, GitHub, broken, github_there, said
from tests.pipelines.place import POINTS, Place, end_at
from tests.world import PATIENCE_S

RUNBOOK = """\
title: Checkout
service: checkout
repository: https://127.0.0.1/acme/shop
roles:
  captain: {starter: true}
stages:
  - name: production
    owner: captain
    production: true
    steps:
      - do: Deploy
        run: {workflow: deploy.yml, ref: main, inputs: {environment: "{environment}", version: "{version}"}}
"""
DISPATCHES = "/dispatches"
RUNS = "/actions/workflows/deploy.yml/runs"


class Street(Place):
    """A place from which a GitHub can be reached."""

    def __init__(self, folder: Path, github: GitHub, session: aiohttp.ClientSession) -> None:
        super().__init__(folder, RUNBOOK)
        self.github = github
        self.session = session

    def workflows(self) -> Workflows:
        return Workflows(self.github.reached(self.session, Token(token=TOKEN)), poll_s=0.02)

    async def has_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.release()).runs[0].began:
                await asyncio.sleep(0.02)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with github_there(GitHub()) as github, aiohttp.ClientSession() as session:
        street = Street(tmp_path, github, session)
        yield street
        street.replica.database.close()


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_a_workflow_is_dispatched_once(street: Street, point: str) -> None:
    finishing = asyncio.create_task(_finish_what_runs(street.github))
    await end_at(street, point, street.workflows())
    async with street.rollcall(street.workflows()) as runner:
        await street.passes(runner, seconds=SETTLES.total_seconds())
        release = await street.until(State.COMPLETED)
        await street.until_settled()
    finishing.cancel()
    assert len(street.github.runs) == 1
    assert release.runs[0].link == "https://127.0.0.1/acme/shop/actions/runs/1001"


@pytest.mark.parametrize("late_s", [0.0, 0.4])
async def test_a_workflow_whose_answer_is_lost_is_found_however_late_it_is_shown(
    street: Street, late_s: float
) -> None:
    street.github.loses("POST", DISPATCHES)
    street.github.late_s = late_s
    await street.begins()
    async with street.rollcall(street.workflows()):
        await street.sees(lambda: bool(street.github.runs))
        street.github.finish()
        await street.until(State.COMPLETED)
    assert len(street.github.runs) == 1
    assert street.github.count(DISPATCHES) == 1


async def test_a_dispatch_that_had_no_effect_is_made_again_when_none_can_turn_up(street: Street) -> None:
    street.github.fails(broken, "POST", DISPATCHES)
    await street.begins()
    async with street.rollcall(street.workflows()) as runner:
        await street.sees(lambda: street.github.count(RUNS) >= 3)
        assert street.github.count(DISPATCHES) == 1
        await street.passes(runner, seconds=SETTLES.total_seconds())
        await street.sees(lambda: bool(street.github.runs))
        street.github.finish()
        await street.until(State.COMPLETED)
    assert len(street.github.runs) == 1


async def test_a_clock_that_is_set_back_holds_up_no_dispatch(street: Street) -> None:
    street.github.fails(broken, "POST", DISPATCHES)
    await street.begins()
    async with street.rollcall(street.workflows()) as runner:
        await street.sees(lambda: street.github.count(RUNS) >= 3)
        await street.passes(runner, seconds=1 - SETTLES.total_seconds())
        shown = street.github.count(RUNS)
        await street.sees(lambda: street.github.count(RUNS) >= shown + 3)
        assert street.github.count(DISPATCHES) == 1
        await street.passes(runner, seconds=-1)
        await street.sees(lambda: bool(street.github.runs))
        street.github.finish()
        await street.until(State.COMPLETED)
    assert len(street.github.runs) == 1


async def test_where_nobody_can_tell_whether_it_was_dispatched_a_person_looks(street: Street) -> None:
    street.github.workflows["deploy.yml"].run_name = "Deploy"
    street.github.loses("POST", DISPATCHES)
    await street.begins()
    async with street.rollcall(street.workflows()) as runner:
        await street.sees(lambda: street.github.count(RUNS) >= 2)
        await street.passes(runner, seconds=SETTLES.total_seconds())
        release = await street.until(State.FAILED)
    assert release.failure is not None
    assert release.failure.reason == snapshot(
        "The answer to its start was lost, and nobody can tell whether it is this run: https://127.0.0.1/acme/shop/actions/runs/1001. Look there. Put ${{ inputs.rollcall }} into the run-name of deploy.yml."
    )
    assert len(street.github.runs) == 1


async def test_two_at_once_dispatch_it_once(street: Street) -> None:
    await street.begins()
    async with street.rollcall(street.workflows()), street.rollcall(street.workflows()):
        await street.sees(lambda: bool(street.github.runs))
        street.github.finish()
        await street.until(State.COMPLETED)
    assert len(street.github.runs) == 1


@pytest.mark.proof
async def test_a_github_that_is_away_for_long_is_waited_for(street: Street) -> None:
    await street.begins()
    async with street.rollcall(street.workflows()):
        await street.sees(lambda: bool(street.github.runs))
        for fault in (broken, lambda: said(403, "No."), lambda: said(404, "Not Found")):
            street.github.fails(fault, "GET", times=2)
        street.github.finish()
        await street.until(State.COMPLETED)
    assert len(street.github.runs) == 1


@pytest.mark.parametrize("lost", [False, True], ids=["known", "lost and shown late"])
async def test_a_workflow_that_is_no_longer_wanted_is_cancelled(street: Street, lost: bool) -> None:
    if lost:
        street.github.loses("POST", DISPATCHES)
        street.github.late_s = 0.5
    await street.begins()
    async with street.rollcall(street.workflows()) as runner:
        await street.sees(lambda: bool(street.github.runs))
        if not lost:
            await street.has_begun()
        await street.replica.accepts(
            act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="It is stuck.")
        )
        await runner.take_up()
        await street.sees(lambda: street.github.runs[0].attempts == ["cancelled"])
        await street.passes(runner, seconds=SETTLES.total_seconds())
        await street.until_settled()
    assert len(street.github.runs) == 1


async def test_no_workflow_is_dispatched_while_the_one_before_is_being_cancelled(street: Street) -> None:
    street.github.ends_at_once = False
    await street.begins()
    async with street.rollcall(street.workflows()) as runner:
        await street.has_begun()
        await street.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Stuck."))
        await street.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=1))
        await runner.take_up()
        await street.sees(lambda: street.github.runs[0].cancels >= 2)
        assert len(street.github.runs) == 1
        street.github.finish("cancelled")
        await street.sees(lambda: len(street.github.runs) == 2)
        street.github.finish()
        await street.until(State.COMPLETED)


async def test_what_was_never_dispatched_is_settled_when_it_is_no_longer_wanted(street: Street) -> None:
    await street.begins()
    await street.replica.accepts(act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="Not now."))
    async with street.rollcall(street.workflows()):
        await street.until_settled()
    assert street.github.calls == []


async def _finish_what_runs(github: GitHub) -> None:
    """Let every run pass at once."""
    while True:
        if github.runs and github.runs[-1].attempts[-1] is None:
            github.finish()
        await asyncio.sleep(0.02)
