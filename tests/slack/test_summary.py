"""The summaries in a thread: what has happened since the one before, a line each, and what comes next."""

from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, offer, shown, world_with
from tests.world import plain

RUNBOOK = (
    ROLES
    + """\
overrides: on-call
handoffs: {at: ["09:00"], timezone: UTC}
reminders: {after: 90d}
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
    gates:
      - name: Security
        approvals: {security: 1}
    steps:
      - do: Deploy
"""
)


async def test_holds_rejections_failures_and_overrides_are_told_at_the_change_of_hands_and_at_the_end(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.gus.types("/release hold the <prices> look wrong")
        await world.bea.presses("Reject", "shop-1", on="gate:0:QA")
        await world.bea.submits(reason="It crashes")
        await world.ana.presses("More…", "shop-1", on="gate:0:QA")
        await world.ana.submits(answer="settle:U0BEA", comment="It always did")
        await world.ana.types("/release lift 1 they are right")
        await world.ana.types("/release handoff @ben deputy")
        await world.ben.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.ben.submits(read=["0"])
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ana.presses("It failed…", "shop-1", on="stage:0")
        await world.ana.submits(reason="No space left")
        await world.ana.presses("Retry", "shop-1", on="stage:0")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @dan and @dee, the stage *production* passes to you
*Next act:* @cleo approves *Security*
*What happened* since the start
• @gus placed hold 1: “the <prices> look wrong”, <time>
• @bea rejected “QA”, <time>
• @ana settled a rejection of “QA”, <time>
• @ana lifted hold 1: “they are right”, <time>
• @ben became deputy, <time>
• @ben approved “QA”, <time>
• @ana reported the failure of “Try it”, <time>
• @ana retried “Try it”, <time>
• @ana finished “Try it”, <time>
Nothing is asked of you just now.
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>\
""")
        await world.dee.types("/release hold the <names> look wrong")
        await world.passes(days=1)
        assert await shown(world, "shop-1", "summary:1") == snapshot("""\
*shop-1* (shop 2.0): @dan and @dee, this is where the stage *production* stands, <time>
*Next act:* @dee lifts the hold “the <names> look wrong”
*Biggest risk:* @dee holds it (hold 2), <time>: the <names> look wrong
*What happened* since the last summary, <time>
• @dee placed hold 2: “the <names> look wrong”, <time>
*Next for you*
• @dee holds it (hold 2), <time>: the <names> look wrong
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>\
""")
        # It is waited for something else by now.
        assert (await shown(world, "shop-1", "summary:0")).split("\n")[-2:] == snapshot(
            ["*It waited then for*", "• @cleo: *Security* needs an approval from security, since <time>"]
        )
        await world.dee.types("/release lift 1")
        await world.dee.types("/release lift 2")
        await world.dee.presses("More…", "shop-1", on="gate:1:Security")
        await world.dee.submits(answer="override", comment="The shop is down")
        await world.dan.presses("Done", "shop-1", on="stage:1")
        assert await shown(world, "shop-1", "closing:completed") == snapshot("""\
*shop-1* (shop 2.0): The release is *completed*, <time>
*What happened* since the last summary, <time>
• @dee lifted hold 2, <time>
• @dee overrode “Security”, <time>
• @dan finished “Deploy”, <time>\
""")


async def test_of_very_much_the_newest_is_told_and_what_is_waited_for_still_stands(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        for number in range(1, 16):
            await world.gus.types(f"/release hold {'<&> ' * 100}{number}")
            await world.gus.types(f"/release lift {number}")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        summary = await world.message("shop-1", "summary:0")
        lines = plain("\n".join(block["text"]["text"] for block in summary["blocks"])).split("\n")
        assert (lines[3], lines[-3:]) == snapshot(
            (
                "• 20 things before these",
                [
                    "Nothing is asked of you just now.",
                    "*Waiting for others*",
                    "• @cleo: *Security* needs an approval from security, since <time>",
                ],
            )
        )


async def test_who_asks_is_told_what_a_summary_would_tell_now_and_the_thread_is_not(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.gus.types("/release hold the <prices> look wrong")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        told = await world.cleo.types("/release summary")
        assert told == snapshot("""\
*shop-1* (shop 2.0) is *ready* for staging (stage 1 of 2), *on hold* (1)
*Next act:* @gus lifts the hold “the <prices> look wrong”
*Biggest risk:* @gus holds it (hold 1), <time>: the <prices> look wrong
*What happened* since the start
• @gus placed hold 1: “the <prices> look wrong”, <time>
• @ben approved “QA”, <time>
*Waiting for*
• @gus holds it (hold 1), <time>: the <prices> look wrong\
""")
        # It was told to cleo alone, so that the next summary tells it still.
        assert (await world.release("shop-1")).summaries == ()
        assert await world.cleo.types("/release summary shop-1") == told
        await world.gus.types("/release lift 1")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        assert await world.cleo.types("/release summary") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 2 of 2)
*Next act:* @cleo approves *Security*
Nothing has happened since the last summary, <time>.
*Waiting for*
• @cleo: *Security* needs an approval from security, since <time>\
""")
        await world.ana.types("/release cancel not today")
        assert await world.cleo.types("/release summary") == snapshot(
            "No release is open in this channel. `/release start` starts one, `/release list` shows those of other channels."
        )
        assert await world.cleo.types("/release summary shop-1") == snapshot("""\
*shop-1* (shop 2.0) is *cancelled by @ana*, <time>
> not today\
""")
