"""Working hours of one's own: what can be said, what it comes to, and that open releases follow."""

from datetime import UTC, time, timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.people.absence import CameBackEarly, WentAway
from bot.release.people.directory import Away, Directory, Own
from bot.release.people.hours import Hours, Week
from bot.release.people.own import OwnEvent, own_after
from bot.release.people.own_hours import HoursSet, SetHours
from bot.release.refusal import Code, Refused
from bot.runbook.gates.gate import Reminders
from tests.release.given import (
    ACME,
    EVERYBODY,
    NINE,
    Act,
    Person,
    among,
    ana,
    asks,
    bea,
    ben,
    gated,
    names,
    play,
    started,
    time_passes,
    town,
)

HOUR = timedelta(hours=1)
USUAL = Week()
AFTERNOONS = Week(begins=time(12), ends=time(20, 30), days=(0, 1, 2, 3))
BERLIN = Hours(zone="Europe/Berlin")
HOURS = {ana.id: BERLIN, bea.id: BERLIN, ben.id: BERLIN}


def sets(week: Week, person: Person = bea) -> SetHours:
    return SetHours(workspace=ACME, by=person.id, week=week)


def decided(command: SetHours, directory: Directory) -> HoursSet:
    decision = command.decide(directory, NINE)
    assert isinstance(decision, HoursSet), decision
    return decision


def test_people_say_when_they_work_where_they_are() -> None:
    said = decided(sets(AFTERNOONS), town(hours=HOURS))
    assert said == HoursSet(at=NINE, by=bea.id, week=AFTERNOONS)
    after = town(hours=HOURS).as_told({bea.id: own_after([said])})
    assert after.hours_of(bea.id) == Hours(
        zone="Europe/Berlin", begins=time(12), ends=time(20, 30), days=(0, 1, 2, 3)
    )
    assert after.hours_of(ben.id) == BERLIN


def test_days_count_once_and_in_their_order() -> None:
    assert decided(sets(Week(days=(6, 0, 6, 3))), town()).week.days == (0, 3, 6)


@pytest.mark.parametrize(
    "week",
    [
        Week(begins=time(22), ends=time(6)),
        Week(begins=time(8), ends=time(8)),
        Week(begins=time(0, 1), ends=time(0)),
        Week(days=(6,)),
        Week(days=tuple(range(7))),
    ],
)
def test_any_hours_of_any_days_will_do(week: Week) -> None:
    assert decided(sets(week), town()).week == week


@pytest.mark.parametrize(
    "week",
    [
        Week(days=()),
        Week(days=(0, 7)),
        Week(days=(-1,)),
        Week(begins=time(9, 0, 1)),
        Week(ends=time(18, 0, 0, 1)),
        Week(begins=time(9, tzinfo=UTC)),
    ],
)
def test_what_are_no_hours_is_refused(week: Week) -> None:
    assert sets(week).decide(town(), NINE) == snapshot(
        Refused(
            code=Code.TIME_INVALID,
            because="Working hours begin and end at a full minute, on at least one day of the week.",
            instead="For example: 9:30-17:00 mon-thu",
        )
    )


def test_the_same_hours_are_recorded_once_and_others_take_their_place() -> None:
    told = town(hours=HOURS).as_told({bea.id: Own(week=AFTERNOONS)})
    assert sets(AFTERNOONS).decide(told, NINE) == snapshot(
        Refused(code=Code.ALREADY_DONE, because="These are your working hours already.")
    )
    assert decided(sets(Week(begins=time(12))), told).week == Week(begins=time(12))
    assert decided(sets(AFTERNOONS, ben), told).by == ben.id


def test_who_has_said_nothing_works_at_the_usual_hours_and_one_can_go_back_to_them() -> None:
    told = town(hours=HOURS).as_told({bea.id: Own(week=AFTERNOONS)})
    back = decided(sets(USUAL), told)
    assert town(hours=HOURS).as_told({bea.id: own_after([back])}).hours == HOURS
    refused = sets(USUAL).decide(town(hours=HOURS), NINE)
    assert isinstance(refused, Refused)
    assert refused.code is Code.ALREADY_DONE


def test_where_slack_tells_no_time_zone_the_hours_are_of_utc() -> None:
    told = town().as_told({bea.id: Own(week=AFTERNOONS)})
    assert told.hours == {bea.id: Hours(zone="UTC").in_week(AFTERNOONS)}
    assert told.hours_of(ben.id) == Hours(zone="UTC")


def test_being_away_and_working_hours_are_said_apart() -> None:
    until = NINE + timedelta(days=2)
    went = WentAway(at=NINE, by=bea.id, deputy=ben.id, until=until)
    back = CameBackEarly(at=NINE, by=bea.id)
    week = HoursSet(at=NINE, by=bea.id, week=AFTERNOONS)
    away = Away(deputy=ben.id, until=until)
    stories: list[tuple[list[OwnEvent], Own]] = [
        ([went, week], Own(away=away, week=AFTERNOONS)),
        ([week, went], Own(away=away, week=AFTERNOONS)),
        ([went, week, back], Own(week=AFTERNOONS)),
        ([week, HoursSet(at=NINE, by=bea.id, week=USUAL)], Own(week=USUAL)),
    ]
    for events, own in stories:
        assert own_after(events) == own


def test_an_open_release_follows() -> None:
    """Ben and Bea would both be reminded at ten; Bea works from noon in Berlin, which is eleven here."""

    def passes(minutes: int) -> Act:
        return among(
            lambda there: there.as_told({bea.id: Own(week=AFTERNOONS)}), time_passes(minutes=minutes)
        )

    members = {**EVERYBODY, "qa": (bea.id, ben.id)}
    release = started(gated(asks("QA", Reminders(after=HOUR), qa=1)), members, hours=HOURS)
    assert names(release, passes(1)) == ["MembersRead"]
    release = play(release, passes(1))
    assert release.hours[bea.id] == BERLIN.in_week(AFTERNOONS)
    release = play(release, passes(59))
    assert [one.people for one in release.reminders if one.gate == "QA"] == [(ben.id,)]
    release = play(release, passes(60))
    assert [one.people for one in release.reminders if one.gate == "QA"] == [(ben.id,), (bea.id,)]


def test_who_has_said_nothing_of_their_hours_has_those_that_slack_tells() -> None:
    gone = Own(away=Away(deputy=ben.id, until=NINE + timedelta(days=3)))
    assert town().as_told({bea.id: gone}).hours == {}
    assert town(hours=HOURS).as_told({bea.id: gone}).hours == HOURS
