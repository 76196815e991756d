"""Before a start: could every seat be filled in time? Nothing is started by asking."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, world_with
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
checks:
  load-test: {by: on-call}
stages:
  - name: staging
    owner: captain
    gates:
      - {name: QA, approvals: {qa: 2}}
      - {name: Schema, when: {paths: db/}, approvals: {on-call: 1}}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Go or no-go
        needs: [{security: 1}, {check: load-test}]
    steps:
      - do: Deploy
"""
)


async def next_wednesday(world: World, hour: int) -> None:
    """Let time pass until the next Wednesday, so many hours UTC."""
    now = world.clock.now().astimezone(UTC)
    noon = datetime(now.year, now.month, now.day, hour, tzinfo=UTC)
    days = (2 - now.weekday()) % 7 or 7
    await world.passes(seconds=(noon + timedelta(days=days) - now).total_seconds())


async def test_a_preflight_tells_whether_each_seat_can_be_filled(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        # At noon UTC it is evening in Singapore, where cleo is.
        await next_wednesday(world, hour=12)
        assert await world.ana.types("/release preflight shop") == snapshot("""\
*shop (any version)*, if it were started now: every gate could be met in time
✓ *QA* before staging: @bea or @ben
– *Schema* before staging: not needed for this release
✓ *Go or no-go* before production: @cleo, and the check load-test
Counted as awake: who is at work, by their own time zone, before <time>.
Nothing was started.\
""")
        assert await world.ana.types("/release preflight shop 2.0 2h paths=db/1.sql") == snapshot("""\
*shop 2.0*, if it were started now: 1 of 3 gates could not be met in time
✓ *QA* before staging: @bea or @ben
✓ *Schema* before staging: @dan or @dee
✗ *Go or no-go* before production: @cleo, and the check load-test
    too few people of security are at work before the deadline
    @cleo is at work from <time>: start later, or set a later deadline
Counted as awake: who is at work, by their own time zone, before <time>.
Nothing was started.\
""")
        assert await world.ana.types("/release preflight shop 2.0 authors=@ben") == snapshot(
            "It could not be started. The gate QA of staging could never be met: there are too few people in qa, as who starts a release or wrote some of it approves none of it. Let somebody else start it, or add people to the role."
        )
        await world.regroups("security", ["gus"])
        async with asyncio.timeout(5):
            while "security" not in (answer := await world.ana.types("/release preflight shop")):
                await asyncio.sleep(0.05)
        assert answer == snapshot(
            "It could not be started. The gate Go or no-go of production could never be met: there are too few people in security. Let somebody else start it, or add people to the role."
        )
        assert await world.messages() == []


async def test_a_dry_run_starts_nothing(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await next_wednesday(world, hour=8)
        assert await world.ana.types("/release start shop 2.0 --dry-run The new basket") == snapshot("""\
*shop 2.0*, if it were started now: every gate could be met in time
✓ *QA* before staging: @bea or @ben
– *Schema* before staging: not needed for this release
✓ *Go or no-go* before production: @cleo, and the check load-test
Counted as awake: who is at work, by their own time zone, before <time>.
Nothing was started.\
""")
        assert await world.ana.types("/release start shop --dry-run kind=hotfix") == snapshot(
            "It could not be started. The runbook of shop knows no kind hotfix. Kinds: normal."
        )
        assert await world.ana.types("/release preflight chop") == snapshot(
            "It could not be started. No runbook names a service chop. Did you mean shop?"
        )
        assert await world.ana.types("/release preflight") == snapshot(
            "Name the service, such as: preflight checkout. Services: shop."
        )
        assert await world.ana.types("/release preflight shop risk=huge") == snapshot(
            "A risk is one of low, medium, high, such as: risk=high"
        )
        assert await world.messages() == []
        assert await world.ana.types("/release start shop 2.0 The new basket") == snapshot(
            "*shop-1* (shop 2.0) has started. Its card appears in this channel."
        )
        assert await world.ana.types("/release preflight shop 2.1") == snapshot(
            "It could not be started. shop-1 is still open, and one release at a time holds a service. Finish or cancel shop-1 first."
        )
