"""Override: a gate is passed in the open without being met, and reviewed by others afterwards."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, open_form, shown, standing, world_with
from tests.world import readable

RUNBOOK = (
    ROLES
    + """\
overrides: on-call
review: {within: 24h}
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Go or no-go
        approvals: {qa: 2, security: 1}
    steps:
      - do: Deploy
reminders: {after: 90d}
"""
)
GATE = "gate:0:Go or no-go"


async def test_an_override_is_announced_to_those_it_passed_and_reviewed_by_two_others(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0.1")
        await world.ben.presses("Approve", "shop-1", on=GATE)
        await world.bea.presses("Reject", "shop-1", on=GATE)
        await world.bea.submits(reason="I have not seen it run")

        await world.dan.presses("More…", "shop-1", on=GATE)
        assert await open_form(world, "dan") == snapshot("""\
More answers [Answer] [Never mind]
Your answer at Go or no-go
  ( ) Approve, with a comment
  ( ) Abstain: I do not answer, ask others
  ( ) Override: pass it without it being met
Comment or reason (optional)
  Settling a rejection and overriding need a reason. Everybody who follows the release sees it.\
""")
        assert (await world.dan.submits(answer="override", comment="now"))["result"] == "closed"
        assert (await world.release("shop-1")).state is State.IN_PROGRESS
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0.1 (shop-1)
*shop-1* is *in progress* with production (stage 1 of 1)
▶ production
*Waiting for*
• @dan or @dee: “Deploy” is to be done, since <time>
• @bea, @ben, @cleo or @dee: its review needs 2 signatures, until <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…] [Roll back…]
---
*shop-1* (shop 2.0.1): *Go or no-go* before production is *overridden*
⚠ @dan overrode it, <time>
> now
✓ qa: @ben, <time>
– qa: left empty
– security: left empty
✗ @bea rejected it, <time>
> I have not seen it run
---
*shop-1* (shop 2.0.1): ✗ @bea *rejected* *Go or no-go* before production, <time>
> I have not seen it run
@dan overrode the gate, <time>
> now
---
*shop-1* (shop 2.0.1): ⚠ @dan *overrode* Go or no-go of *shop-1*, <time>: it is passed, and not met
> now
Its captain is @ana.
@bea had rejected it, <time>
> I have not seen it run
For @bea, @ben and @cleo to know: it was yours to answer.
---
*shop-1* (shop 2.0.1): *production* has begun
☐ Deploy
Next is “Deploy”: @dan or @dee
[Done] [It failed…]
---
*shop-1* (shop 2.0.1): *Review* of this release, because a gate was overridden: due <time>, 0 of 2 signed
☐ @bea, @ben, @cleo or @dee
[Sign off…]\
""")
        # The channel sees it as well, below the card.
        assert [readable(m).split("\n")[0] for m in await world.messages()] == snapshot(
            [
                "shop 2.0.1 (shop-1)",
                "*shop-1* (shop 2.0.1): ⚠ @dan *overrode* Go or no-go of *shop-1*, <time>: it is passed, and not met",
            ]
        )

        # Half-way to its time the review is asked for, and again when it is due.
        await world.passes(hours=23)
        assert await shown(world, "shop-1", "review:1") == snapshot("""\
*shop-1* (shop 2.0.1): @bea, @ben, @cleo or @dee, the review of this release still needs 2 signatures. It is due <time>.
[Sign off…]\
""")
        await world.dee.presses("Done", "shop-1", on="stage:0")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *completed*, <time>
✓ production
*Waiting for*
• @bea, @ben, @cleo or @dee: its review needs 2 signatures, until <time>\
""")
        await world.passes(hours=12)
        assert await shown(world, "shop-1", "review:1") == snapshot(
            "*shop-1* (shop 2.0.1): The reviewers were reminded of the review."
        )
        assert await shown(world, "shop-1", "review:2") == snapshot("""\
*shop-1* (shop 2.0.1): @bea, @ben, @cleo or @dee, the review of this release still needs 2 signatures. It was due <time>.
[Sign off…]\
""")

        await world.dan.presses("Sign off…", "shop-1", on="review")
        assert (await world.dan.submits(reason="It was right"))["errors"] == snapshot(
            {"reason": "It is your own act that is reviewed, so others sign."}
        )
        await world.control("close", user="dan")
        await world.bea.presses("Sign off…", "shop-1", on="review:2")
        assert await open_form(world, "bea") == snapshot("""\
Sign off [Sign off] [Never mind]
What came of your review of shop-1? (optional)
  With your name it goes into the ledger.\
""")
        await world.bea.submits(reason="Right to do; next time call me, I was awake")
        await world.bea.presses("Sign off…", "shop-1", on="review")
        assert (await world.bea.submits())["errors"] == snapshot(
            {"reason": "You have signed this review already."}
        )
        await world.cleo.presses("Sign off…", "shop-1", on="review")
        await world.cleo.submits()
        assert await shown(world, "shop-1", "review") == snapshot("""\
*shop-1* (shop 2.0.1): *Review* of this release, because a gate was overridden: *done*, 2 of 2 signed
✓ @bea, <time>
> Right to do; next time call me, I was awake
✓ @cleo, <time>\
""")
        assert await shown(world, "shop-1", "review:2") == snapshot(
            "*shop-1* (shop 2.0.1): The reviewers were reminded of the review."
        )
        await world.passes(days=3)
        assert len((await world.release("shop-1")).review.reminded) == 2  # type: ignore[union-attr]


async def test_a_gate_is_overridden_by_those_entitled_only_and_with_a_reason(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0.1")
        await world.cleo.presses("More…", "shop-1", on=GATE)
        assert "Override" not in await open_form(world, "cleo")
        await world.control("close", user="cleo")
        await world.dee.presses("More…", "shop-1", on=GATE)
        await world.dee.sees_form()
        # The form is open when dee leaves the group.
        await world.regroups("on-call", ["dan"])
        await world.until(lambda release: release.members["on-call"] == ("U0DAN",), "shop-1")
        refused = await world.dee.submits(answer="override", comment="It burns")
        assert refused["errors"] == snapshot({"answer": "A gate is overridden by people in on-call."})
        await world.dan.presses("More…", "shop-1", on=GATE)
        assert (await world.dan.submits(answer="override"))["errors"] == snapshot(
            {
                "comment": "A reason is needed, so that others know what to do about it. Say in a few words why."
            }
        )
        assert (await world.release("shop-1")).overrides == ()


STAGED = (
    ROLES
    + """\
overrides: on-call
stages:
  - name: staging
    owner: on-call
    gates:
      - name: QA
        approvals: {qa: 1}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
reminders: {after: 1h}
"""
)


async def test_an_override_stays_announced_when_something_else_goes_out_then(tmp_path: Path) -> None:
    async with world_with(tmp_path, STAGED) as world:
        await world.ana.types("/release start shop 2.0")
        for because in ("Payments are down", "They still are"):
            await world.dan.presses("More…", "shop-1", on="gate:0:QA")
            await world.dan.submits(answer="override", comment=because)
            await world.ana.types("/release change shop-1")
            await world.ana.submits(version=f"2.0.{len(because)}")
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        assert [readable(m) for m in await world.messages()][1:] == snapshot(
            [
                """\
*shop-1* (shop 2.0.14): ⚠ @dan *overrode* QA of *shop-1*, <time>: it is passed, and not met
> Payments are down
Its captain is @ana.
For @bea and @ben to know: it was yours to answer.\
""",
                """\
*shop-1* (shop 2.0.14): ⚠ @dan *overrode* QA of *shop-1*, <time>: it is passed, and not met
> They still are
Its captain is @ana.
For @bea and @ben to know: it was yours to answer.\
""",
            ]
        )


async def test_a_gate_that_was_reminded_of_and_then_overridden_is_not_called_met(tmp_path: Path) -> None:
    async with world_with(tmp_path, STAGED) as world:
        await world.ana.types("/release start shop 2.0")
        await world.passes(hours=1)
        await world.passes(hours=4)
        await world.dan.presses("More…", "shop-1", on="gate:0:QA")
        await world.dan.submits(answer="override", comment="Payments are down")
        assert await shown(world, "shop-1", "reminder:0:QA:2") == snapshot(
            "*shop-1* (shop 2.0): @bea and @ben were reminded of *QA*. It is *overridden* now."
        )


async def test_the_last_signature_of_a_review_may_come_from_who_has_joined_the_role(tmp_path: Path) -> None:
    alone = RUNBOOK.replace("{within: 24h}", "{within: 24h, role: qa}")
    async with world_with(tmp_path, alone) as world:
        await world.ana.types("/release start shop 2.0.1")
        await world.dan.presses("More…", "shop-1", on=GATE)
        await world.dan.submits(answer="override", comment="Payments are down")
        await world.bea.presses("Sign off…", "shop-1", on="review")
        await world.bea.submits(reason="It was right")
        await world.passes(hours=23)
        assert await shown(world, "shop-1", "review:1") == snapshot("""\
*shop-1* (shop 2.0.1): @ben, the review of this release still needs a signature. It is due <time>.
[Sign off…]\
""")
        await world.regroups("qa", ["bea", "cleo"])
        await world.passes(minutes=1)
        await world.cleo.presses("Sign off…", "shop-1", on="review")
        await world.cleo.submits()
        assert await shown(world, "shop-1", "review") == snapshot("""\
*shop-1* (shop 2.0.1): *Review* of this release, because a gate was overridden: *done*, 2 of 2 signed
✓ @bea, <time>
> It was right
✓ @cleo, <time>\
""")


async def test_a_review_whose_people_have_gone_waits_for_others(tmp_path: Path) -> None:
    alone = RUNBOOK.replace("{within: 24h}", "{within: 24h, role: qa}")
    async with world_with(tmp_path, alone) as world:
        await world.ana.types("/release start shop 2.0.1")
        await world.dan.presses("More…", "shop-1", on=GATE)
        await world.dan.submits(answer="override", comment="Payments are down")
        await world.bea.presses("Sign off…", "shop-1", on="review")
        await world.bea.submits(reason="It was right")
        await world.regroups("qa", ["bea"])
        await world.until(lambda release: release.members["qa"] == ("U0BEA",), "shop-1")
        assert await shown(world, "shop-1", "review") == snapshot("""\
*shop-1* (shop 2.0.1): *Review* of this release, because a gate was overridden: due <time>, 1 of 2 signed
✓ @bea, <time>
> It was right
☐ nobody is left to sign it
[Sign off…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *in progress* with production (stage 1 of 1)
▶ production
*Waiting for*
• @dan or @dee: “Deploy” is to be done, since <time>
• @ana: *The review* needs somebody from qa, and nobody is left to ask, since <time>\
""")
        await world.passes(hours=23)
        assert await shown(world, "shop-1", "review:1") == snapshot("""\
*shop-1* (shop 2.0.1): @ana, the review of this release still needs a signature. It is due <time>. Nobody is left to sign it: add people to qa.
[Sign off…]\
""")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0.1) is *in progress* with production (stage 1 of 1)
*What it waits for*
• @dan or @dee: “Deploy” is to be done, since <time>
    by the rule: the steps of a stage are done in order
• @ana: *The review* needs somebody from qa, and nobody is left to ask, since <time>
    by the rule: seats are filled and checks reported by people in a role, and there are too few of them
*The shortest way on*
• @dan or @dee does “Deploy”
• @ana finds people for *The review*
Who is in the roles was read <time>.\
""")
