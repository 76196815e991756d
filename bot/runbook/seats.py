"""Who fills which seat: a maximum matching, so that nobody in two roles blocks a release that could go."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

Person = TypeVar("Person", bound=str)
Roles = Mapping[Person, frozenset[str]]
"""Person -> the roles in which that person may fill a seat."""


def fill_seats(seats: Sequence[str], roles_of: Roles[Person]) -> tuple[Person | None, ...]:
    """Return, for each seat (a role), who fills it, with as many seats filled as can be.

    Each person fills one seat at most, of a role that they are in. People who come first keep a seat when
    later ones arrive, though perhaps another one. (Augmenting paths, Kuhn 1955, over roles rather than seats,
    because the seats of a role are alike; O(people * seats).)
    """
    places = Counter(seats)
    sitting: dict[str, list[Person]] = {role: [] for role in places}

    def find_seat(person: Person, tried: set[str]) -> bool:
        for role in places:
            if role not in roles_of[person] or role in tried:
                continue
            tried.add(role)
            if len(sitting[role]) < places[role]:
                sitting[role].append(person)
                return True
            for index, other in enumerate(sitting[role]):
                if find_seat(other, tried):
                    sitting[role][index] = person
                    return True
        return False

    empty = len(seats)
    for person in roles_of:
        if not empty:
            break
        empty -= find_seat(person, set())
    queues = {role: iter(people) for role, people in sitting.items()}
    return tuple(next(queues[role], None) for role in seats)


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
