"""Approvals that count only for a time."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, shown, standing, world_with

FOR_A_TIME = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Canary is healthy
        approvals: {qa: 1, security: 1}
        expires: 4h
    steps:
      - do: Deploy
reminders: {after: 6h, every: 6h}
"""
)
GATE = "gate:0:Canary is healthy"


async def test_an_approval_expires_and_its_giver_is_asked_again(tmp_path: Path) -> None:
    async with world_with(tmp_path, FOR_A_TIME) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.presses("Approve", "shop-1", on=GATE)
        await world.passes(hours=2)
        await world.cleo.presses("Approve", "shop-1", on=GATE)
        assert (await world.release("shop-1")).state is State.READY
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Canary is healthy* before production is *met*
✓ qa: @ben, <time>, until <time>
✓ security: @cleo, <time>, until <time>
[Reject] [More…]\
""")

        await world.passes(hours=2, minutes=1)
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Canary is healthy* before production is *waiting*
☐ qa: @bea or @ben
✓ security: @cleo, <time>, until <time>
The approval of @ben does not count: it is too old by now
[Approve] [Reject] [More…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *Canary is healthy* needs an approval from qa, since <time>\
""")
        await world.passes(hours=2)
        # Bea has been asked all the while; Ben is only now, and so reminded later.
        assert "*Canary is healthy* needs an approval from qa" in await world.digest("bea", "Canary")
        assert {who for it in (await world.release("shop-1")).reminders for who in it.people} == {"U0BEA"}

        await world.cleo.presses("Approve", "shop-1", on=GATE)
        await world.bea.presses("Approve", "shop-1", on=GATE)
        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        await world.passes(hours=9)
        # After the stage has begun, nothing expires.
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Canary is healthy* before production is *met*
✓ qa: @bea, <time>
✓ security: @cleo, <time>
The approval of @ben does not count: it is too old by now\
""")
