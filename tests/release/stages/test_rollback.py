"""Rolling back: from where, by whom, through which steps, and what stays locked afterwards."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.command import Neighbours
from bot.release.gates.tree import GateStatus
from bot.release.ids import ReleaseKey
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.lock import Lock, LockLifted
from bot.release.stages.rollback import RollbackBegan
from bot.release.stages.start import Locked, locked_by
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Begin, Rollback, Runbook, Stage
from tests.release.given import (
    NINE,
    PRODUCTION,
    Act,
    Person,
    ana,
    asks,
    bea,
    ben,
    beside,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gate,
    gus,
    in_production,
    later,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    started,
    steps,
    time_passes,
    unread,
)

BACK = "Put the version before back in place"
CANARY = Stage(name="Canary", owner="qa", production=True, steps=steps("Deploy to one"))


def gated_back(*acts: Act) -> Release:
    """Return a release that is rolled back behind a gate, and the two steps after it."""
    back = Rollback(owner="security", gates=(asks("Back", on_call=1),), steps=steps("Stop", "Restore"))
    return play(started(after_canary(rollback=back)), ana.rolls_back(), *acts)


def after_canary(begin: Begin = Begin.AUTOMATIC, **other: object) -> Runbook:
    """Return a runbook whose first stage touches production without any gate."""
    return runbook(CANARY, PRODUCTION.model_copy(update={"begin": begin}), **other)  # type: ignore[arg-type]


TOUCHED: dict[str, Callable[[], Release]] = {
    "awaiting approval": lambda: play(started(after_canary()), ben.finishes("Deploy to one")),
    "ready": lambda: play(
        started(after_canary(Begin.CAPTAIN)),
        ben.finishes("Deploy to one"),
        dan.approves("Go"),
        ben.approves("Go"),
    ),
    "in progress": in_production,
    "failed": lambda: play(in_production(), dan.fails("Deploy")),
    "completed": completed,
}


@pytest.mark.parametrize("release", TOUCHED.values(), ids=TOUCHED)
def test_a_release_is_rolled_back_from_every_state_in_which_production_was_touched(
    release: Callable[[], Release],
) -> None:
    before = release()
    assert events(before, ana.rolls_back("Orders are lost."))[0] == RollbackBegan(
        at=NINE, by=ana.id, reason="Orders are lost.", to="1.3.0"
    )
    back = play(before, ana.rolls_back("Orders are lost."))
    assert (back.state, back.rolled_back_from) == (State.ROLLING_BACK, before.state)
    assert play(back, ana.finishes(BACK)).state is State.ROLLED_BACK


UNTOUCHED: dict[str, Callable[[], Release]] = {
    "awaiting approval": started,
    "ready": ready,
    "in progress": lambda: play(ready(), ana.begins()),
    "failed": lambda: play(ready(), ana.begins(), ben.fails("Tag the commit")),
}


@pytest.mark.parametrize("release", UNTOUCHED.values(), ids=UNTOUCHED)
def test_a_release_that_has_not_touched_production_has_nothing_to_roll_back(
    release: Callable[[], Release],
) -> None:
    assert refusal(release(), ana.rolls_back()) == snapshot(
        Refused(
            code=Code.NOTHING_TO_ROLL_BACK,
            because="checkout-1 has not touched production, so there is nothing to roll back.",
            instead="Cancel it instead.",
        )
    )


def test_a_cancelled_release_has_nothing_to_roll_back() -> None:
    assert refusal(play(started(), ana.cancels()), ana.rolls_back()) == snapshot(
        Refused(
            code=Code.NOTHING_TO_ROLL_BACK,
            because="checkout-1 has not touched production, so there is nothing to roll back.",
        )
    )


def test_a_release_is_rolled_back_once() -> None:
    rolling = play(in_production(), ana.rolls_back())
    assert refusal(rolling, dan.rolls_back("Me too.")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="checkout-1 is rolling back already.")
    )
    assert refusal(play(rolling, dan.finishes(BACK)), dan.rolls_back()).because == snapshot(
        "checkout-1 is rolled back already."
    )


def test_a_completed_release_that_is_not_the_newest_is_not_rolled_back() -> None:
    newer = Neighbours(newest=ReleaseKey("checkout-2"))
    assert refusal(completed(), beside(ana.rolls_back(), newer)) == snapshot(
        Refused(
            code=Code.NOT_NEWEST,
            because="checkout-1 is not in production any more; checkout-2 is.",
            instead="Roll back checkout-2.",
        )
    )


def test_a_completed_release_is_not_rolled_back_while_another_is_open() -> None:
    active = Neighbours(newest=completed().key, active=ReleaseKey("checkout-2"))
    assert refusal(completed(), beside(ana.rolls_back(), active)) == snapshot(
        Refused(
            code=Code.ANOTHER_ACTIVE,
            because="checkout-2 is open, and one release at a time holds a service.",
            instead="Cancel checkout-2 first, or roll that one back.",
        )
    )


def test_an_open_release_is_rolled_back_whatever_else_there_is() -> None:
    others = Neighbours(newest=ReleaseKey("checkout-0"), active=in_production().key)
    assert play(in_production(), beside(ana.rolls_back(), others)).state is State.ROLLING_BACK


@pytest.mark.parametrize("person", [ana, dan, dee])
def test_who_leads_or_owns_the_stage_or_the_rollback_rolls_back(person: Person) -> None:
    assert play(in_production(), person.rolls_back()).state is State.ROLLING_BACK


def test_the_owners_of_the_rollback_roll_back_from_a_stage_that_others_own() -> None:
    release = started(after_canary(rollback=Rollback(owner="security")))
    assert play(release, cleo.rolls_back()).state is State.ROLLING_BACK
    assert play(release, ben.rolls_back()).state is State.ROLLING_BACK
    assert refusal(release, dan.rolls_back()).code is Code.NOT_YOURS


@pytest.mark.parametrize("person", [ben, cleo, gus])
def test_nobody_else_rolls_back(person: Person) -> None:
    assert refusal(in_production(), person.rolls_back()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Rolling back is for the captain or deputy, or the owners of the stage, or the owners of the rollback.",
            ask=(ana.id, dan.id, dee.id),
        )
    )


def test_people_of_the_moment_roll_back() -> None:
    assert refusal(in_production(), meanwhile(dan.leaves("on-call"), dan.rolls_back())).code is Code.NOT_YOURS
    assert names(completed(), meanwhile(gus.joins("on-call"), gus.rolls_back()))[0] == "MembersRead"


@pytest.mark.parametrize(
    ("because", "code"),
    [("", Code.REASON_MISSING), ("?!", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)],
)
def test_a_rollback_needs_a_reason(because: str, code: Code) -> None:
    assert refusal(in_production(), ana.rolls_back(because)).code is code


def test_neither_a_hold_nor_unread_people_nor_a_rejection_keep_from_rolling_back() -> None:
    release = play(in_production(), ben.holds())
    assert names(release, unread("qa", ana.rolls_back())) == ["RollbackBegan", "StageBegan"]
    waiting = play(started(after_canary()), ben.finishes("Deploy to one"), ben.rejects("Go"))
    assert names(waiting, ana.rolls_back()) == ["RollbackBegan", "StageBegan"]


def test_the_way_back_is_that_of_the_runbook_or_one_step_of_the_last_stage_in_production() -> None:
    release = play(in_production(), ana.rolls_back())
    assert (release.current.name, release.current.owner) == ("rollback", "on-call")
    assert [step.do for step in release.open_steps] == [BACK]
    own = gated_back(dan.approves("Back"))
    assert (own.current.owner, [step.do for step in own.open_steps]) == ("security", ["Stop", "Restore"])


def test_the_steps_of_the_way_back_are_done_in_order_by_its_owners() -> None:
    release = gated_back(dan.approves("Back"))
    assert refusal(release, cleo.finishes("Restore")).code is Code.NOT_YET
    assert refusal(release, dan.finishes("Stop")).code is Code.NOT_YOURS
    release = play(release, cleo.finishes("Stop"))
    assert names(release, eli.finishes("Restore")) == ["StepDone", "RolledBack"]


def test_the_steps_of_the_way_back_begin_with_their_first_attempt() -> None:
    release = play(in_production(), dan.fails("Deploy"), dan.retries("Deploy"), ana.rolls_back())
    assert names(release, dan.finishes(BACK, attempt=1)) == ["StepDone", "RolledBack"]


def test_a_step_of_the_stage_before_is_not_ticked_any_more() -> None:
    release = play(in_production(), ana.rolls_back())
    assert refusal(release, dan.finishes("Deploy", stage=1)).code is Code.NOT_YET


def test_the_way_back_waits_for_its_own_gates() -> None:
    release = gated_back()
    assert release.state is State.ROLLING_BACK
    assert [(w.kind, w.name, w.on) for w in waiting_on(release)] == [
        (Awaited.APPROVAL, "Back", (dan.id, dee.id))
    ]
    assert refusal(release, cleo.finishes("Stop")).code is Code.NOT_YET
    assert refusal(release, ana.begins()).code is Code.GATES_NOT_MET
    assert names(release, dan.approves("Back")) == ["Approved", "StageBegan"]
    assert refusal(play(release, dan.approves("Back")), dee.approves("Back")).code is Code.ALREADY_BEGUN


def test_a_rejection_at_the_gate_of_the_way_back_is_settled() -> None:
    release = gated_back(dan.rejects("Back"), dee.approves("Back"))
    assert names(release, ana.settles("Back", dan)) == ["RejectionResolved", "StageBegan"]


def test_people_are_reminded_at_the_gates_of_the_way_back() -> None:
    assert names(gated_back(), time_passes(hours=1)) == ["Reminded"]


def test_who_owns_the_way_back_is_told_how_it_stands() -> None:
    back = Rollback(owner="security")
    release = started(after_canary(rollback=back))
    assert names(release, ana.rolls_back()) == ["RollbackBegan", "StageBegan", "Summarized"]


def test_what_was_rolled_back_keeps_by_whom_and_why() -> None:
    release = play(in_production(), dan.rolls_back("Orders are lost."), later(dee.finishes(BACK), hours=1))
    assert (release.state, release.ended_by) == (State.ROLLED_BACK, dan.id)
    assert release.ended_because == "Orders are lost."
    assert release.since == release.at


def test_a_rollback_locks_the_service_with_its_reason_and_the_version_before() -> None:
    release = play(in_production(), dan.rolls_back("Orders are lost."))
    assert release.lock == Lock(by=dan.id, at=NINE, reason="Orders are lost.", to="1.3.0")
    unknown = play(in_production(), beside(dan.rolls_back(), Neighbours()))
    assert unknown.lock is not None
    assert unknown.lock.to is None


def rolled_back() -> Release:
    return play(in_production(), dan.rolls_back("Orders are lost."), dan.finishes(BACK))


def test_a_lock_is_waited_for_on_who_may_lift_it() -> None:
    assert waiting_on(rolled_back()) == (
        Waiting(
            kind=Awaited.LOCK,
            name="Orders are lost.",
            role="on-call",
            on=(ana.id, dan.id, dee.id),
            since=NINE,
        ),
    )


@pytest.mark.parametrize("person", [ana, dan, dee])
def test_a_lock_is_lifted_by_who_led_or_owns_the_rollback(person: Person) -> None:
    assert events(rolled_back(), person.unlocks("The query is mended.")) == (
        LockLifted(at=NINE, by=person.id, reason="The query is mended."),
    )
    release = play(rolled_back(), person.unlocks())
    assert release.lock is None
    assert waiting_on(release) == ()


@pytest.mark.parametrize("person", [ben, cleo, gus])
def test_nobody_else_lifts_a_lock(person: Person) -> None:
    assert refusal(rolled_back(), person.unlocks()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Lifting the lock is for the captain or deputy, or the owners of the rollback.",
            ask=(ana.id, dan.id, dee.id),
        )
    )


def test_people_of_the_moment_lift_a_lock() -> None:
    act = meanwhile(gus.joins("on-call"), gus.unlocks())
    assert names(rolled_back(), act) == ["MembersRead", "LockLifted"]


@pytest.mark.parametrize(
    ("because", "code"), [("", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)], ids=["none", "long"]
)
def test_a_lock_is_lifted_with_what_was_mended(because: str, code: Code) -> None:
    assert refusal(rolled_back(), ana.unlocks(because)).code is code


def test_a_lock_is_lifted_once_and_not_before_the_rollback_is_done() -> None:
    assert refusal(play(rolled_back(), ana.unlocks()), ana.unlocks()) == snapshot(
        Refused(code=Code.NOTHING_TO_DO, because="checkout-1 keeps no lock on checkout.")
    )
    assert refusal(play(in_production(), ana.rolls_back()), ana.unlocks()) == snapshot(
        Refused(
            code=Code.NOTHING_TO_DO,
            because="checkout-1 keeps no lock on checkout that could be lifted before it is rolled back.",
        )
    )
    assert refusal(completed(), ana.unlocks()).code is Code.NOTHING_TO_DO


def test_a_start_is_kept_out_by_a_lock_that_tells_why_and_who_may_lift_it() -> None:
    release = rolled_back()
    assert locked_by(release) == Locked(
        key=release.key, reason="Orders are lost.", may_lift=(ana.id, dan.id, dee.id)
    )
    assert locked_by(play(release, ana.unlocks())) is None


def test_who_was_deputy_lifts_the_lock() -> None:
    release = play(in_production(), ana.offers(gus, Duty.DEPUTY), gus.accepts(Duty.DEPUTY))
    release = play(release, ana.rolls_back(), dan.finishes(BACK))
    assert names(release, gus.unlocks()) == ["LockLifted"]


def test_a_hold_of_before_does_not_outlive_the_rollback() -> None:
    release = play(in_production(), ben.holds(), ana.rolls_back(), dan.finishes(BACK))
    assert [w.kind for w in waiting_on(release)] == [Awaited.LOCK]
    assert refusal(release, ben.lifts()).code is Code.ENDED


def test_the_gates_of_stages_before_stay_as_they_were() -> None:
    before = in_production()
    after = play(before, ana.rolls_back(), ben.leaves("qa"), bea.leaves("qa"))
    assert gate(after, "QA", stage=0) == gate(before, "QA", stage=0)
    assert gate(after, "Go", stage=1).status is GateStatus.MET
    assert replace(after, state=before.state).began.keys() > before.began.keys()
