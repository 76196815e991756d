"""Checks: reported by a button or a command, by those who may, and for as long as they are fresh."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, open_form, shown, standing, world_with

CHECKED = (
    ROLES
    + """\
checks:
  smoke tests: {by: on-call, fresh: 2h}
  load-test: {by: qa}
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Health
        needs: [{check: smoke tests}, {check: load-test}]
    steps:
      - do: Deploy
"""
)


async def test_a_check_is_reported_by_button_and_by_command(tmp_path: Path) -> None:
    async with world_with(tmp_path, CHECKED) as world:
        await world.ana.types("/release start shop 2.0")
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check smoke tests has not been reported
  asked: @dan or @dee
☐ check load-test has not been reported
  asked: @bea or @ben
[Report a check…] [More…]\
""")
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:Health")
        assert await open_form(world, "dan") == snapshot("""\
Report a check [Report] [Never mind]
Which check?
  ( ) smoke tests
  = smoke tests
How did it go?
  ( ) It passed
  ( ) It failed
Comment (optional)
  A link to what it found, for example.\
""")
        await world.dan.submits(outcome="failed", comment="Login is down, https://example.com/run/7")
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check smoke tests failed
  says @dan, <time>
> Login is down, <https://example.com/run/7>
  asked: @dan or @dee
☐ check load-test has not been reported
  asked: @bea or @ben
[Report a check…] [More…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @dan or @dee: the check *smoke tests* has not passed, since <time>
• @bea or @ben: the check *load-test* has not passed, since <time>\
""")

        assert await world.dee.types("/release check smoke tests passed after a restart") == snapshot(
            "It is recorded at *shop-1* (shop 2.0)."
        )
        assert await world.ben.types("/release check shop-1 load-test passed") == snapshot(
            "It is recorded at *shop-1* (shop 2.0)."
        )
        assert (await world.release("shop-1")).state is State.READY
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *met*
✓ check smoke tests passed
  says @dee, <time>
> after a restart
✓ check load-test passed
  says @ben, <time>
[Report a check…] [More…]\
""")

        await world.passes(hours=2, minutes=1)
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check smoke tests has not been reported
  asked: @dan or @dee
✓ check load-test passed
  says @ben, <time>
[Report a check…] [More…]\
""")


async def test_a_check_is_reported_only_by_its_people_and_by_its_name(tmp_path: Path) -> None:
    async with world_with(tmp_path, CHECKED) as world:
        await world.ana.types("/release start shop 2.0")
        assert await world.ben.types("/release check smoke tests passed") == snapshot(
            "smoke tests is reported by people in on-call. Ask @dan or @dee."
        )
        assert await world.ben.types("/release check smoke passed") == snapshot(
            "The runbook of shop-1 has no check smoke. Did you mean smoke tests? Its checks: smoke tests, load-test."
        )
        for typo, meant in (
            ("smok", "smoke tests"),
            ("Smoke-tests", "smoke tests"),
            ("laod-test", "load-test"),
        ):
            assert f"Did you mean {meant}?" in await world.ben.types(f"/release check {typo} passed")
        assert "Did you mean" not in await world.ben.types("/release check nothing passed")
        assert await world.ben.types("/release check") == snapshot(
            "Say which check passed or failed, such as: check smoke-tests passed. Checks: smoke tests, load-test."
        )
        await world.cleo.presses("Report a check…", "shop-1", on="gate:0:Health")
        assert await world.cleo.sees() == snapshot("""\
smoke tests is reported by people in on-call. Ask @dan or @dee.
load-test is reported by people in qa. Ask @bea or @ben.\
""")
        assert (await world.look("view", user="cleo"))["view"] is None
        assert (await world.release("shop-1")).reports == {}


async def test_a_check_may_begin_with_the_name_of_its_service(tmp_path: Path) -> None:
    async with world_with(tmp_path, CHECKED.replace("load-test", "shop smoke")) as world:
        await world.ana.types("/release start shop 2.0")
        await world.ben.types("/release check shop smoke passed")
        assert (await world.release("shop-1")).reports.keys() == {"shop smoke"}
        await world.ben.types("/release check shop shop smoke failed")
        assert not (await world.release("shop-1")).reports["shop smoke"][-1].passed


async def test_what_was_reported_when_a_stage_began_stays_to_be_read(tmp_path: Path) -> None:
    async with world_with(tmp_path, CHECKED) as world:
        await world.ana.types("/release start shop 2.0")
        await world.dee.types("/release check smoke tests passed")
        await world.ben.types("/release check load-test passed")
        await world.ana.presses("Begin production", "shop-1", on="stage:0")
        await world.dan.types("/release check smoke tests failed it is red now")
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *met*
✓ check smoke tests passed
  says @dee, <time>
✓ check load-test passed
  says @ben, <time>\
""")
