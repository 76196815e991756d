"""What a release waits for: the one source of the card, the reminders and the summaries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.release.gates import GateResult, GateStatus, gate_results, roles_of_people
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
            return (_one(release, Awaited.GO, release.current.name, "captain", (release.captain,)),)
        case State.IN_PROGRESS:
            step = release.open_steps[0].do
            return (_one(release, Awaited.STEP, step, release.current.owner, release.owners),)
        case State.COMPLETED | State.CANCELLED:
            return ()


def _one(release: Release, kind: Awaited, name: str, role: str, on: tuple[UserId, ...]) -> Waiting:
    return Waiting(kind=kind, name=name, role=role, on=on, since=release.since)


def _at_gate(release: Release, result: GateResult) -> Iterable[Waiting]:
    if result.status is GateStatus.MET:
        return
    name = result.gate.name
    for vote in result.rejections:
        yield Waiting(kind=Awaited.REJECTION, name=name, role="", on=(vote.by,), since=vote.at)
    may = roles_of_people(result.gate, release.members, release.starter)
    voted = {vote.by for vote in release.votes if (vote.stage, vote.gate) == (release.stage, name)}
    for role in result.open_roles:
        asked = tuple(person for person in may if role in may[person] and person not in voted)
        count = sum(seat.role == role and seat.filled is None for seat in result.seats)
        since, left = release.opened[release.stage], min(count, len(asked))
        if left:
            yield Waiting(kind=Awaited.APPROVAL, name=name, role=role, count=left, on=asked, since=since)
        if count > left:
            on, missing = (release.captain,), count - left
            yield Waiting(kind=Awaited.PEOPLE, name=name, role=role, count=missing, on=on, since=since)
