"""A drill is started by who leads or goes back, of what is in production, one at a time, and touches nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start, fold
from bot.release.ids import ReleaseKey
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.drill import are_drills, drills_of
from bot.release.stages.recovery import Recoveries, Recovery, Rehearsal, recovery
from bot.release.stages.start import StartFacts
from bot.release.state import State
from bot.runbook.model import DRILL, Rollback, Runbook
from tests.release.given import (
    NINE,
    Person,
    ana,
    bea,
    cleo,
    completed,
    dan,
    drill,
    gus,
    later,
    pipeline,
    play,
    refusal,
    run_step,
    runbook,
    start_facts,
    steps,
)

LAST = Recoveries(drill=Recovery(key=ReleaseKey("checkout-drill-2"), at=NINE, took=timedelta(minutes=4)))
BEFORE = Rehearsal(version="1.4.0", to="1.3.0", to_commit="abc1234", last=LAST)
BACK = Rollback(
    owner="on-call", drill="staging", steps=(run_step("Deploy", "deploy", "{before}"), *steps("Look"))
)


def facts(**other: object) -> StartFacts:
    """Return what is read for a drill when nothing stands against it."""
    book = runbook(**{"rollback": BACK, "lead": "qa", **other})  # type: ignore[arg-type]
    return replace(start_facts(book), rehearsal=BEFORE)


def drilled(given: StartFacts | None = None, by: Person = dan) -> Release:
    decision = decide_start(drill(by), given or facts())
    assert not isinstance(decision, Refused), decision
    return fold(decision)


def refused(given: StartFacts, by: Person = dan) -> Refused:
    decision = decide_start(drill(by), given)
    assert isinstance(decision, Refused), decision
    return decision


def test_it_is_the_way_back_from_what_is_in_production_elsewhere_than_there() -> None:
    release = drilled()
    assert (release.key, release.service, release.version) == ("checkout-drill-1", "checkout-drill", "1.4.0")
    assert (release.state, release.runbook.kind, release.current.where) == (
        State.IN_PROGRESS,
        DRILL,
        "staging",
    )
    assert release.rehearsal == replace(BEFORE, production=("Production",))
    assert release.runs[0].order.words == ("1.3.0",)
    assert release.going_back_to == ("1.3.0", "abc1234")
    assert not release.touched_production


def test_its_runbook_is_read_back_as_it_was_written() -> None:
    book = drilled().runbook
    assert Runbook.model_validate_json(book.model_dump_json()) == book


def test_gates_checks_reviews_and_overrides_of_releases_are_none_of_it() -> None:
    book = drilled(facts(overrides="qa", own_channel=True)).runbook
    assert (book.overrides, book.checks, book.own_channel, book.rollback) == (None, (), False, None)


@pytest.mark.parametrize("person", [dan, bea], ids=["who goes back", "who leads"])
def test_who_leads_and_who_goes_back_start_it(person: Person) -> None:
    assert drilled(by=person).captain == person.id


@pytest.mark.parametrize("person", [ana, cleo, gus])
def test_nobody_else_starts_it(person: Person) -> None:
    assert refused(facts(), person).because == snapshot(
        "A drill of checkout is started by people in qa or on-call."
    )


def test_where_anybody_leads_anybody_starts_it() -> None:
    assert drilled(facts(lead=None), ana).captain == ana.id


def test_who_is_in_no_role_of_it_starts_none_where_the_starter_would_go_back() -> None:
    back = BACK.model_copy(update={"owner": "captain"})
    assert refused(facts(rollback=back), gus).because == snapshot(
        "A drill of checkout is started by people in qa."
    )
    assert drilled(facts(rollback=back), bea).captain == bea.id


def test_what_is_rehearsed_is_not_changed() -> None:
    assert refusal(drilled(), dan.changes("1.5.0")).because == snapshot(
        "checkout-drill-1 rehearses the way back from what is in production, and nothing else."
    )


def test_one_is_held_at_a_time() -> None:
    assert refused(replace(facts(), active=ReleaseKey("checkout-drill-1"))) == snapshot(
        Refused(
            code=Code.ANOTHER_ACTIVE,
            because="checkout-drill-1 is still open, and one drill at a time is held of a service.",
            instead="Finish or cancel checkout-drill-1 first.",
        )
    )


def test_without_a_version_before_there_is_nothing_to_rehearse() -> None:
    assert refused(replace(facts(), rehearsal=None)) == snapshot(
        Refused(
            code=Code.NOTHING_TO_ROLL_BACK,
            because="checkout was not released twice yet, so there is no version to go back to.",
            instead="Hold a drill after its second release.",
        )
    )


def test_a_service_that_is_unknown_is_told_as_it_was_named() -> None:
    assert refused(replace(facts(), runbook=None)).because == snapshot("No runbook names a service checkout.")


def test_the_stopwatch_runs_from_its_beginning_to_its_end() -> None:
    release = play(drilled(), later(pipeline.passes(), minutes=2), later(dan.finishes("Look"), minutes=7))
    assert recovery(release) == Recovery(
        key=ReleaseKey("checkout-drill-1"), at=release.since, took=timedelta(minutes=9)
    )


def test_a_drill_in_which_a_step_was_skipped_is_no_way_back() -> None:
    assert recovery(play(drilled(), pipeline.passes(), dan.fails("Look"), dan.skips("Look"))) is None


def test_a_release_that_was_completed_is_no_way_back() -> None:
    assert recovery(completed()) is None
    assert recovery(play(completed(), ana.rolls_back())) is None


def test_the_drills_of_a_service_are_known_by_how_they_are_kept() -> None:
    assert are_drills(drills_of("checkout"))
    assert not are_drills("checkout")
