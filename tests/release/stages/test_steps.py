"""Doing the steps of a stage: in order, once, by those whose stage it is."""

import pytest
from inline_snapshot import snapshot

from bot.release.ids import UserId
from bot.release.refusal import Code, Refused
from bot.release.stages.steps import StepDone
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.runbook.model import Stage
from tests.release.given import (
    NINE,
    Person,
    ana,
    ben,
    cleo,
    dan,
    dee,
    events,
    gus,
    in_production,
    later,
    meanwhile,
    play,
    ready,
    refusal,
    runbook,
    started,
    steps,
)


@pytest.mark.parametrize("person", [dan, dee, ana])
def test_an_owner_or_the_captain_ticks_a_step(person: Person) -> None:
    assert events(in_production(), person.finishes("Deploy")) == (
        StepDone(at=NINE, by=person.id, stage=1, step="Deploy"),
    )


def test_a_tick_is_kept() -> None:
    release = play(in_production(), dan.finishes("Deploy"))
    assert [(tick.stage, tick.step, tick.by) for tick in release.done][-1] == (1, "Deploy", dan.id)
    assert [step.do for step in release.open_steps] == ["Watch the errors"]


@pytest.mark.parametrize("person", [ben, cleo])
def test_nobody_else_ticks_a_step(person: Person) -> None:
    assert refusal(in_production(), person.finishes("Deploy")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Ticking a step is for the owners of the stage, or the captain or deputy.",
            ask=(UserId("dan"), UserId("dee"), UserId("ana")),
        )
    )


def test_owners_are_the_people_of_that_moment() -> None:
    release = in_production()
    assert events(release, meanwhile(gus.joins("on-call"), gus.finishes("Deploy")))[-1].by == gus.id
    assert refusal(release, meanwhile(dan.leaves("on-call"), dan.finishes("Deploy"))).ask == (dee.id, ana.id)


def test_the_captain_owns_a_stage_whose_role_is_empty() -> None:
    release = play(in_production(), dan.leaves("on-call"), dee.leaves("on-call"))
    assert release.owners == (ana.id,)
    assert refusal(release, dan.finishes("Deploy")).ask == (ana.id,)


def test_steps_are_done_in_order() -> None:
    assert refusal(in_production(), dan.finishes("Watch the errors")) == snapshot(
        Refused(code=Code.NOT_YET, because="“Deploy” comes first.")
    )


def test_a_step_is_done_once() -> None:
    release = play(in_production(), dan.finishes("Deploy"))
    answered = snapshot(
        Refused(code=Code.ALREADY_DONE, because="“Deploy” is done already, and it is recorded.")
    )
    assert refusal(release, dan.finishes("Deploy")) == answered
    assert refusal(release, dee.finishes("Deploy")) == answered


def test_a_tick_on_an_old_message_is_answered_kindly() -> None:
    assert refusal(in_production(), ben.finishes("Tag the commit", stage=0)).code is Code.ALREADY_DONE


def test_a_stage_that_has_not_begun_has_no_step_to_tick() -> None:
    answered = snapshot(
        Refused(
            code=Code.NOT_YET,
            because="Check of checkout-1 is not under way, so it has no step to tick.",
            instead="The card says what comes next.",
        )
    )
    assert refusal(started(), ben.finishes("Tag the commit")) == answered
    assert refusal(ready(), ben.finishes("Tag the commit")) == answered


@pytest.mark.parametrize("stage", [-1, 1, 9])
def test_a_step_of_another_stage_is_not_ticked(stage: int) -> None:
    release = play(ready(), ana.begins())
    assert refusal(release, ana.finishes("Deploy", stage=stage)).code is Code.NOT_YET


def test_a_step_that_has_the_name_of_one_in_another_stage_is_not_taken_for_it() -> None:
    assert refusal(in_production(), ana.finishes("Deploy", stage=0)).code is Code.NOT_YET


def test_a_step_of_the_same_words_in_the_next_stage_is_another_step() -> None:
    book = runbook(
        Stage(name="Canary", owner="qa", steps=steps("Deploy")),
        Stage(name="Production", owner="qa", steps=steps("Deploy")),
    )
    release = play(started(book), ben.finishes("Deploy"))
    assert [step.do for step in release.open_steps] == ["Deploy"]
    assert play(release, ben.finishes("Deploy")).state is State.COMPLETED


def test_a_step_of_a_later_stage_is_told_which_stage_has_not_begun() -> None:
    release = play(ready(), ana.begins())
    assert (
        "Check of checkout-1 has not begun" not in refusal(release, dan.finishes("Deploy", stage=1)).because
    )


def test_no_step_is_ticked_while_a_hold_is_open() -> None:
    release = play(in_production(), ben.holds("The dashboards are red."))
    assert refusal(release, dan.finishes("Deploy")).code is Code.ON_HOLD
    assert play(release, ben.lifts(), dan.finishes("Deploy")).done[-1].step == "Deploy"


def test_a_tick_of_an_attempt_that_has_failed_since_is_not_taken() -> None:
    release = play(in_production(), dan.fails("Deploy"))
    assert refusal(release, dan.finishes("Deploy")) == snapshot(
        Refused(
            code=Code.ALREADY_DONE,
            because="“Deploy” has failed, and it is recorded.",
            instead="Retry it, skip it or roll back.",
        )
    )
    release = play(release, dan.retries("Deploy"))
    assert refusal(release, dan.finishes("Deploy", attempt=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="“Deploy” is at attempt 2 by now; this was about attempt 1.",
            instead="Look at its newest messages.",
        )
    )
    assert play(release, dan.finishes("Deploy", attempt=2)).done[-1].step == "Deploy"


def test_a_step_is_waited_for_since_its_turn_came() -> None:
    release = play(in_production(), later(dan.finishes("Deploy"), hours=3))
    assert waiting_on(release)[0].since == release.at
