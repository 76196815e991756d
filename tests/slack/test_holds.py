"""Holds: named concerns, each with an owner, that stop a release until they are lifted."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, held, open_form, shown, standing, world_with

RUNBOOK = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: QA
        approvals: {qa: 1}
    steps:
      - do: Deploy
      - do: Watch
"""
)


async def test_holds_of_several_people_stand_on_the_card_and_stop_it(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.gus.presses("Hold…", "shop-1", on="card")
        assert await open_form(world, "gus") == snapshot("""\
Hold shop-1 [Hold] [Never mind]
What is your concern?
  Nothing moves forward until it is lifted.
When is it to be asked whether it is still needed? (optional)
  ( ) In an hour
  ( ) In four hours
  ( ) Tomorrow at this time
  ( ) In a week\
""")
        await world.gus.submits(reason="The <prices> in Portugal look *wrong*")
        assert await world.cleo.types("/release hold a CVE in the new image") == snapshot(
            "*shop-1* (shop 2.0) is on hold. Nothing moves forward until you lift it."
        )
        assert await world.cleo.types("/release hold a CVE in the new image") == snapshot(
            "You hold it for this reason already."
        )
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *ready* for production (stage 1 of 1), *on hold* (2)
▶ production
*Waiting for*
• @gus: hold 1 is to be lifted when it is settled, since <time>: The <prices> in Portugal look *wrong*
• @cleo: hold 2 is to be lifted when it is settled, since <time>: a CVE in the new image
• @ana: *production* begins with the captain’s go, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *QA* before production is *met*
✓ qa: @ben, <time>
[Reject] [More…]
---
*shop-1* (shop 2.0): *Hold 1* by @gus, <time>
> The <prices> in Portugal look *wrong*
Nothing moves forward until its owner lifts it, or the captain, with a reason.
[Lift]
---
*shop-1* (shop 2.0): *Hold 2* by @cleo, <time>
> a CVE in the new image
Nothing moves forward until its owner lifts it, or the captain, with a reason.
[Lift]
---
*shop-1* (shop 2.0): *production* is *ready*: every gate is met
It is *on hold*, so it cannot begin yet
@ana, it begins with your go, or with that of the owners of the stage
[Begin production]\
""")

        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        assert await world.ana.sees() == snapshot(
            "shop-1 is on hold, so nothing moves forward: “The <prices> in Portugal look *wrong*” (and 1 more). Its owner lifts it, or the captain, with a reason. Ask @gus, @cleo or @ana."
        )

        # Each lifts their own, without a word.
        await world.gus.presses("Lift", "shop-1", on="hold:1")
        await world.cleo.types("/release lift 2 it was patched")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *ready* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ana: *production* begins with the captain’s go, since <time>\
""")
        assert await world.cleo.types("/release lift shop-1 2 once more") == snapshot(
            "Hold 2 of shop-1 is lifted already."
        )
        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS


async def test_the_captain_lifts_the_hold_of_another_with_a_reason_and_nobody_else_does(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.cleo.types("/release hold wait for the audit")
        await world.dan.presses("Lift", "shop-1", on="hold:1")
        assert (await world.dan.submits(reason="It is fine"))["errors"] == snapshot(
            {"reason": "Hold 1 is lifted by its owner or by who leads shop-1."}
        )
        await world.ana.presses("Lift", "shop-1", on="hold:1")
        assert await open_form(world, "ana") == snapshot("""\
Lift [Lift] [Never mind]
Why can hold 1 be lifted?
  It is somebody else’s hold, so a reason is needed.\
""")
        assert (await world.ana.submits(reason="…"))["errors"] == snapshot(
            {"reason": "A reason is needed, so that others know what to do about it. Say in a few words why."}
        )
        assert await held(world, "ana") == {"reason": "…"}
        await world.ana.submits(reason="The audit was yesterday")
        assert (await world.release("shop-1")).holds == ()
        assert await shown(world, "shop-1", "hold:1") == snapshot("""\
*shop-1* (shop 2.0): *Hold 1* by @cleo, <time>
> wait for the audit
@ana lifted it, <time>
> The audit was yesterday\
""")
        # One that is open when the release ends is still to be read.
        await world.cleo.types("/release hold 2h the scan is running")
        await world.ana.types("/release cancel shop-1 not today")
        assert await shown(world, "shop-1", "hold:2") == snapshot("""\
*shop-1* (shop 2.0): *Hold 2* by @cleo, <time>
> the scan is running
It holds nothing any more.\
""")


async def test_a_hold_with_a_time_turns_into_a_question(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        assert await world.cleo.types("/release hold 2h the scan is running") == snapshot(
            "*shop-1* (shop 2.0) is on hold. Nothing moves forward until you lift it. You are asked about it <time>."
        )
        assert await shown(world, "shop-1", "hold:1") == snapshot("""\
*shop-1* (shop 2.0): *Hold 1* by @cleo, <time>, to be asked about <time>
> the scan is running
Nothing moves forward until its owner lifts it, or the captain, with a reason.
[Lift]\
""")
        await world.passes(hours=2, minutes=1)
        assert await shown(world, "shop-1", "hold:1") == snapshot("""\
*shop-1* (shop 2.0): *Hold 1* by @cleo, <time>
> the scan is running
@cleo, its time has come: is it still needed? It holds until you say so.
[Still needed] [Lift]\
""")
        assert await world.ana.types("/release status") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1), *on hold* (1)
• @cleo: is hold 1 still needed? Its time has come: the scan is running
• @bea or @ben: *QA* needs an approval from qa, since <time>\
""")

        await world.ben.presses("Still needed", "shop-1", on="hold:1")
        assert await world.ben.sees() == snapshot(
            "Hold 1 is kept by its owner or by who leads shop-1. Ask @cleo or @ana."
        )
        await world.cleo.presses("Still needed", "shop-1", on="hold:1")
        assert await shown(world, "shop-1", "hold:1") == snapshot("""\
*shop-1* (shop 2.0): *Hold 1* by @cleo, <time>
> the scan is running
Nothing moves forward until its owner lifts it, or the captain, with a reason.
[Lift]\
""")
        await world.cleo.presses("Lift", "shop-1", on="hold:1")
        assert (await world.release("shop-1")).holds == ()


async def test_a_hold_stops_the_steps_but_never_the_way_back(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        await world.bea.types("/release hold errors are rising")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun, with @ana’s go, <time>
☐ Deploy
☐ Watch
It is *on hold*, so nothing is ticked
Next is “Deploy”: @dan or @dee
[Done] [It failed…]\
""")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        assert await world.dan.sees() == snapshot(
            "shop-1 is on hold, so nothing moves forward: “errors are rising”. Its owner lifts it, or the captain, with a reason. Ask @bea or @ana."
        )
        await world.dan.types("/release rollback shop-1 errors are rising")
        assert (await world.release("shop-1")).state is State.ROLLING_BACK
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *rolling back*
> errors are rising
↩ production
*Waiting for*
• @dan or @dee: “Put the version before back in place” is to be done, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *QA* before production is *met*
✓ qa: @ben, <time>
---
*shop-1* (shop 2.0): *production* was *broken off*; it began with @ana’s go, <time>
☐ Deploy
☐ Watch
---
*shop-1* (shop 2.0): *Hold 1* by @bea, <time>
> errors are rising
The way back goes on all the same.
[Lift]
---
*shop-1* (shop 2.0): ↩ @dan *began to roll back*, <time>
> errors are rising
@ana, the steps of the way back are for @dan or @dee.
---
*shop-1* (shop 2.0): *rollback* has begun
☐ Put the version before back in place
Next is “Put the version before back in place”: @dan or @dee
[Done] [It failed…]\
""")


async def test_what_cannot_be_held_is_said_where_it_was_typed(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        assert await world.cleo.types("/release hold no") == snapshot(
            "No release is open in this channel. `/release start` starts one, `/release list` shows those of other channels."
        )
        await world.ana.types("/release start shop 2.0")
        assert await world.cleo.types("/release lift") == snapshot("shop-1 has no hold that is open.")
        assert await world.cleo.types("/release lift 7") == snapshot(
            "shop-1 has no hold 7. The card lists those that are open."
        )
        assert await world.cleo.types("/release hold 200d the audit") == snapshot(
            "A hold can be given a time from now on, at most 90 days ahead. For example: 2h"
        )
        for number in range(10):
            await world.cleo.types(f"/release hold concern {number}", settle=False)
        assert await world.cleo.types("/release hold one too many") == snapshot(
            "shop-1 has 10 open holds, and that is as many as it can show. Nothing moves forward as it is. Write yours to the others in a message."
        )
        assert await world.cleo.types("/release lift") == snapshot(
            "shop-1 has 10 open holds. Name one by its number, such as: lift shop-1 1"
        )


async def test_a_stage_that_begins_by_itself_asks_nobody_for_a_go_while_on_hold(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK.replace("    begin: captain\n", "")) as world:
        await world.ana.types("/release start shop 2.0")
        await world.gus.types("/release hold shop-1 the graphs are red")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* is *ready*: every gate is met
It is *on hold*, so it cannot begin yet
It begins by itself when nothing holds it any more\
""")
        await world.gus.types("/release lift 1")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS
