"""A release with a channel of its own: made, filled, kept up to date, and put into the archive at the end."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.release.ids import ReleaseKey
from bot.slack.buttons import Target
from tests.slack.given import OWN_CHANNEL, ROLES, press_old, world_with
from tests.slack.killable import slots
from tests.world import World, plain, readable

ROOM = "release-shop-1"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which each release of `shop` has a channel of its own."""
    async with world_with(tmp_path, f"{ROLES}{OWN_CHANNEL}") as world:
        yield world


async def channel(world: World, name: str = ROOM) -> Mapping[str, Any]:
    """Return a channel as Slack has it."""
    every = world.practice.workspace.channels.values()
    found = [one for one in every if one.name == name]
    assert len(found) == 1, f"There are {len(found)} channels {name}."
    return {name: getattr(found[0], name) for name in ("id", "private", "archived", "topic", "members")}


async def members(world: World, name: str = ROOM) -> Sequence[str]:
    """Return the people in a channel, Rollcall left out, in the order in which they came."""
    return [one[2:].lower() for one in (await channel(world, name))["members"] if one != "U0ROLLCALL"]


async def said(world: World, name: str = ROOM) -> str:
    """Return what stands in a channel, as a person would read it, who came in left out."""
    shown = [one for one in await world.messages(name) if one.get("subtype") != "channel_join"]
    return "\n---\n".join(map(readable, shown))


async def rooms(world: World) -> Sequence[str]:
    """Return the names of all channels that Rollcall has made."""
    every = world.practice.workspace.channels.values()
    return sorted(one.name for one in every if one.creator == "U0ROLLCALL")


async def test_nobody_is_sent_to_a_thread_that_there_is_not(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0")
    said = []
    for button in ("Reject", "More…"):
        await shop.ben.presses(button, "shop-1", on="gate:0:QA", channel=ROOM)
        said.append(json.dumps(await shop.ben.sees_form()))
    said.append(await shop.ana.types("/release handoff shop-1 @dan"))
    said.append(await shop.ana.types("/release aprove"))
    await press_old(
        shop, "ben", "shop-1", "retry_step_v1", Target(ReleaseKey("shop-1"), name="Deploy").value()
    )
    said.append(await shop.ben.sees())
    assert [one for one in said if "thread" in one] == []
    assert said[-1] == snapshot(
        "“Deploy” of shop-1 is not a step that has failed just now. Look at its newest messages."
    )


async def test_a_release_has_a_channel_of_its_own_from_its_start_to_its_end(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0 The new basket")
    assert await members(shop) == snapshot(["ana", "bea", "ben"])
    assert await said(shop) == snapshot("""\
*shop-1* (shop 1.0) goes out from here. @ana has started it.
> The new basket
Its card in <#C0RELEASES> shows how it stands. What you type here is about it.
---
*shop-1* (shop 1.0): *QA* before staging is *waiting*
☐ qa: @bea or @ben
[Approve] [Reject] [More…]
---
set the channel topic: shop 1.0 is awaiting approval for staging (stage 1 of 2)\
""")
    assert plain((await shop.card("shop-1"))["text"]) == snapshot("""\
shop 1.0 (shop-1)
*shop-1* is *awaiting approval* for staging (stage 1 of 2)
▶ staging → ○ production
All about it stands in <#C0MADE12>
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
*What goes out*
> The new basket
Captain @ana · started <time>
Event <n> · ledger <head>\
""")

    await shop.ben.presses("Approve", "shop-1", on="gate:0:QA", channel=ROOM)
    assert (await channel(shop))["topic"] == snapshot("shop 1.0 is in progress with staging (stage 1 of 2)")
    await shop.ana.presses("Done", "shop-1", on="stage:0", channel=ROOM)
    assert await members(shop) == snapshot(["ana", "bea", "ben", "cleo", "dan", "dee"])
    await shop.cleo.presses("Approve", "shop-1", on="gate:1:Go or no-go", channel=ROOM)
    assert not (await channel(shop))["archived"]
    await shop.dan.presses("Done", "shop-1", on="stage:1", channel=ROOM)

    assert (await channel(shop))["archived"]
    assert await said(shop) == snapshot("""\
*shop-1* (shop 1.0) goes out from here. @ana has started it.
> The new basket
Its card in <#C0RELEASES> shows how it stands. What you type here is about it.
---
*shop-1* (shop 1.0): *QA* before staging is *met*
✓ qa: @ben, <time>
---
set the channel topic: shop 1.0 is awaiting approval for staging (stage 1 of 2)
---
*shop-1* (shop 1.0): *staging* is *done*
✓ Deploy: @ana, <time>
---
set the channel topic: shop 1.0 is in progress with staging (stage 1 of 2)
---
*shop-1* (shop 1.0): *Go or no-go* before production is *met*
✓ security: @cleo, <time>
---
*shop-1* (shop 1.0): @dan and @dee, the stage *production* passes to you
*What happened* since the start
• @ben approved “QA”, <time>
• @ana finished “Deploy”, <time>
*It waited then for*
• @cleo: *Go or no-go* needs an approval from security, since <time>
---
set the channel topic: shop 1.0 is awaiting approval for production (stage 2 of 2)
---
*shop-1* (shop 1.0): *production* is *done*
✓ Deploy to all: @dan, <time>
---
set the channel topic: shop 1.0 is in progress with production (stage 2 of 2)
---
*shop-1* (shop 1.0): The release is *completed*, <time>
*What happened* since the last summary, <time>
• @cleo approved “Go or no-go”, <time>
• @dan finished “Deploy to all”, <time>
---
set the channel topic: shop 1.0 is completed\
""")
    assert readable(await shop.card("shop-1")) == snapshot("""\
shop 1.0 (shop-1)
*shop-1* is *completed*, <time>
✓ staging → ✓ production
All about it until its end stands in <#C0MADE12>, which is archived
*What goes out*
> The new basket
Captain @ana · started <time>
Event <n> · ledger <head>
[Roll back…]\
""")
    assert (await shop.card("shop-1")).get("reply_count") is None


async def test_what_is_typed_and_written_there_is_about_the_release(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0")
    assert "*shop-1* (shop 1.0) is *awaiting approval*" in await shop.ben.types("/release status", ROOM)
    assert await shop.ben.types("/release start shop 2.0", ROOM) == snapshot(
        "This channel is that of shop-1, and is archived with it. Start the next release in <#C0RELEASES>."
    )
    await shop.ben.types("/release hold the tests fail", ROOM)
    assert "the tests fail" in await said(shop)
    await shop.ben.writes("LGTM", channel=ROOM)
    assert readable(await shop.whispered("ben", ROOM)) == snapshot("""\
*QA* of *shop-1* (shop 1.0) waits for your answer, and what is written here does not count by itself. Record this as your approval?
[Approve]\
""")
    await shop.ben.answers("Approve", ROOM)
    assert [vote.by for vote in (await shop.release("shop-1")).votes] == ["U0BEN"]

    ts = await shop.ana.writes("@rollcall status", channel=ROOM)
    answers: Sequence[Mapping[str, Any]] = ()
    while len(answers) < 2:
        answers = await shop.messages(ROOM, thread_ts=ts)
    assert "*shop-1* (shop 1.0) is *ready*" in plain(answers[1]["text"])


async def test_the_next_captain_is_invited_and_who_has_left_is_not_again(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0")
    assert "dee" not in await members(shop)
    await shop.control("leave", user="bea", channel=ROOM)
    await shop.ana.types("/release handoff shop-1 @dee")
    assert await members(shop) == ["ana", "ben", "dee"]


async def test_who_leads_and_leaves_the_channel_is_told_to_hand_it_over(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0")
    await shop.control("leave", user="ana", channel=ROOM)
    await shop.until(lambda release: bool(release.leavers), "shop-1")
    await shop.settled()
    assert "@ana left the channel, and is captain here." in await said(shop)


async def test_somebody_who_cannot_be_invited_keeps_nobody_else_out(shop: World) -> None:
    await shop.regroups("qa", ["U0GIL", "U0BEN", "U0BEA"])
    await shop.ana.types("/release start shop 1.0")
    assert await members(shop) == ["ana", "bea", "ben"]
    before = await shop.calls("conversations.invite")
    await shop.ben.types("/release hold shop-1 it is late")
    assert await shop.calls("conversations.invite") == before


async def test_from_a_private_channel_it_is_private(shop: World) -> None:
    await shop.control("command", user="ana", channel="war-room", command="/invite", text="@rollcall")
    await shop.ana.types("/release start shop 1.0", "war-room")
    assert (await channel(shop))["private"]
    await shop.ben.presses("Approve", "shop-1", on="gate:0:QA", channel=ROOM)


async def test_a_name_that_another_channel_has_gets_a_number(shop: World) -> None:
    taken = await shop.client().conversations_create(name=ROOM)
    shop.practice.workspace.channels[taken["channel"]["id"]].creator = "U0ANA"
    await shop.ana.types("/release start shop 1.0")
    await shop.message("shop-1", "gate:0:QA", f"{ROOM}-2")


async def test_a_channel_that_is_older_than_the_release_is_another_one(shop: World) -> None:
    await shop.client().conversations_create(name=ROOM)
    await shop.passes(hours=2)
    await shop.ana.types("/release start shop 1.0")
    await shop.message("shop-1", "gate:0:QA", f"{ROOM}-2")


@pytest.mark.proof
@pytest.mark.parametrize(
    "kind",
    ["ratelimited", "server_error", "server_error_after", "lost_answer", "late_store", "fatal_error"],
)
@pytest.mark.parametrize("method", ["conversations.create", "conversations.invite", "conversations.setTopic"])
async def test_what_goes_wrong_on_the_way_makes_no_second_channel(
    shop: World, method: str, kind: str
) -> None:
    await shop.control("faults", method=method, kind=kind, delay_s=0.5)
    await shop.ana.types("/release start shop 1.0", settle=False)
    await shop.settled(within_s=20)
    assert await rooms(shop) == [ROOM]
    assert await members(shop) == ["ana", "bea", "ben"]
    assert (await channel(shop))["topic"].startswith("shop 1.0 is awaiting approval")
    assert set((await slots(shop, ROOM)).values()) == {1}


@pytest.mark.parametrize("error", ["missing_scope", "restricted_action", "too_many_convos_for_team"])
async def test_where_no_channel_can_be_made_the_release_goes_on_in_its_thread(
    shop: World, error: str
) -> None:
    await shop.control("faults", method="conversations.create", kind=error, times=9)
    await shop.ana.types("/release start shop 1.0")
    assert "*QA* before staging" in await shop.thread("shop-1")
    assert "All about it stands" not in readable(await shop.card("shop-1"))
    assert (await shop.direct("ana")) == NO_CHANNEL[error]
    await shop.ben.presses("Approve", "shop-1", on="gate:0:QA")
    assert (await shop.calls("conversations.create"), len(await shop.messages("D0ANA"))) == (1, 1)


NO_CHANNEL = snapshot(
    {
        "missing_scope": "*shop-1* (shop 1.0) goes on without a channel of its own, in the thread of its card in <#C0RELEASES>. I lack the scope for it. Ask whoever runs Rollcall to install me anew by its manifest.",
        "restricted_action": "*shop-1* (shop 1.0) goes on without a channel of its own, in the thread of its card in <#C0RELEASES>. I am not allowed to. Ask a workspace admin to let me.",
        "too_many_convos_for_team": "*shop-1* (shop 1.0) goes on without a channel of its own, in the thread of its card in <#C0RELEASES>. Slack says `too_many_convos_for_team`.",
    }
)


async def test_a_channel_that_somebody_archives_is_left_and_the_release_goes_on_in_its_thread(
    shop: World,
) -> None:
    await shop.ana.types("/release start shop 1.0")
    await shop.control("archive", user="ana", channel=ROOM, archived=True)
    await shop.ben.types("/release hold shop-1 it is late")
    assert await shop.thread("shop-1") == snapshot("""\
shop 1.0 (shop-1)
*shop-1* is *awaiting approval* for staging (stage 1 of 2), *on hold* (1)
▶ staging → ○ production
*Waiting for*
• @ben: hold 1 is to be lifted when it is settled, since <time>: it is late
• @bea or @ben: *QA* needs an approval from qa, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…]
---
*shop-1* (shop 1.0): *QA* before staging is *waiting*
☐ qa: @bea or @ben
[Approve] [Reject] [More…]
---
*shop-1* (shop 1.0): *Hold 1* by @ben, <time>
> it is late
Nothing moves forward until its owner lifts it, or the captain, with a reason.
[Lift]\
""")
    assert (await shop.direct("ana")) == snapshot(
        "*shop-1* (shop 1.0) goes on without a channel of its own, in the thread of its card in <#C0RELEASES>. Somebody has archived it."
    )
    await shop.ben.presses("Approve", "shop-1", on="gate:0:QA")


async def test_the_way_back_after_the_end_goes_on_in_the_thread(shop: World) -> None:
    await shop.ana.types("/release start shop 1.0")
    await shop.ben.presses("Approve", "shop-1", on="gate:0:QA", channel=ROOM)
    await shop.ana.presses("Done", "shop-1", on="stage:0", channel=ROOM)
    await shop.cleo.presses("Approve", "shop-1", on="gate:1:Go or no-go", channel=ROOM)
    await shop.dan.presses("Done", "shop-1", on="stage:1", channel=ROOM)
    before = await said(shop)
    await shop.ana.types("/release rollback shop-1 the basket loses items")
    await shop.dan.presses("Done", "shop-1", on="stage:2")
    assert await shop.thread("shop-1") == snapshot("""\
shop 1.0 (shop-1)
*shop-1* is *rolled back by @ana*, <time>
> the basket loses items
✓ staging → ↩ production
All about it until its end stands in <#C0MADE12>, which is archived
*Waiting for*
• @ana, @dan or @dee: the lock on the service is to be lifted, since <time>
Captain @ana · started <time>
Event <n> · ledger <head>
---
*shop-1* (shop 1.0): ↩ @ana *began to roll back*, <time>
> the basket loses items
It was *rolled back*, <time>
---
*shop-1* (shop 1.0): *rollback* is *done*
✓ Put the version before back in place: @dan, <time>
---
*shop-1* (shop 1.0): The release is *rolled back by @ana*, <time>
> the basket loses items
1.0 is withdrawn.
*shop* is *locked*: no release of it starts until somebody says what was mended.
*What happened* since the last summary, <time>
• @cleo approved “Go or no-go”, <time>
• @dan finished “Deploy to all”, <time>
• @ana began to roll back: “the basket loses items”, <time>
• @dan finished “Put the version before back in place”, <time>
[Lift the lock…]\
""")
    assert await said(shop) == before


async def test_several_releases_have_each_their_own(tmp_path: Path) -> None:
    async with world_with(tmp_path, f"{ROLES}{OWN_CHANNEL}") as world:
        folder = tmp_path / "runbooks"
        text = (folder / "shop.yaml").read_text(encoding="utf-8")
        names = [f"shop-{letter}" for letter in "abcdefgh"]
        for name in names:
            (folder / f"{name}.yaml").write_text(text.replace("service: shop", f"service: {name}"))
        await world.ana.types(f"/release start {','.join(names)} 1.0", settle=False)
        await world.settled(within_s=20)
        assert await rooms(world) == [f"release-{name}-1" for name in names]
        for name in names:
            assert set(await slots(world, f"release-{name}-1")) == {
                (f"{name}-1", "opening"),
                (f"{name}-1", "gate:0:QA"),
            }
