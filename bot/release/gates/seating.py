"""Who sits in the seats of a gate: every way to meet it is tried, and the shortest is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.release.gates.applies import applies
from bot.release.gates.check_result import check_result
from bot.release.gates.eligible import Capacity, counting, one_for_two, own_roles
from bot.release.ids import UserId
from bot.release.people.duties import barred
from bot.release.release import Release, Verdict, Vote
from bot.runbook.gates.gate import Gate
from bot.runbook.gates.seats import fill_seats
from bot.runbook.gates.ways import Way, always, conditions, ways

Roles = Mapping[UserId, frozenset[str]]
"""Person -> the roles in which that person may fill a seat, or does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One way to meet a gate, with who sits in its seats and which of its checks have not passed.

    `unreportable` are those of the checks that nobody can report, as their role has nobody in it.
    """

    way: Way
    sitting: tuple[UserId | None, ...]
    checks: tuple[str, ...]
    unreportable: tuple[str, ...]

    @property
    def empty(self) -> tuple[str, ...]:
        """The role of each seat in which nobody sits."""
        return _empty(self.way, self.sitting)

    @property
    def short(self) -> int:
        """How much is missing."""
        return self.sitting.count(None) + len(self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What was said at a gate, in which roles each approval counts, and every way to meet the gate."""

    own: Roles
    said: Mapping[Verdict, Sequence[Vote]]
    approvals: Mapping[UserId, Vote]
    capacities: Mapping[UserId, Capacity]
    tried: Sequence[Tried]

    @property
    def counted(self) -> Roles:
        """The roles in which each approval counts."""
        return {person: capacity.roles for person, capacity in self.capacities.items()}

    @property
    def met(self) -> bool:
        """Whether on some way nothing is missing."""
        return any(not one.short for one in self.tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The way that is shown: the shortest of those that can be gone, and who sits if everybody approves."""

    best: Tried
    full: tuple[UserId | None, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The role of each seat that stays empty even then."""
        return _empty(self.best.way, self.full)

    @property
    def lacking(self) -> int:
        """For how many seats and checks there is nobody."""
        return len(self.missing) + len(self.best.unreportable)


def weigh(release: Release, gate: Gate, stage: int) -> Weighed:
    """Seat those who have approved a gate of the stage with the index `stage`, on every way to meet it."""
    own = own_roles(release, gate, release.members_at(stage))
    said: dict[Verdict, list[Vote]] = {verdict: [] for verdict in Verdict}
    for vote in release.votes:
        if vote.stage == stage and vote.gate == gate.name:
            said[vote.verdict].append(vote)
    approvals = {vote.by: vote for vote in said[Verdict.APPROVED]}
    capacities = counting(approvals, own, barred(release, gate.name))
    counted = {person: capacity.roles for person, capacity in capacities.items()}
    open_checks = _open_checks(release, gate, stage)
    tried = [_try(way, approvals, counted, open_checks) for way in ways_of(release, gate, stage)]
    return Weighed(own=own, said=said, approvals=approvals, capacities=capacities, tried=tried)


def choose(weighed: Weighed, may: Mapping[UserId, Capacity]) -> Chosen:
    """Choose the way to show: one that is met, or of those on which the fewest people miss the shortest.

    People miss for a seat, and for a check.
    """
    if weighed.met:
        best = next(one for one in weighed.tried if not one.short)
        return Chosen(best=best, full=best.sitting)
    crowds = _crowds(weighed, may)
    chosen = (Chosen(best=one, full=_full(one, crowd)) for one in weighed.tried for crowd in crowds)
    return min(chosen, key=lambda one: (one.lacking, _acts(one, weighed.counted)))


def ways_of(release: Release, gate: Gate, stage: int) -> tuple[Way, ...]:
    """Return every way to meet a gate, with those of its parts that apply to the release."""
    needs = gate.needs
    return ways(needs, lambda when: applies(when, release, stage)) if conditions(needs) else always(needs)


def _crowds(weighed: Weighed, may: Mapping[UserId, Capacity]) -> tuple[Roles, Roles]:
    """Return who could sit together if all approve but those whose deputies have, and if they do, too."""
    counting_now = {p: capacity for p, capacity in weighed.capacities.items() if capacity.roles}
    # Who abstained is not asked again, so where nobody else is left, people are to be found.
    heard = {*counting_now, *(vote.by for vote in weighed.said[Verdict.ABSTAINED])}
    everybody = {**counting_now, **{p: it for p, it in may.items() if p not in heard}}
    spoken_for = {it.behalf for it in counting_now.values()}
    silent = {p: it for p, it in everybody.items() if p not in spoken_for}
    # Somebody away who approves in person frees the deputy for another seat, or takes the deputy's.
    return one_for_two(silent), one_for_two(everybody)


def _acts(one: Chosen, counted: Roles) -> int:
    """Return how many approvals and reports are still to come on a way."""
    return len(one.best.checks) + sum(p is not None and not counted.get(p) for p in one.full)


def _open_checks(release: Release, gate: Gate, stage: int) -> Mapping[str, bool]:
    """Return the checks of a gate that have not passed, each with whether it can be reported or read."""
    unpassed = (check for check in gate.checks if not check_result(release, check, stage).counts)
    return {check: bool(release.runbook.check(check).read or release.reporters(check)) for check in unpassed}


def _try(
    way: Way, approvals: Mapping[UserId, Vote], counted: Roles, open_checks: Mapping[str, bool]
) -> Tried:
    checks = tuple(check for check in way.checks if check in open_checks)
    unreportable = tuple(check for check in checks if not open_checks[check])
    sitting = _seated(way.seats, approvals, counted)
    return Tried(way=way, sitting=sitting, checks=checks, unreportable=unreportable)


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


def _full(one: Tried, everybody: Roles) -> tuple[UserId | None, ...]:
    """Seat everybody: those who sit, then those who can take an open seat, then those who need room made."""
    sitting, empty = frozenset(one.sitting), frozenset(one.empty)

    def late(person: UserId) -> bool:
        return person not in sitting and everybody[person].isdisjoint(empty)

    return fill_seats(one.way.seats, {person: everybody[person] for person in sorted(everybody, key=late)})


def _empty(way: Way, sitting: Sequence[UserId | None]) -> tuple[str, ...]:
    return tuple(role for role, person in zip(way.seats, sitting, strict=True) if person is None)
