"""Who fills which seat: a maximum matching, so that nobody in two roles blocks a release that could go."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

Person = TypeVar("Person", bound=str)
Roles = Mapping[Person, frozenset[str]]
"""Person -> the roles in which that person may fill a seat."""


def fill_seats(seats: Sequence[str], roles_of: Roles[Person]) -> tuple[Person | None, ...]:
    """Return, for each seat (a role), who fills it, with as many seats filled as can be.

    Each person fills one seat at most, of a role that they are in. People who come first keep a seat when
    later ones arrive, though perhaps another one. (Augmenting paths, Kuhn 1955, over roles rather than seats,
    because the seats of a role are alike; O(people * seats).)
    """
    seating = _Seating(seats, roles_of)
    full: set[str] = set()
    for person in roles_of:
        tried = {*full}
        if not seating.finds_seat(person, tried):
            # Where a search found no room, no later one will (the Hungarian forest; Kuhn, the same).
            full = tried
    queues = {role: iter(people) for role, people in seating.sitting.items()}
    return tuple(next(queues[role], None) for role in seats)


class _Seating(Generic[Person]):
    """Who sits in the seats of each role so far."""

    def __init__(self, seats: Sequence[str], roles_of: Roles[Person]) -> None:
        self._places = Counter(seats)
        self._roles_of = roles_of
        self.sitting: dict[str, list[Person]] = {role: [] for role in self._places}

    def finds_seat(self, person: Person, tried: set[str]) -> bool:
        """Seat a person in a role that was not tried yet, for which others may move, or return False."""
        roles = self._roles_of[person]
        for role, places in self._places.items():
            if role not in roles or role in tried:
                continue
            tried.add(role)
            sitting = self.sitting[role]
            if len(sitting) < places:
                sitting.append(person)
                return True
            for index, other in enumerate(sitting):
                if self.finds_seat(other, tried):
                    sitting[index] = person
                    return True
        return False


def helping_roles(
    open_role: str, seats: Sequence[str], sitting: Sequence[Person | None], roles_of: Roles[Person]
) -> frozenset[str]:
    """Return the roles whose people could fill an open seat of `open_role`, or make room for who can.

    Who sits in another seat and could move to the open one leaves a seat that others can fill.
    """
    found = {open_role}
    grown = True
    while grown:
        moving = {
            role
            for role, person in zip(seats, sitting, strict=True)
            if person is not None and roles_of[person] & found
        }
        grown = not moving <= found
        found |= moving
    return frozenset(found)
