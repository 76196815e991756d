"""Buttons of other times: from an older version of Rollcall, of another state, or of nobody."""

import json

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import press_old
from tests.world import World


async def test_buttons_of_the_version_before_still_work(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    # Before there were attempts, holds and handoffs, a button carried the release, the stage and a name.
    await press_old(world, "ben", "checkout-1", "approve_v1", json.dumps(["checkout-1", 0, "QA"]))
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS
    for step in ("Deploy to staging", "Run the smoke tests"):
        await press_old(world, "ana", "checkout-1", "finish_step_v1", json.dumps(["checkout-1", 0, step]))
    for name in ("ben", "cleo"):
        await press_old(world, name, "checkout-1", "approve_v1", json.dumps(["checkout-1", 1, "Go or no-go"]))
    await press_old(world, "ana", "checkout-1", "begin_stage_v1", json.dumps(["checkout-1", 1, ""]))
    assert (await world.release("checkout-1")).touched_production
    await press_old(world, "bea", "checkout-1", "reject_v1", json.dumps(["checkout-1", 1, "Go or no-go"]))
    assert (await world.bea.submits(reason="Wait"))["errors"] == snapshot(
        {
            "reason": "Go or no-go was passed and production has begun, so it takes no more answers. Place a hold if something must not go on."
        }
    )


async def test_a_button_that_means_nothing_any_more_is_answered(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    before = await world.release("checkout-1")
    answers = []
    for action, value in (
        ("approve_v1", "hello"),
        ("approve_v1", '["checkout-1", 7, "QA"]'),
        ("approve_v1", '["checkout-1", 0, "Qa"]'),
        ("approve_v1", '["checkout-9", 0, "QA"]'),
        ("answer_form_v1", '["checkout-1", 0, "Gone"]'),
        ("report_form_v1", '["checkout-1", 0, "Gone", 1, ""]'),
        ("rollback_form_v1", '["checkout-9", 0, ""]'),
        ("finish_step_v1", '["checkout-1", 0, "Deploy to staging", 1, ""]'),
        ("retry_step_v1", '["checkout-1", 0, "Deploy to staging", 1, ""]'),
        ("keep_hold_v1", '["checkout-1", 0, "", 3, ""]'),
        ("decline_duty_v1", '["checkout-1", 0, "captain", 1, "U0BEN"]'),
    ):
        await press_old(world, "ben", "checkout-1", action, value)
        answers.append(await world.ben.sees())
    assert answers == snapshot(
        [
            "This button can no longer be read. The newest messages of the release have others.",
            "checkout-1 has no gate “QA” open. Look at its newest messages.",
            "checkout-1 has no gate “Qa” open. Look at its newest messages.",
            "There is no release checkout-9. The list of releases shows what is open.",
            "This gate is not open any more. Look at the newest messages of the release.",
            "This gate is not open any more. Look at the newest messages of the release.",
            "There is no release checkout-9. The list of releases shows what is open.",
            "staging of checkout-1 is not under way, so it has no step to tick. The card says what comes next.",
            "“Deploy to staging” of checkout-1 is not a step that has failed just now. Look at its newest messages.",
            "checkout-1 has no hold 3. The card lists those that are open.",
            "To be captain of checkout-1 is not offered to you just now. An offer ends when it is answered, when another is made, or with its time. Ask @ana.",
        ]
    )
    assert await world.release("checkout-1") == before
