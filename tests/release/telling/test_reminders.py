"""Reminding those who have not answered: when, whom, how often, and caught up once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.directory import Directory
from bot.release.people.handoff import Duty
from bot.release.people.hours import Hours
from bot.release.release import Release
from bot.release.state import State
from bot.release.telling.reminders import Reminded, Way, at_gate_since
from bot.release.waiting import Awaited
from bot.runbook.gates.gate import CheckPassed, Of, Risk, Seats, When
from bot.runbook.model import Check, Reminders, Rollback, Stage
from tests.release.given import (
    CHECK,
    NINE,
    Act,
    among,
    ana,
    answer,
    asks,
    away,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    events,
    gated,
    gus,
    in_production,
    later,
    meanwhile,
    names,
    needs,
    play,
    ready,
    runbook,
    started,
    steps,
    time_passes,
    unread,
)

HOUR = timedelta(hours=1)
PLAN = Reminders(after=HOUR, every=4 * HOUR, limit=3)
ONE_GATE = CHECK.model_copy(update={"gates": (asks("QA", qa=2),)})


def one_gate() -> Release:
    return started(runbook(ONE_GATE, reminders=PLAN))


def reminded(release: Release, act: Act) -> list[tuple[str, int, tuple[UserId, ...]]]:
    """Return the gate, the count and the people of each reminder that an act brings about."""
    made = (event for event in events(release, act) if isinstance(event, Reminded))
    return [(event.gate, event.count, event.people) for event in made]


def asked_of(release: Release) -> list[str]:
    """Return what is reminded of after an hour: how, about what, and whom."""
    made = (event for event in events(release, time_passes(hours=1)) if isinstance(event, Reminded))
    return [f"{it.way} {it.about} {it.gate}: {' '.join(it.people)}" for it in made]


def told(release: Release) -> list[str]:
    """Return each reminder that there was: when, how, whom, and who is to help."""
    return [
        f"{it.at:%a %H:%M} {it.way}: {' '.join(it.people) or 'nobody'}{_helped(it)}"
        for it in release.reminders
    ]


def _helped(past: Reminded) -> str:
    return f", with {' '.join(past.helpers)}" if past.helpers else ""


def by_the_clock(
    release: Release, until: datetime, there: Callable[[Directory], Directory] = lambda town: town
) -> Release:
    """Return the release after the scheduler has looked at it whenever it needed attention."""
    while (at := attention_at(release)) is not None and at <= until:
        release = play(release, among(there, time_passes(seconds=(at - release.at).total_seconds())))
    return release


def test_nobody_is_reminded_before_the_time() -> None:
    assert answer(one_gate(), time_passes(minutes=59, seconds=59)) == ()


def test_the_first_reminder_comes_when_it_is_exactly_due_and_is_private() -> None:
    people = (bea.id, ben.id, eli.id)
    assert events(one_gate(), time_passes(hours=1)) == (
        Reminded(at=NINE + HOUR, by=ROLLCALL, stage=0, gate="QA", count=1, people=people, way=Way.PRIVATE),
    )


def test_the_release_needs_attention_when_a_reminder_is_due() -> None:
    assert attention_at(one_gate()) == NINE + HOUR
    assert attention_at(play(one_gate(), time_passes(hours=1))) == NINE + 5 * HOUR


def test_it_gets_louder_from_reminder_to_reminder_up_to_the_limit() -> None:
    plan = Reminders(after=HOUR, every=4 * HOUR, limit=5, backup="on-call")
    release = by_the_clock(started(runbook(ONE_GATE, reminders=plan)), NINE + timedelta(days=30))
    assert told(release) == snapshot(
        [
            "Mon 10:00 private: bea ben eli",
            "Mon 14:00 thread: bea ben eli",
            "Mon 18:00 backup: bea ben eli, with dan dee",
            "Mon 22:00 channel: bea ben eli, with ana",
            "Tue 02:00 channel: bea ben eli, with ana",
            "Tue 10:00 private: bea ben eli",
            "Wed 10:00 private: bea ben eli",
            "Thu 10:00 private: bea ben eli",
            "Fri 10:00 private: bea ben eli",
        ]
    )
    assert answer(release, time_passes(days=30)) == ()
    assert attention_at(release) is None


def test_without_a_backup_the_channel_comes_after_the_thread() -> None:
    release = by_the_clock(one_gate(), NINE + timedelta(hours=12))
    assert told(release) == snapshot(
        [
            "Mon 10:00 private: bea ben eli",
            "Mon 14:00 thread: bea ben eli",
            "Mon 18:00 channel: bea ben eli, with ana",
        ]
    )


def test_a_backup_that_is_asked_itself_or_away_is_no_help() -> None:
    plan = Reminders(after=HOUR, every=HOUR, limit=3, backup="on-call")
    release = started(runbook(ONE_GATE, reminders=plan))
    release = play(
        release,
        among(away(dan, gus, NINE + timedelta(days=3)), time_passes(hours=1)),
        among(away(dan, gus, NINE + timedelta(days=3)), time_passes(hours=1)),
        among(away(dan, gus, NINE + timedelta(days=3)), time_passes(hours=1)),
    )
    assert told(release)[-1] == snapshot("Mon 12:00 backup: bea ben eli, with dee")


def test_one_reminder_is_private_and_no_more() -> None:
    plan = Reminders(after=HOUR, every=HOUR, limit=1, backup="on-call")
    release = by_the_clock(started(runbook(ONE_GATE, reminders=plan)), NINE + timedelta(days=9))
    assert told(release) == ["Mon 10:00 private: bea ben eli"]


def test_each_is_reminded_in_their_own_hours() -> None:
    """Bea and Ben are in Berlin, an hour ahead; Eli is in New York, five hours behind."""
    berlin, new_york = Hours(zone="Europe/Berlin"), Hours(zone="America/New_York")
    hours = {bea.id: berlin, ben.id: berlin, eli.id: new_york}
    release = started(runbook(ONE_GATE, reminders=PLAN), hours=hours)
    assert attention_at(release) == NINE + HOUR
    assert told(by_the_clock(release, NINE + timedelta(days=1, hours=6))) == snapshot(
        [
            "Mon 10:00 private: bea ben",
            "Mon 14:00 private: eli",
            "Mon 14:00 thread: bea ben",
            "Mon 18:00 channel: eli, with ana",
            "Tue 08:00 private: bea ben",
            "Tue 14:00 private: eli",
        ]
    )


def test_a_weekend_and_a_holiday_pass_in_quiet() -> None:
    hours = dict.fromkeys((bea.id, ben.id, eli.id, ana.id), Hours(zone="UTC"))
    book = runbook(ONE_GATE, reminders=PLAN, holidays=(date(2026, 3, 9),))
    friday = play(started(book, hours=hours), later(ana.changes("1.4.1"), days=4, hours=8, minutes=30))
    assert told(by_the_clock(friday, NINE + timedelta(days=9))) == snapshot(
        [
            "Tue 09:00 private: bea ben eli",
            "Tue 13:00 thread: bea ben eli",
            "Tue 17:00 channel: bea ben eli, with ana",
            "Wed 09:00 private: bea ben eli",
        ]
    )


def test_who_is_asked_only_since_the_evening_is_reminded_in_the_morning() -> None:
    hours = {person.id: Hours(zone="UTC") for person in (bea, ben, eli, gus)}
    release = by_the_clock(started(runbook(ONE_GATE, reminders=PLAN), hours=hours), NINE + 8 * HOUR)
    evening = meanwhile(gus.joins("qa"), time_passes(hours=5))
    release = play(release, among(lambda town: replace(town, hours=hours), evening))
    assert [
        line for line in told(by_the_clock(release, NINE + timedelta(days=1, hours=3))) if "gus" in line
    ] == snapshot(["Tue 09:00 private: bea ben eli gus"])


def test_who_is_to_help_is_named_in_their_own_hours() -> None:
    """The afternoon of London is the evening of Dan in Tokyo and the morning of Dee in New York."""
    plan = Reminders(after=HOUR, every=2 * HOUR, limit=4, backup="on-call")
    london = dict.fromkeys((bea.id, ben.id, eli.id), Hours(zone="Europe/London"))
    hours = {
        **london,
        dan.id: Hours(zone="Asia/Tokyo"),
        UserId("dee"): Hours(zone="America/New_York"),
        ana.id: Hours(zone="Australia/Sydney"),
    }
    release = started(runbook(ONE_GATE, reminders=plan), hours=hours)
    assert told(by_the_clock(release, NINE + timedelta(days=1))) == snapshot(
        [
            "Mon 10:00 private: bea ben eli",
            "Mon 12:00 thread: bea ben eli",
            "Mon 14:00 backup: bea ben eli, with dee",
            "Mon 22:00 channel: nobody, with ana",
            "Tue 09:00 private: bea ben eli",
        ]
    )


def test_a_deputy_is_reminded_in_their_own_hours() -> None:
    hours = {gus.id: Hours(zone="America/New_York")}
    absent = away(bea, gus, NINE + timedelta(days=3))
    act = among(lambda town: replace(town, hours=hours), among(absent, time_passes(hours=1)))
    release = play(one_gate(), act)
    assert told(release) == snapshot(["Mon 10:00 private: ben eli"])


def test_what_was_missed_is_caught_up_in_working_hours() -> None:
    hours = {person.id: Hours(zone="UTC") for person in (bea, ben, eli, ana)}
    release = started(runbook(ONE_GATE, reminders=PLAN), hours=hours)
    night = play(release, time_passes(hours=17))
    assert [type(event).__name__ for event in events(release, time_passes(hours=17))] == [
        "RemindersPostponed"
    ]
    assert attention_at(night) == NINE + timedelta(days=1)
    assert told(by_the_clock(night, NINE + timedelta(days=1, hours=1))) == ["Tue 09:00 private: bea ben eli"]
    asked = play(release, time_passes(hours=1))
    assert names(asked, time_passes(hours=16)) == ["RemindersPostponed"]
    assert told(by_the_clock(play(asked, time_passes(hours=16)), NINE + timedelta(days=1)))[1:] == [
        "Tue 09:00 private: bea ben eli",
        "Tue 09:00 thread: bea ben eli",
    ]


def test_where_all_who_are_asked_are_away_their_deputies_are_or_who_leads() -> None:
    until = NINE + timedelta(days=9)
    both_away = (away(dan, gus, until), away(dee, gus, until))

    def meanwhile_away(act: Act) -> Act:
        return among(both_away[0], among(both_away[1], act))

    release = play(in_production(), meanwhile_away(time_passes()))
    (reminded,) = events(release, meanwhile_away(time_passes(hours=1)))
    assert isinstance(reminded, Reminded)
    assert (reminded.gate, reminded.people) == ("Deploy", (gus.id,))


def test_a_deputy_is_not_asked_for_a_report_that_they_may_not_make() -> None:
    book = gated(
        needs("Green", CheckPassed(check="good")),
        checks=(Check(name="good", by="on-call", each=True),),
        reminders=Reminders(after=HOUR),
    )
    absent = away(dan, gus, NINE + timedelta(days=9))
    release = play(started(book), among(absent, dee.reports("good")))
    (reminded,) = events(release, among(absent, time_passes(hours=1)))
    assert isinstance(reminded, Reminded)
    assert (reminded.gate, reminded.people) == ("good", (ana.id,))


def test_two_holds_with_the_same_reason_are_two_things_to_be_reminded_of() -> None:
    held = play(started(), gus.holds("Red.", until=HOUR), ben.holds("Red.", until=HOUR), time_passes(hours=1))
    made = [it for it in events(held, time_passes(hours=1)) if isinstance(it, Reminded)]
    assert [(it.number, it.people) for it in made if it.about is Awaited.QUESTION] == [
        (1, (gus.id,)),
        (2, (ben.id,)),
    ]


def test_of_the_backup_those_help_who_are_not_asked_themselves() -> None:
    plan = Reminders(after=HOUR, every=HOUR, limit=3, backup="security")
    release = by_the_clock(started(runbook(ONE_GATE, reminders=plan)), NINE + 4 * HOUR)
    assert told(release)[-1] == "Mon 12:00 backup: bea ben eli, with cleo"


def test_of_those_who_lead_one_is_asked_to_help() -> None:
    led = play(one_gate(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY))
    assert told(by_the_clock(led, NINE + 10 * HOUR))[-1] == "Mon 18:00 channel: bea ben eli, with ana"


def test_a_rejection_that_is_older_than_what_goes_out_is_reminded_of_in_its_time() -> None:
    rejected = play(one_gate(), bea.rejects("QA"), later(ana.changes("1.4.1"), minutes=30))
    assert attention_at(rejected) == NINE + HOUR
    assert told(play(rejected, time_passes(minutes=30)))[-1] == "Mon 10:00 private: bea ana"


def test_what_is_older_than_the_stage_is_reminded_of_at_once() -> None:
    """A check that failed in the stage before is asked for in the next one."""
    need, plan = CheckPassed(check="lint"), Reminders(after=HOUR, every=4 * HOUR)
    first = Stage(name="First", owner="qa", gates=(needs("Green", need),), steps=steps("Try"))
    second = Stage(name="Second", owner="qa", gates=(needs("Still green", need),), steps=steps("Deploy"))
    book = runbook(
        first,
        second,
        checks=(Check(name="lint", by="on-call"),),
        overrides="security",
        reminders=plan,
    )
    release = play(
        started(book),
        dan.reports("lint", passed=False),
        cleo.overrides("Green"),
        later(ben.finishes("Try"), minutes=90),
    )
    assert (release.stage, told(release)) == (1, ["Mon 10:30 private: dan dee"])
    at = attention_at(release)
    assert at is not None
    assert at > release.at


def test_a_captain_who_has_gone_is_not_asked_to_help() -> None:
    release = by_the_clock(play(one_gate(), ana.leaves_the_channel()), NINE + 12 * HOUR)
    assert [line for line in told(release) if "channel" in line] == snapshot(
        ["Mon 18:00 channel: bea ben eli", "Mon 18:00 channel: bea ben eli"]
    )


def test_reminders_that_were_missed_are_caught_up_once() -> None:
    release = play(one_gate(), time_passes(days=3))
    assert [past.count for past in release.reminders] == [1]
    assert answer(release, time_passes(minutes=1)) == ()
    assert attention_at(release) == NINE + timedelta(days=3) + 4 * HOUR


def test_a_second_look_at_the_same_moment_reminds_nobody_again() -> None:
    release = play(one_gate(), time_passes(hours=1))
    assert answer(release, time_passes()) == ()


def test_who_has_answered_is_not_reminded() -> None:
    release = play(one_gate(), ben.approves("QA"))
    assert reminded(release, time_passes(hours=1)) == [("QA", 1, (bea.id, eli.id))]


def test_nobody_else_is_reminded_of_a_gate_that_somebody_has_rejected() -> None:
    release = play(one_gate(), ben.rejects("QA"))
    assert asked_of(release) == ["private rejection QA: ben ana"]
    assert reminded(play(release, ben.approves("QA")), time_passes(days=1)) == [("QA", 1, (bea.id, eli.id))]
    assert asked_of(play(started(), ben.rejects("QA"))) == snapshot(
        ["private approval Security: cleo eli", "private rejection QA: ben ana"]
    )


def test_people_of_the_moment_are_reminded() -> None:
    act = meanwhile(gus.joins("qa"), time_passes(hours=1))
    assert names(one_gate(), act) == ["MembersRead", "Reminded"]
    assert reminded(one_gate(), act) == [("QA", 1, (bea.id, ben.id, eli.id, gus.id))]
    act = meanwhile(bea.leaves("qa"), time_passes(hours=1))
    assert reminded(one_gate(), act) == [("QA", 1, (ben.id, eli.id))]


def test_people_that_were_known_are_reminded_while_nobody_can_be_read() -> None:
    act = unread("qa", time_passes(hours=1))
    assert reminded(one_gate(), act) == [("QA", 1, (bea.id, ben.id, eli.id))]


def test_the_starter_is_not_reminded_of_an_approval_that_may_not_be_given() -> None:
    act = meanwhile(ana.joins("qa"), time_passes(hours=1))
    assert reminded(one_gate(), act) == [("QA", 1, (bea.id, ben.id, eli.id))]


def test_nobody_is_reminded_where_nobody_is_left_to_ask() -> None:
    release = play(one_gate(), ben.approves("QA"), bea.leaves("qa"), eli.leaves("qa"))
    assert asked_of(release) == ["private people QA: ana"]


def test_somebody_in_two_roles_is_reminded_once() -> None:
    book = runbook(CHECK.model_copy(update={"gates": (asks("Both", qa=1, security=1),)}))
    assert reminded(started(book), time_passes(hours=1)) == [("Both", 1, (bea.id, ben.id, eli.id, cleo.id))]


def test_each_gate_has_its_own_reminders() -> None:
    release = started()
    assert reminded(release, time_passes(hours=1)) == snapshot(
        [("QA", 1, ("bea", "ben", "eli")), ("Security", 1, ("cleo", "eli"))]
    )
    release = play(release, cleo.approves("Security"))
    assert [gate for gate, *_ in reminded(release, time_passes(hours=1))] == ["QA"]


def test_a_gate_may_have_its_own_times() -> None:
    slow = Reminders(after=2 * HOUR, every=HOUR, limit=1)
    gates = (asks("QA", slow, qa=2), asks("Security", security=1))
    release = started(runbook(CHECK.model_copy(update={"gates": gates}), reminders=PLAN))
    assert attention_at(release) == NINE + HOUR
    release = play(release, time_passes(hours=1))
    assert [past.gate for past in release.reminders] == ["Security"]
    release = play(release, time_passes(hours=1))
    assert [past.gate for past in release.reminders] == ["Security", "QA"]
    assert attention_at(release) == NINE + 5 * HOUR


def test_the_earliest_time_of_all_gates_counts() -> None:
    gates = (asks("QA", Reminders(after=3 * HOUR), qa=2), asks("Security", security=1))
    release = started(runbook(CHECK.model_copy(update={"gates": gates}), reminders=PLAN))
    assert attention_at(release) == NINE + HOUR
    assert attention_at(play(release, cleo.approves("Security"))) == NINE + 3 * HOUR


def test_of_a_gate_that_lacks_nothing_but_a_withdrawal_who_may_end_it_are_reminded() -> None:
    release = play(one_gate(), ben.approves("QA"), bea.approves("QA"), eli.rejects("QA"))
    assert told(by_the_clock(release, NINE + 12 * HOUR)) == snapshot(
        ["Mon 10:00 private: eli ana", "Mon 14:00 thread: eli ana", "Mon 18:00 channel: eli ana"]
    )
    assert asked_of(play(release, ana.settles("QA", eli))) == ["private go Check: ana"]


def test_of_a_hold_its_owner_is_reminded_unless_it_was_given_a_time() -> None:
    quiet = runbook(ONE_GATE.model_copy(update={"gates": ()}), reminders=PLAN)
    held = play(started(quiet), gus.holds())
    assert told(by_the_clock(held, NINE + 12 * HOUR)) == snapshot(
        ["Mon 10:00 private: gus", "Mon 14:00 thread: gus", "Mon 18:00 channel: gus, with ana"]
    )
    assert asked_of(play(started(quiet), gus.holds(until=3 * HOUR))) == []
    two = play(started(quiet), gus.holds("Red."), later(ben.holds("Red."), minutes=1))
    made = [it for it in events(two, time_passes(hours=2)) if isinstance(it, Reminded)]
    assert [(it.number, it.people) for it in made] == [(1, (gus.id,)), (2, (ben.id,))]


def test_people_are_reminded_of_whatever_a_release_waits_for() -> None:
    assert asked_of(ready()) == snapshot(["private go Check: ana"])
    assert asked_of(in_production()) == snapshot(["private step Deploy: dan dee"])
    assert asked_of(play(in_production(), dan.fails("Deploy"))) == snapshot(
        ["private choice Deploy: ana dan dee"]
    )
    assert asked_of(play(ready(), ana.leaves_the_channel())) == snapshot(
        ["private captain left the channel: bea ben eli dan dee", "private go Check: bea ben eli"]
    )
    assert asked_of(play(in_production(), gus.holds(until=HOUR), time_passes(hours=1))) == snapshot(
        ["private question The dashboards are red.: gus"]
    )


def test_what_has_no_number_is_reminded_of_without_one() -> None:
    assert {it.number for it in play(ready(), time_passes(hours=1)).reminders} == {0}


def test_nobody_is_reminded_of_what_a_hold_keeps_from_being_done() -> None:
    for release in (ready(), in_production(), play(in_production(), dan.fails("Deploy"))):
        held = play(release, gus.holds())
        assert asked_of(held) == ["private hold The dashboards are red.: gus"]


def test_what_fails_again_is_a_new_thing_to_be_reminded_of() -> None:
    failed = play(in_production(), dan.fails("Deploy"), time_passes(hours=1))
    again = play(failed, dan.retries("Deploy"), later(dan.fails("Deploy"), hours=1))
    assert asked_of(again) == snapshot(["private choice Deploy: ana dan dee"])


def test_also_of_other_things_it_gets_louder() -> None:
    release = by_the_clock(ready(), NINE + 12 * HOUR)
    assert told(release) == snapshot(
        ["Mon 10:00 private: ana", "Mon 14:00 thread: ana", "Mon 18:00 channel: ana"]
    )


def test_a_gate_that_is_named_like_its_stage_is_not_taken_for_it() -> None:
    book = runbook(CHECK.model_copy(update={"name": "Check", "gates": (asks("Check", qa=1),)}))
    release = play(started(book), ben.approves("Check"))
    assert release.state is State.READY
    assert asked_of(release) == ["private go Check: ana"]


def test_who_takes_an_answer_back_is_asked_anew() -> None:
    """Ben answers at once and takes it back a day later: he is asked privately first, and then with the others."""
    for comment in ("", "A test is flaky."):
        release = by_the_clock(play(one_gate(), ben.approves("QA")), NINE + 30 * HOUR)
        release = play(release, later(ben.withdraws("QA", comment), hours=1))
        assert told(by_the_clock(release, release.at + 6 * HOUR))[-1].endswith("private: ben")
        assert attention_at(release) == release.at + HOUR


def test_of_several_people_the_first_who_is_asked_counts() -> None:
    release = play(one_gate(), bea.approves("QA"), later(bea.withdraws("QA"), hours=2))
    release = play(release, ben.approves("QA"), later(ben.withdraws("QA"), hours=1))
    assert at_gate_since(release, "QA", bea.id, ben.id) == NINE + 2 * HOUR
    assert at_gate_since(release, "QA", bea.id, ben.id, eli.id) == at_gate_since(release, "QA") == NINE


def test_where_all_are_asked_anew_the_ladder_begins_again() -> None:
    alone = started(runbook(ONE_GATE.model_copy(update={"gates": (asks("Go", security=1),)}), reminders=PLAN))
    alone = play(by_the_clock(play(alone, eli.abstains("Go")), NINE + 6 * HOUR), cleo.approves("Go"))
    again = play(alone, later(cleo.withdraws("Go"), hours=2))
    assert told(by_the_clock(again, again.at + 12 * HOUR)) == snapshot(
        [
            "Mon 10:00 private: cleo",
            "Mon 14:00 thread: cleo",
            "Mon 17:00 private: cleo",
            "Mon 21:00 thread: cleo",
            "Tue 01:00 channel: cleo, with ana",
        ]
    )


def test_whose_approval_has_expired_is_asked_anew() -> None:
    gate = asks("QA", expires=10 * HOUR, qa=2)
    book = runbook(ONE_GATE.model_copy(update={"gates": (gate,)}), reminders=PLAN)
    release = play(started(book), later(bea.approves("QA"), hours=2))
    assert [line for line in told(by_the_clock(release, NINE + 20 * HOUR)) if "bea" in line] == snapshot(
        ["Mon 22:00 private: bea"]
    )


def test_the_others_are_asked_anew_once_a_rejection_is_over() -> None:
    release = by_the_clock(play(one_gate(), later(ben.rejects("QA"), hours=2)), NINE + 6 * HOUR)
    for act in (ben.withdraws("QA"), ana.settles("QA", ben)):
        over = play(release, later(act, hours=2))
        assert attention_at(over) == over.at + HOUR
        assert asked_of(over) == ["private approval QA: bea ben eli"]
    # At another gate nothing has changed.
    two = play(started(), later(ben.rejects("QA"), minutes=30), later(ben.withdraws("QA"), minutes=10))
    assert attention_at(two) == NINE + HOUR


def test_what_a_hold_kept_from_being_done_is_asked_anew_once_it_is_lifted() -> None:
    lifted = play(ready(), gus.holds(until=9 * HOUR), later(gus.lifts(1), hours=5))
    assert attention_at(lifted) == lifted.at + HOUR
    assert asked_of(lifted) == ["private go Check: ana"]
    # A gate is asked for all the while.
    gates = play(by_the_clock(play(one_gate(), gus.holds(until=9 * HOUR)), NINE + 2 * HOUR), gus.lifts(1))
    assert attention_at(gates) == NINE + 5 * HOUR


def test_a_hold_that_is_kept_is_asked_about_anew() -> None:
    quiet = runbook(ONE_GATE.model_copy(update={"gates": ()}), reminders=PLAN)
    kept = play(started(quiet), gus.holds(until=HOUR), time_passes(hours=3), gus.keeps(1))
    assert attention_at(kept) == kept.at + HOUR
    assert asked_of(kept) == ["private hold The dashboards are red.: gus"]
    two = play(kept, ben.holds(), ben.holds("Red."), time_passes(minutes=30), ben.keeps(2, until=HOUR))
    assert attention_at(play(two, gus.lifts(1))) == kept.at + HOUR


def test_who_has_answered_since_or_is_asked_anew_is_not_named_with_the_others() -> None:
    asked = play(one_gate(), time_passes(hours=1), bea.approves("QA"))
    assert told(by_the_clock(asked, NINE + 5 * HOUR))[-1] == "Mon 14:00 thread: ben eli"
    back = play(asked, later(bea.withdraws("QA"), hours=3))
    assert told(by_the_clock(back, NINE + 9 * HOUR))[1:] == snapshot(
        ["Mon 14:00 private: bea", "Mon 14:00 thread: ben eli", "Mon 18:00 channel: ben eli bea, with ana"]
    )


def test_what_no_hold_keeps_from_being_done_is_asked_for_all_the_while() -> None:
    lint = needs("Green", CheckPassed(check="lint"))
    book = gated(lint, checks=(Check(name="lint", by="on-call"),), reminders=PLAN)
    held = by_the_clock(play(started(book), gus.holds(until=9 * HOUR)), NINE + 2 * HOUR)
    lifted = play(held, later(gus.lifts(1), hours=1))
    assert told(by_the_clock(lifted, NINE + 5 * HOUR))[-1] == "Mon 14:00 thread: dan dee"


def test_an_ended_release_needs_no_attention() -> None:
    assert attention_at(play(one_gate(), ana.cancels())) is None


def test_the_next_stage_counts_its_reminders_from_its_own_opening() -> None:
    first = Stage(name="Check", owner="qa", gates=(asks("Go", qa=1),), steps=steps("Tag"))
    second = Stage(name="Production", owner="on-call", gates=(asks("Go", on_call=1),), steps=steps("Deploy"))
    release = play(
        started(runbook(first, second, reminders=PLAN)),
        time_passes(hours=1),
        ben.approves("Go"),
        later(ben.finishes("Tag"), hours=10),
    )
    assert attention_at(release) == release.at + HOUR
    release = play(release, time_passes(hours=1))
    assert [(past.stage, past.count) for past in release.reminders] == [(0, 1), (1, 1)]
    assert release.reminders[-1].people == (dan.id, UserId("dee"))


def test_a_second_look_at_the_moment_in_which_a_gate_lapses_reminds_nobody() -> None:
    release = play(ready(), meanwhile(ben.leaves("qa"), time_passes(days=1)))
    assert answer(release, time_passes()) == ()


def test_who_has_abstained_is_not_reminded() -> None:
    release = play(one_gate(), ben.abstains("QA"))
    assert reminded(release, time_passes(hours=1)) == [("QA", 1, (bea.id, eli.id))]


def test_nobody_is_reminded_of_a_gate_that_is_not_needed_or_overridden() -> None:
    risky = asks("Risk", qa=1, when=When(risk=(Risk.HIGH,)))
    book = gated(risky, asks("QA", qa=1), asks("Go", on_call=1), overrides="security", reminders=PLAN)
    assert [gate for gate, *_ in reminded(started(book), time_passes(hours=1))] == ["QA", "Go"]
    release = play(started(book), cleo.overrides("QA"))
    assert [gate for gate, *_ in reminded(release, time_passes(hours=1))] == ["Go"]


def test_a_gate_that_lacks_only_a_check_reminds_nobody() -> None:
    need = Of(parts=(Seats(role="qa", count=1), CheckPassed(check="lint")))
    book = gated(needs("Go", need), checks=(Check(name="lint", by="on-call"),), reminders=PLAN)
    release = play(started(book), ben.approves("Go"))
    assert asked_of(release) == ["private check lint: dan dee"]


def test_a_deputy_is_reminded_and_who_is_away_is_left_in_peace() -> None:
    act = among(away(bea, gus, NINE + timedelta(days=3)), time_passes(hours=1))
    assert reminded(one_gate(), act) == [("QA", 1, (ben.id, eli.id, gus.id))]


def test_a_hold_does_not_keep_from_reminding() -> None:
    assert asked_of(play(one_gate(), gus.holds())) == snapshot(
        ["private approval QA: bea ben eli", "private hold The dashboards are red.: gus"]
    )


def test_a_changed_manifest_counts_reminders_anew() -> None:
    release = play(one_gate(), time_passes(hours=1), later(ana.changes("1.4.1"), hours=1))
    assert attention_at(release) == release.at + HOUR
    assert reminded(release, time_passes(hours=1)) == [("QA", 1, (bea.id, ben.id, eli.id))]


def test_nobody_is_reminded_of_the_gates_of_a_way_back_that_has_begun() -> None:
    back = Rollback(owner="on-call", gates=(asks("Back", on_call=1),))
    release = play(started(gated(rollback=back, overrides="security")), ana.rolls_back())
    assert [gate for gate, *_ in reminded(release, time_passes(hours=1))] == ["Back"]
    begun = play(release, dan.approves("Back"), dan.leaves("on-call"))
    assert asked_of(begun) == ["private step Put the version before back in place: dee"]
