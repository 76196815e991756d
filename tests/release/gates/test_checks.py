"""Checks: who reports them, what counts as passed, and for how long."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.gates.check_result import check_result
from bot.release.gates.checks import CheckReported, Outcome
from bot.release.gates.expiry import CheckExpired
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.runbook.gates.gate import CheckPassed, Of, Reminders, Seats
from bot.runbook.model import Begin, Check, Rollback, Stage
from bot.runbook.roles.role import Standing
from tests.release.given import (
    NINE,
    Act,
    Person,
    among,
    ana,
    answer,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gate,
    gated,
    gus,
    later,
    names,
    needs,
    play,
    refusal,
    runbook,
    standing,
    started,
    steps,
    time_passes,
    unread,
)

HOUR = timedelta(hours=1)
LINT = CheckPassed(check="lint")
CHECKS = (
    Check(name="lint", by="on-call"),
    Check(name="load", by="qa", fresh=4 * HOUR),
    Check(name="good", by="on-call", each=True, fresh=4 * HOUR),
)


def behind(*checks: str, begin: Begin = Begin.AUTOMATIC) -> Release:
    """Return a release behind a gate that needs some checks."""
    need = Of(parts=tuple(CheckPassed(check=check) for check in checks))
    seldom = Reminders(after=timedelta(days=90))
    return started(gated(needs("Green", need), begin=begin, checks=CHECKS, reminders=seldom))


def test_a_report_is_kept_with_its_comment() -> None:
    assert events(behind("lint"), dan.reports("lint", passed=False, comment="Line 3."))[:1] == (
        CheckReported(at=NINE, by=dan.id, check="lint", passed=False, comment="Line 3."),
    )


def test_a_check_that_nobody_has_reported_counts_as_no() -> None:
    assert behind("lint").state is State.AWAITING_APPROVAL


def test_a_check_that_passed_meets_the_gate_and_one_that_failed_does_not() -> None:
    assert names(behind("lint"), dan.reports("lint")) == ["CheckReported", "GatesMet", "StageBegan"]
    assert names(behind("lint"), dan.reports("lint", passed=False)) == ["CheckReported"]


def test_what_was_reported_last_counts() -> None:
    release = behind("lint", begin=Begin.CAPTAIN)
    passed = play(release, dan.reports("lint", passed=False), dee.reports("lint"))
    assert passed.state is State.READY
    assert names(passed, dan.reports("lint", passed=False)) == ["CheckReported", "GatesLapsed"]


def test_one_check_counts_at_every_gate_that_needs_it() -> None:
    book = gated(needs("Green", LINT), needs("Clean", LINT), checks=CHECKS)
    assert play(started(book), dan.reports("lint")).state is State.IN_PROGRESS


def test_a_check_may_be_reported_before_its_gate_is_open() -> None:
    book = runbook(
        Stage(name="Build", owner="qa", steps=steps("Tag")),
        Stage(name="Live", owner="qa", gates=(needs("Green", LINT),), steps=steps("Deploy")),
        checks=CHECKS,
    )
    release = play(started(book), dan.reports("lint"))
    assert names(release, ben.finishes("Tag")) == ["StepDone", "StageDone", "GatesMet", "StageBegan"]


def test_the_gate_of_a_stage_that_has_begun_stays_as_it_was() -> None:
    begun = play(behind("lint", "load"), dan.reports("lint"), ben.reports("load"))
    assert gate(begun, "Green").status is GateStatus.MET
    worse = play(begun, dan.reports("lint", passed=False), time_passes(hours=4))
    assert worse.reports["lint"][-1].passed is False
    assert "load" not in worse.reports
    assert gate(worse, "Green") == gate(begun, "Green")


@pytest.mark.parametrize("person", [ana, cleo, gus, ben])
def test_nobody_but_the_people_of_its_role_reports_a_check(person: Person) -> None:
    assert refusal(behind("lint"), person.reports("lint")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="lint is reported by people in on-call.",
            ask=(UserId("dan"), UserId("dee")),
        )
    )


@pytest.mark.parametrize("become", [s for s in Standing if s is not Standing.MEMBER])
def test_who_is_no_full_member_reports_nothing(become: Standing) -> None:
    act = among(standing(dan, become), dan.reports("lint"))
    assert refusal(behind("lint"), act).code is Code.NOT_YOURS


def test_a_check_that_the_runbook_does_not_know_is_refused_with_those_that_it_knows() -> None:
    assert refusal(behind("lint"), dan.reports("smoke")) == snapshot(
        Refused(
            code=Code.STALE,
            because="The runbook of checkout-1 has no check smoke.",
            instead="Its checks: lint, load, good.",
        )
    )
    assert refusal(started(), dan.reports("smoke")).instead == snapshot("Its checks: none.")
    assert refusal(started(), dan.reports("s" * 3_000)).because.endswith(f" {'s' * 60}.")


def test_a_check_is_not_reported_while_people_cannot_be_read() -> None:
    assert refusal(behind("lint"), unread("qa", dan.reports("lint"))).code is Code.CANNOT_READ_PEOPLE


def test_the_comment_of_a_report_has_a_limit() -> None:
    assert refusal(behind("lint"), dan.reports("lint", comment="c" * 501)).code is Code.TEXT_TOO_LONG
    assert play(behind("lint"), dan.reports("lint", comment="c" * 500)).state is State.IN_PROGRESS


def test_no_check_counts_while_a_release_is_rolled_back_nor_after_its_end() -> None:
    release = play(behind("lint"), dan.reports("lint"), ana.rolls_back())
    assert refusal(release, dan.reports("lint")) == snapshot(
        Refused(code=Code.STALE, because="checkout-1 is rolled back, so no check counts.")
    )
    assert refusal(completed(), dan.reports("lint")).code is Code.ENDED


def test_a_result_counts_until_the_very_moment_in_which_it_is_too_old() -> None:
    release = play(behind("load", begin=Begin.CAPTAIN), ben.reports("load"))
    assert attention_at(release) == NINE + 4 * HOUR
    assert answer(release, time_passes(hours=3, minutes=59, seconds=59)) == ()
    assert events(release, time_passes(hours=4))[:1] == (
        CheckExpired(at=NINE + 4 * HOUR, by=ROLLCALL, check="load"),
    )
    assert names(release, time_passes(hours=4)) == ["CheckExpired", "GatesLapsed"]


def test_a_check_without_a_time_counts_to_the_end() -> None:
    release = play(behind("lint", begin=Begin.CAPTAIN), dan.reports("lint"))
    assert answer(release, time_passes(days=30)) == ()
    assert attention_at(release) == NINE + timedelta(days=90)


def test_what_is_too_old_is_taken_in_before_anything_is_decided() -> None:
    release = play(behind("load", begin=Begin.CAPTAIN), ben.reports("load"))
    assert refusal(release, later(ana.begins(), hours=4)).code is Code.GATES_NOT_MET
    assert names(release, later(ana.begins(), hours=3, minutes=59)) == ["StageBegan"]


def test_a_new_report_counts_its_own_time() -> None:
    release = play(
        behind("load", begin=Begin.CAPTAIN), ben.reports("load"), later(ben.reports("load"), hours=3)
    )
    assert attention_at(release) == NINE + 7 * HOUR


def test_a_check_that_has_failed_grows_old_too() -> None:
    release = play(behind("load"), ben.reports("load", passed=False), time_passes(hours=4))
    assert dict(release.reports) == {}


def test_another_manifest_has_no_results_yet() -> None:
    release = play(behind("lint", begin=Begin.CAPTAIN), dan.reports("lint"))
    changed = play(release, ana.changes("1.4.1", Manifest(paths=("web/a",))))
    assert changed.state is State.AWAITING_APPROVAL
    assert dict(changed.reports) == {}


BEGINNINGS: dict[str, Callable[[], Release]] = {
    "awaiting": lambda: behind("lint"),
    "in progress": lambda: play(behind("lint"), dan.reports("lint")),
    "failed": lambda: play(behind("lint"), dan.reports("lint"), ben.fails("Deploy")),
}


@pytest.mark.parametrize("release", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_check_is_reported_in_every_state_on_the_way_forward(release: Callable[[], Release]) -> None:
    assert names(release(), dan.reports("lint", passed=False)) == ["CheckReported"]


def test_a_check_beside_seats_is_one_of_the_needs() -> None:
    need = Of(parts=(Seats(role="qa", count=1), LINT))
    release = play(started(gated(needs("Go", need), checks=CHECKS)), ben.approves("Go"))
    assert gate(release, "Go").checks == ("lint",)
    assert play(release, dan.reports("lint")).state is State.IN_PROGRESS


def test_a_gate_of_checks_alone_asks_nobody_to_approve() -> None:
    for act in (ben.approves("Green"), ana.approves("Green"), dan.rejects("Green")):
        assert refusal(behind("lint"), act) == snapshot(
            Refused(
                code=Code.NOT_YOURS,
                because="Green asks nobody’s approval; its checks decide.",
                instead="Report the check, if it is yours to report.",
            )
        )


def test_a_check_that_the_way_back_needs_is_reported_meanwhile() -> None:
    back = Rollback(owner="on-call", gates=(needs("Back", LINT),))
    release = play(started(gated(checks=CHECKS, rollback=back)), ana.rolls_back())
    assert release.state is State.ROLLING_BACK
    assert refusal(release, ben.reports("load")).code is Code.STALE
    assert names(release, dan.reports("lint")) == ["CheckReported", "StageBegan"]
    assert refusal(play(release, dan.reports("lint")), dan.reports("lint")).code is Code.STALE


def test_what_everybody_reports_has_passed_when_all_say_so() -> None:
    release = behind("good")
    assert names(release, dan.reports("good")) == ["CheckReported"]
    assert names(play(release, dan.reports("good")), dan.reports("good")) == ["CheckReported"]
    assert names(play(release, dan.reports("good")), dee.reports("good")) == [
        "CheckReported",
        "GatesMet",
        "StageBegan",
    ]


def good(*acts: Act) -> tuple[str, tuple[UserId, ...]]:
    """Return how the check stands that everybody on call reports, and who is asked."""
    check = gate(play(behind("good"), *acts), "Green").root.parts[0].check
    assert check is not None
    return check.says, check.asked


def test_it_is_said_how_many_have_reported_it_and_who_is_asked_still() -> None:
    no, yes = dan.reports("good", passed=False), dan.reports("good")
    assert good() == ("has not been reported", (dan.id, dee.id))
    assert good(yes) == ("passed for 1 of 2", (dee.id,))
    assert good(no) == ("failed for 1 of 2", (dan.id, dee.id))
    assert good(no, dee.reports("good")) == ("failed for 1 of 2", (dan.id,))
    assert good(no, dee.reports("good"), yes) == ("passed for 2 of 2", ())
    assert good(no, yes) == ("passed for 1 of 2", (dee.id,))


def test_what_everybody_reports_fails_by_one_whatever_others_say() -> None:
    release = play(
        behind("good"),
        later(dan.reports("good", passed=False, comment="It is slow."), hours=1),
        later(dee.reports("good", comment="It is fine."), hours=1),
    )
    (asked,) = waiting_on(release)
    assert (asked.on, asked.since, asked.said) == ((dan.id,), NINE, "failed for 1 of 2")
    check = check_result(release, "good", 0)
    (no,) = check.noes
    assert (check.outcome, no.by, no.comment) == (Outcome.FAILED, dan.id, "It is slow.")


def test_since_when_it_fails_stands_of_each_and_goes_when_they_say_that_it_passed() -> None:
    no, again = dan.reports("good", passed=False), later(dan.reports("good", passed=False), hours=1)
    other = dee.reports("good", passed=False, comment="Orders are lost.")

    def failing(*acts: Act) -> list[tuple[UserId, datetime | None]]:
        return [(one.by, one.failing) for one in play(behind("good"), *acts).reports["good"]]

    assert failing(no, again, other) == [(dan.id, NINE), (dee.id, NINE + HOUR)]
    assert failing(no, again, other, dan.reports("good")) == [(dee.id, NINE + HOUR), (dan.id, None)]


def test_of_what_one_of_several_reports_it_is_not_said_how_many_have() -> None:
    (asked,) = waiting_on(play(behind("lint"), dan.reports("lint", passed=False)))
    assert (asked.on, asked.count, asked.said) == ((dan.id, dee.id), 1, "")


def test_who_has_not_reported_it_was_waited_for_all_the_time() -> None:
    (asked,) = waiting_on(play(behind("good"), later(dan.reports("good"), hours=1)))
    assert (asked.on, asked.since, asked.said) == ((dee.id,), NINE, "passed for 1 of 2")


def test_who_comes_into_the_role_is_asked_as_well() -> None:
    assert good(dan.reports("good"), ben.joins("on-call")) == ("passed for 1 of 3", (ben.id, dee.id))


def test_who_has_left_the_role_is_missed_no_more_but_their_no_keeps_its_weight() -> None:
    yes, no = dan.reports("good"), dee.reports("good", passed=False)
    assert names(play(behind("good"), yes), dee.leaves("on-call")) == [
        "MembersRead",
        "GatesMet",
        "StageBegan",
    ]
    assert good(dee.reports("good"), dee.leaves("on-call")) == ("has not been reported", (dan.id,))
    left = play(behind("good"), yes, no, dee.leaves("on-call"))
    assert left.state is State.AWAITING_APPROVAL
    assert good(yes, no, dee.leaves("on-call")) == ("failed for 1 of 2", (dee.id,))
    assert names(left, dee.reports("good")) == ["CheckReported", "GatesMet", "StageBegan"]
    for before in ((), (dee.reports("good"),)):
        gone = play(behind("good"), *before, dee.leaves("on-call"))
        assert refusal(gone, dee.reports("good", passed=False)).code is Code.NOT_YOURS


def test_where_nobody_is_left_in_the_role_nothing_passes() -> None:
    empty = good(dan.reports("good"), dan.leaves("on-call"), dee.leaves("on-call"))
    assert empty == ("has not been reported", ())


def test_the_roll_of_a_stage_that_has_begun_stays_as_it_was() -> None:
    begun = play(behind("good"), dan.reports("good"), dee.reports("good"))
    more = play(begun, ben.joins("on-call"), dan.reports("good", passed=False))
    assert gate(more, "Green") == gate(begun, "Green")


def test_of_what_everybody_reports_each_grows_too_old_by_itself() -> None:
    release = play(
        behind("good", begin=Begin.CAPTAIN), dan.reports("good"), later(dee.reports("good"), hours=3)
    )
    assert release.state is State.READY
    assert attention_at(release) == NINE + 4 * HOUR
    assert events(release, time_passes(hours=1))[0] == CheckExpired(
        at=NINE + 4 * HOUR, by=ROLLCALL, check="good", person=dan.id
    )
    old = play(release, time_passes(hours=1))
    assert old.state is State.AWAITING_APPROVAL
    assert [(asked.on, asked.since) for asked in waiting_on(old)] == [((dan.id,), NINE + 4 * HOUR)]
    assert dict(play(old, time_passes(hours=3)).reports) == {}


def test_a_no_does_not_grow_old_with_the_yes_of_another() -> None:
    release = play(
        behind("good"), dan.reports("good"), later(dee.reports("good", passed=False), hours=3, minutes=55)
    )
    old = play(release, time_passes(minutes=5))
    assert [one.by for one in old.reports["good"]] == [dee.id]
    assert old.reports["good"][-1].failing == NINE + timedelta(hours=3, minutes=55)


def test_who_reports_what_is_too_old_by_now_is_asked_since_then() -> None:
    old = play(behind("load", begin=Begin.CAPTAIN), later(ben.reports("load"), hours=1), time_passes(hours=4))
    assert [(asked.on, asked.since) for asked in waiting_on(old)] == [
        ((bea.id, ben.id, eli.id), NINE + 5 * HOUR)
    ]


def test_of_a_roll_who_has_never_reported_was_waited_for_all_the_time() -> None:
    old = play(behind("good"), dee.reports("good"), time_passes(hours=5))
    assert [(asked.on, asked.since) for asked in waiting_on(old)] == [((dan.id, dee.id), NINE)]
