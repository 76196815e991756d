"""The ways of a need are all minimal sets of seats and checks that meet it."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runbook.gates.gate import CheckPassed, Need, Of, Risk, Seats, When
from bot.runbook.gates.ways import WAYS_LIMIT, Way, count_ways, ways

HIGH, LOW = When(risk=(Risk.HIGH,)), When(risk=(Risk.LOW,))
ROLES, CHECKS = ("a", "b"), ("x", "y")
Have = tuple[Counter[str], frozenset[str]]
"""How many seats of each role are filled, and which checks have passed."""


def always(_: When) -> bool:
    return True


def seats(role: str, count: int = 1) -> Seats:
    return Seats(role=role, count=count)


leaves = st.builds(Seats, role=st.sampled_from(ROLES), count=st.integers(1, 2)) | st.builds(
    CheckPassed, check=st.sampled_from(CHECKS)
)


def _of(below: st.SearchStrategy[Need]) -> st.SearchStrategy[Need]:
    parts = st.lists(below, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda p: st.builds(Of, count=st.integers(1, len(p)), parts=st.just(p)))
    conditional = below.flatmap(
        lambda part: st.sampled_from([HIGH, LOW]).map(lambda when: Of(parts=(part, seats("a")), when=when))
    )
    # One part stands without a condition, so that nothing here is met by nothing.
    every = st.tuples(below, st.lists(below | conditional, max_size=2)).map(lambda p: Of(parts=(p[0], *p[1])))
    return some | every


needs = st.recursive(leaves, _of, max_leaves=5)


def met(need: Need, applies: Callable[[When], bool]) -> Callable[[Have], bool]:
    """Tell of what is there whether it meets the need, by trying every way to deal it out."""

    def by(have: Have) -> bool:
        match need:
            case Seats():
                return have[0][need.role] >= need.count
            case CheckPassed():
                return need.check in have[1]
            case Of():
                asked = [p for p in need.parts if not (isinstance(p, Of) and p.when and not applies(p.when))]
                return _some_met([met(p, applies) for p in asked], need.count or len(asked), have)

    return by


def _some_met(asked: list[Callable[[Have], bool]], count: int, have: Have) -> bool:
    if count == 0:
        return True
    if len(asked) < count:
        return False
    first, *others = asked
    if _some_met(others, count, have):
        return True
    return any(
        first((share, have[1])) and _some_met(others, count - 1, (have[0] - share, have[1]))
        for share in _shares(have[0])
    )


def _shares(seats_filled: Counter[str]) -> Iterator[Counter[str]]:
    for numbers in product(*(range(seats_filled[role] + 1) for role in ROLES)):
        yield Counter(dict(zip(ROLES, numbers, strict=True)))


@settings(deadline=None, max_examples=150)
@given(needs, st.sets(st.sampled_from([HIGH, LOW])))
def test_the_ways_meet_the_need_and_whatever_meets_it_contains_one(need: Need, fitting: set[When]) -> None:
    applies = fitting.__contains__
    found = ways(need, applies)
    meets = met(need, applies)
    for have in _worlds(found):
        contained = any(Counter(way.seats) <= have[0] and frozenset(way.checks) <= have[1] for way in found)
        assert contained == meets(have)


def _worlds(found: tuple[Way, ...]) -> Iterator[Have]:
    most = min(3, max(len(way.seats) for way in found))
    for numbers in product(range(most + 1), repeat=len(ROLES)):
        for passed in ((), ("x",), ("y",), ("x", "y")):
            yield Counter(dict(zip(ROLES, numbers, strict=True))), frozenset(passed)


@settings(deadline=None)
@given(needs, st.sets(st.sampled_from([HIGH, LOW])))
def test_no_way_contains_another_and_their_number_is_bounded(need: Need, fitting: set[When]) -> None:
    found = ways(need, fitting.__contains__)
    assert not any(one.contains(other) for one in found for other in found if one is not other)
    assert 1 <= len(found) <= count_ways(need)


def test_ways_come_in_order_of_writing() -> None:
    need = Of(count=2, parts=(seats("a"), CheckPassed(check="x"), seats("b", 2)))
    assert ways(need, always) == (
        Way(seats=("a",), checks=("x",)),
        Way(seats=("a", "b", "b")),
        Way(seats=("b", "b"), checks=("x",)),
    )


def test_a_way_that_contains_another_is_left_out() -> None:
    both = Of(parts=(seats("a"), seats("b")))
    assert ways(Of(count=1, parts=(both, seats("b"), both)), always) == (Way(seats=("b",)),)


def test_two_parts_of_one_role_ask_two_people() -> None:
    assert ways(Of(parts=(seats("a"), seats("a"))), always) == (Way(seats=("a", "a")),)


def test_parts_that_do_not_apply_are_left_out() -> None:
    need = Of(parts=(Of(parts=(seats("a"),), when=HIGH), Of(parts=(seats("b"),), when=LOW)))
    assert ways(need, lambda when: when == LOW) == (Way(seats=("b",)),)
    assert ways(need, lambda _: False) == (Way(),)


@pytest.mark.parametrize(
    ("count", "parts", "number"), [(1, 20, 20), (2, 11, 55), (2, 12, 66), (10, 20, 184_756)]
)
def test_ways_are_counted_without_making_them(count: int, parts: int, number: int) -> None:
    assert count_ways(Of(count=count, parts=tuple(seats(f"r{n}") for n in range(parts)))) == number


def test_a_large_product_is_counted_at_once() -> None:
    one_of_two = Of(count=1, parts=(seats("a"), seats("b")))
    assert count_ways(Of(parts=(one_of_two,) * 6)) == WAYS_LIMIT
    assert count_ways(Of(parts=(one_of_two,) * 20)) == 2**20
