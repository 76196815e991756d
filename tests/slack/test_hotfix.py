"""The emergency lane: `kind=hotfix` asks fewer people before, and a review afterwards."""

from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import shown, standing
from tests.world import World


async def test_a_hotfix_needs_one_approval_and_is_reviewed_afterwards(world: World) -> None:
    assert await world.ana.types(
        "/release start checkout 1.4.1 kind=hotfix Stop the double charge"
    ) == snapshot("*checkout-1* (checkout 1.4.1) has started. Its card appears in this channel.")
    assert await world.thread("checkout-1") == snapshot("""\
checkout 1.4.1 (checkout-1)
*hotfix* · *checkout-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea, @ben or @cleo: *Go or no-go* needs an approval from qa or security, since <time>
*What goes out*
> Stop the double charge
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*checkout-1* (checkout 1.4.1): *Go or no-go* before production is *waiting*
☐ any 1 of these 2, none so far
      ☐ qa: @bea or @ben
      ☐ security: @cleo
[Approve] [Reject] [More…]\
""")
    await world.cleo.presses("Approve", "checkout-1", on="gate:0:Go or no-go")
    await world.ana.presses("Begin production", "checkout-1", on="stage:0")
    await world.dan.presses("Done", "checkout-1", on="stage:0")
    await world.dan.presses("Done", "checkout-1", on="stage:0")
    assert (await world.release("checkout-1")).state is State.COMPLETED
    assert await standing(world, "checkout-1") == snapshot("""\
*hotfix* · *checkout-1* is *completed*, <time>
✓ production
*Waiting for*
• @bea, @ben, @cleo, @dan or @dee: its review needs 2 signatures, until <time>
*What goes out*
> Stop the double charge\
""")
    assert await shown(world, "checkout-1", "review") == snapshot("""\
*checkout-1* (checkout 1.4.1): *Review* of this release, as its runbook asks: due <time>, 0 of 2 signed
☐ @bea, @ben, @cleo, @dan or @dee
[Sign off…]\
""")
    await world.ana.presses("Sign off…", "checkout-1", on="review")
    assert (await world.ana.submits())["errors"] == snapshot(
        {"reason": "It is your own act that is reviewed, so others sign."}
    )
    for name in ("bea", "cleo"):
        person = getattr(world, name)
        await person.presses("Sign off…", "checkout-1", on="review")
        await person.submits(reason="Looked at it")
    assert await standing(world, "checkout-1") == snapshot("""\
*hotfix* · *checkout-1* is *completed*, <time>
✓ production
*What goes out*
> Stop the double charge\
""")


async def test_a_hotfix_is_chosen_in_the_form_and_an_unknown_kind_is_refused(world: World) -> None:
    assert await world.ana.types("/release start checkout 1.4.1 kind=hotfx") == snapshot(
        "The runbook of checkout knows no kind hotfx. Did you mean hotfix?"
    )
    await world.ana.types("/release start checkout")
    await world.ana.submits(version="1.4.1", kind="hotfix")
    assert (await world.release("checkout-1")).runbook.kind == "hotfix"
