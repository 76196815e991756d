"""A release goes back by itself where its runbook says so: announced, called off, vetoed, or begun in the end."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, shown, standing, world_with
from tests.slack.test_runs import command, with_commands
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
checks:
  errors: {by: qa}
stages:
  - name: staging
    owner: captain
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
  - name: done
    owner: captain
    gates:
      - {name: Healthy, needs: {check: errors}}
    steps:
      - do: Tell everybody
rollback:
  automatic: 10m
  steps:
    - do: Deploy the version before
      run: {command: [deploy, "{environment}", "{before}"]}
"""
)


async def in_production(world: World, key: str, version: str) -> None:
    await world.ana.types(f"/release start shop {version}")
    await world.ana.presses("Done", key, on="stage:0")


async def released(world: World) -> None:
    """Release 1.0, and bring 1.1 into production."""
    await in_production(world, "shop-1", "1.0")
    await world.dan.presses("Done", "shop-1", on="stage:1")
    await world.bea.types("/release check shop-1 errors passed")
    await world.ana.presses("Done", "shop-1", on="stage:2")
    await in_production(world, "shop-2", "1.1")


async def fails(world: World, reason: str = "The pods do not start.") -> None:
    await world.dan.presses("It failed…", "shop-2", on="stage:1")
    await world.dan.submits(reason=reason)


async def test_after_a_step_has_failed_in_production_it_goes_back_by_itself(tmp_path: Path) -> None:
    deploy = command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world)
        await fails(world)
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) *goes back by itself* <time>, unless somebody vetoes it
> “Deploy” has failed: The pods do not start.
@ana, @dan or @dee: veto it with a reason, or roll it back now.
[Veto…] [Roll back…]\
""")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *stopped by a failure* in production (stage 2 of 3)
✓ staging → ✗ production → ○ done
⚠ It *goes back by itself* <time>, unless somebody vetoes it
*Waiting for*
• @ana, @dan or @dee: “Deploy” has *failed*, <time>: choose what follows; it goes back by itself <time>\
""")
        await world.passes(minutes=9)
        assert (await world.release("shop-2")).state is State.FAILED
        await world.passes(minutes=1)
        await world.until(lambda r: r.state is State.ROLLED_BACK, "shop-2")
        assert deploy.with_suffix(".production").read_text() == "1.0\n"
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) was to *go back by itself* <time>
> “Deploy” has failed: The pods do not start.
Rollcall began to roll back, <time>\
""")
        assert await shown(world, "shop-2", "taken-back") == snapshot("""\
*shop-2* (shop 1.1): ↩ Rollcall *began to roll back* to 1.0, <time>
> “Deploy” has failed: The pods do not start.
It was *rolled back*, <time>\
""")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *rolled back by Rollcall*, <time>
> “Deploy” has failed: The pods do not start.
✓ staging → ↩ production → ○ done
*Waiting for*
• @ana, @dan or @dee: the lock on the service is to be lifted, since <time>\
""")


async def test_a_check_that_fails_after_production_takes_it_back(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world)
        await world.dan.presses("Done", "shop-2", on="stage:1")
        await world.bea.types("/release check shop-2 errors failed 5% of all orders")
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) *goes back by itself* <time>, unless somebody vetoes it
> The check errors has failed: 5% of all orders
@ana, @dan or @dee: veto it with a reason, or roll it back now.
[Veto…] [Roll back…]\
""")
        # It is measured again, and it was a hiccup.
        await world.passes(minutes=5)
        await world.bea.types("/release check shop-2 errors passed")
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) was to *go back by itself* <time>
> The check errors has failed: 5% of all orders
Rollcall called it off, as what went wrong was mended or is tried again, <time>\
""")
        await world.passes(minutes=10)
        assert (await world.release("shop-2")).state is State.IN_PROGRESS


async def test_a_veto_keeps_it_and_the_next_failure_is_announced_anew(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world)
        await fails(world)
        await world.cleo.presses("Veto…", "shop-2", on="going-back:0")
        assert await world.cleo.submits(reason="I do not like it.") == snapshot(
            {
                "ok": True,
                "result": "errors",
                "errors": {
                    "reason": "A veto is for the captain or deputy, or the owners of the stage, or the owners of the rollback."
                },
            }
        )
        await world.dan.presses("Veto…", "shop-2", on="going-back:0")
        await world.dan.submits(reason="Only the new page is broken.")
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) was to *go back by itself* <time>
> “Deploy” has failed: The pods do not start.
@dan vetoed it, <time>
> Only the new page is broken.\
""")
        await world.passes(minutes=30)
        assert (await world.release("shop-2")).state is State.FAILED
        assert await world.dan.types("/release veto shop-2 Once more.") == snapshot(
            "shop-2 is not about to go back by itself, so there is nothing to veto."
        )

        await world.dan.presses("Retry", "shop-2", on="stage:1")
        await fails(world, "They still do not start.")
        assert await world.dan.types("/release veto shop-2") == snapshot("")
        await world.dan.submits(reason="I look at it.")
        assert await shown(world, "shop-2", "going-back:1") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) was to *go back by itself* <time>
> “Deploy” has failed: They still do not start.
@dan vetoed it, <time>
> I look at it.\
""")


async def test_a_retry_calls_it_off(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await released(world)
        await fails(world)
        await world.passes(minutes=5)
        await world.dan.presses("Retry", "shop-2", on="stage:1")
        assert await shown(world, "shop-2", "going-back:0") == snapshot("""\
*shop-2* (shop 1.1): ⚠ *shop-2* (shop 1.1) was to *go back by itself* <time>
> “Deploy” has failed: The pods do not start.
Rollcall called it off, as what went wrong was mended or is tried again, <time>\
""")
        await world.passes(minutes=10)
        assert (await world.release("shop-2")).state is State.IN_PROGRESS


async def test_before_production_was_touched_a_failure_takes_nothing_back(tmp_path: Path) -> None:
    command(tmp_path)
    async with world_with(tmp_path, RUNBOOK, **with_commands(tmp_path)) as world:
        await world.ana.types("/release start shop 1.0")
        await world.ana.presses("It failed…", "shop-1", on="stage:0")
        await world.ana.submits(reason="No disk.")
        assert not (await world.release("shop-1")).plans
        assert await world.ana.types("/release veto shop-1 Why not.") == snapshot(
            "shop-1 is not about to go back by itself, so there is nothing to veto."
        )
