"""Every state of a small release is visited, and every promise holds in each and on each way out of it.

Times are left out of what tells two states apart, and so is what was said at stages that have begun: no
rule looks back at it, and `begun_gates_stay` sees that it stays. A look at the release comes after a day,
when every reminder is due.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.release.approval import Approve, Reject
from bot.release.attention import Attend
from bot.release.cancel import Cancel
from bot.release.command import Command, Facts
from bot.release.decide import decide_start, fold
from bot.release.ids import ROLLCALL, UserId
from bot.release.refusal import Refused
from bot.release.release import Members, Release
from bot.release.stage import BeginStage
from bot.release.steps import FinishStep
from bot.runbook.model import Begin, Reminders, Runbook, Stage
from tests.release.given import ACME, asks, runbook, start, start_facts, steps
from tests.release.witness import Witness, happened, stands_well, witness

ANA, BEN, DAN, ELI = (UserId(name) for name in ("ana", "ben", "dan", "eli"))
EVERYBODY: Members = {"captain": (ANA,), "qa": (ANA, BEN, ELI), "on-call": (DAN, ELI)}
ONCE = Reminders(after=timedelta(hours=1), every=timedelta(hours=1), limit=1)

Key = tuple[object, ...]
"""What tells one state from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """Every state that can be reached, and from which other ones."""

    states: dict[Key, Release]
    reached_from: dict[Key, set[Key]]
    ways: int


def small(*second: str, safety: bool = False) -> Runbook:
    """Return two stages, of which the first waits for the captain and the second is production."""
    gates = (asks("Both", qa=1, on_call=1), *([asks("Safety", qa=1)] if safety else []))
    return runbook(
        Stage(name="Check", owner="qa", begin=Begin.CAPTAIN, gates=gates, steps=steps("Tag")),
        Stage(
            name="Production",
            owner="on-call",
            production=True,
            gates=(asks("Go", on_call=1),),
            steps=steps(*second),
        ),
        reminders=ONCE,
    )


def key(release: Release) -> Key:
    """Return what tells the state of a release from another."""
    now = release.stage
    return (
        release.state,
        now,
        tuple(sorted(release.members.items())),
        frozenset((v.gate, v.by, v.verdict, v.roles) for v in release.votes if v.stage == now),
        len(release.open_steps),
        frozenset((past.gate, past.count) for past in release.reminders if past.stage == now),
        len(release.summaries),
    )


def toggled(members: Members) -> Iterator[Members]:
    """Make each membership in which one person is in one role more, or less. Ana always is in `qa`."""
    for role, person in (("qa", BEN), ("qa", ELI), ("on-call", DAN), ("on-call", ELI)):
        yield {**members, role: tuple(sorted({*members[role]} ^ {person}))}


def commands(release: Release) -> Iterator[Command]:
    """Make everything that the four people and the clock could ask for."""
    to, stage = release.key, release.stage
    for by in (ANA, BEN, DAN, ELI):
        for gate in release.current.gates:
            yield Approve(workspace=ACME, release=to, by=by, stage=stage, gate=gate.name)
            yield Reject(workspace=ACME, release=to, by=by, stage=stage, gate=gate.name, comment="It fails.")
        yield BeginStage(workspace=ACME, release=to, by=by, stage=stage)
        for step in release.current.steps:
            yield FinishStep(workspace=ACME, release=to, by=by, stage=stage, step=step.do)
        yield Cancel(workspace=ACME, release=to, by=by, reason="It is the wrong branch.")


def asked(release: Release) -> Iterator[tuple[Command, Facts]]:
    """Make each command with the people that are known, and each change of people with a look."""
    at, look = release.at, Attend(workspace=ACME, release=release.key, by=ROLLCALL)
    for command in commands(release):
        yield command, Facts(now=at, members=release.members)
        yield command, Facts(now=at, members={**release.members, "qa": None})
    yield look, Facts(now=at + timedelta(days=1), members=release.members)
    yield look, Facts(now=at + timedelta(days=1), members={**release.members, "qa": None})
    for members in toggled(release.members):
        yield look, Facts(now=at, members=members)


def explore(book: Runbook) -> Explored:
    """Visit every state that a release of the runbook can be in, holding each way against the promises."""
    first = decide_start(start(), start_facts(book, EVERYBODY))
    assert not isinstance(first, Refused)
    release = fold(first)
    seen = witness(first[0])
    stands_well(seen, release)
    states, reached_from, ways = {key(release): release}, {key(release): set[Key]()}, 0
    left = deque([(key(release), release, seen)])
    while left:
        came_from, before, seen = left.popleft()
        for after, seen_after in outcomes(before, seen):
            ways, at = ways + 1, key(after)
            if at not in states:
                stands_well(seen_after, after)
                states[at] = after
                left.append((at, after, seen_after))
            reached_from.setdefault(at, set()).add(came_from)
    return Explored(states=states, reached_from=reached_from, ways=ways)


def outcomes(before: Release, seen: Witness) -> Iterable[tuple[Release, Witness]]:
    """Make what each command leads to, where it is taken."""
    for command, facts in asked(before):
        outcome = happened(seen, before, command, facts)
        if not isinstance(outcome, Refused):
            yield outcome[1], outcome[0]


def can_end(explored: Explored) -> set[Key]:
    """Return the states from which an end can be reached."""
    ended = [at for at, release in explored.states.items() if release.state.ended]
    known, left = set(ended), deque(ended)
    while left:
        for before in explored.reached_from[left.popleft()] - known:
            known.add(before)
            left.append(before)
    return known


def holds_for(book: Runbook, least: int) -> None:
    """Explore a runbook, and protest where a state has no way to an end."""
    explored = explore(book)
    print(f"{len(explored.states):,} states, {explored.ways:,} ways between them")
    assert len(explored.states) >= least
    assert {release.state for release in explored.states.values()} == {
        "awaiting_approval",
        "ready",
        "in_progress",
        "completed",
        "cancelled",
    }
    assert can_end(explored) == set(explored.states), "a state has no way to an end"


def test_every_state_of_a_small_release_keeps_every_promise() -> None:
    holds_for(small("Deploy"), least=1_000)


@pytest.mark.proof
def test_every_state_of_a_larger_release_keeps_every_promise() -> None:
    holds_for(small("Deploy", "Watch", safety=True), least=10_000)


@pytest.mark.proof
def test_every_state_of_an_automatic_release_keeps_every_promise() -> None:
    book = small("Deploy", safety=True)
    check, production = book.stages
    by_itself = check.model_copy(update={"begin": Begin.AUTOMATIC})
    by_hand = production.model_copy(update={"begin": Begin.CAPTAIN})
    holds_for(book.model_copy(update={"stages": (by_itself, by_hand)}), least=10_000)
