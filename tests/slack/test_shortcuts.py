"""Shortcuts: what is chosen from Slack's menus, of everything or of one message."""

import asyncio
from pathlib import Path

from inline_snapshot import snapshot

from bot.practice.cast import SHORTCUTS as KNOWN
from bot.slack.incoming.shortcuts import SHORTCUTS
from bot.slack.manifest import manifest
from tests.slack.given import held, open_form, shown
from tests.world import PATIENCE_S, World, open_world

HOLD = "Hold the release for it"


async def test_a_release_is_started_from_anywhere(world_by_each_transport: World) -> None:
    world = world_by_each_transport
    assert (await world.ana.chooses("Start a release"))["ok"]
    assert (await open_form(world, "ana")).startswith("Start a release [Start] [Never mind]\nChannel\n")
    started = await world.ana.submits(channel="random", service="checkout", version="1.4.0")
    assert started["result"] == "closed"
    assert "checkout 1.4.0" in (await world.card("checkout-1", channel="random"))["text"]


async def test_a_message_holds_the_release_in_whose_thread_it_is(world: World) -> None:
    await world.ana.types("/release start payments 7.1")
    await world.ana.types("/release start checkout 1.4.0")
    ts = await world.gus.writes("The totals are wrong", "payments-1")
    await world.ben.chooses(HOLD, ts)
    assert (await open_form(world, "ben")).split("\n")[0] == "Hold payments-1 [Hold] [Never mind]"
    await world.ben.submits()
    hold = (await world.release("payments-1")).holds[0]
    assert (hold.owner, hold.reason.split("/archives")[1].split("?")[0]) == (
        "U0BEN",
        f"/C0RELEASES/p{ts.replace('.', '')}",
    )


async def test_a_message_elsewhere_holds_the_only_open_release_or_asks_which(world: World) -> None:
    ts = await world.gus.writes("Errors are up")
    await world.ben.chooses(HOLD, ts)
    assert await open_form(world, "ben") == snapshot("""\
Which release? [Close]
No release is open in this channel. Choose this at a message of a release, or type /release list to see those of other channels.\
""")
    await world.control("close", user="ben")
    await world.ana.types("/release start payments 7.1")
    await world.ben.chooses(HOLD, ts)
    assert (await open_form(world, "ben")).split("\n")[0] == "Hold payments-1 [Hold] [Never mind]"
    await world.control("close", user="ben")
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.chooses(HOLD, ts)
    assert (await open_form(world, "ben")).split("\n")[:4] == snapshot(
        ["Hold a release [Hold] [Never mind]", "Which release?", "  ( ) checkout-1", "  ( ) payments-1"]
    )
    assert "/archives/C0RELEASES/p" in (await held(world, "ben"))["reason"]
    await world.ben.submits(release="checkout-1", reason="Errors are up")
    assert [hold.reason for hold in (await world.release("checkout-1")).holds] == ["Errors are up"]
    assert (await world.release("payments-1")).holds == ()


async def test_a_message_is_attached_as_evidence_also_after_the_end(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    ts = await world.gus.writes("Load test: 0 errors", "checkout-1")
    await world.ben.chooses("Attach as evidence", ts)
    assert await open_form(world, "ben") == snapshot("""\
Evidence for checkout-1 [Attach] [Never mind]
What does this message show? (optional)
  With your name and the link it goes into the ledger, and a message of the release shows it.\
""")
    await world.ben.submits(comment="The load test")
    lines = (await shown(world, "checkout-1", "evidence:1")).split("\n")
    assert f"/archives/C0RELEASES/p{ts.replace('.', '')}?thread_ts=" in lines.pop(1)
    assert lines == snapshot(
        ["*checkout-1* (checkout 1.4.0): *Evidence 1* attached by @ben, <time>", "> The load test"]
    )
    await world.ana.types("/release cancel checkout-1 wrong build")
    await world.dan.chooses("Attach as evidence", (await world.message("checkout-1", "gate:0:QA"))["ts"])
    await world.dan.submits()
    assert await shown(world, "checkout-1", "closing:cancelled") == snapshot("""\
*checkout-1* (checkout 1.4.0): The release is *cancelled by @ana*, <time>
> wrong build
2 pieces of evidence are attached, each in a message of its own.\
""")
    await world.dan.chooses("Attach as evidence", ts)
    assert (await world.dan.submits())["errors"] == snapshot(
        {"comment": "This is attached to checkout-1 already."}
    )


async def test_a_form_that_takes_a_while_holds_its_place_open(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    ts = await world.gus.writes("Errors are down", "checkout-1")
    await world.control("faults", method="chat.getPermalink", kind="slow", delay_s=2.0)
    await world.ben.chooses("Attach as evidence", ts)
    assert "One moment, the form is on its way." in await open_form(world, "ben")
    async with asyncio.timeout(PATIENCE_S):
        while "Evidence for checkout-1" not in await open_form(world, "ben"):
            await asyncio.sleep(0.02)
    await world.ben.submits(comment="Seen by all")
    assert [one.comment for one in (await world.release("checkout-1")).evidence] == ["Seen by all"]


async def test_of_several_releases_the_form_asks_for_which_one_it_is_evidence(world: World) -> None:
    await world.ana.types("/release start payments 7.1")
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.chooses("Attach as evidence", await world.gus.writes("Errors are down"))
    await world.ben.submits(release="payments-1")
    assert [one.by for one in (await world.release("payments-1")).evidence] == ["U0BEN"]
    assert (await world.release("checkout-1")).evidence == ()


async def test_without_a_service_there_is_nothing_to_start(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    async with open_world(tmp_path, rollcall_runbooks=tmp_path / "runbooks") as world:
        await world.ana.chooses("Start a release")
        assert await open_form(world, "ana") == snapshot("""\
Start a release [Close]
No runbook names a service yet, so there is nothing to start. Add one under runbooks/.\
""")


async def test_guests_have_no_global_shortcuts(world: World) -> None:
    answer = await world.gus.chooses("Start a release")
    assert answer["error"] == "Guests have no global shortcuts."


def test_the_shortcuts_fit_into_slack_and_the_practice_slack_has_the_same() -> None:
    for one in SHORTCUTS:
        assert (len(one.name) <= 24, len(one.description) <= 150) == (True, True)
    assert [one.callback_id for one in KNOWN] == [one.callback for one in SHORTCUTS]
    assert [one["name"] for one in manifest("/release")["features"]["shortcuts"]] == [
        one.name for one in KNOWN
    ]
