"""Checks that Rollcall reads: what counts, for how long, what soaks, and what of it is news."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.gates.check_result import check_result
from bot.release.gates.checks import Outcome, told_by_hand
from bot.release.gates.expiry import CheckExpired
from bot.release.gates.readings import CheckRead, ReportReading, to_be_read
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Gate, Of, Reminders, Seats, When
from bot.runbook.model import Begin, Check, Rollback, Stage
from tests.release.given import (
    NINE,
    Act,
    Asked,
    Reading,
    ana,
    answer,
    ben,
    cleo,
    dan,
    dee,
    eli,
    events,
    gate,
    gated,
    later,
    names,
    needs,
    play,
    reading,
    refusal,
    runbook,
    start,
    started,
    started_with,
    steps,
    time_passes,
)

MINUTE = timedelta(minutes=1)
URL = Read(url="https://shop.example/health")
HEALTH, ERRORS = CheckPassed(check="health"), CheckPassed(check="errors")
CHECKS = (
    Check(name="health", read=URL, by="on-call"),
    Check(name="errors", read=URL, soak=30 * MINUTE),
    Check(name="lint", by="on-call"),
)
SELDOM = Reminders(after=timedelta(days=90))


def behind(*checks: str, begin: Begin = Begin.AUTOMATIC) -> Release:
    """Return a release behind a gate that needs some checks."""
    need = Of(parts=tuple(CheckPassed(check=check) for check in checks))
    return started(gated(needs("Green", need), begin=begin, checks=CHECKS, reminders=SELDOM))


def then(act: Act, **wait: float) -> Act:
    """Let a check be read after some time, in which nobody does anything."""

    def asked(release: Release) -> Asked:
        it = later(act, **wait)(release)
        if not isinstance(it.command, ReportReading):
            return it
        return replace(it, command=replace(it.command, read=it.command.read + timedelta(**wait)))

    return asked


def at(act: Act, minute: float) -> Act:
    """Let a check be read, or something else be done, so many minutes after nine."""

    def asked(release: Release) -> Asked:
        wait = (NINE + minute * MINUTE - release.at).total_seconds()
        return then(act, seconds=wait)(release)

    return asked


def minutes(release: Release, first: int, last: int, check: str = "errors") -> Release:
    """Return a release for which a check was read as passed each minute, from one after nine to another."""
    return play(release, *(at(reading.passes(check), minute) for minute in range(first, last + 1)))


def test_a_check_that_is_read_as_passed_meets_its_gate() -> None:
    assert events(behind("health"), reading.passes("health"))[0] == CheckRead(
        at=NINE, by=ROLLCALL, check="health", outcome=Outcome.PASSED
    )
    assert names(behind("health"), reading.passes("health")) == ["CheckRead", "GatesMet", "StageBegan"]


def asked(release: Release) -> tuple[UserId, ...]:
    """Return who is asked to report the check of the first gate."""
    return check_result(release, release.runbook.stages[0].gates[0].checks[0], 0).asked


def test_nobody_is_asked_to_report_what_rollcall_reads_until_it_cannot() -> None:
    release = behind("health")
    assert asked(release) == ()
    assert asked(play(release, reading.says("health", Outcome.FAILED))) == ()
    unknown = play(release, reading.says("health", Outcome.UNKNOWN))
    assert asked(unknown) == (dan.id, dee.id)
    assert asked(play(unknown, dan.reports("health", passed=False))) == (dan.id, dee.id)
    assert asked(play(unknown, dan.reports("health"))) == ()


def test_nobody_is_asked_to_report_for_a_gate_that_is_not_open() -> None:
    book = runbook(
        Stage(name="Build", owner="qa", steps=steps("Tag")),
        Stage(
            name="Live",
            owner="qa",
            gates=(needs("Green", Of(parts=(CheckPassed(check="lint"),))),),
            steps=steps("Deploy"),
        ),
        checks=CHECKS,
    )
    ahead = started(book)
    assert check_result(ahead, "lint", 1).asked == ()
    assert asked(behind("lint")) == (dan.id, dee.id)
    assert asked(play(behind("lint"), ana.cancels())) == ()


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PENDING, Outcome.UNKNOWN])
def test_what_failed_is_not_done_or_is_not_known_does_not_pass(outcome: Outcome) -> None:
    release = play(behind("health"), reading.says("health", outcome))
    assert release.state is State.AWAITING_APPROVAL
    ready = play(behind("health", begin=Begin.CAPTAIN), reading.passes("health"))
    assert names(ready, reading.says("health", outcome)) == ["CheckRead", "GatesLapsed"]


def test_the_same_outcome_again_is_no_event() -> None:
    failing = play(behind("health"), reading.fails("health"))
    assert answer(failing, then(reading.fails("health"), minutes=1)) == ()
    passed = play(behind("health", begin=Begin.CAPTAIN), reading.passes("health"))
    assert answer(passed, then(reading.passes("health"), minutes=4)) == ()


def test_what_counts_is_renewed_once_half_of_its_time_is_over() -> None:
    passed = play(behind("health", begin=Begin.CAPTAIN), reading.passes("health"))
    assert names(passed, then(reading.passes("health"), minutes=4, seconds=1)) == ["CheckRead"]
    hour = minutes(passed, 1, 60, "health")
    assert hour.seq - passed.seq == 12
    assert hour.reports["health"][-1].since == NINE


def test_another_reason_is_told_no_more_often_than_what_counts_is_renewed() -> None:
    failing = play(behind("health"), reading.fails("health", "it is 0.3"))
    assert answer(failing, then(reading.fails("health", "it is 0.4"), minutes=4)) == ()
    assert names(failing, then(reading.fails("health", "it is 0.4"), minutes=5)) == ["CheckRead"]
    assert answer(failing, then(reading.fails("health", "it is 0.3"), minutes=5)) == ()


def test_a_result_counts_until_so_many_readings_were_missed() -> None:
    passed = play(behind("health", begin=Begin.CAPTAIN), reading.passes("health"))
    assert attention_at(passed) == NINE + 10 * MINUTE
    assert names(passed, later(ana.begins(), minutes=9, seconds=59)) == ["StageBegan"]
    assert refusal(passed, later(ana.begins(), minutes=10)).code is Code.GATES_NOT_MET
    assert events(passed, time_passes(minutes=10))[:1] == (
        CheckExpired(at=NINE + 10 * MINUTE, by=ROLLCALL, check="health"),
    )


def test_what_does_not_count_stands_until_it_is_read_again() -> None:
    failing = play(behind("health"), reading.fails("health"))
    assert answer(failing, time_passes(days=1)) == ()
    assert failing.reports["health"][-1].outcome is Outcome.FAILED


def test_the_runbook_says_how_long_a_result_counts() -> None:
    book = gated(
        needs("Green", HEALTH),
        begin=Begin.CAPTAIN,
        checks=(Check(name="health", read=URL, every=5 * MINUTE, fresh=20 * MINUTE),),
        reminders=SELDOM,
    )
    assert attention_at(play(started(book), reading.passes("health"))) == NINE + 20 * MINUTE


# Soak


def test_a_check_that_soaks_counts_only_once_it_has_passed_for_so_long() -> None:
    release = play(behind("errors"), reading.passes("errors"))
    soaking = minutes(release, 1, 29)
    assert soaking.state is State.AWAITING_APPROVAL
    assert waiting_on(soaking) == (
        Waiting(
            kind=Awaited.SOAK,
            name="errors",
            role="",
            on=(),
            since=NINE,
            until=NINE + 30 * MINUTE,
            said="passes, but not for long enough yet",
        ),
    )
    assert names(soaking, at(reading.passes("errors"), 30)) == [
        "CheckRead",
        "GatesMet",
        "StageBegan",
    ]
    # Just when its time is over, also where the reading before was a moment ago.
    assert names(play(soaking, at(reading.passes("errors"), 29.6)), at(reading.passes("errors"), 30)) == [
        "CheckRead",
        "GatesMet",
        "StageBegan",
    ]


@pytest.mark.parametrize("broken", [reading.fails("errors"), reading.cannot_read("errors")])
def test_one_reading_that_does_not_pass_begins_the_soak_anew(broken: Act) -> None:
    release = minutes(play(behind("errors"), reading.passes("errors")), 1, 28)
    again = minutes(play(release, at(broken, 29)), 30, 59)
    assert (again.state, again.reports["errors"][-1].since) == (State.AWAITING_APPROVAL, NINE + 30 * MINUTE)
    assert minutes(again, 60, 60).state is State.IN_PROGRESS


def test_readings_that_were_missed_begin_the_soak_anew() -> None:
    release = play(behind("errors"), reading.passes("errors"))
    missed = play(release, then(reading.passes("errors"), minutes=31))
    assert missed.reports["errors"][-1].since == NINE + 31 * MINUTE
    assert missed.state is State.AWAITING_APPROVAL


def test_where_nothing_is_read_nothing_is_to_be_read() -> None:
    assert to_be_read(started()) == ()


def test_time_alone_ends_no_soak() -> None:
    release = minutes(play(behind("errors"), reading.passes("errors")), 1, 29)
    assert names(release, at(time_passes(), 31)) == []
    assert names(release, at(time_passes(), 32)) == ["CheckExpired"]


def test_a_soak_is_made_of_readings_that_are_not_far_apart() -> None:
    soaked = Check(name="errors", read=URL, every=2 * MINUTE, soak=30 * MINUTE, fresh=timedelta(days=1))
    book = gated(needs("Green", ERRORS), begin=Begin.CAPTAIN, checks=(soaked,), reminders=SELDOM)
    release = play(started(book), reading.passes("errors"))
    assert play(release, at(reading.passes("errors"), 31)).reports["errors"][-1].since == NINE + 31 * MINUTE
    # Two of them may be missed.
    steady = play(release, *(at(reading.passes("errors"), minute) for minute in (2, 7.5, 9, 14.5, 20, 25.5)))
    assert steady.state is State.AWAITING_APPROVAL
    assert play(steady, at(reading.passes("errors"), 31)).state is State.READY
    assert play(steady, at(reading.passes("errors"), 32)).state is State.AWAITING_APPROVAL
    # What has soaked counts for its own time.
    done = play(steady, at(reading.passes("errors"), 31))
    assert attention_at(done) == NINE + 31 * MINUTE + timedelta(days=1)


def test_what_was_read_for_one_stage_does_not_count_for_the_next() -> None:
    book = runbook(
        Stage(name="Canary", owner="qa", gates=(needs("Green", HEALTH),), steps=steps("Deploy a little")),
        Stage(name="Live", owner="qa", gates=(needs("Green", HEALTH),), steps=steps("Deploy")),
        checks=CHECKS,
    )
    canary = play(started(book), reading.passes("health"))
    assert gate(canary, "Green").status is GateStatus.MET
    live = play(canary, ben.finishes("Deploy a little"))
    assert (live.state, dict(live.reports)) == (State.AWAITING_APPROVAL, {})
    assert to_be_read(live) == ("health",)


def two_stages() -> Release:
    """Return a release before a canary; it, and what is live then, wait for the same checks."""
    green = needs("Green", HEALTH)
    return started(
        runbook(
            Stage(name="Canary", owner="qa", gates=(green,), steps=steps("Deploy a little")),
            Stage(name="Live", owner="qa", gates=(green,), production=True, steps=steps("Deploy")),
            checks=CHECKS,
        )
    )


def test_a_reading_that_was_made_for_the_stage_before_is_not_told() -> None:
    live = play(two_stages(), reading.passes("health"), later(ben.finishes("Deploy a little"), seconds=10))
    assert (live.current.name, to_be_read(live)) == ("Live", ("health",))
    of_the_canary = reading.says("health", Outcome.PASSED, stage=0)
    assert refusal(live, of_the_canary) == snapshot(
        Refused(code=Code.STALE, because="health was read before the gates of Live were open.")
    )
    early = reading.says("health", Outcome.PASSED, before=timedelta(seconds=1))
    assert refusal(live, early).because == snapshot("health was read before the gates of Live were open.")
    assert names(live, reading.passes("health")) == ["CheckRead", "GatesMet", "StageBegan"]


def test_what_was_read_for_a_stage_does_not_count_for_the_way_back() -> None:
    book = runbook(
        Stage(name="Live", owner="qa", production=True, steps=steps("Deploy")),
        Stage(
            name="After",
            owner="qa",
            begin=Begin.CAPTAIN,
            gates=(needs("Green", HEALTH),),
            steps=steps("Tell all"),
        ),
        rollback=Rollback(gates=(needs("Sound", HEALTH),)),
        checks=CHECKS,
    )
    after = play(started(book), ben.finishes("Deploy"), reading.passes("health"))
    assert after.state is State.READY
    back = play(after, ana.rolls_back())
    assert (back.state, dict(back.reports), dict(back.began)) == (State.ROLLING_BACK, {}, {0: back.began[0]})
    assert names(back, reading.passes("health")) == ["CheckRead", "StageBegan"]


# Which are read, and who may say so


def test_a_check_is_read_only_while_a_gate_that_needs_it_is_open() -> None:
    release = behind("health")
    assert to_be_read(release) == ("health",)
    assert to_be_read(behind("lint")) == ()
    begun = play(release, reading.passes("health"))
    assert to_be_read(begun) == ()
    assert refusal(begun, reading.fails("health")) == snapshot(
        Refused(code=Code.STALE, because="checkout-1 does not need health to be read.")
    )
    assert refusal(release, reading.passes("errors")).code is Code.STALE
    assert refusal(release, reading.passes("helth")).because == snapshot(
        "The runbook of checkout-1 has no check helth."
    )
    assert to_be_read(play(release, ana.cancels())) == ()


def test_a_check_is_not_read_for_a_gate_that_is_not_needed_or_was_overridden() -> None:
    risky = Gate(name="Green", needs=HEALTH, when=When(paths=("db/",)))
    book = gated(risky, begin=Begin.CAPTAIN, checks=CHECKS)
    assert to_be_read(started_with(start(manifest=Manifest(paths=("web/a",))), book)) == ()
    assert to_be_read(started_with(start(manifest=Manifest(paths=("db/a",))), book)) == ("health",)
    book = gated(needs("Green", HEALTH), begin=Begin.CAPTAIN, checks=CHECKS, overrides="security")
    assert to_be_read(play(started(book), cleo.overrides("Green"))) == ()


def test_nobody_but_rollcall_says_what_was_read() -> None:
    assert refusal(behind("health"), Reading(dan.id).passes("health")) == snapshot(
        Refused(code=Code.NOT_YOURS, because="What is read of a check is told by Rollcall alone.")
    )


def test_a_reading_of_long_ago_is_not_told() -> None:
    assert refusal(behind("health"), later(reading.passes("health"), minutes=1)) == snapshot(
        Refused(code=Code.STALE, because="This reading of health is too old by now.")
    )


def test_a_reading_that_was_overtaken_by_a_newer_one_is_not_told() -> None:
    release = play(behind("health"), reading.fails("health"))
    slow = reading.says("health", Outcome.PASSED, before=timedelta(seconds=30))
    assert refusal(release, then(slow, seconds=20)).code is Code.STALE


def test_what_changes_has_to_be_read_anew() -> None:
    release = play(behind("health", begin=Begin.CAPTAIN), reading.passes("health"))
    changed = play(release, ana.changes("1.4.1", Manifest(paths=("web/a",))))
    assert (changed.state, dict(changed.reports)) == (State.AWAITING_APPROVAL, {})


# By hand


def test_what_can_be_read_is_not_reported_by_hand() -> None:
    assert refusal(behind("health"), dan.reports("health")) == snapshot(
        Refused(
            code=Code.STALE,
            because="Rollcall reads health itself, and it has not been read yet.",
            instead="It is reported by hand only where it cannot be read.",
        )
    )
    failing = play(behind("health"), reading.fails("health"))
    assert refusal(failing, dan.reports("health")).because == snapshot(
        "Rollcall reads health itself, and it says failed."
    )


def test_what_cannot_be_read_is_reported_by_its_people() -> None:
    release = play(behind("health"), reading.cannot_read("health"))
    assert waiting_on(release) == (
        Waiting(
            kind=Awaited.CHECK,
            name="health",
            role="on-call",
            on=(dan.id, dee.id),
            since=NINE,
            said="cannot be read: there is no name shop.example",
        ),
    )
    assert refusal(release, eli.reports("health")).code is Code.NOT_YOURS
    assert names(release, dan.reports("health")) == ["CheckReported", "GatesMet", "StageBegan"]


def test_what_was_said_by_hand_in_place_of_a_reading_counts_for_one_stage_too() -> None:
    live = play(
        two_stages(),
        reading.cannot_read("health"),
        dan.reports("health"),
        ben.finishes("Deploy a little"),
    )
    assert (live.current.name, live.state, dict(live.reports)) == ("Live", State.AWAITING_APPROVAL, {})
    assert refusal(live, dan.reports("health")).because == snapshot(
        "Rollcall reads health itself, and it has not been read yet."
    )


def test_a_check_that_names_nobody_is_reported_by_nobody() -> None:
    release = play(behind("errors"), reading.cannot_read("errors"))
    assert refusal(release, dan.reports("errors")) == snapshot(
        Refused(code=Code.NOT_YOURS, because="errors is reported by Rollcall, which reads it itself.")
    )
    assert [(one.kind, one.on) for one in waiting_on(release)] == [(Awaited.READING, (ana.id,))]


def test_the_word_of_a_person_stands_until_a_reading_says_the_opposite() -> None:
    release = behind("health", begin=Begin.CAPTAIN)
    by_hand = play(release, reading.cannot_read("health"), dan.reports("health"))
    assert by_hand.state is State.READY
    assert answer(by_hand, then(reading.cannot_read("health"), minutes=5)) == ()
    assert answer(by_hand, then(reading.passes("health"), minutes=5)) == ()
    assert names(by_hand, then(reading.fails("health"), minutes=5)) == ["CheckRead", "GatesLapsed"]


def test_the_captain_is_asked_to_see_to_what_fails() -> None:
    release = play(behind("health"), reading.fails("health", "answered 503\nand nothing else"))
    assert waiting_on(release) == (
        Waiting(
            kind=Awaited.READING,
            name="health",
            role="on-call",
            on=(ana.id,),
            since=NINE,
            said="failed: answered 503 and nothing else",
        ),
    )


def test_a_check_that_is_read_lacks_nobody() -> None:
    need = Of(parts=(Seats(role="qa", count=1), ERRORS))
    release = started(gated(needs("Go", need), checks=CHECKS))
    assert gate(release, "Go").unreportable == ()


def test_a_check_that_was_not_read_yet_is_waited_for_as_one_that_is_read() -> None:
    assert [one.said for one in waiting_on(behind("errors"))] == ["has not been read yet"]


def test_what_fails_and_cannot_be_read_in_turns_is_waited_for_since_it_has_not_passed() -> None:
    failing = play(behind("health"), reading.fails("health"))
    unknown = play(failing, at(reading.cannot_read("health", "no answer"), 30))
    (waiting,) = waiting_on(unknown)
    assert (waiting.since, waiting.said) == (NINE, "had failed, and cannot be read now: no answer")
    again = play(unknown, at(reading.fails("health"), 60))
    assert [one.since for one in waiting_on(again)] == [NINE]
    never = play(behind("health"), at(reading.cannot_read("health", "no answer"), 30))
    (waiting,) = waiting_on(never)
    assert (waiting.since, waiting.said) == (NINE + 30 * MINUTE, "cannot be read: no answer")


def test_only_what_is_not_read_can_be_told_by_hand() -> None:
    def told(release: Release) -> tuple[str, ...]:
        return told_by_hand(release, release.current.gates[0])

    assert told(behind("lint")) == ("lint",)
    assert told(behind("health")) == ()
    assert told(play(behind("health"), reading.cannot_read("health", "no answer"))) == ("health",)
    assert told(play(behind("errors"), reading.cannot_read("errors", "no answer"))) == ()
