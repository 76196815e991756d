"""What must always be true of a release, in the tests' own words: nothing here asks a rule of the core.

Each fact is held against the release before it, and each release against itself. A gate is weighed by trying
every way to seat people. The numbers in the messages are those of the promises in the design.
"""

from collections.abc import Sequence
from itertools import combinations

from bot.release.command import Command, Facts
from bot.release.decide import apply, decide
from bot.release.event import Event
from bot.release.gates.answers import Answered, Withdrawn
from bot.release.gates.override import Overridden
from bot.release.gates.result import gate_result
from bot.release.gates.review import ReviewSigned
from bot.release.gates.settle import RejectionResolved
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.handoff import DutyAccepted, LeadTaken
from bot.release.people.shift import ShiftAsked, ShiftMissed, ShiftReminded
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.cancel import Cancelled
from bot.release.stages.failure import StepFailed, StepRetried, StepSkipped
from bot.release.stages.going_back import RollbackCalledOff, RollbackPlanned, RollbackVetoed
from bot.release.stages.holds import HoldLifted
from bot.release.stages.lock import LockLifted
from bot.release.stages.revision import ManifestChanged
from bot.release.stages.rollback import Rollback, RollbackBegan, RolledBack
from bot.release.stages.runs import Run, RunAsked, RunBegan, RunEnded, RunHeldUp
from bot.release.stages.stage import Completed, StageBegan, StageDone
from bot.release.stages.steps import StepDone
from bot.release.waiting import waiting_on
from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Seats

OPEN = ("awaiting_approval", "ready", "in_progress", "failed", "rolling_back")
AFTER_THE_END = {
    "MembersRead",
    "EvidenceAttached",
    "ReviewOpened",
    "ReviewSigned",
    "ReviewReminded",
    "LockLifted",
    "RollbackBegan",
}
MOVES = {
    "awaiting_approval": {"ready", "cancelled", "rolling_back", "awaiting_approval"},
    "ready": {"awaiting_approval", "in_progress", "cancelled", "rolling_back"},
    "in_progress": {"awaiting_approval", "completed", "failed", "cancelled", "rolling_back"},
    "failed": {"in_progress", "awaiting_approval", "cancelled", "rolling_back"},
    "rolling_back": {"rolled_back"},
    "completed": {"rolling_back"},
    "rolled_back": set(),
    "cancelled": set(),
}
People = frozenset[tuple[UserId, frozenset[str]]]
"""Whose approval counts, each with the roles in which it does."""


def passes(release: Release, gate: Gate) -> bool:
    """Return whether a gate of the current stage keeps nothing back: overridden, or met and not rejected."""
    place = (release.stage, gate.name)
    if place in release.overridden:
        return True
    votes = [vote for vote in release.votes if (vote.stage, vote.gate) == place]
    if any(vote.verdict == "rejected" for vote in votes):
        return False
    return bool(_met(gate.needs, counting(release, gate), release))


def counting(release: Release, gate: Gate) -> People:
    """Return whose approvals count at a gate of the current stage: in the roles of then and of now."""
    barred = {release.starter, *release.manifest.authors}
    return frozenset(
        (vote.by, roles)
        for vote in release.votes
        if (vote.stage, vote.gate, vote.verdict) == (release.stage, gate.name, "approved")
        if vote.by not in barred and (roles := frozenset(vote.roles) & _roles(release, vote.by))
    )


def _roles(release: Release, person: UserId) -> frozenset[str]:
    return frozenset(role for role, people in release.members.items() if person in people)


def _met(need: Need, people: People, release: Release) -> set[People]:
    """Return who is left over for each way to meet a need; nothing where there is none."""
    match need:
        case Seats(role=role, count=count):
            may = [person for person in people if role in person[1]]
            return {people - frozenset(sitting) for sitting in combinations(may, count)}
        case CheckPassed(check=check):
            return {people} if _has_passed(release, check) else set()
        case Of(parts=parts, count=count):
            chosen = [parts] if count is None else combinations(parts, count)
            return {left for those in chosen for left in _all_met(those, people, release)}


def _has_passed(release: Release, name: str) -> bool:
    """Return whether a check has passed; one that Rollcall reads, for as long as it must.

    One that everybody in a role reports has when all in it said so last, and nobody the contrary.
    """
    said, check = release.reports.get(name, ()), next(c for c in release.runbook.checks if c.name == name)
    if check.each:
        content = {one.by for one in said if one.passed}
        asked = release.members[check.by or ""]
        return bool(asked) and content.issuperset(asked) and all(one.passed for one in said)
    if not said:
        return False
    (report,) = said
    soaked = report.by != ROLLCALL or not check.soak or report.at - report.since >= check.soak
    return report.outcome == "passed" and soaked


def _all_met(needs: Sequence[Need], people: People, release: Release) -> set[People]:
    left = {people}
    for need in needs:
        left = {rest for those in left for rest in _met(need, those, release)}
    return left


def all_pass(release: Release) -> bool:
    """Return whether no gate of the current stage keeps it back."""
    return all(passes(release, gate) for gate in release.current.gates)


def leads(release: Release) -> set[UserId]:
    """Return who leads the release and who owns its stage."""
    owners = (
        {release.captain} if release.current.owner == "captain" else {*release.members[release.current.owner]}
    )
    return {release.captain, *([release.deputy] if release.deputy else []), *owners}


def _may_go_back(release: Release) -> set[UserId]:
    return leads(release) | {*release.members["on-call"]}


def _by_itself(release: Release, event: Event) -> None:
    plan = release.plans[-1] if release.plans else None
    assert plan is not None, "6: it went back by itself and unannounced"
    assert not plan.ended, "6: it went back by itself after a veto"
    assert plan.until <= event.at, "6: it went back by itself before the time was over"


def may_happen(release: Release, event: Event) -> None:
    """Protest where a fact comes about that should not, in the release as it stood before."""
    name = type(event).__name__
    assert event.by, f"9: {name} names nobody"
    assert event.at >= release.at, f"9: {name} came before the event before it"
    if release.state.ended:
        assert name in AFTER_THE_END, f"8: {name} changes a release that is {release.state}"
    reason = getattr(event, "reason", None)
    if reason is not None and not (isinstance(event, HoldLifted) and _owns_hold(release, event)):
        assert reason.strip(), f"9: {name} has no reason"
    match event:
        case Answered():
            _answer(release, event)
        case StageBegan():
            assert all_pass(release), "1: a stage began before its gates were passed"
            assert not release.holds or release.state == "rolling_back", "4: a stage began on hold"
            assert event.by in {ROLLCALL, *leads(release)}, "1: begun by somebody who may not"
        case StepDone() | StepFailed():
            assert (event.stage, True) == (release.stage, release.stage in release.began), (
                "1: a step too early"
            )
            done = {tick.step for tick in release.done if tick.stage == release.stage}
            first = next(step.do for step in release.current.steps if step.do not in done)
            assert event.step == first, "a step out of turn"
            assert release.failure is None, "a step that has failed is not done"
            if isinstance(event, StepDone):
                assert not release.holds or release.state == "rolling_back", "4: a step was done on hold"
                _done_rightly(release, event)
        case RunAsked():
            assert not release.holds or release.state == "rolling_back", "4: something was run on hold"
            assert (event.stage, True) == (release.stage, release.stage in release.began), "1: run too early"
            assert event.by == ROLLCALL, "1: run by a person"
            assert not _runs(release), "11: run twice"
        case RunHeldUp():
            assert event.by == ROLLCALL, "9: a run was told of by somebody who has not seen it"
            assert not release.runs[event.number - 1].began, "11: it had begun"
        case RunBegan() | RunEnded():
            assert event.by == ROLLCALL, "9: a run was told of by somebody who has not seen it"
            assert not release.runs[event.number - 1].ended, "11: it had ended"
        case StepRetried() | StepSkipped():
            assert release.failure is not None, "nothing had failed"
            assert event.by in leads(release), "chosen by somebody who may not"
        case StageDone() | Completed():
            assert not release.holds, "4: it moved forward on hold"
            done = {tick.step for tick in release.done if tick.stage == release.stage}
            assert done >= {step.do for step in release.current.steps}, "1: a step is open"
        case Cancelled():
            assert not release.production_at, "5: production was touched"
            assert event.by in leads(release), "cancelled by somebody who may not"
        case RollbackBegan():
            assert release.production_at, "6: nothing to roll back"
            if event.by == ROLLCALL:
                _by_itself(release, event)
            else:
                assert event.by in _may_go_back(release), "6: by somebody who may not"
        case RollbackPlanned():
            assert release.production_at, "6: nothing to roll back"
            assert release.state not in ("rolling_back", "completed"), "6: it goes back, or is out"
            wrong = [it.failing for said in release.reports.values() for it in said if it.failing]
            wrong += [release.failure.at] if release.failure else []
            assert event.since in wrong, "6: nothing has gone wrong"
            if release.plans and not release.plans[-1].ended:
                assert event.at >= release.plans[-1].until, "6: put off before its time"
            assert event.until > event.at, "6: nobody has time for a veto"
            failure = release.failure
            if failure and event.since == failure.at:
                step = f"step {failure.stage} {failure.step} {failure.attempt}"
                assert step not in release.vetoed, "6: announced again after a veto"
        case RollbackVetoed():
            assert release.plans, "6: nothing to veto"
            assert not release.plans[-1].ended, "6: nothing to veto"
            assert event.by in _may_go_back(release), "6: vetoed by somebody who may not"
        case RollbackCalledOff():
            failure, plan = release.failure, release.plans[-1]
            assert failure is None or failure.at > plan.since, "6: called off while it is wrong"
        case RolledBack():
            assert release.state == "rolling_back", "6: it was not rolled back"
        case ManifestChanged():
            assert not release.production_at, "3: what was approved is what went to production"
        case Overridden():
            assert event.by in release.members[release.runbook.overrides or ""], "1: overridden by a stranger"
            gate = release.gate(event.stage, event.gate)
            assert gate is not None
            assert not passes(release, gate), "1: overridden where there was nothing to pass"
        case ReviewSigned():
            assert release.review, "nothing is reviewed"
            assert event.by not in {release.starter, *(past.by for past in release.overrides)}, (
                "reviews oneself"
            )
            assert event.by not in {signed.by for signed in release.review.signed}, "signed twice"
        case HoldLifted():
            assert _owns_hold(release, event) or event.by == release.captain, "4: lifted by a stranger"
        case RejectionResolved():
            assert event.by == release.captain != event.person, "4: settled by somebody who may not"
        case Withdrawn():
            assert release.vote(event.stage, event.gate, event.by), "nothing was said"
            assert event.stage not in release.began, "2: taken back after the stage began"
        case LockLifted():
            assert release.state == "rolled_back", "it is not locked"
        case ShiftAsked():
            assert release.captain not in on_duty(release, event.roles), "a captain of the shift is relieved"
            assert event.until > event.at, "a shift is asked too late"
            _asked_rightly(release, event.roles, event.people)
        case ShiftReminded():
            assert release.shift, "no shift was asked"
            assert not release.shift.reminded, "a shift is asked a third time"
            assert release.shift.until <= event.at < event.until, "a shift is asked again too early"
            _asked_rightly(release, release.shift.roles, event.people)
        case ShiftMissed():
            assert release.shift, "no shift was asked"
            assert release.shift.until <= event.at, "a shift is missed too early"
        case DutyAccepted():
            assert _was_offered(release, event), "somebody took a duty that nobody had offered"
        case _:
            pass


def on_duty(release: Release, roles: Sequence[str]) -> set[UserId]:
    """Return who is in one of the roles, has not gone and is not away."""
    here = {person for role in roles for person in release.members[role]}
    return here - release.leavers.keys() - release.deputies.keys()


def _asked_rightly(release: Release, roles: Sequence[str], people: Sequence[UserId]) -> None:
    assert people, "a shift is asked in which nobody is"
    assert {*people} <= on_duty(release, roles) - {release.captain, *release.guests}, "asked in vain"


def _was_offered(release: Release, event: DutyAccepted) -> bool:
    offer = release.offers.get(event.duty)
    of_shift = release.shift and event.duty == "captain" and event.by in on_duty(release, release.shift.roles)
    return bool(of_shift) or (offer is not None and offer.to == event.by)


def _owns_hold(release: Release, event: HoldLifted) -> bool:
    return any((hold.number, hold.owner) == (event.number, event.by) for hold in release.holds)


def _answer(release: Release, event: Answered) -> None:
    assert event.stage == release.stage not in release.began, "2: answered at a stage that is not open"
    assert event.by not in {release.starter, *release.manifest.authors}, "2: it is their own release"
    gate = release.gate(event.stage, event.gate)
    assert gate is not None
    asked = _roles(release, event.by) & {*gate.roles}
    assert asked, "2: answered in no role"
    assert event.roles == tuple(sorted(asked)), "2: the roles are not those of the moment"


def _runs(release: Release) -> list[Run]:
    """Return the runs at this attempt of the step that is next, since its stage began."""
    done = {tick.step for tick in release.done if tick.stage == release.stage}
    step = next(step.do for step in release.current.steps if step.do not in done)
    asked = (release.stage, step, release.attempt)
    since = release.runs[release.began[release.stage].runs :]
    return [run for run in since if (run.stage, run.step, run.attempt) == asked]


def _done_rightly(release: Release, event: StepDone) -> None:
    """Protest where a step is ticked by the wrong ones: one that is run is, when the run has passed."""
    step = next(step for step in release.current.steps if step.do == event.step)
    if step.run is None:
        assert event.by in leads(release), "1: ticked by somebody who may not"
    else:
        assert event.by == ROLLCALL, "1: a person ticked what is run"
        assert [run.passed and run.ended is not None for run in _runs(release)] == [True], (
            "1: its run has not passed"
        )


def holds_well(release: Release) -> None:
    """Hold a release, as it stands, against every promise."""
    if release.state in ("awaiting_approval", "ready"):
        assert (release.state == "ready") is all_pass(release), "it rests where the rules do not leave it"
    for gate in release.current.gates if release.stage not in release.began else ():
        result = gate_result(release, gate, release.stage)
        people = [seat.filled.by for seat in result.seats if seat.filled]
        assert len({*people}) == len(people), "2: somebody fills two seats"
        assert result.status.passes is passes(release, gate), "2: badly weighed"
    for stage in release.began:
        if release.stage_at(stage).production:
            assert release.production_at, "5: production was touched, and it is forgotten"
    if release.state == "cancelled":
        assert not release.production_at, "5: cancelled after production was touched"
    waits = waiting_on(release)
    assert waits or release.state.ended, "10: an open release waits for nothing"
    assert all(one.on or (one.kind in ("run", "soak") and one.until) for one in waits), (
        "10: it waits for nobody"
    )
    assert all(one.since <= release.at for one in waits), "10: it has waited before it was there"
    for vote in release.votes:
        if vote.verdict == "approved" and vote.by not in release.manifest.authors:
            assert vote.version == release.version, "3: an approval of another version counts"


def can_go_back(release: Release, facts: Facts) -> None:
    """Protest where production was touched and there is no way back."""
    if release.production_at and release.state in (*OPEN, "completed") and release.state != "rolling_back":
        back = Rollback(
            workspace=release.workspace, release=release.key, by=release.captain, reason="Lost orders."
        )
        decision = decide(release, back, facts)
        assert not isinstance(decision, Refused), f"6: no way back: {decision}"


def happened(before: Release, command: Command, facts: Facts) -> Release | Refused:
    """Decide a command, hold each fact that it brings about against the promises, and return what then is."""
    decision = decide(before, command, facts)
    if isinstance(decision, Refused):
        assert decision.because, "a refusal that does not say why"
        return decision
    assert command.bound in ("", before.bound), "3: an answer to what went out before was taken"
    assert getattr(command, "attempt", before.attempt) == before.attempt, "11: a late result was taken"
    release = before
    for event in decision:
        may_happen(release, event)
        state, captain = release.state, release.captain
        release = apply(release, event)
        if release.captain != captain:
            assert isinstance(event, DutyAccepted | LeadTaken), (
                "the lead passed to somebody who did not take it"
            )
            assert event.by == release.captain, "the lead passed to somebody else"
        assert release.state == state or release.state in MOVES[state], (
            f"{state} does not become {release.state}"
        )
    assert not _should_have_begun(release, facts), "it should have begun"
    late = release.shift is not None and release.shift.until <= facts.now
    assert release.state.ended or not late, "nobody is told that a shift does not come"
    return release


def _should_have_begun(release: Release, facts: Facts) -> bool:
    """Return whether nothing keeps a stage that begins by itself. People who cannot be read count as no."""
    if release.state != "ready" or release.current.begin != "automatic" or release.holds:
        return False
    groups = {role.group for role in release.runbook.roles if role.group}
    return not release.current.gates or groups <= {*facts.directory.groups}


def has_one_effect(release: Release, command: Command, facts: Facts) -> None:
    """Protest where a command that was just taken has a second effect."""
    again = decide(release, command, facts)
    assert isinstance(again, Refused) or not again, f"11: {command} was taken twice"
