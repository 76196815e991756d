"""The digest: one private message for all that waits for a person, edited, and posted anew to remind."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.clock import MovableClock
from bot.practice import Practice
from bot.settings import Transport
from tests.slack.test_delivery import POSTS
from tests.world import A_TUESDAY, PATIENCE_S, World, open_world, readable, rollcall_in, settings_for


async def test_two_releases_wait_for_somebody_and_one_message_says_so(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.0.0")
    await world.passes(hours=1)
    assert await world.digest("ben", "2 things") == snapshot("""\
2 things wait for you:
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>
*payments-1* (payments 7.0.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 3)
• @bea and @ben: *QA* needs 2 approvals from qa, since <time>
Not now? Be reminded again later:
[Approve] [Reject] [More…] [Approve] [Reject] [More…] [In an hour] [In four hours] [In the morning]\
""")


async def test_an_answer_in_the_thread_shows_in_the_digest(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    await world.digest("bea", "1 thing waits")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    assert await world.digest("bea", "Nothing") == snapshot("Nothing waits for you just now.")


async def test_what_comes_soon_after_is_added_and_reminded_of_an_hour_later(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(minutes=30)
    await world.ana.types("/release start payments 7.0.0")
    await world.passes(minutes=30)
    first = (await world.digests("ben", "checkout-1"))[0]
    await world.passes(minutes=30)
    # It stands in the message that is there, of which Slack has notified already.
    assert (await world.digests("ben", "2 things"))[0]["ts"] == first["ts"]
    await world.passes(minutes=30)
    await world.until_digest_is_not("ben", first["ts"])
    assert len(await world.digests("ben", "2 things")) == 1


async def test_somebody_puts_it_off_and_is_reminded_then(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    first = (await world.digests("ben", "[In an hour]"))[0]
    await world.ben.presses_in_digest("In an hour")
    assert await world.digest("ben", "You are reminded again") == snapshot("""\
1 thing waits for you:
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>
You are reminded again <time>.
[Approve] [Reject] [More…] [In an hour] [In four hours] [In the morning]\
""")
    await world.passes(minutes=59)
    assert (await world.digests("ben", "checkout-1"))[0]["ts"] == first["ts"]
    await world.passes(minutes=1)
    await world.until_digest_is_not("ben", first["ts"])
    # Where the messages to Ben and to Bea are is asked once.
    assert await world.calls("conversations.open") == 2


async def test_one_press_puts_off_everything_what_comes_later_included(world: World) -> None:
    """Ben is left alone until tomorrow in all releases; Bea alone is named, and none of them has an event of it."""
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    first = (await world.digests("ben", "Not now?"))[0]
    await world.ben.presses_in_digest("In the morning")
    await world.digest("ben", "You are reminded again")
    await world.ana.types("/release start payments 7.0.0")
    assert [(await world.release(key)).seq for key in ("checkout-1", "payments-1")] == [2, 1]
    await world.passes(hours=4)
    assert (await world.digests("ben", "payments-1"))[0]["ts"] == first["ts"]
    louder = readable(await world.message("checkout-1", "reminder:0:QA:2"))
    assert louder == snapshot("""\
*checkout-1* (checkout 1.4.0): @bea, *QA* has waited for an answer since <time>. Until it is met, staging cannot begin.
[Approve] [Reject] [More…]\
""")
    await world.passes(hours=18)
    await world.until_digest_is_not("ben", first["ts"])
    assert "2 things wait for you" in await world.digest("ben", "Not now?")


async def test_who_is_not_at_work_is_left_in_peace(world: World) -> None:
    """In the evening in Berlin the captain starts a release in New York, and Ben hears of it in the morning."""
    await world.passes(hours=8)
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=10)
    assert (await world.release("checkout-1")).reminders == ()
    assert await world.messages("D0BEN") == []
    await world.passes(hours=4)
    assert "1 thing waits" in await world.digest("ben")


async def test_who_does_not_want_to_be_disturbed_is_reminded_afterwards(world: World) -> None:
    before, until = await world.calls("users.list"), world.clock.now() + timedelta(hours=3)
    await world.control("pause", user="ben", until=int(until.timestamp()))
    out = {"text": "Out of office", "emoji": ":palm_tree:", "expiration": int(until.timestamp())}
    await world.control("status", user="bea", **out)
    async with asyncio.timeout(PATIENCE_S):
        while await world.calls("dnd.teamInfo") == 0 or await world.calls("users.list") == before:
            await asyncio.sleep(0.02)
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=2)
    assert len((await world.release("checkout-1")).reminders) == 1
    assert [await world.messages(channel) for channel in ("D0BEN", "D0BEA")] == [[], []]
    await world.passes(hours=1)
    assert "1 thing waits" in await world.digest("ben")
    assert "1 thing waits" in await world.digest("bea")


async def test_one_that_somebody_has_deleted_stays_away_until_there_is_another(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    await world.deletes((await world.digests("ben", "1 thing"))[0], "D0BEN")
    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.digest("bea", "Nothing")
    async with asyncio.timeout(PATIENCE_S):
        while not await _changes_of_what_is_gone(world):
            await asyncio.sleep(0.02)
    await world.ana.types("/release start payments 7.0.0")
    await world.settled()
    assert await world.messages("D0BEN") == []
    await world.passes(hours=1)
    assert "1 thing waits" in await world.digest("ben", "payments-1")


async def _changes_of_what_is_gone(world: World) -> int:
    """Return how often Slack has told that a message is not there which was to be changed."""
    entries = [one for one in (await world.look("log"))["entries"] if one["what"] == "chat.update"]
    return sum((one.get("answer") or {}).get("error") == "message_not_found" for one in entries)


async def test_when_all_is_shown_the_digests_are_too(tmp_path: Path) -> None:
    """They are looked at seldom, and what stands in them is waited for all the same."""
    async with open_world(tmp_path, rollcall_gap=0.2) as world:
        await world.ana.types("/release start checkout 1.4.0")
        await world.passes(hours=1)
        await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
        assert [readable(one) for one in await world.messages("D0BEA")] == ["Nothing waits for you just now."]


async def test_who_presses_in_it_sees_soon_what_came_of_it(tmp_path: Path) -> None:
    """Digests are looked at seldom, so that cards come first; not so by who waits for an answer."""
    async with open_world(tmp_path, rollcall_gap=2.0) as world:
        await world.ana.types("/release start checkout 1.4.0")
        await world.passes(hours=1)
        await world.digest("ben", "Not now?")
        await world.ben.presses_in_digest("In an hour")
        assert "You are reminded again" in await world.digest("ben", "You are reminded again")


@pytest.mark.proof
@pytest.mark.parametrize("kind", POSTS)
async def test_a_digest_whose_post_goes_wrong_is_there_once_in_the_end(world: World, kind: str) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    for _ in ("ben", "bea"):
        await world.control("faults", method="chat.postMessage", kind=kind, delay_s=0.5)
    await world.passes(hours=1)
    for who in ("ben", "bea"):
        assert "1 thing waits" in await world.digest(who, "1 thing")


async def test_after_a_restart_what_was_not_posted_is(tmp_path: Path) -> None:
    clock = MovableClock(A_TUESDAY - MovableClock().now())
    practice = Practice(clock, limits=False)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with practice.serving(port=0), World(practice, clock, url) as world:
        settings = settings_for(practice, url, Transport.SOCKET)
        async with rollcall_in(practice, settings, clock):
            await world.people_read()
            await world.ana.types("/release start checkout 1.4.0")
            # Both digests fail, and are not tried again before Rollcall has stopped.
            await world.control("faults", method="conversations.open", kind="server_error", times=2)
            await world.passes(hours=1)
        async with rollcall_in(practice, settings, clock):
            assert "1 thing waits" in await world.digest("ben", "1 thing")
            assert "1 thing waits" in await world.digest("bea", "1 thing")
        async with rollcall_in(practice, settings, clock):
            await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
            await world.digest("bea", "Nothing")
