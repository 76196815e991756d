"""How a gate stands: each seat and who fills it, who said no, and whose word was set aside and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.release.ids import UserId
from bot.release.release import Members, Release, Verdict, Vote
from bot.release.seats import fill_seats
from bot.runbook.model import Gate


class GateStatus(StrEnum):
    """How a gate stands."""

    MET = "met"
    WAITING = "waiting"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One required approval of a gate, in one role, and the vote that fills it."""

    role: str
    filled: Vote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A vote that does not count, and why."""

    vote: Vote
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """How one gate stands, and from what that follows."""

    gate: Gate
    status: GateStatus
    seats: tuple[Seat, ...]
    rejections: tuple[Vote, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def open_roles(self) -> tuple[str, ...]:
        """The roles of the seats that nobody fills, each once."""
        return tuple(dict.fromkeys(seat.role for seat in self.seats if seat.filled is None))


def gate_results(release: Release) -> tuple[GateResult, ...]:
    """Return how each gate of the current stage stands."""
    return tuple(gate_result(release, gate, release.stage) for gate in release.current.gates)


def gates_met(release: Release) -> bool:
    """Return whether the current stage may begin, as far as its gates go."""
    return all(result.status is GateStatus.MET for result in gate_results(release))


def gate_result(release: Release, gate: Gate, stage: int) -> GateResult:
    """Return how one gate of the stage with the index `stage` stands."""
    roles = roles_of_people(gate, release.members_at(stage), release.starter)
    votes = [vote for vote in release.votes if vote.stage == stage and vote.gate == gate.name]
    approvals = {v.by: v for v in votes if v.verdict is Verdict.APPROVED and v.by in roles}
    # A no keeps its weight when its giver leaves the role: nothing is let through by a change of group.
    rejections = tuple(v for v in votes if v.verdict is Verdict.REJECTED)
    places = seat_roles(gate)
    sitting = fill_seats(places, {person: roles[person] for person in approvals})
    seats = tuple(
        Seat(role=role, filled=approvals[person] if person else None)
        for role, person in zip(places, sitting, strict=True)
    )
    return GateResult(
        gate=gate,
        status=_status(seats, rejections),
        seats=seats,
        rejections=rejections,
        set_aside=tuple(_set_aside(votes, roles, sitting)),
    )


def seat_roles(gate: Gate) -> tuple[str, ...]:
    """Return the role of each seat of `gate`, one entry a seat."""
    return tuple(seats.role for seats in gate.approvals for _ in range(seats.count))


def roles_of_people(gate: Gate, members: Members, starter: UserId) -> Mapping[UserId, frozenset[str]]:
    """Return who may fill a seat of `gate`, and in which roles. Duties are separated: never the starter."""
    asked = dict.fromkeys(seat_roles(gate))
    people = dict.fromkeys(person for role in asked for person in members.get(role, ()))
    return {
        person: frozenset(role for role in asked if person in members.get(role, ()))
        for person in people
        if person != starter
    }


def _status(seats: Iterable[Seat], rejections: tuple[Vote, ...]) -> GateStatus:
    if rejections:
        return GateStatus.REJECTED
    return GateStatus.MET if all(seat.filled for seat in seats) else GateStatus.WAITING


def _set_aside(
    votes: Iterable[Vote], roles: Mapping[UserId, frozenset[str]], sitting: tuple[UserId | None, ...]
) -> Iterable[SetAside]:
    for vote in votes:
        if vote.verdict is Verdict.REJECTED or vote.by in sitting:
            continue
        if vote.by not in roles:
            yield SetAside(vote=vote, because="no longer in a role that this gate asks")
        else:
            yield SetAside(vote=vote, because="every seat of their role is filled already")
