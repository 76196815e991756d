"""Gates: what they need, the seat that an approval fills, and the votes that do not count."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, open_form, shown, world_with

NESTED = (
    ROLES
    + """\
checks:
  load-test: {by: on-call}
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Go or no-go
        needs:
          all:
            - qa: 1
            - any: [{security: 1}, {on-call: 2}]
            - check: load-test
            - security: 1
              when: {risk: high}
      - name: Schema review
        when: {paths: db/}
        needs: {at least: 2, of: [{qa: 1}, {security: 1}, {on-call: 1}]}
    steps:
      - do: Deploy
"""
)
PAIR = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Go or no-go
        approvals: {qa: 1, security: 1}
    steps:
      - do: Deploy
"""
)


async def test_a_nested_gate_shows_each_choice_and_is_met_on_the_shortest_way(tmp_path: Path) -> None:
    async with world_with(tmp_path, NESTED) as world:
        await world.ana.types("/release start shop 2.0")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ all of these, none so far
      ☐ qa: @bea or @ben
      ☐ any 1 of these 2, none so far
            ☐ security: @cleo
            ☐ on-call: @dan or @dee
            ☐ on-call: @dan or @dee
      ☐ check load-test has not been reported
        asked: @dan or @dee
      – security: not needed for this release
[Approve] [Reject] [Report a check…] [More…]\
""")
        # No path of the release is below db/, so the other gate is not even shown.
        slots = [gate.name for gate in (await world.release("shop-1")).current.gates]
        assert slots == ["Go or no-go", "Schema review"]
        assert "Schema review" not in await world.thread("shop-1")

        await world.dan.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ all of these, 1 so far
      ✓ qa: @ben, <time>
      ☐ any 1 of these 2, none so far
            ☐ security: @cleo
            ✓ on-call: @dan, <time>
            ☐ on-call: @dee
      ☐ check load-test has not been reported
        asked: @dan or @dee
      – security: not needed for this release
[Approve] [Reject] [Report a check…] [More…]\
""")
        assert await world.ana.types("/release status") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1)
• @dan or @dee: the check *load-test* has not passed, since <time>
• @cleo or @dee: *Go or no-go* needs an approval from security or on-call, since <time>\
""")

        await world.dan.types("/release check load-test passed")
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *met*
✓ all of these, 3 so far
      ✓ qa: @ben, <time>
      ✓ any 1 of these 2, 1 so far
            ✓ security: @cleo, <time>
            ✓ on-call: @dan, <time>
            – on-call: not needed any more
      ✓ check load-test passed
        says @dan, <time>
      – security: not needed for this release\
""")


async def test_a_risky_release_that_changes_the_database_is_asked_for_more(tmp_path: Path) -> None:
    async with world_with(tmp_path, NESTED) as world:
        await world.ana.types("/release start shop 2.0 risk=high paths=db/1.sql,app.py The new schema")
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @dan or @dee: the check *load-test* has not passed, since <time>
• @bea, @ben, @dan, @dee or @cleo: *Go or no-go* needs 4 approvals from qa or security or on-call, since <time>
• @bea, @ben, @cleo, @dan or @dee: *Schema review* needs 2 approvals from qa or security or on-call, since <time>
*What goes out*
> The new schema
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ all of these, none so far
      ☐ qa: @bea or @ben
      ☐ any 1 of these 2, none so far
            ☐ security: @cleo
            ☐ on-call: @dan or @dee
            ☐ on-call: @dan or @dee
      ☐ check load-test has not been reported
        asked: @dan or @dee
      ☐ all of these, none so far
            ☐ security: @cleo
[Approve] [Reject] [Report a check…] [More…]
---
*shop-1* (shop 2.0): *Schema review* before production is *waiting*
☐ any 2 of these 3, none so far
      ☐ qa: @bea or @ben
      ☐ security: @cleo
      ☐ on-call: @dan or @dee
[Approve] [Reject] [More…]\
""")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Schema review")
        await world.dan.presses("Approve", "shop-1", on="gate:0:Schema review")
        assert await shown(world, "shop-1", "gate:0:Schema review") == snapshot("""\
*shop-1* (shop 2.0): *Schema review* before production is *met*
✓ any 2 of these 3, 2 so far
      – qa: not needed any more
      ✓ security: @cleo, <time>
      ✓ on-call: @dan, <time>
[Reject] [More…]\
""")


async def test_one_person_in_two_roles_fills_the_seat_that_is_needed_and_can_move(tmp_path: Path) -> None:
    async with world_with(tmp_path, PAIR) as world:
        await world.regroups("security", ["ben", "cleo"])
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda release: len(release.members["security"]) == 2, "shop-1")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
✓ qa: @ben, <time>
☐ security: @bea or @cleo
[Approve] [Reject] [More…]\
""")

        await world.ben.presses("More…", "shop-1", on="gate:0:Go or no-go")
        assert await open_form(world, "ben") == snapshot("""\
More answers [Answer] [Never mind]
Your answer at Go or no-go
  ( ) Abstain: I do not answer, ask others
  ( ) Take back that I approved
  ( ) Fill a seat of security with my approval, not of qa
Comment or reason (optional)
  Settling a rejection and overriding need a reason. Everybody who follows the release sees it.\
""")
        await world.ben.submits(answer="seat:security")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @bea or @cleo
✓ security: @ben, <time>
[Approve] [Reject] [More…]\
""")

        # Cleo can only fill the seat that ben has chosen, so ben is seated where both fit.
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert (await world.release("shop-1")).state is State.READY
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *met*
✓ qa: @ben, <time>
✓ security: @cleo, <time>
[Reject] [More…]\
""")
        await world.ben.presses("More…", "shop-1", on="gate:0:Go or no-go")
        refused = await world.ben.submits(answer="seat:security")
        assert refused["errors"] == snapshot(
            {
                "answer": "Your approval is needed where it is: in security, one seat more would be empty. When somebody else of your other roles has approved Go or no-go, move it then."
            }
        )


async def test_a_vote_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    async with world_with(tmp_path, PAIR) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        await world.bea.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
✓ qa: @ben, <time>
☐ security: @cleo
The approval of @bea does not count: every seat of their role is filled already
[Approve] [Reject] [More…]\
""")

        await world.regroups("qa", ["bea"])
        await world.until(lambda release: release.members["qa"] == ("U0BEA",), "shop-1")
        assert await shown(world, "shop-1", "gate:0:Go or no-go") == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
✓ qa: @bea, <time>
☐ security: @cleo
The approval of @ben does not count: they are no longer in a role that this gate asks
[Approve] [Reject] [More…]\
""")


async def test_a_met_gate_lapses_when_its_approver_leaves_the_group(tmp_path: Path) -> None:
    async with world_with(tmp_path, PAIR) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        await world.cleo.presses("Approve", "shop-1", on="gate:0:Go or no-go")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* is *ready*: every gate is met
@ana, it begins with your go, or with that of the owners of the stage
[Begin production]\
""")
        await world.regroups("qa", ["bea"])
        await world.until(lambda release: release.state is State.AWAITING_APPROVAL, "shop-1")
        await world.settled()
        # The go that was asked for is taken out of the thread again.
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea: *Go or no-go* needs an approval from qa, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @bea
✓ security: @cleo, <time>
The approval of @ben does not count: they are no longer in a role that this gate asks
[Approve] [Reject] [More…]\
""")
