"""Approving and rejecting at a gate: who may, what counts, and what is answered."""

from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

from bot.release.approval import Approved, Rejected
from bot.release.gates import GateStatus, gates_met
from bot.release.ids import UserId
from bot.release.refusal import Code, Refused
from bot.release.release import Release, Verdict
from bot.release.state import State
from bot.runbook.model import Stage
from tests.release.given import (
    EVERYBODY,
    NINE,
    Act,
    Person,
    ana,
    answer,
    asks,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    events,
    gate,
    gus,
    in_production,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    started,
    steps,
    unread,
)

BOTH = runbook(
    Stage(
        name="Check",
        owner="qa",
        production=True,
        gates=(asks("Both", qa=1, security=1),),
        steps=steps("Tag"),
    )
)


def filled(release: Release, name: str, *, stage: int | None = None) -> list[tuple[str, UserId | None]]:
    """Return each seat of a gate with who fills it."""
    seats = gate(release, name, stage=stage).seats
    return [(seat.role, seat.filled.by if seat.filled else None) for seat in seats]


def test_an_approval_is_kept_with_the_roles_in_which_it_was_given() -> None:
    assert events(started(), eli.approves("QA", "Looks good.")) == (
        Approved(at=NINE, by=eli.id, stage=0, gate="QA", roles=("qa",), comment="Looks good."),
    )
    both = started(BOTH)
    assert events(both, eli.approves("Both"))[0].roles == ("qa", "security")  # type: ignore[attr-defined]


def test_a_rejection_is_kept_with_its_reason() -> None:
    assert events(started(), ben.rejects("QA", "Two tests fail.")) == (
        Rejected(at=NINE, by=ben.id, stage=0, gate="QA", roles=("qa",), comment="Two tests fail."),
    )


def test_a_gate_is_met_when_each_seat_is_filled() -> None:
    release = play(started(), ben.approves("QA"))
    assert gate(release, "QA").status is GateStatus.WAITING
    assert filled(release, "QA") == [("qa", ben.id), ("qa", None)]
    assert [seats.role for seats in gate(release, "QA").open] == ["qa"]
    release = play(release, bea.approves("QA"))
    assert gate(release, "QA").status is GateStatus.MET
    assert gate(release, "QA").open == ()


def test_every_gate_of_the_stage_has_to_be_met() -> None:
    release = play(started(), ben.approves("QA"), bea.approves("QA"))
    assert not gates_met(release)
    assert release.state is State.AWAITING_APPROVAL
    assert gates_met(play(release, cleo.approves("Security")))


def test_a_person_in_two_roles_never_fills_two_seats() -> None:
    release = play(started(BOTH), eli.approves("Both"))
    assert [person for _, person in filled(release, "Both")].count(eli.id) == 1
    assert release.state is State.AWAITING_APPROVAL


@pytest.mark.parametrize("second", [ben, cleo])
def test_a_person_in_two_roles_takes_the_seat_that_is_left(second: Person) -> None:
    release = play(started(BOTH), eli.approves("Both"), second.approves("Both"))
    assert release.state is State.IN_PROGRESS


def test_one_rejection_blocks_a_gate_whose_seats_are_all_filled() -> None:
    release = play(ready(), eli.rejects("QA"))
    assert gate(release, "QA").status is GateStatus.REJECTED
    assert release.state is State.AWAITING_APPROVAL


def test_a_rejection_is_withdrawn_by_an_approval_of_its_giver() -> None:
    release = play(ready(), eli.rejects("QA"), eli.approves("QA"))
    assert gate(release, "QA").status is GateStatus.MET
    assert release.state is State.READY


def test_an_approval_of_others_does_not_withdraw_a_rejection() -> None:
    release = play(started(), ben.rejects("QA"), bea.approves("QA"), eli.approves("QA"))
    assert gate(release, "QA").status is GateStatus.REJECTED


def test_who_changes_their_mind_says_only_the_last_word() -> None:
    release = play(started(), ben.approves("QA"), ben.rejects("QA"))
    assert [(vote.by, vote.verdict) for vote in release.votes] == [(ben.id, Verdict.REJECTED)]
    assert filled(release, "QA") == [("qa", None), ("qa", None)]


def test_a_rejection_blocks_after_its_giver_has_left_the_role() -> None:
    release = play(ready(), eli.rejects("QA"), eli.leaves("qa"))
    assert gate(release, "QA").status is GateStatus.REJECTED
    assert release.state is State.AWAITING_APPROVAL


def test_an_approval_does_not_count_after_its_giver_has_left_the_role() -> None:
    release = play(ready(), bea.leaves("qa"))
    assert release.state is State.AWAITING_APPROVAL
    assert filled(release, "QA") == [("qa", ben.id), ("qa", None)]
    aside = gate(release, "QA").set_aside
    assert [(it.vote.by, it.because) for it in aside] == snapshot(
        [("bea", "they are no longer in a role that this gate asks")]
    )


def test_an_approval_counts_again_when_its_giver_comes_back() -> None:
    assert play(ready(), bea.leaves("qa"), bea.joins("qa")).state is State.READY


def test_an_approval_too_many_is_set_aside() -> None:
    release = play(ready(), eli.approves("QA"))
    assert [(it.vote.by, it.because) for it in gate(release, "QA").set_aside] == snapshot(
        [("eli", "every seat of their role is filled already")]
    )
    assert play(release, bea.leaves("qa")).state is State.READY


def test_the_gate_of_a_stage_that_has_begun_stays_as_it_was() -> None:
    begun = play(ready(), ana.begins())
    changed = play(begun, bea.leaves("qa"), ben.leaves("qa"), cleo.leaves("security"), gus.joins("qa"))
    assert gate(changed, "QA") == gate(begun, "QA")
    assert gate(changed, "QA").status is GateStatus.MET
    onward = play(changed, ana.finishes("Tag the commit"))
    assert gate(onward, "QA", stage=0) == gate(begun, "QA")


def test_each_stage_keeps_its_own_people() -> None:
    release = play(in_production(), dan.leaves("on-call"), ben.leaves("qa"))
    assert filled(release, "Go", stage=1) == [("on-call", dan.id), ("qa", ben.id)]
    assert {person for _, person in filled(release, "QA", stage=0)} == {ben.id, bea.id}


def test_people_who_have_just_joined_may_answer() -> None:
    release = started()
    assert refusal(release, gus.approves("QA")).code is Code.NOT_YOURS
    assert names(release, meanwhile(gus.joins("qa"), gus.approves("QA"))) == ["MembersRead", "Approved"]


def test_people_who_have_just_left_may_not_answer() -> None:
    act = meanwhile(ben.leaves("qa"), ben.approves("QA"))
    assert refusal(started(), act).code is Code.NOT_YOURS


def test_somebody_in_another_role_is_told_who_may() -> None:
    assert refusal(started(), dan.approves("QA")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="QA is answered by people in qa.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )
    assert refusal(started(BOTH), dan.rejects("Both")).because == snapshot(
        "Both is answered by people in qa or security."
    )


def test_those_named_are_in_a_role_that_is_still_asked() -> None:
    release = play(started(BOTH), ben.approves("Both"))
    assert refusal(release, dan.approves("Both")).ask == (UserId("eli"), UserId("cleo"))
    done = play(ready(), eli.approves("QA"))
    assert refusal(done, dan.approves("QA")).ask == EVERYBODY["qa"]


@pytest.mark.parametrize("act", [ana.approves("QA"), ana.rejects("QA")], ids=["approve", "reject"])
def test_who_starts_a_release_answers_at_none_of_its_gates(act: Act) -> None:
    release = play(started(), ana.joins("qa"))
    assert refusal(release, act) == snapshot(
        Refused(
            code=Code.YOUR_OWN_RELEASE,
            because="You started checkout-1, and who starts a release approves none of it.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


def test_the_starter_is_told_so_also_when_in_no_role() -> None:
    assert refusal(started(), ana.approves("QA")).code is Code.YOUR_OWN_RELEASE


def test_an_approval_given_twice_is_answered_kindly() -> None:
    release = play(started(), ben.approves("QA"))
    assert refusal(release, ben.approves("QA")) == snapshot(
        Refused(code=Code.ALREADY_ANSWERED, because="You have approved QA already, and it is recorded.")
    )


def test_a_rejection_given_twice_is_answered_kindly() -> None:
    release = play(started(), ben.rejects("QA"))
    assert refusal(release, ben.rejects("QA", "Another reason.")) == snapshot(
        Refused(code=Code.ALREADY_ANSWERED, because="You have rejected QA already, and it is recorded.")
    )


def test_a_second_press_on_an_old_message_is_answered_kindly() -> None:
    assert refusal(in_production(), ben.approves("QA", stage=0)).code is Code.ALREADY_ANSWERED
    assert refusal(in_production(), ben.approves("Go")).code is Code.ALREADY_ANSWERED


@pytest.mark.parametrize(
    "act", [dee.approves("Go"), dee.rejects("Go"), ana.approves("Go")], ids=["approve", "reject", "ana"]
)
def test_a_gate_of_a_stage_that_has_begun_takes_no_answer(act: Act) -> None:
    assert refusal(in_production(), act) == snapshot(
        Refused(
            code=Code.ALREADY_BEGUN,
            because="Go was met and Production has begun, so it takes no more answers.",
        )
    )


def test_a_gate_of_an_earlier_stage_takes_no_answer() -> None:
    release = play(ready(), ana.begins(), ben.finishes("Tag the commit"))
    assert refusal(release, eli.rejects("QA", stage=0)).because == snapshot(
        "QA was met and Check has begun, so it takes no more answers."
    )


@pytest.mark.parametrize(
    "act",
    [
        ben.approves("Nothing"),
        dan.approves("Go", stage=1),
        ben.approves("QA", stage=9),
        ben.rejects("QA", stage=-1),
    ],
    ids=["no such gate", "a later stage", "no such stage", "a negative stage"],
)
def test_a_gate_that_is_not_open_takes_no_answer(act: Act) -> None:
    assert refusal(started(), act).code is Code.STALE


def test_an_old_card_is_answered_with_where_to_look() -> None:
    assert refusal(started(), dan.approves("Go", stage=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="checkout-1 has no gate “Go” open.",
            instead="Look at the newest messages in its thread.",
        )
    )


@pytest.mark.parametrize("act", [ben.approves("QA"), ben.rejects("QA")], ids=["approve", "reject"])
def test_nothing_is_answered_while_people_cannot_be_read(act: Act) -> None:
    assert refusal(started(), unread("security", act)) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Who is in security cannot be read just now, and what cannot be read counts as no.",
            instead="Try again in a minute. If it stays so, check that the user group exists.",
        )
    )


@pytest.mark.parametrize("blank", ["", "  ", "\n\t", "...", "👎"])
def test_a_rejection_needs_a_reason(blank: str) -> None:
    assert refusal(started(), ben.rejects("QA", blank)) == snapshot(
        Refused(
            code=Code.REASON_MISSING,
            because="A reason is needed, so that others know what to do about it.",
            instead="Say in a few words why.",
        )
    )


def test_an_approval_needs_no_comment() -> None:
    assert not isinstance(answer(started(), ben.approves("QA", "")), Refused)


@pytest.mark.parametrize("said", [ben.approves, ben.rejects], ids=["approve", "reject"])
def test_a_comment_holds_500_characters(said: Callable[[str, str], Act]) -> None:
    assert not isinstance(answer(started(), said("QA", "é" * 500)), Refused)
    assert refusal(started(), said("QA", "é" * 501)) == snapshot(
        Refused(
            code=Code.TEXT_TOO_LONG,
            because="The text has 501 characters; it holds 500.",
            instead="Shorten it, or put a link in its place.",
        )
    )


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\ud800", "\u202a", "\u202e", "\u2066", "\u2069"])
@pytest.mark.parametrize("said", [ben.approves, ben.rejects], ids=["approve", "reject"])
def test_a_comment_holds_nothing_that_misleads(said: Callable[[str, str], Act], sign: str) -> None:
    assert refusal(started(), said("QA", f"All{sign} good.")) == snapshot(
        Refused(
            code=Code.TEXT_UNREADABLE,
            because="The text holds signs that cannot be seen and change how the rest is read.",
            instead="Type it anew, without what was pasted.",
        )
    )


@pytest.mark.parametrize("text", ["Two lines,\r\n\tone tab.", "مرحبا", "שלום", "👩‍🚀 é ß 漢字"])
def test_a_comment_in_any_language_is_taken(text: str) -> None:
    assert not isinstance(answer(started(), ben.rejects("QA", f"{text} a")), Refused)


def test_a_refusal_asks_nobody_to_read_members_anew() -> None:
    release = play(started(), meanwhile(gus.joins("qa"), ben.approves("QA")))
    assert gus.id in release.members["qa"]
    assert release.at == NINE


def test_a_gate_of_the_same_name_in_the_next_stage_is_another_gate() -> None:
    book = runbook(
        Stage(name="Check", owner="qa", gates=(asks("Go", qa=1),), steps=steps("Tag")),
        Stage(name="Production", owner="qa", gates=(asks("Go", qa=1),), steps=steps("Deploy")),
    )
    release = play(started(book), ben.approves("Go"), ben.finishes("Tag"))
    assert gate(release, "Go").status is GateStatus.WAITING
    assert play(release, ben.approves("Go")).state is State.IN_PROGRESS


def test_an_approval_counts_in_the_roles_of_the_moment_in_which_it_was_given() -> None:
    release = play(started(BOTH), ben.approves("Both"), ben.joins("security"), ben.leaves("qa"))
    assert filled(release, "Both") == [("qa", None), ("security", None)]


def test_who_has_left_the_role_can_still_withdraw_their_rejection() -> None:
    release = play(started(), ben.rejects("QA"), ben.leaves("qa"))
    assert not isinstance(answer(release, ben.approves("QA")), Refused)


def test_a_rejection_that_is_taken_back_from_outside_the_role_approves_nothing() -> None:
    release = play(started(), ben.rejects("QA"), ben.leaves("qa"))
    assert names(release, ben.approves("QA")) == ["Withdrawn"]
    assert play(release, ben.approves("QA")).votes == ()


def test_only_who_has_rejected_may_answer_from_outside_the_role() -> None:
    left = play(started(), ben.approves("QA"), ben.leaves("qa"))
    assert refusal(left, ben.rejects("QA")).code is Code.NOT_YOURS
    assert refusal(play(started(), ben.leaves("qa")), ben.approves("QA")).code is Code.NOT_YOURS


def test_who_has_moved_to_another_role_of_the_gate_may_approve_in_it() -> None:
    release = play(started(BOTH), ben.approves("Both"), ben.leaves("qa"), ben.joins("security"))
    assert not isinstance(answer(release, ben.approves("Both")), Refused)
