"""What is in the way between Rollcall and Slack stops only what it must, and is over by itself."""

import asyncio
from collections import Counter

import pytest
from inline_snapshot import snapshot

from tests.world import PATIENCE_S, World, readable


async def told(world: World, user: str) -> list[str]:
    """Return the direct messages that somebody has got."""
    return [readable(message) for message in await world.messages(f"D0{user.upper()}")]


async def until_told(world: World, user: str, text: str) -> None:
    async with asyncio.timeout(5):
        while not any(text in one for one in await told(world, user)):
            await asyncio.sleep(0.02)


async def test_an_archived_channel_stops_its_own_releases_until_it_is_taken_out_again(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.control("archive", user="ana", channel="releases", archived=True)
    await world.ana.types("/release cancel checkout-1 wrong build", channel="random", settle=False)
    await until_told(world, "ana", "archived")
    assert await told(world, "ana") == snapshot(
        [
            "*checkout-1* (checkout 1.4.0) goes on, but I cannot show it in <#C0RELEASES>. That channel is archived. Take it out of the archive. I try again by myself."
        ]
    )

    await world.ana.types("/release start checkout 1.5.0", channel="random", settle=False)
    async with asyncio.timeout(5):
        while [release.key for release in await world.releases.unshown()] != ["checkout-1"]:
            await asyncio.sleep(0.02)

    await world.control("archive", user="ana", channel="releases", archived=False)
    await world.settled()
    assert "cancelled" in readable(await world.card("checkout-1"))
    assert await told(world, "ana") == snapshot(
        ["*checkout-1* (checkout 1.4.0) is shown in <#C0RELEASES> again. Nothing was lost meanwhile."]
    )


async def test_the_next_trouble_is_told_anew(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    for text in ("/release hold checkout-1 it is late", "/release cancel checkout-1 wrong build"):
        await world.control("archive", user="ana", channel="releases", archived=True)
        await world.ana.types(text, channel="random", settle=False)
        await until_told(world, "ana", "archived")
        await world.control("archive", user="ana", channel="releases", archived=False)
        await world.settled()
    assert len(await told(world, "ana")) == 2


async def test_a_removed_rollcall_goes_on_when_it_is_invited_again(world: World) -> None:
    await world.control("command", user="ana", channel="war-room", command="/invite", text="@rollcall")
    await world.ana.types("/release start checkout 1.4.0", channel="war-room")
    await world.control("leave", user="rollcall", channel="war-room", by="dan")
    await world.ana.types("/release cancel checkout-1 wrong build", channel="random", settle=False)
    await until_told(world, "ana", "Invite me")
    assert await told(world, "ana") == snapshot(
        [
            "*checkout-1* (checkout 1.4.0) goes on, but I cannot show it in <#C0WARROOM>. I cannot see that channel. Invite me: type `/invite @Rollcall` there. I try again by myself."
        ]
    )
    await world.control("command", user="ana", channel="war-room", command="/invite", text="@rollcall")
    assert "cancelled" in readable(await world.card("checkout-1", "war-room"))


async def test_where_it_may_not_write_an_admin_is_to_let_it(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.control("faults", method="chat.update", kind="restricted_action", times=1_000)
    await world.ana.types("/release hold checkout-1 it is late", settle=False)
    await until_told(world, "ana", "admin")
    assert await told(world, "ana") == snapshot(
        [
            "*checkout-1* (checkout 1.4.0) goes on, but I cannot show it in <#C0RELEASES>. I may not write in that channel. Ask a workspace admin to let me. I try again by myself."
        ]
    )


async def health(world: World) -> tuple[int, bool]:
    """Return what Rollcall answers to whoever looks whether it works: the status, and whether it delivers."""
    async with world.session.get(f"{world.address}/healthz") as answer:
        return answer.status, (await answer.json())["delivery"]


@pytest.mark.proof
async def test_a_token_that_is_not_accepted_is_told_with_each_answer_and_tried_by_one_call_at_a_time(
    world: World,
) -> None:
    await world.control("faults", method="chat.postMessage", kind="token_revoked", times=2)
    await world.ana.types("/release start checkout 1.4.0", settle=False)
    # The answer has come when Rollcall itself knows it, and not when Slack has given it.
    async with asyncio.timeout(PATIENCE_S):
        while await health(world) != (503, False):
            await asyncio.sleep(0.02)
    assert await world.ana.types("/release list", settle=False) == snapshot("""\
• *checkout-1* (checkout 1.4.0) in <#C0RELEASES>: awaiting approval, started <time>
What you do counts, but Slack does not accept my token, so no message shows it. Ask whoever runs Rollcall to renew SLACK_BOT_TOKEN and to start me again.\
""")
    await world.settled(within_s=20)
    assert await health(world) == (200, True)
    assert "SLACK_BOT_TOKEN" not in await world.ana.types("/release list")
    assert (await world.look("faults"))["faults"] == []


@pytest.mark.parametrize(
    ("kind", "gates", "reminders"),
    [
        pytest.param("lost_answer", 2, 1, id="it was stored"),
        pytest.param("server_error", 1, 0, id="it was not stored"),
    ],
)
@pytest.mark.proof
async def test_where_it_may_not_read_a_gate_comes_once_at_least_and_a_reminder_once_at_most(
    world: World, kind: str, gates: int, reminders: int
) -> None:
    await world.control("faults", method="conversations.replies", kind="missing_scope", times=9)
    await world.control("faults", method="chat.postMessage", kind="none")
    await world.control("faults", method="chat.postMessage", kind=kind)
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    for who in ("ben", "bea"):
        await world.digest(who, "1 thing waits")
    await world.control("faults", method="chat.postMessage", kind=kind)
    await world.passes(hours=4)
    card = await world.card("checkout-1")
    thread = (await world.messages(thread_ts=card["ts"]))[1:]
    slots = Counter(message["metadata"]["event_payload"]["slot"] for message in thread)
    assert (slots["gate:0:QA"], slots["reminder:0:QA:2"]) == (gates, reminders)
    # What is not there any more, or never was, holds nothing up.
    await world.ana.types("/release cancel checkout-1 wrong build")
