"""Slack shows each message once, whatever becomes of the calls."""

from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.state import State
from bot.settings import Transport
from tests.slack.given import ROLES, world_with
from tests.world import World, open_world, rollcall_in, settings_for

POSTS = [
    "ratelimited",
    "server_error",
    "server_error_after",
    "lost_answer",
    "late_store",
    "fatal_error",
    "some_new_error",
]

TWO_GATES = """\
stages:
  - name: production
    owner: captain
    production: true
    begin: captain
    gates:
      - {name: First, approvals: {qa: 1}}
      - {name: Second, approvals: {security: 1}}
    steps:
      - do: Deploy
"""


@pytest.mark.parametrize("kind", POSTS)
async def test_a_post_that_goes_wrong_is_shown_once_in_the_end(world: World, kind: str) -> None:
    await world.control("faults", method="chat.postMessage", kind=kind, delay_s=0.5)
    await world.ana.types("/release start checkout 1.4.0", settle=False)
    await world.settled(within_s=20)
    await world.card("checkout-1")
    await world.message("checkout-1", "gate:0:QA")


@pytest.mark.proof
@pytest.mark.parametrize("kind", POSTS)
async def test_what_comes_later_in_a_thread_waits_behind_a_post_that_goes_wrong(
    tmp_path: Path, kind: str
) -> None:
    async with world_with(tmp_path, f"{ROLES}{TWO_GATES}") as world:
        await world.control("faults", method="chat.postMessage", kind="none")
        await world.control("faults", method="chat.postMessage", kind=kind, delay_s=0.5)
        await world.ana.types("/release start shop 1.0", settle=False)
        await world.settled(within_s=20)
        card = await world.card("shop-1")
        thread = await world.messages(thread_ts=card["ts"])
        shown = [message["metadata"]["event_payload"]["slot"] for message in thread]
        # Only a message that Slack itself does not take lets others go before it.
        behind = (
            ["gate:0:Second", "gate:0:First"]
            if kind == "some_new_error"
            else ["gate:0:First", "gate:0:Second"]
        )
        assert shown == ["card", *behind]


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


async def test_acts_in_quick_succession_become_one_update_of_each_message(tmp_path: Path) -> None:
    async with open_world(tmp_path, rollcall_gap=3.0) as world:
        await world.ana.types("/release start checkout 1.4.0")
        gate = await world.message("checkout-1", "gate:0:QA")
        before = await world.calls("chat.update")
        press = {"channel": "releases", "message_ts": gate["ts"], "action_id": "approve_v1"}
        await world.control("press", user="ben", **press)
        await world.ana.types("/release cancel checkout-1 wrong build")
        assert await world.calls("chat.update") - before == 2


async def test_the_events_of_one_act_become_one_update_of_each_message(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    before = await world.calls("chat.update")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    # Three events: the approval, the gates met, the stage begun. The card and the gate changed, once each.
    assert await world.calls("chat.update") - before == 2


async def test_a_card_is_not_updated_for_the_head_of_the_ledger_alone(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    before = await world.card("checkout-1")
    await world.passes(hours=1, minutes=1)
    assert (await world.release("checkout-1")).seq > 1, "Somebody was reminded."
    assert await world.card("checkout-1") == before
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    release, head = await world.with_head("checkout-1")
    assert f"Event {release.seq} · ledger {head[:12]}" in (await world.card("checkout-1"))["text"]
    assert f"ledger {head[:12]}" not in before["text"]


@pytest.mark.proof
async def test_no_call_to_slack_is_made_before_the_acknowledgement(world: World) -> None:
    await world.control("faults", method="*", kind="timeout", times=1)
    answer = await world.control(
        "command", user="ana", channel="releases", command="/release", text="start checkout 1.4.0"
    )
    assert answer["ok"]
    assert "has started" in answer["body"]["text"]


async def test_texts_at_their_limits_hold_nothing_up(world: World) -> None:
    await world.ana.types(f"/release start checkout 1.4.0 {'&' * 1_000}")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.ben.submits(reason="a&" * 250)
    await world.bea.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.bea.submits(reason="b<" * 250)
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS
    await world.ana.presses("Done", "checkout-1", on="stage:0")


async def test_a_go_that_is_asked_no_more_is_taken_away(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.cleo.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    assert "[Begin production]" in await world.thread("checkout-1")
    await world.ana.types("/release cancel checkout-1 wrong build")
    assert "Begin production" not in await world.thread("checkout-1")


async def test_a_slack_that_answers_500_at_the_start_is_asked_again(tmp_path: Path) -> None:
    practice, clock = Practice(MovableClock(), limits=False), MovableClock()
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with practice.serving(port=0), World(practice, clock, url) as world:
        for method in ("auth.test", "users.list"):
            await world.control("faults", method=method, kind="server_error", times=1)
        async with rollcall_in(practice, settings_for(practice, url, Transport.SOCKET), clock):
            assert "has started" in await world.until_types("ana", "/release start checkout 1.4.0")
