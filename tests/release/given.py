"""A release to test with: its runbook, its people, and what they do, told as in a thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from bot.release.attention import Attend
from bot.release.command import Command, Decision, Facts, Neighbours
from bot.release.decide import decide, decide_start, fold
from bot.release.event import Event
from bot.release.gates.answers import Abstain, Approve, Reject, Withdraw
from bot.release.gates.checks import Outcome, ReportCheck
from bot.release.gates.evidence import AttachEvidence
from bot.release.gates.override import Override
from bot.release.gates.readings import ReportReading
from bot.release.gates.result import GateResult, gate_result
from bot.release.gates.review import SignReview
from bot.release.gates.seat import TakeSeat
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import ROLLCALL, ChannelId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import Manifest
from bot.release.people.directory import Away, Directory
from bot.release.people.handoff import AcceptDuty, DeclineDuty, Duty, OfferDuty, TakeLead, fingerprint
from bot.release.people.hours import Hours
from bot.release.people.leaving import JoinChannel, LeaveChannel
from bot.release.refusal import Refused
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
from bot.release.stages.start import Start, StartFacts
from bot.release.stages.steps import FinishStep
from bot.runbook.gates.gate import Gate, Need, Of, Reminders, Seats, When
from bot.runbook.model import Begin, Handoffs, Runbook, Stage, Step
from bot.runbook.roles.role import Role, Standing
from bot.runbook.runs import Run

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

    def abstains(self, gate: str, comment: str = "", *, stage: int | None = None) -> Act:
        return _now(
            lambda r: Abstain(
                workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage), gate=gate, comment=comment
            )
        )

    def withdraws(self, gate: str, comment: str = "", *, stage: int | None = None) -> Act:
        return _now(
            lambda r: Withdraw(
                workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage), gate=gate, comment=comment
            )
        )

    def takes_seat(self, gate: str, role: str, *, stage: int | None = None) -> Act:
        return _now(
            lambda r: TakeSeat(
                workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage), gate=gate, role=role
            )
        )

    def settles(
        self, gate: str, person: "Person", how: str = "It is a flaky test.", *, stage: int | None = None
    ) -> Act:
        return _now(
            lambda r: ResolveRejection(
                workspace=ACME,
                release=r.key,
                by=self.id,
                stage=_stage(r, stage),
                gate=gate,
                comment=how,
                person=person.id,
            )
        )

    def reports(self, check: str, *, passed: bool = True, comment: str = "") -> Act:
        return _now(
            lambda r: ReportCheck(
                workspace=ACME, release=r.key, by=self.id, check=check, passed=passed, comment=comment
            )
        )

    def attaches(self, link: str = "https://ci.example/7", comment: str = "") -> Act:
        return _now(
            lambda r: AttachEvidence(workspace=ACME, release=r.key, by=self.id, link=link, comment=comment)
        )

    def overrides(self, gate: str, because: str = "Payments are down.", *, stage: int | None = None) -> Act:
        return _now(
            lambda r: Override(
                workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage), gate=gate, reason=because
            )
        )

    def signs(self, comment: str = "") -> Act:
        return _now(lambda r: SignReview(workspace=ACME, release=r.key, by=self.id, comment=comment))

    def holds(self, because: str = "The dashboards are red.", *, until: timedelta | None = None) -> Act:
        return _now(
            lambda r: PlaceHold(
                workspace=ACME,
                release=r.key,
                by=self.id,
                reason=because,
                until=None if until is None else r.at + until,
            )
        )

    def keeps(self, hold: int = 1, *, until: timedelta | None = None) -> Act:
        return _now(
            lambda r: KeepHold(
                workspace=ACME,
                release=r.key,
                by=self.id,
                number=hold,
                until=None if until is None else r.at + until,
            )
        )

    def lifts(self, hold: int = 1, because: str = "") -> Act:
        return _now(
            lambda r: LiftHold(workspace=ACME, release=r.key, by=self.id, number=hold, reason=because)
        )

    def begins(self, *, stage: int | None = None) -> Act:
        return _now(lambda r: BeginStage(workspace=ACME, release=r.key, by=self.id, stage=_stage(r, stage)))

    def finishes(self, step: str, *, stage: int | None = None, attempt: int | None = None) -> Act:
        return _now(
            lambda r: FinishStep(
                workspace=ACME,
                release=r.key,
                by=self.id,
                stage=_stage(r, stage),
                step=step,
                attempt=_attempt(r, attempt),
            )
        )

    def fails(
        self,
        step: str,
        because: str = "The pods do not start.",
        *,
        stage: int | None = None,
        attempt: int | None = None,
    ) -> Act:
        return _now(
            lambda r: FailStep(
                workspace=ACME,
                release=r.key,
                by=self.id,
                stage=_stage(r, stage),
                step=step,
                attempt=_attempt(r, attempt),
                reason=because,
            )
        )

    def retries(self, step: str, *, stage: int | None = None, attempt: int | None = None) -> Act:
        return _now(
            lambda r: RetryStep(
                workspace=ACME,
                release=r.key,
                by=self.id,
                stage=_stage(r, stage),
                step=step,
                attempt=_attempt(r, attempt),
            )
        )

    def skips(
        self,
        step: str,
        because: str = "It is done by hand.",
        *,
        stage: int | None = None,
        attempt: int | None = None,
    ) -> Act:
        return _now(
            lambda r: SkipStep(
                workspace=ACME,
                release=r.key,
                by=self.id,
                stage=_stage(r, stage),
                step=step,
                attempt=_attempt(r, attempt),
                reason=because,
            )
        )

    def cancels(self, because: str = "The customer waits for 1.4.1.") -> Act:
        return _now(lambda r: Cancel(workspace=ACME, release=r.key, by=self.id, reason=because))

    def rolls_back(
        self, because: str = "Orders are lost.", *, to: str | None = "1.3.0", commit: str = ""
    ) -> Act:
        """Roll a release back that is the newest of its service, and the only one that is open."""
        return _now(
            lambda r: Rollback(workspace=ACME, release=r.key, by=self.id, reason=because),
            lambda r: Neighbours(newest=r.key, before=to, before_commit=commit),
        )

    def vetoes(self, because: str = "I look at it.") -> Act:
        return _now(lambda r: VetoRollback(workspace=ACME, release=r.key, by=self.id, reason=because))

    def unlocks(self, because: str = "The query is mended.") -> Act:
        return _now(lambda r: LiftLock(workspace=ACME, release=r.key, by=self.id, reason=because))

    def changes(self, version: str, manifest: Manifest | None = None) -> Act:
        return _now(
            lambda r: ChangeManifest(
                workspace=ACME,
                release=r.key,
                by=self.id,
                version=version,
                manifest=r.manifest if manifest is None else manifest,
            )
        )

    def offers(self, to: "Person", duty: Duty = Duty.CAPTAIN, note: str = "") -> Act:
        return _now(
            lambda r: OfferDuty(workspace=ACME, release=r.key, by=self.id, duty=duty, to=to.id, note=note)
        )

    def accepts(self, duty: Duty = Duty.CAPTAIN, *, read: str | None = None) -> Act:
        """Accept a duty after reading the state back: the present one, unless another is named."""
        return _now(
            lambda r: AcceptDuty(
                workspace=ACME,
                release=r.key,
                by=self.id,
                duty=duty,
                read=fingerprint(r) if read is None else read,
            )
        )

    def declines(self, duty: Duty = Duty.CAPTAIN, comment: str = "") -> Act:
        return _now(
            lambda r: DeclineDuty(workspace=ACME, release=r.key, by=self.id, duty=duty, comment=comment)
        )

    def takes_the_lead(self) -> Act:
        return _now(lambda r: TakeLead(workspace=ACME, release=r.key, by=self.id))

    def leaves_the_channel(self) -> Act:
        return _now(lambda r: LeaveChannel(workspace=ACME, release=r.key, by=self.id))

    def joins_the_channel(self) -> Act:
        return _now(lambda r: JoinChannel(workspace=ACME, release=r.key, by=self.id))

    def leaves(self, role: str) -> Act:
        return members_become(
            lambda members: {**members, role: tuple(p for p in members[role] if p != self.id)}
        )

    def joins(self, role: str) -> Act:
        return members_become(lambda members: {**members, role: tuple(sorted({*members[role], self.id}))})


NEIGHBOURS = tuple(Person(UserId(name)) for name in ("ana", "ben", "bea", "cleo", "dan", "dee", "eli", "gus"))
ana, ben, bea, cleo, dan, dee, eli, gus = NEIGHBOURS


def time_passes(**wait: float) -> Act:
    """Let time pass, and the scheduler look at the release then."""
    return later(_attend, **wait)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What runs a step and is seen by Rollcall, or by somebody who says that they have seen it."""

    by: UserId = ROLLCALL

    def begins(self, link: str = "", *, run: int | None = None) -> Act:
        return _now(
            lambda r: ReportRunBegan(
                workspace=ACME, release=r.key, by=self.by, number=_newest_run(r, run), link=link
            )
        )

    def waits_for(self, older: str, number: int = 1, link: str = "", *, run: int | None = None) -> Act:
        return _now(
            lambda r: ReportRunHeldUp(
                workspace=ACME,
                release=r.key,
                by=self.by,
                number=_newest_run(r, run),
                older=ReleaseKey(older),
                older_number=number,
                link=link,
            )
        )

    def passes(self, said: str = "", *, run: int | None = None) -> Act:
        return self._ends(run, passed=True, said=said)

    def fails(self, said: str = "The pods do not start.", *, run: int | None = None) -> Act:
        return self._ends(run, passed=False, said=said)

    def _ends(self, run: int | None, *, passed: bool, said: str) -> Act:
        return _now(
            lambda r: ReportRunEnded(
                workspace=ACME,
                release=r.key,
                by=self.by,
                number=_newest_run(r, run),
                passed=passed,
                said=said,
            )
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads checks, or somebody who says that they have read one."""

    by: UserId = ROLLCALL

    def says(
        self,
        check: str,
        outcome: Outcome,
        said: str = "",
        *,
        before: timedelta = timedelta(),
        stage: int | None = None,
    ) -> Act:
        """Report a reading that was made some time before, for the gates of another stage perhaps."""

        def asked(release: Release) -> Asked:
            it = _now(lambda r: Attend(workspace=ACME, release=r.key, by=self.by))(release)
            command = ReportReading(
                workspace=ACME,
                release=release.key,
                by=self.by,
                stage=release.stage if stage is None else stage,
                check=check,
                outcome=outcome,
                said=said,
                read=it.facts.now - before,
            )
            return replace(it, command=command)

        return asked

    def passes(self, check: str) -> Act:
        return self.says(check, Outcome.PASSED)

    def fails(self, check: str, said: str = "answered 503") -> Act:
        return self.says(check, Outcome.FAILED, said)

    def cannot_read(self, check: str, why: str = "there is no name shop.example") -> Act:
        return self.says(check, Outcome.UNKNOWN, why)


reading = Reading()


def _newest_run(release: Release, run: int | None) -> int:
    return len(release.runs) if run is None else run


pipeline = Pipeline()


def later(act: Act, **wait: float) -> Act:
    """Let an act come after some time, in which nobody does anything."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, now=it.facts.now + timedelta(**wait)))

    return asked


def unread(role: str, act: Act) -> Act:
    """Let an act come when the people in a role cannot be read."""
    return among(lambda town: _without_group(town, role), act)


def members_become(changed: Callable[[Members], Members]) -> Act:
    """Let the scheduler find other people in the roles."""

    def asked(release: Release) -> Asked:
        directory = town(changed(release.members), away=release.deputies, hours=release.hours)
        return Asked(command=_attend(release).command, facts=Facts(now=release.at, directory=directory))

    return asked


def meanwhile(change: Act, act: Act) -> Act:
    """Let an act be the first thing that is decided after the members have changed."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, directory=change(release).facts.directory))

    return asked


def shown(before: Release, act: Act) -> Act:
    """Let an act be of somebody who has before them what was to be released at that time."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, command=replace(it.command, bound=before.bound))

    return asked


def among(change: Callable[[Directory], Directory], act: Act) -> Act:
    """Let an act come in a town that is different in some way."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, directory=change(it.facts.directory)))

    return asked


def beside(act: Act, neighbours: Neighbours) -> Act:
    """Let an act come when the service has other releases."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, neighbours=neighbours))

    return asked


def standing(person: Person, become: Standing) -> Callable[[Directory], Directory]:
    """Make somebody a guest, a bot, deactivated, or a member."""
    return lambda town: replace(town, people={**town.people, person.id: become})


def away(person: Person, deputy: Person, until: datetime) -> Callable[[Directory], Directory]:
    """Make somebody be away, with a deputy, until a moment."""
    absent = Away(deputy=deputy.id, until=until)
    return lambda town: replace(town, away={**town.away, person.id: absent})


def snoozed(until: datetime, *people: Person) -> Callable[[Directory], Directory]:
    """Make people have put off all reminders until a moment."""
    return lambda town: replace(town, snoozed={**town.snoozed, **{person.id: until for person in people}})


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


def runbook(
    *stages: Stage,
    reminders: Reminders | None = None,
    handoffs: Handoffs | None = None,
    roles: tuple[Role, ...] = (),
    **other: object,
) -> Runbook:
    """Return a runbook of the stages, or else of a check and a production stage."""
    return Runbook.model_validate(
        {
            "title": "A test's runbook",
            "roles": (
                Role(name="captain", starter=True),
                *(Role(name=name, group=name) for name in ("qa", "security", "on-call")),
                *roles,
            ),
            "reminders": reminders or Reminders(),
            "handoffs": handoffs,
            "stages": stages or (CHECK, PRODUCTION),
            **other,
        }
    )


def asks(
    name: str,
    remind: Reminders | None = None,
    *,
    when: When | None = None,
    expires: timedelta | None = None,
    **seats: int,
) -> Gate:
    """Return a gate that needs all of some seats; `on_call` is written for the role `on-call`."""
    parts = tuple(Seats(role=role.replace("_", "-"), count=count) for role, count in seats.items())
    needs = parts[0] if len(parts) == 1 else Of(parts=parts)
    return Gate(name=name, needs=needs, remind=remind, when=when, expires=expires)


def needs(name: str, need: Need, *, when: When | None = None) -> Gate:
    """Return a gate with an expression."""
    return Gate(name=name, needs=need, when=when)


def gated(*gates: Gate, begin: Begin = Begin.AUTOMATIC, todo: tuple[Step, ...] = (), **other: Any) -> Runbook:
    """Return a runbook of one production stage behind some gates."""
    work = todo or steps("Deploy")
    only = Stage(name="Only", owner="qa", production=True, begin=begin, gates=gates, steps=work)
    return runbook(only, **other)


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step(do=text) for text in texts)


def run_step(text: str, *command: str, within: timedelta = timedelta(minutes=30)) -> Step:
    """Return a step that is done by a command."""
    return Step(do=text, run=Run(command=command or ("deploy", "{version}"), within=within))


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


def town(
    members: Members = EVERYBODY,
    *,
    away: Mapping[UserId, Away] | None = None,
    hours: Mapping[UserId, Hours] | None = None,
) -> Directory:
    """Return a workspace in which each role is a user group, and everybody is a full member."""
    people = {person for those in members.values() for person in those} | {p.id for p in NEIGHBOURS}
    return Directory(
        people=dict.fromkeys(sorted(people), Standing.MEMBER),
        groups=dict(members),
        away=away or {},
        hours=hours or {},
    )


def _without_group(town: Directory, role: str) -> Directory:
    return replace(town, groups={name: people for name, people in town.groups.items() if name != role})


def start(
    version: str = "1.4.0",
    *,
    by: Person = ana,
    service: str = "checkout",
    note: str = "",
    kind: str = "normal",
    manifest: Manifest | None = None,
) -> Start:
    """Return the command that starts a release."""
    return Start(
        workspace=ACME,
        by=by.id,
        channel=ChannelId("releases"),
        service=service,
        version=version,
        note=note,
        kind=kind,
        manifest=manifest or Manifest(),
    )


def drill(by: Person | None = None) -> StartDrill:
    """Return a command that starts a drill."""
    return StartDrill(workspace=ACME, by=(by or ana).id, channel=ChannelId("releases"), service="checkout")


def start_facts(
    book: Runbook | None = None,
    members: Members | None = None,
    *,
    signed: Runbook | None = None,
    directory: Directory | None = None,
) -> StartFacts:
    """Return what is read for a start when nothing stands against it."""
    return StartFacts(
        now=NINE,
        services=("checkout", "search"),
        kinds=(),
        runbook=book or runbook(),
        trouble="",
        directory=directory or town(EVERYBODY if members is None else members),
        signed=signed,
        active=None,
        released_as=None,
        locked=None,
        earlier=None,
        number=1,
    )


def started(
    book: Runbook | None = None,
    members: Members | None = None,
    *,
    hours: Mapping[UserId, Hours] | None = None,
) -> Release:
    """Return a release that ana has just started; `hours` is when people are known to be at work."""
    return started_with(start(), book, members, hours=hours)


def started_with(
    command: Start,
    book: Runbook | None = None,
    members: Members | None = None,
    *,
    hours: Mapping[UserId, Hours] | None = None,
) -> Release:
    """Return a release that was just started by a command."""
    there = EVERYBODY if members is None else members
    decision = decide_start(command, start_facts(book, directory=town(there, hours=hours)))
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


def _now(
    command: Callable[[Release], Command],
    neighbours: Callable[[Release], Neighbours] = lambda release: Neighbours(),
) -> Act:
    """Let a command come at the time of the newest event, with nobody in other roles than before."""
    return lambda r: Asked(
        command=command(r),
        facts=Facts(
            now=r.at, directory=town(r.members, away=r.deputies, hours=r.hours), neighbours=neighbours(r)
        ),
    )


_attend = _now(lambda r: Attend(workspace=ACME, release=r.key, by=ROLLCALL))


def _stage(release: Release, stage: int | None) -> int:
    return release.stage if stage is None else stage


def _attempt(release: Release, attempt: int | None) -> int:
    return release.attempt if attempt is None else attempt
