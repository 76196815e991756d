"""What a gate needs, told as it stands: each part with its status, in a sentence, with its seats or parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from bot.release.gates.applies import applies
from bot.release.gates.check_result import CheckResult, check_result
from bot.release.gates.seating import Tried, Weighed
from bot.release.release import Release, Vote
from bot.runbook.gates.gate import CheckPassed, Need, Of, Seats


class GateStatus(StrEnum):
    """How a gate, or a part of one, stands."""

    MET = "met"
    WAITING = "waiting"
    REJECTED = "rejected"
    OVERRIDDEN = "overridden"
    NOT_NEEDED = "not needed"

    @property
    def passes(self) -> bool:
        """Whether it keeps nothing back."""
        return self in (GateStatus.MET, GateStatus.OVERRIDDEN, GateStatus.NOT_NEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One required approval of a gate, in one role, and the vote that fills it."""

    role: str
    filled: Vote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One part of what a gate needs, as it stands: its status, in a sentence, its check, seats or parts."""

    status: GateStatus
    says: str
    check: CheckResult | None = None
    seats: tuple[Seat, ...] = ()
    parts: tuple["Node", ...] = ()

    def leaves(self) -> Iterator[Seat]:
        """Return the seats of it and of all its parts, in order."""
        yield from self.seats
        for part in self.parts:
            yield from part.leaves()


class Tree:
    """Tell of each part of what a gate needs how it stands, by the seats that are filled."""

    def __init__(self, release: Release, stage: int, weighed: Weighed, best: Tried) -> None:
        self._release = release
        self._stage = stage
        self._leaf = -1
        self._sitting: dict[int, list[Vote]] = {}
        approvals = weighed.approvals
        for leaf, person in zip(best.way.leaves, best.sitting, strict=True):
            if person is not None:
                self._sitting.setdefault(leaf, []).append(approvals[person])
        spare = ((p, roles) for p, roles in weighed.counted.items() if roles and p not in best.sitting)
        self._spare = [(approvals[p], roles) for p, roles in spare]

    def node(self, need: Need) -> Node:
        """Return how a part stands. Parts are taken in the order in which they are written."""
        match need:
            case Seats():
                return self._seats(need)
            case CheckPassed():
                return self._check(need)
            case Of():
                return self._of(need)
            case _:
                assert_never(need)

    def _seats(self, need: Seats) -> Node:
        self._leaf += 1
        votes = self._sitting.get(self._leaf, [])
        votes += self._take_spare(need.role, need.count - len(votes))
        empty = need.count - len(votes)
        seats = [*(Seat(role=need.role, filled=vote) for vote in votes)]
        seats += [Seat(role=need.role, filled=None)] * empty
        approvals = "approval" if need.count == 1 else "approvals"
        says = f"{len(votes)} of {need.count} {approvals} from {need.role}"
        return Node(status=GateStatus.WAITING if empty else GateStatus.MET, says=says, seats=tuple(seats))

    def _take_spare(self, role: str, count: int) -> list[Vote]:
        # Who sits nowhere on the shortest way still counts on the others.
        fitting = [entry for entry in self._spare if role in entry[1]][:count]
        self._spare = [entry for entry in self._spare if entry not in fitting]
        return [vote for vote, _ in fitting]

    def _check(self, need: CheckPassed) -> Node:
        check = check_result(self._release, need.check, self._stage)
        status = GateStatus.MET if check.counts else GateStatus.WAITING
        return Node(status=status, says=f"check {need.check} {check.says}", check=check)

    def _of(self, need: Of) -> Node:
        if not applies(need.when, self._release, self._stage):
            return self._not_needed(need)
        parts = tuple(self.node(part) for part in need.parts)
        needed = [part for part in parts if part.status is not GateStatus.NOT_NEEDED]
        met = sum(part.status is GateStatus.MET for part in needed)
        count = len(needed) if need.count is None else need.count
        which = "all of these" if need.count is None else f"any {count} of these {len(needed)}"
        says = f"{which}, {min(met, count) or 'none'} so far"
        return Node(status=GateStatus.MET if met >= count else GateStatus.WAITING, says=says, parts=parts)

    def _not_needed(self, need: Of) -> Node:
        # Nobody sits in it, so that its seats are left out of the count and others may use the people.
        spare, self._spare = self._spare, []
        parts = tuple(self.node(part) for part in need.parts)
        self._spare = spare
        return Node(status=GateStatus.NOT_NEEDED, says="not needed for this release", parts=parts)
