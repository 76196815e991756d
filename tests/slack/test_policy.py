"""Changing who may approve is itself signed by those who could approve before."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, shown, world_with, write
from tests.world import World

STAGE = """\
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - {name: Go or no-go, approvals: {%s}}
    steps:
      - do: Deploy
reminders: {after: 90d}
"""
BEFORE = ROLES + STAGE % "qa: 1, security: 1"
AFTER = ROLES.replace("qa: {group: qa}", "qa: {users: [U0DEE]}") + STAGE % "qa: 1"
GATE = "gate:0:Go or no-go"


async def released(world: World) -> None:
    await world.ana.types("/release start shop 1.0")
    await world.ben.presses("Approve", "shop-1", on=GATE)
    await world.cleo.presses("Approve", "shop-1", on=GATE)
    await world.dan.presses("Done", "shop-1", on="stage:0")
    assert (await world.release("shop-1")).state is State.COMPLETED


async def test_those_who_could_approve_before_sign_a_change_of_who_may(tmp_path: Path) -> None:
    async with world_with(tmp_path, BEFORE) as world:
        await released(world)
        write(tmp_path, AFTER)
        assert await world.ana.types("/release preflight shop 2.0") == snapshot("""\
*shop 2.0*, if it were started now: every gate could be met in time
✓ *Who may approve* before production: @bea, @ben or @cleo
✓ *Go or no-go* before production: @dee
*Who may approve has changed*, and those who could approve before sign it first:
• The role qa: @dee; before, the group qa.
• Needed at the gate Go or no-go of production: 1 qa; before, 1 qa and 1 security.
Counted as awake: who is at work, by their own time zone, before <time>.
Nothing was started.\
""")
        await world.ana.types("/release start shop 2.0")
        assert await world.thread("shop-2") == snapshot("""\
shop 2.0 (shop-2)
*shop-2* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *Who may approve* needs an approval from qa (as before), since <time>
• @cleo: *Who may approve* needs an approval from security (as before), since <time>
• @dee: *Go or no-go* needs an approval from qa, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-2* (shop 2.0): *Who may approve* before production is *waiting*
Who may approve has changed since the release before. Those who could approve then sign this:
• The role qa: @dee; before, the group qa.
• Needed at the gate Go or no-go of production: 1 qa; before, 1 qa and 1 security.
☐ qa (as before): @bea or @ben
☐ security (as before): @cleo
[Approve] [Reject] [More…]
---
*shop-2* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @dee
[Approve] [Reject] [More…]\
""")

        await world.dee.presses("Approve", "shop-2", on=GATE)
        await world.dee.presses("Approve", "shop-2", on="gate:0:Who may approve")
        assert await world.dee.sees() == snapshot(
            "Who may approve is answered by people in qa (as before) or security (as before). Ask @bea, @ben or @cleo."
        )
        await world.ben.presses("Approve", "shop-2", on="gate:0:Who may approve")
        assert (await world.release("shop-2")).state is State.AWAITING_APPROVAL
        await world.cleo.presses("Approve", "shop-2", on="gate:0:Who may approve")
        assert (await world.release("shop-2")).state is State.IN_PROGRESS
        assert await shown(world, "shop-2", "gate:0:Who may approve") == snapshot("""\
*shop-2* (shop 2.0): *Who may approve* before production is *met*
Who may approve has changed since the release before. Those who could approve then sign this:
• The role qa: @dee; before, the group qa.
• Needed at the gate Go or no-go of production: 1 qa; before, 1 qa and 1 security.
✓ qa (as before): @ben, <time>
✓ security (as before): @cleo, <time>\
""")
        await world.dan.presses("Done", "shop-2", on="stage:0")

        # What is signed is not asked again.
        await world.ana.types("/release start shop 3.0")
        assert [gate.name for gate in (await world.release("shop-3")).current.gates] == ["Go or no-go"]


async def test_a_running_release_keeps_the_runbook_that_it_started_with(tmp_path: Path) -> None:
    async with world_with(tmp_path, BEFORE) as world:
        await world.ana.types("/release start shop 1.0")
        write(tmp_path, AFTER)
        await world.dee.presses("Approve", "shop-1", on=GATE)
        assert await world.dee.sees() == snapshot(
            "Go or no-go is answered by people in qa or security. Ask @bea, @ben or @cleo."
        )
        await world.ben.presses("Approve", "shop-1", on=GATE)
        await world.cleo.presses("Approve", "shop-1", on=GATE)
        assert (await world.release("shop-1")).state is State.IN_PROGRESS


async def test_a_runbook_that_could_never_be_satisfied_starts_nothing(tmp_path: Path) -> None:
    async with world_with(tmp_path, BEFORE) as world:
        write(tmp_path, BEFORE.replace("qa: {group: qa}", "qa: {users: [U0DEE]}").replace("qa: 1", "qa: 2"))
        answer = await world.ana.types("/release start shop 2.0")
        assert answer.replace(str(tmp_path), "…") == snapshot(
            "The runbook of shop cannot be used: …/runbooks/shop.yaml:13:45: stages.0.gates.0.approvals.qa: the seat of qa at the gate Go or no-go of production can never be filled: it asks for 2 approvals, and 1 person is in the role at a time; ask for fewer. Correct the file, check it with rollcall lint, and start again."
        )
        assert await world.messages() == []
