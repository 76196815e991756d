"""Approvals that count for a time only."""

from datetime import timedelta

from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.gates.expiry import ApprovalExpired, next_expiry
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL
from bot.release.manifest import Manifest
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.gates.gate import Reminders, When
from bot.runbook.model import Begin, Rollback, Stage
from tests.release.given import (
    NINE,
    PRODUCTION,
    ana,
    answer,
    asks,
    bea,
    ben,
    cleo,
    dan,
    events,
    gate,
    gated,
    later,
    names,
    play,
    runbook,
    start,
    started,
    started_with,
    steps,
    time_passes,
)

HOUR = timedelta(hours=1)
SELDOM = Reminders(after=timedelta(days=90))


def four_hours(*, begin: Begin = Begin.AUTOMATIC, qa: int = 2) -> Release:
    """Return a release behind a gate whose approvals count for four hours."""
    return started(gated(asks("QA", qa=qa, expires=4 * HOUR), begin=begin, reminders=SELDOM))


def test_an_approval_counts_until_the_very_moment_in_which_it_is_too_old() -> None:
    release = play(four_hours(), later(ben.approves("QA"), hours=1))
    assert attention_at(release) == NINE + 5 * HOUR
    assert answer(release, time_passes(hours=3, minutes=59, seconds=59)) == ()
    assert events(release, time_passes(hours=4)) == (
        ApprovalExpired(at=NINE + 5 * HOUR, by=ROLLCALL, stage=0, gate="QA", person=ben.id),
    )


def test_each_approval_has_its_own_time() -> None:
    release = play(four_hours(begin=Begin.CAPTAIN), ben.approves("QA"), later(bea.approves("QA"), hours=1))
    assert attention_at(release) == NINE + 4 * HOUR
    release = play(release, time_passes(hours=3))
    assert [vote.by for vote in release.votes] == [bea.id]
    assert attention_at(release) == NINE + 5 * HOUR


def test_an_approval_that_is_too_old_lets_the_gate_lapse_and_is_asked_for_again() -> None:
    release = play(four_hours(begin=Begin.CAPTAIN), ben.approves("QA"), bea.approves("QA"))
    assert names(release, time_passes(hours=4)) == ["ApprovalExpired", "ApprovalExpired", "GatesLapsed"]
    assert gate(play(release, time_passes(hours=4)), "QA").asked == (bea.id, ben.id, "eli")


def test_who_is_asked_again_approves_with_the_command_that_finds_it_too_old() -> None:
    release = play(four_hours(), ben.approves("QA"))
    act = later(ben.approves("QA"), hours=4)
    assert names(release, act) == ["ApprovalExpired", "Approved"]
    assert gate(play(release, act), "QA").set_aside == ()


def test_the_last_approval_does_not_meet_a_gate_whose_first_is_too_old() -> None:
    release = play(four_hours(), ben.approves("QA"))
    assert names(release, later(bea.approves("QA"), hours=4)) == ["ApprovalExpired", "Approved"]
    in_time = later(bea.approves("QA"), hours=3, minutes=59)
    assert names(release, in_time) == ["Approved", "GatesMet", "StageBegan"]


def test_a_rejection_and_an_abstention_never_grow_old() -> None:
    release = play(four_hours(), ben.rejects("QA"), bea.abstains("QA"))
    assert next_expiry(release) is None
    assert answer(release, time_passes(days=30)) == ()
    assert gate(release, "QA").status is GateStatus.REJECTED


def test_an_approval_of_a_gate_without_a_time_counts_to_the_end() -> None:
    release = play(started(gated(asks("QA", SELDOM, qa=2))), ben.approves("QA"))
    assert attention_at(release) == NINE + timedelta(days=90)
    assert answer(release, time_passes(days=30)) == ()


def test_nothing_grows_old_once_its_stage_has_begun() -> None:
    begun = play(four_hours(qa=1), ben.approves("QA"))
    assert begun.state is State.IN_PROGRESS
    assert attention_at(begun) == NINE + timedelta(days=90)
    assert answer(begun, time_passes(days=30)) == ()


def test_nothing_grows_old_at_the_gates_of_a_stage_before() -> None:
    book = runbook(
        Stage(name="Check", owner="qa", gates=(asks("QA", qa=1, expires=HOUR),), steps=steps("Tag")),
        Stage(name="Live", owner="qa", gates=(asks("Go", SELDOM, qa=2),), steps=steps("Deploy")),
    )
    release = play(started(book), ben.approves("QA"), ben.finishes("Tag"))
    assert answer(release, time_passes(hours=2)) == ()


def test_an_approval_of_the_way_back_grows_old_too() -> None:
    back = Rollback(owner="on-call", gates=(asks("Back", SELDOM, on_call=2, expires=HOUR),))
    release = play(started(gated(rollback=back)), ana.rolls_back(), dan.approves("Back"))
    assert names(release, time_passes(hours=1)) == ["ApprovalExpired"]


def test_an_approval_that_was_taken_back_is_not_said_to_be_too_old() -> None:
    release = play(four_hours(), ben.approves("QA"), ben.withdraws("QA"))
    assert answer(release, time_passes(days=1)) == ()


def test_an_approval_that_carries_over_keeps_its_age() -> None:
    book = gated(asks("DB", SELDOM, qa=2, expires=4 * HOUR, when=When(paths=("db/**",))))
    first, second = Manifest(paths=("db/a", "web/a")), Manifest(paths=("db/a", "web/b"))
    release = play(started_with(start(manifest=first), book), ben.approves("DB"))
    release = play(release, later(ana.changes("1.4.0", second), hours=3))
    assert [vote.carried for vote in release.votes] == snapshot(["1.4.0"])
    assert names(release, time_passes(hours=1)) == ["ApprovalExpired"]


def test_an_approval_of_a_later_stage_that_carries_over_grows_old_before_that_stage_is_looked_at() -> None:
    """It was given before the change led back to the first stage, and is two days old when its stage opens."""
    paths = (("docs/a", "0d0c0a0"), ("src/a", "05c0a00"))
    first = Manifest(paths=("docs/a", "src/a"), digests=paths)
    other = Manifest(paths=("docs/a", "src/a"), digests=(("docs/a", "0d0c0a1"), paths[1]))
    first_stage = Stage(name="Check", owner="qa", steps=steps("Tag"))
    sources = asks("Sources", SELDOM, security=1, expires=HOUR, when=When(paths=("src/**",)))
    book = runbook(first_stage, PRODUCTION.model_copy(update={"gates": (sources,)}))
    release = play(started_with(start(manifest=first), book), ben.finishes("Tag"), bea.holds())
    release = play(release, cleo.approves("Sources"), ana.changes("1.4.1", other), bea.lifts())
    assert [(vote.by, vote.carried) for vote in release.votes] == [(cleo.id, "1.4.1")]
    late = play(release, later(ben.finishes("Tag"), hours=48))
    assert (late.stage, late.state) == (1, State.AWAITING_APPROVAL)
    assert names(release, later(ben.finishes("Tag"), hours=48))[:2] == ["ApprovalExpired", "StepDone"]
    assert play(late, cleo.approves("Sources")).state is State.IN_PROGRESS
