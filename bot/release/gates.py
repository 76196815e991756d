"""How a gate stands: each seat and who fills it, who said no, and whose word was set aside and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.release.ids import UserId
from bot.release.release import Members, Release, Verdict, Vote
from bot.release.seats import Roles, fill_seats, helping_roles
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
class OpenSeats:
    """The seats of one role that nobody fills, and the people who have not answered and could fill them.

    `missing` is how many of the seats stay empty even if everybody who may approves.
    """

    role: str
    count: int
    missing: int
    asked: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """How one gate stands, and from what that follows."""

    gate: Gate
    status: GateStatus
    seats: tuple[Seat, ...]
    open: tuple[OpenSeats, ...]
    rejections: tuple[Vote, ...]
    set_aside: tuple[SetAside, ...]


def gate_results(release: Release) -> tuple[GateResult, ...]:
    """Return how each gate of the current stage stands."""
    return tuple(gate_result(release, gate, release.stage) for gate in release.current.gates)


def gates_met(release: Release) -> bool:
    """Return whether the current stage may begin, as far as its gates go."""
    gates = release.current.gates
    return all(gate_result(release, gate, release.stage).status is GateStatus.MET for gate in gates)


def gate_result(release: Release, gate: Gate, stage: int) -> GateResult:
    """Return how one gate of the stage with the index `stage` stands."""
    may = roles_of_people(gate, release.members_at(stage), release.starter)
    votes = [vote for vote in release.votes if vote.stage == stage and vote.gate == gate.name]
    approvals = {vote.by: vote for vote in votes if vote.verdict is Verdict.APPROVED}
    # An approval counts in the roles that its giver was in when giving it, and is in now.
    counted = {by: may.get(by, frozenset()) & frozenset(vote.roles) for by, vote in approvals.items()}
    # A no keeps its weight when its giver leaves the role: nothing is let through by a change of group.
    rejections = tuple(vote for vote in votes if vote.verdict is Verdict.REJECTED)
    places = seat_roles(gate)
    sitting = fill_seats(places, counted)
    # Whose word counts is not asked again; an approval that counts no more is as good as none.
    heard = {vote.by for vote in rejections} | {person for person, roles in counted.items() if roles}
    left = {person: roles for person, roles in may.items() if person not in heard}
    return GateResult(
        gate=gate,
        status=_status(sitting, rejections),
        seats=tuple(
            Seat(role=role, filled=approvals[person] if person else None)
            for role, person in zip(places, sitting, strict=True)
        ),
        open=tuple(_open_seats(places, sitting, counted, left, _missing(places, counted, may))),
        rejections=rejections,
        set_aside=tuple(_set_aside(approvals.values(), counted, sitting)),
    )


def seat_roles(gate: Gate) -> tuple[str, ...]:
    """Return the role of each seat of `gate`, one entry a seat."""
    return tuple(seats.role for seats in gate.approvals for _ in range(seats.count))


def roles_of_people(gate: Gate, members: Members, starter: UserId) -> Roles:
    """Return who may fill a seat of `gate`, and in which roles. Duties are separated: never the starter."""
    roles: dict[UserId, set[str]] = {}
    for seats in gate.approvals:
        for person in members.get(seats.role, ()):
            if person != starter:
                roles.setdefault(person, set()).add(seats.role)
    return {person: frozenset(those) for person, those in roles.items()}


def _status(sitting: Iterable[UserId | None], rejections: Sequence[Vote]) -> GateStatus:
    if rejections:
        return GateStatus.REJECTED
    return GateStatus.WAITING if None in sitting else GateStatus.MET


def _missing(places: Sequence[str], counted: Roles, may: Roles) -> int:
    """Return how many seats stay empty even if everybody who may approves, in every role of theirs."""
    everybody = {**counted, **{person: roles for person, roles in may.items() if not counted.get(person)}}
    return fill_seats(places, everybody).count(None)


def _open_seats(
    places: Sequence[str], sitting: Sequence[UserId | None], counted: Roles, left: Roles, missing: int
) -> Iterable[OpenSeats]:
    empty = [role for role, person in zip(places, sitting, strict=True) if person is None]
    for role in dict.fromkeys(empty):
        helping = helping_roles(role, places, sitting, counted)
        asked = tuple(person for person, roles in left.items() if roles & helping)
        count = empty.count(role)
        here = min(count, missing)
        missing -= here
        yield OpenSeats(role=role, count=count, missing=here, asked=asked)


def _set_aside(
    approvals: Iterable[Vote], counted: Roles, sitting: Sequence[UserId | None]
) -> Iterable[SetAside]:
    for vote in approvals:
        if vote.by in sitting:
            continue
        if counted[vote.by]:
            yield SetAside(vote=vote, because="every seat of their role is filled already")
        else:
            yield SetAside(vote=vote, because="they are no longer in a role that this gate asks")
