"""Steps that are run: asked for once at their turn, and done when the run has passed."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.ids import ROLLCALL, ReleaseKey
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.runs import Behind, Order, RunAsked, RunBegan, RunEnded, RunHeldUp
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Rollback, Step
from bot.runbook.runs import Input, Provider, Run
from tests.release.given import (
    NINE,
    Pipeline,
    ana,
    asks,
    ben,
    dan,
    events,
    gated,
    later,
    names,
    pipeline,
    play,
    refusal,
    run_step,
    start,
    started,
    started_with,
    time_passes,
)

DEPLOY = run_step("Deploy", "deploy", "{environment}", "{version}", within=timedelta(minutes=15))
BACK = Rollback(steps=(run_step("Put it back", "deploy", "{environment}", "{before}"),))


def deploy(version: str) -> Order:
    return Order(by=Provider.COMMAND, name="deploy", words=("Only", version))


def running(*more: Step, rollback: Rollback | None = None) -> Release:
    """Return a release whose production stage has begun with a step that is run."""
    book = gated(asks("QA", qa=1), todo=(DEPLOY, *more), rollback=rollback)
    return play(started(book), ben.approves("QA"))


def test_a_run_is_asked_for_when_it_is_the_turn_of_its_step() -> None:
    book = gated(asks("QA", qa=1), todo=(DEPLOY,))
    assert names(started(book), ben.approves("QA")) == ["Approved", "GatesMet", "StageBegan", "RunAsked"]
    release = running()
    assert release.state is State.IN_PROGRESS
    assert release.run is not None
    assert (release.run.number, release.run.order) == (1, deploy("1.4.0"))
    assert release.run.until == NINE + timedelta(minutes=15)


def test_it_is_waited_for_on_nobody_until_it_has_had_its_time() -> None:
    [waiting] = waiting_on(running())
    assert (waiting.kind, waiting.name, waiting.on) == (Awaited.RUN, "Deploy", ())
    assert (waiting.since, waiting.until) == (NINE, NINE + timedelta(minutes=15))


def test_the_step_is_done_when_its_run_has_passed_and_the_next_one_begins() -> None:
    release = running(run_step("Watch", "watch"))
    assert names(release, pipeline.passes()) == ["RunEnded", "StepDone", "RunAsked"]
    release = play(release, pipeline.begins("https://ci.example/7"), pipeline.passes("All is well."))
    first, second = release.runs
    assert (first.began, first.ended, first.passed) == (NINE, NINE, True)
    assert (first.link, first.said) == ("https://ci.example/7", "All is well.")
    assert [(tick.step, tick.by) for tick in release.done] == [("Deploy", ROLLCALL)]
    assert (second, second.step, second.number) == (release.run, "Watch", 2)
    assert play(release, pipeline.passes()).state is State.COMPLETED


def test_a_run_that_fails_fails_its_step_and_a_person_chooses() -> None:
    release = play(running(), pipeline.fails("curl: (22) 503"))
    assert release.state is State.FAILED
    assert release.failure is not None
    assert (release.failure.by, release.failure.reason) == (ROLLCALL, "curl: (22) 503")
    assert release.run is None
    assert [one.kind for one in waiting_on(release)] == [Awaited.CHOICE]


def test_of_a_run_that_fails_without_a_word_it_is_said_that_it_did() -> None:
    release = play(running(), pipeline.fails(""))
    assert release.failure is not None
    assert release.failure.reason == "It failed, and did not say why."


def test_a_retry_is_a_new_run() -> None:
    release = play(running(), pipeline.fails(), ben.retries("Deploy"))
    assert release.run is not None
    assert (release.run.number, release.run.attempt) == (2, 2)
    assert play(release, pipeline.passes()).state is State.COMPLETED


def test_a_skipped_step_is_not_run() -> None:
    release = play(running(), pipeline.fails(), ben.skips("Deploy"))
    assert release.state is State.COMPLETED
    assert len(release.runs) == 1


def test_nobody_ticks_a_step_that_is_run() -> None:
    assert refusal(running(), ben.finishes("Deploy")) == snapshot(
        Refused(
            code=Code.NOT_YET,
            because="“Deploy” is done by a run, and is ticked when that has passed.",
            instead="If it is stuck, say that it failed: then it can be retried, or skipped with a reason.",
        )
    )


def test_nobody_but_rollcall_tells_of_a_run() -> None:
    told = refusal(running(), Pipeline(ana.id).passes())
    assert told == snapshot(
        Refused(code=Code.NOT_YOURS, because="What becomes of a run is told by Rollcall alone.")
    )
    assert refusal(running(), Pipeline(ana.id).begins()) == told


@pytest.mark.parametrize("number", [0, 2, -1])
def test_what_there_is_not_cannot_be_told_of(number: int) -> None:
    assert refusal(running(), pipeline.passes(run=number)).code is Code.STALE
    assert refusal(running(), pipeline.begins(run=number)).code is Code.STALE


def test_it_is_told_once_that_it_began_and_how_it_ended() -> None:
    begun = play(running(), pipeline.begins())
    assert refusal(begun, pipeline.begins()) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="That of run 1 is known already.")
    )
    failed = play(begun, pipeline.fails())
    for late in (pipeline.passes(), pipeline.fails(), pipeline.begins()):
        assert refusal(failed, late).code is Code.ALREADY_DONE


def test_a_run_that_an_older_one_keeps_from_beginning_waits_for_the_captain_to_end_that() -> None:
    held_up = later(pipeline.waits_for("checkout-1", 1, "https://ci.example/6"), seconds=31)
    assert events(running(), held_up)[0] == RunHeldUp(
        at=NINE + timedelta(seconds=31),
        by=ROLLCALL,
        number=1,
        older=ReleaseKey("checkout-1"),
        older_number=1,
        link="https://ci.example/6",
    )
    release = play(running(), held_up)
    [waiting] = waiting_on(release)
    assert waiting == Waiting(
        kind=Awaited.HELD_UP,
        name="Deploy",
        role="qa",
        on=(ana.id,),
        since=NINE + timedelta(seconds=31),
        until=NINE + timedelta(minutes=15),
        said="run 1 of checkout-1",
    )
    assert [one.kind for one in waiting_on(play(release, pipeline.begins()))] == [Awaited.RUN]


def test_it_is_told_once_of_each_older_run_and_not_after_it_began() -> None:
    release = play(running(), pipeline.waits_for("checkout-1", 1))
    assert refusal(release, pipeline.waits_for("checkout-1", 1)).code is Code.ALREADY_DONE
    assert names(release, pipeline.waits_for("checkout-1", 2)) == ["RunHeldUp"]
    assert names(release, pipeline.waits_for("checkout-2", 1)) == ["RunHeldUp"]
    assert refusal(play(release, pipeline.begins()), pipeline.waits_for("checkout-2")).code is (
        Code.ALREADY_DONE
    )
    assert refusal(running(), Pipeline(ana.id).waits_for("checkout-1")).code is Code.NOT_YOURS
    assert refusal(running(), pipeline.waits_for("checkout-1", run=2)).code is Code.STALE


def test_only_the_run_that_is_held_up_is() -> None:
    release = play(running(run_step("Watch", "watch")), pipeline.begins(), pipeline.passes())
    assert [run.held_up_by for run in play(release, pipeline.waits_for("checkout-0")).runs] == [
        None,
        Behind(release=ReleaseKey("checkout-0"), number=1, since=NINE),
    ]
    first = play(running(), pipeline.begins(), pipeline.fails(), ben.retries("Deploy"))
    assert names(first, pipeline.waits_for("checkout-2", 1)) == ["RunHeldUp"]
    assert refusal(first, pipeline.waits_for("checkout-2", 1, run=1)).code is Code.ALREADY_DONE


def test_an_address_that_is_none_is_left_out() -> None:
    run = play(running(), pipeline.waits_for("checkout-1", 1, "javascript:alert(1)")).runs[0]
    assert run.held_up_by is not None
    assert run.held_up_by.link == ""


def test_what_could_not_begin_in_its_time_says_why() -> None:
    release = play(running(), pipeline.waits_for("checkout-1", 2), time_passes(minutes=15))
    assert release.failure is not None
    assert release.failure.reason == snapshot(
        "It could not begin within 15m: run 2 of checkout-1 did not stop."
    )
    begun = play(running(), pipeline.waits_for("checkout-1", 2), pipeline.begins(), time_passes(minutes=15))
    assert begun.failure is not None
    assert begun.failure.reason == "It did not end within 15m, so it is stopped."


def test_each_run_is_told_of_by_itself() -> None:
    release = play(running(run_step("Watch", "watch")), pipeline.passes(run=1))
    assert [run.began for run in play(release, pipeline.begins(run=2)).runs] == [None, NINE]
    with_both = play(running(run_step("Watch", "watch")), pipeline.begins(), pipeline.passes())
    assert names(with_both, pipeline.begins(run=2)) == ["RunBegan"]


def test_rollcall_looks_again_when_a_run_has_had_its_time() -> None:
    release = running()
    assert attention_at(release) == NINE + timedelta(minutes=15)
    ended = play(release, ana.holds("Look."), pipeline.passes())
    assert attention_at(ended) != NINE + timedelta(minutes=15)


def test_what_it_says_is_bounded_and_readable() -> None:
    assert refusal(running(), pipeline.fails("x" * 501)).code is Code.TEXT_TOO_LONG
    assert refusal(running(), pipeline.fails("red\x1b[31m")).code is Code.TEXT_UNREADABLE
    assert play(running(), pipeline.fails("x" * 500)).failure


def test_while_it_is_on_hold_nothing_is_run() -> None:
    release = play(running(run_step("Watch", "watch")), ana.holds("Look."), pipeline.passes())
    assert [run.ended is not None for run in release.runs] == [True]
    assert release.done == ()
    assert [one.kind for one in waiting_on(release)] == [Awaited.HOLD]
    assert names(release, ana.lifts()) == ["HoldLifted", "StepDone", "RunAsked"]


def test_a_hold_does_not_hide_that_a_run_has_failed() -> None:
    assert play(running(), ana.holds("Look."), pipeline.fails()).state is State.FAILED


def test_a_run_of_which_a_person_says_that_it_failed_is_no_longer_wanted() -> None:
    release = play(running(), ben.fails("Deploy", "It is stuck."))
    assert release.run is None
    again = play(release, ben.retries("Deploy"))
    late = play(again, pipeline.passes(run=1))
    assert (late.runs[0].passed, late.runs[0].ended) == (True, NINE)
    assert late.run == again.run
    assert late.state is State.IN_PROGRESS


def test_a_run_has_its_time_and_no_more() -> None:
    release = running()
    assert names(release, time_passes(minutes=14, seconds=59)) == []
    assert names(release, time_passes(minutes=15)) == ["StepFailed"]
    late = play(release, time_passes(minutes=15))
    assert late.failure is not None
    assert late.failure.reason == snapshot("It did not end within 15m, so it is stopped.")
    assert (late.failure.by, late.run) == (ROLLCALL, None)


def test_a_run_that_ended_in_time_has_no_time_to_wait_for() -> None:
    release = play(running(), ana.holds("Look."), pipeline.passes())
    assert names(release, time_passes(minutes=15)) == []


def test_a_run_of_a_stage_that_begins_anew_counts_for_it_no_more() -> None:
    book = gated(asks("QA", qa=1), todo=(DEPLOY,))
    stage = book.stages[0].model_copy(update={"production": False})
    release = play(started(book.model_copy(update={"stages": (stage,)})), ben.approves("QA"))
    other = play(release, later(ana.changes("1.4.1"), minutes=1))
    assert other.run is None
    again = play(other, later(ben.approves("QA"), minutes=2))
    assert again.run is not None
    assert (again.run.number, again.run.order) == (2, deploy("1.4.1"))
    assert play(again, later(pipeline.passes(run=1), minutes=3)).done == ()


def test_the_way_back_is_run_with_the_version_before_whatever_holds_it() -> None:
    release = play(running(rollback=BACK), ana.holds("Look."), ana.rolls_back())
    assert release.run is not None
    assert release.run.order == deploy("1.3.0")
    assert [one.kind for one in waiting_on(release)] == [Awaited.RUN]
    assert play(release, pipeline.passes()).state is State.ROLLED_BACK


def test_without_a_version_before_it_the_way_back_is_not_run() -> None:
    release = play(running(rollback=BACK), ana.rolls_back(to=None))
    assert len(release.runs) == 1
    assert release.failure is not None
    assert release.failure.reason == snapshot("The version before is not known, so nothing was run.")


def test_the_way_back_may_be_told_the_commit_that_was_approved_before() -> None:
    back = Rollback(steps=(run_step("Put it back", "deploy", "{before_commit}"),))
    release = play(running(rollback=back), ana.rolls_back(commit="abc1234"))
    assert release.run is not None
    assert release.run.order.words == ("abc1234",)
    unknown = play(running(rollback=back), ana.rolls_back())
    assert unknown.failure is not None
    assert unknown.failure.reason == "The commit of the version before is not known, so nothing was run."


def test_a_workflow_is_asked_for_with_all_that_github_is_told_of_it() -> None:
    inputs = (Input(name="environment", value="{environment}"), Input(name="tag", value="v{version}"))
    run = Run(workflow="deploy.yml", ref="release/{version}", inputs=inputs)
    back = Run(workflow="deploy.yml", ref="main", inputs=(Input(name="version", value="{before}"),))
    book = gated(
        todo=(Step(do="Deploy", run=run),),
        rollback=Rollback(steps=(Step(do="Put it back", run=back),)),
        repository="https://github.com/acme/checkout",
    )
    release = started(book)
    assert release.run is not None
    assert release.run.order == Order(
        by=Provider.WORKFLOW,
        name="deploy.yml",
        repository="https://github.com/acme/checkout",
        ref="release/1.4.0",
        inputs=(("environment", "Only"), ("tag", "v1.4.0")),
    )
    assert release.run.order.text == "deploy.yml at release/1.4.0 environment=Only tag=v1.4.0"
    returning = play(release, ana.rolls_back()).run
    assert returning is not None
    assert (returning.order.ref, returning.order.inputs) == ("main", (("version", "1.3.0"),))
    assert play(release, ana.rolls_back(to=None)).failure is not None


def test_where_a_run_can_be_watched_may_become_known_later() -> None:
    release = play(running(), pipeline.begins())
    watched = play(release, later(pipeline.begins("https://ci.acme.example/7"), minutes=1))
    assert release.run is not None
    assert watched.run is not None
    assert (watched.run.began, watched.run.link) == (release.run.began, "https://ci.acme.example/7")
    for link in ("", "no link", "https://ci.acme.example/8"):
        assert refusal(watched, pipeline.begins(link)).code is Code.ALREADY_DONE
    for link in ("", "no link"):
        assert refusal(release, pipeline.begins(link)).code is Code.ALREADY_DONE


def test_a_pipeline_is_asked_for_with_all_that_gitlab_is_told_of_it() -> None:
    run = Run(pipeline="v{version}", inputs=(Input(name="ENVIRONMENT", value="{environment}"),))
    book = gated(todo=(Step(do="Deploy", run=run),), repository="https://gitlab.com/acme/eu/checkout")
    release = started(book)
    assert release.run is not None
    assert release.run.order == Order(
        by=Provider.PIPELINE,
        name="pipeline",
        repository="https://gitlab.com/acme/eu/checkout",
        ref="v1.4.0",
        inputs=(("ENVIRONMENT", "Only"),),
    )
    assert release.run.order.text == "pipeline at v1.4.0 ENVIRONMENT=Only"


def test_a_webhook_is_asked_for_by_its_address() -> None:
    address = "https://ci.acme.example/hooks/deploy"
    run = Run(webhook=address, inputs=(Input(name="tag", value="v{version}"),))
    release = started(gated(todo=(Step(do="Deploy", run=run),)))
    assert release.run is not None
    assert release.run.order == Order(by=Provider.WEBHOOK, name=address, inputs=(("tag", "v1.4.0"),))
    assert release.run.order.text == f"{address} tag=v1.4.0"


def test_what_is_run_may_be_told_the_commit_that_was_approved() -> None:
    book = gated(asks("QA", qa=1), todo=(run_step("Deploy", "deploy", "{commit}"),))
    known = started_with(start(manifest=Manifest(commit="abc1234")), book)
    release = play(known, ben.approves("QA"))
    assert release.run is not None
    assert release.run.order.words == ("abc1234",)
    unknown = play(started(book), ben.approves("QA"))
    assert unknown.failure is not None
    assert unknown.failure.reason == "The commit is not known, so nothing was run."
    assert unknown.runs == ()


def test_what_happened_is_kept_as_facts() -> None:
    book = gated(asks("QA", qa=1), todo=(DEPLOY,))
    [*_, asked] = events(started(book), ben.approves("QA"))
    assert asked == RunAsked(
        at=NINE,
        by=ROLLCALL,
        stage=0,
        step="Deploy",
        attempt=1,
        order=deploy("1.4.0"),
        until=NINE + timedelta(minutes=15),
    )


@pytest.mark.parametrize("link", ["", "https://ci.example/<@U0EVIL>", "ci.example/7", "https://" + "x" * 500])
def test_a_run_goes_on_where_its_address_cannot_be_shown(link: str) -> None:
    begun = play(running(), pipeline.begins(link))
    assert (begun.runs[0].began, begun.runs[0].link) == (NINE, "")


def test_a_run_under_way_is_told_with_its_link() -> None:
    assert events(running(), pipeline.begins("https://ci.example/7")) == (
        RunBegan(at=NINE, by=ROLLCALL, number=1, link="https://ci.example/7"),
    )
    assert events(running(), pipeline.passes("Done."))[0] == RunEnded(
        at=NINE, by=ROLLCALL, number=1, passed=True, said="Done."
    )


def test_that_a_run_failed_is_said_by_an_owner_or_the_captain() -> None:
    assert refusal(running(), dan.fails("Deploy")).code is Code.NOT_YOURS
