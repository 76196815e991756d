"""What a gate needs, as an expression: how each part stands, and what of it is needed for which release."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.gates.tree import GateStatus, Node
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.gates.gate import CheckPassed, Need, Of, Risk, Seats, When
from bot.runbook.model import Check, Stage
from tests.release.given import (
    Act,
    ana,
    asks,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    gate,
    gated,
    gus,
    needs,
    play,
    runbook,
    start,
    started,
    started_with,
    steps,
)

QA, SECURITY, ON_CALL = (Seats(role=role, count=1) for role in ("qa", "security", "on-call"))
LINT = CheckPassed(check="lint")
CHECKS = tuple(Check(name=name, by=by) for name, by in (("lint", "on-call"), ("load", "qa"), ("smoke", "qa")))
DB = When(paths=("db/**",))


def release_with(need: Need, manifest: Manifest | None = None) -> Release:
    """Return a release behind one gate, which `need` is what it needs."""
    return started_with(start(manifest=manifest), gated(needs("Go", need), checks=CHECKS))


def told(node: Node, depth: int = 0) -> list[str]:
    """Return the lines of a tree as a person would read them."""
    filled = ", ".join(seat.filled.by if seat.filled else "-" for seat in node.seats)
    line = f"{'  ' * depth}{node.status}: {node.says}{f' ({filled})' if filled else ''}"
    return [line, *(below for part in node.parts for below in told(part, depth + 1))]


def tree(release: Release) -> list[str]:
    return told(gate(release, "Go").root)


@pytest.mark.parametrize(
    "act", [ben.approves("Go"), cleo.approves("Go"), dan.reports("lint")], ids=["qa", "security", "check"]
)
def test_any_of_several_needs_is_enough(act: Act) -> None:
    release = release_with(Of(count=1, parts=(QA, SECURITY, LINT)))
    assert release.state is State.AWAITING_APPROVAL
    assert play(release, act).state is State.IN_PROGRESS


def test_all_of_several_needs_are_needed() -> None:
    release = release_with(Of(parts=(QA, SECURITY, LINT)))
    release = play(release, ben.approves("Go"), cleo.approves("Go"))
    assert release.state is State.AWAITING_APPROVAL
    assert play(release, dan.reports("lint")).state is State.IN_PROGRESS


def test_at_least_some_of_several_needs_are_needed() -> None:
    release = release_with(Of(count=2, parts=(QA, SECURITY, LINT)))
    for first, second in (
        (ben.approves("Go"), cleo.approves("Go")),
        (cleo.approves("Go"), dan.reports("lint")),
    ):
        assert play(release, first).state is State.AWAITING_APPROVAL
        assert play(release, first, second).state is State.IN_PROGRESS


def test_a_check_that_failed_is_not_enough() -> None:
    release = release_with(Of(count=1, parts=(QA, LINT)))
    assert play(release, dan.reports("lint", passed=False)).state is State.AWAITING_APPROVAL


def test_needs_are_nested() -> None:
    release = release_with(Of(parts=(QA, Of(count=1, parts=(Of(parts=(SECURITY, LINT)), ON_CALL)))))
    assert play(release, ben.approves("Go"), cleo.approves("Go")).state is State.AWAITING_APPROVAL
    assert play(release, ben.approves("Go"), dan.approves("Go")).state is State.IN_PROGRESS
    safe = play(release, ben.approves("Go"), cleo.approves("Go"), dan.reports("lint"))
    assert safe.state is State.IN_PROGRESS


def test_the_tree_tells_how_each_part_stands() -> None:
    need = Of(parts=(Seats(role="qa", count=2), Of(count=1, parts=(Of(parts=(SECURITY, LINT)), ON_CALL))))
    release = play(release_with(need), ben.approves("Go"), cleo.approves("Go"))
    assert tree(release) == snapshot(
        [
            "waiting: all of these, none so far",
            "  waiting: 1 of 2 approvals from qa (ben, -)",
            "  waiting: any 1 of these 2, none so far",
            "    waiting: all of these, 1 so far",
            "      met: 1 of 1 approval from security (cleo)",
            "      waiting: check lint has not been reported",
            "    waiting: 0 of 1 approval from on-call (-)",
        ]
    )
    assert tree(play(release, dan.reports("lint", passed=False))) == snapshot(
        [
            "waiting: all of these, none so far",
            "  waiting: 1 of 2 approvals from qa (ben, -)",
            "  waiting: any 1 of these 2, none so far",
            "    waiting: all of these, 1 so far",
            "      met: 1 of 1 approval from security (cleo)",
            "      waiting: check lint failed",
            "    waiting: 0 of 1 approval from on-call (-)",
        ]
    )
    assert tree(play(release, dan.reports("lint"), bea.approves("Go"))) == snapshot(
        [
            "met: all of these, 2 so far",
            "  met: 2 of 2 approvals from qa (ben, bea)",
            "  met: any 1 of these 2, 1 so far",
            "    met: all of these, 2 so far",
            "      met: 1 of 1 approval from security (cleo)",
            "      met: check lint passed",
            "    waiting: 0 of 1 approval from on-call (-)",
        ]
    )


def test_the_tree_counts_no_more_than_is_needed() -> None:
    release = release_with(Of(count=2, parts=(QA, SECURITY, ON_CALL)))
    assert tree(release)[0] == snapshot("waiting: any 2 of these 3, none so far")
    release = play(release, ana.holds(), ben.approves("Go"), cleo.approves("Go"), dan.approves("Go"))
    assert tree(release) == snapshot(
        [
            "met: any 2 of these 3, 2 so far",
            "  met: 1 of 1 approval from qa (ben)",
            "  met: 1 of 1 approval from security (cleo)",
            "  met: 1 of 1 approval from on-call (dan)",
        ]
    )


def test_what_fills_no_seat_on_the_shortest_way_is_seen_on_the_others() -> None:
    need = Of(count=1, parts=(Seats(role="qa", count=2), Of(parts=(SECURITY, ON_CALL, LINT))))
    release = play(release_with(need), ben.approves("Go"), cleo.approves("Go"))
    assert tree(release) == snapshot(
        [
            "waiting: any 1 of these 2, none so far",
            "  waiting: 1 of 2 approvals from qa (ben, -)",
            "  waiting: all of these, 1 so far",
            "    met: 1 of 1 approval from security (cleo)",
            "    waiting: 0 of 1 approval from on-call (-)",
            "    waiting: check lint has not been reported",
        ]
    )


def test_who_fills_no_seat_on_the_shortest_way_is_seen_on_one_other_only() -> None:
    safe = (Of(parts=(SECURITY, LINT, CheckPassed(check=check))) for check in ("load", "smoke"))
    release = play(release_with(Of(count=1, parts=(ON_CALL, *safe))), cleo.approves("Go"))
    assert [line for line in tree(release) if "security" in line] == snapshot(
        [
            "    met: 1 of 1 approval from security (cleo)",
            "    waiting: 0 of 1 approval from security (-)",
        ]
    )


def test_one_person_fills_no_seat_twice_anywhere_in_the_tree() -> None:
    release = play(release_with(Of(parts=(QA, Of(parts=(SECURITY, ON_CALL))))), eli.approves("Go"))
    seats = gate(release, "Go").seats
    assert [seat.filled.by for seat in seats if seat.filled] == [eli.id]


def test_the_same_role_in_two_parts_asks_for_two_people() -> None:
    release = release_with(Of(parts=(QA, Of(parts=(QA, SECURITY)))))
    assert play(release, ben.approves("Go"), cleo.approves("Go")).state is State.AWAITING_APPROVAL
    met = play(release, ben.approves("Go"), cleo.approves("Go"), bea.approves("Go"))
    assert met.state is State.IN_PROGRESS


WHEN: dict[str, tuple[When, Manifest, Manifest]] = {
    "labels": (When(labels=("schema", "money")), Manifest(labels=("money",)), Manifest(labels=("docs",))),
    "paths": (DB, Manifest(paths=("db/a.sql", "web/a.js")), Manifest(paths=("web/db.js",))),
    "risk": (When(risk=(Risk.HIGH, Risk.MEDIUM)), Manifest(risk=Risk.MEDIUM), Manifest(risk=Risk.LOW)),
}


@pytest.mark.parametrize(("when", "fits", "other"), WHEN.values(), ids=WHEN)
def test_a_gate_is_needed_where_its_condition_fits(when: When, fits: Manifest, other: Manifest) -> None:
    book = gated(asks("Go", security=1, when=when))
    needed = started_with(start(manifest=fits), book)
    assert gate(needed, "Go").status is GateStatus.WAITING
    assert needed.state is State.AWAITING_APPROVAL
    without = started_with(start(manifest=other), book)
    assert gate(without, "Go").status is GateStatus.NOT_NEEDED
    assert without.state is State.IN_PROGRESS


def test_where_not_all_could_be_read_a_gate_for_some_paths_is_needed() -> None:
    unread = Manifest(authors=(gus.id,), paths=("web/a",), unread="git says: no")
    assert gate(
        started_with(start(manifest=unread), gated(asks("Go", security=1, when=DB))), "Go"
    ).status is (GateStatus.WAITING)


def test_a_gate_is_for_a_kind_of_release() -> None:
    for kind, status in (("hotfix", GateStatus.WAITING), ("normal", GateStatus.NOT_NEEDED)):
        gates = (asks("Go", security=1, when=When(kind=("hotfix",))),)
        assert gate(started(gated(*gates, kind=kind, kinds=("normal", "hotfix"))), "Go").status is status


@pytest.mark.parametrize(
    ("environment", "status"), [("eu", GateStatus.WAITING), (None, GateStatus.NOT_NEEDED)]
)
def test_a_gate_is_for_an_environment(environment: str | None, status: GateStatus) -> None:
    gates = (asks("Go", security=1, when=When(environment=("eu",))),)
    stage = Stage(name="Live", owner="qa", environment=environment, gates=gates, steps=steps("Deploy"))
    assert gate(started(runbook(stage)), "Go").status is status


def test_a_stage_without_an_environment_is_in_one_of_its_own_name() -> None:
    gates = (asks("Go", security=1, when=When(environment=("eu",))),)
    stage = Stage(name="eu", owner="qa", gates=gates, steps=steps("Deploy"))
    assert gate(started(runbook(stage)), "Go").status is GateStatus.WAITING


def test_every_key_of_a_condition_has_to_fit() -> None:
    when = When(labels=("money",), risk=(Risk.HIGH,))
    book = gated(asks("Go", security=1, when=when))
    both = Manifest(labels=("money",), risk=Risk.HIGH)
    assert gate(started_with(start(manifest=both), book), "Go").status is GateStatus.WAITING
    for half in (replace(both, risk=Risk.LOW), replace(both, labels=())):
        assert gate(started_with(start(manifest=half), book), "Go").status is GateStatus.NOT_NEEDED


def test_a_part_is_needed_where_its_condition_fits() -> None:
    need = Of(parts=(QA, Of(parts=(SECURITY,), when=DB)))
    release = release_with(need, Manifest(paths=("db/a.sql",)))
    assert tree(play(release, ben.approves("Go"))) == snapshot(
        [
            "waiting: all of these, 1 so far",
            "  met: 1 of 1 approval from qa (ben)",
            "  waiting: all of these, none so far",
            "    waiting: 0 of 1 approval from security (-)",
        ]
    )
    without = release_with(need, Manifest(paths=("web/a.js",)))
    assert tree(without) == snapshot(
        [
            "waiting: all of these, none so far",
            "  waiting: 0 of 1 approval from qa (-)",
            "  not needed: not needed for this release",
            "    waiting: 0 of 1 approval from security (-)",
        ]
    )
    assert play(without, ben.approves("Go")).state is State.IN_PROGRESS


def test_nobody_fills_a_seat_of_a_part_that_is_not_needed() -> None:
    need = Of(parts=(Of(parts=(SECURITY,), when=DB), SECURITY))
    release = play(release_with(need), ana.holds(), cleo.approves("Go"), eli.approves("Go"))
    assert tree(release) == snapshot(
        [
            "met: all of these, 1 so far",
            "  not needed: not needed for this release",
            "    waiting: 0 of 1 approval from security (-)",
            "  met: 1 of 1 approval from security (cleo)",
        ]
    )
    assert [it.vote.by for it in gate(release, "Go").set_aside] == [eli.id]


def test_people_of_a_part_that_is_not_needed_are_not_asked() -> None:
    need = Of(parts=(QA, Of(parts=(SECURITY,), when=DB)))
    assert gate(release_with(need), "Go").asked == (UserId("bea"), ben.id, eli.id)


def test_those_who_could_help_on_another_way_are_asked_after_those_on_the_shortest() -> None:
    need = Of(count=1, parts=(Of(parts=(QA, SECURITY)), ON_CALL))
    result = gate(release_with(need), "Go")
    assert [(seats.role, seats.asked) for seats in result.open] == snapshot([("on-call", ("dan", "dee"))])
    assert result.others == snapshot(("bea", "ben", "eli", "cleo"))
    assert result.asked == snapshot(("dan", "dee", "bea", "ben", "eli", "cleo"))


def test_who_could_help_on_the_shortest_way_is_not_named_for_another_too() -> None:
    result = gate(release_with(Of(count=1, parts=(QA, Of(parts=(SECURITY, ON_CALL))))), "Go")
    assert [(seats.role, seats.asked) for seats in result.open] == [("qa", (bea.id, ben.id, eli.id))]
    assert result.others == (cleo.id, dan.id, UserId("dee"))


def test_a_gate_with_one_way_to_be_met_offers_no_choice_of_roles() -> None:
    assert gate(release_with(Of(parts=(QA, SECURITY))), "Go").choice == ()
    assert gate(release_with(Of(count=1, parts=(QA, SECURITY))), "Go").choice == ("qa", "security")


def test_the_shortest_way_is_the_one_that_lacks_least() -> None:
    need = Of(count=1, parts=(Seats(role="on-call", count=2), Of(parts=(QA, SECURITY))))
    release = release_with(need)
    assert [seats.role for seats in gate(release, "Go").open] == ["on-call"]
    release = play(release, ben.approves("Go"))
    assert [seats.role for seats in gate(release, "Go").open] == ["security"]


def test_a_gate_that_is_met_on_a_later_way_lacks_nothing() -> None:
    release = release_with(Of(count=1, parts=(Seats(role="qa", count=2), SECURITY)))
    result = gate(play(release, ana.holds(), cleo.approves("Go")), "Go")
    assert (result.status, result.open, result.others, result.asked) == (GateStatus.MET, (), (), ())
    assert [seat.filled.by for seat in result.seats if seat.filled] == [cleo.id]


def test_a_way_for_which_there_are_too_few_people_is_not_shown_while_there_is_another() -> None:
    need = Of(count=1, parts=(QA, Of(parts=(LINT, SECURITY))))
    release = release_with(need)
    assert gate(release, "Go").checks == ()
    release = play(release, ben.leaves("qa"), bea.leaves("qa"), eli.leaves("qa"))
    assert gate(release, "Go").checks == ("lint",)
    assert [seats.role for seats in gate(release, "Go").open] == ["security"]


def test_a_check_that_nobody_can_report_is_not_shown_while_there_is_another_way() -> None:
    release = release_with(Of(count=1, parts=(LINT, Of(parts=(QA, SECURITY)))))
    assert gate(release, "Go").checks == ("lint",)
    alone = play(release, dan.leaves("on-call"), dee.leaves("on-call"))
    assert (gate(alone, "Go").checks, gate(alone, "Go").unreportable) == ((), ())
    nobody = play(alone, *(p.leaves("qa") for p in (ben, bea, eli)), cleo.leaves("security"))
    assert gate(play(nobody, eli.leaves("security")), "Go").unreportable == ("lint",)


def test_a_check_that_has_passed_needs_nobody_who_reports_it() -> None:
    release = play(release_with(Of(parts=(LINT, QA))), dan.reports("lint"))
    assert gate(play(release, dan.leaves("on-call"), dee.leaves("on-call")), "Go").unreportable == ()


def test_the_checks_that_are_missing_are_named() -> None:
    release = release_with(Of(parts=(QA, LINT, CheckPassed(check="load"))))
    assert gate(release, "Go").checks == ("lint", "load")
    assert gate(play(release, ben.reports("load")), "Go").checks == ("lint",)
