"""Those who go while they have a duty: what is noted, who is asked, and who takes the lead."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start, fold
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.directory import Directory
from bot.release.people.handoff import Duty, LeadTaken, Outcome
from bot.release.people.leaving import CameBack, Gone, LeftWithDuty
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import Stage
from bot.runbook.roles.role import Role, Standing
from tests.release.given import (
    EVERYBODY,
    NINE,
    Act,
    Person,
    among,
    ana,
    answer,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gus,
    in_production,
    later,
    names,
    play,
    ready,
    refusal,
    runbook,
    standing,
    start,
    start_facts,
    started,
    started_with,
    steps,
    time_passes,
    town,
)

GONE = Standing.DEACTIVATED


def deactivated(person: Person, act: Act | None = None) -> Act:
    """Let an act, or a look at the release, come when somebody is deactivated."""
    return among(standing(person, GONE), act or time_passes())


def captain_awaited(release: Release) -> list[Waiting]:
    return [one for one in waiting_on(release) if one.kind is Awaited.CAPTAIN]


def with_deputy(person: Person) -> Release:
    return play(started(), ana.offers(person, Duty.DEPUTY), person.accepts(Duty.DEPUTY))


def test_a_captain_who_leaves_the_channel_is_noted_with_the_duty() -> None:
    assert events(started(), ana.leaves_the_channel()) == (
        LeftWithDuty(at=NINE, by=ana.id, person=ana.id, how=Gone.LEFT, duties=("captain",)),
    )


def test_all_that_somebody_had_to_do_is_noted() -> None:
    release = play(with_deputy(dan), dan.holds("One."), gus.holds("Two."), dan.holds("Three."))
    (left,) = events(release, dan.leaves_the_channel())
    assert isinstance(left, LeftWithDuty)
    assert left.duties == ("deputy", "owner of hold 1", "owner of hold 3")


@pytest.mark.parametrize("person", [ben, dan, gus])
def test_who_has_nothing_to_do_goes_unnoted(person: Person) -> None:
    assert answer(started(), person.leaves_the_channel()) == ()


def test_who_has_left_already_is_noted_once() -> None:
    release = play(started(), ana.leaves_the_channel())
    assert answer(release, ana.leaves_the_channel()) == ()


def test_who_comes_back_into_the_channel_has_the_duty_as_before() -> None:
    release = play(started(), ana.leaves_the_channel())
    assert events(release, ana.joins_the_channel()) == (CameBack(at=NINE, by=ana.id, person=ana.id),)
    back = play(release, ana.joins_the_channel())
    assert dict(back.leavers) == {}
    assert captain_awaited(back) == []
    assert answer(back, ana.joins_the_channel()) == ()


def test_who_was_never_away_does_not_come_back() -> None:
    assert answer(started(), gus.joins_the_channel()) == ()


def test_a_captain_who_is_deactivated_is_noted_by_rule() -> None:
    assert events(started(), deactivated(ana)) == (
        LeftWithDuty(at=NINE, by=ROLLCALL, person=ana.id, how=Gone.DEACTIVATED, duties=("captain",)),
    )
    release = play(started(), deactivated(ana))
    assert answer(release, deactivated(ana)) == ()


def test_somebody_whom_the_workspace_does_not_know_any_more_is_gone_too() -> None:
    def forgotten(town: Directory) -> Directory:
        return replace(town, people={p: s for p, s in town.people.items() if p != ana.id})

    assert names(started(), among(forgotten, time_passes())) == ["LeftWithDuty"]


def test_a_deputy_and_the_owner_of_a_hold_who_are_deactivated_are_noted() -> None:
    for person, duty in ((dan, "deputy"), (gus, "owner of hold 1")):
        release = play(with_deputy(dan), gus.holds())
        (left,) = (it for it in events(release, deactivated(person)) if isinstance(it, LeftWithDuty))
        assert (left.person, left.duties) == (person.id, (duty,))


def test_others_who_are_deactivated_go_unnoted() -> None:
    assert "LeftWithDuty" not in names(started(), deactivated(ben))


def test_a_guest_is_not_gone() -> None:
    release = play(started(), gus.holds())
    assert answer(release, among(standing(gus, Standing.GUEST), time_passes())) == ()


def test_who_is_active_again_is_back() -> None:
    release = play(started(), deactivated(ana))
    assert events(release, time_passes()) == (CameBack(at=NINE, by=ROLLCALL, person=ana.id),)


def test_who_is_active_again_is_back_though_the_duty_is_over() -> None:
    release = play(started(), ben.holds(), deactivated(ben), deactivated(ben, ana.lifts(1, "It is clear.")))
    assert events(release, time_passes()) == (CameBack(at=NINE, by=ROLLCALL, person=ben.id),)
    led = play(release, ben.joins("qa"), ana.leaves_the_channel(), ben.takes_the_lead())
    assert led.captain == ben.id


def test_whoever_started_it_is_no_heir_when_deactivated() -> None:
    release = play(started(), ana.offers(gus), gus.accepts(), deactivated(ana))
    left = play(release, deactivated(ana, gus.leaves_the_channel()))
    assert captain_awaited(left)[0].on == (bea.id, ben.id, eli.id, dan.id, dee.id)
    assert refusal(left, deactivated(ana, ana.takes_the_lead())).code is Code.NOT_ELIGIBLE
    assert captain_awaited(play(left, time_passes()))[0].on[-1] == ana.id


def test_whoever_started_it_has_no_duty_by_that() -> None:
    release = play(started(), ana.offers(gus), gus.accepts())
    assert answer(release, ana.leaves_the_channel()) == ()
    assert play(release, deactivated(ana)).leavers[ana.id].duties == ()


def test_who_is_deactivated_does_not_come_back_by_the_channel() -> None:
    release = play(started(), deactivated(ana))
    assert answer(release, deactivated(ana, ana.joins_the_channel())) == ()


def test_who_has_left_the_channel_does_not_come_back_by_being_active() -> None:
    release = play(started(), ana.leaves_the_channel())
    assert answer(release, time_passes()) == ()


def test_who_has_left_and_is_then_deactivated_is_noted_again() -> None:
    release = play(started(), ana.leaves_the_channel())
    assert names(release, deactivated(ana)) == ["LeftWithDuty"]


def test_nobody_is_noted_while_nobody_can_be_read() -> None:
    assert answer(started(), among(lambda town: Directory(), time_passes())) == ()


def test_a_release_without_a_captain_waits_for_one() -> None:
    release = play(started(), later(ana.leaves_the_channel(), hours=0))
    assert captain_awaited(release) == [
        Waiting(
            kind=Awaited.CAPTAIN,
            name="left the channel",
            role="captain",
            on=(bea.id, ben.id, eli.id, dan.id, dee.id),
            since=NINE,
        )
    ]
    assert [w.name for w in captain_awaited(play(started(), deactivated(ana)))] == ["is deactivated"]


def test_it_waits_for_the_deputy_first() -> None:
    release = play(with_deputy(gus), ana.leaves_the_channel())
    assert captain_awaited(release)[0].on[0] == gus.id


def test_it_waits_for_people_of_the_role_that_leads_where_there_is_one() -> None:
    release = play(started_with(start(by=dan), runbook(lead="on-call")), dan.leaves_the_channel())
    assert captain_awaited(release)[0].on == (dee.id,)
    assert refusal(release, ben.takes_the_lead()).ask == (dee.id,)
    assert play(release, dee.takes_the_lead()).captain == dee.id


def test_it_waits_for_the_captain_where_nobody_else_may_lead() -> None:
    release = play(
        started_with(start(by=dan), runbook(lead="on-call")), dee.leaves("on-call"), dan.leaves_the_channel()
    )
    assert captain_awaited(release)[0].on == (dan.id,)


def test_it_waits_for_the_others_where_nobody_is_left_in_the_role_that_leads() -> None:
    release = started_with(start(by=dan), runbook(lead="on-call"))
    release = play(release, dee.leaves("on-call"), deactivated(dan, dan.leaves("on-call")))
    assert captain_awaited(release)[0].on == (bea.id, ben.id, eli.id)
    assert refusal(release, deactivated(dan, cleo.takes_the_lead())).ask == (bea.id, ben.id, eli.id)
    led = play(release, deactivated(dan, bea.takes_the_lead()))
    assert led.captain == bea.id
    assert refusal(led, deactivated(dan, bea.offers(cleo))).ask == (ben.id, eli.id)
    assert play(led, deactivated(dan, bea.offers(ben)), deactivated(dan, ben.accepts())).captain == ben.id


def test_a_guest_who_owns_the_stage_is_no_heir() -> None:
    role = Role(name="guests", group="guests", admits=(Standing.GUEST,))
    book = runbook(Stage(name="Only", owner="guests", production=True, steps=steps("Deploy")), roles=(role,))
    members = {**EVERYBODY, "guests": (bea.id, gus.id)}
    directory = standing(gus, Standing.GUEST)(town(members))
    decision = decide_start(start(), start_facts(book, directory=directory))
    assert not isinstance(decision, Refused)
    release = play(fold(decision), among(standing(gus, Standing.GUEST), ana.leaves_the_channel()))
    assert captain_awaited(release)[0].on == (bea.id,)
    assert (
        refusal(release, among(standing(gus, Standing.GUEST), gus.takes_the_lead())).code is Code.NOT_ELIGIBLE
    )
    assert captain_awaited(play(release, time_passes()))[0].on == (bea.id, gus.id)


def test_a_hold_whose_owner_has_gone_waits_for_who_leads() -> None:
    release = play(started(), gus.holds(), gus.leaves_the_channel())
    assert waiting_on(release)[0].on == (ana.id,)
    assert waiting_on(play(release, gus.joins_the_channel()))[0].on == (gus.id,)


def test_a_go_waits_for_the_owners_when_the_captain_has_gone() -> None:
    def go(release: Release) -> tuple[UserId, ...]:
        return next(one.on for one in waiting_on(release) if one.kind is Awaited.GO)

    release = play(ready(), ana.leaves_the_channel())
    assert go(release) == (bea.id, ben.id, eli.id)
    led = play(ready(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY), ana.leaves_the_channel())
    assert go(led) == (dan.id,)


def test_who_has_gone_with_a_hold_is_waited_for_where_nobody_else_leads() -> None:
    release = play(started(), ana.holds(), ana.leaves_the_channel())
    assert [one.on for one in waiting_on(release) if one.kind is Awaited.HOLD] == [(ana.id,)]


def test_a_deputy_who_is_not_in_the_role_that_leads_any_more_is_no_heir() -> None:
    leads = Role(name="leads", group="leads")
    members = {**EVERYBODY, "leads": (ana.id, ben.id, bea.id)}
    release = started(runbook(lead="leads", roles=(leads,)), members)
    release = play(release, ana.offers(ben, Duty.DEPUTY), ben.accepts(Duty.DEPUTY), ben.leaves("leads"))
    release = play(release, ana.leaves_the_channel())
    assert captain_awaited(release)[0].on == (bea.id,)
    assert refusal(release, ben.takes_the_lead()).ask == (bea.id,)


@pytest.mark.parametrize("person", [ben, bea, eli, dan, dee])
def test_an_owner_of_the_stage_or_of_the_rollback_takes_the_lead(person: Person) -> None:
    release = play(started(), ana.leaves_the_channel())
    assert events(release, person.takes_the_lead()) == (LeadTaken(at=NINE, by=person.id),)
    led = play(release, person.takes_the_lead())
    assert led.captain == person.id
    assert captain_awaited(led) == []


def test_the_deputy_takes_the_lead_and_is_deputy_no_more() -> None:
    release = play(with_deputy(gus), ana.leaves_the_channel(), gus.takes_the_lead())
    assert (release.captain, release.deputy) == (gus.id, None)


def test_who_started_the_release_takes_the_lead_back() -> None:
    release = play(started(), ana.offers(gus), gus.accepts(), gus.leaves_the_channel())
    assert play(release, ana.takes_the_lead()).captain == ana.id


@pytest.mark.parametrize("person", [cleo, gus])
def test_nobody_else_takes_the_lead(person: Person) -> None:
    assert refusal(play(started(), ana.leaves_the_channel()), person.takes_the_lead()) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Others come first to lead checkout-1.",
            ask=(UserId("bea"), UserId("ben"), UserId("eli"), UserId("dan"), UserId("dee")),
        )
    )


def test_who_has_gone_themselves_does_not_take_the_lead() -> None:
    release = play(started(), ben.holds(), ben.leaves_the_channel(), ana.leaves_the_channel())
    assert refusal(release, ben.takes_the_lead()).code is Code.NOT_YOURS
    assert refusal(release, ana.takes_the_lead()).code is Code.NOT_YOURS


@pytest.mark.parametrize("person", [ana, ben, dan])
def test_nobody_takes_the_lead_of_a_release_that_has_a_captain(person: Person) -> None:
    assert refusal(started(), person.takes_the_lead()) == snapshot(
        Refused(
            code=Code.NOT_YOURS, because="checkout-1 has a captain, who hands it over.", ask=(UserId("ana"),)
        )
    )


def test_what_the_captain_offered_ends_when_another_takes_the_lead() -> None:
    release = play(started(), ana.offers(gus, Duty.DEPUTY), ana.offers(dan), ana.leaves_the_channel())
    led = play(release, ben.takes_the_lead())
    assert dict(led.offers) == {}
    assert [(it.offer.to, it.outcome) for it in led.handed] == [
        (gus.id, Outcome.REPLACED),
        (dan.id, Outcome.REPLACED),
    ]
    assert refusal(led, gus.accepts(Duty.DEPUTY)).code is Code.STALE


def test_who_has_gone_is_not_asked_what_follows_a_failure() -> None:
    def choice(release: Release) -> tuple[UserId, ...]:
        return next(one.on for one in waiting_on(release) if one.kind is Awaited.CHOICE)

    release = play(in_production(), dan.fails("Deploy"), ana.leaves_the_channel())
    assert choice(release) == (dan.id, dee.id)
    assert choice(play(release, ana.joins_the_channel())) == (ana.id, dan.id, dee.id)


def test_the_lead_is_taken_once() -> None:
    release = play(started(), ana.leaves_the_channel(), ben.takes_the_lead())
    assert refusal(release, bea.takes_the_lead()).ask == (ben.id,)


def test_who_takes_the_lead_is_a_full_member() -> None:
    release = play(started(), ana.offers(gus), gus.accepts(), gus.leaves_the_channel())
    act = among(standing(ana, Standing.GUEST), ana.takes_the_lead())
    assert refusal(release, act).code is Code.NOT_ELIGIBLE
    unread = among(lambda town: Directory(), ana.takes_the_lead())
    assert refusal(release, unread).code is Code.CANNOT_READ_PEOPLE


def test_the_captain_who_has_gone_may_hand_over_from_outside_the_channel() -> None:
    release = play(started(), ana.leaves_the_channel(), ana.offers(dan), dan.accepts())
    assert release.captain == dan.id
    assert captain_awaited(release) == []


def test_a_captain_who_has_gone_is_found_before_anything_else_is_decided() -> None:
    act = deactivated(ana, ben.takes_the_lead())
    assert names(started(), act) == ["LeftWithDuty", "LeadTaken"]


def test_a_release_goes_on_without_its_captain() -> None:
    release = play(ready(), ana.leaves_the_channel())
    assert play(release, ben.begins()).state is State.IN_PROGRESS
    assert names(play(in_production(), ana.leaves_the_channel()), dan.finishes("Deploy")) == ["StepDone"]


@pytest.mark.parametrize(
    "act",
    [ana.leaves_the_channel(), ana.joins_the_channel(), dan.takes_the_lead()],
    ids=["leave", "join", "lead"],
)
def test_nothing_of_it_is_noted_after_the_end(act: Act) -> None:
    assert refusal(completed(), act).code is Code.ENDED


def test_nobody_is_looked_for_after_the_end() -> None:
    assert answer(completed(), deactivated(ana)) == ()
    assert completed().leavers.get(UserId("ana")) is None


def test_who_left_and_has_nothing_to_do_any_more_is_not_noted_again() -> None:
    release = play(started(), gus.holds(), gus.leaves_the_channel(), ana.lifts(1, "It is green."))
    assert names(release, deactivated(gus)) == []
