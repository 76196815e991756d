"""The slash command: what can be typed, and what is answered to what cannot."""

import pytest
from inline_snapshot import snapshot

from tests.world import World


async def test_help_lists_every_subcommand_and_service(world: World) -> None:
    assert await world.ana.types("/release help") == snapshot("""\
What you can type:
• `/release start [service,…] [version] [what goes out]`: start a release of each; without a version it opens a form, and with --dry-run it only looks
• `/release preflight service [version] [4h]`: whether every seat could be filled in time, by people who are awake
• `/release status [key]`: where a release stands and who is waited for
• `/release why [key]`: why it waits, and the shortest way on
• `/release summary [key]`: what has happened since the last summary, and what comes next
• `/release list`: the open releases
• `/release hold [key] [2h] [reason]`: stop it from moving forward, for a reason; with a time after which it is asked again
• `/release lift [key] [number] [reason]`: lift a hold; somebody else’s needs a reason
• `/release check [key] name passed|failed [comment]`: say how a check went
• `/release change [key]`: change what goes out; those whom it concerns are asked again
• `/release handoff [key] @person [captain|deputy|shadow] [note]`: ask somebody to lead it, to be deputy, or to follow along
• `/release lead [key]`: lead it, when its captain has gone
• `/release away @deputy 3d`: let somebody answer for you, for a time or until a day
• `/release back`: end that before its time
• `/release hours [9:30-17:00 mon-thu]`: say when you work, to be reminded then; `usual` is nine to six, Monday to Friday
• `/release cancel [key] reason`: call a release off, before it has touched production
• `/release rollback [key] [reason]`: take a release back that has touched production, or the newest completed one
• `/release veto [key] [reason]`: keep a release from going back by itself
• `/release unlock key [what was mended]`: let releases of a service start again that was rolled back
• `/release drill service`: rehearse the way back where the runbook says, with a stopwatch
• `/release help`: this list
Services: checkout, payments, storefront
In threads, Slack has no commands: write `@Rollcall status` there, or press a button.\
""")
    assert await world.ana.types("/release") == await world.ana.types("/release help")


async def test_a_typo_is_answered_with_what_was_meant(world: World) -> None:
    assert await world.ana.types("/release strat checkout 1.4.0") == snapshot(
        "There is no `/release strat`. Did you mean `/release start`? `/release help` lists what there is."
    )
    assert await world.ana.types("/release start chekout 1.4.0") == snapshot(
        "No runbook names a service chekout. Did you mean checkout?"
    )


async def test_status_and_list_say_how_releases_stand(world: World) -> None:
    assert await world.ben.types("/release list") == snapshot("No release is open. Start one: /release start")
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.ben.types("/release status") == snapshot("""\
*checkout-1* (checkout 1.4.0) is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>\
""")
    assert await world.ben.types("/release status checkout-9") == snapshot(
        "There is no release checkout-9. Did you mean checkout-1? The list of releases shows what is open."
    )
    await world.ana.types("/release start payments 7.1")
    assert await world.ben.types("/release status") == snapshot(
        "Several releases are open here: payments-1, checkout-1. Name one of them, such as payments-1, or write `@Rollcall` with the same words in the thread of one."
    )
    assert await world.ben.types("/release list") == snapshot("""\
• *payments-1* (payments 7.1) in <#C0RELEASES>: awaiting approval, started <time>
• *checkout-1* (checkout 1.4.0) in <#C0RELEASES>: awaiting approval, started <time>\
""")


async def test_a_service_stands_for_its_release_that_is_open(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.1", channel="random")
    assert await world.ben.types("/release status Checkout") == await world.ben.types(
        "/release status checkout-1"
    )
    assert await world.ana.types("/release hold PAYMENTS: the bank is closed") == snapshot(
        "*payments-1* (payments 7.1) is on hold. Nothing moves forward until you lift it."
    )
    assert [hold.reason for hold in (await world.release("payments-1")).holds] == ["the bank is closed"]
    assert await world.ana.types("/release cancel checkout wrong config") == snapshot(
        "*checkout-1* (checkout 1.4.0) is cancelled."
    )
    assert (await world.release("checkout-1")).ended_because == "wrong config"
    assert not (await world.release("payments-1")).state.ended


@pytest.mark.parametrize("what", ["cancel", "hold", "lift", "unlock", "veto", "rollback", "lead", "why"])
async def test_a_service_is_never_taken_for_a_word_about_the_release_of_another(
    world: World, what: str
) -> None:
    await world.ana.types("/release start payments 7.1")
    before = await world.release("payments-1")
    answer = await world.ana.types(f"/release {what} storefront wrong config")
    assert answer.startswith("storefront ")
    assert answer.endswith("If you mean another, begin with its key, such as payments-1.")
    assert await world.release("payments-1") == before


async def test_what_is_said_of_a_service_without_a_release_is_answered_with_what_there_is(
    world: World,
) -> None:
    assert await world.ana.types("/release hold storefront wrong config") == snapshot(
        "storefront has no release that is open."
    )
    await world.ana.types("/release start payments 7.1")
    assert await world.ana.types("/release hold Storefront wrong config") == snapshot(
        "storefront has no release that is open. If you mean another, begin with its key, such as payments-1."
    )
    assert await world.ana.types("/release unlock storefront config is mended") == snapshot(
        "storefront is not locked. If you mean another, begin with its key, such as payments-1."
    )
    assert await world.ana.types("/release cancel payments-1 wrong config") == snapshot(
        "*payments-1* (payments 7.1) is cancelled."
    )
    assert await world.ana.types("/release summary payments") == snapshot(
        "payments has no release that is open."
    )


async def test_what_is_a_button_is_not_typed_and_it_is_said_where_it_is(world: World) -> None:
    words = ("approve", "Reject", "aprove", "retry", "accept", "override")
    assert [await world.ben.types(f"/release {word} checkout-1") for word in words] == snapshot(
        [
            "There is no `/release approve`. That is the button *Approve* of a release, at the message of the gate.",
            "There is no `/release Reject`. That is the button *Reject* of a release, at the message of the gate.",
            "There is no `/release aprove`. That is the button *Approve* of a release, at the message of the gate.",
            "There is no `/release retry`. That is the button *Retry* of a release, at the message of the stage.",
            "There is no `/release accept`. That is the button *Read and accept…* of a release, at the message of the handoff.",
            "There is no `/release override`. That is the button *More…* of a release, at the message of the gate.",
        ]
    )


async def test_what_touched_production_is_cancelled_by_nobody_so_nobody_is_named(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    for _ in range(2):
        await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.cleo.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.ana.presses("Begin production", "checkout-1", on="stage:1")
    refused = await world.gus.types("/release cancel checkout-1 I was asked to")
    assert refused == snapshot(
        "checkout-1 has begun production, so production may be changed already, and a cancelled release would hide that. Bring its steps to an end, or roll it back."
    )
    assert await world.ana.types("/release cancel checkout-1 I was asked to") == refused
    assert await world.gus.types("/release change checkout-1") == ""
    assert (await world.gus.submits(version="1.4.1"))["errors"] == snapshot(
        {
            "version": "checkout-1 has begun production, so production may be changed already, and what was approved is what went there. Bring its steps to an end, or roll it back."
        }
    )


async def test_cancel_needs_a_reason_and_somebody_who_may(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.ana.types("/release cancel") == snapshot(
        "A reason is needed, so that others know what to do about it. Say in a few words why."
    )
    assert await world.gus.types("/release cancel checkout-1 because") == snapshot(
        "Cancelling is for the captain or deputy, or the owners of the stage. Ask @ana."
    )
    assert await world.ana.types("/release cancel checkout-1 wrong build") == snapshot(
        "*checkout-1* (checkout 1.4.0) is cancelled."
    )
    assert await world.ana.types("/release cancel checkout-1 wrong build") == snapshot(
        "checkout-1 is cancelled, and what has ended stays as it is."
    )
    assert await world.thread("checkout-1") == snapshot("""\
checkout 1.4.0 (checkout-1)
*checkout-1* is *cancelled by @ana*, <time>
> wrong build
✗ staging → ○ production
Captain @ana · started <time>
Event <n> · ledger <head>
---
*checkout-1* (checkout 1.4.0): *QA* before staging is *no longer asked*
☐ qa: @bea or @ben
---
*checkout-1* (checkout 1.4.0): The release is *cancelled by @ana*, <time>
> wrong build\
""")


async def test_a_second_release_of_a_service_waits_for_the_first(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.dan.types("/release start checkout 1.5.0") == snapshot(
        "checkout-1 is still open, and one release at a time holds a service. Finish or cancel checkout-1 first."
    )
    assert len(await world.messages()) == 1


@pytest.mark.parametrize("version", ["<!channel>", "1.4.0;rm", "v" * 65, "<@U0BEN>", "１.２", "-1"])
async def test_a_version_that_is_none_is_refused(world: World, version: str) -> None:
    answer = await world.ana.types(f"/release start checkout {version}")
    assert answer.startswith("A version holds letters, digits and . _ + - / only")
    assert await world.messages() == []


async def test_a_hostile_note_is_shown_as_it_was_typed(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0 <!channel> & *all* <https://evil.example|Approve>")
    card = await world.card("checkout-1")
    assert "&lt;!channel&gt; &amp; \u2060*\u2060all\u2060*\u2060" in card["text"]
    assert "<!channel>" not in card["text"]


async def test_start_opens_a_form_when_something_is_missing(world: World) -> None:
    assert await world.ana.types("/release start checkout") == ""
    form = await world.ana.sees_form()
    assert form["title"]["text"] == "Start a release"
    refused = await world.ana.submits(service="checkout", version="no spaces please")
    assert refused["errors"] == snapshot(
        {
            "version": "A version holds letters, digits and . _ + - / only, starts with a letter or digit, and has at most 64 characters. No .., // or /./ is in it, and no / or /. at its end. For example: 1.4.0"
        }
    )
    assert (await world.ana.submits(service="checkout", version="1.4.0", note=""))["result"] == "closed"
    assert (await world.release("checkout-1")).version == "1.4.0"


async def test_start_in_a_private_channel_tells_the_captain_to_invite_rollcall(world: World) -> None:
    await world.control(
        "command", user="dan", channel="war-room", command="/release", text="start checkout 1.4.0"
    )
    assert (await world.direct("dan")) == snapshot(
        "*checkout-1* (checkout 1.4.0) goes on, but I cannot show it in <#C0WARROOM>. I cannot see that channel. Invite me: type `/invite @Rollcall` there. I try again by myself."
    )
    await world.control("command", user="dan", channel="war-room", command="/invite", text="@rollcall")
    await world.passes(seconds=10)
    assert "checkout 1.4.0" in (await world.card("checkout-1", channel="war-room"))["text"]


@pytest.mark.parametrize("key", ["Payments-7", "payments-7.", "PAYMENTS-7:"])
async def test_a_mistyped_key_never_means_the_only_open_release(world: World, key: str) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    answer = await world.ana.types(f"/release cancel {key} wrong build")
    assert answer.startswith("There is no release payments-7.")
    assert not (await world.release("checkout-1")).state.ended


async def test_words_may_be_parted_by_tabs_and_lines(world: World) -> None:
    await world.ana.types("/release start\tcheckout\t1.4.0\nThe new basket")
    assert (await world.release("checkout-1")).note == "The new basket"
    await world.ana.types("/release cancel Checkout-1\nwrong build")
    assert (await world.release("checkout-1")).ended_because == "wrong build"


async def test_a_link_in_a_note_is_kept_as_it_was_typed(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0 see https://example.com/x?a=1&b=2")
    assert (await world.release("checkout-1")).note == "see https://example.com/x?a=1&b=2"


async def test_a_refused_press_is_answered_where_rollcall_is_no_member(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0", channel="random")
    await world.cleo.presses("Approve", "checkout-1", on="gate:0:QA", channel="random")
    assert "QA is answered by people in qa" in await world.cleo.sees("random")


@pytest.mark.parametrize(("left", "right"), [('"', '"'), ("“", "”"), ("„", "“")])
async def test_a_value_with_spaces_stands_in_quotes(world: World, left: str, right: str) -> None:
    note = f"note={left}the new basket, risk=low{right}"
    await world.ana.types(f"/release start {left}checkout{right} 1.4.0 labels={left}db, web{right} {note}")
    release = await world.release("checkout-1")
    assert (release.service, release.version, release.note) == (
        "checkout",
        "1.4.0",
        "the new basket, risk=low",
    )
    assert release.manifest.labels == ("db", "web")


async def test_several_services_start_at_once_with_one_answer(world: World) -> None:
    answer = await world.ana.types("/release start checkout, payments,chekout 2.0 The new basket")
    assert answer == snapshot("""\
*checkout-1* (checkout 2.0) has started. Its card appears in this channel.
*payments-1* (payments 2.0) has started. Its card appears in this channel.
No runbook names a service chekout. Did you mean checkout?\
""")
    assert [(await world.release(key)).note for key in ("checkout-1", "payments-1")] == ["The new basket"] * 2
    assert await world.ana.types("/release start checkout,payments 2.1") == snapshot("""\
checkout-1 is still open, and one release at a time holds a service. Finish or cancel checkout-1 first.
payments-1 is still open, and one release at a time holds a service. Finish or cancel payments-1 first.\
""")
    assert await world.ana.types("/release start checkout,payments") == snapshot(
        "Several services are started with the version, such as: start checkout,payments 1.4.0"
    )
    many = ",".join(f"s{n}" for n in range(11))
    assert await world.ana.types(f"/release start {many} 2.0") == snapshot(
        "At most 10 services are started at once. Start the others after these."
    )


async def test_a_mistyped_option_is_answered_with_what_was_meant(world: World) -> None:
    assert await world.ana.types("/release start checkout 1.4.0 lables=db") == snapshot(
        "There is no option lables. Did you mean labels?"
    )
    assert await world.messages() == []
    await world.ana.types("/release start checkout 1.4.0 where a=b")
    assert (await world.release("checkout-1")).note == "where a=b"


async def test_a_mistyped_key_is_answered_with_the_one_that_was_meant(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.ana.types("/release status chekout-1") == snapshot(
        "There is no release chekout-1. Did you mean checkout-1? The list of releases shows what is open."
    )


async def test_help_tells_what_is_open_here_and_what_waits_for_whom(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ana.types("/release start payments 7.1", channel="random")
    assert (await world.ben.types("/release")).split("What you can type:")[0] == snapshot("""\
• *checkout-1* (checkout 1.4.0) is *awaiting approval* for staging (stage 1 of 2)
      It waits for you: @bea or @ben: *QA* needs an approval from qa, since <time>
""")
    assert (await world.cleo.types("/release help")).split("What you can type:")[0] == snapshot(
        "• *checkout-1* (checkout 1.4.0) is *awaiting approval* for staging (stage 1 of 2)\n"
    )
