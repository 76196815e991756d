"""What a release waits for: on whom, and since when."""

from datetime import timedelta

import pytest

from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Stage
from tests.release.given import (
    EVERYBODY,
    NINE,
    Act,
    ana,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    in_production,
    later,
    play,
    ready,
    runbook,
    started,
    steps,
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


def test_a_rejection_waits_for_who_gave_it_since_then() -> None:
    release = play(ready(), later(eli.rejects("QA"), hours=2))
    assert waiting_on(release) == (
        Waiting(kind=Awaited.REJECTION, name="QA", role="", on=(eli.id,), since=release.at),
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


def test_each_rejection_is_waited_for_beside_the_open_seats() -> None:
    release = play(started(), ben.rejects("QA"), bea.rejects("QA"))
    assert waits(release)[:3] == [
        (Awaited.REJECTION, "QA", "", (ben.id,)),
        (Awaited.REJECTION, "QA", "", (bea.id,)),
        (Awaited.APPROVAL, "QA", "qa", (eli.id,)),
    ]


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
