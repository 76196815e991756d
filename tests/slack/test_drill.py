"""Drills: the way back is rehearsed where the runbook says, with a stopwatch, beside whatever goes out."""

from datetime import timedelta
from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from bot.slack.writing.drill import span
from tests.slack.given import ROLES, shown, standing, world_with, write
from tests.slack.test_runs import command, with_commands
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
lead: qa
stages:
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
rollback:
  drill: staging
  steps:
    - do: Deploy the version before
      run: {command: [deploy, "{environment}", "{before}"]}
    - do: Look whether people can pay
"""
)


async def released(world: World, *versions: str) -> None:
    for number, version in enumerate(versions, 1):
        await world.bea.types(f"/release start shop {version}")
        await world.dan.presses("Done", f"shop-{number}", on="stage:0")


async def test_the_way_back_is_rehearsed_with_a_stopwatch(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world, "1.0", "1.1")
        assert await world.dan.types("/release drill shop") == snapshot("""\
*shop-drill-1* (shop-drill 1.1) has begun.
The way back from 1.1 to 1.0 is rehearsed in the environment staging\
""")
        await world.until(lambda r: r.open_steps[0].run is None, "shop-drill-1")
        assert deploy.with_suffix(".staging").read_text() == "1.0\n"
        assert not deploy.with_suffix(".production").exists()
        assert await standing(world, "shop-drill-1") == snapshot("""\
*drill* · *shop-drill-1* is *in progress* with drill (stage 1 of 1)
▶ drill
The way back from 1.1 to 1.0 is rehearsed in the environment staging
*Waiting for*
• @dan or @dee: “Look whether people can pay” is to be done, since <time>\
""")

        # It holds up no release, and none holds up a drill.
        await world.bea.types("/release start shop 1.2")
        assert (await world.release("shop-3")).state is State.IN_PROGRESS

        await world.passes(minutes=12)
        await world.dan.presses("Done", "shop-drill-1", on="stage:0")
        assert await shown(world, "shop-drill-1", "closing:completed") == snapshot("""\
*shop-drill-1* (shop-drill 1.1): The drill is *completed*, <time>
The way back took *12 min* in this drill.
Before it, in a drill: never so far
Last for real: never so far
*What happened* since the start
• Rollcall finished “Deploy the version before”, <time>
• @dan finished “Look whether people can pay”, <time>\
""")


async def test_the_next_drill_is_told_beside_the_last_and_beside_what_it_took_for_real(
    tmp_path: Path,
) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world, "1.0", "1.1")
        await world.dan.types("/release rollback shop-2 Orders are lost")
        await world.until(lambda r: r.open_steps[0].run is None, "shop-2")
        await world.passes(minutes=17)
        await world.dan.presses("Done", "shop-2", on="stage:1")
        assert await world.dan.types("/release drill shop") == snapshot(
            "shop was not released twice yet, so there is no version to go back to. Hold a drill after its second release."
        )
        await world.bea.types("/release unlock shop-2 The query is mended.")
        await world.bea.types("/release start shop 1.2")
        await world.dan.presses("Done", "shop-3", on="stage:0")
        for number, minutes in ((1, 15), (2, 13)):
            await world.dan.types("/release drill shop")
            await world.until(lambda r: r.open_steps[0].run is None, f"shop-drill-{number}")
            await world.passes(minutes=minutes)
            await world.dan.presses("Done", f"shop-drill-{number}", on="stage:0")
        assert await shown(world, "shop-drill-2", "closing:completed") == snapshot("""\
*shop-drill-2* (shop-drill 1.2): The drill is *completed*, <time>
The way back took *13 min* in this drill.
Before it, in a drill: 15 min (shop-drill-1, <time>)
Last for real: 17 min (shop-2, <time>)
*What happened* since the start
• Rollcall finished “Deploy the version before”, <time>
• @dan finished “Look whether people can pay”, <time>\
""")


async def test_a_drill_that_fails_is_cancelled_and_there_is_nothing_to_take_back(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    deploy.with_suffix(".broken").touch()
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world, "1.0", "1.1")
        await world.dan.types("/release drill shop")
        await world.until(lambda r: r.state is State.FAILED, "shop-drill-1")
        assert await world.dan.types("/release drill shop") == snapshot(
            "shop-drill-1 is still open, and one drill at a time is held of a service. Finish or cancel shop-drill-1 first."
        )
        assert await world.dan.types("/release rollback shop-drill-1 Never mind") == snapshot(
            "shop-drill-1 has not touched production, so there is nothing to roll back. Cancel it instead."
        )
        await world.dan.types("/release cancel shop-drill-1 The pods do not start.")
        assert await shown(world, "shop-drill-1", "closing:cancelled") == snapshot("""\
*shop-drill-1* (shop-drill 1.1): The drill is *cancelled by @dan*, <time>
> The pods do not start.
*What happened* since the start
• Rollcall reported the failure of “Deploy the version before”, <time>: It ended with exit code 3. Deploying 1.0 to staging. The pods do not start.\
""")
        deploy.with_suffix(".broken").unlink()
        assert "has begun" in await world.dan.types("/release drill shop")


async def test_what_cannot_be_rehearsed_says_why(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        assert await world.dan.types("/release drill") == snapshot(
            "Name the service, and nothing else, such as: drill checkout. Services: shop."
        )
        assert await world.dan.types("/release drill shop now") == snapshot(
            "Name the service, and nothing else, such as: drill checkout. Services: shop."
        )
        assert await world.dan.types("/release drill sop") == snapshot(
            "No runbook names a service sop. Did you mean shop?"
        )
        assert await world.dan.types("/release drill shop") == snapshot(
            "shop was not released twice yet, so there is no version to go back to. Hold a drill after its second release."
        )
        await released(world, "1.0", "1.1")
        assert await world.ana.types("/release drill shop") == snapshot(
            "A drill of shop is started by people in qa or on-call. Ask one of them to start it. Ask @bea, @ben, @dan or @dee."
        )
        assert await world.bea.types("/release start shop 1.2 kind=drill") == snapshot(
            "The runbook of shop knows no kind drill. Kinds: normal."
        )
        write(tmp_path, RUNBOOK.replace("  drill: staging\n", ""))
        assert await world.dan.types("/release drill shop") == snapshot(
            "The runbook of shop names no environment to rehearse its way back in. Name one in it, such as: rollback: {drill: rehearsal}."
        )


def test_how_long_it_took_is_said_as_a_person_says_it() -> None:
    seconds = (0, 0.4, 45, 60, 125, 599.4, 600, 629, 631, 7_500, 90_000)
    assert [span(timedelta(seconds=time)) for time in seconds] == snapshot(
        [
            "0 s",
            "0 s",
            "45 s",
            "1 min",
            "2 min 5 s",
            "9 min 59 s",
            "10 min",
            "10 min",
            "11 min",
            "2 h 5 min",
            "25 h",
        ]
    )


GATED = RUNBOOK.replace("lead: qa\n", "lead: qa\nchecks:\n  rehearsed:\n    read: {drill: 30d}\n").replace(
    "    production: true\n",
    "    production: true\n    gates:\n      - {name: Way back, needs: {check: rehearsed}}\n",
)


async def drills(world: World, number: int) -> None:
    await world.dan.types("/release drill shop")
    await world.until(lambda r: r.open_steps[0].run is None, f"shop-drill-{number}")
    await world.dan.presses("Done", f"shop-drill-{number}", on="stage:0")


async def test_a_gate_asks_for_no_drill_until_there_is_a_way_back_to_rehearse(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, GATED, **with_commands(tmp_path)) as world:
        for number, version in enumerate(("1.0", "1.1"), 1):
            await world.bea.types(f"/release start shop {version}")
            await world.until(lambda r: r.state is State.IN_PROGRESS, f"shop-{number}")
            await world.dan.presses("Done", f"shop-{number}", on="stage:0")
        assert await shown(world, "shop-2", "gate:0:Way back") == snapshot("""\
*shop-2* (shop 1.1): *Way back* before production is *met*
✓ check rehearsed passed
  since <time>
> there is no version to go back to yet\
""")

        # Two versions are out, so that from now on it can be rehearsed, and has to be.
        await world.bea.types("/release start shop 1.2")
        await world.until(lambda r: "rehearsed" in r.reports, "shop-3")
        assert (await world.release("shop-3")).reports["rehearsed"][-1].comment == snapshot(
            "the way back was never rehearsed; type: drill shop"
        )
        await drills(world, 1)
        await world.passes(minutes=1)
        await world.until(lambda r: r.state is State.IN_PROGRESS, "shop-3")


async def test_a_gate_can_ask_for_a_drill_that_is_not_too_old(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world, "1.0", "1.1")
        write(tmp_path, GATED)
        await world.bea.types("/release start shop 1.2")
        await world.until(lambda r: "rehearsed" in r.reports, "shop-3")
        assert await shown(world, "shop-3", "gate:0:Way back") == snapshot("""\
*shop-3* (shop 1.2): *Way back* before production is *waiting*
☐ check rehearsed failed
  since <time>
> the way back was never rehearsed; type: drill shop
[More…]\
""")
        await drills(world, 1)
        await world.passes(minutes=1)
        await world.until(lambda r: r.state is State.IN_PROGRESS, "shop-3")
        await world.dan.presses("Done", "shop-3", on="stage:0")

        # A drill that did not end well counts for more than an older one that did.
        await world.dan.types("/release drill shop")
        await world.dan.types("/release cancel shop-drill-2 The disk is full.")
        await world.bea.types("/release start shop 1.3")
        await world.until(lambda r: "rehearsed" in r.reports, "shop-4")
        assert (await world.release("shop-4")).reports["rehearsed"][-1].comment == snapshot(
            "shop-drill-2 did not end well; hold another one: drill shop"
        )
        await drills(world, 3)
        await world.passes(minutes=1)
        await world.until(lambda r: r.state is State.IN_PROGRESS, "shop-4")
        await world.dan.presses("Done", "shop-4", on="stage:0")

        await world.passes(days=31)
        await world.bea.types("/release start shop 1.4")
        await world.until(lambda r: "rehearsed" in r.reports, "shop-5")
        assert (await world.release("shop-5")).reports["rehearsed"][-1].comment == snapshot(
            "shop-drill-3 is older than 30d; hold another one: drill shop"
        )
