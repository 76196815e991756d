"""The way back is run from every state in which production was touched, after what goes on was stopped."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.release.gates.answers import Approve
from bot.release.stages.failure import RetryStep
from bot.release.stages.rollback import Rollback
from bot.release.stages.stage import BeginStage
from bot.release.state import State
from tests.ledger.world import ANA, CLEO, act, start
from tests.pipelines.place import Place

RUNBOOK = """\
title: Checkout
service: checkout
duties: off
roles:
  captain: {starter: true}
  security: {group: security}
stages:
  - name: canary
    owner: captain
    production: true
    steps:
      - do: Deploy to one
        run: {command: [deploy, canary]}
  - name: everywhere
    owner: captain
    production: true
    begin: captain
    gates:
      - name: Go or no-go
        approvals: {security: 1}
    steps:
      - do: Deploy
        run: {command: [deploy, everywhere]}
rollback:
  steps:
    - do: Take it back
      run: {command: [deploy, back]}
"""
LOGS = """\
echo $1 >> times
trap 'echo $1 is stopped >> times; exit 1' TERM
case $1 in
  back) ;;
  canary) [ ! -f slow-canary ] || for i in $(seq 600); do sleep 0.05; done ;;
  everywhere)
    [ ! -f fails ] || exit 1
    [ ! -f slow ] || for i in $(seq 600); do sleep 0.05; done ;;
esac
"""
"""Says what runs, and whether it was stopped; the files say what goes slowly and what fails."""


async def canary_is_out(place: Place) -> None:
    await place.until(State.AWAITING_APPROVAL)


async def all_have_approved(place: Place) -> None:
    await canary_is_out(place)
    await place.replica.accepts(act(Approve, CLEO, stage=1, gate="Go or no-go"))
    await place.until(State.READY)


async def it_goes_everywhere(place: Place) -> None:
    (place.folder / "slow").touch()
    await go(place)
    await place.until_said("everywhere")


async def it_fails(place: Place) -> None:
    (place.folder / "fails").touch()
    await go(place)
    await place.until(State.FAILED)


async def it_is_tried_again(place: Place) -> None:
    await it_fails(place)
    (place.folder / "fails").unlink()
    (place.folder / "slow").touch()
    await place.tell(act(RetryStep, ANA, stage=1, step="Deploy", attempt=1))
    await place.until_said("everywhere", "everywhere")


async def it_is_out(place: Place) -> None:
    await go(place)
    await place.until(State.COMPLETED)


async def it_goes_to_one(place: Place) -> None:
    await place.until_said("canary")


async def go(place: Place) -> None:
    await all_have_approved(place)
    await place.tell(act(BeginStage, ANA, stage=1))


PLACES: dict[str, tuple[Callable[[Place], Awaitable[None]], State, list[str]]] = {
    "in progress, in its first stage": (
        it_goes_to_one, State.IN_PROGRESS, ["canary", "canary is stopped", "back"],
    ),
    "awaiting approval": (canary_is_out, State.AWAITING_APPROVAL, ["canary", "back"]),
    "ready": (all_have_approved, State.READY, ["canary", "back"]),
    "in progress": (
        it_goes_everywhere, State.IN_PROGRESS, ["canary", "everywhere", "everywhere is stopped", "back"],
    ),
    "failed": (it_fails, State.FAILED, ["canary", "everywhere", "back"]),
    "in progress, at the second attempt": (
        it_is_tried_again,
        State.IN_PROGRESS,
        ["canary", "everywhere", "everywhere", "everywhere is stopped", "back"],
    ),
    "completed": (it_is_out, State.COMPLETED, ["canary", "everywhere", "back"]),
}  # fmt: skip


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
async def test_from_every_state_the_way_back_is_run_once_and_beside_nothing(
    tmp_path: Path, where: str, restarted: bool
) -> None:
    reach, state, ran = PLACES[where]
    place = Place(tmp_path, RUNBOOK)
    place.has(LOGS)
    if reach is it_goes_to_one:
        (tmp_path / "slow-canary").touch()
    async with place.rollcall():
        await place.tell(start())
        await reach(place)
        if not restarted:
            await back(place, state)
            await place.until(State.ROLLED_BACK)
            await place.until_settled()
    if restarted:
        # It is ended while what is taken back still goes on.
        await back(place, state)
        async with place.rollcall():
            await place.until(State.ROLLED_BACK)
            await place.until_settled()
    assert place.said == ran
    place.replica.database.close()


async def back(place: Place, state: State) -> None:
    release = await place.tell(act(Rollback, ANA, reason="Orders are lost."))
    assert release.rolled_back_from is state
