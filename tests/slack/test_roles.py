"""Who fills a seat and who does not: starters, authors, guests, bots, strangers, and people who have gone."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, shown, world_with
from tests.world import World

STAGES = """\
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
"""


async def test_an_author_approves_nothing_where_duties_are_strict(tmp_path: Path) -> None:
    async with world_with(tmp_path, ROLES + STAGES) as world:
        assert await world.ana.types("/release start shop 2.0 authors=@ben,@cleo") == snapshot(
            "*shop-1* (shop 2.0) has started. Its card appears in this channel."
        )
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *waiting*
☐ qa: @bea
[Approve] [Reject] [More…]\
""")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        assert await world.ben.sees() == snapshot(
            "You wrote some of the changes in shop-1, and who did that approves none of it. Ask @bea."
        )


async def test_a_release_that_nobody_else_could_approve_is_not_started(tmp_path: Path) -> None:
    async with world_with(tmp_path, ROLES + STAGES) as world:
        assert await world.ana.types("/release start shop 2.0 authors=@ben,@bea") == snapshot(
            "The gate QA of production could never be met: there are too few people in qa, as who starts a release or wrote some of it approves none of it. Let somebody else start it, or add people to the role."
        )
        assert await world.messages() == []


async def test_where_duties_are_only_warned_of_the_approval_counts_and_it_is_said(tmp_path: Path) -> None:
    async with world_with(tmp_path, "duties: warn\n" + ROLES + STAGES) as world:
        await world.ben.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.release("shop-1")).state is State.READY
        assert await world.thread("shop-1") == snapshot("""\
shop 2.0 (shop-1)
*shop-1* is *ready* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben: *production* begins with the captain’s go, since <time>
Captain @ben · started <time> · duties warn
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 2.0): *QA* before production is *met*
✓ qa: @ben, <time>
⚠ The approval of @ben counts, though they started the release
[Reject] [More…]
---
*shop-1* (shop 2.0): *production* is *ready*: every gate is met
@ben, it begins with your go, or with that of the owners of the stage
[Begin production]\
""")


async def test_guests_bots_and_strangers_of_a_group_are_not_asked(tmp_path: Path) -> None:
    async with world_with(tmp_path, ROLES + STAGES) as world:
        await world.regroups("qa", ["ben", "gus", "gil", "sol", "pipeline"])
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda release: release.members["qa"] == ("U0BEN",), "shop-1")
        for somebody, standing in ((world.gus, "guest"), (world.gil, "guest"), (world.sol, "stranger")):
            await somebody.presses("Approve", "shop-1", on="gate:0:QA")
            said = f"QA is answered by full members in qa; you are here as a {standing}. Ask @ben."
            assert await somebody.sees() == said
        assert (await world.release("shop-1")).votes == ()


async def test_a_runbook_can_let_guests_fill_a_seat(tmp_path: Path) -> None:
    roles = ROLES.replace("qa: {group: qa}", "qa: {group: qa, admits: [guest]}")
    async with world_with(tmp_path, roles + STAGES) as world:
        await world.regroups("qa", ["ben", "gus", "sol"])
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda release: "U0GUS" in release.members["qa"], "shop-1")
        await world.sol.presses("Approve", "shop-1", on="gate:0:QA")
        assert await world.sol.sees() == snapshot(
            "QA is answered by full members in qa; you are here as a stranger. Ask @ben or @gus."
        )
        await world.gus.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.release("shop-1")).state is State.READY


async def test_an_approval_counts_no_more_when_its_giver_is_deactivated(tmp_path: Path) -> None:
    async with world_with(tmp_path, ROLES + STAGES) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        await world.control("people", user="ben", deactivated=True)
        await world.until(lambda release: release.state is State.AWAITING_APPROVAL, "shop-1")
        assert await shown(world, "shop-1", "gate:0:QA") == snapshot("""\
*shop-1* (shop 2.0): *QA* before production is *waiting*
☐ qa: @bea
The approval of @ben does not count: they are no longer in a role that this gate asks
[Approve] [Reject] [More…]\
""")
        await world.control("people", user="ben", deactivated=False)
        await world.until(lambda release: release.state is State.READY, "shop-1")


async def test_a_guest_starts_and_leads_nothing(world: World) -> None:
    assert await world.gus.types("/release start checkout 1.4.0") == snapshot(
        "A release is started by a full member of the workspace, not by a guest. Ask a member to start it."
    )
    assert await world.messages() == []


async def test_roles_by_code_owners_by_turns_and_by_who_is_there(tmp_path: Path) -> None:
    roles = """\
    roles:
      captain: {starter: true}
      owners:
        codeowners: |
          *        @qa
          /db/     @U0DAN @U0CLEO
      shift:
        rotation:
          timezone: Europe/Berlin
          starting: 2026-01-05
          every: 1d
          people: [U0DAN, U0DEE]
      first: {first_of: [U0BEN, U0BEA]}
    stages:
      - name: production
        owner: captain
        gates:
          - {name: Owners, approvals: {owners: 1}}
          - {name: First, approvals: {first: 1}}
          - {name: Shift, approvals: {shift: 1}}
        steps:
          - do: Deploy
    """
    async with world_with(tmp_path, roles) as world:
        await world.ben.types("/release away @bea 2d")
        await world.ana.types("/release start shop 2.0 paths=db/1.sql")
        assert await shown(world, "shop-1", "gate:0:Owners") == snapshot("""\
*shop-1* (shop 2.0): *Owners* before production is *waiting*
☐ owners: @cleo or @dan
[Approve] [Reject] [More…]\
""")
        assert await shown(world, "shop-1", "gate:0:First") == snapshot("""\
*shop-1* (shop 2.0): *First* before production is *waiting*
☐ first: @bea
[Approve] [Reject] [More…]\
""")

        before = (await world.release("shop-1")).members["shift"]
        await world.passes(days=1)
        after = (await world.release("shop-1")).members["shift"]
        assert {*before, *after} == {"U0DAN", "U0DEE"}


async def test_a_user_group_that_slack_does_not_have_is_named_at_the_start(tmp_path: Path) -> None:
    stages = (
        "stages: [{name: all, owner: qa, gates: [{name: QA, approvals: {qa: 1}}], steps: [{do: Deploy}]}]"
    )
    runbook = ROLES.replace("qa: {group: qa}", "qa: {group: quality}") + stages
    async with world_with(tmp_path, runbook) as world:
        assert await world.ana.types("/release start shop 2.0") == snapshot(
            "Slack has no user group “quality”, to which the runbook binds qa, and what is not there counts as no. Create it in Slack, or mend the runbook and start anew."
        )
