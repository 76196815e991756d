"""Separation of duties: whether who starts a release, or wrote some of it, fills a seat."""

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.start import DutiesRelaxed
from bot.release.state import State
from bot.runbook.roles.role import Duties
from tests.release.given import (
    NINE,
    Person,
    ana,
    asks,
    bea,
    ben,
    dan,
    eli,
    gate,
    gated,
    gus,
    meanwhile,
    names,
    play,
    refusal,
    start,
    start_facts,
    started_with,
)


def by_authors(duties: Duties, *authors: Person) -> Release:
    """Return a release that ana started, who is in qa, and that some people wrote."""
    book = gated(asks("QA", qa=2), duties=duties)
    manifest = Manifest(authors=tuple(sorted(author.id for author in authors)))
    return play(started_with(start(manifest=manifest), book), ana.joins("qa"))


def test_an_author_does_not_answer_and_is_told_why() -> None:
    release = by_authors(Duties.STRICT, ben)
    for act in (ben.approves("QA"), ben.rejects("QA"), ben.abstains("QA")):
        assert refusal(release, act) == snapshot(
            Refused(
                code=Code.YOUR_OWN_RELEASE,
                because="You wrote some of the changes in checkout-1, and who did that approves none of it.",
                ask=(UserId("bea"), UserId("eli")),
            )
        )
    assert names(release, bea.approves("QA")) == ["Approved"]


def test_an_author_is_told_so_also_when_in_no_role_of_the_gate() -> None:
    assert refusal(by_authors(Duties.STRICT, dan), dan.approves("QA")).code is Code.YOUR_OWN_RELEASE
    assert refusal(by_authors(Duties.WARN, dan), dan.approves("QA")).code is Code.NOT_YOURS


def test_an_author_is_not_asked() -> None:
    assert gate(by_authors(Duties.STRICT, ben), "QA").asked == (bea.id, eli.id)


def test_who_becomes_an_author_counts_no_more() -> None:
    release = play(by_authors(Duties.STRICT), ana.changes("1.4.1"), bea.approves("QA"))
    release = play(release, ana.changes("1.4.1", Manifest(authors=(bea.id,))))
    assert gate(release, "QA").seats[0].filled is None
    assert names(release, ben.approves("QA")) == ["Approved"]


@pytest.mark.parametrize("duties", [Duties.WARN, Duties.OFF])
def test_starter_and_authors_fill_seats_where_the_runbook_lets_them(duties: Duties) -> None:
    release = play(by_authors(duties, ben), ana.approves("QA"), ben.approves("QA"))
    assert release.state is State.IN_PROGRESS


def test_where_the_runbook_only_warns_it_is_said_whose_word_that_is() -> None:
    release = play(by_authors(Duties.WARN, ben), ana.holds(), ana.approves("QA"), ben.approves("QA"))
    warned = gate(release, "QA").warned
    assert [(it.vote.by, it.because) for it in warned] == snapshot(
        [("ana", "they started the release"), ("ben", "they wrote some of the changes")]
    )
    assert gate(release, "QA").set_aside == ()
    others = play(by_authors(Duties.WARN, ben), ana.holds(), bea.approves("QA"), eli.approves("QA"))
    assert gate(others, "QA").warned == ()


def test_where_duties_are_off_nothing_is_said() -> None:
    release = play(by_authors(Duties.OFF, ben), ana.holds(), ana.approves("QA"), ben.approves("QA"))
    assert gate(release, "QA").warned == ()
    assert gate(release, "QA").status is GateStatus.MET


def test_a_starter_in_no_role_is_not_said_to_be_kept_apart_where_duties_are_off() -> None:
    release = play(by_authors(Duties.OFF), ana.leaves("qa"))
    assert refusal(release, ana.approves("QA")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="QA is answered by people in qa.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli")),
        )
    )


@pytest.mark.parametrize("duties", [Duties.WARN, Duties.OFF])
def test_that_duties_are_relaxed_is_an_event(duties: Duties) -> None:
    decision = decide_start(start(), start_facts(gated(asks("QA", qa=1), duties=duties)))
    assert not isinstance(decision, Refused)
    assert decision[1] == DutiesRelaxed(at=NINE, by=ana.id, duties=duties)


def test_that_duties_are_strict_needs_no_event() -> None:
    decision = decide_start(start(), start_facts(gated(asks("QA", qa=1))))
    assert not isinstance(decision, Refused)
    assert [type(event).__name__ for event in decision] == ["Started"]


def test_people_are_kept_apart_also_when_they_have_just_joined() -> None:
    release = by_authors(Duties.STRICT, gus)
    act = meanwhile(gus.joins("qa"), gus.approves("QA"))
    assert refusal(release, act).code is Code.YOUR_OWN_RELEASE


def test_too_few_people_who_did_not_write_it_are_refused_at_the_start() -> None:
    manifest = Manifest(authors=(bea.id, ben.id))
    decision = decide_start(start(manifest=manifest), start_facts(gated(asks("QA", qa=2))))
    assert decision == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because="The gate QA of Only could never be met: there are too few people in qa, as who starts a release or wrote some of it approves none of it.",
            instead="Let somebody else start it, or add people to the role.",
        )
    )
    relaxed = start_facts(gated(asks("QA", qa=2), duties=Duties.WARN))
    assert not isinstance(decide_start(start(manifest=manifest), relaxed), Refused)
