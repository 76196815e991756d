"""Reminders and handoff summaries: what comes by the clock, and only once."""

from datetime import timedelta

from inline_snapshot import snapshot

from bot.release.release import Release
from bot.release.telling.reminders import REMINDED
from bot.runbook.gates.gate import CheckPassed, Reminders
from bot.runbook.model import Check
from bot.slack.messages.reminder import WHAT, reminders
from tests.release.given import (
    NINE,
    among,
    away,
    dan,
    dee,
    gated,
    gus,
    needs,
    play,
    started,
    time_passes,
)
from tests.world import World, plain, readable


async def test_who_has_not_answered_is_asked_privately_and_who_has_is_not(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(minutes=59)
    assert (await world.release("checkout-1")).reminders == ()
    await world.passes(minutes=2)
    assert await world.digest("ben") == snapshot("""\
1 thing waits for you:
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>
Not now? Be reminded again later:
[Approve] [Reject] [More…] [In an hour] [In four hours] [In the morning]\
""")

    await world.ben.presses_in_digest("Approve")
    assert await world.digest("ben", "Nothing") == snapshot("Nothing waits for you just now.")
    assert await world.digest("bea", "Nothing") == snapshot("Nothing waits for you just now.")
    await world.passes(days=2, hours=4)
    reminded = [it.gate for it in (await world.release("checkout-1")).reminders]
    assert reminded == ["QA", "Deploy to staging"]


async def test_it_gets_louder_where_nobody_answers(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=1)
    await world.passes(hours=4)
    assert readable(await world.message("checkout-1", "reminder:0:QA:2")) == snapshot("""\
*checkout-1* (checkout 1.4.0): @bea and @ben, *QA* has waited for an answer since <time>. Until it is met, staging cannot begin.
[Approve] [Reject] [More…]\
""")


async def test_what_was_asked_before_a_step_failed_is_not_asked_again_when_it_is_retried(
    world: World,
) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.passes(hours=5)
    await world.passes(hours=4)
    assert "is to be done. It has waited since" in await world.thread("checkout-1")
    await world.ana.presses("It failed…", "checkout-1", on="stage:0")
    await world.ana.submits(reason="The disk is full")
    await world.ana.presses("Retry", "checkout-1", on="stage:0")
    assert "It has waited since" not in await world.thread("checkout-1")


async def test_what_was_missed_in_a_long_pause_is_caught_up_once(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(days=2)
    assert [past.count for past in (await world.release("checkout-1")).reminders] == [1]
    assert await world.digest("ben", "1 thing waits")


async def test_the_summary_comes_at_the_times_that_the_runbook_sets(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(days=1)
    summaries = (await world.release("checkout-1")).summaries
    assert len(summaries) == 1
    assert readable(await world.message("checkout-1", "summary:0")) == snapshot("""\
*checkout-1* (checkout 1.4.0): @ana, this is where the stage *staging* stands, <time>
*Next act:* @bea or @ben approves *QA*
Nothing has happened since the start.
Nothing is asked of you just now.
*Waiting for others*
• @bea or @ben: *QA* needs an approval from qa, since <time>\
""")


async def test_a_summary_that_would_tell_nothing_new_is_left_out(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    for _ in range(4):
        await world.passes(hours=12)
    assert len((await world.release("checkout-1")).summaries) == 1
    await world.gus.types("/release hold the prices look wrong")
    await world.passes(days=1)
    assert "placed hold 1" in readable(await world.message("checkout-1", "summary:1"))


async def test_who_may_end_a_rejection_or_a_hold_is_reminded_with_the_buttons(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.ben.submits(reason="It crashes")
    await world.gus.types("/release hold the prices look wrong")
    await world.passes(minutes=61)
    assert await world.digest("ben", "rejected") == snapshot("""\
1 thing waits for you:
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2), *on hold* (1)
• @ben rejected *QA*, <time>; it blocks until taken back, or settled by @ana
Not now? Be reminded again later:
[Settle or take back…] [In an hour] [In four hours] [In the morning]\
""")
    await world.passes(minutes=241)
    assert readable(await world.message("checkout-1", "reminder:0:QA:2:rejection:0")) == snapshot("""\
*checkout-1* (checkout 1.4.0): @ben, *QA* was *rejected*: take it back, or the captain settles it with a reason. It has waited since <time>.
[Settle or take back…]\
""")
    held = "reminder:0:the prices look wrong:2:hold:1"
    assert readable(await world.message("checkout-1", held)) == snapshot("""\
*checkout-1* (checkout 1.4.0): @gus, lift the hold “the prices look wrong” when it is settled. It has waited since <time>.
[Lift]\
""")
    await world.gus.presses("Lift", "checkout-1", on=held)
    assert "to be lifted" not in readable(await world.message("checkout-1", "card"))


async def test_what_is_asked_anew_is_told_anew_and_first_privately(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.ben.submits(reason="It crashes")
    await world.ben.presses("More…", "checkout-1", on="gate:0:QA")
    await world.ben.submits(answer="withdraw")
    await world.passes(minutes=61)
    await world.passes(minutes=241)
    assert await world.message("checkout-1", "reminder:0:QA:2")
    await world.bea.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.bea.submits(reason="It crashes")
    await world.bea.presses("More…", "checkout-1", on="gate:0:QA")
    await world.bea.submits(answer="withdraw")
    await world.passes(minutes=61)
    assert "has waited for an answer" not in await world.thread("checkout-1")
    await world.passes(hours=18)
    assert readable(await world.message("checkout-1", "reminder:0:QA:2:2")) == snapshot("""\
*checkout-1* (checkout 1.4.0): @bea and @ben, *QA* has waited for an answer since <time>. Until it is met, staging cannot begin.
[Approve] [Reject] [More…]\
""")


async def test_who_holds_it_in_the_evening_is_reminded_in_the_morning(world: World) -> None:
    """Gus is in no role, so that only the hold makes Rollcall read his hours."""
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(hours=7, minutes=30)
    await world.gus.types("/release hold the prices look wrong")
    await world.passes(minutes=61)
    assert "U0GUS" not in {who for it in (await world.release("checkout-1")).reminders for who in it.people}
    await world.passes(hours=15)
    assert "the prices look wrong" in await world.digest("gus")


async def test_a_reminder_that_was_put_away_stays_away_when_the_gate_is_met(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.passes(minutes=61)
    await world.passes(minutes=241)
    assert "has waited for an answer" in await world.thread("checkout-1")
    await world.bea.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.bea.submits(reason="It crashes")
    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    assert "were reminded of" not in await world.thread("checkout-1")


def test_what_people_are_reminded_of_is_said_of_each_kind() -> None:
    assert WHAT.keys() == REMINDED


def test_a_reminder_of_a_roll_names_who_is_asked_still_or_who_leads_while_they_are_away() -> None:
    book = gated(
        needs("Green", CheckPassed(check="good")),
        checks=(Check(name="good", by="on-call", each=True),),
        reminders=Reminders(after=timedelta(hours=1), every=timedelta(hours=1)),
    )

    def text(release: Release) -> str:
        [message] = reminders(release)
        return message.text.split(": ", 1)[1].split(",")[0]

    asked = play(started(book), time_passes(hours=1), time_passes(hours=1))
    assert text(asked) == "<@dan> and <@dee>"
    assert text(play(asked, dee.reports("good"))) == "<@dan>"
    absent = away(dan, gus, NINE + timedelta(days=9))
    passes = among(absent, time_passes(hours=1))
    [message] = reminders(play(started(book), among(absent, dee.reports("good")), passes, passes))
    assert plain(message.text) == snapshot(
        "*checkout-1* (checkout 1.4.0): <@ana>, the check *good* has not passed. It has waited since <time> for <@dan>, away just now. You lead this release: find another way."
    )
    assert not [block for block in message.blocks if block["type"] == "actions"]
    # Who was reminded before they went away does not lead it.
    [message] = reminders(play(asked, among(absent, dee.reports("good"))))
    assert "You lead" not in message.text
    others = play(asked, gus.joins("on-call"), dan.leaves("on-call"), dee.leaves("on-call"))
    [message] = reminders(others)
    assert "away" not in message.text
    assert [block for block in message.blocks if block["type"] == "actions"]
