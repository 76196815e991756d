"""The summaries in a thread: what has happened since the one before, a line each, and what comes next."""

from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, offer, open_form, press_old, shown, world_with
from tests.world import plain, readable

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
• @bea rejected “QA”, <time>: It crashes
• @ana settled a rejection of “QA”, <time>: It always did
• @ana lifted hold 1: “they are right”, <time>
• @ben became deputy, <time>
• @ben approved “QA”, <time>
• @ana reported the failure of “Try it”, <time>: No space left
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
*What happened* since the last summary, <time>
• @dee placed hold 2: “the <names> look wrong”, <time>
*Next for you*
• @dee: hold 2 is to be lifted when it is settled, since <time>: the <names> look wrong
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
• @dee overrode “Security”, <time>: The shop is down
• @dan finished “Deploy”, <time>\
""")


async def test_what_was_skipped_before_production_is_the_biggest_risk_while_nothing_is_wrong(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ana.presses("It failed…", "shop-1", on="stage:0")
        await world.ana.submits(reason="The page is *empty*")
        await world.ana.presses("Skip…", "shop-1", on="stage:0")
        await world.ana.submits(reason="Only the <test> data is")
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @dan and @dee, the stage *production* passes to you
*Next act:* @cleo approves *Security*
*Biggest risk:* “Try it” of staging was skipped by @ana, <time>: Only the <test> data is
*What happened* since the start
• @ben approved “QA”, <time>
• @ana reported the failure of “Try it”, <time>: The page is *empty*
• @ana skipped “Try it”, <time>: Only the <test> data is
Nothing is asked of you just now.
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>\
""")


async def test_a_reason_is_told_in_one_line_and_not_in_full(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Reject", "shop-1", on="gate:0:QA")
        await world.ben.submits(reason="1 < 2 fails:\n\n  *Ask* <@U0ANA>" + ", or somebody else" * 10)
        told = await world.cleo.types("/release summary")
        assert told.split("\n")[3] == snapshot(
            "• @ben rejected “QA”, <time>: 1 < 2 fails: *Ask* <@U0ANA>, or somebody else, or somebody else, or somebody el…"
        )


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
*What happened* since the start
• @gus placed hold 1: “the <prices> look wrong”, <time>
• @ben approved “QA”, <time>
*Waiting for*
• @gus: hold 1 is to be lifted when it is settled, since <time>: the <prices> look wrong\
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


SHIFTS = (
    ROLES
    + """\
handoffs:
  shifts:
    - {begins: "09:00", timezone: Europe/London, role: on-call}
    - {begins: "17:00", timezone: UTC, role: qa}
reminders: {after: 90d}
stages:
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


async def test_a_shift_that_begins_takes_over_and_the_next_one_after_it(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS) as world:
        await world.ana.types("/release start shop 2.0")
        await world.gus.types("/release hold the <prices> look wrong")
        await world.passes(hours=7)
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, your shift begins: this is where the stage *production* stands, <time>
@ana leads it until one of you takes over: read how it stands, and answer until <time>.
*Next act:* @gus lifts the hold “the <prices> look wrong”
*What happened* since the start
• @gus placed hold 1: “the <prices> look wrong”, <time>
Nothing is asked of you just now.
*Waiting for others*
• @gus: hold 1 is to be lifted when it is settled, since <time>: the <prices> look wrong
• @cleo: *Security* needs an approval from security, since <time>
[Take over…]\
""")
        await world.cleo.presses("Take over…", "shop-1", on="summary:0")
        assert await world.cleo.sees() == snapshot("This is offered to @bea or @ben, and not to you.")
        await world.ben.presses("Take over…", "shop-1", on="summary:0")
        assert await open_form(world, "ben") == snapshot("""\
Read and accept [Accept] [Never mind]
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1), *on hold* (1)
What is open
  ( ) Hold 1: the <prices> look wrong
  ( ) Security needs an approval from security
  Tick each point when you have read it.\
""")
        # Until ben accepts, ana leads.
        assert (await world.release("shop-1")).captain == "U0ANA"
        await world.bea.presses("Take over…", "shop-1", on="summary:0")
        await world.ben.submits(read=["0", "1"])
        assert (await world.release("shop-1")).captain == "U0BEN"
        assert (await world.bea.submits(read=["0", "1"]))["errors"] == snapshot(
            {
                "read": "To be captain of shop-1 is not offered to you just now. An offer ends when it is answered, when another is made, or with its time."
            }
        )
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, your shift begins: this is where the stage *production* stands, <time>
@ben took over from @ana, <time>
*Next act:* @gus lifts the hold “the <prices> look wrong”
*What happened* since the start
• @gus placed hold 1: “the <prices> look wrong”, <time>
Nothing is asked of you just now.
*Waiting for others*
• @gus: hold 1 is to be lifted when it is settled, since <time>: the <prices> look wrong
• @cleo: *Security* needs an approval from security, since <time>\
""")
        # The night passes, and the other shift comes.
        await world.passes(hours=16)
        assert await shown(world, "shop-1", "summary:1") == snapshot("""\
*shop-1* (shop 2.0): @dan and @dee, your shift begins: this is where the stage *production* stands, <time>
@ben leads it until one of you takes over: read how it stands, and answer until <time>.
*Next act:* @gus lifts the hold “the <prices> look wrong”
*What happened* since the last summary, <time>
• @ben became captain, <time>
Nothing is asked of you just now.
*Waiting for others*
• @gus: hold 1 is to be lifted when it is settled, since <time>: the <prices> look wrong
• @cleo: *Security* needs an approval from security, since <time>
[Take over…]\
""")
        await world.dee.presses("Take over…", "shop-1", on="summary:1")
        await world.dee.submits(read=["0", "1"])
        assert (await world.release("shop-1")).captain == "U0DEE"
        # Who leads it is of the shift that begins: dee has passed it to bea meanwhile.
        await world.dee.types("/release handoff @bea")
        await world.bea.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.bea.submits(read=["0", "1"])
        await world.passes(hours=8)
        assert await shown(world, "shop-1", "summary:2") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, your shift begins: this is where the stage *production* stands, <time>
@bea leads it, and is of this shift.
*Next act:* @gus lifts the hold “the <prices> look wrong”
*What happened* since the last summary, <time>
• @dee became captain, <time>
• @bea became captain, <time>
Nothing is asked of you just now.
*Waiting for others*
• @gus: hold 1 is to be lifted when it is settled, since <time>: the <prices> look wrong
• @cleo: *Security* needs an approval from security, since <time>\
""")
        await world.passes(hours=2)
        assert "nobody" not in (await world.thread("shop-1")).lower()


async def test_a_shift_that_does_not_come_is_reminded_and_then_all_are_told(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS) as world:
        await world.ana.types("/release start shop 2.0")
        await world.passes(hours=7)
        await world.passes(minutes=31)
        assert await shown(world, "shop-1", "shift:0:again") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, nobody has taken over from @ana yet. Read how it stands, and answer until <time>.
[Take over…]\
""")
        reminder = await world.message("shop-1", "shift:0:again")
        button = reminder["blocks"][-1]["elements"][0]
        await world.passes(minutes=31)
        # It stands in the channel, and not in the thread alone.
        _, told = await world.messages()
        assert readable(told) == snapshot("""\
*shop-1* (shop 2.0): ⚠ Nobody of the shift qa has taken *shop-1* over, asked since <time>.
@ana, you lead it still: hand it over to somebody who is there.
[Hand over…]\
""")
        assert await shown(world, "shop-1", "shift:0:again") == snapshot(
            "*shop-1* (shop 2.0): @bea and @ben were asked once more. Nobody took over in time, so it stayed with @ana, <time>"
        )
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, your shift begins: this is where the stage *production* stands, <time>
Nobody took over in time, so it stayed with @ana, <time>
*Next act:* @cleo approves *Security*
Nothing has happened since the start.
Nothing is asked of you just now.
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>\
""")
        await press_old(world, "bea", "shop-1", button["action_id"], button["value"])
        assert await world.bea.sees() == snapshot(
            "This is offered no more. The newest messages of the release say who leads it."
        )
        assert (await world.release("shop-1")).captain == "U0ANA"
        await world.passes(hours=15)
        assert await shown(world, "shop-1", "summary:1") == snapshot("""\
*shop-1* (shop 2.0): @dan and @dee, your shift begins: this is where the stage *production* stands, <time>
@ana leads it until one of you takes over: read how it stands, and answer until <time>.
*Next act:* @cleo approves *Security*
*What happened* since the last summary, <time>
• Rollcall waited in vain for the shift “qa”, <time>
Nothing is asked of you just now.
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>
[Take over…]\
""")
        await world.dan.presses("Take over…", "shop-1", on="summary:1")
        await world.dan.submits(read=["0"])
        _, told = await world.messages()
        assert readable(told) == snapshot("""\
*shop-1* (shop 2.0): ⚠ Nobody of the shift qa has taken *shop-1* over, asked since <time>.
It stayed with @ana then.\
""")
        # In the evening nobody comes before the release has ended.
        await world.passes(hours=8)
        await world.dan.types("/release cancel not today")
        assert (await shown(world, "shop-1", "summary:2")).split("\n")[1] == snapshot(
            "Nobody took over from @dan before it ended."
        )


async def test_of_a_shift_are_asked_who_are_there_and_may_lead(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS + "lead: on-call\n") as world:
        await world.dee.types("/release start shop 2.0")
        await world.passes(hours=7)
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @bea and @ben, your shift begins: this is where the stage *production* stands, <time>
Nobody of you may lead it, so it stays with @dee.
*Next act:* @cleo approves *Security*
Nothing has happened since the start.
Nothing is asked of you just now.
*Waiting for others*
• @cleo: *Security* needs an approval from security, since <time>\
""")
        await world.dee.types("/release handoff @dan")
        await world.dan.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.dan.submits(read=["0"])
        await world.regroups("on-call", ["dee"])
        await world.dee.types("/release away @cleo 3d")
        await world.passes(hours=16)
        assert await shown(world, "shop-1", "summary:1") == snapshot("""\
*shop-1* (shop 2.0): @cleo, your shift begins: this is where the stage *production* stands, <time>
Nobody of you may lead it, so it stays with @dan.
*Next act:* @cleo approves *Security*
*What happened* since the last summary, <time>
• @dan became captain, <time>
*Next for you*
• @cleo: *Security* needs an approval from security, since <time>\
""")


async def test_where_all_of_a_shift_are_away_who_stands_in_for_them_is_asked(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.types("/release away @cleo 3d")
        await world.bea.types("/release away @cleo 3d")
        await world.passes(hours=7)
        assert await shown(world, "shop-1", "summary:0") == snapshot("""\
*shop-1* (shop 2.0): @cleo, your shift begins: this is where the stage *production* stands, <time>
@ana leads it until one of you takes over: read how it stands, and answer until <time>.
*Next act:* @cleo approves *Security*
Nothing has happened since the start.
*Next for you*
• @cleo: *Security* needs an approval from security, since <time>
[Take over…]\
""")
        await world.cleo.presses("Take over…", "shop-1", on="summary:0")
        await world.cleo.submits(read=["0"])
        assert (await world.release("shop-1")).captain == "U0CLEO"


async def test_where_nobody_is_in_a_shift_it_stays_where_it_was(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS) as world:
        await world.ana.types("/release start shop 2.0")
        await world.regroups("qa", [])
        await world.passes(hours=7)
        assert (await shown(world, "shop-1", "summary:0")).split("\n")[:2] == snapshot(
            [
                "*shop-1* (shop 2.0): The shift of qa begins: this is where the stage *production* stands, <time>",
                "Nobody of it is there, so it stays with @ana.",
            ]
        )
