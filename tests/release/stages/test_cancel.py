"""Cancelling a release: by whom, with what reason, and until when."""

import pytest
from inline_snapshot import snapshot

from bot.release.ids import UserId
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused
from bot.release.stages.cancel import Cancelled
from bot.release.state import State
from tests.release.given import (
    NINE,
    Person,
    ana,
    bea,
    ben,
    cleo,
    dan,
    events,
    in_production,
    meanwhile,
    play,
    ready,
    refusal,
    started,
)


@pytest.mark.parametrize("person", [ana, ben, bea])
def test_the_captain_or_an_owner_cancels_with_a_reason(person: Person) -> None:
    assert events(started(), person.cancels("Wrong branch.")) == (
        Cancelled(at=NINE, by=person.id, reason="Wrong branch."),
    )


def test_a_cancelled_release_keeps_by_whom_and_why() -> None:
    release = play(started(), ben.cancels("Wrong branch."))
    assert release.state is State.CANCELLED
    assert (release.ended_by, release.ended_because) == (ben.id, "Wrong branch.")


def test_a_release_is_cancelled_until_production_is_touched() -> None:
    begun = play(ready(), ana.begins())
    onward = play(begun, ben.finishes("Tag the commit"))
    for release in (started(), ready(), begun, onward):
        assert play(release, ana.cancels()).state is State.CANCELLED


def test_a_release_that_has_touched_production_is_not_cancelled() -> None:
    assert refusal(in_production(), ana.cancels()) == snapshot(
        Refused(
            code=Code.PRODUCTION_TOUCHED,
            because=(
                "checkout-1 has begun production, so production may be changed already, and a cancelled release would hide that."
            ),
            instead="Bring its steps to an end, or roll it back.",
        )
    )


@pytest.mark.parametrize("person", [cleo, dan])
def test_nobody_else_cancels(person: Person) -> None:
    assert refusal(started(), person.cancels()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Cancelling is for the captain or deputy, or the owners of the stage.",
            ask=(UserId("ana"), UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


def test_a_release_whose_step_has_failed_is_cancelled_before_production() -> None:
    failed = play(ready(), ana.begins(), ben.fails("Tag the commit"))
    release = play(failed, ana.cancels())
    assert (release.state, release.failure) == (State.CANCELLED, None)


def test_a_release_that_is_rolled_back_is_not_cancelled() -> None:
    release = play(in_production(), ana.rolls_back())
    assert refusal(release, ana.cancels()).code is Code.PRODUCTION_TOUCHED


def test_a_hold_keeps_nobody_from_cancelling() -> None:
    assert play(started(), ben.holds(), ana.cancels()).state is State.CANCELLED


def test_a_deputy_cancels_once_the_duty_is_accepted() -> None:
    offered = play(started(), ana.offers(dan, Duty.DEPUTY))
    assert refusal(offered, dan.cancels()).code is Code.NOT_YOURS
    assert play(offered, dan.accepts(Duty.DEPUTY), dan.cancels()).state is State.CANCELLED


def test_a_release_is_cancelled_once() -> None:
    assert refusal(play(started(), ana.cancels()), ana.cancels()).code is Code.ENDED


def test_owners_are_those_of_the_current_stage_at_that_moment() -> None:
    onward = play(ready(), ana.begins(), ben.finishes("Tag the commit"))
    assert refusal(onward, ben.cancels()).code is Code.NOT_YOURS
    assert play(onward, dan.cancels()).state is State.CANCELLED
    assert refusal(started(), meanwhile(ben.leaves("qa"), ben.cancels())).code is Code.NOT_YOURS


@pytest.mark.parametrize("blank", ["", " \n", "—"])
def test_a_reason_is_needed(blank: str) -> None:
    assert refusal(started(), ana.cancels(blank)).code is Code.REASON_MISSING


def test_a_reason_holds_500_characters() -> None:
    assert play(started(), ana.cancels("r" * 500)).state is State.CANCELLED
    assert refusal(started(), ana.cancels("r" * 501)).code is Code.TEXT_TOO_LONG
