"""What must always be true of a release, in the tests' own words: nothing here asks the rules of the core.

A witness sees the events of a release one by one, keeps what it saw in its own way, and protests where an
event should not have happened. The numbers in the messages are those of the promises in the design.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, singledispatch

from bot.release.approval import Approve, Approved, Rejected, Withdrawn
from bot.release.attention import Attend, attention_at
from bot.release.cancel import Cancelled
from bot.release.command import Command, Facts
from bot.release.decide import decide, fold
from bot.release.event import Event
from bot.release.gates import GateResult, gate_result
from bot.release.handoff import Summarized
from bot.release.ids import ROLLCALL, UserId
from bot.release.members import MembersRead
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.reminders import Reminded
from bot.release.stage import BeginStage, Completed, GatesLapsed, GatesMet, StageBegan, StageDone
from bot.release.start import Started
from bot.release.steps import FinishStep, StepDone
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Begin, Gate, Runbook, Stage

MOVES = {
    "awaiting_approval": {"GatesMet": "ready", "Cancelled": "cancelled"},
    "ready": {
        "GatesLapsed": "awaiting_approval",
        "StageBegan": "in_progress",
        "Cancelled": "cancelled",
    },
    "in_progress": {
        "StageDone": "awaiting_approval",
        "Completed": "completed",
        "Cancelled": "cancelled",
    },
}
Place = tuple[int, str]
"""A stage and the name of one of its gates or steps."""

Said = frozenset[str] | None
"""A yes, with the roles that its giver was in at that moment; None for a no."""


def most(seats: Sequence[str], roles_of: Mapping[UserId, frozenset[str]]) -> int:
    """Return how many seats can be filled, by trying each person, and nobody, on each seat."""
    return _most(tuple(seats), frozenset(roles_of.items()))


@cache
def _most(seats: tuple[str, ...], people: frozenset[tuple[UserId, frozenset[str]]]) -> int:
    if not seats:
        return 0
    first, rest = seats[0], seats[1:]
    sitting = (1 + _most(rest, people - {person}) for person in people if first in person[1])
    return max([_most(rest, people), *sitting])


def seats_of(gate: Gate) -> tuple[str, ...]:
    """Return the role of each seat of a gate."""
    return tuple(seats.role for seats in gate.approvals for _ in range(seats.count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What was seen of a release so far."""

    runbook: Runbook
    starter: UserId
    members: Members
    at: datetime
    state: str = "awaiting_approval"
    stage: int = 0
    opened: datetime
    said: Mapping[Place, Mapping[UserId, Said]] = field(default_factory=dict)
    ticked: tuple[Place, ...] = ()
    touched: bool = False
    reminded: Mapping[Place, tuple[datetime, ...]] = field(default_factory=dict)

    @property
    def now_in(self) -> Stage:
        """The stage that the release is in."""
        return self.runbook.stages[self.stage]

    @property
    def leads(self) -> set[UserId]:
        """The captain, and the people who own the stage."""
        return {self.starter, *self.members.get(self.now_in.owner, ())}

    def may_answer(self, gate: Gate) -> Mapping[UserId, frozenset[str]]:
        """Return who may answer at a gate now, and in which of its roles."""
        asked = [seats.role for seats in gate.approvals]
        people = {person for role in asked for person in self.members.get(role, ())} - {self.starter}
        return {p: frozenset(role for role in asked if p in self.members.get(role, ())) for p in people}

    def answers(self, gate: Gate) -> Mapping[UserId, Said]:
        """Return what everybody has said at a gate of the stage."""
        return self.said.get((self.stage, gate.name), {})

    def yes(self, gate: Gate) -> Mapping[UserId, frozenset[str]]:
        """Return who said yes, in the roles in which they said so and still are."""
        said = self.answers(gate)
        return {p: roles & (said.get(p) or frozenset()) for p, roles in self.may_answer(gate).items()}

    def is_met(self, gate: Gate) -> bool:
        """Return whether nobody has said no, and those who said yes fill every seat."""
        seats = seats_of(gate)
        return None not in self.answers(gate).values() and most(seats, self.yes(gate)) == len(seats)

    def who_could_help(self, gate: Gate) -> set[UserId]:
        """Return who has said nothing that counts, and would fill one seat more by saying yes."""
        seats, yes, said = seats_of(gate), self.yes(gate), self.answers(gate)
        heard = {p for p, yes_in in said.items() if yes_in is None or yes.get(p)}
        left = {p: roles for p, roles in self.may_answer(gate).items() if p not in heard}
        return {p for p, roles in left.items() if most(seats, {**yes, p: roles}) > most(seats, yes)}

    @property
    def all_met(self) -> bool:
        """Whether the stage may begin, as far as its gates go."""
        return all(self.is_met(gate) for gate in self.now_in.gates)

    def sees(self, event: Event) -> "Witness":
        """Return the witness of one more event, or protest."""
        name = type(event).__name__
        assert event.by, f"9: {name} names nobody"
        assert event.at >= self.at, f"9: {name} came before the event before it"
        assert self.state in MOVES, f"8: {name} changes a release that is {self.state}"
        moves = {move for state in MOVES.values() for move in state}
        if name in moves:
            assert name in MOVES[self.state], f"{name} cannot happen while {self.state}"
        after = took(event, self)
        return replace(after, at=event.at, state=MOVES[self.state].get(name, self.state))


@singledispatch
def took(event: Event, seen: Witness) -> Witness:
    """Return the witness with what an event brought, or protest where it is against a promise."""
    raise AssertionError(f"The witness does not know {type(event).__name__}.")


@took.register
def _(event: MembersRead, seen: Witness) -> Witness:
    assert event.members != seen.members, "members are kept when they have changed"
    return replace(seen, members=event.members)


@took.register
def _(event: Approved, seen: Witness) -> Witness:
    return _answered(event, seen, yes=True)


@took.register
def _(event: Rejected, seen: Witness) -> Witness:
    assert event.comment.strip(), "9: a rejection has a reason"
    return _answered(event, seen, yes=False)


@took.register
def _(event: Withdrawn, seen: Witness) -> Witness:
    place = (event.stage, event.gate)
    answers = dict(seen.said[place])
    assert event.by in answers
    assert answers.pop(event.by) is None, "4: only a rejection is taken back"
    return replace(seen, said={**seen.said, place: answers})


def _answered(event: Approved | Rejected, seen: Witness, *, yes: bool) -> Witness:
    assert seen.state != "in_progress", "2: answered after the stage began"
    assert event.stage == seen.stage, "2: answered at another stage"
    assert event.by != seen.starter, "2: the starter answered"
    roles = seen.may_answer(seen.now_in.gate(event.gate)).get(event.by)
    assert roles, "2: answered in no role"
    assert event.roles == tuple(sorted(roles)), "2: the roles are not those of the moment"
    place = (event.stage, event.gate)
    answers = {**seen.said.get(place, {}), event.by: frozenset(event.roles) if yes else None}
    return replace(seen, said={**seen.said, place: answers})


@took.register
def _(event: GatesMet, seen: Witness) -> Witness:
    assert seen.all_met, "1: a gate is not met"
    return seen


@took.register
def _(event: GatesLapsed, seen: Witness) -> Witness:
    assert not seen.all_met, "every gate is met"
    return seen


@took.register
def _(event: StageBegan, seen: Witness) -> Witness:
    assert seen.all_met, "1: a gate is not met"
    if seen.now_in.begin is Begin.CAPTAIN:
        assert event.by in seen.leads, "1: begun by somebody who may not"
    else:
        assert event.by == ROLLCALL, "1: an automatic stage is begun by the rule"
    return replace(seen, touched=seen.touched or seen.now_in.production)


@took.register
def _(event: StepDone, seen: Witness) -> Witness:
    assert seen.state == "in_progress", "1: a step was done before its stage began"
    assert event.by in seen.leads, "a step was done by somebody who may not"
    mine = [step.do for step in seen.now_in.steps]
    done = [step for stage, step in seen.ticked if stage == seen.stage]
    assert (event.stage, event.step) == (seen.stage, mine[len(done)]), "a step was done out of turn"
    return replace(seen, ticked=(*seen.ticked, (event.stage, event.step)))


def _all_ticked(seen: Witness) -> bool:
    return all((seen.stage, step.do) in seen.ticked for step in seen.now_in.steps)


@took.register
def _(event: StageDone, seen: Witness) -> Witness:
    assert _all_ticked(seen), "a step is open"
    assert seen.stage + 1 < len(seen.runbook.stages), "the last stage completes the release"
    return replace(seen, stage=seen.stage + 1, opened=event.at)


@took.register
def _(event: Completed, seen: Witness) -> Witness:
    assert _all_ticked(seen), "a step is open"
    assert seen.stage + 1 == len(seen.runbook.stages), "a stage is still to come"
    return seen


@took.register
def _(event: Cancelled, seen: Witness) -> Witness:
    assert not seen.touched, "5: production was touched"
    assert event.by in seen.leads, "cancelled by somebody who may not"
    assert event.reason.strip(), "9: a cancellation has a reason"
    return seen


@took.register
def _(event: Reminded, seen: Witness) -> Witness:
    gate, place = seen.now_in.gate(event.gate), (event.stage, event.gate)
    plan, past = gate.remind or seen.runbook.reminders, seen.reminded.get(place, ())
    due = past[-1] + plan.every if past else seen.opened + plan.after
    assert seen.state == "awaiting_approval", "reminded of a gate that is not open"
    assert not seen.is_met(gate), "reminded of a gate that is met"
    assert event.stage == seen.stage, "reminded of another stage"
    assert event.at >= due, "reminded too early"
    assert event.count == len(past) + 1 <= plan.limit, "reminded too often"
    assert None not in seen.answers(gate).values(), "reminded of a gate that is rejected"
    assert event.people, "10: reminded nobody"
    assert set(event.people) == seen.who_could_help(gate), "reminded others than who could help"
    return replace(seen, reminded={**seen.reminded, place: (*past, event.at)})


@took.register
def _(event: Summarized, seen: Witness) -> Witness:
    owners = seen.members.get(seen.now_in.owner, ()) or (seen.starter,)
    assert event.to == owners, "told to others than the owners"
    assert event.stage == seen.stage, "told of another stage"
    return seen


def witness(started: Event) -> Witness:
    """Return the witness of the first event of a release."""
    assert isinstance(started, Started)
    return Witness(
        runbook=started.runbook,
        starter=started.by,
        members=started.members,
        at=started.at,
        opened=started.at,
    )


def sees(seen: Witness, events: Iterable[Event]) -> Witness:
    """Return the witness of more events, or protest."""
    for event in events:
        seen = seen.sees(event)
    return seen


def agrees(seen: Witness, release: Release) -> None:
    """Protest where the release is not as its events were seen to make it."""
    assert (release.state, release.stage) == (seen.state, seen.stage)
    assert (release.members, release.at) == (seen.members, seen.at)
    assert release.touched_production == seen.touched
    said = {(v.stage, v.gate, v.by): v.verdict == "approved" for v in release.votes}
    assert said == {
        (*place, by): yes is not None for place, all_said in seen.said.items() for by, yes in all_said.items()
    }
    assert [(tick.stage, tick.step) for tick in release.done] == list(seen.ticked)
    if seen.state in ("awaiting_approval", "ready"):
        for gate in seen.now_in.gates:
            result = gate_result(release, gate, seen.stage)
            assert (result.status == "met") is seen.is_met(gate)
            one_seat_each(result, seen.yes(gate))
            asked = {by for seats in result.open for by in seats.asked}
            assert asked == seen.who_could_help(gate), "10: asks others than who could help"
        assert (seen.state == "ready") is seen.all_met, "it rests where the rules do not leave it"


def one_seat_each(result: GateResult, may: Mapping[UserId, frozenset[str]]) -> None:
    """Protest where somebody sits in two seats, or in one of a role that is not theirs."""
    sitting = [(seat.role, seat.filled.by) for seat in result.seats if seat.filled]
    assert len({by for _, by in sitting}) == len(sitting), "2: somebody fills two seats"
    assert all(role in may[by] for role, by in sitting), "2: somebody sits in a role of others"


def is_in_no_limbo(release: Release) -> None:
    """Protest where an open release waits for nothing, for nobody, or for somebody who is refused."""
    waits = waiting_on(release)
    assert bool(waits) is (not release.state.ended), "10: limbo"
    for waiting in waits:
        assert waiting.on, "10: waits for nobody"
        assert waiting.since <= release.at, "waits since a time to come"
        for by in waiting.on:
            if command := _awaited(release, waiting, by):
                decision = decide(release, command, Facts(now=release.at, members=release.members))
                assert not isinstance(decision, Refused), "10: waits for somebody who is refused"


def _awaited(release: Release, waiting: Waiting, by: UserId) -> Command | None:
    """Return what somebody who is waited for is to do; None for finding people."""
    workspace, key, stage = release.workspace, release.key, release.stage
    match waiting.kind:
        case Awaited.APPROVAL | Awaited.REJECTION:
            return Approve(workspace=workspace, release=key, by=by, stage=stage, gate=waiting.name)
        case Awaited.GO:
            return BeginStage(workspace=workspace, release=key, by=by, stage=stage)
        case Awaited.STEP:
            return FinishStep(workspace=workspace, release=key, by=by, stage=stage, step=waiting.name)
        case Awaited.PEOPLE:
            return None


def begun_gates_stay(before: Release, after: Release) -> None:
    """Protest where the gates of a stage that has begun look otherwise than before."""
    for index in range(len(before.began)):
        for gate in before.runbook.stages[index].gates:
            stood = gate_result(before, gate, index)
            assert gate_result(after, gate, index) == stood, "a gate changed after its stage began"
            assert stood.status == "met", "1: a stage began before its gates were met"


def same_again_changes_nothing(release: Release, command: Command, facts: Facts) -> None:
    """Protest where a command that was just decided has a second effect."""
    again = decide(release, command, facts)
    if isinstance(command, Attend) and not release.state.ended:
        assert again == (), "11: the same command had a second effect"
    else:
        assert isinstance(again, Refused), "11: the same command was taken twice"
        said = {Code.ALREADY_ANSWERED, Code.ALREADY_BEGUN, Code.ALREADY_DONE, Code.ENDED}
        if isinstance(command, Approve) and not release.vote(command.stage, command.gate, command.by):
            # A no was taken back by somebody who has left the role, and so may say nothing more.
            said.add(Code.NOT_YOURS)
        assert again.code in said, "11: the second answer does not say that it is done"


def is_attended_when_due(release: Release) -> None:
    """Protest where attention is due and brings nothing, or is not due and brings something."""
    at = attention_at(release)
    if at is None:
        return
    assert not release.state.ended, "8: attends to what has ended"
    due = max(at, release.at)
    command = Attend(workspace=release.workspace, release=release.key, by=ROLLCALL)
    made = decide(release, command, Facts(now=due, members=release.members))
    assert not isinstance(made, Refused)
    assert made, "attention was due and brought nothing"
    following = attention_at(fold(made, release))
    assert following is None or following > due, "attention would be due without end"
    early = at - timedelta(seconds=1)
    if early >= release.at:
        assert decide(release, command, Facts(now=early, members=release.members)) == ()


def nothing_is_guessed(made: Sequence[Event], seen: Witness, facts: Facts) -> None:
    """Protest where people who cannot be read were counted."""
    if facts.readable:
        return
    assert not {Approved, Rejected, MembersRead} & set(map(type, made)), "13: it counted what was not read"
    stage = seen.stage
    for event in made:
        if isinstance(event, StageBegan):
            assert not seen.runbook.stages[stage].gates, "13: a stage began on what was not read"
        stage += isinstance(event, StageDone)


def stands_well(seen: Witness, release: Release) -> None:
    """Hold a release, as it stands, against every promise."""
    agrees(seen, release)
    is_in_no_limbo(release)
    is_attended_when_due(release)


def happened(
    seen: Witness, before: Release, command: Command, facts: Facts
) -> tuple[Witness, Release] | Refused:
    """Decide a command, hold what it brings about against every promise, and return what then is."""
    decision = decide(before, command, facts)
    if isinstance(decision, Refused):
        assert decision.because
        return decision
    after = fold(decision, before)
    nothing_is_guessed(decision, seen, facts)
    begun_gates_stay(before, after)
    same_again_changes_nothing(after, command, facts)
    return sees(seen, decision), after
