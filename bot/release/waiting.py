"""What a release waits for: the one source of the card, the status and the summaries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.release.gates import GateResult, GateStatus, gate_results
from bot.release.ids import UserId
from bot.release.release import Release
from bot.release.state import State


class Awaited(StrEnum):
    """The kinds of things that a release waits for."""

    APPROVAL = "approval"
    PEOPLE = "people"
    REJECTION = "rejection"
    GO = "go"
    STEP = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that a release waits for: what, on whom, since when.

    `name` is the gate, the step or the stage; `role` whom the runbook asks; `count` how many approvals.
    Where too few people are left to ask, the release waits for the captain to find some (PEOPLE).
    """

    kind: Awaited
    name: str
    role: str
    count: int = 1
    on: tuple[UserId, ...]
    since: datetime


def waiting_on(release: Release) -> tuple[Waiting, ...]:
    """Return everything that the release waits for now. An open release always waits for something."""
    match release.state:
        case State.AWAITING_APPROVAL:
            return tuple(w for result in gate_results(release) for w in _at_gate(release, result))
        case State.READY:
            return (_go(release),)
        case State.IN_PROGRESS:
            return (_step(release),)
        case State.COMPLETED | State.CANCELLED:
            return ()


def _go(release: Release) -> Waiting:
    stage, on = release.current.name, (release.captain,)
    return Waiting(kind=Awaited.GO, name=stage, role="captain", on=on, since=release.since)


def _step(release: Release) -> Waiting:
    # A step's turn comes when the one before it is ticked.
    since = max((tick.at for tick in release.done if tick.stage == release.stage), default=release.since)
    step, role = release.open_steps[0].do, release.current.owner
    return Waiting(kind=Awaited.STEP, name=step, role=role, on=release.owners, since=since)


def _at_gate(release: Release, result: GateResult) -> Iterable[Waiting]:
    if result.status is GateStatus.MET:
        return
    name = result.gate.name
    for vote in result.rejections:
        yield Waiting(kind=Awaited.REJECTION, name=name, role="", on=(vote.by,), since=vote.at)
    for seats in result.open:
        role, on, since = seats.role, seats.asked, release.opened[release.stage]
        enough = seats.count - seats.missing
        if enough and on:
            yield Waiting(kind=Awaited.APPROVAL, name=name, role=role, count=enough, on=on, since=since)
        if seats.missing:
            count, captain = seats.missing, (release.captain,)
            yield Waiting(kind=Awaited.PEOPLE, name=name, role=role, count=count, on=captain, since=since)
