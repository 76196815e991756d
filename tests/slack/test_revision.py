"""What goes out is changed: whom that asks again and why, and whose word carries over."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inline_snapshot import snapshot

from bot.release.people.handoff import Duty
from bot.release.state import State
from tests.slack.given import ROLES, held, open_form, press_old, shown, world_with
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
stages:
  - name: staging
    owner: captain
    gates:
      - {name: QA, approvals: {qa: 1}}
      - {name: Schema, when: {paths: db/}, approvals: {security: 1}}
      - {name: Design, when: {paths: web/}, approvals: {on-call: 1}}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    begin: captain
    steps:
      - do: Deploy
reminders: {after: 90d}
"""
)


async def test_only_those_whose_paths_changed_are_asked_again(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0 paths=db/1.sql,web/a.css")
        await world.ana.types("/release change")
        await world.ana.submits(paths="db/1.sql 1d0a1c3\nweb/a.css 2ea5b77")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Schema")
        assert await world.ana.types("/release change") == ""
        assert await open_form(world, "ana") == snapshot("""\
Change what goes out [Change] [Never mind]
Version
  = 2.0
Risk
  ( ) low
  ( ) medium
  ( ) high
  = low
Authors (optional)
  Who wrote the changes. They approve none of it.
Labels (optional)
  Separated by commas.
Changed paths (optional)
  = db/1.sql
web/a.css
  One on each line. With its hash after it (git’s, say), who approved it is not asked again while that stays the same.\
""")
        await world.ana.submits(
            version="2.0.1", paths="db/1.sql 1d0a1c3\nweb/a.css 2ea5b77\nweb/b.css 3fb6c88"
        )
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0.1 (shop-1)
*shop-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
• @dan or @dee: *Design* needs an approval from on-call, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0.1): *QA* before staging is *waiting*
☐ qa: @bea or @ben
The approval of @ben does not count: it was for 2.0; since then web/b.css has changed
[Approve] [Reject] [More…]
---
*shop-1* (shop 2.0.1): *Schema* before staging is *met*
✓ security: @cleo, <time>
  given for 2.0; nothing that it covers has changed since
[Reject] [More…]
---
*shop-1* (shop 2.0.1): *Design* before staging is *waiting*
☐ on-call: @dan or @dee
[Approve] [Reject] [More…]
---
*shop-1* (shop 2.0.1): @ana changed what goes out to *2.0*, <time>
It begins again at the first stage.
Nobody is asked again.
---
*shop-1* (shop 2.0.1): @ana changed what goes out to *2.0.1*, <time>
It begins again at the first stage.
• @ben is asked again at QA: it was for 2.0; since then web/b.css has changed\
""")
        await world.bea.presses("Approve", "shop-1", on="gate:0:QA")
        await world.dan.presses("Approve", "shop-1", on="gate:0:Design")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS


async def test_a_change_begins_again_at_the_first_stage_until_production_is_touched(
    tmp_path: Path,
) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0 paths=db/1.sql")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Schema")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        assert (await world.release("shop-1")).state is State.READY
        await world.ana.types("/release change shop-1")
        # No hash tells that what is at the path is the same in another version, so those are asked again.
        await world.ana.submits(version="2.0.1")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0.1 (shop-1)
*shop-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
• @cleo: *Schema* needs an approval from security, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0.1): *QA* before staging is *waiting*
☐ qa: @bea or @ben
The approval of @ben does not count: it was for 2.0; since then db/1.sql may have changed
[Approve] [Reject] [More…]
---
*shop-1* (shop 2.0.1): *Schema* before staging is *waiting*
☐ security: @cleo
The approval of @cleo does not count: it was for 2.0; since then db/1.sql may have changed
[Approve] [Reject] [More…]
---
*shop-1* (shop 2.0.1): @dan and @dee, the stage *production* passes to you
*What happened* since the start
• @ben approved “QA”, <time>
• @cleo approved “Schema”, <time>
• @ana finished “Deploy to staging”, <time>
*It waited then for*
• @ana: *production* begins with the captain’s go, since <time>
---
*shop-1* (shop 2.0.1): @ana changed what goes out to *2.0.1*, <time>
It begins again at the first stage.
• @ben is asked again at QA: it was for 2.0; since then db/1.sql may have changed
• @cleo is asked again at Schema: it was for 2.0; since then db/1.sql may have changed\
""")

        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Schema")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        await world.ana.types("/release change shop-1")
        await world.ana.sees_form()
        await world.dan.presses("Begin production", "shop-1", on="stage:1")
        refused = await world.ana.submits(version="2.0.2")
        assert refused["errors"] == snapshot(
            {
                "version": "shop-1 has begun production, so production may be changed already, and what was approved is what went there. Bring its steps to an end, or roll it back."
            }
        )


async def test_a_change_that_cannot_be_is_refused_at_its_field(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0 paths=db/1.sql")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ana.types("/release change")
        assert (await world.ana.submits())["errors"] == snapshot(
            {"version": "shop-1 is 2.0 with just this manifest already."}
        )
        assert (await world.ana.submits(version="two point oh"))["errors"] == snapshot(
            {
                "version": "A version holds letters, digits and . _ + - / only, starts with a letter or digit, and has at most 64 characters. No .., // or /./ is in it, and no / or /. at its end. For example: 1.4.0"
            }
        )
        long = "x" * 401
        assert (await world.ana.submits(version="2.0", paths=long))["errors"] == snapshot(
            {
                "paths": "A path or label of it cannot be read: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'. Use printable text of at most 400 characters."
            }
        )
        assert (await held(world, "ana"))["paths"] == long
        assert (await world.ana.submits(paths="db/1.sql", risk="high", authors=["ben"]))["result"] == "closed"
        assert await shown(world, "shop-1", "revision:0") == snapshot("""\
*shop-1* (shop 2.0): @ana changed what goes out to *2.0*, <time>
It begins again at the first stage.
Nobody is asked again.\
""")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before staging is *waiting*
☐ qa: @bea
The approval of @ben does not count: they wrote some of the changes
[Approve] [Reject] [More…]\
""")
        await world.ben.types("/release change")
        assert (await world.ben.submits(version="3"))["errors"] == snapshot(
            {"version": "Changing what goes out is for the captain or deputy, or whoever started it."}
        )


CHECKED = (
    ROLES
    + """\
checks:
  load: {by: on-call}
overrides: security
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - name: QA
        needs: [{qa: 1}, {check: load}]
    steps:
      - do: Deploy
"""
)
BY_HAND = (
    ROLES
    + """\
stages:
  - name: staging
    owner: captain
    begin: captain
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    begin: captain
    steps:
      - do: Deploy
"""
)


def value_of(message: Mapping[str, Any], action: str) -> str:
    elements = (element for block in message["blocks"] for element in block.get("elements", ()))
    return next(str(element["value"]) for element in elements if element.get("action_id") == action)


async def changes(world: World, version: str) -> None:
    await world.ana.types("/release change shop-1")
    await world.ana.submits(version=version)


async def test_an_answer_to_what_went_out_before_counts_for_nothing(tmp_path: Path) -> None:
    async with world_with(tmp_path, CHECKED) as world:
        await world.ana.types("/release start shop 2.0")
        approve = value_of(await world.message("shop-1", "gate:0:QA"), "approve_v1")
        await world.ben.presses("Reject", "shop-1", on="gate:0:QA")
        await world.cleo.presses("More…", "shop-1", on="gate:0:QA")
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:QA")
        for person in ("ben", "cleo", "dan"):
            await open_form(world, person)
        await changes(world, "2.0.1")
        before = await world.release("shop-1")
        await press_old(world, "ben", "shop-1", "approve_v1", approve)
        assert await world.ben.sees() == snapshot(
            "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
        )
        answers = [
            await world.ben.submits(reason="It was red."),
            await world.cleo.submits(answer="override", comment="Payments are down."),
            await world.dan.submits(outcome="passed"),
        ]
        assert [answer["errors"] for answer in answers] == snapshot(
            [
                {
                    "reason": "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
                },
                {
                    "answer": "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
                },
                {
                    "check": "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
                },
            ]
        )
        assert await world.release("shop-1") == before


async def test_a_go_and_a_step_of_what_went_out_before_count_for_nothing(tmp_path: Path) -> None:
    async with world_with(tmp_path, BY_HAND) as world:
        await world.ana.types("/release start shop 2.0")
        begin = value_of(await world.message("shop-1", "stage:0"), "begin_stage_v1")
        await world.ana.presses("Begin staging", "shop-1", on="stage:0")
        done = value_of(await world.message("shop-1", "stage:0"), "finish_step_v1")
        await world.ana.presses("It failed…", "shop-1", on="stage:0")
        failed = await world.ana.sees_form()
        await changes(world, "2.0.1")
        await press_old(world, "ana", "shop-1", "begin_stage_v1", begin)
        assert (await world.release("shop-1")).state is State.READY
        await world.ana.presses("Begin staging", "shop-1", on="stage:0")
        await press_old(world, "ana", "shop-1", "finish_step_v1", done)
        assert (await world.release("shop-1")).open_steps
        await press_old(world, "ana", "shop-1", "fail_form_v1", failed["private_metadata"])
        assert (await world.ana.submits(reason="Too slow."))["errors"] == snapshot(
            {
                "reason": "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
            }
        )


async def test_of_two_who_change_what_goes_out_the_second_reads_the_first_change(tmp_path: Path) -> None:
    async with world_with(tmp_path, BY_HAND) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ana.types("/release handoff @ben deputy")
        offer = (await world.release("shop-1")).offers[Duty.DEPUTY]
        slot = f"offer:deputy:{offer.at.timestamp():.6f}"
        await world.ben.presses("Read and accept…", "shop-1", on=slot)
        await world.ben.submits(read=["0"])
        await world.ben.types("/release change shop-1")
        await open_form(world, "ben")
        await changes(world, "2.0.1")
        assert (await world.ben.submits(version="2.0.2"))["errors"] == snapshot(
            {
                "version": "What shop-1 is to release has changed since this was shown to you. Look at its newest messages, and answer to what goes out now."
            }
        )
        assert (await world.release("shop-1")).version == "2.0.1"
