"""What sets a release back is told anew, to those who lead it, and says in the end what came of it."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, offer, shown, world_with
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
overrides: on-call
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {qa: 1}
    steps:
      - do: Try it
  - name: production
    owner: on-call
    production: true
    begin: captain
    steps:
      - do: Deploy
      - do: Watch
"""
)
GATE = "gate:0:QA"


async def test_the_captain_is_told_of_a_rejection_and_settles_it_where_it_is_told(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.bea.presses("Reject", "shop-1", on=GATE)
        await world.bea.submits(reason="The *basket* loses items")
        told = await world.message("shop-1", "rejection:0")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ @bea *rejected* *QA* before staging, <time>
> The *basket* loses items
@ana, it blocks until @bea takes it back, or you settle it.
[Settle or take back…]\
""")
        await world.cleo.presses("Settle or take back…", "shop-1", on="rejection:0")
        await world.cleo.submits(answer="approve")
        await world.ana.presses("Settle or take back…", "shop-1", on="rejection:0")
        await world.ana.submits(answer="settle:U0BEA", comment="It always did")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ @bea *rejected* *QA* before staging, <time>
> The *basket* loses items
@ana settled it, <time>
> It always did\
""")
        # It is the message of before, and no second one.
        assert (await world.message("shop-1", "rejection:0"))["ts"] == told["ts"]


async def test_a_rejection_that_is_taken_back_is_still_told(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        for name, reason in (("ben", "Wrong build"), ("bea", "It crashes")):
            await getattr(world, name).presses("Reject", "shop-1", on=GATE)
            await getattr(world, name).submits(reason=reason)
        await world.ben.presses("Approve", "shop-1", on=GATE)
        await world.bea.presses("Settle or take back…", "shop-1", on="rejection:1")
        await world.bea.submits(answer="withdraw", comment="It was my phone")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *in progress* with staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @ana: “Try it” is to be done, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *QA* before staging is *met*
✓ qa: @ben, <time>
The rejection of @bea does not count: they took it back: It was my phone
---
*shop-1* (shop 2.0): ✗ @ben *rejected* *QA* before staging, <time>
> Wrong build
@ben approved instead, <time>
---
*shop-1* (shop 2.0): ✗ @bea *rejected* *QA* before staging, <time>
> It crashes
@bea took it back, <time>
> It was my phone
---
*shop-1* (shop 2.0): *staging* has begun
☐ Try it
Next is “Try it”: @ana
[Done] [It failed…]\
""")


async def test_who_leads_is_not_told_of_their_own_act(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.dan.types("/release start shop 2.0")
        await world.dan.types("/release handoff @ben")
        await world.ben.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.ben.submits(read=["0"])
        await world.ben.presses("Reject", "shop-1", on=GATE)
        await world.ben.submits(reason="Wrong build")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ @ben *rejected* *QA* before staging, <time>
> Wrong build
It blocks until @ben takes it back.
[Settle or take back…]\
""")
        await world.dee.presses("More…", "shop-1", on=GATE)
        await world.dee.submits(answer="override", comment="The shop is down")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ @ben *rejected* *QA* before staging, <time>
> Wrong build
@dee overrode the gate, <time>
> The shop is down\
""")
        # Something else goes out, which nobody has overridden.
        await world.ben.types("/release change")
        await world.ben.submits(version="2.1")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.1): ✗ @ben *rejected* *QA* before staging, <time>
> Wrong build
It blocks until @ben takes it back.
[Settle or take back…]\
""")
        await world.ben.types("/release cancel shop-1 wrong build")
        assert await shown(world, "shop-1", "rejection:0") == snapshot("""\
*shop-1* (shop 2.1): ✗ @ben *rejected* *QA* before staging, <time>
> Wrong build
It blocks nothing any more.\
""")


async def test_the_captain_and_the_deputy_are_told_of_a_failure_and_choose_there(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await in_production(world)
        await world.ana.types("/release handoff @bea deputy")
        await world.bea.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.bea.submits(read=["0"])
        await world.dan.presses("It failed…", "shop-1", on="stage:1")
        await world.dan.submits(reason="Timeout of the registry")
        assert await shown(world, "shop-1", "failure:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed*, says @dan, <time>
> Timeout of the registry
@ana and @bea, choose what follows: retry it, skip it or roll back.
[Retry] [Skip…] [Roll back…]\
""")
        await world.ana.presses("Retry", "shop-1", on="failure:0")
        assert await shown(world, "shop-1", "failure:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed*, says @dan, <time>
> Timeout of the registry
@ana retried it, <time>\
""")
        await world.ana.presses("It failed…", "shop-1", on="stage:1")
        await world.ana.submits(reason="The image is gone")
        assert await shown(world, "shop-1", "failure:1") == snapshot("""\
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed* at attempt 2, says @ana, <time>
> The image is gone
@bea, choose what follows: retry it, skip it or roll back.
[Retry] [Skip…] [Roll back…]\
""")
        await world.dee.presses("Skip…", "shop-1", on="failure:1")
        await world.dee.submits(reason="It is there by hand")
        assert await shown(world, "shop-1", "failure:1") == snapshot("""\
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed* at attempt 2, says @ana, <time>
> The image is gone
@dee skipped it, <time>
> It is there by hand\
""")


async def test_the_captain_is_told_that_a_rollback_has_begun_and_that_it_is_done(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await in_production(world)
        await world.dan.presses("It failed…", "shop-1", on="stage:1")
        await world.dan.submits(reason="500s everywhere")
        await world.dan.types("/release rollback shop-1 500s on every page")
        assert await shown(world, "shop-1", "failure:0") == snapshot("""\
*shop-1* (shop 2.0): ✗ “Deploy” of *production* has *failed*, says @dan, <time>
> 500s everywhere
@dan began to roll back, <time>\
""")
        assert await shown(world, "shop-1", "taken-back") == snapshot("""\
*shop-1* (shop 2.0): ↩ @dan *began to roll back*, <time>
> 500s on every page
@ana, the steps of the way back are for @dan or @dee.\
""")
        await world.dan.presses("Done", "shop-1", on="stage:2")
        assert (await world.release("shop-1")).state is State.ROLLED_BACK
        assert await shown(world, "shop-1", "taken-back") == snapshot("""\
*shop-1* (shop 2.0): ↩ @dan *began to roll back*, <time>
> 500s on every page
It was *rolled back*, <time>\
""")
        before = await shown(world, "shop-1", "taken-back")
        await world.ana.types("/release unlock shop-1 the registry is mended")
        assert await shown(world, "shop-1", "taken-back") == before


async def in_production(world: World) -> None:
    await world.ana.types("/release start shop 2.0")
    await world.ben.presses("Approve", "shop-1", on=GATE)
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await world.ana.presses("Begin production", "shop-1", on="stage:1")
