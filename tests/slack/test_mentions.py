"""Mentions: a subcommand after `@Rollcall`, answered in the thread where it was asked."""

import asyncio
from typing import Any

from inline_snapshot import snapshot

from tests.world import PATIENCE_S, World, plain


async def answer(world: World, user: str, text: str, key: str = "", channel: str = "releases") -> str:
    """Let a person write, and return what is answered for all to see below it."""
    ts = await getattr(world, user).writes(text, key, channel)
    thread = (await world.card(key, channel))["ts"] if key else ts
    async with asyncio.timeout(PATIENCE_S):
        while True:
            replies = await world.messages(channel, thread_ts=thread)
            for one in replies:
                if one["ts"] > ts and one["user"] == "U0ROLLCALL" and not one.get("metadata"):
                    return plain(one["text"])
            await asyncio.sleep(0.02)


async def test_in_the_thread_of_a_release_a_mention_needs_no_key(world_by_each_transport: World) -> None:
    world = world_by_each_transport
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.1")
    assert await answer(world, "ben", "@rollcall status", "checkout-1") == snapshot("""\
*checkout-1* (checkout 1.4.0) is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>\
""")
    assert await answer(world, "ben", "So, @rollcall: Why?", "payments-1") == snapshot("""\
*payments-1* (payments 7.1) is *awaiting approval* for staging (stage 1 of 3)
*What it waits for*
• @bea and @ben: *QA* needs 2 approvals from qa, since <time>
    by the rule: a stage begins when every gate before it is passed, each seat by another person
*The shortest way on*
• @bea and @ben approve *QA*
In an emergency, @dan or @dee can override a gate, with a reason and a review.
Who is in the roles was read <time>.\
""")
    assert await answer(world, "ben", "@rollcall summary", "payments-1") == snapshot("""\
*payments-1* (payments 7.1) is *awaiting approval* for staging (stage 1 of 3)
*Next act:* @bea and @ben approve *QA*
Nothing has happened since the start.
*Waiting for*
• @bea and @ben: *QA* needs 2 approvals from qa, since <time>\
""")
    assert await answer(world, "ben", "@rollcall", "payments-1") == await answer(
        world, "ben", "@rollcall status payments-1?"
    )


async def test_a_mention_does_what_the_command_does(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await answer(world, "dan", "@rollcall hold the smoke tests fail", "checkout-1") == snapshot(
        "*checkout-1* (checkout 1.4.0) is on hold. Nothing moves forward until you lift it."
    )
    assert (await world.release("checkout-1")).holds[0].reason == "the smoke tests fail"
    assert await answer(world, "dan", "@rollcall handoff @ben", "checkout-1") == snapshot(
        "Handing over as captain is for the captain or deputy. Ask @ana."
    )


async def test_a_mention_says_what_to_do_where_it_cannot(world: World) -> None:
    assert await answer(world, "ana", "@rollcall start") == snapshot(
        "That opens a form, and a mention cannot open one. Use the buttons of the release, type `/release start` in the channel, or add here what is missing, such as the key and a reason."
    )
    assert await answer(world, "ana", "@rollcall strat checkout 1.4.0") == snapshot(
        "There is no `@Rollcall strat`. Did you mean `@Rollcall start`? `@Rollcall help` lists what there is."
    )
    assert await answer(world, "ana", "@rollcall") == snapshot(
        "After `@Rollcall`, write what you would type after `/release`: `@Rollcall status`, `@Rollcall why`, `@Rollcall hold the smoke tests fail`. In its thread or its own channel, the key of a release may be left out. `/release help`, typed in the channel, lists all there is."
    )
    assert await answer(world, "ana", "@rollcall status") == snapshot(
        "No release is open in this channel. `@Rollcall start` starts one, `@Rollcall list` shows those of other channels."
    )
    assert await answer(world, "sol", "@rollcall list") == snapshot(
        "Only people of the workspace that I am installed in can ask me. Ask one of them to."
    )
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.1")
    assert await world.ana.types("/release status") == snapshot(
        "Several releases are open here: payments-1, checkout-1. Name one of them, such as payments-1, or write `@Rollcall` with the same words in the thread of one."
    )


async def test_a_yes_in_a_mention_is_asked_about_and_not_answered(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.writes("@rollcall approved", "checkout-1")
    assert "Record this as your approval?" in await world.ben.sees()
    assert await answer(world, "ben", "@rollcall thanks", "checkout-1") == snapshot(
        "There is no `@Rollcall thanks`. `@Rollcall help` lists what there is."
    )


async def told_of(world: World, kind: str, ts: str) -> dict[str, Any]:
    """Return the event of a kind about a message as Slack has sent it, which it notes when it is answered."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for entry in (await world.look("log"))["entries"]:
                event = entry["body"].get("event", {}) if entry["what"] == "events_api" else {}
                if (event.get("type"), event.get("ts")) == (kind, ts):
                    return dict(entry["body"])
            await asyncio.sleep(0.02)


async def test_a_mention_that_slack_sends_again_is_answered_once(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    ts = await world.ben.writes("@rollcall hold wait for me", "checkout-1")
    await world.until(lambda release: bool(release.holds), "checkout-1")
    again = await told_of(world, "app_mention", ts)
    sockets = world.practice.slack.delivery.sockets
    assert (await sockets.send("events_api", again, attempt=1, reason="timeout")).acknowledged
    await answer(world, "ben", "@rollcall status", "checkout-1")
    thread = await world.messages(thread_ts=(await world.card("checkout-1"))["ts"])
    said = [one for one in thread if one["user"] == "U0ROLLCALL" and not one.get("metadata")]
    assert len(said) == 2
    assert len((await world.release("checkout-1")).holds) == 1


async def test_in_public_nothing_is_told_of_other_channels(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0", channel="random")
    assert await answer(world, "ana", "@rollcall list") == snapshot(
        "No release is open in this channel. Start one: @Rollcall start"
    )
    assert await answer(world, "ana", "@rollcall status chekout-1") == snapshot(
        "There is no release chekout-1. The list of releases shows what is open."
    )
    await world.ana.types("/release start payments 7.1")
    assert await answer(world, "ana", "@rollcall list") == snapshot(
        "• *payments-1* (payments 7.1) in <#C0RELEASES>: awaiting approval, started <time>"
    )
    assert "checkout-1" in await world.ana.types("/release list")


async def test_in_the_thread_of_a_release_another_service_is_never_guessed(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.1")
    assert await answer(world, "ben", "@rollcall hold payments is down", "checkout-1") == snapshot(
        "payments is another service than that of checkout-1, which this place is about. Begin with the key that you mean: checkout-1 or payments-1."
    )
    assert await answer(world, "ben", "@rollcall hold storefront is down", "checkout-1") == snapshot(
        "storefront has no release that is open in this channel. If you mean checkout-1, begin with its key."
    )
    await answer(world, "ben", "@rollcall hold checkout: wait for me", "checkout-1")
    assert [hold.reason for hold in (await world.release("checkout-1")).holds] == ["wait for me"]
    assert not (await world.release("payments-1")).holds


async def test_in_public_a_service_does_not_stand_for_its_release_elsewhere(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0", channel="random")
    assert await answer(world, "ana", "@rollcall status checkout") == snapshot(
        "checkout has no release that is open in this channel."
    )
