"""Override: passing a gate without it being met, in the open, with a review afterwards."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.gates.override import Overridden
from bot.release.gates.review import Because, ReviewOpened
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.gates.gate import CheckPassed, Risk, When
from bot.runbook.model import Begin, Check, Review, Rollback, Runbook
from bot.runbook.roles.role import Role, Standing
from tests.release.given import (
    CHECK,
    NINE,
    PRODUCTION,
    Person,
    among,
    ana,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    eli,
    events,
    gate,
    gated,
    gus,
    in_production,
    meanwhile,
    names,
    needs,
    play,
    refusal,
    runbook,
    standing,
    started,
    unread,
)


def broken_glass(**other: object) -> Runbook:
    """Return the usual runbook, in which people of security may override."""
    return runbook(CHECK, PRODUCTION, overrides="security", **other)  # type: ignore[arg-type]


def test_an_entitled_person_passes_a_gate_with_a_reason_and_a_review_is_due() -> None:
    assert events(started(broken_glass()), cleo.overrides("QA", "Payments are down.")) == (
        Overridden(at=NINE, by=cleo.id, stage=0, gate="QA", reason="Payments are down."),
        ReviewOpened(at=NINE, by=cleo.id, because=Because.OVERRIDE, due=NINE + timedelta(hours=24)),
    )


def test_the_gate_is_passed_though_nobody_has_approved() -> None:
    release = play(started(broken_glass()), cleo.overrides("QA"))
    assert gate(release, "QA").status is GateStatus.OVERRIDDEN
    assert release.state is State.AWAITING_APPROVAL
    assert play(release, eli.approves("Security")).state is State.READY


def test_the_last_gate_that_is_overridden_lets_the_stage_begin() -> None:
    book = gated(asks("QA", qa=2), overrides="security")
    made = names(started(book), cleo.overrides("QA"))
    assert made == ["Overridden", "ReviewOpened", "GatesMet", "StageBegan"]


@pytest.mark.parametrize("person", [ben, dan, gus])
def test_nobody_but_the_entitled_overrides(person: Person) -> None:
    assert refusal(started(broken_glass()), person.overrides("QA")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="A gate is overridden by people in security.",
            ask=(UserId("cleo"), UserId("eli")),
        )
    )


def test_the_captain_is_not_entitled_by_being_captain_but_by_the_role() -> None:
    assert refusal(started(broken_glass()), ana.overrides("QA")).code is Code.NOT_YOURS
    entitled = play(started(broken_glass()), ana.joins("security"))
    assert play(entitled, ana.overrides("QA")).overrides[0].by == ana.id


def test_nobody_is_entitled_by_a_runbook_that_names_no_role() -> None:
    for person in (ana, cleo):
        assert refusal(started(), person.overrides("QA")) == snapshot(
            Refused(
                code=Code.NOT_YOURS,
                because="The runbook of checkout-1 lets nobody override a gate.",
                instead="Its key overrides names the role that may.",
            )
        )


@pytest.mark.parametrize("become", [s for s in Standing if s is not Standing.MEMBER])
def test_who_is_no_full_member_overrides_nothing(become: Standing) -> None:
    act = among(standing(cleo, become), cleo.overrides("QA"))
    assert refusal(started(broken_glass()), act).code is Code.NOT_YOURS


def test_people_of_the_moment_are_entitled() -> None:
    release = started(broken_glass())
    left = meanwhile(cleo.leaves("security"), cleo.overrides("QA"))
    assert refusal(release, left).code is Code.NOT_YOURS
    joined = meanwhile(gus.joins("security"), gus.overrides("QA"))
    assert names(release, joined)[:2] == ["MembersRead", "Overridden"]


def test_nothing_is_overridden_while_people_cannot_be_read() -> None:
    act = unread("on-call", cleo.overrides("QA"))
    assert refusal(started(broken_glass()), act).code is Code.CANNOT_READ_PEOPLE


@pytest.mark.parametrize(
    ("because", "code"),
    [("", Code.REASON_MISSING), (" … ", Code.REASON_MISSING), ("r" * 501, Code.TEXT_TOO_LONG)],
)
def test_an_override_needs_a_reason(because: str, code: Code) -> None:
    assert refusal(started(broken_glass()), cleo.overrides("QA", because)).code is code


def test_a_gate_that_is_met_is_not_overridden() -> None:
    release = play(started(broken_glass()), ben.approves("QA"), bea.approves("QA"))
    assert refusal(release, cleo.overrides("QA")) == snapshot(
        Refused(code=Code.NOTHING_TO_DO, because="QA is met, so there is nothing to override.")
    )


def test_a_gate_that_is_not_needed_is_not_overridden() -> None:
    risky = asks("Risk", security=1, when=When(risk=(Risk.HIGH,)))
    release = started(gated(risky, asks("QA", qa=1), overrides="security"))
    assert refusal(release, cleo.overrides("Risk")).because == snapshot(
        "Risk is not needed, so there is nothing to override."
    )


def test_a_gate_is_overridden_once() -> None:
    release = play(started(broken_glass()), cleo.overrides("QA"))
    assert refusal(release, eli.overrides("QA")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="QA is overridden already.")
    )


def test_a_rejection_is_overridden_and_stays_to_be_seen() -> None:
    release = play(started(broken_glass()), ben.rejects("QA"), cleo.overrides("QA"))
    assert gate(release, "QA").status is GateStatus.OVERRIDDEN
    assert [vote.by for vote in gate(release, "QA").rejections] == [ben.id]
    assert play(release, eli.approves("Security")).state is State.READY


def test_a_check_that_has_failed_is_overridden() -> None:
    green = needs("Green", CheckPassed(check="lint"))
    book = gated(green, checks=(Check(name="lint", by="on-call"),), overrides="security")
    release = play(started(book), dan.reports("lint", passed=False), cleo.overrides("Green"))
    assert release.state is State.IN_PROGRESS


@pytest.mark.parametrize(
    ("name", "stage"), [("Nothing", 0), ("Go", 1), ("QA", 9), ("QA", -1), ("Go", 2)], ids=str
)
def test_a_gate_that_is_not_waited_for_is_not_overridden(name: str, stage: int) -> None:
    assert refusal(started(broken_glass()), cleo.overrides(name, stage=stage)).code is Code.STALE


def test_the_gate_of_a_stage_that_has_begun_is_not_overridden() -> None:
    book = gated(asks("QA", qa=1), overrides="security")
    release = play(started(book), ben.approves("QA"))
    assert refusal(release, cleo.overrides("QA")) == snapshot(
        Refused(
            code=Code.STALE,
            because="checkout-1 does not wait for a gate “QA”.",
            instead="Look at its newest messages.",
        )
    )


def test_what_has_ended_is_not_overridden() -> None:
    assert refusal(completed(), cleo.overrides("Go", stage=1)).code is Code.ENDED


def test_a_hold_is_not_overridden_with_the_gate() -> None:
    book = gated(asks("QA", qa=1), overrides="security")
    release = play(started(book), ben.holds(), cleo.overrides("QA"))
    assert release.state is State.READY
    assert names(release, ben.lifts()) == ["HoldLifted", "StageBegan"]


def test_a_gate_of_the_way_back_is_overridden() -> None:
    back = Rollback(owner="on-call", gates=(asks("Back", on_call=1),))
    release = play(started(gated(overrides="security", rollback=back)), ana.rolls_back())
    assert names(release, cleo.overrides("Back")) == ["Overridden", "ReviewOpened", "StageBegan"]


def test_an_override_is_for_one_manifest() -> None:
    release = play(started(broken_glass()), cleo.overrides("QA"), ana.changes("1.4.1"))
    assert gate(release, "QA").status is GateStatus.WAITING
    assert play(release, cleo.overrides("QA")).overrides[0].gate == "QA"


def test_an_override_is_for_one_gate_of_one_stage() -> None:
    first = CHECK.model_copy(update={"gates": (asks("Go", qa=1),), "begin": Begin.AUTOMATIC})
    book = runbook(first, PRODUCTION, overrides="security")
    release = play(started(book), cleo.overrides("Go"), ben.finishes("Tag the commit"))
    assert gate(release, "Go").status is GateStatus.WAITING
    assert release.state is State.AWAITING_APPROVAL


def test_a_second_override_adds_to_the_review_that_nobody_has_signed_yet() -> None:
    release = play(started(broken_glass()), cleo.overrides("QA"))
    assert names(release, eli.overrides("Security")) == ["Overridden", "GatesMet"]


def test_a_second_override_opens_the_review_anew_where_somebody_has_signed_it() -> None:
    release = play(started(broken_glass()), cleo.overrides("QA"), eli.signs())
    assert names(release, eli.overrides("Security")) == ["Overridden", "ReviewOpened", "GatesMet"]
    again = play(release, eli.overrides("Security"))
    assert again.review is not None
    assert again.review.signed == ()
    assert refusal(again, eli.signs()).code is Code.YOUR_OWN_RELEASE


def test_the_runbook_says_within_what_time_the_review_is_due() -> None:
    book = broken_glass(review=Review(within=timedelta(hours=2), count=1))
    opened = events(started(book), cleo.overrides("QA"))[1]
    assert isinstance(opened, ReviewOpened)
    assert opened.due == NINE + timedelta(hours=2)


def test_who_is_entitled_may_be_the_starter_by_role() -> None:
    book = runbook(CHECK, overrides="captain")
    assert names(started(book), ana.overrides("QA"))[0] == "Overridden"


def test_an_entitled_bot_is_admitted_where_the_runbook_says_so() -> None:
    role = Role(name="robots", group="robots", admits=(Standing.BOT,))
    book = runbook(CHECK, roles=(role,), overrides="robots")
    release = started(book, {**dict(started().members), "robots": (gus.id,)})
    act = among(standing(gus, Standing.BOT), gus.overrides("QA"))
    assert names(release, act)[:2] == ["MembersRead", "Overridden"]


def test_the_manifest_is_not_asked_for_an_override() -> None:
    release: Release = play(started(broken_glass()), ana.changes("1.4.1", Manifest(authors=(cleo.id,))))
    assert names(release, cleo.overrides("QA"))[0] == "Overridden"
    assert in_production().overrides == ()
