"""A release from start to end, as the people in the thread live it."""

from inline_snapshot import snapshot

from bot.release.state import State
from tests.world import World


async def test_a_release_goes_from_start_to_completed(world_by_each_transport: World) -> None:
    world = world_by_each_transport
    assert await world.ana.types("/release start checkout 1.4.0 The new basket") == snapshot(
        "*checkout-1* (checkout 1.4.0) has started. Its card appears in this channel."
    )

    assert await world.thread("checkout-1") == snapshot("""\
checkout 1.4.0 (checkout-1)
*checkout-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
*What goes out*
> The new basket
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*checkout-1* (checkout 1.4.0): *QA* before staging is *waiting*
☐ qa: @bea or @ben
[Approve] [Reject] [More…]\
""")

    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS

    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    assert (await world.release("checkout-1")).current.name == "production"

    await world.cleo.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    assert (await world.release("checkout-1")).state is State.READY

    await world.ana.presses("Begin production", "checkout-1", on="stage:1")
    await world.dan.presses("Done", "checkout-1", on="stage:1")
    await world.dee.presses("Done", "checkout-1", on="stage:1")
    assert (await world.release("checkout-1")).state is State.COMPLETED

    assert await world.thread("checkout-1") == snapshot("""\
checkout 1.4.0 (checkout-1)
*checkout-1* is *completed*, <time>
✓ staging → ✓ production
*What goes out*
> The new basket
Captain @ana · started <time>
Event <n> · ledger <head>
[Roll back…]
---
*checkout-1* (checkout 1.4.0): *QA* before staging is *met*
✓ qa: @ben, <time>
---
*checkout-1* (checkout 1.4.0): *staging* is *done*
✓ Deploy to staging: @ana, <time>
✓ Run the smoke tests: @ana, <time>
---
*checkout-1* (checkout 1.4.0): *Go or no-go* before production is *met*
✓ qa: @bea, <time>
✓ security: @cleo, <time>
---
*checkout-1* (checkout 1.4.0): @dan and @dee, the stage *production* passes to you
*What happened* since the start
• @ben approved “QA”, <time>
• @ana finished “Deploy to staging”, <time>
• @ana finished “Run the smoke tests”, <time>
*It waited then for*
• @bea or @ben: *Go or no-go* needs an approval from qa, since <time>
• @cleo: *Go or no-go* needs an approval from security, since <time>
---
*checkout-1* (checkout 1.4.0): *production* is *done*; it began with @ana’s go, <time>
✓ Deploy to production: @dan, <time>
✓ Watch the dashboards for 15 minutes: @dee, <time>
---
*checkout-1* (checkout 1.4.0): The release is *completed*, <time>
*What happened* since the last summary, <time>
• @cleo approved “Go or no-go”, <time>
• @bea approved “Go or no-go”, <time>
• @ana said go for “production”, <time>
• @dan finished “Deploy to production”, <time>
• @dee finished “Watch the dashboards for 15 minutes”, <time>\
""")
