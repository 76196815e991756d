"""Who fills which seat: as many as can be, one a person, in a role of theirs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.release.ids import UserId
from bot.runbook.gates.seats import fill_seats, helping_roles
from tests.release.given import UNHURRIED

BEN, DAN, ELI = UserId("ben"), UserId("dan"), UserId("eli")
QA, OPS, BOTH = frozenset({"qa"}), frozenset({"ops"}), frozenset({"qa", "ops"})
ROLES = ("qa", "ops", "security")
PEOPLE = tuple(UserId(name) for name in ("ana", "ben", "cleo", "dan", "eli", "fay"))


def most(places: list[str], people: dict[UserId, frozenset[str]]) -> int:
    """Return how many seats can be filled, by trying each person, and nobody, on the first of them."""
    if not places:
        return 0
    first, rest = places[0], places[1:]
    with_first = (
        1 + most(rest, {other: roles for other, roles in people.items() if other != person})
        for person, roles in people.items()
        if first in roles
    )
    return max([most(rest, people), *with_first])


seats = st.lists(st.sampled_from(ROLES), max_size=5)
approvers = st.dictionaries(
    st.sampled_from(PEOPLE), st.frozensets(st.sampled_from((*ROLES, "design"))), max_size=6
)


def test_a_seat_is_filled_by_somebody_in_its_role() -> None:
    assert fill_seats(["qa"], {BEN: QA}) == (BEN,)
    assert fill_seats(["ops"], {BEN: QA}) == (None,)


def test_a_person_in_two_roles_fills_one_seat() -> None:
    assert fill_seats(["qa", "ops"], {ELI: BOTH}).count(ELI) == 1
    assert fill_seats(["qa", "qa"], {BEN: QA}) == (BEN, None)


def test_a_person_in_two_roles_makes_room_for_somebody_in_one() -> None:
    assert fill_seats(["qa", "ops"], {ELI: BOTH, BEN: QA}) == (BEN, ELI)
    assert fill_seats(["qa", "ops"], {ELI: BOTH, DAN: OPS}) == (ELI, DAN)


def test_room_is_made_along_a_chain_of_people() -> None:
    chain = {
        UserId("a"): frozenset({"qa", "ops"}),
        UserId("b"): frozenset({"ops", "security"}),
        UserId("c"): frozenset({"qa"}),
    }
    assert fill_seats(["qa", "ops", "security"], chain) == (UserId("c"), UserId("a"), UserId("b"))


def test_who_comes_first_keeps_a_seat() -> None:
    assert fill_seats(["qa"], {ELI: QA, BEN: QA}) == (ELI,)


def test_nobody_and_no_seats() -> None:
    assert fill_seats(["qa"], {}) == (None,)
    assert fill_seats([], {BEN: QA}) == ()


@UNHURRIED
@given(seats, approvers)
def test_as_many_seats_are_filled_as_can_be(
    seats: list[str], approvers: dict[UserId, frozenset[str]]
) -> None:
    sitting = [person for person in fill_seats(seats, approvers) if person]
    assert len(sitting) == most(seats, approvers)


@UNHURRIED
@given(seats, approvers)
def test_each_person_fills_one_seat_at_most_and_in_a_role_of_theirs(
    seats: list[str], approvers: dict[UserId, frozenset[str]]
) -> None:
    taken = fill_seats(seats, approvers)
    assert len(taken) == len(seats)
    sitting = [person for person in taken if person]
    assert len(sitting) == len(set(sitting))
    assert all(role in approvers[person] for role, person in zip(seats, taken, strict=True) if person)


@UNHURRIED
@given(seats, approvers)
def test_nobody_loses_their_seat_to_people_who_come_later(
    seats: list[str], approvers: dict[UserId, frozenset[str]]
) -> None:
    arrivals = [dict(list(approvers.items())[:count]) for count in range(len(approvers) + 1)]
    sitting = [set(fill_seats(seats, people)) - {None} for people in arrivals]
    assert all(before <= after for before, after in pairwise(sitting))


def test_room_for_an_open_seat_is_made_along_a_chain_of_people() -> None:
    seats = ["security", "ops", "qa"]
    sitting = [None, BEN, DAN]
    roles_of = {BEN: frozenset({"ops", "security"}), DAN: frozenset({"qa", "ops"})}
    assert helping_roles("security", seats, sitting, roles_of) == {"security", "ops", "qa"}


@UNHURRIED
@given(seats, approvers, st.frozensets(st.sampled_from(ROLES)))
def test_somebody_helps_who_is_in_a_role_that_helps(
    seats: list[str], approvers: dict[UserId, frozenset[str]], roles: frozenset[str]
) -> None:
    sitting = fill_seats(seats, approvers)
    empty = {role for role, person in zip(seats, sitting, strict=True) if person is None}
    helping = {role for it in empty for role in helping_roles(it, seats, sitting, approvers)}
    with_newcomer = {**approvers, UserId("gus"): roles}
    assert bool(roles & helping) is (most(seats, with_newcomer) > most(seats, approvers))
