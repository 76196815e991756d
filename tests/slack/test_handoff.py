"""Handing over: a duty is offered, the state is read back point by point, and then it passes."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, held, offer, open_form, press_old, shown, standing, world_with

RUNBOOK = (
    ROLES
    + """\
offers: 30m
stages:
  - name: staging
    owner: captain
    gates:
      - {name: QA, approvals: {qa: 1}}
      - {name: Security, approvals: {security: 1}}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
reminders: {after: 90d}
"""
)


async def test_who_offers_it_at_night_is_told_that_it_is_night_for_the_other(tmp_path: Path) -> None:
    """It is morning in Europe, and evening in Singapore, where Cleo is."""
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        assert await world.ana.types("/release handoff @cleo deputy") == snapshot(
            "@cleo is asked, in a message of *shop-1* (shop 2.0). It is 18:00 for them; they are at work from 09:00 on Wednesday."
        )
        await world.passes(hours=8)
        assert await world.ana.types("/release handoff @cleo deputy Please") == snapshot(
            "@cleo is asked, in a message of *shop-1* (shop 2.0). It is 02:00 for them; they are at work from 09:00."
        )
        await world.passes(hours=8)
        assert await world.ana.types("/release handoff @cleo deputy Now") == snapshot(
            "@cleo is asked, in a message of *shop-1* (shop 2.0)."
        )


async def test_the_lead_passes_when_every_point_is_read_and_ticked(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.cleo.types("/release hold wait for the <audit>")
        assert await world.ana.types("/release handoff @dan I am on a train") == snapshot(
            "@dan is asked, in a message of *shop-1* (shop 2.0)."
        )
        slot = await offer(world)
        assert await shown(world, "shop-1", slot) == snapshot("""\
*shop-1* (shop 2.0): @ana asks @dan to be *captain*
> I am on a train
@dan, read how it stands, and answer until <time>. Until you accept, it stays as it is.
[Read and accept…] [Decline]\
""")
        # Until dan accepts, ana leads.
        assert (await world.release("shop-1")).captain == "U0ANA"

        await world.dan.presses("Read and accept…", "shop-1", on=slot)
        assert await open_form(world, "dan") == snapshot("""\
Read and accept [Accept] [Never mind]
*shop-1* (shop 2.0) is *awaiting approval* for staging (stage 1 of 2), *on hold* (1)
@ana says:
> I am on a train
What is open
  ( ) Hold 1: wait for the <audit>
  ( ) QA needs an approval from qa
  ( ) Security needs an approval from security
  Tick each point when you have read it.\
""")
        assert (await world.dan.submits(read=["0", "2"]))["errors"] == snapshot(
            {
                "read": "Not every point is ticked, so it stays where it is. Read each, tick it, and accept then."
            }
        )
        assert await held(world, "dan") == {"read": ["0", "2"]}
        assert (await world.dan.submits(read=["0", "1", "2"]))["result"] == "closed"
        assert (await world.release("shop-1")).captain == "U0DAN"
        assert await shown(world, "shop-1", slot) == snapshot("""\
*shop-1* (shop 2.0): @ana asks @dan to be *captain*
> I am on a train
It was accepted: @dan is captain now, <time>
Nothing is asked of you just now.\
""")
        assert await world.ana.types("/release cancel shop-1 no") == snapshot(
            "Cancelling is for the captain or deputy, or the owners of the stage. Ask @dan."
        )


async def test_who_has_taken_the_lead_is_told_what_comes_next_for_them(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Reject", "shop-1", on="gate:0:QA")
        await world.ben.submits(reason="It crashes")
        await world.dan.types("/release hold wait for the audit")
        await world.ana.types("/release handoff @dan")
        slot = await offer(world)
        await world.dan.presses("Read and accept…", "shop-1", on=slot)
        await world.dan.submits(read=["0", "1", "2", "3"])
        told = await shown(world, "shop-1", slot)
        assert told == snapshot("""\
*shop-1* (shop 2.0): @ana asks @dan to be *captain*
It was accepted: @dan is captain now, <time>
*Next for you*
• @dan: hold 1 is to be lifted when it is settled, since <time>: wait for the audit
• @ben rejected *QA*, <time>; it blocks until taken back, or settled by @dan\
""")
        # It is what was so then, and does not change with the release.
        await world.dan.types("/release lift 1")
        assert await shown(world, "shop-1", slot) == told


async def test_what_has_moved_on_meanwhile_is_read_again(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ana.presses("Hand over…", "shop-1", on="card")
        assert await open_form(world, "ana") == snapshot("""\
Hand over [Ask them] [Never mind]
To whom?
As what?
  ( ) Captain: leads the release from then on
  ( ) Deputy: may do what the captain may
  ( ) Shadow: follows along, and learns
  = captain
What should they know? (optional)\
""")
        assert (await world.ana.submits(to="gus"))["errors"] == snapshot(
            {
                "to": "The captain of a release is a full member of the workspace; that is a guest. Name somebody else."
            }
        )
        await world.ana.submits(to="dee", note="Mind the *caches*")
        slot = await offer(world)
        await world.dee.presses("Read and accept…", "shop-1", on=slot)
        await world.dee.sees_form()
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.dee.submits(read=["0", "1"]))["errors"] == snapshot(
            {
                "read": "shop-1 has moved on since you read how it stands, so it stays where it was. Open the offer again, and read it once more."
            }
        )
        await world.control("close", user="dee")
        await world.dee.presses("Read and accept…", "shop-1", on=slot)
        assert await open_form(world, "dee") == snapshot("""\
Read and accept [Accept] [Never mind]
*shop-1* (shop 2.0) is *awaiting approval* for staging (stage 1 of 2)
@ana says:
> Mind the *caches*
What is open
  ( ) Security needs an approval from security
  Tick each point when you have read it.\
""")
        await world.dee.submits(read=["0"])
        assert (await world.release("shop-1")).captain == "U0DEE"


async def test_an_offer_is_declined_lapses_or_is_replaced_and_it_stays_as_it_was(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ana.types("/release handoff @dan")
        first = await offer(world)
        await world.ben.presses("Read and accept…", "shop-1", on=first)
        assert await world.ben.sees() == snapshot("This is offered to @dan, and not to you.")
        await world.ben.presses("Decline", "shop-1", on=first)
        assert await world.ben.sees() == snapshot(
            "To be captain of shop-1 is not offered to you just now. An offer ends when it is answered, when another is made, or with its time. Ask @ana."
        )
        await world.dan.presses("Decline", "shop-1", on=first)
        assert await shown(world, "shop-1", first) == snapshot("""\
*shop-1* (shop 2.0): @ana asks @dan to be *captain*
It was declined: it stays as it was, <time>\
""")

        await world.ana.types("/release handoff @dee deputy")
        second = await offer(world)
        message = await world.message("shop-1", second)
        accept = message["blocks"][-1]["elements"][0]
        assert await world.ana.types("/release handoff @dee deputy") == snapshot(
            "They have been asked already, and have not answered yet."
        )
        await world.ana.types("/release handoff @ben deputy")
        third = await offer(world)
        assert await shown(world, "shop-1", second) == snapshot("""\
*shop-1* (shop 2.0): @ana asks @dee to be *deputy*
It was replaced by another offer, or by another captain, <time>\
""")
        await press_old(world, "dee", "shop-1", accept["action_id"], accept["value"])
        await world.dee.sees_form()
        assert (await world.dee.submits(read=["0", "1"]))["errors"] == snapshot(
            {
                "read": "To be deputy of shop-1 is not offered to you just now. An offer ends when it is answered, when another is made, or with its time."
            }
        )

        await world.passes(minutes=31)
        assert await shown(world, "shop-1", third) == snapshot("""\
*shop-1* (shop 2.0): @ana asks @ben to be *deputy*
It was not answered in time: it stays as it was, <time>\
""")
        assert (await world.release("shop-1")).deputy is None


async def test_a_deputy_may_what_the_captain_may_and_a_shadow_decides_nothing(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ana.types("/release handoff @dee deputy while I am at lunch")
        await world.dee.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.dee.submits(read=["0", "1"])
        await world.dee.types("/release handoff @ben shadow")
        assert await shown(world, "shop-1", await offer(world)) == snapshot("""\
*shop-1* (shop 2.0): @dee asks @ben to be *shadow*
@ben, read how it stands, and answer until <time>. You follow along and decide nothing.
[Read and accept…] [Decline]\
""")
        shadow = await offer(world)
        await world.ben.presses("Read and accept…", "shop-1", on=shadow)
        await world.ben.submits(read=["0", "1"])
        assert await shown(world, "shop-1", shadow) == snapshot("""\
*shop-1* (shop 2.0): @dee asks @ben to be *shadow*
It was accepted: @ben is shadow now, <time>\
""")
        assert await shown(world, "shop-1", "card") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
• @cleo: *Security* needs an approval from security, since <time>
Captain @ana · deputy @dee · shadow @ben · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]\
""")
        assert await world.ben.types("/release cancel shop-1 let me try") == snapshot(
            "Cancelling is for the captain or deputy, or the owners of the stage. Ask @ana or @dee."
        )
        assert await world.dee.types("/release cancel shop-1 wrong build") == snapshot(
            "*shop-1* (shop 2.0) is cancelled."
        )


async def test_a_handoff_that_cannot_be_is_refused(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        assert await world.ben.types("/release handoff @dan") == snapshot(
            "Handing over as captain is for the captain or deputy. Ask @ana."
        )
        assert await world.ana.types("/release handoff @ana") == snapshot(
            "You are captain already. Name somebody else."
        )
        assert await world.ana.types("/release handoff @gus") == snapshot(
            "The captain of a release is a full member of the workspace; that is a guest. Name somebody else."
        )
        assert await world.ana.types("/release handoff @sol") == snapshot(
            "The captain of a release is a full member of the workspace; that is a stranger. Name somebody else."
        )
        assert await world.ana.types("/release handoff @pipeline shadow") == snapshot(
            "Only people of this workspace follow a release as its shadow."
        )
        assert await world.ana.types("/release lead") == snapshot(
            "shop-1 has a captain, who hands it over. Ask @ana."
        )


async def test_a_captain_who_leaves_the_channel_is_asked_and_an_owner_takes_the_lead(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Security")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        await world.control("leave", user="ana", channel="releases")
        await world.until(lambda release: bool(release.leavers), "shop-1")
        await world.settled()
        assert await shown(world, "shop-1", "gone:U0ANA") == snapshot("""\
*shop-1* (shop 2.0): @ana left the channel, and is captain here.
@ana, hand it over, or come back.
Its deputy, or an owner of its stage, takes the lead by typing `lead shop-1`.\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *in progress* with production (stage 2 of 2)
✓ staging → ▶ production
*Waiting for*
• @dan or @dee: its captain left the channel, <time>; somebody is to lead it
• @dan or @dee: “Deploy” is to be done, since <time>\
""")
        assert await world.ben.types("/release lead") == snapshot(
            "Others come first to lead shop-1. Ask @dan or @dee."
        )
        assert await world.dan.types("/release lead") == snapshot("You lead *shop-1* (shop 2.0) now.")
        assert (await world.release("shop-1")).captain == "U0DAN"
        assert await world.dee.types("/release lead") == snapshot(
            "shop-1 has a captain, who hands it over. Ask @dan."
        )
        await world.control("join", user="ana", channel="releases")
        await world.until(lambda release: not release.leavers, "shop-1")
        await world.settled()
        assert "left the channel" not in await world.thread("shop-1")


async def test_a_captain_who_comes_back_leads_again(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.control("leave", user="ana", channel="releases")
        await world.until(lambda release: bool(release.leavers), "shop-1")
        await world.control("join", user="ana", channel="releases")
        await world.until(lambda release: not release.leavers, "shop-1")
        await world.settled()
        assert "left the channel" not in await world.thread("shop-1")


async def test_a_deactivated_captain_is_replaced_by_the_deputy(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.cleo.types("/release hold wait for the audit")
        await world.ana.types("/release handoff @dee deputy")
        await world.dee.presses("Read and accept…", "shop-1", on=await offer(world))
        await world.dee.submits(read=["0", "1", "2"])
        await world.control("people", user="cleo", deactivated=True)
        await world.until(lambda release: "U0CLEO" in release.leavers, "shop-1")
        assert await shown(world, "shop-1", "gone:U0CLEO") == snapshot("""\
*shop-1* (shop 2.0): @cleo is deactivated, and is owner of hold 1 here.
@ana, for you to know.\
""")
        await world.control("people", user="ana", deactivated=True)
        await world.until(lambda release: "U0ANA" in release.leavers, "shop-1")
        assert await shown(world, "shop-1", "gone:U0ANA") == snapshot("""\
*shop-1* (shop 2.0): @ana is deactivated, and is captain here.
Its deputy, or an owner of its stage, takes the lead by typing `lead shop-1`.\
""")
        assert await world.dee.types("/release lead") == snapshot("You lead *shop-1* (shop 2.0) now.")
        await world.dee.presses("Lift", "shop-1", on="hold:1")
        await world.dee.submits(reason="Cleo has left the company, the audit is done")
        release = await world.release("shop-1")
        assert (release.captain, release.deputy, release.holds) == ("U0DEE", None, ())
        assert release.state is State.AWAITING_APPROVAL
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
• @dee: *Security* needs somebody from security, and nobody is left to ask, since <time>\
""")
