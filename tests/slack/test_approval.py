"""Approving and rejecting: who may, what a press shows, and what a second one does."""

import asyncio
from functools import partial

from inline_snapshot import snapshot

from bot.release.state import State
from tests.world import World


async def test_a_rejection_asks_for_the_reason_and_blocks_until_it_is_taken_back(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    assert await world.ben.submits(reason="  ") == snapshot(
        {
            "ok": True,
            "result": "errors",
            "errors": {
                "reason": "A reason is needed, so that others know what to do about it. Say in a few words why."
            },
        }
    )
    assert (await world.ben.submits(reason="The basket <b>loses</b> *items*"))["result"] == "closed"

    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    assert (await world.release("checkout-1")).state is State.AWAITING_APPROVAL
    assert await world.thread("checkout-1") == snapshot("""\
checkout 1.4.0 (checkout-1)
*checkout-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @ben rejected *QA*, <time>; it blocks until taken back, or settled by @ana
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*checkout-1* (checkout 1.4.0): *QA* before staging is *rejected*
✓ qa: @bea, <time>
✗ @ben rejected it, <time>
> The basket <b>loses</b> *items*
[Approve] [Reject] [More…]
---
*checkout-1* (checkout 1.4.0): ✗ @ben *rejected* *QA* before staging, <time>
> The basket <b>loses</b> *items*
@ana, it blocks until @ben takes it back, or you settle it.
[Settle or take back…]\
""")

    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS


async def test_somebody_who_may_not_is_told_privately_who_may(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.cleo.presses("Approve", "checkout-1", on="gate:0:QA")
    assert await world.cleo.sees() == snapshot("QA is answered by people in qa. Ask @bea or @ben.")
    assert (await world.release("checkout-1")).votes == ()


async def test_the_starter_approves_nothing(world: World) -> None:
    await world.ben.types("/release start checkout 1.4.0")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    assert await world.ben.sees() == snapshot(
        "You started checkout-1, and who starts a release approves none of it. Ask @bea."
    )


async def test_a_guest_fills_no_seat_even_in_the_group(world: World) -> None:
    await world.regroups("qa", ["ben", "bea", "gus"])
    await world.ana.types("/release start checkout 1.4.0")
    await world.gus.presses("Approve", "checkout-1", on="gate:0:QA")
    assert await world.gus.sees() == snapshot(
        "QA is answered by full members in qa; you are here as a guest. Ask @bea or @ben."
    )


async def test_a_double_press_counts_once_and_the_second_is_answered_kindly(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    gate = await world.message("checkout-1", "gate:0:QA")
    press = partial(world.control, "press", user="ben", channel="releases", message_ts=gate["ts"])
    await asyncio.gather(press(action_id="approve_v1"), press(action_id="approve_v1"))
    assert await world.ben.sees() == snapshot("You have approved QA already, and it is recorded.")
    votes = (await world.release("checkout-1")).votes
    assert [vote.by for vote in votes] == ["U0BEN"]


async def test_who_joins_the_group_later_may_approve_and_who_leaves_may_not(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.regroups("qa", ["dee"])
    await world.until(lambda release: release.members["qa"] == ("U0DEE",), "checkout-1")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    assert await world.ben.sees() == snapshot("QA is answered by people in qa. Ask @dee.")
    await world.dee.presses("Approve", "checkout-1", on="gate:0:QA")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS


async def test_a_press_on_an_old_message_of_an_ended_release_says_so(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    gate = await world.message("checkout-1", "gate:0:QA")
    await world.control("faults", method="chat.update", kind="ratelimited", times=1)
    await world.ana.types("/release cancel checkout-1 wrong build", settle=False)
    # The message still has its button, because Slack has asked Rollcall to slow down.
    press = {"channel": "releases", "message_ts": gate["ts"], "action_id": "approve_v1"}
    assert (await world.control("press", user="ben", **press))["ok"]
    assert "checkout-1 is cancelled" in await world.ben.sees()
    assert (await world.release("checkout-1")).votes == ()


async def test_the_messages_of_an_ended_release_have_no_buttons(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release cancel checkout-1 wrong build")
    message = await world.message("checkout-1", "gate:0:QA")
    assert not [block for block in message["blocks"] if block["type"] == "actions"]
