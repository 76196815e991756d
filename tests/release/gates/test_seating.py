"""Who sits in which seat of a gate: as many as can be filled, the choice of each person, and who is set aside."""

from datetime import timedelta
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.release.gates.seat import SeatTaken
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.state import State
from bot.runbook.gates.gate import Of, Seats, When
from tests.release.given import (
    EVERYBODY,
    NEIGHBOURS,
    NINE,
    UNHURRIED,
    Act,
    Person,
    ana,
    asks,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    events,
    gate,
    gated,
    later,
    needs,
    play,
    refusal,
    start,
    started,
    started_with,
    time_passes,
)

BOTH = gated(asks("Both", qa=1, security=1))
THREE = gated(asks("Three", qa=1, security=1, on_call=1))


def sitting(release: Release, name: str) -> dict[str, list[UserId | None]]:
    """Return who sits in the seats of each role."""
    found: dict[str, list[UserId | None]] = {}
    for seat in gate(release, name).seats:
        found.setdefault(seat.role, []).append(seat.filled.by if seat.filled else None)
    return found


def aside(release: Release, name: str) -> list[tuple[str, str]]:
    """Return whose word was set aside, and why."""
    return [(it.vote.by, it.because) for it in gate(release, name).set_aside]


@pytest.mark.parametrize(
    "order", tuple(permutations((eli, ben, cleo))), ids=lambda it: "-".join(p.id for p in it)
)
def test_as_many_seats_are_filled_as_can_be_in_whatever_order_people_come(order: tuple[Person, ...]) -> None:
    release = started(BOTH)
    for person in order[:2]:
        release = play(release, person.approves("Both"))
    assert release.state is State.IN_PROGRESS


def test_people_in_two_roles_make_room_along_a_chain() -> None:
    members = {
        **EVERYBODY,
        "qa": (ben.id, eli.id),
        "security": (cleo.id, eli.id),
        "on-call": (cleo.id, dan.id),
    }
    release = play(started(THREE, members), eli.approves("Three"), cleo.approves("Three"))
    assert sitting(release, "Three") == {"qa": [eli.id], "security": [cleo.id], "on-call": [None]}
    # Ben is asked for an open seat of on-call, for others can move.
    assert gate(release, "Three").asked == (ben.id, dan.id)
    release = play(release, ana.holds(), ben.approves("Three"))
    assert sitting(release, "Three") == {"qa": [ben.id], "security": [eli.id], "on-call": [cleo.id]}


def test_a_person_takes_the_seat_of_another_role_of_theirs() -> None:
    release = play(started(BOTH), eli.approves("Both"))
    assert sitting(release, "Both") == {"qa": [eli.id], "security": [None]}
    assert events(release, eli.takes_seat("Both", "security")) == (
        SeatTaken(at=NINE, by=eli.id, stage=0, gate="Both", role="security"),
    )
    release = play(release, eli.takes_seat("Both", "security"))
    assert sitting(release, "Both") == {"qa": [None], "security": [eli.id]}


def test_a_person_may_change_seats_back() -> None:
    release = play(started(BOTH), eli.approves("Both"), eli.takes_seat("Both", "security"))
    assert sitting(play(release, eli.takes_seat("Both", "qa")), "Both")["qa"] == [eli.id]


def test_a_seat_is_not_taken_where_one_more_would_be_empty_then() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id, eli.id), "security": (cleo.id, eli.id)}
    release = play(started(THREE, members), eli.approves("Three"), cleo.approves("Three"))
    assert sitting(release, "Three") == {"qa": [eli.id], "security": [cleo.id], "on-call": [None]}
    assert refusal(release, eli.takes_seat("Three", "security")) == snapshot(
        Refused(
            code=Code.SEAT_NEEDED,
            because="Your approval is needed where it is: in security, one seat more would be empty.",
            instead="When somebody else of your other roles has approved Three, move it then.",
        )
    )
    free = play(release, ben.approves("Three"))
    assert refusal(free, eli.takes_seat("Three", "security")).code is Code.SEAT_NEEDED
    free = play(release, cleo.withdraws("Three"), eli.takes_seat("Three", "security"))
    assert sitting(free, "Three") == {"qa": [None], "security": [eli.id], "on-call": [None]}


def test_a_seat_that_one_fills_already_is_not_taken_again() -> None:
    release = play(started(BOTH), eli.approves("Both"))
    assert refusal(release, eli.takes_seat("Both", "qa")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="Your approval fills a seat of qa already.")
    )


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ((), "qa"),
        ((ben.rejects("Both"),), "qa"),
        ((ben.abstains("Both"),), "qa"),
        ((ben.approves("Both"),), "security"),
        ((ben.approves("Both"),), "on-call"),
    ],
    ids=["no answer", "a rejection", "an abstention", "another role", "a role without a seat"],
)
def test_only_an_approval_in_a_role_takes_a_seat_of_it(said: tuple[Act, ...], role: str) -> None:
    release = play(started(BOTH), *said)
    assert refusal(release, ben.takes_seat("Both", role)).code is Code.NOTHING_TO_DO


def test_who_has_no_approval_is_told_to_give_one() -> None:
    assert refusal(started(BOTH), ben.takes_seat("Both", "qa")) == snapshot(
        Refused(
            code=Code.NOTHING_TO_DO,
            because="You have no approval at Both that could fill a seat of qa.",
            instead="Approve it first, as somebody in that role.",
        )
    )
    assert refusal(started(BOTH), ben.takes_seat("Both", "q" * 3_000)).because.endswith(f" {'q' * 60}.")


def test_the_choice_of_a_seat_gives_way_where_a_seat_more_can_be_filled() -> None:
    release = play(started(THREE), eli.approves("Three"), eli.takes_seat("Three", "security"))
    assert sitting(release, "Three") == {"qa": [None], "security": [eli.id], "on-call": [None]}
    release = play(release, cleo.approves("Three"))
    assert sitting(release, "Three") == {"qa": [eli.id], "security": [cleo.id], "on-call": [None]}


def test_the_choice_of_a_seat_is_kept_while_it_costs_nothing() -> None:
    release = play(started(THREE), eli.approves("Three"), eli.takes_seat("Three", "security"))
    release = play(release, later(ben.approves("Three"), hours=1), time_passes(hours=1))
    assert sitting(release, "Three") == {"qa": [ben.id], "security": [eli.id], "on-call": [None]}


def test_a_choice_is_forgotten_when_the_approval_is_given_anew() -> None:
    release = play(started(BOTH), eli.approves("Both"), eli.takes_seat("Both", "security"))
    release = play(release, eli.withdraws("Both"), eli.approves("Both"))
    assert sitting(release, "Both") == {"qa": [eli.id], "security": [None]}


def test_who_has_left_the_role_of_a_chosen_seat_sits_in_another() -> None:
    release = play(started(BOTH), eli.approves("Both"), eli.takes_seat("Both", "security"))
    assert sitting(play(release, eli.leaves("security")), "Both") == {"qa": [eli.id], "security": [None]}


def test_each_word_that_does_not_count_is_set_aside_with_its_reason() -> None:
    """Too many, from outside the role, an author's, one that expired, settled, and for something else."""
    need = asks("QA", qa=3, expires=timedelta(hours=4), when=When(paths=("db/**",)))
    release = started_with(start(manifest=Manifest(paths=("db/a", "web/a"))), gated(need), None)
    assert aside(play(release, ben.approves("QA"), ben.leaves("qa")), "QA") == snapshot(
        [("ben", "they are no longer in a role that this gate asks")]
    )
    assert aside(play(release, ben.approves("QA"), time_passes(hours=4)), "QA") == snapshot(
        [("ben", "it is too old by now")]
    )
    assert aside(play(release, ben.rejects("QA"), ana.settles("QA", ben)), "QA") == snapshot(
        [("ben", "it was settled by the captain: It is a flaky test.")]
    )
    changed = ana.changes("1.4.1", Manifest(paths=("db/b", "web/a")))
    assert aside(play(release, ben.approves("QA"), changed), "QA") == snapshot(
        [("ben", "it was for 1.4.0; since then db/a and 1 more have changed")]
    )
    author = ana.changes("1.4.0", Manifest(paths=("db/a", "web/b"), authors=(ben.id,)))
    assert aside(play(release, ben.approves("QA"), author), "QA") == snapshot(
        [("ben", "they wrote some of the changes")]
    )
    enough = started(gated(asks("QA", qa=1), asks("Go", security=1)))
    assert aside(play(enough, ben.approves("QA"), bea.approves("QA")), "QA") == snapshot(
        [("bea", "every seat of their role is filled already")]
    )


def test_whose_approval_counts_no_more_is_asked_in_another_role_of_theirs() -> None:
    release = play(started(BOTH), ben.approves("Both"), ben.leaves("qa"), ben.joins("security"))
    assert gate(release, "Both").asked == (bea.id, eli.id, ben.id, cleo.id)
    assert sitting(play(release, ben.approves("Both")), "Both") == {"qa": [None], "security": [ben.id]}


def test_an_answer_that_was_given_anew_is_set_aside_no_more() -> None:
    release = started(gated(asks("QA", qa=3, expires=timedelta(hours=4))))
    release = play(release, ben.approves("QA"), time_passes(hours=4), ben.approves("QA"))
    assert aside(release, "QA") == []


def test_who_abstains_is_no_help_so_that_people_are_to_be_found() -> None:
    release = play(started(gated(asks("QA", qa=3))), ben.abstains("QA"))
    (seats,) = gate(release, "QA").open
    assert (seats.count, seats.missing, seats.asked) == (3, 1, (bea.id, eli.id))


def test_the_role_that_is_short_is_the_one_of_which_nobody_is_left() -> None:
    release = play(started(BOTH), cleo.leaves("security"), eli.leaves("security"))
    assert [(s.role, s.count, s.missing) for s in gate(release, "Both").open] == [
        ("qa", 1, 0),
        ("security", 1, 1),
    ]


def test_where_people_could_move_the_open_role_is_the_one_that_is_short() -> None:
    # Eli sits for qa; that security is open, and everybody else of qa has gone, is one seat too many.
    release = play(started(BOTH), eli.approves("Both"), cleo.leaves("security"))
    release = play(release, ben.leaves("qa"), bea.leaves("qa"))
    assert [(s.role, s.missing) for s in gate(release, "Both").open] == [("security", 1)]


def test_where_a_seat_is_short_for_which_somebody_moved_the_one_that_they_left_is_to_be_filled() -> None:
    # Eli has chosen security, and would sit for qa if others came: on-call and one seat more stay empty.
    book = gated(asks("Three", on_call=1, qa=1, security=1))
    release = play(started(book), eli.approves("Three"), eli.takes_seat("Three", "security"))
    gone = (dan.leaves("on-call"), dee.leaves("on-call"), ben.leaves("qa"), bea.leaves("qa"))
    release = play(release, *gone, cleo.leaves("security"))
    open_seats = gate(release, "Three").open
    assert [(s.role, s.count, s.missing) for s in open_seats] == [("on-call", 1, 1), ("qa", 1, 1)]


def test_who_could_approve_anew_in_another_role_is_not_one_too_few() -> None:
    release = play(started(BOTH), ben.approves("Both"), ben.leaves("qa"), ben.joins("security"))
    release = play(release, cleo.leaves("security"), eli.leaves("security"))
    assert [(s.role, s.missing, s.asked) for s in gate(release, "Both").open] == [
        ("qa", 0, (bea.id, eli.id)),
        ("security", 0, (ben.id,)),
    ]


PEOPLE = tuple(person for person in NEIGHBOURS if person is not ana)
ROLES = ("qa", "security", "on-call")
wanted = st.lists(
    st.tuples(st.sampled_from(ROLES), st.integers(1, 2)), min_size=1, max_size=3, unique_by=lambda n: n[0]
)
towns = st.fixed_dictionaries(
    {
        role: st.sets(st.sampled_from([p.id for p in PEOPLE]), min_size=2).map(lambda s: tuple(sorted(s)))
        for role in ROLES
    }
)


def most(places: list[str], people: dict[UserId, set[str]]) -> int:
    """Return how many seats can be filled at most, by trying every order of people on them."""
    for count in range(len(places), 0, -1):
        for some in combinations(places, count):
            for order in permutations(people, count):
                if all(role in people[person] for role, person in zip(some, order, strict=True)):
                    return count
    return 0


@UNHURRIED
@given(wanted, towns, st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True))
def test_seats_are_filled_and_asked_for_as_by_trying_everything(
    wanted: list[tuple[str, int]], town: Members, approving: list[Person]
) -> None:
    parts = tuple(Seats(role=role, count=count) for role, count in wanted)
    book = gated(needs("Go", Of(parts=parts)), asks("Rest", on_call=1))
    places = [role for role, count in wanted for _ in range(count)]
    roles_of = {p.id: {role for role in ROLES if p.id in town[role]} for p in PEOPLE}
    if most(places, roles_of) < len(places):
        return
    release = started(book, {**EVERYBODY, **town})
    asked_roles = {role for role, _ in wanted}
    said = [p for p in approving if roles_of[p.id] & asked_roles]
    release = play(release, *(person.approves("Go") for person in said))
    result = gate(release, "Go")
    filled = [seat for seat in result.seats if seat.filled]
    voted = {p.id: roles_of[p.id] for p in said}
    assert len(filled) == most(places, voted)
    assert len({seat.filled.by for seat in filled if seat.filled}) == len(filled)
    helps = {
        p.id
        for p in PEOPLE
        if p.id not in voted and most(places, {**voted, p.id: roles_of[p.id]}) > len(filled)
    }
    assert set(result.asked) == helps
    assert (result.status is GateStatus.MET) is (len(filled) == len(places))
