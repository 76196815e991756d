"""A step that failed and what is chosen then; the way back, and the lock that it leaves."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, held, open_form, press_old, shown, standing, world_with
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
      - do: Warm the caches
      - do: Watch the dashboards
rollback:
  owner: security
  steps:
    - do: Deploy the version before
    - do: Purge the caches
"""
)


async def started(world: World, version: str) -> None:
    await world.ana.types(f"/release start shop {version}")


async def completed(world: World, key: str) -> None:
    for _ in range(3):
        await world.dan.presses("Done", key, on="stage:0")
    assert (await world.release(key)).state is State.COMPLETED


async def test_a_step_fails_is_retried_and_then_skipped(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "2.0")
        old = await world.message("shop-1", "stage:0")
        await world.dan.presses("It failed…", "shop-1", on="stage:0")
        assert await open_form(world, "dan") == snapshot("""\
It failed [It failed] [Never mind]
What went wrong with “Deploy”?
  The captain and the owners then choose: retry, skip or roll back.\
""")
        await world.dan.submits(reason="Timeout of the registry")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *stopped by a failure* in production (stage 1 of 1)
✗ production
*Waiting for*
• @ana, @dan or @dee: “Deploy” has *failed*, <time>: choose what follows
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…] [Roll back…]
---
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, says @dan, <time>
> Timeout of the registry
☐ Warm the caches
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…]
---
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed*, says @dan, <time>
> Timeout of the registry
@ana, choose what follows: retry it, skip it or roll back.
[Retry] [Skip…] [Roll back…]\
""")

        await world.ben.presses("Retry", "shop-1", on="stage:0")
        assert await world.ben.sees() == snapshot(
            "Choosing what follows a failure is for the owners of the stage, or the captain or deputy. Ask @dan, @dee or @ana."
        )
        await world.ana.presses("Retry", "shop-1", on="stage:0")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
☐ Deploy
☐ Warm the caches
☐ Watch the dashboards
Next is “Deploy” (attempt 2): @dan or @dee
[Done] [It failed…]\
""")

        # Somebody has the message from before the retry still before their eyes.
        late = old["blocks"][-1]["elements"][0]
        await press_old(world, "dee", "shop-1", late["action_id"], late["value"])
        assert await world.dee.sees() == snapshot(
            "“Deploy” is at attempt 2 by now; this was about attempt 1. Look at its newest messages."
        )

        await world.dan.presses("Done", "shop-1", on="stage:0")
        await world.dan.presses("It failed…", "shop-1", on="stage:0")
        await world.dan.submits(reason="The script is gone")
        await world.dee.presses("Skip…", "shop-1", on="stage:0")
        assert await open_form(world, "dee") == snapshot("""\
Skip [Skip] [Never mind]
Why can “Warm the caches” be left out?
  The next step follows. Everybody who follows the release sees the reason.\
""")
        assert (await world.dee.submits(reason=" - "))["errors"] == snapshot(
            {"reason": "A reason is needed, so that others know what to do about it. Say in a few words why."}
        )
        await world.dee.submits(reason="Caches fill by themselves")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✓ Deploy: @dan, <time>
– Warm the caches: skipped by @dee, <time>
> Caches fill by themselves
☐ Watch the dashboards
Next is “Watch the dashboards”: @dan or @dee
[Done] [It failed…]\
""")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        assert (await world.release("shop-1")).state is State.COMPLETED


async def test_a_failed_release_is_rolled_back_by_typing_its_key(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "1.9")
        await completed(world, "shop-1")
        await started(world, "2.0")
        await world.dan.presses("It failed…", "shop-2", on="stage:0")
        await world.dan.submits(reason="500s everywhere")
        await world.dan.presses("Roll back…", "shop-2", on="stage:0")
        assert await open_form(world, "dan") == snapshot("""\
Roll back [Roll back] [Never mind]
*shop-2* (shop 2.0) is taken back to 1.9, and *shop* stays locked afterwards.
What is done then:
• Deploy the version before
• Purge the caches
Last in a drill: never so far
Last for real: never so far
Why?
Type shop-2 to confirm\
""")
        refused = await world.dan.submits(reason="500s on every page", key="shop-1")
        assert refused["errors"] == snapshot(
            {"key": "This is not the key shop-2, so nothing was rolled back. Type it just so, or never mind."}
        )
        assert await held(world, "dan") == {"reason": "500s on every page", "key": "shop-1"}
        assert (await world.release("shop-2")).state is State.FAILED
        await world.dan.submits(key=" Shop-2 ")
        assert (await world.release("shop-2")).state is State.ROLLING_BACK
        assert await world.thread("shop-2") == snapshot("""\
shop 2.0 (shop-2)
*shop-2* is *rolling back* to 1.9
> 500s on every page
↩ production
*Waiting for*
• @cleo: “Deploy the version before” is to be done, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-2* (shop 2.0): *production* was *broken off*
✗ Deploy: *failed*, says @dan, <time>
> 500s everywhere
☐ Warm the caches
☐ Watch the dashboards
---
*shop-2* (shop 2.0): ✗ “Deploy” of *production* has *failed*, says @dan, <time>
> 500s everywhere
@dan began to roll back, <time>
---
*shop-2* (shop 2.0): ↩ @dan *began to roll back* to 1.9, <time>
> 500s on every page
@ana, the steps of the way back are for @cleo.
---
*shop-2* (shop 2.0): *rollback* has begun
☐ Deploy the version before
☐ Purge the caches
Next is “Deploy the version before”: @cleo
[Done] [It failed…]
---
*shop-2* (shop 2.0): @cleo, the stage *rollback* passes to you
*Next act:* @cleo does “Deploy the version before”
*What happened* since the start
• @dan reported the failure of “Deploy”, <time>: 500s everywhere
• @dan began to roll back: “500s on every page”, <time>
*Next for you*
• @cleo: “Deploy the version before” is to be done, since <time>\
""")

        # The steps of the way back are of its own role; one of them fails and is done again.
        await world.cleo.presses("It failed…", "shop-2", on="stage:1")
        await world.cleo.submits(reason="The old image is gone")
        assert await shown(world, "shop-2", "stage:1") == snapshot("""\
*shop-2* (shop 2.0): *rollback* has begun
✗ Deploy the version before: *failed*, says @cleo, <time>
> The old image is gone
☐ Purge the caches
@ana or @cleo: retry it or skip it
[Retry] [Skip…]\
""")
        await world.cleo.presses("Retry", "shop-2", on="stage:1")
        await world.cleo.presses("Done", "shop-2", on="stage:1")
        await world.cleo.presses("Done", "shop-2", on="stage:1")
        assert (await world.release("shop-2")).state is State.ROLLED_BACK
        assert await shown(world, "shop-2", "card") == snapshot("""\
shop 2.0 (shop-2)
*shop-2* is *rolled back by @dan*, <time>
> 500s on every page
↩ production
*Waiting for*
• @ana or @cleo: the lock on the service is to be lifted, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>\
""")
        assert await shown(world, "shop-2", "closing:rolled_back") == snapshot("""\
*shop-2* (shop 2.0): The release is *rolled back by @dan*, <time>
> 500s on every page
2.0 is withdrawn.
*shop* is *locked*: no release of it starts until somebody says what was mended.
*What happened* since the last summary, <time>
• @cleo reported the failure of “Deploy the version before”, <time>: The old image is gone
• @cleo retried “Deploy the version before”, <time>
• @cleo finished “Deploy the version before”, <time>
• @cleo finished “Purge the caches”, <time>
[Lift the lock…]\
""")

        # The service stays locked until somebody says what was mended.
        assert await world.ana.types("/release start shop 2.1") == snapshot(
            "shop is locked since shop-2 was rolled back: “500s on every page”. When it is mended, lift the lock in the thread of shop-2, and say what was mended. Ask @ana or @cleo."
        )
        assert await world.bea.types("/release unlock shop-2 no idea") == snapshot(
            "Lifting the lock is for the captain or deputy, or the owners of the rollback. Ask @ana or @cleo."
        )
        assert await world.bea.types("/release unlock Shop") == await world.bea.types(
            "/release unlock shop-2"
        )
        await world.ana.presses("Lift the lock…", "shop-2", on="closing:rolled_back")
        assert await open_form(world, "ana") == snapshot("""\
Lift the lock [Lift the lock] [Never mind]
What was mended?
  After that, releases of the service may start again.\
""")
        await world.ana.submits(reason="The registry keeps images for a year now")
        assert await shown(world, "shop-2", "closing:rolled_back") == snapshot("""\
*shop-2* (shop 2.0): The release is *rolled back by @dan*, <time>
> 500s on every page
2.0 is withdrawn.
*What happened* since the last summary, <time>
• @cleo reported the failure of “Deploy the version before”, <time>: The old image is gone
• @cleo retried “Deploy the version before”, <time>
• @cleo finished “Deploy the version before”, <time>
• @cleo finished “Purge the caches”, <time>\
""")
        assert await world.ana.types("/release unlock shop-2 again") == snapshot(
            "shop-2 keeps no lock on shop."
        )
        await started(world, "2.1")
        assert (await world.release("shop-3")).state is State.IN_PROGRESS


async def test_who_may_lift_the_lock_is_named_where_another_is_refused(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "2.0")
        await world.dan.types("/release rollback shop-1 500s on every page")
        await world.cleo.presses("Done", "shop-1", on="stage:1")
        await world.cleo.presses("Done", "shop-1", on="stage:1")
        assert await world.ben.types("/release start shop 2.1") == snapshot(
            "shop is locked since shop-1 was rolled back: “500s on every page”. When it is mended, lift the lock in the thread of shop-1, and say what was mended. Ask @ana or @cleo."
        )
        assert await world.ben.types("/release unlock shop-1") == snapshot(
            "Lifting the lock is for the captain or deputy, or the owners of the rollback. Ask @ana or @cleo."
        )
        assert await world.cleo.types("/release unlock shop-1") == ""
        await world.cleo.submits(reason="The registry is mended")
        assert await world.cleo.types("/release unlock shop-1") == snapshot("shop-1 keeps no lock on shop.")


async def test_a_version_that_was_rolled_back_is_started_again_with_a_warning(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "2.0")
        await world.dan.types("/release rollback shop-1 500s on every <page>")
        await world.cleo.presses("Done", "shop-1", on="stage:1")
        await world.cleo.presses("Done", "shop-1", on="stage:1")
        await world.ana.types("/release unlock shop-1 it was the registry")
        assert await world.ana.types("/release preflight shop 2.0") == snapshot("""\
*shop 2.0*, if it were started now: it has no gates
⚠ This version was rolled back as shop-1, <time>
> 500s on every <page>
Counted as awake: who is at work, by their own time zone, before <time>.
Nothing was started.\
""")
        assert await world.ana.types("/release start shop 2.0") == snapshot("""\
*shop-2* (shop 2.0) has started. Its card appears in this channel.
⚠ This version was rolled back as shop-1, <time>
> 500s on every <page>\
""")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *in progress* with production (stage 1 of 1)
▶ production
⚠ This version was rolled back as shop-1, <time>
> 500s on every <page>
*Waiting for*
• @dan or @dee: “Deploy” is to be done, since <time>\
""")
        await completed(world, "shop-2")
        await started(world, "2.1")
        assert "rolled back" not in await standing(world, "shop-3")


async def test_only_the_stages_of_production_are_marked_as_taken_back(tmp_path: Path) -> None:
    stages = """\
stages:
  - {name: staging, owner: on-call, steps: [{do: Try it}]}
  - {name: canary, owner: on-call, production: true, steps: [{do: Deploy to one}]}
  - {name: checks, owner: on-call, steps: [{do: Look at it}]}
  - {name: all, owner: on-call, production: true, steps: [{do: Deploy to all}]}
"""
    async with world_with(tmp_path, ROLES + stages) as world:
        await started(world, "2.0")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        await world.dan.presses("Done", "shop-1", on="stage:1")
        await world.dan.types("/release rollback shop-1 500s on every page")
        assert (await standing(world, "shop-1")).split("\n")[2] == snapshot(
            "✓ staging → ↩ canary → ✗ checks → ○ all"
        )
        await world.dan.presses("Done", "shop-1", on="stage:4")
        assert (await standing(world, "shop-1")).split("\n")[2] == snapshot(
            "✓ staging → ↩ canary → ✗ checks → ○ all"
        )


async def test_a_completed_release_is_rolled_back_from_its_card_while_it_is_the_newest(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "1.9")
        await completed(world, "shop-1")
        await started(world, "2.0")
        await completed(world, "shop-2")
        await world.dan.presses("Roll back…", "shop-1", on="card")
        assert await world.dan.sees() == snapshot(
            "shop-1 is not in production any more; shop-2 is. Roll back shop-2."
        )

        assert await world.dan.types("/release rollback shop-2") == ""
        await world.dan.sees_form()
        await world.control("close", user="dan")
        await world.dan.presses("Roll back…", "shop-2", on="card")
        await world.dan.submits(reason="Wrong prices", key="shop-2")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *rolling back* to 1.9
> Wrong prices
↩ production
*Waiting for*
• @cleo: “Deploy the version before” is to be done, since <time>\
""")
        await world.cleo.presses("Done", "shop-2", on="stage:1")
        await world.cleo.presses("Done", "shop-2", on="stage:1")
        assert await shown(world, "shop-2", "card") == snapshot("""\
shop 2.0 (shop-2)
*shop-2* is *rolled back by @dan*, <time>
> Wrong prices
↩ production
*Waiting for*
• @ana or @cleo: the lock on the service is to be lifted, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>\
""")
        assert await world.ana.types("/release rollback shop-2 once more") == snapshot(
            "shop-2 is rolled back already."
        )


async def test_a_rollback_without_a_key_is_about_what_is_in_production(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    search = f"title: Search\nservice: search\n{ROLES}stages: [{{name: staging, owner: captain, steps: [{{do: Try it}}]}}]\n"
    (tmp_path / "runbooks" / "search.yaml").write_text(search, encoding="utf-8")
    async with world_with(tmp_path, RUNBOOK) as world:
        assert await world.dan.types("/release rollback") == snapshot(
            "No release of this channel is in production or on its way there, so there is nothing to roll back. If you mean one of another channel, name its key."
        )
        await started(world, "1.9")
        await completed(world, "shop-1")
        await world.ana.types("/release start search 4.0")
        for about in ("", " shop", " shop wrong prices", " wrong prices"):
            assert await world.dan.types(f"/release rollback{about}") == ""
            assert (await open_form(world, "dan")).endswith("Type shop-1 to confirm")
            await world.control("close", user="dan")
        await started(world, "2.0")
        await world.dan.types("/release rollback")
        assert (await open_form(world, "dan")).endswith("Type shop-2 to confirm")
        await world.control("close", user="dan")
        assert await world.dan.types("/release rollback search") == snapshot(
            "search-1 has not touched production, so there is nothing to roll back. Cancel it instead."
        )


async def test_who_may_not_roll_back_is_told_before_the_form_opens(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await started(world, "1.9")
        refused = await world.ben.types("/release rollback")
        assert refused == snapshot(
            "Rolling back is for the captain or deputy, or the owners of the stage, or the owners of the rollback. Ask @ana, @dan, @dee or @cleo."
        )
        await world.ben.presses("Roll back…", "shop-1", on="card")
        assert await world.ben.sees() == refused
        assert (await world.look("view", user="ben"))["view"] is None


async def test_what_has_not_touched_production_is_cancelled_and_not_rolled_back(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.ana.types("/release rollback checkout-1 wrong build") == snapshot(
        "checkout-1 has not touched production, so there is nothing to roll back. Cancel it instead."
    )
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.ana.presses("It failed…", "checkout-1", on="stage:0")
    await world.ana.submits(reason="No space left")
    # Nothing is to be rolled back, so it is not offered.
    assert await shown(world, "checkout-1", "stage:0") == snapshot("""\
*checkout-1* (checkout 1.4.0): *staging* has begun
✗ Deploy to staging: *failed*, says @ana, <time>
> No space left
☐ Run the smoke tests
@ana: retry it, skip it or cancel the release
[Retry] [Skip…]\
""")
    assert await world.ana.types("/release cancel checkout-1 no space left") == snapshot(
        "*checkout-1* (checkout 1.4.0) is cancelled."
    )
