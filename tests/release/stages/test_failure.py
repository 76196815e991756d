"""A step that failed: somebody says so, and somebody chooses whether to retry it or to skip it."""

import pytest
from inline_snapshot import snapshot

from bot.release.refusal import Code, Refused
from bot.release.release import DoneStep, Ending, Release
from bot.release.stages.failure import Failure, StepFailed, StepRetried, StepSkipped
from bot.release.state import State
from tests.release.given import (
    NINE,
    Act,
    Person,
    ana,
    ben,
    cleo,
    completed,
    dan,
    dee,
    events,
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

BACK = "Put the version before back in place"


def failed() -> Release:
    """Return a release whose first step in production has failed."""
    return play(in_production(), dan.fails("Deploy", "The pods do not start."))


@pytest.mark.parametrize("person", [dan, dee, ana])
def test_an_owner_or_the_captain_says_that_a_step_failed(person: Person) -> None:
    assert events(in_production(), person.fails("Deploy", "The pods do not start.")) == (
        StepFailed(at=NINE, by=person.id, stage=1, step="Deploy", attempt=1, reason="The pods do not start."),
    )


def test_a_failure_is_kept_with_its_attempt_and_reason() -> None:
    release = play(in_production(), later(dan.fails("Deploy", "The pods do not start."), hours=1))
    assert release.state is State.FAILED
    assert release.failure == Failure(
        stage=1, step="Deploy", attempt=1, by=dan.id, at=release.at, reason="The pods do not start."
    )
    assert release.since == release.at


ACTS: dict[str, tuple[str, Act]] = {
    "fail": ("in production", gus.fails("Deploy")),
    "retry": ("failed", gus.retries("Deploy")),
    "skip": ("failed", gus.skips("Deploy")),
}


@pytest.mark.parametrize(("where", "act"), ACTS.values(), ids=ACTS)
def test_nobody_else_says_how_a_step_went_or_chooses_what_follows(where: str, act: Act) -> None:
    refused = refusal(failed() if where == "failed" else in_production(), act)
    assert (refused.code, refused.ask) == (Code.NOT_YOURS, (dan.id, dee.id, ana.id))
    for person in (ben, cleo):
        assert refusal(in_production(), person.fails("Deploy")).code is Code.NOT_YOURS


@pytest.mark.parametrize(
    ("because", "code"),
    [("", Code.REASON_MISSING), ("...", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)],
)
def test_a_failure_and_a_skip_need_a_reason(because: str, code: Code) -> None:
    assert refusal(in_production(), dan.fails("Deploy", because)).code is code
    assert refusal(failed(), dan.skips("Deploy", because)).code is code


def test_a_step_fails_in_its_turn_only() -> None:
    assert refusal(in_production(), dan.fails("Watch the errors")) == snapshot(
        Refused(code=Code.NOT_YET, because="“Deploy” comes first.")
    )
    assert refusal(in_production(), dan.fails("Nothing")).code is Code.NOT_YET
    assert refusal(in_production(), dan.fails("Deploy", stage=0)).code is Code.NOT_YET
    assert refusal(in_production(), ana.fails(BACK, stage=2)).code is Code.NOT_YET


def test_a_step_of_a_stage_that_has_not_begun_does_not_fail() -> None:
    answered = snapshot(
        Refused(
            code=Code.NOT_YET,
            because="Check of checkout-1 is not under way, so it has no step to tick.",
            instead="The card says what comes next.",
        )
    )
    assert refusal(ready(), ben.fails("Tag the commit")) == answered
    assert refusal(started(), ben.fails("Tag the commit")) == answered


def test_a_step_that_is_done_does_not_fail_afterwards() -> None:
    release = play(in_production(), dan.finishes("Deploy"))
    assert refusal(release, dan.fails("Deploy")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="“Deploy” is done already, and it is recorded.")
    )


def test_a_failure_is_reported_once() -> None:
    assert refusal(failed(), dee.fails("Deploy", "It hangs.")) == snapshot(
        Refused(
            code=Code.ALREADY_DONE,
            because="“Deploy” has failed, and it is recorded.",
            instead="Retry it, skip it or roll back.",
        )
    )


def test_a_step_that_has_failed_is_done_once_more() -> None:
    assert events(failed(), dan.retries("Deploy")) == (
        StepRetried(at=NINE, by=dan.id, stage=1, step="Deploy"),
    )
    release = play(failed(), later(dan.retries("Deploy"), hours=1))
    assert (release.state, release.failure, release.attempt) == (State.IN_PROGRESS, None, 2)
    assert release.since == release.at
    assert play(release, dan.finishes("Deploy")).done[-1].step == "Deploy"


def test_each_attempt_is_told_from_the_others() -> None:
    release = play(failed(), dan.retries("Deploy"), dan.fails("Deploy"), dan.retries("Deploy"))
    assert release.attempt == 3
    release = play(release, dan.fails("Deploy"))
    assert release.failure is not None
    assert release.failure.attempt == 3


@pytest.mark.parametrize("attempt", [0, 1, 3, -1])
def test_what_is_said_late_of_another_attempt_is_not_taken(attempt: int) -> None:
    release = play(failed(), dan.retries("Deploy"))
    for act in (dan.fails("Deploy", attempt=attempt), dan.finishes("Deploy", attempt=attempt)):
        assert refusal(release, act).code is Code.STALE
    assert play(release, dan.fails("Deploy", attempt=2)).state is State.FAILED


def test_what_is_said_late_is_told_at_which_attempt_the_step_is() -> None:
    release = play(failed(), dan.retries("Deploy"))
    assert refusal(release, dan.fails("Deploy", attempt=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="“Deploy” is at attempt 2 by now; this was about attempt 1.",
            instead="Look at its newest messages.",
        )
    )


def test_the_next_step_begins_with_its_first_attempt() -> None:
    release = play(failed(), dan.retries("Deploy"), dan.finishes("Deploy"))
    assert release.attempt == 1
    assert names(release, dan.finishes("Watch the errors", attempt=1)) == ["StepDone", "Completed"]
    assert play(failed(), dan.skips("Deploy")).attempt == 1


def test_a_retry_and_a_skip_are_of_the_attempt_that_failed() -> None:
    release = play(failed(), dan.retries("Deploy"), dan.fails("Deploy"))
    for act in (dan.retries("Deploy", attempt=1), dan.skips("Deploy", attempt=1)):
        assert refusal(release, act).code is Code.STALE
    assert names(release, dan.retries("Deploy", attempt=2)) == ["StepRetried"]


def test_a_retry_that_comes_twice_has_one_effect() -> None:
    release = play(failed(), dan.retries("Deploy", attempt=1))
    assert refusal(release, dee.retries("Deploy", attempt=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="“Deploy” of checkout-1 is not a step that has failed just now.",
            instead="Look at its newest messages.",
        )
    )


@pytest.mark.parametrize("act", [dan.retries("Deploy"), dan.skips("Deploy")], ids=["retry", "skip"])
def test_what_has_not_failed_is_neither_retried_nor_skipped(act: Act) -> None:
    assert refusal(in_production(), act).code is Code.STALE


@pytest.mark.parametrize(
    "act",
    [
        dan.retries("Watch the errors"),
        dan.skips("Watch the errors"),
        ana.retries("Deploy", stage=0),
        ana.skips("Deploy", stage=2),
    ],
    ids=["retry another step", "skip another step", "retry in another stage", "skip in another stage"],
)
def test_only_the_step_that_failed_is_retried_or_skipped(act: Act) -> None:
    assert refusal(failed(), act).code is Code.STALE


def test_a_step_that_has_failed_is_skipped_with_a_reason() -> None:
    assert events(failed(), dan.skips("Deploy", "It is done by hand.")) == (
        StepSkipped(at=NINE, by=dan.id, stage=1, step="Deploy", reason="It is done by hand."),
    )
    release = play(failed(), dan.skips("Deploy", "It is done by hand."))
    assert (release.state, release.failure) == (State.IN_PROGRESS, None)
    assert release.done[-1] == DoneStep(
        stage=1, step="Deploy", by=dan.id, at=NINE, skipped="It is done by hand."
    )


def test_the_last_step_that_is_skipped_completes_the_release() -> None:
    release = play(in_production(), dan.finishes("Deploy"), dan.fails("Watch the errors"))
    assert names(release, dan.skips("Watch the errors")) == ["StepSkipped", "Completed"]


def test_a_step_that_was_skipped_is_done() -> None:
    release = play(failed(), dan.skips("Deploy"))
    assert refusal(release, dan.finishes("Deploy")).code is Code.ALREADY_DONE


def test_a_hold_keeps_from_going_on_but_not_from_saying_that_a_step_failed() -> None:
    held = play(in_production(), ben.holds())
    assert play(held, dan.fails("Deploy")).state is State.FAILED
    release = play(failed(), ben.holds())
    for act in (dan.retries("Deploy"), dan.skips("Deploy")):
        assert refusal(release, act).code is Code.ON_HOLD
        assert play(release, ben.lifts(), act).state is State.IN_PROGRESS


def test_a_failure_is_told_also_while_people_cannot_be_read() -> None:
    assert names(in_production(), unread("qa", dan.fails("Deploy"))) == ["StepFailed"]


def test_a_failure_waits_as_long_as_it_takes() -> None:
    release = play(failed(), time_passes(days=30))
    assert release.state is State.FAILED


def test_a_step_that_fails_in_the_way_back_is_retried_or_skipped() -> None:
    release = play(in_production(), ana.rolls_back(), dan.fails(BACK))
    assert release.state is State.ROLLING_BACK
    assert release.failure is not None
    again = play(release, dan.retries(BACK))
    assert (again.state, again.failure, again.attempt) == (State.ROLLING_BACK, None, 2)
    assert refusal(again, dan.finishes(BACK, attempt=1)).code is Code.STALE
    assert names(again, dan.finishes(BACK)) == ["StepDone", "RolledBack"]
    assert names(release, dan.skips(BACK)) == ["StepSkipped", "RolledBack"]


def test_the_failure_that_is_rolled_back_is_not_that_of_the_way_back() -> None:
    release = play(failed(), ana.rolls_back())
    assert (release.failure, release.attempt) == (None, 1)
    assert refusal(release, dan.retries("Deploy", stage=1)).code is Code.STALE


@pytest.mark.parametrize(
    "act",
    [dan.fails("Deploy"), dan.retries("Deploy"), dan.skips("Deploy")],
    ids=["fails", "retries", "skips"],
)
def test_no_step_of_what_has_ended_fails(act: Act) -> None:
    assert refusal(completed(), act).code is Code.ENDED


def test_every_failure_is_kept_with_what_came_of_it() -> None:
    release = play(in_production(), dan.fails("Deploy"), dan.retries("Deploy"), dan.fails("Deploy"))
    assert [(it.stage, it.step, it.attempt) for it in release.failures] == [
        (1, "Deploy", 1),
        (1, "Deploy", 2),
    ]
    back = play(release, dan.rolls_back())
    assert back.failure is None
    assert [it.ended and (it.ended.by, it.ended.how) for it in back.failures] == [
        (dan.id, "retried it"),
        (dan.id, "began to roll back"),
    ]
    skipped = play(release, ana.skips("Deploy", "It is there already"))
    assert skipped.failures[-1].ended == Ending(
        by=ana.id, at=skipped.at, how="skipped it", reason="It is there already"
    )
    begun = play(ready(), ana.begins(), ben.fails("Tag the commit"))
    for stop, how in (
        (ana.changes("1.4.1"), "changed what goes out"),
        (ana.cancels(), "cancelled the release"),
    ):
        stopped = play(begun, stop)
        assert stopped.failure is None
        assert [it.ended and it.ended.how for it in stopped.failures] == [how]
