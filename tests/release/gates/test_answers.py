"""Answering at a gate: who may approve, reject or abstain, what counts, and what is taken back."""

import hashlib
from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

from bot.release.command import Neighbours
from bot.release.gates.answers import Abstained, Approved, Rejected, Withdrawn
from bot.release.gates.result import gates_met
from bot.release.gates.settle import RejectionResolved
from bot.release.gates.tree import GateStatus
from bot.release.ids import ReleaseKey, UserId
from bot.release.manifest import Manifest
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release, Verdict
from bot.release.state import State
from bot.runbook.gates.gate import Risk, When
from bot.runbook.model import Rollback, Stage
from bot.runbook.roles.role import Standing
from tests.release.given import (
    EVERYBODY,
    NINE,
    Act,
    Person,
    among,
    ana,
    answer,
    asks,
    bea,
    ben,
    beside,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gate,
    gated,
    gus,
    in_production,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    standing,
    start,
    started,
    started_with,
    steps,
    unread,
)

BACK = "Put the version before back in place"
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
    release = started()
    assert events(release, eli.approves("QA", "Looks good.")) == (
        Approved(
            at=NINE,
            by=eli.id,
            stage=0,
            gate="QA",
            roles=("qa",),
            comment="Looks good.",
            bound=release.bound,
        ),
    )
    both = started(BOTH)
    assert events(both, eli.approves("Both"))[0].roles == ("qa", "security")  # type: ignore[attr-defined]


def test_a_rejection_is_kept_with_its_reason() -> None:
    release = started()
    assert events(release, ben.rejects("QA", "Two tests fail.")) == (
        Rejected(
            at=NINE,
            by=ben.id,
            stage=0,
            gate="QA",
            roles=("qa",),
            comment="Two tests fail.",
            bound=release.bound,
        ),
    )


def test_an_abstention_is_kept_with_its_comment() -> None:
    release = started()
    assert events(release, ben.abstains("QA", "I was away.")) == (
        Abstained(
            at=NINE,
            by=ben.id,
            stage=0,
            gate="QA",
            roles=("qa",),
            comment="I was away.",
            bound=release.bound,
        ),
    )


def test_an_answer_is_bound_to_the_version_and_all_of_the_manifest() -> None:
    """The oracle is written by hand: it is what people outside can compute."""
    manifest = Manifest(authors=(gus.id,), paths=("db/a",), digests=(("db/a", "0db0a00"),))
    release = started_with(start(manifest=manifest))
    content = (
        '["1.4.0", {"authors": ["gus"], "digests": [["db/a", "0db0a00"]], "labels": [],'
        ' "paths": ["db/a"], "reviewers": [], "risk": "low"}]'
    )
    (given,) = events(release, ben.approves("QA"))
    assert isinstance(given, Approved)
    assert given.bound == hashlib.sha256(content.encode()).hexdigest()


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
    "act",
    [
        dee.approves("Go"),
        dee.rejects("Go"),
        dee.abstains("Go"),
        dan.withdraws("Go"),
        dan.takes_seat("Go", "on-call"),
        ana.settles("Go", ben),
        ana.approves("Go"),
    ],
    ids=["approve", "reject", "abstain", "withdraw", "take a seat", "settle", "ana"],
)
def test_a_gate_of_a_stage_that_has_begun_takes_no_answer(act: Act) -> None:
    assert refusal(in_production(), act) == snapshot(
        Refused(
            code=Code.ALREADY_BEGUN,
            because="Go was passed and Production has begun, so it takes no more answers.",
            instead="Place a hold if something must not go on.",
        )
    )


def test_a_gate_of_an_earlier_stage_takes_no_answer() -> None:
    release = play(ready(), ana.begins(), ben.finishes("Tag the commit"))
    assert refusal(release, eli.rejects("QA", stage=0)).because == snapshot(
        "QA was passed and Check has begun, so it takes no more answers."
    )


@pytest.mark.parametrize(
    "act",
    [
        ben.approves("Nothing"),
        dan.approves("Go", stage=1),
        ben.approves("QA", stage=9),
        ben.rejects("QA", stage=-1),
        ben.abstains("Nothing"),
        ben.withdraws("Nothing"),
        ben.takes_seat("Nothing", "qa"),
        ana.settles("Nothing", ben),
        dan.approves("Go", stage=2),
    ],
    ids=[
        "no such gate",
        "a later stage",
        "no such stage",
        "a negative stage",
        "abstain",
        "withdraw",
        "take a seat",
        "settle",
        "the rollback",
    ],
)
def test_a_gate_that_is_not_open_takes_no_answer(act: Act) -> None:
    assert refusal(started(), act).code is Code.STALE


def test_an_old_card_is_answered_with_where_to_look() -> None:
    assert refusal(started(), dan.approves("Go", stage=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="checkout-1 has no gate “Go” open.",
            instead="Look at its newest messages.",
        )
    )


@pytest.mark.parametrize("act", [ben.approves("QA"), ben.rejects("QA")], ids=["approve", "reject"])
def test_nothing_is_answered_while_people_cannot_be_read(act: Act) -> None:
    assert refusal(started(), unread("security", act)) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Slack has no user group “security”, to which the runbook binds security, and what is not there counts as no.",
            instead="Create it in Slack, or mend the runbook and start anew.",
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


def test_nobody_answers_from_outside_the_role() -> None:
    left = play(started(), ben.rejects("QA"), ben.leaves("qa"))
    assert refusal(left, ben.approves("QA")).code is Code.NOT_YOURS
    left = play(started(), ben.approves("QA"), ben.leaves("qa"))
    assert refusal(left, ben.rejects("QA")).code is Code.NOT_YOURS
    assert refusal(left, ben.abstains("QA")).code is Code.NOT_YOURS
    assert refusal(play(started(), ben.leaves("qa")), ben.approves("QA")).code is Code.NOT_YOURS


def test_who_has_moved_to_another_role_of_the_gate_may_approve_in_it() -> None:
    release = play(started(BOTH), ben.approves("Both"), ben.leaves("qa"), ben.joins("security"))
    assert not isinstance(answer(release, ben.approves("Both")), Refused)


def test_whose_approval_counts_has_answered_also_after_they_have_joined_another_role() -> None:
    joined = play(started(BOTH), ben.approves("Both"), ben.joins("security"))
    assert refusal(joined, ben.approves("Both")).code is Code.ALREADY_ANSWERED
    gates = (asks("Both", qa=2, security=1), asks("Go", on_call=2))
    release = play(started(gated(*gates)), ben.approves("Both"), ben.joins("on-call"), ben.approves("Go"))
    assert refusal(play(release, ben.joins("security")), ben.approves("Both")).code is Code.ALREADY_ANSWERED


def test_who_has_left_every_role_of_the_gate_has_answered_all_the_same() -> None:
    left = play(started(), ben.approves("QA"), ben.leaves("qa"))
    assert refusal(left, ben.approves("QA")).code is Code.ALREADY_ANSWERED


def test_who_abstains_is_not_asked_again_and_fills_no_seat() -> None:
    release = play(started(), ben.abstains("QA"))
    result = gate(release, "QA")
    assert [vote.by for vote in result.abstained] == [ben.id]
    assert filled(release, "QA") == [("qa", None), ("qa", None)]
    assert result.asked == (bea.id, eli.id)
    assert result.status is GateStatus.WAITING


def test_who_moved_to_another_role_too_late_has_answered_already() -> None:
    moved = play(started(BOTH), ben.approves("Both"), ben.leaves("qa"), ben.joins("security"))
    begun = play(moved, bea.approves("Both"), cleo.approves("Both"))
    assert begun.state is State.IN_PROGRESS
    assert refusal(begun, ben.approves("Both")).code is Code.ALREADY_ANSWERED


def test_an_abstention_lets_the_gate_be_met_by_others() -> None:
    release = play(started(), ben.abstains("QA"), bea.approves("QA"), eli.approves("QA"))
    assert gate(release, "QA").status is GateStatus.MET


def test_an_abstention_takes_the_place_of_an_approval_and_the_other_way_round() -> None:
    release = play(ready(), ben.abstains("QA"))
    assert release.state is State.AWAITING_APPROVAL
    assert play(release, ben.approves("QA")).state is State.READY


def test_an_abstention_given_twice_is_answered_kindly() -> None:
    release = play(started(), ben.abstains("QA"))
    assert refusal(release, ben.abstains("QA", "Once more.")) == snapshot(
        Refused(code=Code.ALREADY_ANSWERED, because="You have abstained QA already, and it is recorded.")
    )


@pytest.mark.parametrize(
    "said",
    [ben.approves("QA"), ben.rejects("QA"), ben.abstains("QA")],
    ids=["approval", "rejection", "abstention"],
)
def test_every_answer_can_be_taken_back(said: Act) -> None:
    release = play(started(), said)
    assert events(release, ben.withdraws("QA", "I looked at another build.")) == (
        Withdrawn(at=NINE, by=ben.id, stage=0, gate="QA", comment="I looked at another build."),
    )
    assert play(release, ben.withdraws("QA")).votes == ()


def test_what_was_taken_back_with_a_comment_is_set_aside_with_it() -> None:
    release = play(started(), ben.rejects("QA"), ben.withdraws("QA", "I looked at another build."))
    assert release.votes == ()
    assert [(it.vote.by, it.because) for it in gate(release, "QA").set_aside] == snapshot(
        [("ben", "they took it back: I looked at another build.")]
    )
    assert gate(play(started(), ben.rejects("QA"), ben.withdraws("QA")), "QA").set_aside == ()
    assert gate(play(release, ben.approves("QA")), "QA").set_aside == ()


def test_an_answer_that_was_taken_back_can_be_given_anew() -> None:
    release = play(ready(), ben.withdraws("QA"))
    assert release.state is State.AWAITING_APPROVAL
    assert play(release, ben.approves("QA")).state is State.READY


def test_a_rejection_is_taken_back_from_outside_the_role() -> None:
    release = play(ready(), eli.rejects("QA"), eli.leaves("qa"))
    assert names(release, eli.withdraws("QA")) == ["Withdrawn", "GatesMet"]


def test_people_need_not_be_readable_to_take_an_answer_back() -> None:
    assert names(play(started(), ben.rejects("QA")), unread("qa", ben.withdraws("QA"))) == ["Withdrawn"]


def test_nothing_said_is_nothing_to_take_back() -> None:
    answered = snapshot(
        Refused(
            code=Code.NOTHING_TO_DO,
            because="You have said nothing at QA that you could take back.",
            instead="The message of the gate shows what counts.",
        )
    )
    assert refusal(started(), ben.withdraws("QA")) == answered
    assert refusal(play(started(), ben.approves("QA"), ben.withdraws("QA")), ben.withdraws("QA")) == answered
    assert refusal(play(started(), bea.approves("QA")), ben.withdraws("QA")) == answered
    assert refusal(play(started(), eli.approves("Security")), eli.withdraws("QA")) == answered


@pytest.mark.parametrize(
    "act", [ben.withdraws("QA", "c" * 501), ben.abstains("QA", "c" * 501)], ids=["withdraw", "abstain"]
)
def test_the_comment_of_what_is_taken_back_has_the_same_limit(act: Act) -> None:
    release = play(started(), ben.approves("QA"))
    assert refusal(release, act).code is Code.TEXT_TOO_LONG


def test_the_captain_settles_a_rejection_and_says_how() -> None:
    release = play(ready(), eli.rejects("QA"))
    assert names(release, ana.settles("QA", eli)) == ["RejectionResolved", "GatesMet"]
    assert events(release, ana.settles("QA", eli, "It is a flaky test."))[0] == RejectionResolved(
        at=NINE, by=ana.id, stage=0, gate="QA", person=eli.id, reason="It is a flaky test."
    )


def test_a_rejection_that_was_settled_is_set_aside_with_the_reason() -> None:
    release = play(ready(), eli.rejects("QA"), ana.settles("QA", eli, "It is a flaky test."))
    assert gate(release, "QA").rejections == ()
    assert [(it.vote.by, it.because) for it in gate(release, "QA").set_aside] == snapshot(
        [("eli", "it was settled by the captain: It is a flaky test.")]
    )


@pytest.mark.parametrize(
    ("ends", "by", "how", "reason"),
    [
        (bea.withdraws("QA"), bea, "took it back", ""),
        (bea.withdraws("QA", "My mistake"), bea, "took it back", "My mistake"),
        (bea.approves("QA"), bea, "approved instead", ""),
        (bea.abstains("QA"), bea, "abstained instead", ""),
        (ana.settles("QA", bea, "Known since 1.9"), ana, "settled it", "Known since 1.9"),
    ],
    ids=["withdrawn", "with a comment", "approved", "abstained", "settled"],
)
def test_every_rejection_is_kept_with_what_came_of_it(ends: Act, by: Person, how: str, reason: str) -> None:
    release = play(started(), ben.rejects("QA"), bea.rejects("QA"), ends)
    first, second = release.rejections
    assert (first.vote.by, first.ended) == (ben.id, None)
    assert second.vote.by == bea.id
    assert second.ended == Ending(by=by.id, at=second.ended.at, how=how, reason=reason)  # type: ignore[union-attr]
    # A new no is another one, and leaves what came of the first as it is.
    third = play(release, bea.rejects("QA", "Once more")).rejections
    assert (third[:2], third[2].vote.comment, third[2].ended) == ((first, second), "Once more", None)


def test_only_the_one_rejection_is_settled() -> None:
    release = play(ready(), eli.rejects("QA"), ben.rejects("QA"), ana.settles("QA", eli))
    assert [vote.by for vote in gate(release, "QA").rejections] == [ben.id]


def test_who_was_overruled_may_reject_again() -> None:
    release = play(ready(), eli.rejects("QA"), ana.settles("QA", eli), eli.rejects("QA", "It is not flaky."))
    assert gate(release, "QA").status is GateStatus.REJECTED
    assert gate(release, "QA").set_aside == ()


@pytest.mark.parametrize("person", [ben, cleo, dan, gus])
def test_nobody_but_who_leads_settles_a_rejection(person: Person) -> None:
    assert refusal(play(started(), eli.rejects("QA")), person.settles("QA", eli)) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Settling a rejection is for the captain or deputy.",
            ask=(UserId("ana"),),
        )
    )


def test_a_deputy_settles_a_rejection_but_not_their_own() -> None:
    release = play(started(), ana.offers(ben, Duty.DEPUTY), ben.accepts(Duty.DEPUTY))
    release = play(release, ben.rejects("QA"), eli.rejects("QA"))
    assert names(release, ben.settles("QA", eli)) == ["RejectionResolved"]
    assert refusal(release, ben.settles("QA", ben)) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="This rejection is your own.",
            instead="Withdraw it, and say why.",
        )
    )


@pytest.mark.parametrize("said", [None, ben.approves("QA"), ben.abstains("QA")], ids=["-", "yes", "neither"])
def test_what_is_no_rejection_is_not_settled(said: Act | None) -> None:
    release = play(started(), said) if said else started()
    assert refusal(release, ana.settles("QA", ben)) == snapshot(
        Refused(code=Code.NOTHING_TO_DO, because="That rejection of QA does not stand any more.")
    )


def test_a_rejection_is_settled_once() -> None:
    release = play(started(), ben.rejects("QA"), ana.settles("QA", ben))
    assert refusal(release, ana.settles("QA", ben)).code is Code.NOTHING_TO_DO


@pytest.mark.parametrize(
    ("how", "code"),
    [("", Code.REASON_MISSING), ("...", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)],
)
def test_a_rejection_is_settled_with_a_reason(how: str, code: Code) -> None:
    assert refusal(play(started(), ben.rejects("QA")), ana.settles("QA", ben, how)).code is code


STRANGERS = {
    "guest": Standing.GUEST,
    "stranger": Standing.STRANGER,
    "bot": Standing.BOT,
    "deactivated": Standing.DEACTIVATED,
}


@pytest.mark.parametrize("become", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize(
    "act",
    [ben.approves("QA"), ben.rejects("QA"), ben.abstains("QA")],
    ids=["approve", "reject", "abstain"],
)
def test_who_is_no_full_member_answers_nothing(act: Act, become: Standing) -> None:
    assert refusal(started(), among(standing(ben, become), act)) == Refused(
        code=Code.NOT_YOURS,
        because=f"QA is answered by full members in qa; you are here as a {become}.",
        ask=(UserId("bea"), UserId("eli")),
    )


ENDS: dict[str, Callable[[], Release]] = {
    "completed": completed,
    "cancelled": lambda: play(started(), ana.cancels()),
    "superseded": completed,
    "rolled back": lambda: play(in_production(), ana.rolls_back(), dan.finishes(BACK)),
}


@pytest.mark.parametrize("ended", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(
    "act",
    [
        dee.approves("Go", stage=1),
        dee.rejects("Go", stage=1),
        dee.abstains("Go", stage=1),
        dan.withdraws("Go", stage=1),
        dan.takes_seat("Go", "on-call", stage=1),
        ana.settles("Go", ben, stage=1),
    ],
    ids=["approve", "reject", "abstain", "withdraw", "take a seat", "settle"],
)
def test_a_release_that_has_ended_takes_no_answer(ended: Callable[[], Release], act: Act) -> None:
    newer = Neighbours(active=ReleaseKey("checkout-2"), newest=ReleaseKey("checkout-2"))
    assert refusal(ended(), beside(act, newer)).code is Code.ENDED


def test_a_gate_that_was_never_passed_takes_no_answer_while_the_release_is_rolled_back() -> None:
    book = runbook(
        Stage(name="Canary", owner="qa", production=True, steps=steps("Deploy to one")),
        Stage(name="All", owner="qa", gates=(asks("All", qa=1),), steps=steps("Deploy to all")),
        rollback=Rollback(owner="on-call", gates=(asks("Back", on_call=1),)),
    )
    release = play(started(book), ben.finishes("Deploy to one"), ana.rolls_back())
    assert refusal(release, ben.approves("All", stage=1)) == snapshot(
        Refused(
            code=Code.STALE,
            because="All of checkout-1 takes no answers: the release is rolled back.",
            instead="Look at its newest messages.",
        )
    )
    assert names(release, dan.approves("Back")) == ["Approved", "StageBegan"]


def test_a_gate_that_is_not_needed_or_overridden_takes_no_answer() -> None:
    only = asks("Risk", qa=1, when=When(risk=(Risk.HIGH,)))
    release = started(gated(only, asks("QA", qa=1, security=1), overrides="security"))
    assert refusal(release, ben.approves("Risk")) == snapshot(
        Refused(
            code=Code.STALE,
            because="Risk of checkout-1 takes no answers: it is not needed.",
            instead="Look at its newest messages.",
        )
    )
    release = play(release, ana.holds(), cleo.overrides("QA"))
    assert refusal(release, ben.rejects("QA")).because == snapshot(
        "QA of checkout-1 takes no answers: it is overridden."
    )
    assert refusal(release, ben.withdraws("QA")).code is Code.STALE
