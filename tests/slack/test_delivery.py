"""Slack shows each message once, whatever becomes of the calls."""

import pytest

from tests.world import World

POSTS = [
    "ratelimited",
    "server_error",
    "server_error_after",
    "lost_answer",
    "late_store",
    "fatal_error",
    "some_new_error",
]


@pytest.mark.parametrize("kind", POSTS)
async def test_a_post_that_goes_wrong_is_shown_once_in_the_end(world: World, kind: str) -> None:
    await world.control("faults", method="chat.postMessage", kind=kind, times=1)
    await world.ana.types("/release start checkout 1.4.0", settle=False)
    await world.settled(within_s=20)
    await world.card("checkout-1")
    await world.message("checkout-1", "gate:0:QA")


@pytest.mark.parametrize("kind", ["ratelimited", "server_error", "lost_answer", "message_not_found"])
async def test_an_update_that_goes_wrong_is_made_again(world: World, kind: str) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.control("faults", method="chat.update", kind=kind, times=1)
    await world.ana.types("/release cancel checkout-1 wrong build", settle=False)
    await world.settled(within_s=20)
    texts = [message["text"] for message in await world.messages()]
    assert sum("cancelled by" in text for text in texts) == 1


async def test_a_deleted_card_is_posted_again(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    card = await world.card("checkout-1")
    await world.deletes(card)
    await world.ana.types("/release cancel checkout-1 wrong build")
    assert (await world.card("checkout-1"))["ts"] != card["ts"]


async def test_a_burst_of_events_becomes_few_updates(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    before = await world.calls("chat.update")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    # Three events: the approval, the gates met, the stage begun. The card and the gate changed, once each.
    assert await world.calls("chat.update") - before == 2


async def test_no_call_to_slack_is_made_before_the_acknowledgement(world: World) -> None:
    await world.control("faults", method="*", kind="timeout", times=1)
    answer = await world.control(
        "command", user="ana", channel="releases", command="/release", text="start checkout 1.4.0"
    )
    assert answer["ok"]
    assert "has started" in answer["body"]["text"]
