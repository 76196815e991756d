"""Going back by itself: what brings it about, who can veto it, and when it begins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.decide import decide_start, fold
from bot.release.gates.checks import Outcome
from bot.release.ids import ROLLCALL
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.stages.going_back import GoingBack, RollbackCalledOff, RollbackPlanned
from bot.release.stages.rollback import RollbackBegan
from bot.release.state import State
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Gate, Of
from bot.runbook.model import Check, Rollback, Stage
from tests.release.given import (
    NINE,
    Act,
    Person,
    ana,
    asks,
    bea,
    ben,
    cleo,
    dan,
    events,
    gus,
    in_production,
    later,
    names,
    needs,
    play,
    reading,
    refusal,
    runbook,
    start,
    start_facts,
    started,
    steps,
    time_passes,
)

MINUTES = timedelta(minutes=10)
BACK = Rollback(automatic=MINUTES)
HEALTHY, FAST = CheckPassed(check="errors"), CheckPassed(check="speed")
AFTER = Stage(
    name="After",
    owner="qa",
    gates=(needs("Healthy", HEALTHY), asks("Happy", qa=1)),
    steps=steps("Tell everybody"),
)
LIVE = Stage(name="Production", owner="on-call", production=True, steps=steps("Deploy"))
READ = tuple(
    Check(name=name, read=Read(url="https://shop.example/health"), every=timedelta(minutes=5))
    for name in ("errors", "speed", "load")
)
ERRORS = (Check(name="errors", by="qa"), Check(name="speed", by="qa"))


def deploying(**other: object) -> Release:
    """Return a release whose step in production is next."""
    book = runbook(
        Stage(name="Check", owner="qa", steps=steps("Tag")),
        LIVE,
        AFTER,
        **{"rollback": BACK, "checks": ERRORS, **other},  # type: ignore[arg-type]
    )
    return play(started(book), ben.finishes("Tag"))


def failed(**other: object) -> Release:
    return play(deploying(**other), dan.fails("Deploy", "The pods do not start."))


def out(*acts: Act) -> Release:
    """Return a release that is in production, before the gates of the stage after it."""
    return play(deploying(), dan.finishes("Deploy"), *acts)


def test_a_step_that_fails_in_production_is_announced_to_take_it_back() -> None:
    assert events(deploying(), dan.fails("Deploy", "The pods do not start."))[1] == RollbackPlanned(
        at=NINE,
        by=ROLLCALL,
        because="“Deploy” has failed: The pods do not start.",
        since=NINE,
        until=NINE + MINUTES,
    )


def test_what_is_announced_is_looked_at_again_when_its_time_is_over() -> None:
    release = failed()
    assert attention_at(release) == NINE + MINUTES
    assert play(release, time_passes(minutes=9.9)).state is State.FAILED
    back = events(release, time_passes(minutes=10))
    assert [type(one).__name__ for one in back][:2] == ["RollbackBegan", "StageBegan"]
    assert isinstance(back[0], RollbackBegan)
    assert (back[0].by, back[0].reason) == ("rollcall", "“Deploy” has failed: The pods do not start.")


@pytest.mark.parametrize(
    "release",
    [
        lambda: failed(rollback=None),
        lambda: failed(rollback=Rollback()),
        lambda: play(deploying(), gus.holds()),
        lambda: play(
            started(runbook(AFTER, LIVE, rollback=BACK, checks=ERRORS)), ben.reports("errors", passed=False)
        ),
        lambda: play(deploying(), ben.reports("errors", passed=False)),
        lambda: out(ben.reports("speed", passed=False)),
        lambda: out(ben.reports("errors", passed=True)),
        lambda: play(rehearsing(), reading.says("rehearsed", Outcome.FAILED)),
        out,
    ],
    ids=[
        "the runbook says nothing of a rollback",
        "nor that it begins by itself",
        "nothing has failed",
        "production was not touched",
        "no gate is open that needs the check",
        "no gate needs the check",
        "it has passed",
        "it says nothing of production",
        "nobody has reported it",
    ],
)
def test_otherwise_nothing_is_announced(release: Callable[[], Release]) -> None:
    assert not release().plans


ROLL = (Check(name="errors", by="qa", each=True, fresh=timedelta(hours=4)),)


def rolled(*acts: Act) -> Release:
    """Return a release that is in production, where everybody in QA says whether it does well."""
    return play(deploying(checks=ROLL), dan.finishes("Deploy"), *acts)


def test_one_no_of_several_announces_it_with_their_words_whatever_others_say_after_them() -> None:
    no = ben.reports("errors", passed=False, comment="Orders are lost.")
    fine = bea.reports("errors", comment="Looks fine to me.")
    (plan,) = play(deploying(checks=ROLL), no, fine, dan.finishes("Deploy")).plans
    assert plan.because == "The check errors has failed: Orders are lost."
    (plan,) = rolled(fine, no).plans
    assert plan.because == "The check errors has failed: Orders are lost."
    (plan,) = rolled(no, fine).plans
    assert (plan.because, plan.ended) == ("The check errors has failed: Orders are lost.", None)


def test_the_no_of_another_is_announced_by_itself() -> None:
    no = later(bea.reports("errors", passed=False, comment="Flaky."), minutes=1)
    other = later(ben.reports("errors", passed=False, comment="Orders are lost."), minutes=1)
    vetoed = rolled(no, dan.vetoes())
    assert len(play(vetoed, other).plans) == 1
    assert len(play(vetoed, other, later(bea.reports("errors"), minutes=1)).plans) == 2


def test_a_no_from_before_production_was_touched_hides_none_that_comes_later() -> None:
    book = runbook(
        Stage(name="Check", owner="qa", steps=steps("Tag")), LIVE, AFTER, rollback=BACK, checks=ROLL
    )
    early = play(
        started(book),
        bea.reports("errors", passed=False, comment="Flaky."),
        later(ben.finishes("Tag"), minutes=5),
        dan.finishes("Deploy"),
    )
    assert early.plans == ()
    (plan,) = play(early, later(ben.reports("errors", passed=False), minutes=5)).plans
    assert plan.since == NINE + timedelta(minutes=10)


def test_a_no_is_not_called_off_by_the_age_of_what_another_has_said() -> None:
    release = rolled(bea.reports("errors"), later(ben.reports("errors", passed=False), hours=3, minutes=55))
    assert names(release, time_passes(minutes=5))[0] == "CheckExpired"
    assert not play(release, time_passes(minutes=5)).plans[0].ended


def rehearsing() -> Release:
    """Return a release in production that waits for a drill that is not too old."""
    after = AFTER.model_copy(update={"gates": (needs("Way back", CheckPassed(check="rehearsed")),)})
    rehearsed = Check(name="rehearsed", read=Read(drill=timedelta(days=30)))
    book = runbook(LIVE, after, rollback=BACK, checks=(rehearsed,))
    return play(started(book), dan.finishes("Deploy"))


def test_a_check_that_a_gate_needs_is_minded_once_production_was_touched() -> None:
    release = out(later(ben.reports("errors", passed=False, comment="5%"), minutes=1))
    assert release.plan == GoingBack(
        because="The check errors has failed: 5%",
        since=release.at,
        at=release.at,
        until=release.at + MINUTES,
    )
    assert play(release, later(ben.reports("errors", passed=True), minutes=2)).plan is None


def test_of_several_checks_that_have_failed_the_first_is_told() -> None:
    both = AFTER.model_copy(update={"gates": (needs("Well", Of(parts=(FAST, HEALTHY))),)})
    book = runbook(LIVE, both, rollback=BACK, checks=ERRORS)
    release = play(started(book), dan.finishes("Deploy"), gus.holds())
    later_on = play(
        release,
        later(ben.reports("speed", passed=False), minutes=1),
        later(ben.reports("errors", passed=False), minutes=1),
    )
    assert [plan.because for plan in later_on.plans] == ["The check speed has failed"]


def watched(*gates: Gate) -> Release:
    """Return a release that is in production, and watched by its checks before the next stage."""
    after = AFTER.model_copy(update={"gates": gates})
    book = runbook(LIVE, after, rollback=BACK, checks=READ, overrides="qa")
    return play(started(book), dan.finishes("Deploy"))


def both() -> Release:
    return watched(needs("Well", Of(parts=(HEALTHY, FAST))))


def says(check: str, outcome: Outcome, minutes: float = 1) -> Act:
    return later(reading.says(check, outcome, "as it is"), minutes=minutes)


def test_what_cannot_be_read_any_more_does_not_call_it_off() -> None:
    release = play(both(), says("errors", Outcome.FAILED), says("errors", Outcome.UNKNOWN))
    assert release.plan
    back = events(release, time_passes(minutes=9))[0]
    assert isinstance(back, RollbackBegan)
    assert back.reason == "The check errors had failed, and cannot be read now: as it is"


def test_what_was_never_read_announces_nothing() -> None:
    assert not play(both(), says("errors", Outcome.UNKNOWN), says("speed", Outcome.PENDING)).plans


def test_what_is_not_known_beside_it_keeps_no_failure_from_being_announced() -> None:
    either = needs("Either", Of(parts=(HEALTHY, FAST), count=1))
    release = watched(either, needs("Load", CheckPassed(check="load")))
    unknown = play(
        release,
        says("speed", Outcome.PASSED),
        says("errors", Outcome.FAILED),
        says("errors", Outcome.UNKNOWN),
        says("speed", Outcome.UNKNOWN),
    )
    assert not unknown.plans
    assert play(unknown, says("load", Outcome.FAILED)).plan


def test_a_veto_holds_until_the_check_has_passed() -> None:
    release = play(both(), says("errors", Outcome.FAILED), dan.vetoes("I look at it."))
    again = play(release, says("errors", Outcome.UNKNOWN), says("errors", Outcome.FAILED))
    assert len(again.plans) == 1
    anew = play(again, says("errors", Outcome.PASSED), says("errors", Outcome.FAILED))
    assert anew.plan


def test_a_veto_is_for_all_that_goes_wrong_then_and_for_nothing_else() -> None:
    release = play(
        both(), says("errors", Outcome.FAILED), says("speed", Outcome.FAILED), dan.vetoes("Known.")
    )
    assert play(release, says("errors", Outcome.PASSED)).plan is None
    other = play(both(), says("errors", Outcome.FAILED), dan.vetoes("Known."), says("speed", Outcome.FAILED))
    assert other.plan
    assert other.plan.because == "The check speed has failed: as it is"


def test_checks_that_fail_in_turn_take_it_back_in_the_end() -> None:
    release = play(both(), says("errors", Outcome.FAILED), says("speed", Outcome.FAILED))
    turned = play(release, says("errors", Outcome.PASSED))
    assert len(turned.plans) == 1
    back = events(turned, time_passes(minutes=8))[0]
    assert isinstance(back, RollbackBegan)
    assert back.reason == "The check speed has failed: as it is"


def test_a_check_that_keeps_nothing_back_takes_nothing_back() -> None:
    happy = asks("Happy", qa=1)
    either = watched(needs("Well", Of(parts=(HEALTHY, FAST), count=1)), happy)
    assert not play(either, says("speed", Outcome.PASSED), says("errors", Outcome.FAILED)).plans
    failing = play(watched(needs("Healthy", HEALTHY), happy), says("errors", Outcome.FAILED))
    assert failing.plan
    assert play(failing, ben.overrides("Healthy", "It burns.")).plan is None


def test_what_had_failed_before_production_was_touched_takes_nothing_back() -> None:
    first = Stage(name="Check", owner="qa", gates=(needs("Healthy", HEALTHY),), steps=steps("Tag"))
    book = runbook(first, LIVE, AFTER, rollback=BACK, checks=ERRORS, overrides="qa")
    tagged = play(started(book), ben.reports("errors", passed=False), ben.overrides("Healthy", "It is old."))
    assert not play(
        tagged, later(ben.finishes("Tag"), minutes=1), later(dan.finishes("Deploy"), minutes=1)
    ).plans


def test_where_nobody_could_look_in_all_that_time_it_is_announced_anew() -> None:
    late = play(failed(), time_passes(minutes=20))
    assert late.state is State.FAILED
    assert late.plan
    assert (late.plan.until, len(late.plans)) == (NINE + 3 * MINUTES, 1)
    assert play(late, time_passes(minutes=10)).state is State.ROLLING_BACK
    assert play(failed(), time_passes(minutes=19.9)).state is State.ROLLING_BACK


def test_what_is_put_off_is_the_newest_of_what_was_announced() -> None:
    again = play(failed(), dan.retries("Deploy"), dan.fails("Deploy"), time_passes(minutes=20))
    assert again.plan
    assert [bool(plan.ended) for plan in again.plans] == [True, False]


def test_of_all_that_goes_wrong_the_first_is_the_reason() -> None:
    release = play(both(), says("errors", Outcome.FAILED), says("speed", Outcome.FAILED))
    back = events(release, time_passes(minutes=9))[0]
    assert isinstance(back, RollbackBegan)
    assert back.reason == "The check errors has failed: as it is"


def test_what_goes_wrong_on_the_way_back_announces_nothing() -> None:
    release = play(
        failed(), dan.rolls_back("It is broken."), dan.fails("Put the version before back in place")
    )
    assert release.failure
    assert len(release.plans) == 1


def test_it_goes_back_to_what_was_in_production_when_it_was_started() -> None:
    book = runbook(LIVE, AFTER, rollback=BACK, checks=ERRORS)
    decided = decide_start(start(), replace(start_facts(book), in_production=("1.3.0", "abc1234")))
    assert not isinstance(decided, Refused)
    back = events(play(fold(decided), dan.fails("Deploy")), time_passes(minutes=10))[0]
    assert isinstance(back, RollbackBegan)
    assert (back.to, back.to_commit) == ("1.3.0", "abc1234")


def test_a_veto_is_told_in_the_next_summary() -> None:
    vetoed = play(failed(), dan.vetoes("I look at it."))
    assert [(one.what, one.name) for one in vetoed.news][-1] == ("vetoed the rollback:", "I look at it.")


def test_a_check_without_a_word_is_told_without_one() -> None:
    plan = out(ben.reports("errors", passed=False)).plan
    assert plan
    assert plan.because == "The check errors has failed"


def test_what_went_wrong_and_is_over_takes_nothing_back() -> None:
    release = play(failed(), later(dan.retries("Deploy"), minutes=5))
    assert release.plans[0].ended == Ending(
        by=ROLLCALL, at=release.at, how="called it off, as what went wrong was mended or is tried again"
    )
    assert release.plan is None
    assert play(release, time_passes(minutes=30)).state is State.IN_PROGRESS


def test_when_it_goes_wrong_again_it_has_its_time_again() -> None:
    again = play(failed(), dan.retries("Deploy"), later(dan.fails("Deploy"), minutes=9))
    assert again.plan
    assert again.plan.until == again.at + MINUTES
    assert len(again.plans) == 2
    assert [bool(one.ended) for one in play(again, dan.vetoes("I look at it.")).plans] == [True, True]


def test_a_skipped_step_calls_it_off_also_where_it_was_the_last() -> None:
    book = runbook(LIVE, rollback=BACK)
    release = play(started(book), dan.fails("Deploy"))
    after = events(release, dan.skips("Deploy"))
    assert [type(one).__name__ for one in after] == ["StepSkipped", "RollbackCalledOff", "Completed"]
    assert isinstance(after[1], RollbackCalledOff)


def test_a_hold_keeps_nothing_from_going_back() -> None:
    release = play(failed(), gus.holds(), time_passes(minutes=10))
    assert release.state is State.ROLLING_BACK


def test_a_person_who_rolls_back_does_not_wait() -> None:
    release = play(failed(), dan.rolls_back("It is broken."))
    assert (release.plan, release.plans[0].ended) == (
        None,
        Ending(by=dan.id, at=NINE, how="began to roll back"),
    )


@pytest.mark.parametrize("person", [ana, dan], ids=["who leads", "who owns the stage and goes back"])
def test_who_may_roll_back_may_veto(person: Person) -> None:
    release = play(failed(), person.vetoes("I look at it."))
    assert release.plans[0].ended == Ending(by=person.id, at=NINE, how="vetoed it", reason="I look at it.")
    assert play(release, time_passes(hours=2)).state is State.FAILED


@pytest.mark.parametrize("person", [ben, bea, cleo, gus])
def test_nobody_else_vetoes(person: Person) -> None:
    assert refusal(failed(), person.vetoes("No.")).code is Code.NOT_YOURS


def test_a_veto_has_a_reason() -> None:
    assert refusal(failed(), dan.vetoes("")).code is Code.REASON_MISSING


def test_without_an_announcement_there_is_nothing_to_veto() -> None:
    assert refusal(in_production(), dan.vetoes("No.")) == snapshot(
        Refused(
            code=Code.NOTHING_TO_DO,
            because="checkout-1 is not about to go back by itself, so there is nothing to veto.",
        )
    )
    assert isinstance(refusal(play(failed(), dan.vetoes("No.")), dan.vetoes("No.")), Refused)


def test_a_long_failure_is_told_as_far_as_a_reason_holds_it() -> None:
    release = play(deploying(), dan.fails("Deploy", "r" * 500))
    assert release.plan
    assert len(release.plan.because) == 500
    assert play(release, time_passes(minutes=10)).state is State.ROLLING_BACK
