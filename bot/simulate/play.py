"""Play a release: whoever it waits for acts after a while, and the clock jumps from one event to the next.

Nothing here decides about a release: that does the core, as it does in earnest. The luck of an answer hangs
on the seed and on what is asked of whom, and on nothing else. So two plays with the same seed differ only
by what differs between them, such as the hour of their start.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple, assert_never

from bot.release.attention import Attend, attention_at
from bot.release.command import Command, Decision, Facts
from bot.release.decide import decide, decide_start, fold
from bot.release.event import Event
from bot.release.gates.answers import Abstain, Approve, Reject, Withdraw
from bot.release.gates.checks import Outcome, ReportCheck
from bot.release.gates.readings import ReportReading
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import ROLLCALL, ChannelId, UserId, WorkspaceId
from bot.release.people.handoff import AcceptDuty, Duty, TakeLead, fingerprint
from bot.release.people.shift import asked as asked_of_shift
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.stages.holds import LiftHold, PlaceHold
from bot.release.stages.runs import ReportRunEnded
from bot.release.stages.stage import BeginStage
from bot.release.stages.start import Start, StartFacts
from bot.release.stages.steps import FinishStep
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Runbook
from bot.runbook.values import LONGEST_WAIT
from bot.simulate.people import Answers, People, Person

TURNS_LIMIT: Final = 5_000
"""Turns after which a play is stopped: acts of people, and looks by the clock."""
Z90: Final = 1.2815515655446004
"""Nine in ten of a standard normal distribution lie below it."""
WORKSPACE: Final = WorkspaceId("simulation")
SHARE_OF_RUN: Final = 0.5
"""How much of the time that it has a run takes; each passes."""
BY_ITSELF: Final = frozenset({Awaited.RUN, Awaited.READING, Awaited.SOAK})
"""What Rollcall sees, and nobody does. A check that it reads passes when it is read first, and ever after."""
TAKE_OVER: Final = "take over"
DOUBT: Final = "Something looks odd."
MENDED: Final = "It is mended."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played: the release of a version by some people, from when, for how many days at most."""

    runbook: Runbook
    people: People
    version: str
    at: datetime
    days: int
    seed: int

    @property
    def until(self) -> datetime:
        """When it is stopped, though it has not ended."""
        return self.at + timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What happened at once, or why an act was refused; how the release stood then, and waited for what."""

    at: datetime
    by: UserId
    events: tuple[Event, ...]
    release: Release
    waiting: tuple[Waiting, ...]
    refused: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A release as it was played, turn by turn; or why it could not be started."""

    plan: Plan
    turns: tuple[Turn, ...]
    refused: Refused | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that has happened."""
        return tuple(event for turn in self.turns for event in turn.events)

    @property
    def took(self) -> timedelta | None:
        """How long it took to its end; None if it has not come to it."""
        ended = bool(self.turns) and self.turns[-1].release.state.ended
        return self.turns[-1].at - self.plan.at if ended else None

    @property
    def cut_short(self) -> bool:
        """Whether it was stopped because it went on and on."""
        return self.took is None and len(self.turns) >= TURNS_LIMIT

    @property
    def until(self) -> datetime:
        """When it was over."""
        return self.plan.until if self.took is None and not self.cut_short else self.turns[-1].at


class Asked(NamedTuple):
    """What is asked of one person; it is one question while the release waits for it without a break."""

    person: UserId
    kind: str
    stage: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """When a person comes round to what is asked, and the luck, from 0 to 100, by which they then act.

    Without something that is waited for, it is the question whether they take the release over.
    """

    at: datetime
    luck: float
    waiting: Waiting | None


def play(plan: Plan) -> Play:
    """Play a release until it ends, its days are over, or it has taken too many turns."""
    facts, starter = _start_facts(plan), UserId(plan.people.starter)
    decision = decide_start(_start(plan, facts), facts)
    if isinstance(decision, Refused):
        return Play(plan=plan, turns=(), refused=decision)
    agenda, turns = Agenda(plan), [_turn(plan.at, starter, decision, None)]
    while len(turns) < TURNS_LIMIT and not turns[-1].release.state.ended:
        agenda.follow(turns[-1])
        at, command = agenda.next(turns[-1])
        if at > plan.until:
            break
        release, now = turns[-1].release, Facts(now=at, directory=plan.people.directory(plan.runbook, at))
        turns.append(_turn(at, command.by, decide(release, command, now), release))
    return Play(plan=plan, turns=tuple(turns))


class Agenda:
    """What is asked of whom, and when each will come round to it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._open: dict[Asked, Answer] = {}
        self._times: Counter[Asked] = Counter()

    def follow(self, turn: Turn) -> None:
        """Take in what a release waits for now: what is new is asked, what is over is forgotten."""
        before, self._open = self._open, {}
        for asked, waiting in _questions(turn):
            self._open[asked] = before.get(asked) or self._ask(asked, waiting, turn.at)

    def next(self, turn: Turn) -> tuple[datetime, Command]:
        """Return when something happens next, and what: a person's act, or a look by the clock."""
        release, clock, later = turn.release, self._clock(turn), turn.at + timedelta.resolution
        asked = min(self._open, key=lambda one: (self._open[one].at, one), default=None)
        if asked is None or clock <= self._open[asked].at:
            return max(clock, later), Attend(workspace=WORKSPACE, release=release.key, by=ROLLCALL)
        answer = self._open.pop(asked)
        if asked.kind in BY_ITSELF:
            at = max(answer.at, later)
            return at, _passed(release) if asked.kind == Awaited.RUN else _read(release, asked.name, at)
        person = self._plan.people.people[asked.person]
        return max(answer.at, later), _act(release, asked.person, person, answer)

    def _ask(self, asked: Asked, waiting: Waiting | None, at: datetime) -> Answer:
        if waiting and waiting.kind is Awaited.RUN:
            assert waiting.until is not None
            return Answer(at=at + (waiting.until - at) * SHARE_OF_RUN, luck=100, waiting=waiting)
        if waiting and waiting.kind in BY_ITSELF:
            every = self._plan.runbook.check(waiting.name).every
            return Answer(at=waiting.until or at + every, luck=100, waiting=waiting)
        self._times[asked] += 1
        question = "/".join(map(str, (self._plan.seed, *asked, self._times[asked])))
        luck = Random(question)  # noqa: S311 - It must come out the same again.
        person = self._plan.people.people[asked.person]
        comes = person.after(_takes(person.answers, luck), at)
        return Answer(at=comes, luck=luck.random() * 100, waiting=waiting)

    def _clock(self, turn: Turn) -> datetime:
        """Return when the core wants to look at a release again, or somebody goes away."""
        absences = (one.absent[0] for one in self._plan.people.people.values() if one.absent)
        times = [attention_at(turn.release), *(begins for begins in absences if begins > turn.at)]
        return min((at for at in times if at is not None), default=self._plan.until + timedelta.resolution)


def _questions(turn: Turn) -> Iterable[tuple[Asked, Waiting | None]]:
    """Yield what is asked of whom after a turn: all that is waited for, and a shift whether it takes over."""
    release = turn.release
    for waiting in turn.waiting:
        for person in able(release, waiting) if waiting.kind not in BY_ITSELF else (ROLLCALL,):
            yield Asked(person, waiting.kind, release.stage, waiting.name), waiting
    for person in asked_of_shift(release):
        yield Asked(person, TAKE_OVER, 0, str(release.shift and release.shift.at)), None


def able(release: Release, waiting: Waiting) -> tuple[UserId, ...]:
    """Return who of those whom a release waits for could do it now, if they were at work."""
    match waiting.kind:
        case Awaited.PEOPLE | Awaited.REVIEW | Awaited.LOCK:
            return ()  # It takes people who are not there, or comes after the release.
        case Awaited.GO | Awaited.STEP | Awaited.CHOICE if release.holds:
            return ()
        case Awaited.READING:
            return ()  # Rollcall sees that it passes, before anybody could do something about it.
        case _:
            return waiting.on


def of_a_check(release: Release, waiting: Waiting) -> bool:
    """Return whether what is waited for is a check's, and not a gate's."""
    return any((check.name, check.by) == (waiting.name, waiting.role) for check in release.runbook.checks)


def _takes(answers: Answers, luck: Random) -> timedelta:
    seconds = answers.median.total_seconds() * (answers.p90 / answers.median) ** (luck.gauss() / Z90)
    return timedelta(seconds=round(min(max(seconds, 1), LONGEST_WAIT.total_seconds())))


def _act(release: Release, by: UserId, person: Person, answer: Answer) -> Command:
    """Return what somebody does about what is asked: most often it, and by bad luck something else."""
    it, luck, stage = answer.waiting, answer.luck, release.stage
    if it is None:
        read = fingerprint(release)
        return AcceptDuty(workspace=WORKSPACE, release=release.key, by=by, duty=Duty.CAPTAIN, read=read)
    holds = any(hold.owner == by for hold in release.holds)

    def act(kind: Callable[..., Command], **what: object) -> Command:
        return kind(workspace=WORKSPACE, release=release.key, by=by, **what)

    match it.kind:
        case Awaited.APPROVAL if luck < person.rejects:
            return act(Reject, stage=stage, gate=it.name, comment=DOUBT)
        case Awaited.APPROVAL if luck < person.rejects + person.abstains:
            return act(Abstain, stage=stage, gate=it.name)
        case Awaited.APPROVAL if luck < person.rejects + person.abstains + person.holds and not holds:
            return act(PlaceHold, reason=DOUBT)
        case Awaited.APPROVAL:
            return act(Approve, stage=stage, gate=it.name)
        case Awaited.CHECK:
            return act(ReportCheck, check=it.name, passed=luck >= person.rejects)
        case Awaited.REJECTION if by != (giver := it.on[0]):
            return act(ResolveRejection, stage=stage, gate=it.name, person=giver, comment=MENDED)
        case Awaited.REJECTION:
            return act(Withdraw, stage=stage, gate=it.name, comment=MENDED)
        case Awaited.GO:
            return act(BeginStage, stage=stage)
        case Awaited.STEP if luck < person.fails:
            return act(FailStep, stage=stage, step=it.name, attempt=release.attempt, reason=DOUBT)
        case Awaited.STEP:
            return act(FinishStep, stage=stage, step=it.name, attempt=release.attempt)
        case Awaited.CHOICE:
            return act(RetryStep, stage=stage, step=it.name, attempt=release.attempt)
        case Awaited.HOLD | Awaited.QUESTION:
            return act(LiftHold, number=it.count, reason=MENDED)
        case Awaited.CAPTAIN:
            return act(TakeLead)
        case (
            Awaited.PEOPLE
            | Awaited.REVIEW
            | Awaited.LOCK
            | Awaited.RUN
            | Awaited.HELD_UP
            | Awaited.READING
            | Awaited.SOAK
        ):
            raise AssertionError("Nobody is able to do this, so nobody is asked.")
        case _:
            assert_never(it.kind)


def _passed(release: Release) -> Command:
    assert release.run is not None
    number = release.run.number
    return ReportRunEnded(workspace=WORKSPACE, release=release.key, by=ROLLCALL, number=number, passed=True)


def _read(release: Release, check: str, at: datetime) -> Command:
    passed = Outcome.PASSED
    return ReportReading(
        workspace=WORKSPACE,
        release=release.key,
        by=ROLLCALL,
        stage=release.stage,
        check=check,
        outcome=passed,
        read=at,
    )


def _steady(runbook: Runbook) -> Runbook:
    """Return the runbook with checks that are not read again and again, as nothing comes of it."""
    seldom = {"every": LONGEST_WAIT, "fresh": LONGEST_WAIT}
    steady = (check.model_copy(update=seldom) for check in runbook.checks if check.read)
    checks = {check.name: check for check in (*runbook.checks, *steady)}
    return runbook.model_copy(update={"checks": tuple(checks.values())})


def _turn(at: datetime, by: UserId, decision: Decision, before: Release | None) -> Turn:
    refused = decision if isinstance(decision, Refused) else None
    events = () if isinstance(decision, Refused) else tuple(decision)
    release = fold(events, before)
    return Turn(at=at, by=by, events=events, release=release, waiting=waiting_on(release), refused=refused)


def _start(plan: Plan, facts: StartFacts) -> Start:
    return Start(
        workspace=WORKSPACE,
        by=UserId(plan.people.starter),
        channel=ChannelId("releases"),
        service=facts.services[0],
        version=plan.version,
        kind=plan.runbook.kind,
        manifest=plan.people.changes,
    )


def _start_facts(plan: Plan) -> StartFacts:
    """Return what is known when nothing but the people can stand against a start."""
    return StartFacts(
        now=plan.at,
        services=(plan.runbook.service or "service",),
        kinds=plan.runbook.kinds,
        runbook=_steady(plan.runbook),
        trouble="",
        directory=plan.people.directory(plan.runbook, plan.at),
        signed=None,
        active=None,
        released_as=None,
        locked=None,
        earlier=None,
        number=1,
    )
