"""What a release says to the deployments of its version, in each of its states."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.deployments.verdict import Go, No, NotOurs, Verdict, Wait, belongs, is_run_of, judge, together
from bot.ledger.progress.deployments import Deployment
from bot.release.manifest import Manifest
from bot.release.release import Release
from bot.runbook.model import Rollback, Stage, Step
from bot.runbook.runs import Run
from tests.release.given import (
    ana,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    in_production,
    pipeline,
    play,
    ready,
    runbook,
    started,
    steps,
    time_passes,
)
from tests.release.stages.test_drill import drilled, facts

HOME = "https://github.com/acme/checkout"
RUN = f"{HOME}/actions/runs/7"


def deployment(ref: str = "v1.4.0", environment: str = "Production", pipeline: str = "9") -> Deployment:
    return Deployment(
        repository=HOME,
        pipeline=f"{HOME}/actions/runs/{pipeline}",
        environment=environment,
        number="1",
        commit="a" * 40,
        ref=ref,
        sender="",
    )


def with_commit(release: Release, commit: str) -> Release:
    return replace(release, manifest=Manifest(commit=commit))


def kind(release: Release, one: Deployment) -> type[Verdict]:
    return type(judge(one, release))


HELD = play(in_production(), cleo.holds())
FAILED = play(in_production(), dan.fails("Deploy"))
BACK = play(in_production(), ana.rolls_back(to="1.3.0"))


@pytest.mark.parametrize(
    ("release", "says"),
    [
        (started(), Wait),
        (ready(), Wait),
        (in_production(), Go),
        (HELD, Wait),
        (play(HELD, cleo.lifts()), Go),
        (FAILED, Wait),
        (play(FAILED, dan.retries("Deploy")), Go),
        (play(in_production(), dan.finishes("Deploy")), Go),
        (completed(), Go),
        (play(started(), ana.cancels()), No),
        (BACK, No),
        (play(BACK, dan.finishes("Put the version before back in place")), No),
    ],
)
def test_it_goes_on_while_its_stage_has_begun_and_nothing_stops_it(
    release: Release, says: type[Verdict]
) -> None:
    assert kind(release, deployment()) is says


def test_a_stage_that_is_done_lets_its_deployments_through_whatever_the_next_one_waits_for() -> None:
    later = play(ready(), ana.begins(), ben.finishes("Tag the commit"))
    assert kind(later, deployment(environment="Check")) is Go
    assert kind(later, deployment()) is Wait


def test_environments_differ_in_more_than_capitals_and_each_is_known() -> None:
    assert kind(in_production(), deployment(environment="production")) is Go
    assert judge(deployment(environment="preview"), in_production()) == snapshot(
        NotOurs(
            because="No stage of checkout works in `preview`. Name it in the runbook, or take the rule off this environment."
        )
    )


def test_where_stages_share_an_environment_the_last_one_counts() -> None:
    canary = Stage(name="Canary", owner="qa", environment="live", steps=steps("Watch"))
    whole = Stage(
        name="All", owner="qa", environment="live", gates=(asks("Go", qa=1),), steps=steps("Watch all")
    )
    release = started(runbook(canary, whole))
    one = deployment(environment="live")
    assert kind(release, one) is Wait
    release = play(release, ben.finishes("Watch"))
    assert kind(release, one) is Wait
    assert kind(play(release, bea.approves("Go")), one) is Go


@pytest.mark.parametrize(
    ("ref", "commit", "fits"),
    [
        ("v1.4.0", "", True),
        ("1.4.0", "", True),
        ("refs/tags/v1.4.0", "", True),
        ("refs/heads/v1.4.0", "", False),
        ("main", "", False),
        ("v1.4.1", "", False),
        ("main", "a" * 40, True),
        ("v1.4.0", "b" * 40, False),
        ("v1.4.0", "a" * 12, False),
    ],
)
def test_it_is_of_the_commit_or_of_the_tag_where_no_commit_is_known(
    ref: str, commit: str, fits: bool
) -> None:
    release = with_commit(in_production(), commit)
    assert belongs(deployment(ref), release) is fits
    assert kind(release, deployment(ref)) is (Go if fits else No)


def test_on_the_way_back_the_version_before_goes_on_whatever_is_held() -> None:
    before = deployment("v1.3.0")
    assert kind(BACK, before) is Go
    assert kind(in_production(), before) is No
    assert kind(play(in_production(), cleo.holds(), ana.rolls_back(to="1.3.0")), before) is Go
    assert kind(play(BACK, dan.fails("Put the version before back in place")), before) is Wait
    assert kind(play(in_production(), ana.rolls_back(to=None)), before) is No
    # A tag may have been moved.
    assert kind(play(in_production(), ana.rolls_back(commit="b" * 40)), before) is No
    assert kind(play(in_production(), ana.rolls_back(commit="a" * 40)), before) is Go
    assert kind(play(in_production(), ana.rolls_back(commit="a" * 40)), deployment("main")) is Go
    assert isinstance(judge(deployment("v1.3.0", "Check"), BACK), No)


def test_the_way_back_leads_through_every_production_environment_that_was_touched() -> None:
    stages = [
        Stage(name=name, owner="on-call", production=name != "Staging", steps=steps("Deploy"))
        for name in ("Staging", "EU", "Africa", "US")
    ]
    release = play(started(runbook(*stages)), dan.finishes("Deploy"), dan.finishes("Deploy"))
    back = play(release, ana.rolls_back(to="1.3.0"))
    says = {stage.where: kind(back, deployment("v1.3.0", stage.where)) for stage in release.runbook.stages}
    assert says == {"Staging": No, "EU": Go, "Africa": Go, "US": Go}
    early = play(started(runbook(*stages)), dan.finishes("Deploy"), ana.rolls_back(to="1.3.0"))
    assert kind(early, deployment("v1.3.0", "EU")) is Go
    assert kind(early, deployment("v1.3.0", "Africa")) is No


def test_a_gate_of_the_way_back_is_waited_for() -> None:
    back = Rollback(gates=(asks("Really", security=1),), steps=steps("Restore"))
    release = play(
        started(
            runbook(
                Stage(name="Production", owner="qa", production=True, steps=steps("Deploy")), rollback=back
            )
        ),
        ana.rolls_back(to="1.3.0"),
    )
    assert kind(release, deployment("v1.3.0")) is Wait
    assert kind(play(release, cleo.approves("Really")), deployment("v1.3.0")) is Go


def test_a_run_of_its_own_goes_on_as_long_as_it_is_wanted() -> None:
    deploy = Step(do="Deploy", run=Run(workflow="deploy.yml", ref="main"))
    book = runbook(Stage(name="Production", owner="qa", production=True, steps=(deploy,)), repository=HOME)
    own = deployment("main", pipeline="7")
    release = started(book)
    assert not is_run_of(own, release)
    release = play(release, pipeline.begins(RUN))
    assert kind(release, own) is Go
    assert kind(play(release, cleo.holds()), own) is Wait
    late = play(release, time_passes(minutes=30))
    assert late.failure is not None
    assert is_run_of(own, late)
    assert judge(own, late) == snapshot(No(because="checkout-1 (checkout 1.4.0) no longer wants this run."))
    again = play(late, ana.retries("Deploy"), pipeline.begins(f"{HOME}/actions/runs/8"))
    assert kind(again, own) is No
    assert kind(again, deployment("main", pipeline="8")) is Go


def test_a_webhook_that_gives_the_link_of_a_pipeline_does_not_make_it_a_run() -> None:
    deploy = Step(do="Deploy", run=Run(webhook="https://ci.example/x"))
    book = runbook(Stage(name="Production", owner="qa", production=True, steps=(deploy,)))
    release = with_commit(play(started(book), pipeline.begins(RUN)), "b" * 40)
    other = deployment("main", pipeline="7")
    assert not is_run_of(other, release)
    assert kind(release, other) is No


def test_no_drill_goes_into_production_however_its_name_is_written() -> None:
    restore = Step(do="Restore", run=Run(workflow="back.yml", ref="main"))
    drill = drilled(facts(rollback=Rollback(drill="staging", steps=(restore,)), repository=HOME))
    drill = play(drill, pipeline.begins(RUN))
    own = deployment("main", "staging", pipeline="7")
    assert kind(drill, own) is Go
    assert drill.rehearsal is not None
    # It has become production since the runbook was read, or is written in other letters there.
    live = replace(drill, rehearsal=replace(drill.rehearsal, production=("STAGING",)))
    assert judge(own, live) == snapshot(
        No(
            because="checkout-drill-1 (checkout-drill 1.4.0) is a drill, and nothing of it goes into `staging`, which is production."
        )
    )


def test_nothing_that_people_have_written_is_told() -> None:
    waits = judge(deployment(), play(HELD, cleo.holds("Initech has a problem.")))
    assert waits == snapshot(
        Wait(
            because="checkout-1 (checkout 1.4.0) is in progress in `Production`; it waits for hold 1, hold 2, `Deploy`."
        )
    )
    questioned = play(started(), cleo.holds("Initech.", until=timedelta(hours=1)), time_passes(hours=2))
    assert "Initech" not in str(judge(deployment(), questioned))
    no = judge(deployment(), play(started(), ana.cancels("Initech complains.")))
    assert no == snapshot(No(because="checkout-1 (checkout 1.4.0) is cancelled."))


def test_a_name_means_nothing_in_markdown() -> None:
    odd = Stage(
        name="`@acme/all` <b>",
        owner="qa",
        production=True,
        gates=(asks("[x](y) `", qa=1),),
        steps=steps("Deploy"),
    )
    release = started(runbook(odd))
    assert judge(deployment(environment="`@acme/all` <b>"), release) == snapshot(
        Wait(
            because="checkout-1 (checkout 1.4.0) is awaiting approval in `'@acme/all' <b>`; it waits for `[x](y) '`."
        )
    )


def test_of_several_releases_one_that_says_no_suffices_and_all_have_to_say_go() -> None:
    go, wait, no = Go("One."), Wait("Two."), No("Three.")
    assert together([go, wait, no]) == No("Three.")
    assert together([wait, go, Wait("Four.")]) == Wait("Two. Four.")
    assert together([go, Go("Five.")]) == Go("One. Five.")
