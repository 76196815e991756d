"""How a gate stands: each seat and who fills it, who said no, and whose word was set aside and why."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, assert_never

from bot.release.gates.applies import applies
from bot.release.gates.eligible import (
    Capacity,
    counting,
    eligible,
    heard,
    left_to_ask,
    one_for_two,
    own_roles,
)
from bot.release.ids import UserId
from bot.release.people.duties import barred, kept_apart
from bot.release.release import Release, Verdict, Vote
from bot.runbook.gates import CheckPassed, Gate, Need, Of, Seats
from bot.runbook.roles import Duties
from bot.runbook.seats import fill_seats, helping_roles
from bot.runbook.ways import Way, always, conditions, ways

if TYPE_CHECKING:
    from bot.release.gates.checks import Report

Roles = Mapping[UserId, frozenset[str]]
"""Person -> the roles in which that person may fill a seat, or does."""


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
class Approvals:
    """As many approvals in one role as are needed, and the people any of whom could give them."""

    role: str
    count: int
    of: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One part of what a gate needs, as it stands: its status, in a sentence, and its seats or parts."""

    status: GateStatus
    says: str
    seats: tuple[Seat, ...] = ()
    parts: tuple["Node", ...] = ()

    def leaves(self) -> Iterator[Seat]:
        """Return the seats of it and of all its parts, in order."""
        yield from self.seats
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """How one gate stands, and from what that follows.

    `open` has the seats that are missing on the shortest way to meet it, and `checks` the checks; `fewest`
    are the approvals that would fill those seats, whoever of their people gives them. `others` are the
    people who could help on another way, and `choice` the roles that are open on some way, where there are
    several. `warned` has the votes that count though the runbook keeps their givers apart, and why.
    """

    gate: Gate
    status: GateStatus
    root: Node
    open: tuple[OpenSeats, ...]
    fewest: tuple["Approvals", ...]
    others: tuple[UserId, ...]
    choice: tuple[str, ...]
    checks: tuple[str, ...]
    rejections: tuple[Vote, ...]
    abstained: tuple[Vote, ...]
    set_aside: tuple[SetAside, ...]
    warned: tuple[SetAside, ...]

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All its seats, in order."""
        return tuple(self.root.leaves())

    @property
    def asked(self) -> tuple[UserId, ...]:
        """Everybody whose approval would help."""
        return tuple(dict.fromkeys([*(p for seats in self.open for p in seats.asked), *self.others]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One way to meet a gate, with who sits in its seats and which of its checks have not passed."""

    way: Way
    sitting: tuple[UserId | None, ...]
    checks: tuple[str, ...]

    @property
    def empty(self) -> tuple[str, ...]:
        """The role of each seat in which nobody sits."""
        return _empty(self.way, self.sitting)

    @property
    def short(self) -> int:
        """How much is missing."""
        return self.sitting.count(None) + len(self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """What was said at a gate, in which roles each approval counts, and every way to meet the gate."""

    own: Roles
    said: Mapping[Verdict, Sequence[Vote]]
    approvals: Mapping[UserId, Vote]
    capacities: Mapping[UserId, Capacity]
    tried: Sequence[_Tried]

    @property
    def counted(self) -> Roles:
        """The roles in which each approval counts."""
        return {person: capacity.roles for person, capacity in self.capacities.items()}

    @property
    def met(self) -> bool:
        """Whether on some way nothing is missing."""
        return any(not one.short for one in self.tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The way that is shown: the shortest of those that can be gone, and who sits if everybody approves."""

    best: _Tried
    full: tuple[UserId | None, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The role of each seat that stays empty even then."""
        return _empty(self.best.way, self.full)


def gate_results(release: Release) -> tuple[GateResult, ...]:
    """Return how each gate of the current stage stands."""
    return tuple(gate_result(release, gate, release.stage) for gate in release.current.gates)


def gates_met(release: Release) -> bool:
    """Return whether the current stage may begin, as far as its gates go."""
    return all(gate_status(release, gate, release.stage).passes for gate in release.current.gates)


def gate_status(release: Release, gate: Gate, stage: int) -> GateStatus:
    """Return how one gate of the stage with the index `stage` stands, and nothing more."""
    return passed_over(release, gate, stage) or _status(_weigh(release, gate, stage))


def passed_over(release: Release, gate: Gate, stage: int) -> GateStatus | None:
    """Return how a gate stands that nobody is asked at any more, whatever was said at it; of others None."""
    if not applies(gate.when, release, stage):
        return GateStatus.NOT_NEEDED
    if any((past.stage, past.gate) == (stage, gate.name) for past in release.overrides):
        return GateStatus.OVERRIDDEN
    return None


def gate_result(release: Release, gate: Gate, stage: int) -> GateResult:
    """Return how one gate of the stage with the index `stage` stands, and from what that follows."""
    weighed = _weigh(release, gate, stage)
    said, counted = weighed.said, weighed.counted
    # Whose word counts is not asked again; an approval that counts no more is as good as none. A no keeps
    # its weight when its giver leaves the role: nothing is let through by a change of group.
    silent = {vote.by for vote in (*said[Verdict.REJECTED], *said[Verdict.ABSTAINED])}
    may = eligible(release, gate, weighed.own, heard(weighed.capacities, silent))
    chosen = _choose(weighed, may)
    left = left_to_ask(may, weighed.capacities, silent)
    open_seats = tuple(_open_seats(chosen, counted, left))
    root = _Tree(release, stage, weighed, chosen.best).node(gate.needs)
    return GateResult(
        gate=gate,
        status=passed_over(release, gate, stage) or _status(weighed),
        root=root,
        open=open_seats,
        fewest=tuple(_fewest(chosen, weighed, may, left)),
        others=_others(weighed, chosen.best, left, open_seats),
        choice=_choice(weighed),
        checks=chosen.best.checks,
        rejections=tuple(said[Verdict.REJECTED]),
        abstained=tuple(said[Verdict.ABSTAINED]),
        set_aside=(*_set_aside(release, weighed, root), *_voided(release, gate, stage)),
        warned=tuple(_warned(release, weighed, chosen.best)),
    )


def _weigh(release: Release, gate: Gate, stage: int) -> _Weighed:
    own = own_roles(release, gate, release.members_at(stage))
    said: dict[Verdict, list[Vote]] = {verdict: [] for verdict in Verdict}
    for vote in release.votes:
        if vote.stage == stage and vote.gate == gate.name:
            said[vote.verdict].append(vote)
    approvals = {vote.by: vote for vote in said[Verdict.APPROVED]}
    capacities = counting(approvals, own, barred(release, gate.name))
    counted = {person: capacity.roles for person, capacity in capacities.items()}
    reports = release.reports_at(stage)
    tried = [_try(way, approvals, counted, reports) for way in ways_of(release, gate, stage)]
    return _Weighed(own=own, said=said, approvals=approvals, capacities=capacities, tried=tried)


def _choose(weighed: _Weighed, may: Mapping[UserId, Capacity]) -> _Chosen:
    if weighed.met:
        best = next(one for one in weighed.tried if not one.short)
        return _Chosen(best=best, full=best.sitting)
    counting_now = {p: capacity for p, capacity in weighed.capacities.items() if capacity.roles}
    # Who abstained is not asked again, so where nobody else is left, people are to be found.
    heard = {*counting_now, *(vote.by for vote in weighed.said[Verdict.ABSTAINED])}
    everybody = one_for_two({**counting_now, **{p: it for p, it in may.items() if p not in heard}})
    chosen = (_Chosen(best=one, full=_full(one, everybody)) for one in weighed.tried)
    return min(chosen, key=lambda one: (len(one.missing), one.best.short))


def _full(one: _Tried, everybody: Roles) -> tuple[UserId | None, ...]:
    """Seat everybody: those who sit, then those who can take an open seat, then those who need room made."""

    def late(person: UserId) -> bool:
        return person not in one.sitting and everybody[person].isdisjoint(one.empty)

    return fill_seats(one.way.seats, {person: everybody[person] for person in sorted(everybody, key=late)})


def _empty(way: Way, sitting: Sequence[UserId | None]) -> tuple[str, ...]:
    return tuple(role for role, person in zip(way.seats, sitting, strict=True) if person is None)


def ways_of(release: Release, gate: Gate, stage: int) -> tuple[Way, ...]:
    """Return every way to meet a gate, with those of its parts that apply to the release."""
    needs = gate.needs
    return ways(needs, lambda when: applies(when, release, stage)) if conditions(needs) else always(needs)


def _passed(report: "Report | None") -> bool:
    """Return whether a check has passed, for what is released now; what is not known has not passed."""
    return report is not None and report.passed


def _try(
    way: Way, approvals: Mapping[UserId, Vote], counted: Roles, reports: Mapping[str, "Report"]
) -> _Tried:
    checks = tuple(check for check in way.checks if not _passed(reports.get(check)))
    return _Tried(way=way, sitting=_seated(way.seats, approvals, counted), checks=checks)


def _seated(
    places: Sequence[str], approvals: Mapping[UserId, Vote], counted: Roles
) -> tuple[UserId | None, ...]:
    """Seat the people where they chose to sit, unless a seat more could be filled otherwise."""
    sitting = fill_seats(places, counted)
    chosen = {by: vote.seat for by, vote in approvals.items() if vote.seat in counted[by]}
    if not chosen:
        return sitting
    wanted = {by: frozenset({chosen[by]}) if by in chosen else roles for by, roles in counted.items()}
    as_wanted = fill_seats(places, wanted)
    return sitting if as_wanted.count(None) > sitting.count(None) else as_wanted


def _status(weighed: _Weighed) -> GateStatus:
    if weighed.said[Verdict.REJECTED]:
        return GateStatus.REJECTED
    return GateStatus.MET if weighed.met else GateStatus.WAITING


def _open_seats(chosen: _Chosen, counted: Roles, left: Roles) -> Iterable[OpenSeats]:
    one = chosen.best
    empty, missing = Counter(one.empty), _spread(chosen)
    for role, count in empty.items():
        helping = helping_roles(role, one.way.seats, one.sitting, counted)
        asked = tuple(person for person, roles in left.items() if roles & helping)
        yield OpenSeats(role=role, count=count, missing=missing[role], asked=asked)


def _fewest(
    chosen: _Chosen, weighed: _Weighed, may: Mapping[UserId, Capacity], left: Roles
) -> Iterable[Approvals]:
    """Return the approvals by which those who have not answered come to sit where they would sit."""
    places = zip(chosen.best.way.seats, chosen.full, strict=True)
    new = Counter(role for role, person in places if person is not None and not weighed.counted.get(person))
    rejecters = [vote.by for vote in weighed.said[Verdict.REJECTED]]
    for role, count in new.items():
        people = [person for person, roles in left.items() if role in roles]
        if len(people) < count:
            people += [person for person in rejecters if person in may and role in may[person].roles]
        # Of somebody away and the deputy one counts, so the one who is there is named.
        spoken_for = {may[person].behalf for person in people if role in may[person].lent}
        yield Approvals(role=role, count=count, of=tuple(p for p in people if p not in spoken_for))


def _spread(chosen: _Chosen) -> Counter[str]:
    """Return how many of the open seats of each role stay empty; if others move, it may be another role."""
    empty = Counter(chosen.best.empty)
    here = empty & Counter(chosen.missing)
    return here + Counter(islice((empty - here).elements(), len(chosen.missing) - here.total()))


def _others(weighed: _Weighed, best: _Tried, left: Roles, opened: Sequence[OpenSeats]) -> tuple[UserId, ...]:
    """Return who could help to meet the gate in another way than the one that is shown."""
    if not best.short:
        return ()
    asked = {person for seats in opened for person in seats.asked}
    others = (_Chosen(best=one, full=one.sitting) for one in weighed.tried if one is not best)
    rest = (seats.asked for one in others for seats in _open_seats(one, weighed.counted, left))
    return tuple(dict.fromkeys(person for people in rest for person in people if person not in asked))


def _choice(weighed: _Weighed) -> tuple[str, ...]:
    if len(weighed.tried) < 2:
        return ()
    return tuple(dict.fromkeys(role for one in weighed.tried for role in one.empty))


def _set_aside(release: Release, weighed: _Weighed, root: Node) -> Iterable[SetAside]:
    sitting = {seat.filled.by for seat in root.leaves() if seat.filled is not None}
    for vote in weighed.approvals.values():
        if vote.by not in sitting:
            yield SetAside(vote=vote, because=_why_not(release, vote, weighed))


def _why_not(release: Release, vote: Vote, weighed: _Weighed) -> str:
    counted, apart = weighed.counted, barred(release, vote.gate)
    if counted[vote.by]:
        return "every seat of their role is filled already"
    if vote.by in apart:
        return f"they {apart[vote.by]}"
    if vote.behalf is not None and counted.get(vote.behalf):
        return "the person for whom they stood in has answered"
    if vote.behalf is not None and any(it.behalf == vote.behalf for it in weighed.capacities.values()):
        return "another has answered for the person for whom they stood in"
    return "they are no longer in a role that this gate asks"


def _voided(release: Release, gate: Gate, stage: int) -> Iterable[SetAside]:
    for past in release.voided:
        vote = past.vote
        if (vote.stage, vote.gate) == (stage, gate.name) and not release.vote(stage, gate.name, vote.by):
            yield SetAside(vote=vote, because=past.because)


def _warned(release: Release, weighed: _Weighed, best: _Tried) -> Iterable[SetAside]:
    if release.runbook.duties is Duties.WARN:
        apart = kept_apart(release)
        for person in best.sitting:
            if person is not None and person in apart:
                yield SetAside(vote=weighed.approvals[person], because=f"they {apart[person]}")


class _Tree:
    """Tell of each part of what a gate needs how it stands, by the seats that are filled."""

    def __init__(self, release: Release, stage: int, weighed: _Weighed, best: _Tried) -> None:
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
        report = self._release.reports_at(self._stage).get(need.check)
        how = "has not been reported" if report is None else "passed" if report.passed else "failed"
        return Node(
            status=GateStatus.MET if _passed(report) else GateStatus.WAITING, says=f"check {need.check} {how}"
        )

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
