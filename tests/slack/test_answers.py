"""Answers at a gate beyond Approve: with a comment, taken back, abstained, rejected and settled."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, open_form, shown, world_with

TWO = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: QA
        approvals: {qa: 2}
    steps:
      - do: Deploy
"""
)


async def test_an_approval_with_a_comment_can_be_taken_back_and_given_again(tmp_path: Path) -> None:
    async with world_with(tmp_path, TWO) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("More…", "shop-1", on="gate:0:QA")
        assert await open_form(world, "ben") == snapshot("""\
More answers [Answer] [Never mind]
Your answer at QA
  ( ) Approve, with a comment
  ( ) Abstain: I do not answer, ask others
Comment or reason (optional)
  Settling a rejection and overriding need a reason. Everybody who follows the release sees it.\
""")
        await world.ben.submits(answer="approve", comment="Tried on 3 phones & <it works>")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *waiting*
✓ qa: @ben, <time>
> Tried on 3 phones & <it works>
☐ qa: @bea
[Approve] [Reject] [More…]\
""")

        await world.ben.presses("More…", "shop-1", on="gate:0:QA")
        await world.ben.submits(answer="withdraw", comment="The fourth phone crashes")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *waiting*
☐ qa: @bea or @ben
☐ qa: @bea or @ben
The approval of @ben does not count: they took it back: The fourth phone crashes
[Approve] [Reject] [More…]\
""")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.bea.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.release("shop-1")).state is State.READY


async def test_who_abstains_is_not_asked_and_the_captain_hears_when_nobody_is_left(tmp_path: Path) -> None:
    async with world_with(tmp_path, TWO) as world:
        await world.ana.types("/release start shop 2.0")
        await world.bea.presses("More…", "shop-1", on="gate:0:QA")
        await world.bea.submits(answer="abstain", comment="I wrote the tests")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben: *QA* needs an approval from qa, since <time>
• @ana: *QA* needs somebody from qa, and nobody is left to ask, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *QA* before production is *waiting*
☐ qa: @ben
☐ qa: @ben
– @bea abstained, <time>
> I wrote the tests
[Approve] [Reject] [More…]\
""")
        await world.regroups("qa", ["ben", "bea", "dee"])
        await world.until(lambda release: "U0DEE" in release.members["qa"], "shop-1")
        assert await world.ana.types("/release status") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1)
• @ben and @dee: *QA* needs 2 approvals from qa, since <time>\
""")


async def test_the_captain_settles_a_rejection_and_says_how(tmp_path: Path) -> None:
    async with world_with(tmp_path, TWO) as world:
        await world.ana.types("/release start shop 2.0")
        await world.bea.presses("Reject", "shop-1", on="gate:0:QA")
        assert await open_form(world, "bea") == snapshot("""\
Reject [Reject] [Never mind]
Why do you reject QA?
  It blocks shop-1 until you take it back, or the captain settles it. Everybody who follows the release sees the reason.\
""")
        await world.bea.submits(reason="The basket loses items when two tabs are open")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")

        await world.ana.presses("More…", "shop-1", on="gate:0:QA")
        assert await open_form(world, "ana") == snapshot("""\
More answers [Answer] [Never mind]
Your answer at QA
  ( ) Approve, with a comment
  ( ) Abstain: I do not answer, ask others
  ( ) Settle the rejection: The basket loses items when two tabs are open
Comment or reason (optional)
  Settling a rejection and overriding need a reason. Everybody who follows the release sees it.\
""")
        assert (await world.ana.submits(answer="settle:U0BEA"))["errors"] == snapshot(
            {
                "comment": "A reason is needed, so that others know what to do about it. Say in a few words why."
            }
        )
        await world.ana.submits(comment="Not new: 1.9 does it as well, see https://example.com/77")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *waiting*
✓ qa: @ben, <time>
☐ qa: @bea
The rejection of @bea does not count: it was settled by the captain: Not new: 1.9 does it as well, see https://example.com/77
[Approve] [Reject] [More…]\
""")

        # What was settled can still be said again.
        await world.bea.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.release("shop-1")).state is State.READY
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *met*
✓ qa: @ben, <time>
✓ qa: @bea, <time>
[Reject] [More…]\
""")


async def test_a_met_gate_can_be_rejected_until_its_stage_begins_and_not_after(tmp_path: Path) -> None:
    async with world_with(tmp_path, TWO) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.bea.presses("Approve", "shop-1", on="gate:0:QA")
        await world.ben.presses("Reject", "shop-1", on="gate:0:QA")
        await world.ben.submits(reason="I looked at the wrong build")
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        await world.ben.presses("More…", "shop-1", on="gate:0:QA")
        await world.ben.submits(answer="approve")
        assert (await world.release("shop-1")).state is State.READY

        # Ben's form was opened before the stage began, and is sent after that.
        await world.ben.presses("More…", "shop-1", on="gate:0:QA")
        await world.ben.sees_form()
        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        assert (await world.ben.submits(answer="withdraw", comment="Wait"))["errors"] == snapshot(
            {
                "answer": "QA was passed and production has begun, so it takes no more answers. Place a hold if something must not go on."
            }
        )


async def test_of_many_rejections_the_gate_shows_the_newest_and_each_is_told_by_itself(
    tmp_path: Path,
) -> None:
    crowd = TWO.replace("qa: {group: qa}", "qa: {users: [U0BEN, U0BEA, U0CLEO, U0DAN, U0DEE]}")
    async with world_with(tmp_path, crowd) as world:
        await world.ana.types("/release start shop 2.0")
        for person in (world.ben, world.bea, world.cleo, world.dan):
            await person.presses("Reject", "shop-1", on="gate:0:QA")
            await person.submits(reason=f"It fails on the phone of {person.name}")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *rejected*
☐ qa: @dee
☐ qa: @dee
4 rejected it; these are the newest:
✗ @bea rejected it, <time>
> It fails on the phone of bea
✗ @cleo rejected it, <time>
> It fails on the phone of cleo
✗ @dan rejected it, <time>
> It fails on the phone of dan
[Approve] [Reject] [More…]\
""")
        assert await shown(world, "shop-1", "card") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben rejected *QA*, <time>; it blocks until taken back, or settled by @ana
• @bea rejected *QA*, <time>; it blocks until taken back, or settled by @ana
• @cleo rejected *QA*, <time>; it blocks until taken back, or settled by @ana
• @dan rejected *QA*, <time>; it blocks until taken back, or settled by @ana
• @dee, @ben, @bea, @cleo or @dan: *QA* needs 2 approvals from qa, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]\
""")
