"""Holds: a concern that somebody names, and while it is open nothing moves forward."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.holds import Hold, HoldKept, HoldLifted, HoldPlaced, HoldQuestioned
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.gates.gate import Reminders
from tests.release.given import (
    NINE,
    Act,
    Person,
    ana,
    answer,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    eli,
    events,
    gated,
    gus,
    in_production,
    later,
    names,
    play,
    ready,
    refusal,
    started,
    time_passes,
    unread,
)

HOUR = timedelta(hours=1)
BACK = "Put the version before back in place"


def quiet() -> Release:
    """Return a release of which nobody is reminded soon."""
    return started(gated(asks("QA", qa=2), reminders=Reminders(after=timedelta(days=90))))


def with_deputy(release: Release, person: Person) -> Release:
    return play(release, ana.offers(person, Duty.DEPUTY), person.accepts(Duty.DEPUTY))


@pytest.mark.parametrize("person", [ana, ben, dan, gus])
def test_anybody_places_a_hold_with_a_reason(person: Person) -> None:
    assert events(started(), person.holds("The dashboards are red.")) == (
        HoldPlaced(at=NINE, by=person.id, number=1, reason="The dashboards are red."),
    )


def test_a_hold_has_an_owner_a_reason_and_perhaps_a_time() -> None:
    release = play(started(), gus.holds("The dashboards are red.", until=2 * HOUR))
    assert release.holds == (
        Hold(number=1, owner=gus.id, reason="The dashboards are red.", at=NINE, until=NINE + 2 * HOUR),
    )


@pytest.mark.parametrize(
    ("because", "code"),
    [("", Code.REASON_MISSING), ("👀", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)],
)
def test_a_hold_needs_a_reason(because: str, code: Code) -> None:
    assert refusal(started(), ben.holds(because)).code is code


def test_several_holds_are_open_at_once_and_each_has_its_number() -> None:
    release = play(started(), ben.holds("One."), ben.holds("Two."), gus.holds("One."))
    assert [(hold.number, hold.owner, hold.reason) for hold in release.holds] == [
        (1, ben.id, "One."),
        (2, ben.id, "Two."),
        (3, gus.id, "One."),
    ]


def test_a_number_is_not_given_twice() -> None:
    release = play(started(), ben.holds("One."), ben.lifts(1), ben.holds("Two."))
    assert [hold.number for hold in release.holds] == [2]


def test_the_same_hold_is_placed_once() -> None:
    release = play(started(), ben.holds("Red."))
    assert refusal(release, ben.holds("Red.")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="You hold it for this reason already.")
    )
    assert names(release, ben.holds("Still red.")) == ["HoldPlaced"]
    assert names(play(release, ben.lifts()), ben.holds("Red.")) == ["HoldPlaced"]


def test_ten_holds_are_open_at_once() -> None:
    nine = play(started(), *(ben.holds(f"Number {n}.") for n in range(9)))
    ten = play(nine, gus.holds())
    assert refusal(ten, dan.holds()) == snapshot(
        Refused(
            code=Code.TOO_MANY,
            because="checkout-1 has 10 open holds, and that is as many as it can show.",
            instead="Nothing moves forward as it is. Write yours to the others in a message.",
        )
    )
    assert names(play(ten, gus.lifts(10)), dan.holds()) == ["HoldPlaced"]


@pytest.mark.parametrize("until", [timedelta(), -HOUR, timedelta(days=90, seconds=1)], ids=str)
def test_the_time_of_a_hold_is_from_now_on_and_not_too_far_ahead(until: timedelta) -> None:
    assert refusal(started(), ben.holds(until=until)) == snapshot(
        Refused(
            code=Code.TIME_INVALID,
            because="A hold can be given a time from now on, at most 90 days ahead.",
            instead="For example: 2h",
        )
    )
    assert refusal(play(started(), ben.holds()), ben.keeps(until=until)).code is Code.TIME_INVALID


@pytest.mark.parametrize("until", [timedelta(seconds=1), timedelta(days=90)], ids=str)
def test_the_time_of_a_hold_may_be_soon_or_far(until: timedelta) -> None:
    assert names(started(), ben.holds(until=until)) == ["HoldPlaced"]


def test_a_hold_keeps_the_captain_from_saying_go() -> None:
    release = play(ready(), ben.holds("The dashboards are red."))
    assert refusal(release, ana.begins()) == snapshot(
        Refused(
            code=Code.ON_HOLD,
            because="checkout-1 is on hold, so nothing moves forward: “The dashboards are red.”",
            instead="Its owner lifts it, or the captain, with a reason.",
            ask=(UserId("ben"), UserId("ana")),
        )
    )
    assert play(release, ben.lifts(), ana.begins()).state is State.IN_PROGRESS


def test_a_hold_keeps_an_automatic_stage_from_beginning_until_the_last_is_lifted() -> None:
    release = play(started(gated(asks("QA", qa=1))), ben.holds("One."), gus.holds("Two."))
    assert names(release, bea.approves("QA")) == ["Approved", "GatesMet"]
    release = play(release, bea.approves("QA"))
    assert names(release, ben.lifts(1)) == ["HoldLifted"]
    assert names(play(release, ben.lifts(1)), gus.lifts(2)) == ["HoldLifted", "StageBegan"]


def test_what_is_on_hold_names_the_first_reason_and_how_many_more() -> None:
    release = play(ready(), ben.holds("One."), gus.holds("Two."), ana.holds("Three."))
    assert refusal(release, ana.begins()) == snapshot(
        Refused(
            code=Code.ON_HOLD,
            because="checkout-1 is on hold, so nothing moves forward: “One.” (and 2 more)",
            instead="Its owner lifts it, or the captain, with a reason.",
            ask=(UserId("ben"), UserId("gus"), UserId("ana")),
        )
    )


def test_a_hold_keeps_steps_from_being_ticked() -> None:
    release = play(in_production(), ben.holds())
    assert refusal(release, dan.finishes("Deploy")).code is Code.ON_HOLD
    assert names(play(release, ben.lifts()), dan.finishes("Deploy")) == ["StepDone"]


def test_a_hold_does_not_keep_people_from_answering() -> None:
    release = play(started(), ben.holds())
    for act in (ben.approves("QA"), ben.rejects("QA"), ben.abstains("QA")):
        assert len(events(release, act)) == 1
    assert (
        play(release, ben.approves("QA"), bea.approves("QA"), cleo.approves("Security")).state is State.READY
    )


def test_a_hold_does_not_keep_what_goes_out_from_changing() -> None:
    release = play(started(), ben.holds(), ana.changes("1.4.1", Manifest(paths=("a",))))
    assert [hold.number for hold in release.holds] == [1]


def test_a_hold_does_not_stop_the_way_back() -> None:
    release = play(in_production(), ben.holds(), ana.rolls_back())
    assert release.state is State.ROLLING_BACK
    failed = play(release, dan.fails(BACK))
    for act in (dan.retries(BACK), dan.skips(BACK)):
        assert names(failed, act)
    assert names(release, dan.finishes(BACK)) == ["StepDone", "RolledBack"]
    assert Awaited.HOLD not in {w.kind for w in waiting_on(release)}


def test_a_hold_is_placed_while_the_release_is_rolled_back_and_stops_nothing() -> None:
    release = play(in_production(), ana.rolls_back(), ben.holds())
    assert names(release, dan.finishes(BACK)) == ["StepDone", "RolledBack"]


def test_a_hold_is_waited_for_on_its_owner() -> None:
    release = play(started(), later(gus.holds("Red.", until=2 * HOUR), hours=1))
    assert waiting_on(release)[0] == Waiting(
        kind=Awaited.HOLD,
        name="Red.",
        role="",
        count=1,
        on=(gus.id,),
        since=NINE + HOUR,
        until=NINE + 2 * HOUR,
    )


def test_the_owner_lifts_a_hold_and_may_say_why() -> None:
    release = play(started(), gus.holds())
    assert events(release, gus.lifts()) == (HoldLifted(at=NINE, by=gus.id, number=1, reason=""),)
    assert play(release, gus.lifts(1, "It is green.")).holds == ()
    assert refusal(release, gus.lifts(1, "r" * 501)).code is Code.TEXT_TOO_LONG


def test_the_captain_lifts_a_hold_with_a_reason() -> None:
    release = play(started(), gus.holds())
    assert refusal(release, ana.lifts()).code is Code.REASON_MISSING
    assert refusal(release, ana.lifts(1, "...")).code is Code.REASON_MISSING
    assert play(release, ana.lifts(1, "It is a test.")).holds == ()


def test_the_deputy_lifts_a_hold_with_a_reason() -> None:
    release = with_deputy(play(started(), gus.holds()), dan)
    assert refusal(release, dan.lifts()).code is Code.REASON_MISSING
    assert play(release, dan.lifts(1, "It is a test.")).holds == ()


def test_a_captain_who_owns_a_hold_needs_no_reason() -> None:
    assert play(started(), ana.holds(), ana.lifts()).holds == ()


@pytest.mark.parametrize("person", [ben, dan, eli])
def test_nobody_else_lifts_or_keeps_a_hold(person: Person) -> None:
    release = play(started(), gus.holds())
    assert refusal(release, person.lifts(1, "It is a test.")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Hold 1 is lifted by its owner or by who leads checkout-1.",
            ask=(UserId("gus"), UserId("ana")),
        )
    )
    assert refusal(release, person.keeps(1, until=HOUR)).because == snapshot(
        "Hold 1 is kept by its owner or by who leads checkout-1."
    )


def test_only_the_one_hold_is_lifted() -> None:
    release = play(started(), ben.holds("One."), ben.holds("Two."), ben.lifts(1))
    assert [hold.number for hold in release.lifted] == [1]
    assert [hold.reason for hold in release.holds] == ["Two."]


@pytest.mark.parametrize("act", [ben.lifts(1), ben.keeps(1)], ids=["lift", "keep"])
def test_a_hold_that_was_lifted_is_gone(act: Act) -> None:
    assert refusal(play(started(), ben.holds(), ben.lifts()), act) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="Hold 1 of checkout-1 is lifted already.")
    )


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_hold_that_never_was_is_not_lifted(number: int) -> None:
    release = play(started(), ben.holds())
    for act in (ben.lifts(number), ben.keeps(number)):
        assert refusal(release, act).code is Code.STALE


def test_a_hold_that_never_was_is_answered_with_where_to_look() -> None:
    assert refusal(started(), ben.lifts(1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="checkout-1 has no hold 1.",
            instead="The card lists those that are open.",
        )
    )


def test_a_hold_turns_into_a_question_when_its_time_has_come() -> None:
    release = play(quiet(), gus.holds(until=2 * HOUR))
    assert attention_at(release) == NINE + 2 * HOUR
    assert answer(release, time_passes(hours=1, minutes=59, seconds=59)) == ()
    assert events(release, time_passes(hours=2)) == (
        HoldQuestioned(at=NINE + 2 * HOUR, by=ROLLCALL, number=1),
    )
    asked = play(release, time_passes(hours=2))
    assert waiting_on(asked)[0].kind is Awaited.QUESTION
    assert attention_at(asked) == NINE + timedelta(days=90)
    assert answer(asked, time_passes(days=1)) == ()


def test_a_question_holds_as_the_hold_did() -> None:
    release = play(ready(), gus.holds(until=HOUR), time_passes(hours=1))
    assert refusal(release, ana.begins()).code is Code.ON_HOLD
    assert play(release, gus.lifts(), ana.begins()).state is State.IN_PROGRESS


def test_each_hold_is_questioned_in_its_turn() -> None:
    release = play(quiet(), ben.holds("One.", until=2 * HOUR), gus.holds("Two.", until=HOUR), ana.holds())
    assert names(release, time_passes(hours=1)) == ["HoldQuestioned"]
    assert names(release, time_passes(hours=2)) == ["HoldQuestioned", "HoldQuestioned"]
    asked = play(release, time_passes(hours=2))
    assert [hold.asked is None for hold in asked.holds] == [False, False, True]


def test_a_hold_is_kept_for_good_or_until_another_time() -> None:
    release = play(quiet(), gus.holds(until=HOUR), time_passes(hours=1))
    assert events(release, gus.keeps(until=HOUR)) == (
        HoldKept(at=NINE + HOUR, by=gus.id, number=1, until=NINE + 2 * HOUR),
    )
    kept = play(release, gus.keeps(until=HOUR))
    assert attention_at(kept) == NINE + 2 * HOUR
    assert names(kept, time_passes(hours=1)) == ["HoldQuestioned"]
    for_good = play(release, gus.keeps())
    assert [(hold.until, hold.asked) for hold in for_good.holds] == [(None, None)]
    assert answer(for_good, time_passes(days=10)) == ()


def test_the_captain_keeps_a_hold_too() -> None:
    release = play(quiet(), gus.holds(until=HOUR), time_passes(hours=1))
    assert names(release, ana.keeps()) == ["HoldKept"]


def test_a_hold_is_given_another_time_before_the_question() -> None:
    release = play(quiet(), gus.holds(until=HOUR), gus.keeps(until=3 * HOUR))
    assert attention_at(release) == NINE + 3 * HOUR


def test_a_hold_that_is_kept_as_it_is_stays_so() -> None:
    release = play(quiet(), gus.holds(until=HOUR))
    assert refusal(release, gus.keeps(until=HOUR)) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="This hold is kept as it is.")
    )
    assert refusal(play(quiet(), gus.holds()), gus.keeps()).code is Code.ALREADY_DONE
    asked = play(release, time_passes(hours=1), gus.keeps())
    assert refusal(asked, gus.keeps()).code is Code.ALREADY_DONE


def test_a_hold_is_placed_and_lifted_while_people_cannot_be_read() -> None:
    assert names(ready(), unread("qa", ben.holds())) == ["HoldPlaced"]
    assert names(play(ready(), ben.holds()), unread("qa", ben.lifts())) == ["HoldLifted"]


@pytest.mark.parametrize("act", [ben.holds(), ben.lifts(), ben.keeps()], ids=["place", "lift", "keep"])
def test_what_has_ended_is_not_held(act: Act) -> None:
    assert refusal(completed(), act).code is Code.ENDED


def test_the_last_step_is_skipped_when_the_hold_is_lifted() -> None:
    release = play(in_production(), dan.finishes("Deploy"), dan.fails("Watch the errors"))
    held = play(release, ben.holds())
    assert refusal(held, dan.skips("Watch the errors")).code is Code.ON_HOLD
    assert names(play(held, ben.lifts()), dan.skips("Watch the errors")) == ["StepSkipped", "Completed"]
