"""Before a start: whether seats can be filled and checks reported by people awake before the deadline."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.release.gates.check_result import yet_to_report
from bot.release.gates.eligible import Capacity, may_fill, one_for_two
from bot.release.gates.result import gate_status
from bot.release.gates.seating import Roles, ways_of
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.people.hours import Hours
from bot.release.release import Release
from bot.runbook.gates.gate import Gate
from bot.runbook.gates.seats import fill_seats


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutlook:
    """A gate before a start: who may fill its seats, and the roles that stay short, for a seat or a check.

    `short` are the roles with too few people even if everybody were awake, `asleep` those with too few who
    are at work before the deadline; `wakes` is when the next person of such a role is at work, with whom.
    """

    stage: str
    gate: str
    needed: bool
    may: tuple[UserId, ...]
    short: tuple[str, ...]
    asleep: tuple[str, ...]
    wakes: tuple[tuple[datetime, UserId], ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether its seats can be filled and its checks reported in time."""
        return not self.needed or not (self.short or self.asleep)


def preflight(
    release: Release, hours: Mapping[UserId, Hours], now: datetime, deadline: datetime
) -> tuple[GateOutlook, ...]:
    """Return the outlook of each gate of a release that would just have been started.

    Of whom no hours are known, nobody can say that they are awake, so they do not count as awake.
    """
    wakes = {person: its.next_at_work(_there(release, person, now)) for person, its in hours.items()}
    awake = frozenset(person for person, at in wakes.items() if at <= deadline)
    return tuple(
        _outlook(release, gate, index, awake, wakes)
        for index in range(len(release.runbook.stages))
        for gate in release.stage_at(index).gates
    )


def _there(release: Release, person: UserId, now: datetime) -> datetime:
    """Return from when a person is there: from now, or from when they are no longer away."""
    away = release.deputies.get(person)
    return now if away is None else away.until


def _outlook(
    release: Release,
    gate: Gate,
    stage: int,
    awake: frozenset[UserId],
    wakes: Mapping[UserId, datetime],
) -> GateOutlook:
    may = may_fill(release, gate, stage)
    there = {person: capacity for person, capacity in may.items() if person in awake}
    read = {check for check in gate.checks if release.runbook.check(check).read}
    reported = read | {check for check in gate.checks if release.reporters(check)}
    in_time = read | {check for check in reported if _can_report(release, check, awake)}
    short = _short(release, gate, stage, one_for_two(may), reported)
    asleep = () if short else _short(release, gate, stage, one_for_two(there), in_time)
    helping = _helping(release, gate, may, asleep)
    waking = sorted((wakes[p], p) for p in helping if p in wakes and p not in awake)
    return GateOutlook(
        stage=release.stage_name(stage),
        gate=gate.name,
        needed=gate_status(release, gate, stage) is not GateStatus.NOT_NEEDED,
        may=tuple(may),
        short=short,
        asleep=asleep,
        wakes=tuple(waking[:1]),
        checks=gate.checks,
    )


def _can_report(release: Release, check: str, people: frozenset[UserId]) -> bool:
    """Return whether somebody is there who reports a check, or all where everybody does."""
    rule = release.runbook.check(check)
    asked = yet_to_report(release, rule, release.reports.get(check, ()))
    return people.issuperset(asked) if rule.each else not people.isdisjoint(asked)


def _helping(
    release: Release, gate: Gate, may: Mapping[UserId, Capacity], roles: Collection[str]
) -> set[UserId]:
    """Return who approves at a gate in one of some roles, or reports a check of it."""
    approving = {person for person, it in may.items() if not it.roles.isdisjoint(roles)}
    checks = (check for check in gate.checks if release.runbook.check(check).by in roles)
    return approving.union(*map(release.reporters, checks))


def _short(
    release: Release, gate: Gate, stage: int, people: Roles, reported: Collection[str]
) -> tuple[str, ...]:
    """Return the roles in which people miss, for seats and checks, on the way on which the fewest do."""
    ways = ways_of(release, gate, stage)
    lacking = ((*_empty(way.seats, people), *_silent(release, way.checks, reported)) for way in ways)
    fewest = min(lacking, key=len)
    return tuple(dict.fromkeys(fewest))


def _silent(release: Release, checks: Iterable[str], reported: Collection[str]) -> Iterable[str]:
    return (release.runbook.check(check).by or "" for check in checks if check not in reported)


def _empty(seats: Sequence[str], people: Roles) -> list[str]:
    sitting = fill_seats(seats, people)
    return [role for role, person in zip(seats, sitting, strict=True) if person is None]
