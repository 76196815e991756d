"""Every promise holds after every command, from whatever legal state a release is in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta

import pytest
from hypothesis import event as counted
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.release.approval import Approve, Reject
from bot.release.attention import Attend
from bot.release.cancel import Cancel
from bot.release.command import Command, Facts
from bot.release.decide import decide, decide_start, fold
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.kinds import COMMANDS
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.stage import BeginStage
from bot.release.start import Start
from bot.release.steps import FinishStep
from bot.runbook.model import Begin, Handoffs, Reminders, Runbook, Stage
from tests.release.given import ACME, UNHURRIED, asks, runbook, start, start_facts, steps
from tests.release.witness import (
    Witness,
    happened,
    most,
    seats_of,
    sees,
    stands_well,
    witness,
)

ANA, *OTHERS = PEOPLE = tuple(UserId(name) for name in ("ana", "bea", "ben", "dan", "eli"))
ROLES = ("qa", "security", "on-call")
FULL: Members = {"captain": (ANA,), **dict.fromkeys(ROLES, tuple(OTHERS))}

people = st.sampled_from(PEOPLE)
waits = st.sampled_from([0, 0, 1, 60, 61, 240, 1_440, 4_320]).map(lambda m: timedelta(minutes=m))
plans = st.builds(
    Reminders,
    after=st.sampled_from([timedelta(hours=1), timedelta(hours=5)]),
    every=st.sampled_from([timedelta(hours=1), timedelta(hours=4)]),
    limit=st.integers(1, 3),
)
shifts = st.just(Handoffs(at=(time(9), time(21, 30)), timezone="Europe/Berlin"))
crowds = st.lists(people, max_size=5, unique=True).map(sorted).map(tuple)
memberships = st.fixed_dictionaries({"captain": st.just((ANA,)), **dict.fromkeys(ROLES, crowds)})


@st.composite
def stages(draw: st.DrawFn, name: str) -> Stage:
    seats = st.dictionaries(st.sampled_from(["qa", "security"]), st.integers(1, 2), min_size=1)
    gates = draw(st.lists(st.tuples(st.none() | plans, seats), max_size=2))
    return Stage(
        name=name,
        owner=draw(st.sampled_from(ROLES)),
        production=draw(st.booleans()),
        begin=draw(st.sampled_from(Begin)),
        gates=tuple(asks(f"Gate {i}", remind, **asked) for i, (remind, asked) in enumerate(gates)),
        steps=steps(*(f"Step {i}" for i in range(draw(st.integers(0, 2))))),
    )


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    names = ("Check", "Canary", "Production")[: draw(st.integers(1, 3))]
    return runbook(
        *(draw(stages(name)) for name in names), reminders=draw(plans), handoffs=draw(st.none() | shifts)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A release in a legal state, how it came there, and what was seen of that."""

    release: Release
    history: tuple[Event, ...]
    seen: Witness


Commands = Callable[[Release], st.SearchStrategy[Command]]
"""Commands of one kind that might fit a release as it stands, or might not."""


def gates(release: Release) -> st.SearchStrategy[tuple[int, str]]:
    """Make gates: most often one of the current stage."""
    current = [(release.stage, gate.name) for gate in release.current.gates]
    any_gate = st.tuples(st.integers(-1, 3), st.sampled_from(["Gate 0", "Gate 1", "Gate 2"]))
    return st.sampled_from(current) | any_gate if current else any_gate


def approvals(release: Release) -> st.SearchStrategy[Command]:
    return st.builds(
        lambda by, at, comment: Approve(
            workspace=ACME, release=release.key, by=by, stage=at[0], gate=at[1], comment=comment
        ),
        people,
        gates(release),
        st.sampled_from(["", "", "Fine.", "x" * 501]),
    )


def rejections(release: Release) -> st.SearchStrategy[Command]:
    return st.builds(
        lambda by, at, comment: Reject(
            workspace=ACME, release=release.key, by=by, stage=at[0], gate=at[1], comment=comment
        ),
        people,
        gates(release),
        st.sampled_from(["It fails.", "It fails.", " "]),
    )


def beginnings(release: Release) -> st.SearchStrategy[Command]:
    stage = st.just(release.stage) | st.integers(-1, 3)
    return st.builds(
        BeginStage, workspace=st.just(ACME), release=st.just(release.key), by=people, stage=stage
    )


def ticks(release: Release) -> st.SearchStrategy[Command]:
    current = st.tuples(st.just(release.stage), st.sampled_from(["Step 0", "Step 1"]))
    any_step = st.tuples(st.integers(-1, 3), st.sampled_from(["Step 0", "Step 1", "Step 9"]))
    return st.builds(
        lambda by, at: FinishStep(workspace=ACME, release=release.key, by=by, stage=at[0], step=at[1]),
        people,
        current | any_step,
    )


def cancellations(release: Release) -> st.SearchStrategy[Command]:
    reason = st.sampled_from(["It is the wrong branch.", "", "x" * 501])
    return st.builds(Cancel, workspace=st.just(ACME), release=st.just(release.key), by=people, reason=reason)


def looks(release: Release) -> st.SearchStrategy[Command]:
    return st.just(Attend(workspace=ACME, release=release.key, by=ROLLCALL))


KINDS: Mapping[type[Command], Commands] = {
    Approve: approvals,
    Reject: rejections,
    BeginStage: beginnings,
    FinishStep: ticks,
    Cancel: cancellations,
    Attend: looks,
}


def facts(release: Release) -> st.SearchStrategy[Facts]:
    """Make what may be read for a release some time later: the same people, others, or not everybody."""
    same = st.just(dict(release.members))
    unread = st.sampled_from(ROLES).map(lambda role: {**release.members, role: None})
    members = st.one_of(same, same, same, same, memberships, unread)
    return st.builds(lambda wait, people: Facts(now=release.at + wait, members=people), waits, members)


onward: st.SearchStrategy[type[Command]] = st.sampled_from(
    [Approve, Approve, Approve, Approve, BeginStage, FinishStep, FinishStep, Attend, Reject]
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Make a release in any legal state, by a history in which most steps lead on."""
    book, members = draw(runbooks()), draw(memberships)
    decision = decide_start(start(), start_facts(book, members))
    if isinstance(decision, Refused):
        decision = decide_start(start(), start_facts(book, FULL))
    assert not isinstance(decision, Refused)
    history = list(decision)
    release = fold(history)
    for kind in draw(st.integers(0, 16).flatmap(lambda n: st.lists(onward, min_size=n, max_size=n))):
        known = draw(facts(release))
        if fitting := _fitting(release, kind, known):
            made = decide(release, draw(st.sampled_from(fitting)), known)
            assert not isinstance(made, Refused)
            history.extend(made)
            release = fold(made, release)
    return World(release=release, history=tuple(history), seen=sees(witness(history[0]), history[1:]))


def _fitting(release: Release, kind: type[Command], known: Facts) -> list[Command]:
    """Return the usual commands of a kind that are not refused."""
    return [c for c in _usual(release, kind) if not isinstance(decide(release, c, known), Refused)]


def some(release: Release, kind: type[Command], known: Facts) -> st.SearchStrategy[Command]:
    """Make commands of a kind: as often one that fits as any."""
    fitting = _fitting(release, kind, known)
    return st.sampled_from(fitting) | KINDS[kind](release) if fitting else KINDS[kind](release)


def _usual(release: Release, kind: type[Command]) -> list[Command]:
    to, stage, names = release.key, release.stage, [gate.name for gate in release.current.gates]
    step = next((step.do for step in release.open_steps), "")
    usual: dict[type[Command], list[Command]] = {
        Approve: [
            Approve(workspace=ACME, release=to, by=by, stage=stage, gate=gate)
            for gate in names
            for by in PEOPLE
        ],
        Reject: [
            Reject(workspace=ACME, release=to, by=by, stage=stage, gate=gate, comment="It fails.")
            for gate in names
            for by in PEOPLE
        ],
        BeginStage: [BeginStage(workspace=ACME, release=to, by=by, stage=stage) for by in PEOPLE],
        FinishStep: [FinishStep(workspace=ACME, release=to, by=by, stage=stage, step=step) for by in PEOPLE],
        Cancel: [
            Cancel(workspace=ACME, release=to, by=by, reason="It is the wrong branch.") for by in PEOPLE
        ],
        Attend: [Attend(workspace=ACME, release=to, by=ROLLCALL)],
    }
    return usual[kind]


def test_every_command_is_tried() -> None:
    assert {Start, *KINDS} == set(COMMANDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(UNHURRIED, max_examples=60)
@given(worlds(), st.data())
def test_every_promise_holds_after(kind: type[Command], world: World, data: st.DataObject) -> None:
    known = data.draw(facts(world.release))
    command = data.draw(some(world.release, kind, known))
    outcome = happened(world.seen, world.release, command, known)
    if not isinstance(outcome, Refused):
        stands_well(*outcome)
    counted(f"{world.release.state}: {outcome.code if isinstance(outcome, Refused) else 'taken'}")


@settings(UNHURRIED, max_examples=60)
@given(worlds())
def test_every_legal_state_keeps_every_promise(world: World) -> None:
    assert fold(world.history) == world.release
    assert world.release.seq == len(world.history)
    stands_well(world.seen, world.release)


@UNHURRIED
@given(runbooks(), memberships)
def test_a_release_starts_when_every_gate_could_be_met(book: Runbook, members: Members) -> None:
    decision = decide_start(start(), start_facts(book, members))
    may = {by: frozenset(role for role in ROLES if by in members[role]) for by in OTHERS}
    asked = [seats_of(gate) for stage in book.stages for gate in stage.gates]
    could = all(most(seats, may) == len(seats) for seats in asked)
    if isinstance(decision, Refused):
        assert not could
        assert decision.code is Code.NOT_ENOUGH_PEOPLE
    else:
        assert could
        seen = sees(witness(decision[0]), decision[1:])
        stands_well(seen, fold(decision))


@pytest.mark.proof
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(UNHURRIED, max_examples=300)
@given(worlds(), st.data())
def test_every_promise_holds_after_many(kind: type[Command], world: World, data: st.DataObject) -> None:
    release, seen = world.release, world.seen
    for following in (kind, *data.draw(st.lists(st.sampled_from(list(KINDS)), max_size=4))):
        known = data.draw(facts(release))
        outcome = happened(seen, release, data.draw(some(release, following, known)), known)
        if not isinstance(outcome, Refused):
            seen, release = outcome
            stands_well(seen, release)
