"""A release to test with: its runbook, its people, and what they do, told as in a thread."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings

from bot.release.approval import Approve, Reject
from bot.release.attention import Attend
from bot.release.cancel import Cancel
from bot.release.command import Command, Decision, Facts
from bot.release.decide import decide, decide_start, fold
from bot.release.event import Event
from bot.release.gates import GateResult, gate_result
from bot.release.ids import ROLLCALL, ChannelId, UserId, WorkspaceId
from bot.release.refusal import Refused
from bot.release.release import Members, Release
from bot.release.stage import BeginStage
from bot.release.start import Start, StartFacts
from bot.release.steps import FinishStep
from bot.runbook.model import Begin, Gate, Handoffs, Reminders, Role, Runbook, Seats, Stage, Step

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning, on which every release of these tests is started."""

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: a busy machine is no fault of the core."""

ACME = WorkspaceId("acme")
EVERYBODY: Members = {
    "captain": (UserId("ana"),),
    "qa": (UserId("bea"), UserId("ben"), UserId("eli")),
    "security": (UserId("cleo"), UserId("eli")),
    "on-call": (UserId("dan"), UserId("dee")),
}
"""Eli is in two roles; ana starts the releases and leads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command, and the facts under which it is decided."""

    command: Command
    facts: Facts


Act = Callable[[Release], Asked]
"""What somebody does, said of a release as it then stands."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the thread. A stage that is not named is the one that the release is in."""

    id: UserId

    def approves(self, gate: str, comment: str = "", *, stage: int | None = None) -> Act:
        def command(release: Release) -> Command:
            at = _stage(release, stage)
            return Approve(
                workspace=ACME, release=release.key, by=self.id, stage=at, gate=gate, comment=comment
            )

        return _now(command)

    def rejects(self, gate: str, because: str = "Two tests fail.", *, stage: int | None = None) -> Act:
        def command(release: Release) -> Command:
            at = _stage(release, stage)
            return Reject(
                workspace=ACME, release=release.key, by=self.id, stage=at, gate=gate, comment=because
            )

        return _now(command)

    def begins(self, *, stage: int | None = None) -> Act:
        return _now(lambda r: BeginStage(workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage)))

    def finishes(self, step: str, *, stage: int | None = None) -> Act:
        return _now(
            lambda r: FinishStep(workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage), step=step)
        )

    def cancels(self, because: str = "The customer waits for 1.4.1.") -> Act:
        return _now(lambda r: Cancel(workspace=ACME, release=r.key, by=self.id, reason=because))

    def leaves(self, role: str) -> Act:
        return members_become(
            lambda members: {**members, role: tuple(p for p in members[role] if p != self.id)}
        )

    def joins(self, role: str) -> Act:
        return members_become(lambda members: {**members, role: tuple(sorted({*members[role], self.id}))})


ana, ben, bea, cleo, dan, dee, eli, gus = (
    Person(UserId(name)) for name in ("ana", "ben", "bea", "cleo", "dan", "dee", "eli", "gus")
)


def time_passes(**wait: float) -> Act:
    """Let time pass, and the scheduler look at the release then."""
    return later(_attend, **wait)


def later(act: Act, **wait: float) -> Act:
    """Let an act come after some time, in which nobody does anything."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, now=it.facts.now + timedelta(**wait)))

    return asked


def unread(role: str, act: Act) -> Act:
    """Let an act come when the people in a role cannot be read."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, members={**it.facts.members, role: None}))

    return asked


def members_become(changed: Callable[[Members], Members]) -> Act:
    """Let the scheduler find other people in the roles."""

    def asked(release: Release) -> Asked:
        return Asked(
            command=_attend(release).command,
            facts=Facts(now=release.at, members=changed(release.members)),
        )

    return asked


def meanwhile(change: Act, act: Act) -> Act:
    """Let an act be the first thing that is decided after the members have changed."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, members=change(release).facts.members))

    return asked


def answer(release: Release, act: Act) -> Decision:
    """Return what the core decides about an act."""
    asked = act(release)
    return decide(release, asked.command, asked.facts)


def events(release: Release, act: Act) -> tuple[Event, ...]:
    """Return the events that an act brings about."""
    decision = answer(release, act)
    assert not isinstance(decision, Refused), decision
    return tuple(decision)


def refusal(release: Release, act: Act) -> Refused:
    """Return why an act is refused."""
    decision = answer(release, act)
    assert isinstance(decision, Refused), decision
    return decision


def play(release: Release, *acts: Act) -> Release:
    """Return the release after the acts, none of which is refused."""
    for act in acts:
        release = fold(events(release, act), release)
    return release


def names(release: Release, act: Act) -> list[str]:
    """Return the names of the events that an act brings about."""
    return [type(event).__name__ for event in events(release, act)]


def gate(release: Release, name: str, *, stage: int | None = None) -> GateResult:
    """Return how a gate stands."""
    index = _stage(release, stage)
    return gate_result(release, release.runbook.stages[index].gate(name), index)


def runbook(*stages: Stage, reminders: Reminders | None = None, handoffs: Handoffs | None = None) -> Runbook:
    """Return a runbook of the stages, or else of a check and a production stage."""
    return Runbook(
        title="A test's runbook",
        roles=(
            Role(name="captain", starter=True),
            *(Role(name=name, group=name) for name in ("qa", "security", "on-call")),
        ),
        reminders=reminders or Reminders(),
        handoffs=handoffs,
        stages=stages or (CHECK, PRODUCTION),
    )


def asks(name: str, remind: Reminders | None = None, **seats: int) -> Gate:
    """Return a gate; `on_call` is written for the role `on-call`."""
    approvals = tuple(Seats(role=role.replace("_", "-"), count=count) for role, count in seats.items())
    return Gate(name=name, approvals=approvals, remind=remind)


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step(do=text) for text in texts)


CHECK = Stage(
    name="Check",
    owner="qa",
    begin=Begin.CAPTAIN,
    gates=(asks("QA", qa=2), asks("Security", security=1)),
    steps=steps("Tag the commit"),
)
PRODUCTION = Stage(
    name="Production",
    owner="on-call",
    production=True,
    gates=(asks("Go", on_call=1, qa=1),),
    steps=steps("Deploy", "Watch the errors"),
)


def start(version: str = "1.4.0", *, by: Person = ana, service: str = "checkout", note: str = "") -> Start:
    """Return the command that starts a release."""
    return Start(
        workspace=ACME,
        by=by.id,
        channel=ChannelId("releases"),
        service=service,
        version=version,
        note=note,
    )


def start_facts(book: Runbook | None = None, members: Members | None = None) -> StartFacts:
    """Return what is read for a start when nothing stands against it."""
    return StartFacts(
        now=NINE,
        services=("checkout", "search"),
        runbook=book or runbook(),
        trouble="",
        members=EVERYBODY if members is None else members,
        active=None,
        released_as=None,
        number=1,
    )


def started(book: Runbook | None = None, members: Members | None = None) -> Release:
    """Return a release that ana has just started."""
    decision = decide_start(start(), start_facts(book, members))
    assert not isinstance(decision, Refused), decision
    return fold(decision)


def ready() -> Release:
    """Return a release whose first stage waits for the captain's go."""
    return play(started(), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))


def in_production() -> Release:
    """Return a release whose production stage has begun."""
    checked = play(ready(), ana.begins(), ben.finishes("Tag the commit"))
    return play(checked, dan.approves("Go"), ben.approves("Go"))


def completed() -> Release:
    """Return a release that has come to its end."""
    return play(in_production(), dan.finishes("Deploy"), dee.finishes("Watch the errors"))


def _now(command: Callable[[Release], Command]) -> Act:
    """Let a command come at the time of the newest event, with nobody in other roles than before."""
    return lambda r: Asked(command=command(r), facts=Facts(now=r.at, members=r.members))


_attend = _now(lambda r: Attend(workspace=ACME, release=r.key, by=ROLLCALL))


def _stage(release: Release, stage: int | None) -> int:
    return release.stage if stage is None else stage
