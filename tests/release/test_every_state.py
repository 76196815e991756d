"""Every state of a small release is visited, and every promise holds in each and on each way out of it.

Times are left out of what tells two states apart. The people: Ana starts and leads; Ben is in QA, Dan on
call, Eli in both, until they leave or join a role.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import pytest

from bot.release.attention import Attend
from bot.release.command import Command, Facts, Neighbours
from bot.release.decide import decide, decide_start, fold
from bot.release.gates.answers import Abstain, Approve, Reject, Withdraw
from bot.release.gates.checks import Outcome, ReportCheck
from bot.release.gates.override import Override
from bot.release.gates.readings import ReportReading
from bot.release.gates.review import SignReview
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import ROLLCALL, ReleaseKey, UserId
from bot.release.manifest import Manifest, bound_to
from bot.release.people.directory import Directory
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.stages.cancel import Cancel
from bot.release.stages.failure import FailStep, RetryStep, SkipStep
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.holds import LiftHold, PlaceHold
from bot.release.stages.lock import LiftLock
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.rollback import Rollback
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, ReportRunHeldUp
from bot.release.stages.stage import BeginStage
from bot.release.stages.steps import FinishStep
from bot.release.state import State
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Reminders
from bot.runbook.model import Begin, Check, Review, Runbook, Stage, Step
from bot.runbook.model import Rollback as WayBack
from tests.release.given import ACME, asks, needs, run_step, runbook, start, start_facts, steps, town
from tests.release.promises import can_go_back, happened, has_one_effect, holds_well

ANA, BEN, DAN, ELI = (UserId(name) for name in ("ana", "ben", "dan", "eli"))
EVERYBODY: Members = {
    "captain": (ANA,),
    "qa": (BEN, ELI),
    "security": (BEN,),
    "on-call": (DAN, ELI),
}
NEVER = Reminders(after=timedelta(days=90), every=timedelta(days=90), limit=1)
ENDS = {"completed", "rolled_back", "cancelled"}

Key = tuple[object, ...]
"""What tells one state from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What may happen in one exploration besides approvals, steps, cancelling and rolling back."""

    rejections: bool = False
    abstentions: bool = False
    holds: bool = False
    revisions: bool = False
    failures: bool = False
    overrides: bool = False
    changes_of_people: bool = False
    runs: bool = False
    automatic: bool = False
    readings: bool = False
    roll: bool = False
    attempts: int = 2
    gates: tuple[str, ...] = ("Go",)
    """Of the production stage; the first stage has one."""


@dataclass(slots=True, kw_only=True)
class Explored:
    """Every state that can be reached, by its number, and from which other ones."""

    numbers: dict[Key, int] = field(default_factory=dict)
    reached_from: list[list[int]] = field(default_factory=list)
    states: dict[State, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def ways(self) -> int:
        """How many ways there are between them."""
        return sum(map(len, self.reached_from))


def small(model: Model) -> Runbook:
    """Return two stages, of which the first waits for the captain and the second is production."""
    runs, automatic = model.runs, model.automatic
    deploy, back = (run_step(one, "deploy") if runs else Step(do=one) for one in ("Deploy", "Undo"))
    both = (asks("Both", qa=1, on_call=1),)
    health = (needs("Health", CheckPassed(check="health")),) if model.readings or model.roll else ()
    read = None if model.roll else Read(url="https://shop.example/health")
    return runbook(
        Stage(name="Check", owner="qa", begin=Begin.CAPTAIN, gates=both, steps=steps("Tag")),
        Stage(
            name="Production",
            owner="on-call",
            production=True,
            gates=(*(asks(name, on_call=1) for name in model.gates), *health),
            steps=(deploy,),
        ),
        rollback=WayBack(steps=(back,), automatic=timedelta(minutes=10) if automatic else None),
        checks=(Check(name="health", read=read, by="on-call", each=model.roll),),
        reminders=NEVER,
        overrides="on-call",
        review=Review(count=1),
    )


def key(release: Release, model: Model) -> Key:
    """Return what tells the state of a release from another: all on which it depends what may come after it.

    Which gates of a stage that has begun were overridden is history, as is what was approved there. A no or
    an abstention comes to matter again when what goes out changes, so long as it can.
    """
    now, review, failed = release.stage, release.review, release.failure
    said = 0 if model.revisions and not release.production_at else now
    return (
        release.state,
        now,
        now in release.began,
        release.version,
        tuple(sorted(release.members.items())),
        frozenset(
            (vote.stage, vote.gate, vote.by, vote.verdict, vote.roles)
            for vote in release.votes
            if vote.stage >= (now if vote.verdict == "approved" else said)
        ),
        len(release.open_steps),
        release.attempt,
        release.failure is not None,
        tuple(
            (run == release.run, bool(run.began), bool(run.ended), run.passed, bool(run.held_up_by))
            for run in release.runs
            if run == release.run or not run.ended
        ),
        frozenset(
            (check, frozenset((it.by, it.outcome) for it in said)) for check, said in release.reports.items()
        ),
        frozenset(hold.owner for hold in release.holds),
        frozenset((stage, gate) for stage, gate in release.overridden if stage >= now),
        frozenset(past.by for past in release.overrides),
        review and frozenset(signed.by for signed in review.signed),
        bool(release.production_at),
        release.lock is not None,
        release.plan is not None,
        failed is not None and f"step {failed.stage} {failed.step} {failed.attempt}" in release.vetoed,
    )


class Explorer:
    """Visit every state that a release can be in, holding each and each way out of it against the promises."""

    def __init__(self, book: Runbook, model: Model) -> None:
        self._book = book
        self._model = model
        self._towns: dict[Key, Directory] = {}
        self._found = Explored()
        self._left: deque[tuple[int, Release]] = deque()
        self._refused: set[tuple[type[Command], Code, State]] = set()

    def explore(self) -> Explored:
        """Return all states and the ways between them."""
        first = decide_start(start(), start_facts(self._book, EVERYBODY))
        assert not isinstance(first, Refused)
        self._reach(fold(first))
        while self._left:
            came_from, before = self._left.popleft()
            for command, facts in self._asked(before):
                after = self._after(before, command, facts)
                if not isinstance(after, Refused) and after is not before:
                    self._reach(after, command, came_from)
        return self._found

    def _reach(self, release: Release, command: Command | None = None, came_from: int | None = None) -> None:
        """Note a way to a state, and hold the state against the promises if nothing led there before."""
        found, there = self._found, key(release, self._model)
        at = found.numbers.setdefault(there, len(found.numbers))
        if at == len(found.reached_from):
            found.reached_from.append([])
            found.states[release.state].append(at)
            self._left.append((at, release))
            self._stands(release)
            if command is not None and not isinstance(command, Attend | ReportCheck):
                has_one_effect(release, command, self._facts(release))
        if came_from is not None:
            found.reached_from[at].append(came_from)

    def _stands(self, release: Release) -> None:
        facts = self._facts(release)
        holds_well(release)
        can_go_back(release, facts)
        assert not decide(release, self._look(release), facts), "a look at it brings something about"

    def _after(self, before: Release, command: Command, facts: Facts) -> Release | Refused:
        """Return what a command makes of a release.

        With nothing to take in first, what a command refuses by itself is refused. So all the other work of a
        decision is done once for each way to be refused, and not each time.
        """
        too_late = before.state.ended and not command.after_end
        if too_late or command.bound or isinstance(command, Attend):
            return happened(before, command, facts)
        refused = command.decide(before, facts)
        if not isinstance(refused, Refused):
            return happened(before, command, facts)
        how = (type(command), refused.code, before.state)
        if how not in self._refused:
            self._refused.add(how)
            assert happened(before, command, facts) == refused
        return refused

    def _look(self, release: Release) -> Attend:
        return Attend(workspace=ACME, release=release.key, by=ROLLCALL)

    def _facts(self, release: Release, members: Mapping[str, tuple[UserId, ...]] | None = None) -> Facts:
        people = release.members if members is None else members
        at = tuple(sorted(people.items()))
        if at not in self._towns:
            self._towns[at] = town(people)
        return Facts(now=release.at, directory=self._towns[at], neighbours=Neighbours(newest=release.key))

    def _asked(self, release: Release) -> Iterator[tuple[Command, Facts]]:
        facts = self._facts(release)
        for command in self._commands(release):
            yield command, facts
        if release.plan:
            yield self._look(release), replace(facts, now=release.plan.until)
        if self._model.changes_of_people:
            look = self._look(release)
            for role, person in (("qa", ELI), ("on-call", DAN)):
                there = tuple(sorted({*release.members[role]} ^ {person}))
                yield look, self._facts(release, {**release.members, role: there})

    def _commands(self, release: Release) -> Iterator[Command]:
        """Make everything that the four people could ask for."""
        if release.state.ended:
            yield from self._afterwards(release)
            return
        for by in (ANA, BEN, DAN, ELI):
            yield from self._answers(release, by)
            yield from self._work(release, by)
        yield from self._runs(release)
        yield from self._readings(release) if self._model.readings else ()
        yield from self._roll(release) if self._model.roll else ()
        yield from self._troubles(release)
        for by in (ANA, DAN):
            yield self._rollback(release, by)
            if self._model.automatic:
                yield VetoRollback(workspace=ACME, release=release.key, by=by, reason="I look at it.")
            yield Cancel(workspace=ACME, release=release.key, by=by, reason="It is the wrong branch.")
        yield from self._afterwards(release)

    def _rollback(self, release: Release, by: UserId) -> Command:
        return Rollback(workspace=ACME, release=release.key, by=by, reason="Orders are lost.")

    def _answers(self, release: Release, by: UserId) -> Iterator[Command]:
        to, stage, model = release.key, release.stage, self._model
        for gate in (gate.name for gate in release.current.gates):
            yield Approve(workspace=ACME, release=to, by=by, stage=stage, gate=gate)
            yield Withdraw(workspace=ACME, release=to, by=by, stage=stage, gate=gate)
            if model.abstentions:
                yield Abstain(workspace=ACME, release=to, by=by, stage=stage, gate=gate)
            if model.rejections:
                yield Reject(workspace=ACME, release=to, by=by, stage=stage, gate=gate, comment="It fails.")
                yield ResolveRejection(
                    workspace=ACME, release=to, by=ANA, stage=stage, gate=gate, comment="Flaky.", person=by
                )
            if model.overrides:
                yield Override(workspace=ACME, release=to, by=by, stage=stage, gate=gate, reason="It burns.")

    def _work(self, release: Release, by: UserId) -> Iterator[Command]:
        to, stage, now = release.key, release.stage, release.attempt
        yield BeginStage(workspace=ACME, release=to, by=by, stage=stage)
        for step in (step.do for step in release.current.steps):
            # What was said of an attempt comes in time, or late, or twice.
            for attempt in (now, now - 1) if now > 1 else (now,):
                yield FinishStep(workspace=ACME, release=to, by=by, stage=stage, step=step, attempt=attempt)
                if self._model.failures and by != BEN:
                    yield FailStep(
                        workspace=ACME,
                        release=to,
                        by=by,
                        stage=stage,
                        step=step,
                        attempt=attempt,
                        reason="No.",
                    )
            if self._model.failures and by in (ANA, DAN):
                if now < self._model.attempts:
                    yield RetryStep(workspace=ACME, release=to, by=by, stage=stage, step=step, attempt=now)
                yield SkipStep(
                    workspace=ACME, release=to, by=by, stage=stage, step=step, attempt=now, reason="By hand."
                )

    def _runs(self, release: Release) -> Iterator[Command]:
        """Make what may be told of every run: it began, it passed, it failed; and by somebody who may not."""
        for number in (run.number for run in release.runs if not run.ended or run == release.run):
            for by in (ROLLCALL, DAN):
                yield ReportRunBegan(workspace=ACME, release=release.key, by=by, number=number)
                yield ReportRunHeldUp(
                    workspace=ACME,
                    release=release.key,
                    by=by,
                    number=number,
                    older=ReleaseKey("checkout-0"),
                    older_number=1,
                )
                for passed in (True, False):
                    yield ReportRunEnded(
                        workspace=ACME, release=release.key, by=by, number=number, passed=passed
                    )

    def _readings(self, release: Release) -> Iterator[Command]:
        """Make what may be told of a check: what Rollcall reads, or who reports it, or somebody who may not."""
        mine: dict[str, Any] = {"workspace": ACME, "release": release.key, "check": "health"}
        for by in (ROLLCALL, DAN):
            for outcome in Outcome:
                yield ReportReading(**mine, by=by, stage=release.stage, outcome=outcome, read=release.at)
        for by in (BEN, DAN):
            for passed in (True, False):
                yield ReportCheck(**mine, by=by, passed=passed)

    def _roll(self, release: Release) -> Iterator[Command]:
        """Make what may be told of a check that everybody on call reports, and by somebody who is not."""
        for by in (BEN, DAN, ELI):
            for passed in (True, False):
                yield ReportCheck(workspace=ACME, release=release.key, by=by, check="health", passed=passed)

    def _troubles(self, release: Release) -> Iterator[Command]:
        to = release.key
        if self._model.holds:
            for by in (BEN, DAN):
                if by not in {hold.owner for hold in release.holds}:
                    yield PlaceHold(workspace=ACME, release=to, by=by, reason="It is red.")
            for hold in release.holds:
                for by in (ANA, BEN, DAN):
                    # Its owner may leave the reason out, and it is the same with one.
                    for reason in ("",) if by == hold.owner else ("", "It is green."):
                        yield LiftHold(workspace=ACME, release=to, by=by, number=hold.number, reason=reason)
        if self._model.revisions:
            other = "1.4.1" if release.version == "1.4.0" else "1.4.0"
            yield from self._late(release, bound_to(other, Manifest()))
            for by in (ANA, BEN):
                yield ChangeManifest(workspace=ACME, release=to, by=by, version=other, manifest=Manifest())

    def _late(self, release: Release, bound: str) -> Iterator[Command]:
        """Make what is said of the other thing that was to go out before."""
        to, stage, now = release.key, release.stage, release.attempt
        for gate in (gate.name for gate in release.current.gates):
            yield Approve(workspace=ACME, release=to, by=ELI, bound=bound, stage=stage, gate=gate)
        yield BeginStage(workspace=ACME, release=to, by=ANA, bound=bound, stage=stage)
        for step in (step.do for step in release.open_steps[:1]):
            yield FinishStep(
                workspace=ACME, release=to, by=ANA, bound=bound, stage=stage, step=step, attempt=now
            )

    def _afterwards(self, release: Release) -> Iterator[Command]:
        for by in (ANA, BEN, DAN, ELI):
            if self._model.overrides:
                yield SignReview(workspace=ACME, release=release.key, by=by)
            if release.state.ended:
                yield self._rollback(release, by)
                yield LiftLock(workspace=ACME, release=release.key, by=by, reason="It is mended.")


def can_end(explored: Explored) -> set[int]:
    """Return the states from which an end can be reached."""
    ended = [at for state, those in explored.states.items() if state.ended for at in those]
    known, left = set(ended), deque(ended)
    while left:
        before = set(explored.reached_from[left.popleft()]) - known
        known |= before
        left.extend(before)
    return known


def holds_for(model: Model) -> tuple[int, int, set[str]]:
    """Explore a model, protest where a state has no way to an end, and return how many states, ways and which."""
    explored = Explorer(small(model), model).explore()
    assert len(can_end(explored)) == len(explored.numbers), "a state has no way to an end"
    return len(explored.numbers), explored.ways, {state.value for state in explored.states}


EVERY_STATE = {"awaiting_approval", "ready", "in_progress", "failed", "rolling_back", *ENDS}
WITHOUT_FAILURES = EVERY_STATE - {"failed"}


def test_every_state_of_a_small_release_keeps_every_promise() -> None:
    states, ways, which = holds_for(Model(holds=True, failures=True, overrides=True))
    print(f"{states:,} states, {ways:,} ways between them")
    assert which == EVERY_STATE
    assert states >= 1_800
    assert ways >= 9_500


LARGER: dict[str, tuple[Model, int, set[str]]] = {
    "emergencies": (
        Model(rejections=True, holds=True, failures=True, overrides=True, revisions=True),
        85_000,
        EVERY_STATE,
    ),
    "answers": (
        Model(rejections=True, abstentions=True, holds=True, overrides=True, changes_of_people=True),
        52_000,
        WITHOUT_FAILURES,
    ),
    "people": (
        Model(rejections=True, holds=True, failures=True, overrides=True, changes_of_people=True),
        42_000,
        EVERY_STATE,
    ),
    "revisions": (
        Model(rejections=True, holds=True, failures=True, revisions=True, changes_of_people=True),
        17_000,
        EVERY_STATE,
    ),
    "runs": (
        Model(holds=True, failures=True, revisions=True, runs=True),
        2_000,
        EVERY_STATE,
    ),
    "going back": (
        Model(holds=True, failures=True, automatic=True),
        270,
        EVERY_STATE,
    ),
    "readings": (
        Model(holds=True, failures=True, overrides=True, revisions=True, readings=True),
        15_000,
        EVERY_STATE,
    ),
    "the roll": (
        Model(failures=True, automatic=True, roll=True, changes_of_people=True),
        100,
        EVERY_STATE,
    ),
    "two gates": (
        Model(rejections=True, holds=True, failures=True, revisions=True, gates=("Go", "Risk")),
        11_000,
        EVERY_STATE,
    ),
}
"""What may happen in each exploration, how many states it finds at least, and which. The longest comes first."""


def explore_larger(name: str) -> tuple[int, int, set[str]]:
    return holds_for(LARGER[name][0])


@pytest.mark.proof
def test_every_state_of_larger_releases_keeps_every_promise(
    record_property: Callable[[str, object], None],
) -> None:
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        found = dict(zip(LARGER, pool.map(explore_larger, LARGER), strict=True))
    for name, (states, ways, _) in found.items():
        print(f"{name}: {states:,} states, {ways:,} ways between them")
        record_property(name, (states, ways))
    print(f"together: {sum(states for states, _, _ in found.values()):,} states")
    for name, (states, _, which) in found.items():
        _, least, expected = LARGER[name]
        assert states >= least
        assert which == expected
