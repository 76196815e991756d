"""A yes that is written in the thread: asked about privately, and never counted by itself."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from inline_snapshot import snapshot

from bot.slack.incoming.asking import says_yes
from tests.world import PATIENCE_S, World, readable

YES = [
    "LGTM, ship it",
    "approved",
    "Approved!",
    "+1",
    ":+1::skin-tone-3: from me",
    "Checked staging. Looks good to me",
    "<@U0ANA> I approve",
    "ok, good to go",
    "&gt; is this not fine?\nlgtm",
    "“not yet” is over, LGTM",
]
NO = [
    "not LGTM yet",
    "I can’t say LGTM",
    "LGTM?",
    "LGTM once the tests pass",
    "Ben approved it yesterday",
    "approved by the others",
    "who has approved",
    "please approve",
    "+1 on what Ben says",
    "&gt; LGTM, ship it\nhm",
    "he wrote “LGTM”",
    '"approved"',
    "`approved` is the word",
    "&gt;&gt;&gt; so:\napproved",
    "disapproved",
    "LGTM. " + "And this is all there is to say about it. " * 8,
    "",
]


@pytest.mark.parametrize("text", YES)
def test_a_yes_in_ones_own_words_is_one(text: str) -> None:
    assert says_yes(text)


@pytest.mark.parametrize("text", NO)
def test_what_quotes_doubts_or_tells_of_others_is_no_yes(text: str) -> None:
    assert not says_yes(text)


async def test_who_writes_a_yes_is_asked_and_it_counts_when_pressed(world_by_each_transport: World) -> None:
    world = world_by_each_transport
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.writes("LGTM, ship it", "checkout-1")
    assert readable(await world.whispered("ben")) == snapshot("""\
*QA* of *checkout-1* (checkout 1.4.0) waits for your answer, and what is written here does not count by itself. Record this as your approval?
[Approve]\
""")
    assert (await world.release("checkout-1")).votes == ()
    await world.ben.answers("Approve")
    assert [vote.by for vote in (await world.release("checkout-1")).votes] == ["U0BEN"]
    # The question is gone from where it stood, so that nobody presses it again.
    async with asyncio.timeout(PATIENCE_S):
        while (await world.whispered("ben")).get("blocks"):
            await asyncio.sleep(0.02)
    assert readable(await world.whispered("ben")) == snapshot(
        "Thank you. It is recorded, and the message of the gate shows it."
    )


async def test_nobody_is_asked_twice_within_hours(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.writes("LGTM", "checkout-1")
    await world.ben.writes("+1", "checkout-1")
    await world.bea.writes("LGTM", "checkout-1")
    await world.bea.sees()
    assert len(await world.whispers("ben")) == 1
    await world.passes(hours=4)
    await world.ben.writes("LGTM", "checkout-1")
    await world.bea.writes("LGTM", "checkout-1")
    await world.bea.sees()
    assert len(await world.whispers("ben")) == 2


async def test_nobody_else_is_asked_and_nowhere_else(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.writes("approved", "checkout-1")
    await world.cleo.writes("approved", "checkout-1")
    await world.ben.writes("approved")
    await world.ben.writes("not approved", "checkout-1")
    await world.bea.writes("approved", "checkout-1")
    await world.bea.sees()
    whispers = [one for user in ("ana", "cleo", "ben") for one in await world.whispers(user)]
    assert [readable(one) for one in whispers if one.get("blocks")] == []


async def test_a_yes_to_what_went_out_before_counts_for_nothing(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.writes("approved", "checkout-1")
    question = await world.whispered("ben")
    await world.ana.types("/release change checkout-1")
    await world.ana.submits(version="1.5.0")
    await world.ben.answers("Approve")
    assert (await world.release("checkout-1")).votes == ()
    await world.ben.writes("approved", "checkout-1")
    again = await world.whispered("ben")
    assert again["ts"] > question["ts"]
    assert "checkout 1.5.0" in again["text"]


async def test_what_people_write_is_not_kept(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.writes("approved, says the heron", "checkout-1")
    await world.ben.answers("Approve")
    with closing(sqlite3.connect(str(world.database.url.database))) as connection:
        kept = "\n".join(connection.iterdump())
    assert "Approved" in kept
    assert "heron" not in kept
