"""The ways in which a gate can be met, and whether it can be met at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import accumulate, combinations, pairwise, product
from operator import eq
from typing import Final

from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Seats, When
from bot.runbook.gates.needs import leaves
from bot.runbook.gates.seats import fill_seats
from bot.runbook.roles.role import Known, Role

WAYS_LIMIT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A combination that meets a need: the role of each seat, one entry a seat, and the checks.

    `leaves` tells for each seat in which of the need's seats it stands, counted in order of writing.
    """

    seats: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    leaves: tuple[int, ...] = field(default=(), compare=False)

    def contains(self, other: "Way") -> bool:
        """Tell whether it asks all that the other one asks."""
        return Counter(other.seats) <= Counter(self.seats) and set(other.checks) <= set(self.checks)


def ways(need: Need, applies: Callable[[When], bool], first: int = 0) -> tuple[Way, ...]:
    """Return every minimal combination that meets the need, in order of writing.

    Parts whose `when` does not apply are left out; what is left without any part is met by nothing. `first`
    is the number of the first of its seats.
    """
    match need:
        case Seats():
            return (Way(seats=(need.role,) * need.count, leaves=(first,) * need.count),)
        case CheckPassed():
            return (Way(checks=(need.check,)),)
        case Of() if need.when and not applies(need.when):
            return (Way(),)
        case Of():
            return _minimal(_joined(choice) for choice in _choices(need, applies, first))


@lru_cache(maxsize=1_000)
def always(need: Need) -> tuple[Way, ...]:
    """Return the ways to meet a need without conditions. Every click asks for them, so they are kept."""
    return ways(need, lambda when: True)


def _choices(need: Of, applies: Callable[[When], bool], first: int) -> Iterator[tuple[Way, ...]]:
    """Yield one way of each part that is chosen, for every choice of parts."""
    counts = [sum(isinstance(leaf, Seats) for leaf in leaves(part)) for part in need.parts]
    starts = accumulate(counts, initial=first)
    each = [ways(part, applies, start) for part, start in zip(need.parts, starts, strict=False)]
    for chosen in combinations(each, need.count or len(each)):
        yield from product(*chosen)


def _joined(parts: Sequence[Way]) -> Way:
    checks = dict.fromkeys(check for way in parts for check in way.checks)
    return Way(
        seats=tuple(seat for way in parts for seat in way.seats),
        checks=tuple(checks),
        leaves=tuple(leaf for way in parts for leaf in way.leaves),
    )


def _minimal(found: Iterable[Way]) -> tuple[Way, ...]:
    """Leave out each way that contains another one, and of equal ones all but the first."""
    kept: list[Way] = []
    for way in found:
        if not any(way.contains(other) for other in kept):
            kept = [*(other for other in kept if not other.contains(way)), way]
    return tuple(kept)


def count_ways(need: Need) -> int:
    """Return in how many ways the need can be met at most, without looking at each of them."""
    if not isinstance(need, Of):
        return 1
    # How many ways there are to choose 0, 1, 2, ... of the parts so far (elementary symmetric polynomials).
    chosen = [1] + [0] * len(need.parts)
    for many in map(count_ways, need.parts):
        chosen = [1] + [with_one + many * before for before, with_one in pairwise(chosen)]
    return chosen[need.count or len(need.parts)]


def trouble(gate: Gate, there: Known) -> str | None:
    """Say why the gate could never be met, whoever approves."""
    if count_ways(gate.needs) > WAYS_LIMIT:
        return f"{there.place} can be met in more than {WAYS_LIMIT} ways; simplify it"
    for situation in (None, *conditions(gate.needs)):
        found = ways(gate.needs, partial(eq, situation))
        empty = [empty_seat(way, there.roles) for way in found]
        if role := empty[0] if all(empty) else None:
            return _too_few(role, there)
    return None


def _too_few(role: str, there: Known) -> str:
    why = "one person fills one seat; name more people, or ask for fewer approvals"
    return f"the seat of {role} at {there.place} can never be filled: {why}"


@lru_cache(maxsize=1_000)
def conditions(need: Need) -> tuple[When, ...]:
    """Return each `when` in the need, in order."""
    if not isinstance(need, Of):
        return ()
    own = (need.when,) if need.when else ()
    return tuple(dict.fromkeys((*own, *(when for part in need.parts for when in conditions(part)))))


def empty_seat(way: Way, roles: Mapping[str, Role]) -> str | None:
    """Return the role of a seat that distinct people of those whom the runbook names cannot fill."""
    asked = Counter(seat for seat in way.seats if roles[seat].named)
    for role, count in asked.items():
        most = roles[role].most
        if most is not None and most < count:
            return role
    people = dict.fromkeys(person for role in asked for person in roles[role].named)
    roles_of = {one: frozenset(role for role in asked if one in roles[role].named) for one in people}
    seats = tuple(asked.elements())
    sitting = fill_seats(seats, roles_of)
    return next((role for role, person in zip(seats, sitting, strict=True) if person is None), None)
