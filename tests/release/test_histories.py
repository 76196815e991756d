"""Every promise holds after every command, from whatever legal state a release is in."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import event as counted
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.release.attention import Attend, attention_at
from bot.release.command import Command, Facts, Neighbours
from bot.release.decide import decide, decide_start, fold
from bot.release.gates.answers import Abstain, Approve, Reject, Withdraw
from bot.release.gates.checks import Outcome, ReportCheck
from bot.release.gates.evidence import AttachEvidence
from bot.release.gates.override import Override
from bot.release.gates.readings import ReportReading
from bot.release.gates.review import SignReview
from bot.release.gates.seat import TakeSeat
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import ROLLCALL, ReleaseKey, UserId
from bot.release.kinds import COMMANDS
from bot.release.manifest import Manifest
from bot.release.people.handoff import AcceptDuty, DeclineDuty, Duty, OfferDuty, TakeLead, fingerprint
from bot.release.people.leaving import JoinChannel, LeaveChannel
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.stages.cancel import Cancel
from bot.release.stages.drill import StartDrill
from bot.release.stages.failure import FailStep, RetryStep, SkipStep
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.holds import KeepHold, LiftHold, PlaceHold
from bot.release.stages.lock import LiftLock
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.rollback import Rollback
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, ReportRunHeldUp
from bot.release.stages.stage import BeginStage
from bot.release.stages.start import Start
from bot.release.stages.steps import FinishStep
from bot.release.telling.summary import next_summary
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Reminders, Seats
from bot.runbook.handoffs import ShiftOfRole
from bot.runbook.model import Begin, Check, Handoffs, Review, Runbook, Stage, Step
from bot.runbook.model import Rollback as WayBack
from tests.release.given import ACME, UNHURRIED, run_step, runbook, start, start_facts, town
from tests.release.promises import can_go_back, happened, has_one_effect, holds_well

ANA, *OTHERS = PEOPLE = tuple(UserId(name) for name in ("ana", "bea", "ben", "dan", "eli"))
ROLES = ("qa", "security", "on-call")
FULL: Members = {"captain": (ANA,), **dict.fromkeys(ROLES, tuple(OTHERS))}
AFTER_ITS_TIME = timedelta(days=100)
HALF_AN_HOUR = timedelta(minutes=30)

people = st.sampled_from(PEOPLE)
waits = st.sampled_from([0, 0, 1, 60, 61, 240, 1_440, 4_320]).map(lambda m: timedelta(minutes=m))
plans = st.builds(
    Reminders,
    after=st.sampled_from([timedelta(hours=1), timedelta(hours=5)]),
    every=st.sampled_from([timedelta(hours=1), timedelta(hours=4)]),
    limit=st.integers(1, 3),
)
times = Handoffs(at=(time(9), time(21, 30)), timezone="Europe/Berlin")
shifts = Handoffs(
    shifts=(
        ShiftOfRole(begins=time(9), timezone="Europe/Berlin", role="qa"),
        ShiftOfRole(begins=time(13), timezone="UTC", role="on-call"),
        ShiftOfRole(begins=time(9), timezone="America/New_York", role="security"),
    )
)
crowds = st.lists(people, max_size=5, unique=True).map(sorted).map(tuple)
memberships = st.fixed_dictionaries({"captain": st.just((ANA,)), **dict.fromkeys(ROLES, crowds)})
leaves: st.SearchStrategy[Need] = st.builds(
    Seats, role=st.sampled_from(["qa", "security"]), count=st.integers(1, 2)
) | st.sampled_from([CheckPassed(check="smoke"), CheckPassed(check="health")])


@st.composite
def needs(draw: st.DrawFn, depth: int = 2) -> Need:
    if depth == 0 or draw(st.booleans()):
        return draw(leaves)
    parts = tuple(draw(st.lists(needs(depth - 1), min_size=1, max_size=3)))
    return Of(parts=parts, count=draw(st.none() | st.integers(1, len(parts))))


@st.composite
def gates(draw: st.DrawFn, number: int) -> Gate:
    return Gate(
        name=f"Gate {number}",
        needs=draw(needs()),
        remind=draw(st.none() | plans),
        expires=draw(st.sampled_from([None, None, timedelta(hours=3)])),
    )


@st.composite
def stages(draw: st.DrawFn, name: str) -> Stage:
    return Stage(
        name=name,
        owner=draw(st.sampled_from(ROLES)),
        production=draw(st.booleans()),
        begin=draw(st.sampled_from(Begin)),
        gates=tuple(draw(gates(number)) for number in range(draw(st.integers(0, 2)))),
        steps=tuple(draw(todo(f"Step {i}")) for i in range(draw(st.integers(0, 2)))),
    )


@st.composite
def todo(draw: st.DrawFn, text: str, *fields: str) -> Step:
    if draw(st.booleans()):
        return Step(do=text)
    return run_step(text, "deploy", *fields, within=draw(st.sampled_from([HALF_AN_HOUR, 8 * HALF_AN_HOUR])))


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    names = ("Check", "Canary", "Production")[: draw(st.integers(1, 3))]
    back = draw(st.lists(gates(9), max_size=1))
    return runbook(
        *(draw(stages(name)) for name in names),
        reminders=draw(plans),
        handoffs=draw(st.sampled_from([None, times, shifts, shifts])),
        offers=draw(st.sampled_from([timedelta(minutes=30), timedelta(hours=3)])),
        checks=(
            Check(
                name="smoke",
                by="on-call",
                each=draw(st.booleans()),
                fresh=draw(st.sampled_from([None, timedelta(hours=2)])),
            ),
            Check(
                name="health",
                by=draw(st.sampled_from([None, "on-call"])),
                read=Read(url="https://shop.example/health"),
                every=timedelta(minutes=30),
                soak=draw(st.sampled_from([None, timedelta(hours=2)])),
            ),
        ),
        overrides="on-call",
        review=Review(count=draw(st.integers(1, 2)), always=draw(st.booleans())),
        rollback=WayBack(
            owner="on-call",
            automatic=draw(st.sampled_from([None, HALF_AN_HOUR])),
            gates=tuple(back),
            steps=(draw(todo("Step 0", *draw(st.sampled_from([(), ("{before}",)])))),),
        ),
    )


def commands(release: Release, kind: type[Command], by: UserId, other: UserId) -> list[Command]:
    """Make what somebody might ask of a release with a kind of command: what fits, and what does not."""
    to, stage = release.key, release.stage
    mine: dict[str, Any] = {"workspace": ACME, "release": to, "by": by}
    places = [(stage, gate.name) for gate in release.current.gates] + [
        (stage - 1, "Gate 0"),
        (stage, "Gate 7"),
    ]
    tasks = [(stage, step.do) for step in release.current.steps] + [(stage, "Step 9"), (stage + 1, "Step 0")]
    tries = (release.attempt, release.attempt + 1, 0)
    reasons = ("It fails.", " ", "x" * 501)
    numbers = (*(hold.number for hold in release.holds), 0, 7)
    runs = (len(release.runs), len(release.runs), 1, 0, len(release.runs) + 1)
    later = (None, release.at + timedelta(hours=2), release.at - timedelta(hours=2))
    made: Mapping[type[Command], Callable[[], list[Command]]] = {
        Approve: lambda: [
            Approve(**mine, stage=s, gate=g, comment=c) for s, g in places for c in ("", "x" * 501)
        ],
        Abstain: lambda: [Abstain(**mine, stage=s, gate=g) for s, g in places],
        Withdraw: lambda: [Withdraw(**mine, stage=s, gate=g) for s, g in places],
        Reject: lambda: [Reject(**mine, stage=s, gate=g, comment=c) for s, g in places for c in reasons],
        TakeSeat: lambda: [TakeSeat(**mine, stage=s, gate=g, role=r) for s, g in places for r in ROLES],
        ResolveRejection: lambda: [
            ResolveRejection(**mine, stage=s, gate=g, comment=c, person=other)
            for s, g in places
            for c in reasons
        ],
        ReportCheck: lambda: [
            ReportCheck(**mine, check=c, passed=p)
            for c in ("smoke", "health", "smok")
            for p in (True, True, False)
        ],
        ReportReading: lambda: [
            ReportReading(
                **(mine | {"by": who}),
                stage=release.stage,
                check=c,
                outcome=o,
                said=s,
                read=release.at,
            )
            for c in ("health", "health", "smoke")
            for o in (Outcome.PASSED, *Outcome)
            for who in (ROLLCALL, ROLLCALL, by)
            for s in ("", "x" * 501)
        ],
        AttachEvidence: lambda: [
            AttachEvidence(**mine, link=link, comment=c)
            for link in ("https://ci.example/7", f"https://ci.example/{release.seq}", "no link")
            for c in ("", "x" * 501)
        ],
        Override: lambda: [Override(**mine, stage=s, gate=g, reason=c) for s, g in places for c in reasons],
        SignReview: lambda: [SignReview(**mine)],
        PlaceHold: lambda: [PlaceHold(**mine, reason=c, until=u) for c in reasons for u in later],
        KeepHold: lambda: [KeepHold(**mine, number=n, until=u) for n in numbers for u in later],
        LiftHold: lambda: [LiftHold(**mine, number=n, reason=c) for n in numbers for c in reasons],
        BeginStage: lambda: [BeginStage(**mine, stage=s) for s in (stage, stage, stage + 1, -1)],
        FinishStep: lambda: [FinishStep(**mine, stage=s, step=d, attempt=a) for s, d in tasks for a in tries],
        FailStep: lambda: [
            FailStep(**mine, stage=s, step=d, attempt=a, reason="No.") for s, d in tasks for a in tries
        ],
        RetryStep: lambda: [RetryStep(**mine, stage=s, step=d, attempt=a) for s, d in tasks for a in tries],
        SkipStep: lambda: [
            SkipStep(**mine, stage=s, step=d, attempt=a, reason=c)
            for s, d in tasks
            for a in tries
            for c in reasons
        ],
        ReportRunHeldUp: lambda: [
            ReportRunHeldUp(**(mine | {"by": who}), number=n, older=ReleaseKey("checkout-0"), older_number=m)
            for n in runs
            for m in (1, 2)
            for who in (ROLLCALL, ROLLCALL, by)
        ],
        ReportRunBegan: lambda: [
            ReportRunBegan(**(mine | {"by": who}), number=n) for n in runs for who in (ROLLCALL, ROLLCALL, by)
        ],
        ReportRunEnded: lambda: [
            ReportRunEnded(**(mine | {"by": who}), number=n, passed=p, said=s)
            for n in runs
            for who in (ROLLCALL, ROLLCALL, by)
            for p in (True, True, False)
            for s in ("", "x" * 501)
        ],
        Cancel: lambda: [Cancel(**mine, reason=c) for c in reasons],
        Rollback: lambda: [Rollback(**mine, reason=c) for c in reasons],
        VetoRollback: lambda: [VetoRollback(**mine, reason=c) for c in reasons],
        LiftLock: lambda: [LiftLock(**mine, reason=c) for c in reasons],
        ChangeManifest: lambda: [
            ChangeManifest(**mine, version=v, manifest=m)
            for v in ("1.4.0", "1.4.1", "no version")
            for m in (Manifest(), Manifest(paths=("db/a",)), Manifest(authors=(other,)))
        ],
        OfferDuty: lambda: [OfferDuty(**mine, duty=duty, to=other) for duty in Duty],
        AcceptDuty: lambda: [
            AcceptDuty(**mine, duty=duty, read=read)
            for duty in Duty
            for read in (fingerprint(release), "old")
        ],
        DeclineDuty: lambda: [DeclineDuty(**mine, duty=duty) for duty in Duty],
        TakeLead: lambda: [TakeLead(**mine)],
        LeaveChannel: lambda: [LeaveChannel(**mine)],
        JoinChannel: lambda: [JoinChannel(**mine)],
        Attend: lambda: [Attend(workspace=ACME, release=to, by=ROLLCALL)],
    }
    return made[kind]()


KINDS: tuple[type[Command], ...] = tuple(kind for kind in COMMANDS if issubclass(kind, Command))
ONWARD: tuple[type[Command], ...] = (
    Approve,
    Approve,
    Approve,
    ReportCheck,
    ReportReading,
    BeginStage,
    FinishStep,
    FinishStep,
    ReportRunHeldUp,
    ReportRunBegan,
    ReportRunEnded,
    ReportRunEnded,
    Attend,
)
SIDEWAYS = tuple(kind for kind in KINDS if kind not in (Cancel, ChangeManifest))


def facts(release: Release) -> st.SearchStrategy[Facts]:
    """Make what may be read for a release some time later: the same people, others, or not everybody."""
    same = st.just(town(release.members))
    others = memberships.map(town)
    unread = st.sampled_from(ROLES).map(
        lambda role: replace(
            town(release.members), groups={r: p for r, p in release.members.items() if r != role}
        )
    )
    read = st.one_of(same, same, same, same, others, unread)
    near = Neighbours(newest=release.key)
    return st.builds(
        lambda wait, directory: Facts(now=release.at + wait, directory=directory, neighbours=near),
        waits,
        read,
    )


@st.composite
def releases(draw: st.DrawFn) -> Release:
    """Make a release in any legal state, by a history in which most steps lead on."""
    book, members = draw(runbooks()), draw(memberships)
    decision = decide_start(start(), start_facts(book, members))
    if isinstance(decision, Refused):
        decision = decide_start(start(), start_facts(book, FULL))
    if isinstance(decision, Refused):
        decision = decide_start(start(), start_facts(runbook(), FULL))
    assert not isinstance(decision, Refused)
    release = fold(decision)
    if (at := next_summary(release)) and draw(st.booleans()):
        release = _seen(release, at)
    for _ in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from((*ONWARD, *ONWARD, *SIDEWAYS)))
        known = draw(facts(release))
        if fitting := _fitting(release, kind, known):
            made = decide(release, draw(st.sampled_from(fitting)), known)
            assert not isinstance(made, Refused)
            release = fold(made, release)
    return release


def _seen(release: Release, at: datetime) -> Release:
    """Return a release after a look at it at some time, at which everybody is there."""
    look = Attend(workspace=release.workspace, release=release.key, by=ROLLCALL)
    made = decide(release, look, Facts(now=at, directory=town(release.members)))
    assert not isinstance(made, Refused)
    return fold(made, release)


def _fitting(release: Release, kind: type[Command], known: Facts) -> list[Command]:
    """Return the commands of a kind that are not refused."""
    every = (c for by in PEOPLE for c in commands(release, kind, by, OTHERS[0] if by == ANA else ANA))
    return [command for command in every if not isinstance(decide(release, command, known), Refused)]


def some(release: Release, kind: type[Command], known: Facts) -> st.SearchStrategy[Command]:
    """Make commands of a kind: as often one that fits as any."""
    any_of = st.tuples(people, people).flatmap(lambda two: st.sampled_from(commands(release, kind, *two)))
    fitting = _fitting(release, kind, known)
    return st.sampled_from(fitting) | any_of if fitting else any_of


def is_attended_when_due(release: Release) -> None:
    """Protest where attention is due and brings nothing, or would be due without end."""
    at = attention_at(release)
    if at is None:
        return
    due = max(at, release.at)
    command = Attend(workspace=release.workspace, release=release.key, by=ROLLCALL)
    made = decide(release, command, Facts(now=due, directory=town(release.members, away=release.deputies)))
    assert not isinstance(made, Refused)
    assert made, "attention was due and brought nothing"
    following = attention_at(fold(made, release))
    assert following is None or following > due, "attention would be due without end"


def test_every_command_is_tried() -> None:
    assert {Start, StartDrill, *KINDS} == set(COMMANDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(UNHURRIED, max_examples=15)
@given(releases(), st.data())
def test_every_promise_holds_after(kind: type[Command], release: Release, data: st.DataObject) -> None:
    known = data.draw(facts(release))
    command = data.draw(some(release, kind, known))
    after = happened(release, command, known)
    if not isinstance(after, Refused):
        holds_well(after)
        if not isinstance(command, ReportCheck | Attend):
            has_one_effect(after, command, replace(known, now=after.at))
    counted(f"{release.state}: {after.code if isinstance(after, Refused) else 'taken'}")
    counted("a shift is asked" if release.shift else "no shift is asked")


@settings(UNHURRIED, max_examples=80)
@given(releases())
def test_every_legal_state_keeps_every_promise(release: Release) -> None:
    holds_well(release)
    is_attended_when_due(release)
    can_go_back(
        release,
        Facts(now=release.at, directory=town(release.members), neighbours=Neighbours(newest=release.key)),
    )


@UNHURRIED
@given(runbooks(), memberships)
def test_a_release_that_starts_could_pass_every_gate(book: Runbook, members: Members) -> None:
    decision = decide_start(start(), start_facts(book, members))
    if isinstance(decision, Refused):
        assert decision.code is Code.NOT_ENOUGH_PEOPLE
        return
    holds_well(fold(decision))


@pytest.mark.proof
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(UNHURRIED, max_examples=60)
@given(releases(), st.data())
def test_every_promise_holds_after_many(kind: type[Command], release: Release, data: st.DataObject) -> None:
    for following in (kind, *data.draw(st.lists(st.sampled_from(KINDS), max_size=4))):
        known = data.draw(facts(release))
        after = happened(release, data.draw(some(release, following, known)), known)
        if not isinstance(after, Refused):
            release = after
            holds_well(release)
