"""Handing a duty over: to whom it may be offered, who accepts, and when responsibility moves."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.people.handoff import (
    Duty,
    DutyAccepted,
    DutyDeclined,
    DutyOffered,
    Offer,
    OfferLapsed,
    Outcome,
    fingerprint,
)
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.runbook.gates.gate import Reminders, Risk
from bot.runbook.model import Runbook
from bot.runbook.roles.role import Role, Standing
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
    cleo,
    completed,
    dan,
    dee,
    events,
    gated,
    gus,
    in_production,
    later,
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
    time_passes,
)

MINUTES = timedelta(minutes=1)
NOBODY = Person(UserId("nobody"))
DUTIES = list(Duty)


def quiet() -> Release:
    """Return a release at a gate of which nobody is reminded soon."""
    return started(gated(asks("QA", Reminders(after=timedelta(days=90)), qa=2)))


def outcomes(release: Release) -> list[tuple[Duty, UserId, Outcome]]:
    return [(past.offer.duty, past.offer.to, past.outcome) for past in release.handed]


@pytest.mark.parametrize("duty", DUTIES)
def test_a_duty_is_offered_for_half_an_hour(duty: Duty) -> None:
    assert events(started(), ana.offers(dan, duty, "I go to lunch.")) == (
        DutyOffered(
            at=NINE, by=ana.id, duty=duty, to=dan.id, until=NINE + 30 * MINUTES, note="I go to lunch."
        ),
    )
    release = play(started(), ana.offers(dan, duty))
    assert release.offers == {
        duty: Offer(duty=duty, to=dan.id, by=ana.id, at=NINE, until=NINE + 30 * MINUTES)
    }


def test_the_runbook_says_how_long_an_offer_stands() -> None:
    release = play(started(runbook(offers=timedelta(hours=2))), ana.offers(dan))
    assert release.offers[Duty.CAPTAIN].until == NINE + timedelta(hours=2)


def test_responsibility_moves_at_acceptance_and_not_before() -> None:
    offered = play(ready(), ana.offers(dan))
    assert offered.captain == ana.id
    assert refusal(offered, dan.begins()).code is Code.NOT_YOURS
    assert play(offered, ana.begins()).state is State.IN_PROGRESS
    accepted = play(offered, dan.accepts())
    assert accepted.captain == dan.id
    assert play(accepted, dan.begins()).state is State.IN_PROGRESS
    assert refusal(accepted, ana.begins()).code is Code.NOT_YOURS


def test_who_has_handed_over_can_no_longer_do_what_captains_do() -> None:
    release = play(started(), ben.rejects("QA"), gus.holds(), ana.offers(dan), dan.accepts())
    for act in (ana.cancels(), ana.settles("QA", ben), ana.lifts(1, "It is a test."), ana.offers(dee)):
        assert refusal(release, act).code is Code.NOT_YOURS
    for act in (dan.cancels(), dan.settles("QA", ben), dan.lifts(1, "It is a test."), dan.offers(dee)):
        assert names(release, act)


def test_an_acceptance_keeps_what_was_read_back() -> None:
    release = play(started(), ana.offers(dan))
    assert events(release, dan.accepts()) == (
        DutyAccepted(at=NINE, by=dan.id, duty=Duty.CAPTAIN, read=fingerprint(release)),
    )
    assert outcomes(play(release, dan.accepts())) == [(Duty.CAPTAIN, dan.id, Outcome.ACCEPTED)]
    assert dict(play(release, dan.accepts()).offers) == {}


def test_a_deputy_has_the_rights_of_the_captain_and_a_shadow_has_none() -> None:
    deputy = play(ready(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    assert (deputy.captain, deputy.deputy) == (ana.id, dan.id)
    assert names(deputy, dan.begins()) == ["StageBegan"]
    shadow = play(ready(), ana.offers(dan, Duty.SHADOW), dan.accepts(Duty.SHADOW))
    assert shadow.shadows == (dan.id,)
    assert refusal(shadow, dan.begins()).code is Code.NOT_YOURS


def test_there_is_one_deputy_and_any_number_of_shadows() -> None:
    release = play(started(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    release = play(release, ana.offers(dee, Duty.DEPUTY), dee.accepts(Duty.DEPUTY))
    assert release.deputy == dee.id
    for person in (ben, gus):
        release = play(release, ana.offers(person, Duty.SHADOW), person.accepts(Duty.SHADOW))
    assert release.shadows == (ben.id, gus.id)


def test_a_deputy_who_becomes_captain_is_deputy_no_more() -> None:
    release = play(started(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    release = play(release, ana.offers(dan), dan.accepts())
    assert (release.captain, release.deputy) == (dan.id, None)


def test_who_has_become_captain_meanwhile_is_not_made_deputy_by_an_older_offer() -> None:
    release = play(started(), ana.offers(dan, Duty.DEPUTY), ana.offers(dan), dan.accepts())
    assert refusal(release, dan.accepts(Duty.DEPUTY)).code is Code.STALE


def test_another_captain_keeps_the_deputy() -> None:
    release = play(started(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    release = play(release, dan.offers(dee), dee.accepts())
    assert (release.captain, release.deputy) == (dee.id, dan.id)


def test_the_duties_are_offered_each_by_itself() -> None:
    release = play(started(), *(ana.offers(dan, duty) for duty in DUTIES))
    assert list(release.offers) == DUTIES
    release = play(release, dan.declines(Duty.DEPUTY))
    assert list(release.offers) == [Duty.CAPTAIN, Duty.SHADOW]


@pytest.mark.parametrize("person", [ben, dan, gus])
@pytest.mark.parametrize("duty", DUTIES)
def test_nobody_but_who_leads_offers_a_duty(person: Person, duty: Duty) -> None:
    refused = refusal(started(), person.offers(dee, duty))
    assert (refused.code, refused.ask) == (Code.NOT_YOURS, (ana.id,))


def test_who_may_not_offer_is_told_who_may() -> None:
    assert refusal(started(), ben.offers(dee)) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Handing over as captain is for the captain or deputy.",
            ask=(UserId("ana"),),
        )
    )


def test_the_captain_offers_nothing_to_oneself() -> None:
    assert refusal(started(), ana.offers(ana)) == snapshot(
        Refused(
            code=Code.ALREADY_DONE,
            because="You are captain already.",
            instead="Name somebody else.",
        )
    )
    for duty in (Duty.DEPUTY, Duty.SHADOW):
        assert refusal(started(), ana.offers(ana, duty)) == snapshot(
            Refused(
                code=Code.NOT_ELIGIBLE,
                because="A duty is offered to somebody else, and not taken.",
                instead="Name somebody else.",
            )
        )
    release = play(started(), ana.offers(ben, Duty.DEPUTY), ben.accepts(Duty.DEPUTY))
    assert refusal(release, ben.offers(ben, Duty.DEPUTY)).because == "You are deputy already."


def test_a_deputy_does_not_take_the_lead_from_a_captain_who_is_there() -> None:
    release = play(started(), ana.offers(ben, Duty.DEPUTY), ben.accepts(Duty.DEPUTY))
    assert refusal(release, ben.offers(ben)).ask == (ana.id,)
    assert refusal(release, ben.takes_the_lead()).code is Code.NOT_YOURS


def test_who_has_a_duty_is_not_offered_it_again() -> None:
    release = play(started(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    release = play(release, ana.offers(dee, Duty.SHADOW), dee.accepts(Duty.SHADOW))
    assert refusal(release, dan.offers(ana)) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="They are captain already.")
    )
    assert refusal(release, ana.offers(dan, Duty.DEPUTY)) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="They are deputy already.")
    )
    assert refusal(release, ana.offers(dee, Duty.SHADOW)) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="They are shadow already.")
    )
    assert names(release, ana.offers(dan, Duty.SHADOW)) == ["DutyOffered"]


NO_MEMBERS = [s for s in Standing if s is not Standing.MEMBER]


@pytest.mark.parametrize("become", NO_MEMBERS)
@pytest.mark.parametrize("duty", [Duty.CAPTAIN, Duty.DEPUTY])
def test_who_leads_is_a_full_member(duty: Duty, become: Standing) -> None:
    refused = refusal(started(), among(standing(gus, become), ana.offers(gus, duty)))
    assert refused.code is Code.NOT_ELIGIBLE
    assert refused.because == (
        f"The {duty} of a release is a full member of the workspace; that is a {become}."
    )
    assert refused.instead == "Name somebody else."


def test_somebody_whom_nobody_knows_is_offered_nothing() -> None:
    assert refusal(started(), ana.offers(NOBODY)) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="The captain of a release is a full member of the workspace; that is nobody of this workspace.",
            instead="Name somebody else.",
        )
    )
    assert refusal(started(), ana.offers(NOBODY, Duty.DEPUTY)).code is Code.NOT_ELIGIBLE
    assert refusal(started(), ana.offers(NOBODY, Duty.SHADOW)) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE, because="Only people of this workspace follow a release as its shadow."
        )
    )


@pytest.mark.parametrize("become", [Standing.MEMBER, Standing.GUEST, Standing.STRANGER])
def test_guests_and_strangers_may_follow_as_shadows(become: Standing) -> None:
    act = among(standing(gus, become), ana.offers(gus, Duty.SHADOW))
    assert names(started(), act) == ["DutyOffered"]


@pytest.mark.parametrize("become", [Standing.BOT, Standing.DEACTIVATED])
def test_neither_a_bot_nor_who_is_deactivated_is_a_shadow(become: Standing) -> None:
    act = among(standing(gus, become), ana.offers(gus, Duty.SHADOW))
    assert refusal(started(), act).code is Code.NOT_ELIGIBLE


def test_nothing_is_offered_or_accepted_while_nobody_can_be_read() -> None:
    def unreadable(act: Act) -> Act:
        return among(lambda town: type(town)(), act)

    assert refusal(started(), unreadable(ana.offers(dan))) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Who is in the workspace cannot be read just now, and what cannot be read counts as no.",
            instead="Try again in a minute.",
        )
    )
    assert (
        refusal(play(started(), ana.offers(dan)), unreadable(dan.accepts())).code is Code.CANNOT_READ_PEOPLE
    )
    assert names(play(started(), ana.offers(dan)), unreadable(dan.declines())) == ["DutyDeclined"]


def led() -> Release:
    """Return a release that is led by people on call, such as dan, who started it."""
    book: Runbook = runbook(lead="on-call")
    return started_with(start(by=dan), book)


@pytest.mark.parametrize("duty", [Duty.CAPTAIN, Duty.DEPUTY])
def test_the_runbook_says_of_which_role_the_leads_are(duty: Duty) -> None:
    assert names(led(), dan.offers(dee, duty)) == ["DutyOffered"]
    refused = refusal(led(), dan.offers(ben, duty))
    assert (refused.code, refused.ask) == (Code.NOT_ELIGIBLE, (dee.id,))
    assert refused.because == f"The {duty} of checkout-1 is somebody in on-call, by its runbook."


def test_a_shadow_need_not_be_of_that_role() -> None:
    assert names(led(), dan.offers(ben, Duty.SHADOW)) == ["DutyOffered"]


def test_who_has_left_that_role_does_not_accept() -> None:
    release = play(led(), dan.offers(dee))
    assert refusal(release, meanwhile(dee.leaves("on-call"), dee.accepts())).code is Code.NOT_ELIGIBLE
    assert play(release, dee.accepts()).captain == dee.id


def test_who_is_a_member_no_more_does_not_accept() -> None:
    release = play(started(), ana.offers(dan))
    act = among(standing(dan, Standing.GUEST), dan.accepts())
    assert refusal(release, act).code is Code.NOT_ELIGIBLE


def test_the_same_offer_is_made_once() -> None:
    release = play(started(), ana.offers(dan))
    assert refusal(release, ana.offers(dan, note="Please.")) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="They have been asked already, and have not answered yet.")
    )


def test_the_note_of_an_offer_and_the_comment_of_a_no_have_a_limit() -> None:
    assert refusal(started(), ana.offers(dan, note="n" * 501)).code is Code.TEXT_TOO_LONG
    offered = play(started(), ana.offers(dan, note="n" * 500))
    assert refusal(offered, dan.declines(comment="c" * 501)).code is Code.TEXT_TOO_LONG


def test_an_offer_to_another_takes_the_place_of_the_one_before() -> None:
    release = play(started(), ana.offers(dan), ana.offers(dee))
    assert outcomes(release) == [(Duty.CAPTAIN, dan.id, Outcome.REPLACED)]
    assert refusal(release, dan.accepts()) == snapshot(
        Refused(
            code=Code.STALE,
            because="To be captain of checkout-1 is not offered to you just now.",
            instead="An offer ends when it is answered, when another is made, or with its time.",
            ask=(UserId("ana"),),
        )
    )
    assert play(release, dee.accepts()).captain == dee.id


def test_who_was_offered_a_duty_declines_it() -> None:
    release = play(started(), ana.offers(dan))
    assert events(release, dan.declines(comment="I am on a train.")) == (
        DutyDeclined(at=NINE, by=dan.id, duty=Duty.CAPTAIN, comment="I am on a train."),
    )
    declined = play(release, dan.declines(comment="I am on a train."))
    assert declined.captain == ana.id
    assert outcomes(declined) == [(Duty.CAPTAIN, dan.id, Outcome.DECLINED)]
    assert declined.handed[0].comment == "I am on a train."
    assert names(declined, ana.offers(dan)) == ["DutyOffered"]


@pytest.mark.parametrize("person", [ana, dee, gus])
@pytest.mark.parametrize("duty", DUTIES)
def test_nobody_answers_an_offer_to_somebody_else(person: Person, duty: Duty) -> None:
    release = play(started(), ana.offers(dan, duty))
    for act in (person.accepts(duty), person.declines(duty)):
        assert refusal(release, act).code is Code.STALE


def test_an_offer_is_answered_once() -> None:
    for answered in (dan.accepts(), dan.declines()):
        release = play(started(), ana.offers(dan), answered)
        assert refusal(release, dan.accepts()).code is Code.STALE
        assert refusal(release, dan.declines()).code is Code.STALE


def test_an_offer_of_one_duty_is_none_of_another() -> None:
    assert refusal(play(started(), ana.offers(dan, Duty.SHADOW)), dan.accepts()).code is Code.STALE


def test_an_offer_lapses_at_the_very_moment_and_the_duty_stays() -> None:
    release = play(quiet(), ana.offers(dan))
    assert attention_at(release) == NINE + 30 * MINUTES
    assert answer(release, time_passes(minutes=29, seconds=59)) == ()
    assert events(release, time_passes(minutes=30)) == (
        OfferLapsed(at=NINE + 30 * MINUTES, by=ROLLCALL, duty=Duty.CAPTAIN, to=dan.id),
    )
    lapsed = play(release, time_passes(minutes=30))
    assert lapsed.captain == ana.id
    assert outcomes(lapsed) == [(Duty.CAPTAIN, dan.id, Outcome.LAPSED)]
    assert answer(lapsed, time_passes(minutes=1)) == ()


def test_an_acceptance_that_comes_too_late_is_not_taken() -> None:
    release = play(quiet(), ana.offers(dan))
    assert names(release, later(dan.accepts(), minutes=29, seconds=59)) == ["DutyAccepted"]
    assert refusal(release, later(dan.accepts(), minutes=30)).code is Code.STALE
    assert names(release, later(ana.offers(dan), minutes=30)) == ["OfferLapsed", "DutyOffered"]


def test_an_acceptance_with_an_old_reading_is_not_taken() -> None:
    release = play(started(), ana.offers(dan))
    read = fingerprint(release)
    for moved in (ben.approves("QA"), gus.holds(), ben.rejects("QA"), ana.changes("1.4.1"), bea.leaves("qa")):
        onward = play(release, moved)
        assert refusal(onward, dan.accepts(read=read)) == snapshot(
            Refused(
                code=Code.STALE,
                because="checkout-1 has moved on since you read how it stands, so it stays where it was.",
                instead="Open the offer again, and read it once more.",
            )
        )
        assert play(onward, dan.accepts()).captain == dan.id


def test_a_reading_holds_while_nothing_has_moved() -> None:
    release = play(quiet(), ana.offers(dan))
    read = fingerprint(release)
    assert play(release, later(dan.accepts(read=read), minutes=20)).captain == dan.id
    assert refusal(release, dan.accepts(read="")).code is Code.STALE


def test_the_people_of_the_moment_are_part_of_the_reading() -> None:
    release = play(started(), ana.offers(dan))
    act = meanwhile(gus.joins("qa"), dan.accepts(read=fingerprint(release)))
    assert refusal(release, act).code is Code.STALE


def test_each_step_that_is_done_makes_another_reading() -> None:
    before = in_production()
    assert fingerprint(before) != fingerprint(play(before, dan.finishes("Deploy")))
    assert fingerprint(before) != fingerprint(play(before, dan.fails("Deploy")))
    assert fingerprint(before) == fingerprint(in_production())


@pytest.mark.parametrize("act", [ana.offers(dan), dan.accepts(), dan.declines()], ids=["offer", "yes", "no"])
def test_nothing_is_handed_over_after_the_end(act: Act) -> None:
    assert refusal(completed(), act).code is Code.ENDED


def test_a_duty_is_handed_over_in_the_midst_of_a_rollback() -> None:
    release = play(in_production(), ana.rolls_back(), ana.offers(cleo), cleo.accepts())
    assert release.captain == cleo.id
    assert names(release, cleo.finishes("Put the version before back in place"))[-1] == "RolledBack"


def test_who_takes_the_lead_ends_the_offer_of_it_that_the_captain_before_had_made() -> None:
    release = play(started(), ana.offers(gus), ana.leaves_the_channel(), dan.takes_the_lead())
    assert (release.captain, dict(release.offers)) == (dan.id, {})
    assert [(it.offer.to, it.outcome) for it in release.handed] == [(gus.id, Outcome.REPLACED)]
    assert refusal(release, gus.accepts()).code is Code.STALE


def test_what_goes_out_is_part_of_the_reading() -> None:
    """The version stays the same, and so does all that is waited for."""
    offered = play(started(), ana.offers(ben))
    riskier = play(offered, ana.changes("1.4.0", Manifest(risk=Risk.HIGH)))
    assert refusal(riskier, ben.accepts(read=fingerprint(offered))).code is Code.STALE


def test_every_offer_ends_when_another_becomes_captain() -> None:
    release = play(started(), ana.offers(gus, Duty.DEPUTY), ana.offers(dee, Duty.SHADOW), ana.offers(dan))
    led = play(release, dan.accepts())
    assert dict(led.offers) == {}
    assert outcomes(led) == [
        (Duty.CAPTAIN, dan.id, Outcome.ACCEPTED),
        (Duty.DEPUTY, gus.id, Outcome.REPLACED),
        (Duty.SHADOW, dee.id, Outcome.REPLACED),
    ]
    assert led.handed[0].waiting == waiting_on(led)
    assert list(play(release, gus.accepts(Duty.DEPUTY)).offers) == [Duty.SHADOW, Duty.CAPTAIN]


def test_somebody_of_the_role_that_leads_may_be_asked_also_from_outside_the_channel() -> None:
    leads = Role(name="leads", group="leads")
    members = {**EVERYBODY, "leads": (ana.id, ben.id)}
    release = started(runbook(lead="leads", roles=(leads,)), members)
    release = play(release, ben.holds(), ben.leaves_the_channel())
    assert play(release, ana.offers(ben), ben.accepts()).captain == ben.id
