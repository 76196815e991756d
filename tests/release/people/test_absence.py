"""Being away: who may be named as a deputy, and what the deputy's word counts for."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.decide import fold
from bot.release.gates.answers import Approved, Rejected
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.people.absence import CameBackEarly, ComeBack, GoAway, WentAway
from bot.release.people.directory import Away, Directory, Own
from bot.release.people.own import own_after
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.stages.revision import ManifestChanged
from bot.release.state import State
from bot.runbook.gates.gate import Reminders, When
from bot.runbook.roles.role import Duties, Role, Standing
from tests.release.given import (
    ACME,
    EVERYBODY,
    NINE,
    Act,
    Person,
    among,
    ana,
    answer,
    asks,
    away,
    bea,
    ben,
    cleo,
    dan,
    eli,
    events,
    gate,
    gated,
    gus,
    names,
    play,
    refusal,
    standing,
    start,
    started,
    started_with,
    time_passes,
    town,
)

DAYS = timedelta(days=1)
UNTIL = NINE + 3 * DAYS
SELDOM = Reminders(after=90 * DAYS)
NOBODY = Person(UserId("nobody"))


def goes(person: Person, deputy: Person, until: datetime = UNTIL) -> GoAway:
    return GoAway(workspace=ACME, by=person.id, deputy=deputy.id, until=until)


def refused(command: GoAway | ComeBack, directory: Directory, now: datetime = NINE) -> Refused:
    decision = command.decide(directory, now)
    assert isinstance(decision, Refused), decision
    return decision


def test_a_person_goes_away_and_names_a_deputy() -> None:
    went = goes(bea, gus).decide(town(), NINE)
    assert went == WentAway(at=NINE, by=bea.id, deputy=gus.id, until=UNTIL)
    assert own_after([went]) == Own(away=Away(deputy=gus.id, until=UNTIL))


def test_nobody_stands_in_for_themselves() -> None:
    assert refused(goes(bea, bea), town()) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE, because="You cannot stand in for yourself.", instead="Name somebody else."
        )
    )


@pytest.mark.parametrize("become", [s for s in Standing if s is not Standing.MEMBER])
def test_a_deputy_is_a_full_member(become: Standing) -> None:
    assert refused(goes(bea, gus), standing(gus, become)(town())) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="A deputy is a full member of the workspace.",
            instead="Name somebody else.",
        )
    )


def test_nobody_unknown_is_a_deputy() -> None:
    assert refused(goes(bea, NOBODY), town()).because == "A deputy is a full member of the workspace."


def test_being_a_deputy_is_not_passed_on() -> None:
    gone = away(gus, dan, UNTIL)(town())
    assert refused(goes(bea, gus), gone) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="They are away themselves, and being a deputy is not passed on.",
            instead="Name somebody else.",
        )
    )
    assert refused(goes(dan, ben), gone) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="You stand in for somebody yourself, and being a deputy is not passed on.",
            instead="Name somebody else.",
        )
    )
    assert isinstance(goes(bea, gus).decide(gone, UNTIL - DAYS), Refused)
    assert isinstance(goes(bea, gus, UNTIL + DAYS).decide(gone, UNTIL), WentAway)
    assert isinstance(goes(dan, ben, UNTIL + DAYS).decide(gone, UNTIL), WentAway)


def test_one_person_may_stand_in_for_two() -> None:
    assert isinstance(goes(bea, gus).decide(away(ben, gus, UNTIL)(town()), NINE), WentAway)


@pytest.mark.parametrize("until", [NINE, NINE - DAYS, NINE + 90 * DAYS + timedelta(seconds=1)], ids=str)
def test_an_absence_is_from_now_on_and_not_too_long(until: datetime) -> None:
    assert refused(goes(bea, gus, until), town()) == snapshot(
        Refused(
            code=Code.TIME_INVALID,
            because="You can be away from now on, for at most 90 days.",
            instead="Name another time.",
        )
    )


@pytest.mark.parametrize("until", [NINE + timedelta(seconds=1), NINE + 90 * DAYS], ids=str)
def test_an_absence_may_be_short_or_long(until: datetime) -> None:
    assert isinstance(goes(bea, gus, until).decide(town(), NINE), WentAway)


def test_nobody_goes_away_while_nobody_can_be_read() -> None:
    assert refused(goes(bea, gus), Directory()) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Who is in the workspace cannot be read just now.",
            instead="Try again in a minute.",
        )
    )


def test_the_same_absence_is_recorded_once_and_another_takes_its_place() -> None:
    gone = away(bea, gus, UNTIL)(town())
    assert refused(goes(bea, gus), gone) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="So it is recorded already.")
    )
    assert isinstance(goes(bea, dan).decide(gone, NINE), WentAway)
    assert isinstance(goes(bea, gus, UNTIL + DAYS).decide(gone, NINE), WentAway)


def test_a_person_comes_back_early() -> None:
    gone = away(bea, gus, UNTIL)(town())
    back = ComeBack(workspace=ACME, by=bea.id).decide(gone, NINE)
    assert back == CameBackEarly(at=NINE, by=bea.id)
    went = WentAway(at=NINE, by=bea.id, deputy=gus.id, until=UNTIL)
    assert own_after([went, back]) == Own()
    assert own_after([went, back, went]) == Own(away=Away(deputy=gus.id, until=UNTIL))
    assert own_after([]) == Own()


def test_who_is_not_away_does_not_come_back() -> None:
    command = ComeBack(workspace=ACME, by=bea.id)
    assert refused(command, town()) == snapshot(
        Refused(code=Code.NOTHING_TO_DO, because="You are not away, as far as Rollcall knows.")
    )
    assert refused(command, away(bea, gus, UNTIL)(town()), UNTIL).code is Code.NOTHING_TO_DO
    assert refused(command, away(gus, bea, UNTIL)(town())).code is Code.NOTHING_TO_DO


def gone(person: Person, deputy: Person, act: Act | None = None, until: datetime = UNTIL) -> Act:
    """Let an act, or a look at the release, come while somebody is away."""
    return among(away(person, deputy, until), act or time_passes())


def back(act: Act | None = None) -> Act:
    """Let an act, or a look at the release, come when nobody is away."""
    return among(lambda here: town(dict(here.groups)), act or time_passes())


def at_gate(count: int = 2, members: Members | None = None) -> Release:
    """Return a release at a gate of qa, while bea is away and gus stands in for her."""
    release = started(gated(asks("QA", SELDOM, qa=count), asks("Rest", SELDOM, on_call=1)), members)
    return play(release, gone(bea, gus))


def filled(release: Release, name: str = "QA") -> list[UserId | None]:
    return [seat.filled.by if seat.filled else None for seat in gate(release, name).seats]


def test_a_deputy_answers_on_behalf_of_who_is_away() -> None:
    release = at_gate()
    for act, kind in ((gus.approves("QA"), Approved), (gus.rejects("QA"), Rejected)):
        (given,) = events(release, act)
        assert isinstance(given, kind)
        assert (given.by, given.behalf, given.roles, given.lent) == (gus.id, bea.id, ("qa",), ("qa",))
    assert filled(play(release, gus.approves("QA"))) == [gus.id, None]


def test_a_deputy_is_asked_beside_who_is_away() -> None:
    assert gate(at_gate(), "QA").asked == (bea.id, ben.id, eli.id, gus.id)


def test_nobody_stands_in_who_was_not_named() -> None:
    assert refusal(at_gate(), dan.approves("QA")).code is Code.NOT_YOURS
    before = started(gated(asks("QA", qa=2)))
    assert refusal(before, gus.approves("QA")).code is Code.NOT_YOURS


def test_an_absence_is_taken_in_by_the_act_that_finds_it() -> None:
    release = started(gated(asks("QA", SELDOM, qa=2)))
    assert names(release, gone(bea, gus, gus.approves("QA"))) == ["MembersRead", "Approved"]


def test_somebody_away_and_the_deputy_never_both_count() -> None:
    release = play(at_gate(), gus.approves("QA"), bea.approves("QA"))
    assert filled(release) == [bea.id, None]
    assert [(it.vote.by, it.because) for it in gate(release, "QA").set_aside] == snapshot(
        [("gus", "the person for whom they stood in has answered")]
    )


def test_a_deputy_is_told_when_the_other_has_answered_in_person() -> None:
    for act in (bea.approves("QA"), bea.abstains("QA"), bea.rejects("QA")):
        release = play(at_gate(), act)
        assert gus.id not in gate(release, "QA").asked
        told = refusal(release, gus.approves("QA"))
        assert (told.code, told.because) == snapshot(
            (Code.ALREADY_ANSWERED, "Whom you stand in for has answered QA already, or another has for them.")
        )
    assert filled(play(at_gate(), bea.approves("QA"), bea.withdraws("QA"), gus.approves("QA"))) == [
        gus.id,
        None,
    ]


@pytest.mark.parametrize(("first", "other"), [(bea, ben), (ben, bea)])
def test_a_deputy_for_two_acts_for_the_one_who_has_not_answered(first: Person, other: Person) -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id)}
    release = play(at_gate(members=members), gone(bea, gus, gone(ben, gus)))
    release = play(release, first.approves("QA"))
    assert gate(release, "QA").asked == (other.id, gus.id)
    assert filled(play(release, gus.approves("QA"))) == [first.id, gus.id]
    assert filled(play(release, gus.approves("QA"), other.approves("QA"))) == [first.id, other.id]


def test_a_deputy_for_two_may_answer_for_the_other_when_the_first_answers_in_person() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id)}
    release = play(at_gate(members=members), gone(bea, gus, gone(ben, gus)))
    for_bea = play(release, gus.approves("QA"), bea.approves("QA"))
    assert gate(for_bea, "QA").asked == (ben.id, gus.id)
    assert filled(play(for_bea, gus.approves("QA"))) == [bea.id, gus.id]


def test_a_deputy_counts_again_when_the_other_takes_the_word_back() -> None:
    release = play(at_gate(), gus.approves("QA"), bea.approves("QA"), bea.withdraws("QA"))
    assert filled(release) == [gus.id, None]


def test_where_one_of_the_two_has_answered_the_other_is_not_asked() -> None:
    for act in (gus.approves("QA"), bea.approves("QA")):
        assert gate(play(at_gate(), act), "QA").asked == (ben.id, eli.id)


def test_somebody_away_and_the_deputy_are_one_where_people_are_short() -> None:
    release = play(at_gate(), ben.leaves("qa"), eli.leaves("qa"))
    (seats,) = gate(release, "QA").open
    assert (seats.count, seats.missing, seats.asked) == (2, 1, (bea.id, gus.id))


@pytest.mark.parametrize("duties", list(Duties))
def test_whom_duties_keep_apart_does_not_stand_in(duties: Duties) -> None:
    book = gated(asks("QA", SELDOM, qa=2), duties=duties)
    release = started_with(start(manifest=Manifest(authors=(gus.id,))), book)
    for deputy in (ana, gus):
        decision = answer(play(release, gone(bea, deputy)), deputy.approves("QA"))
        assert isinstance(decision, Refused) is (duties is Duties.STRICT)


def test_a_deputy_does_not_stand_in_for_whom_duties_keep_apart() -> None:
    book = gated(asks("QA", SELDOM, qa=2))
    release = started_with(start(manifest=Manifest(authors=(bea.id,))), book)
    assert refusal(play(release, gone(bea, gus)), gus.approves("QA")).code is Code.NOT_YOURS


def test_a_deputy_in_the_role_answers_on_their_own_account() -> None:
    release = play(started(gated(asks("QA", SELDOM, qa=2))), gone(bea, ben))
    (given,) = events(release, ben.approves("QA"))
    assert isinstance(given, Approved)
    assert (given.behalf, given.lent) == (None, ())
    assert filled(play(release, ben.approves("QA"), bea.approves("QA"))) == [ben.id, bea.id]


BOTH = gated(asks("Both", SELDOM, qa=1, security=1), asks("Rest", SELDOM, on_call=1))


def test_a_deputy_in_another_role_of_the_gate_takes_one_seat_of_either() -> None:
    release = play(started(BOTH), gone(bea, cleo))
    (given,) = events(release, cleo.approves("Both"))
    assert isinstance(given, Approved)
    assert (given.behalf, given.roles, given.lent) == (bea.id, ("qa", "security"), ("qa",))
    alone = play(release, cleo.approves("Both"))
    assert sorted(filled(alone, "Both"), key=str) == [None, cleo.id]
    assert filled(play(alone, eli.approves("Both")), "Both") == [eli.id, cleo.id]
    in_person = play(alone, bea.approves("Both"))
    assert filled(in_person, "Both") == [bea.id, cleo.id]


def test_who_is_away_is_asked_for_the_seat_beside_a_deputy_who_has_one_of_their_own() -> None:
    release = play(started(BOTH), gone(bea, cleo), cleo.approves("Both"))
    assert bea.id in gate(release, "Both").asked


def test_what_was_said_in_a_role_that_is_left_keeps_no_deputy_from_the_role_of_now() -> None:
    moved = play(started(BOTH), bea.approves("Both"), bea.leaves("qa"), bea.joins("security"))
    release = play(moved, gone(bea, gus), gus.approves("Both"))
    assert filled(release, "Both") == [None, gus.id]


def test_a_no_of_who_is_away_is_their_word_also_when_they_have_another_role_by_now() -> None:
    moved = play(started(BOTH), bea.rejects("Both"), bea.leaves("qa"), bea.joins("security"))
    refused = refusal(play(moved, gone(bea, gus)), gus.approves("Both"))
    assert refused.code is Code.ALREADY_ANSWERED


def test_a_deputy_acts_at_each_gate_at_which_the_other_has_not_answered() -> None:
    book = gated(asks("QA", SELDOM, qa=2), asks("Go", SELDOM, qa=2))
    release = play(started(book), bea.approves("QA"), gone(bea, gus))
    assert refusal(release, gus.approves("QA")).code is Code.ALREADY_ANSWERED
    assert filled(play(release, gus.approves("Go")), "Go") == [gus.id, None]


def test_a_deputy_stands_in_for_one_at_a_gate() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id), "security": (cleo.id,)}
    release = play(started(BOTH, members), gone(bea, gus, gone(cleo, gus)))
    (given,) = events(release, gus.approves("Both"))
    assert isinstance(given, Approved)
    assert (given.behalf, given.lent) == (bea.id, ("qa",))


def test_a_deputy_counts_while_the_other_is_in_the_role() -> None:
    release = play(at_gate(), gus.approves("QA"))
    assert filled(play(release, bea.leaves("qa"))) == [None, None]
    assert [it.because for it in gate(play(release, bea.leaves("qa")), "QA").set_aside] == snapshot(
        ["they are no longer in a role that this gate asks"]
    )


def test_what_a_deputy_said_holds_after_the_other_is_back() -> None:
    release = play(at_gate(), gus.approves("QA"), back())
    assert dict(release.deputies) == {}
    assert filled(release) == [gus.id, None]
    assert refusal(release, gus.rejects("QA")).code is Code.NOT_YOURS
    assert names(release, gus.withdraws("QA")) == ["Withdrawn"]


def test_an_absence_ends_at_its_very_moment() -> None:
    release = at_gate()
    assert attention_at(release) == UNTIL
    there = gone(bea, gus, time_passes(days=2, hours=23, minutes=59))
    assert answer(release, there) == ()
    over = gone(bea, gus, time_passes(days=3))
    assert names(release, over) == ["MembersRead"]
    assert gate(play(release, over), "QA").asked == (bea.id, ben.id, eli.id)
    assert refusal(play(release, over), gus.approves("QA")).code is Code.NOT_YOURS


def test_a_deputy_who_is_a_member_no_more_stands_in_for_nobody() -> None:
    act = among(standing(gus, Standing.GUEST), gone(bea, gus, gus.approves("QA")))
    assert refusal(at_gate(), act).code is Code.NOT_YOURS


def test_a_gate_is_met_with_a_deputy() -> None:
    release = play(at_gate(), gus.approves("QA"), ben.approves("QA"))
    assert gate(release, "QA").status is GateStatus.MET
    assert play(release, dan.approves("Rest")).state is State.IN_PROGRESS


def test_who_is_away_may_still_answer_in_person() -> None:
    assert filled(play(at_gate(), bea.approves("QA"))) == [bea.id, None]


def test_a_rejection_of_a_deputy_blocks_as_any_other() -> None:
    release = play(at_gate(1), gus.rejects("QA"), ben.approves("QA"))
    assert gate(release, "QA").status is GateStatus.REJECTED
    assert names(release, gus.withdraws("QA")) == ["Withdrawn"]


def test_two_deputies_in_turn_count_as_one() -> None:
    release = play(at_gate(), gus.approves("QA"), gone(bea, dan))
    assert refusal(release, dan.approves("QA")).code is Code.ALREADY_ANSWERED
    # A ledger may hold both: before, the second was taken and set aside.
    (given,) = events(at_gate(), gus.approves("QA"))
    both = fold([replace(given, by=dan.id)], release)
    assert filled(both) == [gus.id, None]
    assert [(it.vote.by, it.because) for it in gate(both, "QA").set_aside] == snapshot(
        [("dan", "another has answered for the person for whom they stood in")]
    )
    assert filled(play(both, gus.withdraws("QA"))) == [dan.id, None]


def test_a_deputy_who_becomes_an_author_counts_no_more() -> None:
    """The change is about other paths, so that the approval would carry over but for that."""
    book = gated(asks("DB", SELDOM, qa=2, when=When(paths=("db/**",))))
    first, second = Manifest(paths=("db/a", "web/a")), Manifest(paths=("db/a", "web/b"), authors=(gus.id,))
    release = play(started_with(start(manifest=first), book), gone(bea, gus), gus.approves("DB"))
    assert filled(release, "DB") == [gus.id, None]
    release = play(release, ana.changes("1.4.0", second))
    assert filled(release, "DB") == [None, None]
    assert [it.because for it in gate(release, "DB").set_aside] == snapshot(
        ["they wrote some of the changes"]
    )


def test_a_deputy_who_has_joined_the_role_may_answer_on_their_own_account() -> None:
    release = play(at_gate(), gus.approves("QA"), bea.approves("QA"), gus.joins("qa"))
    assert filled(release) == [bea.id, None]
    assert names(release, gus.approves("QA")) == ["Approved"]
    assert filled(play(release, gus.approves("QA"))) == [bea.id, gus.id]


def test_a_deputy_of_an_owner_is_asked_again_when_the_owners_path_changes() -> None:
    owner, stands_in = Person(UserId("U0BEA")), Person(UserId("U0GUS"))
    book = gated(
        asks("Owners", SELDOM, owners=1, qa=1),
        roles=(Role(name="owners", codeowners="/src/ @U0BEA\n/docs/ @U0ELI\n"),),
    )
    known = (("docs/a", "0d0c0a0"), ("src/a", "05c0a00"))
    first = Manifest(paths=("docs/a", "src/a"), digests=known)
    members = {**EVERYBODY, "owners": (owner.id,), "security": (stands_in.id, UserId("U0ELI"))}
    release = play(started_with(start(manifest=first), book, members), gone(owner, stands_in))
    release = play(release, stands_in.approves("Owners"))
    assert [(vote.by, vote.behalf, vote.roles) for vote in release.votes] == [
        (stands_in.id, owner.id, ("owners",))
    ]
    sources = replace(first, digests=(known[0], ("src/a", "05c0a01")))
    docs = replace(first, digests=(("docs/a", "0d0c0a1"), known[1]))
    assert asked_again(release, ana.changes("1.4.1", sources)) == [stands_in.id]
    assert asked_again(release, ana.changes("1.4.1", docs)) == []


def asked_again(release: Release, act: Act) -> list[UserId]:
    changed = next(event for event in events(release, act) if isinstance(event, ManifestChanged))
    return [one.person for one in changed.asked_again]
