"""How a release moves through its stages, and who lets one begin."""

import pytest
from inline_snapshot import snapshot

from bot.release.ids import ROLLCALL, UserId
from bot.release.refusal import Code, Refused
from bot.release.stages.stage import GatesLapsed, GatesMet, StageBegan
from bot.release.state import State
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.model import Begin, Stage
from tests.release.given import (
    CHECK,
    NINE,
    PRODUCTION,
    Act,
    Person,
    ana,
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
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    started,
    steps,
    time_passes,
    unread,
)


def test_the_last_approval_meets_the_gates() -> None:
    release = play(started(), ben.approves("QA"), bea.approves("QA"))
    made = events(release, later(cleo.approves("Security"), hours=1))
    assert [type(event) for event in made][1:] == [GatesMet]
    assert made[-1].by == ROLLCALL
    assert play(release, later(cleo.approves("Security"), hours=1)).since == made[-1].at


def test_a_stage_that_waits_for_the_captain_does_not_begin_by_itself() -> None:
    assert ready().state is State.READY
    assert dict(ready().began) == {}


def test_an_automatic_stage_begins_with_its_last_approval() -> None:
    release = play(ready(), ana.begins(), ben.finishes("Tag the commit"), dan.approves("Go"))
    assert names(release, ben.approves("Go")) == ["Approved", "GatesMet", "StageBegan"]
    assert events(release, ben.approves("Go"))[-1].by == ROLLCALL


@pytest.mark.parametrize("person", [ana, ben, bea, eli])
def test_the_captain_or_the_owner_lets_a_stage_begin(person: Person) -> None:
    assert events(ready(), person.begins()) == (StageBegan(at=NINE, by=person.id),)


@pytest.mark.parametrize("person", [cleo, dan])
def test_nobody_else_lets_a_stage_begin(person: Person) -> None:
    assert refusal(ready(), person.begins()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="The go is for the captain or deputy, or the owners of the stage.",
            ask=(UserId("ana"), UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


def test_a_stage_does_not_begin_before_its_gates_are_met() -> None:
    assert refusal(started(), ana.begins()) == snapshot(
        Refused(
            code=Code.GATES_NOT_MET,
            because="The gates of Check are not all met.",
            instead="Their messages show who is still asked.",
        )
    )


def test_a_stage_begins_once() -> None:
    begun = play(ready(), ana.begins())
    assert refusal(begun, ana.begins()) == snapshot(
        Refused(code=Code.ALREADY_BEGUN, because="This stage has begun already.")
    )
    onward = play(begun, ben.finishes("Tag the commit"))
    assert refusal(onward, ana.begins(stage=0)).code is Code.ALREADY_BEGUN


def test_a_stage_does_not_begin_while_people_cannot_be_read() -> None:
    assert refusal(ready(), unread("on-call", ana.begins())).code is Code.CANNOT_READ_PEOPLE
    assert play(ready(), ana.begins()).state is State.IN_PROGRESS


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ((ana.holds(), ben.approves("QA")), ana.lifts()),
        ((eli.rejects("QA"), ben.approves("QA")), eli.withdraws("QA")),
        ((eli.rejects("QA"), ben.approves("QA")), ana.settles("QA", eli)),
    ],
    ids=["a hold is lifted", "a rejection is withdrawn", "a rejection is settled"],
)
def test_an_automatic_stage_does_not_begin_by_itself_while_people_cannot_be_read(
    before: tuple[Act, ...], act: Act
) -> None:
    release = play(started(gated(asks("QA", qa=2))), bea.approves("QA"), *before)
    assert "StageBegan" in names(release, act)
    assert "StageBegan" not in names(release, unread("security", act))
    unread_then = play(release, unread("security", act))
    assert unread_then.state is State.READY
    assert [(w.kind, w.on) for w in waiting_on(unread_then)] == [(Awaited.GO, (ana.id,))]
    assert names(unread_then, ana.begins()) == ["StageBegan"]
    assert names(unread_then, time_passes(minutes=1)) == ["StageBegan"]


def test_a_stage_without_gates_begins_whoever_can_be_read() -> None:
    book = runbook(CHECK, PRODUCTION.model_copy(update={"gates": ()}))
    release = play(
        started(book), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"), ana.begins()
    )
    assert "StageBegan" in names(release, unread("security", ben.finishes("Tag the commit")))


def test_an_automatic_stage_that_a_hold_keeps_back_takes_a_go_only_afterwards() -> None:
    release = play(started(gated(asks("QA", qa=1))), gus.holds(), ben.approves("QA"))
    assert release.state is State.READY
    assert refusal(release, ana.begins()).code is Code.ON_HOLD


def test_whether_a_stage_may_begin_is_decided_from_the_people_of_that_moment() -> None:
    act = meanwhile(ben.leaves("qa"), ana.begins())
    assert refusal(ready(), act).code is Code.GATES_NOT_MET


def test_a_gate_that_is_met_no_longer_lapses() -> None:
    made = events(ready(), ben.leaves("qa"))
    assert [type(event) for event in made][1:] == [GatesLapsed]
    assert made[-1].by == ROLLCALL
    assert names(ready(), eli.rejects("QA")) == ["Rejected", "GatesLapsed"]


def test_a_stage_that_has_begun_does_not_lapse() -> None:
    release = play(ready(), ana.begins(), ben.leaves("qa"), bea.leaves("qa"))
    assert release.state is State.IN_PROGRESS


def test_people_who_come_back_can_let_an_automatic_stage_begin() -> None:
    book = runbook(CHECK.model_copy(update={"begin": Begin.AUTOMATIC}))
    release = play(started(book), ben.approves("QA"), bea.approves("QA"), bea.leaves("qa"))
    release = play(release, cleo.approves("Security"))
    assert names(release, bea.joins("qa")) == ["MembersRead", "GatesMet", "StageBegan"]


def test_the_last_step_opens_the_next_stage() -> None:
    release = play(ready(), ana.begins())
    onward = play(release, later(ben.finishes("Tag the commit"), hours=2))
    assert (onward.stage, onward.state) == (1, State.AWAITING_APPROVAL)
    assert onward.opened == {0: release.started_at, 1: onward.at}
    assert onward.since == onward.at


def test_the_last_step_of_the_last_stage_completes_the_release() -> None:
    release = play(in_production(), dan.finishes("Deploy"))
    assert names(release, dan.finishes("Watch the errors")) == ["StepDone", "Completed"]
    assert completed().stage == 1


def test_a_stage_without_steps_is_done_when_it_begins() -> None:
    book = runbook(CHECK.model_copy(update={"steps": ()}), PRODUCTION)
    release = play(started(book), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))
    assert names(release, ana.begins()) == ["StageBegan", "StageDone", "Summarized"]


def test_production_is_touched_when_a_production_stage_begins() -> None:
    assert not ready().touched_production
    assert not play(ready(), ana.begins()).touched_production
    assert in_production().touched_production
    early = Stage(name="Canary", owner="qa", production=True, steps=steps("Deploy to one"))
    after = started(runbook(early, CHECK))
    assert play(after, ben.finishes("Deploy to one")).touched_production


def test_a_go_for_a_later_stage_does_not_begin_this_one() -> None:
    assert refusal(ready(), ana.begins(stage=1)) == snapshot(
        Refused(code=Code.NOT_YET, because="Production is not next.")
    )
    # A press that was made up names a stage that nobody has heard of.
    assert refusal(ready(), ana.begins(stage=8)).because == snapshot("Stage 9 is not next.")
