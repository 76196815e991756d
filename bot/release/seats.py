"""Who fills which seat: a maximum matching, so that nobody in two roles blocks a release that could go."""

from collections.abc import Mapping, Sequence

from bot.release.ids import UserId

Roles = Mapping[UserId, frozenset[str]]
"""Person -> the roles in which that person may fill a seat."""


def fill_seats(seats: Sequence[str], roles_of: Roles) -> tuple[UserId | None, ...]:
    """Return, for each seat (a role), who fills it, with as many seats filled as can be.

    Each person fills one seat at most, of a role that they are in. People who come first keep a seat when
    later ones arrive, though perhaps another one. (Augmenting paths, Kuhn 1955; O(seats * people).)
    """
    taken: list[UserId | None] = [None] * len(seats)

    def find_seat(person: UserId, tried: set[int]) -> bool:
        for index, role in enumerate(seats):
            if role not in roles_of[person] or index in tried:
                continue
            tried.add(index)
            sitting = taken[index]
            if sitting is None or find_seat(sitting, tried):
                taken[index] = person
                return True
        return False

    for person in roles_of:
        find_seat(person, set())
    return tuple(taken)


def helping_roles(
    open_role: str, seats: Sequence[str], sitting: Sequence[UserId | None], roles_of: Roles
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
