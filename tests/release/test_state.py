"""The moves between the states, and what folding events makes of a release."""

import re
from collections.abc import Iterable
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from bot.release.command import Command
from bot.release.decide import apply, decide_start, fold
from bot.release.event import Event
from bot.release.gates.answers import Approved
from bot.release.ids import ROLLCALL
from bot.release.kinds import COMMANDS, EVENTS
from bot.release.refusal import Code, Refused
from bot.release.stages.cancel import Cancelled
from bot.release.stages.stage import Completed, GatesLapsed, GatesMet, StageBegan, StageDone
from bot.release.stages.start import Started
from bot.release.state import MOVES, IllegalMove, State, state_after
from bot.release.telling.summary import Summarized
from tests.release.given import (
    NINE,
    Act,
    ana,
    ben,
    completed,
    dan,
    dee,
    in_production,
    play,
    ready,
    refusal,
    start,
    start_facts,
    started,
    time_passes,
)

AWAITING, READY, IN_PROGRESS = State.AWAITING_APPROVAL, State.READY, State.IN_PROGRESS
FAILED, ROLLING_BACK = State.FAILED, State.ROLLING_BACK
COMPLETED, ROLLED_BACK, CANCELLED = State.COMPLETED, State.ROLLED_BACK, State.CANCELLED
FORWARD = (AWAITING, READY, IN_PROGRESS, FAILED)
OPEN = (*FORWARD, ROLLING_BACK)

MOVED: dict[tuple[str, State | None], State] = {
    ("Started", None): AWAITING,
    ("GatesMet", AWAITING): READY,
    ("GatesLapsed", READY): AWAITING,
    ("StageBegan", READY): IN_PROGRESS,
    ("StageBegan", ROLLING_BACK): ROLLING_BACK,
    ("StepFailed", IN_PROGRESS): FAILED,
    ("StepRetried", FAILED): IN_PROGRESS,
    ("StepSkipped", FAILED): IN_PROGRESS,
    ("StageDone", IN_PROGRESS): AWAITING,
    ("Completed", IN_PROGRESS): COMPLETED,
    ("RolledBack", ROLLING_BACK): ROLLED_BACK,
    **{(step, ROLLING_BACK): ROLLING_BACK for step in ("StepFailed", "StepRetried", "StepSkipped")},
    **{("ManifestChanged", state): AWAITING for state in FORWARD},
    **{("RollbackBegan", state): ROLLING_BACK for state in (*FORWARD, COMPLETED)},
    **{("Cancelled", state): CANCELLED for state in FORWARD},
}
MOVING = {name for name, _ in MOVED}
AFTERWARDS = (
    "MembersRead",
    "EvidenceAttached",
    "ReviewOpened",
    "ReviewSigned",
    "ReviewReminded",
    "LockLifted",
)


def names_of(kinds: Iterable[type]) -> set[str]:
    return {kind.__name__ for kind in kinds}


def final(kind: type) -> set[str]:
    """Return the names of the kinds below `kind` that have none below them.

    By name, because a slotted dataclass is made twice and both are known to its base.
    """
    below: list[type] = [one for one in _below(kind) if one is not kind]
    return names_of(below) - names_of(one for one in below if one.__subclasses__())


def _below(kind: type) -> Iterable[type]:
    yield kind
    below: list[type] = kind.__subclasses__()
    for one in below:
        yield from _below(one)


@pytest.mark.parametrize("name", [kind.__name__ for kind in EVENTS])
@pytest.mark.parametrize("state", [None, *State])
def test_a_state_moves_by_the_table_and_in_no_other_way(name: str, state: State | None) -> None:
    where = tuple(State) if name in AFTERWARDS else OPEN
    stays = state if name not in MOVING and state in where else None
    expected = MOVED.get((name, state), stays)
    if expected is None:
        with pytest.raises(IllegalMove, match=re.escape(name)):
            state_after(state, name)
    else:
        assert state_after(state, name) is expected


def test_the_table_names_events_that_there_are() -> None:
    assert set(MOVES) <= {kind.__name__ for kind in EVENTS}


def test_all_commands_and_events_are_listed() -> None:
    assert names_of(COMMANDS) == {"Start", "StartDrill", *final(Command)}
    assert names_of(EVENTS) == final(Event)


def test_ended_are_the_completed_the_rolled_back_and_the_cancelled() -> None:
    assert {state for state in State if state.ended} == {COMPLETED, ROLLED_BACK, CANCELLED}


def test_an_illegal_move_says_what_cannot_happen() -> None:
    with pytest.raises(IllegalMove, match=r"^StageBegan cannot happen to a release that is completed\.$"):
        apply(completed(), StageBegan(at=NINE, by=ROLLCALL))
    with pytest.raises(IllegalMove, match=r"^Completed cannot happen to a release that is not started\.$"):
        state_after(None, "Completed")


def test_the_first_event_is_started() -> None:
    approved = Approved(at=NINE, by=ben.id, stage=0, gate="QA", roles=("qa",), comment="")
    with pytest.raises(ValueError, match="first event"):
        apply(None, approved)
    with pytest.raises(ValueError, match="at least one"):
        fold([])


def test_folding_keeps_count_and_time() -> None:
    release = started()
    assert (release.seq, release.at, release.since) == (1, NINE, NINE)
    later = NINE + timedelta(minutes=5)
    approved = Approved(at=later, by=ben.id, stage=0, gate="QA", roles=("qa",), comment="")
    release = apply(release, approved)
    assert (release.seq, release.at, release.since) == (2, later, NINE)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (AWAITING, GatesMet(at=NINE + timedelta(hours=1), by=ROLLCALL)),
        (READY, GatesLapsed(at=NINE + timedelta(hours=1), by=ROLLCALL)),
        (READY, StageBegan(at=NINE + timedelta(hours=1), by=ROLLCALL)),
        (IN_PROGRESS, StageDone(at=NINE + timedelta(hours=1), by=ROLLCALL)),
        (IN_PROGRESS, Completed(at=NINE + timedelta(hours=1), by=ROLLCALL)),
        (AWAITING, Cancelled(at=NINE + timedelta(hours=1), by=ana.id, reason="No.")),
    ],
)
def test_since_is_the_time_of_the_move(state: State, event: Event) -> None:
    assert apply(replace(started(), state=state), event).since == event.at


def test_nothing_changes_a_release_in_place() -> None:
    release = started()
    with pytest.raises(FrozenInstanceError):
        release.version = "2.0.0"  # type: ignore[misc]
    before = repr(release)
    play(release, ben.approves("QA"), time_passes(hours=2))
    assert repr(release) == before


ANYTHING: dict[str, Act] = {
    "approve": dan.approves("Go"),
    "reject": dan.rejects("Go"),
    "begin": ana.begins(),
    "finish": dee.finishes("Deploy"),
    "cancel": ana.cancels(),
    "hold": ben.holds(),
    "hand over": ana.offers(ben),
}


@pytest.mark.parametrize("act", ANYTHING.values(), ids=ANYTHING)
def test_what_has_ended_stays_as_it_is(act: Act) -> None:
    assert refusal(completed(), act) == Refused(
        code=Code.ENDED, because="checkout-1 is completed, and what has ended stays as it is."
    )
    cancelled = play(started(), ana.cancels())
    assert refusal(cancelled, act).because == "checkout-1 is cancelled, and what has ended stays as it is."


def test_a_release_comes_through_its_states_in_order() -> None:
    assert started().state is AWAITING
    assert ready().state is READY
    assert play(ready(), ana.begins()).state is IN_PROGRESS
    assert in_production().state is IN_PROGRESS
    assert completed().state is COMPLETED
    assert play(in_production(), dan.fails("Deploy")).state is FAILED
    assert play(in_production(), dan.rolls_back()).state is ROLLING_BACK


def test_every_event_names_its_actor() -> None:
    decision = decide_start(start(), start_facts())
    assert not isinstance(decision, Refused)
    assert [(type(event), event.by) for event in decision] == [(Started, ana.id)]
    assert Summarized not in map(type, decision)


def test_a_release_is_started_once() -> None:
    first = decide_start(start(), start_facts())
    assert not isinstance(first, Refused)
    with pytest.raises(IllegalMove):
        fold([*first, *first])
