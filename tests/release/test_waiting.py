"""What a release waits for: on whom, and since when."""

from datetime import timedelta

import pytest

from bot.release.ids import UserId
from bot.release.people.handoff import Duty
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.gates.gate import CheckPassed, Of, Risk, Seats, When
from bot.runbook.model import Check, Stage
from tests.release.given import (
    EVERYBODY,
    NINE,
    Act,
    among,
    ana,
    asks,
    away,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    gated,
    gus,
    in_production,
    later,
    needs,
    play,
    ready,
    runbook,
    started,
    steps,
    time_passes,
)


def waits(release: Release) -> list[tuple[Awaited, str, str, tuple[str, ...]]]:
    """Return what a release waits for, without since when."""
    return [(it.kind, it.name, it.role, it.on) for it in waiting_on(release)]


def test_a_gate_waits_for_the_people_in_the_roles_of_its_seats() -> None:
    assert waiting_on(started()) == (
        Waiting(kind=Awaited.APPROVAL, name="QA", role="qa", count=2, on=EVERYBODY["qa"], since=NINE),
        Waiting(
            kind=Awaited.APPROVAL, name="Security", role="security", on=EVERYBODY["security"], since=NINE
        ),
    )


def test_a_role_with_two_open_seats_is_one_thing_that_is_waited_for() -> None:
    assert [it[1] for it in waits(started())] == ["QA", "Security"]


def test_who_has_answered_is_waited_for_no_more() -> None:
    release = play(started(), later(ben.approves("QA"), hours=1))
    assert waits(release)[0] == (Awaited.APPROVAL, "QA", "qa", (bea.id, eli.id))
    assert waiting_on(release)[0].since == NINE


def test_a_gate_that_is_met_is_waited_for_no_more() -> None:
    release = play(started(), cleo.approves("Security"))
    assert [it[1] for it in waits(release)] == ["QA"]


def test_a_rejection_waits_for_who_gave_it_and_for_who_leads_since_then() -> None:
    release = play(ready(), later(eli.rejects("QA"), hours=2))
    assert waiting_on(release) == (
        Waiting(kind=Awaited.REJECTION, name="QA", role="", on=(eli.id, ana.id), since=release.at),
    )


def test_a_rejection_is_waited_for_since_it_was_given() -> None:
    release = play(started(), later(ben.rejects("QA"), hours=2), later(cleo.approves("Security"), hours=1))
    assert waiting_on(release)[0].since == NINE + timedelta(hours=2)


def test_an_approval_is_waited_for_since_the_gate_was_opened() -> None:
    release = play(ready(), later(ben.leaves("qa"), hours=2))
    assert waiting_on(release)[0].since == NINE


def test_who_has_answered_at_one_gate_is_still_asked_at_another() -> None:
    release = play(started(), eli.approves("QA"))
    assert [it[3] for it in waits(release)] == [(bea.id, ben.id), (cleo.id, eli.id)]


def test_of_a_rejection_its_giver_comes_first_and_then_who_leads_and_is_there() -> None:
    def asked_of(*acts: Act) -> list[tuple[UserId, ...]]:
        return [w.on for w in waiting_on(play(started(), *acts)) if w.kind is Awaited.REJECTION]

    assert asked_of(ben.rejects("QA"), ben.leaves("qa")) == [(ben.id, ana.id)]
    assert asked_of(ben.rejects("QA"), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY)) == [
        (ben.id, ana.id, dan.id)
    ]
    assert asked_of(ben.rejects("QA"), ana.leaves_the_channel()) == [(ben.id,)]
    assert asked_of(ben.rejects("QA"), ana.offers(ben), ben.accepts()) == [(ben.id,)]


def test_a_hold_waits_for_who_leads_while_its_owner_is_away() -> None:
    held = play(started(), bea.holds())
    assert waiting_on(held)[0].on == (bea.id,)
    absent = play(held, among(away(bea, gus, NINE + timedelta(days=3)), time_passes()))
    assert waiting_on(absent)[0].on == (ana.id,)


def test_each_rejection_is_waited_for_beside_the_open_seats() -> None:
    release = play(started(), ben.rejects("QA"), bea.rejects("QA"))
    assert waits(release)[:3] == [
        (Awaited.REJECTION, "QA", "", (ben.id, ana.id)),
        (Awaited.REJECTION, "QA", "", (bea.id, ana.id)),
        (Awaited.APPROVAL, "QA", "qa", (eli.id, ben.id, bea.id)),
    ]


def test_who_has_rejected_is_waited_for_in_a_seat_that_nobody_else_could_fill() -> None:
    release = play(started(gated(asks("QA", qa=3))), ben.rejects("QA"), later(bea.approves("QA"), hours=1))
    assert waits(release) == [
        (Awaited.REJECTION, "QA", "", (ben.id, ana.id)),
        (Awaited.APPROVAL, "QA", "qa", (eli.id, ben.id)),
    ]
    for enough in (1, 2):
        release = play(started(gated(asks("QA", qa=enough))), ben.rejects("QA"))
        assert waits(release)[1][3] == (bea.id, eli.id)
    left = play(started(gated(asks("QA", qa=3))), ben.rejects("QA"), ben.leaves("qa"))
    assert waits(left)[1:] == [
        (Awaited.APPROVAL, "QA", "qa", (bea.id, eli.id)),
        (Awaited.PEOPLE, "QA", "qa", (ana.id,)),
    ]
    two = play(started(gated(asks("QA", qa=3))), ben.rejects("QA"), bea.rejects("QA"), bea.leaves("qa"))
    assert waits(two)[2] == (Awaited.APPROVAL, "QA", "qa", (eli.id, ben.id))


def test_the_starter_is_not_asked_for_an_approval() -> None:
    release = play(started(), ana.joins("qa"))
    assert waits(release)[0][3] == EVERYBODY["qa"]


def test_the_captain_finds_people_where_nobody_is_left_to_ask() -> None:
    release = play(started(), ben.approves("QA"), bea.leaves("qa"), eli.leaves("qa"))
    assert waits(release)[0] == (Awaited.PEOPLE, "QA", "qa", (ana.id,))


def test_the_captain_finds_as_many_people_as_are_missing() -> None:
    few = play(started(), bea.leaves("qa"), eli.leaves("qa"))
    assert [(it.kind, it.count, it.on) for it in waiting_on(few)[:2]] == [
        (Awaited.APPROVAL, 1, (ben.id,)),
        (Awaited.PEOPLE, 1, (ana.id,)),
    ]
    nobody = play(few, ben.leaves("qa"))
    assert [(it.kind, it.count) for it in waiting_on(nobody)[:1]] == [(Awaited.PEOPLE, 2)]


def test_a_gate_asks_for_as_many_as_its_open_seats() -> None:
    assert waiting_on(play(started(), ben.approves("QA")))[0].count == 1


def test_a_ready_release_waits_for_the_go_of_its_captain() -> None:
    release = play(
        started(),
        ben.approves("QA"),
        bea.approves("QA"),
        later(cleo.approves("Security"), hours=1),
    )
    assert waiting_on(release) == (
        Waiting(kind=Awaited.GO, name="Check", role="captain", on=(ana.id,), since=release.at),
    )


def test_a_stage_waits_for_its_next_step_and_its_owners() -> None:
    assert waits(in_production()) == [(Awaited.STEP, "Deploy", "on-call", (dan.id, dee.id))]
    release = play(in_production(), dan.finishes("Deploy"))
    assert waits(release) == [(Awaited.STEP, "Watch the errors", "on-call", (dan.id, dee.id))]


def test_the_captain_is_waited_for_where_a_stage_has_no_owner() -> None:
    release = play(in_production(), dan.leaves("on-call"), dee.leaves("on-call"))
    assert waits(release)[0][3] == (ana.id,)


def test_a_release_that_has_ended_waits_for_nothing() -> None:
    assert waiting_on(completed()) == ()
    assert waiting_on(play(started(), ana.cancels())) == ()


BOTH = runbook(Stage(name="Check", owner="qa", gates=(asks("Both", qa=1, security=1),), steps=steps("Tag")))


@pytest.mark.parametrize("act", [ben.approves("Both"), cleo.approves("Both")], ids=["ben", "cleo"])
def test_somebody_in_two_roles_is_asked_for_the_seat_that_is_left(act: Act) -> None:
    release = play(started(BOTH), act)
    assert eli.id in waits(release)[0][3]


def test_who_could_fill_a_gate_by_making_room_is_asked() -> None:
    # Eli sits in the seat of qa, but could take the one of security, if ben approved.
    release = play(started(BOTH), eli.approves("Both"), cleo.leaves("security"))
    assert ben.id in {person for waiting in waiting_on(release) for person in waiting.on}


def test_the_captain_finds_people_where_one_person_is_left_for_two_seats() -> None:
    release = play(started(BOTH), ben.leaves("qa"), bea.leaves("qa"), cleo.leaves("security"))
    assert Awaited.PEOPLE in {waiting.kind for waiting in waiting_on(release)}


def test_where_everybody_left_has_abstained_people_are_to_be_found() -> None:
    release = play(started(gated(asks("QA", qa=1))), *(p.abstains("QA") for p in (bea, ben, eli)))
    assert waits(release) == [(Awaited.PEOPLE, "QA", "qa", (ana.id,))]


LINT = CheckPassed(check="lint")
CHECKS = (Check(name="lint", by="on-call"),)


def test_a_check_waits_for_who_reports_it() -> None:
    release = started(gated(needs("Green", LINT), checks=CHECKS))
    assert waiting_on(release) == (
        Waiting(kind=Awaited.CHECK, name="lint", role="on-call", on=(dan.id, dee.id), since=NINE),
    )
    failed = play(release, later(dan.reports("lint", passed=False), hours=1))
    assert waiting_on(failed)[0].since == NINE + timedelta(hours=1)


def test_a_check_that_nobody_can_report_waits_for_people() -> None:
    release = started(gated(needs("Green", LINT), needs("Clean", LINT), checks=CHECKS))
    alone = play(release, dan.leaves("on-call"), dee.leaves("on-call"))
    assert waits(alone) == [(Awaited.PEOPLE, "lint", "on-call", (ana.id,))]
    assert waits(play(alone, dee.joins("on-call")))[0] == (Awaited.CHECK, "lint", "on-call", (dee.id,))


def test_each_check_waits_for_its_own_role() -> None:
    checks = (*CHECKS, Check(name="load", by="security"))
    load = needs("Load", CheckPassed(check="load"))
    assert waits(started(gated(load, checks=checks))) == [
        (Awaited.CHECK, "load", "security", (cleo.id, eli.id))
    ]


def test_a_check_that_several_gates_need_is_waited_for_once() -> None:
    release = started(gated(needs("Green", LINT), needs("Clean", LINT), checks=CHECKS))
    assert [it[1] for it in waits(release)] == ["lint"]


def test_a_gate_that_can_be_met_by_a_check_alone_waits_for_it_where_nobody_is_left() -> None:
    either = needs("Go", Of(count=1, parts=(Seats(role="qa", count=1), LINT)))
    release = play(started(gated(either, checks=CHECKS)), *(p.leaves("qa") for p in (bea, ben, eli)))
    assert waits(release) == [(Awaited.CHECK, "lint", "on-call", (dan.id, dee.id))]


def test_everybody_is_asked_who_could_help_on_some_way() -> None:
    either = needs("Go", Of(count=1, parts=(Seats(role="qa", count=1), Seats(role="security", count=1))))
    release = started(gated(either))
    assert waits(release) == [(Awaited.APPROVAL, "Go", "qa or security", (bea.id, ben.id, eli.id, cleo.id))]


def test_on_several_ways_no_more_are_waited_for_than_are_left() -> None:
    seats = (Seats(role=role, count=2) for role in ("qa", "security"))
    release = started(gated(needs("Go", Of(count=1, parts=tuple(seats)))))
    release = play(release, ben.leaves("qa"), bea.leaves("qa"), cleo.leaves("security"))
    assert [(it.kind, it.count, it.on) for it in waiting_on(release)] == [
        (Awaited.APPROVAL, 1, (eli.id,)),
        (Awaited.PEOPLE, 1, (ana.id,)),
    ]


def test_a_gate_that_is_not_needed_or_overridden_is_not_waited_for() -> None:
    risky = asks("Risk", qa=1, when=When(risk=(Risk.HIGH,)))
    release = started(gated(risky, asks("QA", qa=1), asks("Go", on_call=1), overrides="security"))
    assert [it[1] for it in waits(release)] == ["QA", "Go"]
    overridden = play(release, cleo.overrides("QA"))
    assert [it[:2] for it in waits(overridden)] == [(Awaited.APPROVAL, "Go"), (Awaited.REVIEW, "override")]


def test_an_automatic_stage_that_is_held_waits_for_the_hold_alone() -> None:
    release = play(started(gated(asks("QA", qa=1))), gus.holds("Red."), ben.approves("QA"))
    assert waits(release) == [(Awaited.HOLD, "Red.", "", (gus.id,))]


def test_a_stage_that_waits_for_the_captain_waits_for_the_go_beside_the_hold() -> None:
    release = play(ready(), gus.holds("Red."))
    assert [it[0] for it in waits(release)] == [Awaited.HOLD, Awaited.GO]


def test_a_failure_waits_for_a_choice_since_then() -> None:
    release = play(in_production(), later(dan.fails("Deploy"), hours=1))
    assert waiting_on(release) == (
        Waiting(
            kind=Awaited.CHOICE,
            name="Deploy",
            role="on-call",
            on=(ana.id, dan.id, dee.id),
            since=NINE + timedelta(hours=1),
        ),
    )


def test_a_step_that_is_tried_again_is_waited_for_since_then() -> None:
    release = play(in_production(), dan.fails("Deploy"), later(dan.retries("Deploy"), hours=1))
    assert waiting_on(release)[0].since == NINE + timedelta(hours=1)


def test_the_deputy_is_waited_for_as_the_captain_is() -> None:
    release = play(ready(), ana.offers(gus, Duty.DEPUTY), gus.accepts(Duty.DEPUTY))
    assert waits(release)[0][3] == (ana.id, gus.id)


def test_the_way_back_waits_for_its_steps() -> None:
    release = play(in_production(), later(ana.rolls_back(), hours=1))
    (step,) = waiting_on(release)
    assert (step.kind, step.on, step.since) == (Awaited.STEP, (dan.id, dee.id), NINE + timedelta(hours=1))
