"""The review afterwards: when there is one, who signs it, and who is reminded of it."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.gates.review import Because, ReviewOpened, ReviewReminded, ReviewSigned
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.hours import Hours
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.gates.gate import Reminders
from bot.runbook.model import Begin, Review, Runbook
from bot.runbook.roles.role import Standing
from tests.release.given import (
    CHECK,
    EVERYBODY,
    NINE,
    Person,
    among,
    ana,
    answer,
    asks,
    bea,
    ben,
    cleo,
    dan,
    eli,
    events,
    gated,
    gus,
    later,
    meanwhile,
    names,
    play,
    refusal,
    runbook,
    standing,
    started,
    time_passes,
    unread,
)

HOUR = timedelta(hours=1)
SELDOM = Reminders(after=timedelta(days=90))
BACK = "Put the version before back in place"


def glass(**review: object) -> Runbook:
    """Return a runbook of one gate that people of security may override."""
    return gated(
        asks("QA", qa=2),
        overrides="security",
        reminders=SELDOM,
        review=Review.model_validate({"role": "qa", **review}),
    )


def overridden(**review: object) -> Release:
    """Return a release whose gate cleo has overridden."""
    return play(started(glass(**review)), cleo.overrides("QA"))


def always() -> Release:
    """Return a release that is reviewed afterwards in any case."""
    return started(gated(reminders=SELDOM, review=Review(role="qa", always=True, within=4 * HOUR)))


def signatures(release: Release) -> list[UserId]:
    assert release.review is not None
    return [signature.by for signature in release.review.signed]


def test_a_reviewer_signs_and_says_what_came_of_it() -> None:
    assert events(overridden(), ben.signs("It was right.")) == (
        ReviewSigned(at=NINE, by=ben.id, comment="It was right."),
    )


def test_a_review_is_done_when_two_others_have_signed() -> None:
    release = play(overridden(), ben.signs())
    assert [w.count for w in waiting_on(release) if w.kind is Awaited.REVIEW] == [1]
    release = play(release, bea.signs())
    assert signatures(release) == [ben.id, bea.id]
    assert Awaited.REVIEW not in {w.kind for w in waiting_on(release)}


def test_the_runbook_says_how_many_sign() -> None:
    release = play(overridden(count=1), ben.signs())
    assert release.review is not None
    assert release.review.done


def test_a_review_is_waited_for_until_it_is_due() -> None:
    assert waiting_on(overridden())[-1] == Waiting(
        kind=Awaited.REVIEW,
        name="override",
        role="qa",
        count=2,
        on=EVERYBODY["qa"],
        since=NINE,
        until=NINE + 24 * HOUR,
    )


def test_nobody_signs_twice() -> None:
    assert refusal(play(overridden(), ben.signs()), ben.signs("Once more.")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="You have signed this review already.")
    )


def test_who_has_overridden_a_gate_does_not_sign() -> None:
    release = play(overridden(), cleo.joins("qa"))
    assert refusal(release, cleo.signs()) == snapshot(
        Refused(
            code=Code.YOUR_OWN_RELEASE,
            because="It is your own act that is reviewed, so others sign.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


def test_who_has_overridden_a_gate_does_not_sign_after_the_manifest_has_changed_either() -> None:
    release = play(
        started(glass()), cleo.joins("qa"), ana.holds(), cleo.overrides("QA"), ana.changes("1.4.1")
    )
    assert release.overridden == frozenset()
    assert refusal(release, cleo.signs()).code is Code.YOUR_OWN_RELEASE


def test_who_started_the_release_does_not_sign() -> None:
    release = play(overridden(), ana.joins("qa"))
    assert refusal(release, ana.signs()).code is Code.YOUR_OWN_RELEASE


@pytest.mark.parametrize("person", [dan, gus])
def test_who_is_not_in_the_role_does_not_sign(person: Person) -> None:
    assert refusal(overridden(), person.signs()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="This review is signed by people in qa.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


def test_anybody_in_a_role_signs_where_the_runbook_names_none() -> None:
    release = overridden(role=None)
    assert play(release, dan.signs()).review is not None
    assert refusal(release, gus.signs()).because == snapshot(
        "This review is signed by people in a role of the runbook."
    )


@pytest.mark.parametrize("become", [s for s in Standing if s is not Standing.MEMBER])
def test_who_is_no_full_member_does_not_sign(become: Standing) -> None:
    act = among(standing(ben, become), ben.signs())
    assert refusal(overridden(), act).code is Code.NOT_YOURS


def test_nobody_signs_while_people_cannot_be_read() -> None:
    assert refusal(overridden(), unread("qa", ben.signs())).code is Code.CANNOT_READ_PEOPLE


def test_the_comment_of_a_signature_has_a_limit() -> None:
    assert refusal(overridden(), ben.signs("c" * 501)).code is Code.TEXT_TOO_LONG
    assert names(overridden(), ben.signs("c" * 500)) == ["ReviewSigned"]


def test_where_there_is_no_review_nobody_signs() -> None:
    answered = snapshot(
        Refused(code=Code.NOTHING_TO_DO, because="checkout-1 has no review that is still to be signed.")
    )
    assert refusal(started(), ben.signs()) == answered
    assert refusal(play(overridden(), ben.signs(), bea.signs()), eli.signs()) == answered


ENDS: dict[str, Callable[[Release], Release]] = {
    "open": lambda release: release,
    "completed": lambda release: play(release, ben.finishes("Deploy")),
    "rolled back": lambda release: play(release, ana.rolls_back(), ben.finishes(BACK)),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_review_is_signed_before_and_after_the_end(end: Callable[[Release], Release]) -> None:
    release = end(overridden())
    assert signatures(play(release, ben.signs(), bea.signs())) == [ben.id, bea.id]


def test_a_review_is_signed_after_the_release_was_cancelled() -> None:
    release = play(started(runbook(CHECK, overrides="security")), cleo.overrides("QA"), ana.cancels())
    assert release.state is State.CANCELLED
    assert names(release, ben.signs()) == ["ReviewSigned"]


def test_people_who_have_just_joined_sign_after_the_end_too() -> None:
    release = play(overridden(), ben.finishes("Deploy"))
    assert names(release, meanwhile(gus.joins("qa"), gus.signs())) == ["MembersRead", "ReviewSigned"]


def test_reviewers_are_reminded_half_way_when_it_is_due_and_daily() -> None:
    release = overridden()
    assert attention_at(release) == NINE + 12 * HOUR
    assert answer(release, time_passes(hours=11, minutes=59, seconds=59)) == ()
    assert events(release, time_passes(hours=12)) == (
        ReviewReminded(at=NINE + 12 * HOUR, by=ROLLCALL, people=EVERYBODY["qa"]),
    )
    release = play(release, time_passes(hours=12))
    assert attention_at(release) == NINE + 24 * HOUR
    release = play(release, time_passes(hours=12))
    assert attention_at(release) == NINE + 48 * HOUR
    release = play(release, time_passes(hours=24), time_passes(hours=24))
    assert release.review is not None
    assert release.review.reminded == tuple(NINE + n * HOUR for n in (12, 24, 48, 72))


def test_reminders_of_a_review_that_were_missed_are_caught_up_once() -> None:
    release = play(overridden(), time_passes(days=5))
    assert release.review is not None
    assert len(release.review.reminded) == 1
    assert attention_at(release) == NINE + timedelta(days=6)


def test_who_has_signed_is_reminded_no_more_and_nobody_is_when_it_is_done() -> None:
    release = play(overridden(), ben.signs())
    (reminded,) = events(release, time_passes(hours=12))
    assert isinstance(reminded, ReviewReminded)
    assert reminded.people == (bea.id, eli.id)
    assert answer(play(release, bea.signs()), time_passes(days=30)) == ()
    assert attention_at(play(release, bea.signs())) == NINE + timedelta(days=90)


def test_a_review_reminds_when_the_first_who_may_sign_is_at_work() -> None:
    hours = {
        bea.id: Hours(zone="UTC", begins=time(22), ends=time(6)),
        ben.id: Hours(zone="UTC"),
        eli.id: Hours(zone="UTC"),
    }
    book = gated(asks("QA", qa=2), overrides="security", review=Review(role="qa"), reminders=SELDOM)
    release = play(started(book, hours=hours), cleo.overrides("QA"))
    # Twelve hours after nine is in the evening.
    assert attention_at(release) == NINE + 13 * HOUR


def test_reviewers_are_reminded_after_the_end_too() -> None:
    release = play(overridden(), later(ben.finishes("Deploy"), hours=1))
    assert attention_at(release) == NINE + 12 * HOUR
    release = play(release, time_passes(hours=11))
    assert attention_at(release) == NINE + 24 * HOUR


def test_people_of_the_moment_are_reminded_after_the_end() -> None:
    release = play(overridden(), ben.finishes("Deploy"))
    act = meanwhile(gus.joins("qa"), time_passes(hours=12))
    assert names(release, act) == ["MembersRead", "ReviewReminded"]


def test_an_ended_release_without_a_review_is_left_alone() -> None:
    release = play(started(gated()), ben.finishes("Deploy"))
    assert attention_at(release) is None
    assert answer(release, meanwhile(gus.joins("qa"), time_passes(days=30))) == ()


def test_the_runbook_may_ask_for_a_review_of_every_release() -> None:
    release = always()
    assert events(release, ben.finishes("Deploy"))[-1] == ReviewOpened(
        at=NINE, by=ROLLCALL, because=Because.RUNBOOK, due=NINE + 4 * HOUR
    )
    assert names(release, ben.finishes("Deploy")) == ["StepDone", "Completed", "ReviewOpened"]
    assert [w.name for w in waiting_on(play(release, ben.finishes("Deploy")))] == ["runbook"]


def test_a_release_that_was_rolled_back_is_reviewed_too_and_a_cancelled_one_is_not() -> None:
    rolled_back = play(always(), ana.rolls_back())
    assert names(rolled_back, ben.finishes(BACK)) == ["StepDone", "RolledBack", "ReviewOpened"]
    book = runbook(CHECK, review=Review(always=True))
    assert names(started(book), ana.cancels()) == ["Cancelled"]


def test_a_release_is_reviewed_once() -> None:
    book = gated(
        asks("QA", qa=2), overrides="security", review=Review(role="qa", always=True), reminders=SELDOM
    )
    release = play(started(book), cleo.overrides("QA"))
    assert names(release, ben.finishes("Deploy")) == ["StepDone", "Completed"]
    completed = play(always(), ben.finishes("Deploy"))
    assert "ReviewOpened" not in names(completed, ana.rolls_back())


def test_who_leads_finds_people_where_too_few_are_left_to_sign() -> None:
    def awaited(release: Release) -> list[tuple[Awaited, int, tuple[UserId, ...]]]:
        kinds = (Awaited.REVIEW, Awaited.PEOPLE)
        return [(w.kind, w.count, w.on) for w in waiting_on(release) if w.kind in kinds]

    ended = play(overridden(), bea.leaves("qa"), eli.leaves("qa"))
    assert awaited(ended) == [(Awaited.REVIEW, 1, (ben.id,)), (Awaited.PEOPLE, 1, (ana.id,))]
    assert awaited(play(ended, ben.leaves("qa"))) == [(Awaited.PEOPLE, 2, (ana.id,))]
    enough = play(overridden(), bea.leaves("qa"))
    assert awaited(enough) == [(Awaited.REVIEW, 2, (ben.id, eli.id))]


@pytest.mark.parametrize(("role", "told"), [("qa", "qa"), (None, "a role of the runbook")])
def test_people_to_sign_are_found_in_the_role_that_reviews_or_else_in_any(
    role: str | None, told: str
) -> None:
    waits = waiting_on(play(overridden(role=role, count=5), dan.leaves("on-call")))
    assert [(w.role, w.name) for w in waits if w.kind is Awaited.PEOPLE] == [(told, "The review")]


def test_who_signed_before_the_end_has_not_reviewed_what_came_of_it() -> None:
    book = glass(always=True, role="qa")
    signed = play(started(book), cleo.overrides("QA"), ben.signs(), bea.signs())
    assert signed.review is not None
    assert signed.review.done
    ended = play(signed, later(ben.finishes("Deploy"), hours=1))
    assert ended.review is not None
    assert not ended.review.done
    again = play(ended, later(ben.signs(), hours=1), later(bea.signs(), hours=1), time_passes(hours=1))
    assert again.review is not None
    assert again.review.done


def test_an_override_of_what_goes_out_now_has_its_own_time_for_the_review() -> None:
    review = Review(role="qa", within=4 * HOUR)
    book = gated(asks("QA", qa=2), overrides="security", review=review, begin=Begin.CAPTAIN, reminders=SELDOM)
    release = play(started(book), cleo.overrides("QA"))
    later_on = play(release, later(ana.changes("2.0.0"), hours=3), later(cleo.overrides("QA"), hours=2))
    assert later_on.review is not None
    assert later_on.review.due == NINE + 9 * HOUR


def test_a_review_that_was_signed_to_its_end_afterwards_is_not_opened_again() -> None:
    started_so = play(started(glass(always=True, role="qa")), cleo.overrides("QA"), ben.signs())
    ended = play(started_so, later(ben.finishes("Deploy"), hours=1), later(bea.signs(), hours=1))
    assert ended.review is not None
    assert ended.review.done
