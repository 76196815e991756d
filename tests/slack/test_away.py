"""Being away: somebody answers in one's stead for a time, and the vote says for whom."""

from pathlib import Path

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import ROLES, shown, standing, world_with
from tests.world import World

RUNBOOK = (
    ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - {name: Go or no-go, approvals: {qa: 1, security: 1}}
    steps:
      - do: Deploy
reminders: {after: 90d}
"""
)
GATE = "gate:0:Go or no-go"


async def test_a_deputy_answers_for_who_is_away_and_the_vote_says_so(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        assert await world.cleo.types("/release away @dan 2d") == snapshot(
            "@dan stands in for you until <time>. `/release back` ends it."
        )
        await world.until(lambda release: bool(release.deputies), "shop-1")
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @bea or @ben
☐ security: @cleo or @dan
[Approve] [Reject] [More…]\
""")
        await world.dan.presses("Approve", "shop-1", on=GATE)
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @bea or @ben
✓ security: @dan for @cleo, <time>
[Approve] [Reject] [More…]\
""")

        # Cleo can still speak for herself; then the word of her deputy counts no more.
        await world.cleo.presses("Approve", "shop-1", on=GATE)
        assert await shown(world, "shop-1", GATE) == snapshot("""\
*shop-1* (shop 2.0): *Go or no-go* before production is *waiting*
☐ qa: @bea or @ben
✓ security: @cleo, <time>
The approval of @dan does not count: the person for whom they stood in has answered
[Approve] [Reject] [More…]\
""")
        assert await world.cleo.types("/release back") == snapshot(
            "Welcome back. You are asked yourself again."
        )
        assert await world.cleo.types("/release back") == snapshot(
            "You are not away, as far as Rollcall knows."
        )
        await world.ben.presses("Approve", "shop-1", on=GATE)
        assert (await world.release("shop-1")).state is State.READY


async def test_an_absence_ends_with_its_time(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.cleo.types("/release away @dan 2h")
        await world.ana.types("/release start shop 2.0")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *Go or no-go* needs an approval from qa, since <time>
• @cleo or @dan: *Go or no-go* needs an approval from security, since <time>\
""")
        await world.passes(hours=2, minutes=1)
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *Go or no-go* needs an approval from qa, since <time>
• @cleo: *Go or no-go* needs an approval from security, since <time>\
""")
        await world.dan.presses("Approve", "shop-1", on=GATE)
        assert await world.dan.sees() == snapshot(
            "Go or no-go is answered by people in qa or security. Ask @bea, @ben or @cleo."
        )


async def test_a_deputy_may_stand_in_for_an_author_too_but_not_be_one(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.cleo.types("/release away @dan 2d")
        assert await world.ana.types("/release start shop 2.0 authors=@dan") == snapshot(
            "*shop-1* (shop 2.0) has started. Its card appears in this channel."
        )
        await world.dan.presses("Approve", "shop-1", on=GATE)
        assert await world.dan.sees() == snapshot(
            "You wrote some of the changes in shop-1, and who did that approves none of it. Ask @bea, @ben or @cleo."
        )


async def test_an_absence_that_cannot_be_is_refused(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.cleo.types("/release away") == snapshot(
        "Say who stands in for you, and until when. Mention them with an @. For example: /release away @somebody 3d, or: /release away @somebody until 2026-12-01"
    )
    assert await world.cleo.types("/release away @dan") == snapshot(
        "Say until when @dan stands in for you. For example: /release away @dan 3d, or: /release away @dan until 2026-12-01"
    )
    assert await world.cleo.types("/release away @dan friday") == snapshot(
        "I cannot read “friday” as for how long, or until which day. For example: /release away @dan 3d, or: /release away @dan until 2026-12-01"
    )
    assert await world.cleo.types("/release away @nobody 1d") == snapshot(
        "I know nobody here who is called @nobody. Choose them from what Slack offers. For example: /release away @somebody 3d, or: /release away @somebody until 2026-12-01"
    )
    assert await world.cleo.types("/release away 3d") == snapshot(
        "Say who stands in for you. Mention them with an @. For example: /release away @somebody 3d, or: /release away @somebody until 2026-12-01"
    )
    assert await world.cleo.types("/release away @cleo") == snapshot(
        "You cannot stand in for yourself. Name somebody else. For example: /release away @somebody 3d, or: /release away @somebody until 2026-12-01"
    )
    assert await world.cleo.types("/release away @cleo 2d") == snapshot(
        "You cannot stand in for yourself. Name somebody else."
    )
    assert await world.cleo.types("/release away @gus 2d") == snapshot(
        "A deputy is a full member of the workspace. Name somebody else."
    )
    assert await world.cleo.types("/release away @dan 400d") == snapshot(
        "You can be away from now on, for at most 90 days. Name another time."
    )
    assert await world.cleo.types("/release away @dan until 2020-01-01") == snapshot(
        "You can be away from now on, for at most 90 days. Name another time."
    )
    for day in ("9999-12-31", "0001-01-01"):
        assert await world.cleo.types(f"/release away @dan until {day}") == snapshot(
            "You can be away from now on, for at most 90 days. Name another time."
        )
    assert (await world.cleo.types("/release away @dan until tomorrow")) == snapshot(
        "I cannot read “until tomorrow” as for how long, or until which day. For example: /release away @dan 3d, or: /release away @dan until 2026-12-01"
    )
    await world.cleo.types("/release away @dan 2d")
    assert await world.dan.types("/release away @dee 2d") == snapshot(
        "You stand in for somebody yourself, and being a deputy is not passed on. Name somebody else."
    )
    assert await world.ben.types("/release away @cleo 2d") == snapshot(
        "They are away themselves, and being a deputy is not passed on. Name somebody else."
    )
