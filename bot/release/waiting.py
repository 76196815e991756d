"""What a release waits for: the one source of the card, the status and the summaries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from bot.release.gates.check_result import CheckResult, check_result
from bot.release.gates.checks import Outcome, Report
from bot.release.gates.eligible import may_fill
from bot.release.gates.result import GateResult, gate_results
from bot.release.gates.review import reviewers
from bot.release.ids import UserId
from bot.release.people.duties import Circle, all_there, first_there, heirs_of, leads, there
from bot.release.people.reachable import not_away
from bot.release.release import Release
from bot.release.remembered import remembered
from bot.release.stages.stage import begins_when_lifted
from bot.release.state import State

SAID: Final = 120
"""Characters of the reason why a check does not pass; its gate shows all of it."""


class Awaited(StrEnum):
    """The kinds of things that a release waits for."""

    APPROVAL = "approval"
    PEOPLE = "people"
    CHECK = "check"
    READING = "reading"
    SOAK = "soak"
    REJECTION = "rejection"
    GO = "go"
    STEP = "step"
    RUN = "run"
    HELD_UP = "held up"
    CHOICE = "choice"
    HOLD = "hold"
    QUESTION = "question"
    CAPTAIN = "captain"
    REVIEW = "review"
    LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that a release waits for: what, on whom, since when, until when.

    `name` is the gate, the check, the step, the stage or the reason; `role` whom the runbook asks; `count`
    how many approvals, reports or signatures, or the number of a hold. Where too few people are left to ask,
    or nobody is in the role that reports a check, the release waits for the captain to find some (PEOPLE). Of
    a rejection, its giver comes first in `on`. Nobody is waited for where a step is run, until that has had
    its time, unless an older run keeps it from beginning (HELD_UP); nor while a check passes that must do so
    for longer (SOAK). `said` is how a check stands that is read or that everybody in a role reports, in words
    that follow its name, or the run that does not stop. Where `each` is so, all of `on` are to do it.
    """

    kind: Awaited
    name: str
    role: str
    count: int = 1
    on: tuple[UserId, ...]
    since: datetime
    until: datetime | None = None
    said: str = ""
    each: bool = False


@remembered
def waiting_on(release: Release) -> tuple[Waiting, ...]:
    """Return everything that the release waits for now. An open release always waits for something."""
    if release.state.ended:
        return (*_review(release), *_lock(release))
    return (*_captain(release), *_holds(release), *_onward(release), *_review(release))


def _onward(release: Release) -> Iterable[Waiting]:
    match release.state:
        case State.AWAITING_APPROVAL:
            return _gates(release)
        case State.READY:
            return () if begins_when_lifted(release) else (_go(release),)
        case State.IN_PROGRESS | State.FAILED:
            return _work(release)
        case State.ROLLING_BACK:
            return _work(release) if release.stage in release.began else _gates(release)
        case State.COMPLETED | State.ROLLED_BACK | State.CANCELLED:
            return ()
        case _:
            assert_never(release.state)


def _gates(release: Release) -> Iterable[Waiting]:
    every = (waiting for result in gate_results(release) for waiting in _at_gate(release, result))
    return tuple(dict.fromkeys(every))  # A check that several gates need is one thing.


def _go(release: Release) -> Waiting:
    stage, on = release.current.name, first_there(release, Circle.LEAD, Circle.OWNERS)
    return Waiting(kind=Awaited.GO, name=stage, role="captain", on=on, since=release.since)


def _work(release: Release) -> Iterable[Waiting]:
    """Return the step that is next, or the choice what follows one that failed."""
    if release.failure is not None:
        failure, on = release.failure, all_there(release, Circle.LEAD, Circle.OWNERS)
        yield Waiting(
            kind=Awaited.CHOICE,
            name=failure.step,
            role=release.current.owner,
            on=on,
            since=failure.at,
            until=release.plan.until if release.plan else None,
        )
        return
    if not release.open_steps:
        # Nothing is waited for between the last step and what follows from it, in one decision.
        return
    if release.open_steps[0].run is not None:
        yield from _run(release)
        return
    # A step's turn comes when the one before it is ticked.
    ticks = (tick.at for tick in release.done)
    since = max([release.began[release.stage].at, release.since, *ticks])
    step, role = release.open_steps[0].do, release.current.owner
    on = first_there(release, Circle.OWNERS, Circle.LEAD)
    yield Waiting(kind=Awaited.STEP, name=step, role=role, on=on, since=since)


def _run(release: Release) -> Iterable[Waiting]:
    """Return the run that is under way. One that a hold keeps from going on waits for nothing but that."""
    run = release.run
    if run is not None and (older := run.held_up_by):
        yield Waiting(
            kind=Awaited.HELD_UP,
            name=run.step,
            role=release.current.owner,
            on=first_there(release, Circle.LEAD, Circle.OWNERS),
            since=older.since,
            until=run.until,
            said=older.text,
        )
    elif run is not None and run.ended is None:
        yield Waiting(
            kind=Awaited.RUN,
            name=run.step,
            role=release.current.owner,
            on=(),
            since=run.at,
            until=run.until,
        )


def _holds(release: Release) -> Iterable[Waiting]:
    if release.state is State.ROLLING_BACK:
        return
    for hold in release.holds:
        kind = Awaited.HOLD if hold.asked is None else Awaited.QUESTION
        on = not_away(release, there(release, (hold.owner,))) or first_there(release, Circle.LEAD)
        yield Waiting(
            kind=kind, name=hold.reason, role="", count=hold.number, on=on, since=hold.at, until=hold.until
        )


def _captain(release: Release) -> Iterable[Waiting]:
    leaver = release.leavers.get(release.captain)
    if leaver is not None:
        # Where nobody can take the lead, the captain may come back, or hand over from outside.
        on = heirs_of(release) or (release.captain,)
        yield Waiting(kind=Awaited.CAPTAIN, name=leaver.how, role="captain", on=on, since=leaver.at)


def _review(release: Release) -> Iterable[Waiting]:
    review = release.review
    if review is None or review.done:
        return
    on, role, count = reviewers(release), release.runbook.review.role or "", review.count - len(review.signed)
    since, until = review.opened, review.due
    if on:
        kind, most = Awaited.REVIEW, min(count, len(on))
        yield Waiting(kind=kind, name=review.because, role=role, count=most, on=on, since=since, until=until)
    if (missing := count - len(on)) > 0:
        kind, lead = Awaited.PEOPLE, first_there(release, Circle.LEAD)
        name, role = "The review", role or "a role of the runbook"
        yield Waiting(kind=kind, name=name, role=role, count=missing, on=lead, since=since, until=until)


def _lock(release: Release) -> Iterable[Waiting]:
    if release.lock is not None:
        role, on = release.runbook.way_back.owner, all_there(release, Circle.LEAD, Circle.ROLLBACK)
        yield Waiting(kind=Awaited.LOCK, name=release.lock.reason, role=role, on=on, since=release.lock.at)


def _at_gate(release: Release, result: GateResult) -> Iterable[Waiting]:
    if result.status.passes:
        return
    name, opened = result.gate.name, release.opened[release.stage]
    for vote in result.rejections:
        # Its giver may take it back, and who leads may settle it.
        on = tuple(dict.fromkeys((vote.by, *there(release, leads(release)))))
        yield Waiting(kind=Awaited.REJECTION, name=name, role="", on=on, since=vote.at)
    for check in result.checks:
        yield _check(release, check, opened)
    yield from _seats(release, result, opened)


def _seats(release: Release, result: GateResult, opened: datetime) -> Iterable[Waiting]:
    name, lead = result.gate.name, first_there(release, Circle.LEAD)
    enough = sum(seats.count - seats.missing for seats in result.open)
    on = _could_approve(release, result, result.asked, enough)
    if result.choice and enough and on:
        role, kind = " or ".join(result.choice), Awaited.APPROVAL
        yield Waiting(kind=kind, name=name, role=role, count=enough, on=on, since=opened)
    for seats in result.open:
        role, count = seats.role, seats.count - seats.missing
        on = _could_approve(release, result, seats.asked, count)
        if count and on and not result.choice:
            kind = Awaited.APPROVAL
            yield Waiting(kind=kind, name=name, role=role, count=count, on=on, since=opened)
        if seats.missing:
            kind, count = Awaited.PEOPLE, seats.missing
            yield Waiting(kind=kind, name=name, role=role, count=count, on=lead, since=opened)


def _could_approve(
    release: Release, result: GateResult, asked: tuple[UserId, ...], count: int
) -> tuple[UserId, ...]:
    """Return who is asked; where they are too few, also who could approve after taking back a no."""
    if len(asked) >= count or not result.rejections:
        return asked
    may = may_fill(release, result.gate, release.stage)
    return tuple(dict.fromkeys((*asked, *(vote.by for vote in result.rejections if vote.by in may))))


def _check(release: Release, check: str, opened: datetime) -> Waiting:
    it = check_result(release, check, release.stage)
    last, each = it.said[-1] if it.said else None, it.rule.each and bool(it.asked)
    kind, on = _who_sees_to(release, it)
    return Waiting(
        kind=kind,
        name=check,
        role=it.rule.by or "",
        count=len(on) if each else 1,
        on=on,
        since=_since(release, it, opened),
        until=last.soaks if last else None,
        said=_said(it, last),
        each=each,
    )


def _since(release: Release, it: CheckResult, opened: datetime) -> datetime:
    """Return since when a check is waited for: of one that is read, since it has not passed in between."""
    if it.said and not it.rule.each:
        last = it.said[-1]
        return last.failing or last.since if last.was_read else last.since
    # Who has said nothing was waited for all the time, whatever others have said.
    name, whose = it.rule.name, it.asked if it.rule.each else (None,)
    return max(opened, min((release.expired.get((name, one), opened) for one in whose), default=opened))


def _who_sees_to(release: Release, it: CheckResult) -> tuple[Awaited, tuple[UserId, ...]]:
    """Return as what a check is waited for, and on whom: on nobody while it soaks."""
    if it.outcome is Outcome.PASSED:
        return Awaited.SOAK, ()
    if it.asked:
        return Awaited.CHECK, it.asked
    return Awaited.READING if it.read_last else Awaited.PEOPLE, first_there(release, Circle.LEAD)


def _said(it: CheckResult, last: Report | None) -> str:
    """Return how a check stands that is read, with the reason, or that everybody reports."""
    if it.read_last:
        failed_before = last is not None and last.failing and it.outcome is Outcome.UNKNOWN
        says = "had failed, and cannot be read now" if failed_before else it.says
        because = " ".join(last.comment.split())[:SAID] if last and it.outcome is not Outcome.PASSED else ""
        return f"{says}: {because}" if because else says
    return it.says if it.rule.each and it.said else ""
