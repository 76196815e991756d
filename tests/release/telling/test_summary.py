"""Handoff summaries: when a stage changes hands, and at the times of day that the runbook sets."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.release.attention import attention_at
from bot.release.event import News
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.handoff import Duty
from bot.release.people.hours import Hours
from bot.release.release import Release
from bot.release.stages.stage import GatesLapsed
from bot.release.telling.summary import Occasion, Summarized, next_summary
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.gates.gate import CheckPassed
from bot.runbook.model import Check, Handoffs, Reminders, Rollback, Stage
from tests.release.given import (
    CHECK,
    NINE,
    PRODUCTION,
    UNHURRIED,
    Act,
    among,
    ana,
    answer,
    asks,
    away,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gated,
    gus,
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
)

BERLIN = ZoneInfo("Europe/Berlin")
SHIFTS = Handoffs(at=(time(9), time(17)), timezone="Europe/Berlin")
NO_REMINDER = Reminders(after=timedelta(days=90))


def with_summaries(*at: time, zone: str = "Europe/Berlin") -> Release:
    """Return a release, started at ten in Berlin, with summaries and no reminders."""
    plan = Handoffs(at=at or SHIFTS.at, timezone=zone)
    return started(runbook(handoffs=plan, reminders=NO_REMINDER))


def berlin(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def summary(release: Release, act: Act) -> Summarized:
    """Return the one summary that an act brings about."""
    (told,) = (event for event in events(release, act) if isinstance(event, Summarized))
    return told


def test_a_summary_is_told_when_a_stage_passes_to_another_owner() -> None:
    begun = play(ready(), ana.begins())
    act = later(ben.finishes("Tag the commit"), hours=1)
    assert names(begun, act) == ["StepDone", "StageDone", "Summarized"]
    told = summary(begun, act)
    after = play(begun, act)
    assert (told.occasion, told.stage, told.by) == (Occasion.STAGE, 1, ROLLCALL)
    assert told.to == (dan.id, UserId("dee"))
    assert told.waiting == waiting_on(after)
    assert after.summaries == (told,)


def test_no_summary_is_told_when_the_owner_stays() -> None:
    same = PRODUCTION.model_copy(update={"owner": "qa"})
    release = play(started(runbook(CHECK, same)), ben.approves("QA"), bea.approves("QA"))
    release = play(release, cleo.approves("Security"), ana.begins())
    assert names(release, ben.finishes("Tag the commit")) == ["StepDone", "StageDone"]


def test_a_rollback_is_told_to_its_owners_where_they_are_others_than_those_of_the_stage() -> None:
    canary = Stage(name="Canary", owner="qa", production=True, steps=steps("Deploy to one"))
    for owner, made in (
        ("on-call", ["RollbackBegan", "StageBegan", "Summarized"]),
        ("qa", ["RollbackBegan", "StageBegan"]),
    ):
        release = started(runbook(canary, PRODUCTION, rollback=Rollback(owner=owner)))
        assert names(release, ana.rolls_back()) == made
    release = started(runbook(canary, PRODUCTION))
    told = summary(release, ana.rolls_back())
    assert (told.stage, told.to) == (2, (dan.id, dee.id))


def test_a_stage_that_is_reached_again_is_told_again() -> None:
    release = play(ready(), ana.begins(), later(ben.finishes("Tag the commit"), hours=1))
    again = play(release, later(ana.changes("1.4.1"), hours=1), later(ben.approves("QA"), hours=1))
    again = play(
        again, bea.approves("QA"), cleo.approves("Security"), ana.begins(), ben.finishes("Tag the commit")
    )
    assert [told.stage for told in again.summaries] == [1, 1]


def test_a_change_of_hands_is_told_once() -> None:
    release = play(ready(), ana.begins(), ben.finishes("Tag the commit"), dan.approves("Go"))
    release = play(release, ben.approves("Go"), dan.finishes("Deploy"))
    assert [told.occasion for told in release.summaries] == [Occasion.STAGE]


def test_nothing_is_told_at_the_end() -> None:
    assert [told.stage for told in completed().summaries] == [1]
    only = runbook(Stage(name="Only", owner="qa", steps=steps("Tag")))
    assert play(started(only), ben.finishes("Tag")).summaries == ()


def test_a_summary_has_the_news_since_the_one_before() -> None:
    release = with_summaries()
    release = play(release, later(ben.approves("QA"), minutes=1), later(cleo.rejects("Security"), minutes=1))
    first = summary(release, time_passes(days=1))
    assert first.news == (
        News(at=NINE + timedelta(minutes=1), by=ben.id, what="approved", name="QA"),
        News(
            at=NINE + timedelta(minutes=2),
            by=cleo.id,
            what="rejected",
            name="Security",
            reason="Two tests fail.",
        ),
    )
    release = play(release, time_passes(days=1), later(bea.approves("QA"), minutes=1))
    second = summary(release, time_passes(days=1))
    assert [news.by for news in second.news] == [bea.id]
    assert names(play(release, time_passes(days=1)), time_passes(days=1)) == []


def test_ticks_are_news_too_and_news_are_in_order() -> None:
    release = play(ready(), ana.begins())
    told = summary(release, later(ben.finishes("Tag the commit"), minutes=1))
    assert (told.news[-1].what, told.news[-1].name) == ("finished", "Tag the commit")
    assert list(told.news) == sorted(told.news, key=lambda news: news.at)


def test_a_step_that_was_skipped_is_not_told_as_finished() -> None:
    begun = play(ready(), ana.begins(), later(ben.fails("Tag the commit"), minutes=1))
    told = summary(begun, later(ben.skips("Tag the commit"), minutes=1))
    assert [(news.what, news.name, news.reason) for news in told.news[-2:]] == [
        ("reported the failure of", "Tag the commit", "The pods do not start."),
        ("skipped", "Tag the commit", "It is done by hand."),
    ]


def test_what_went_wrong_and_how_it_was_settled_are_news() -> None:
    release = play(
        started(),
        ben.rejects("QA"),
        ana.settles("QA", ben),
        bea.approves("QA"),
        bea.withdraws("QA"),
        gus.holds("Prices are wrong."),
        gus.holds("Names are wrong."),
        gus.lifts(1),
        ana.lifts(2, "They are right."),
        ana.offers(dan, Duty.DEPUTY),
        dan.accepts(Duty.DEPUTY),
        ana.changes("1.4.1"),
        *(ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"), ana.begins()),
        ben.fails("Tag the commit"),
        ben.retries("Tag the commit"),
    )
    told = summary(release, ben.finishes("Tag the commit"))
    assert [
        " ".join(filter(None, (one.by, one.what, one.name, one.reason))) for one in told.news
    ] == snapshot(
        [
            "ben rejected QA Two tests fail.",
            "ana settled a rejection of QA It is a flaky test.",
            "bea approved QA",
            "bea took back an answer at QA",
            "gus placed hold 1: Prices are wrong.",
            "gus placed hold 2: Names are wrong.",
            "gus lifted hold 1",
            "ana lifted hold 2: They are right.",
            "dan became deputy",
            "ana changed what goes out to 1.4.1",
            "ben approved QA",
            "bea approved QA",
            "cleo approved Security",
            "ana said go for Check",
            "ben reported the failure of Tag the commit The pods do not start.",
            "ben retried Tag the commit",
            "ben finished Tag the commit",
        ]
    )
    # They are told once.
    assert play(release, ben.finishes("Tag the commit")).news == ()


def test_checks_overrides_and_who_has_come_to_lead_are_news() -> None:
    lint = needs("Lint", CheckPassed(check="lint"))
    book = gated(lint, asks("QA", qa=2), overrides="security", checks=(Check(name="lint", by="on-call"),))
    release = play(
        started(book),
        dan.reports("lint", passed=False),
        dee.reports("lint"),
        ana.offers(dan),
        dan.declines(),
        ana.leaves_the_channel(),
        ben.takes_the_lead(),
        cleo.overrides("QA"),
    )
    assert [f"{news.by} {news.what} {news.name}".strip() for news in release.news] == snapshot(
        [
            "dan reported as failed: lint",
            "dee reported as passed: lint",
            "dan declined to be captain",
            "ben took the lead",
            "cleo overrode QA",
        ]
    )
    assert play(release, ben.rolls_back()).news[-1].what == "began to roll back:"


def test_the_captain_is_told_where_the_owner_role_is_empty() -> None:
    release = play(ready(), dan.leaves("on-call"), dee.leaves("on-call"), ana.begins())
    assert summary(release, ben.finishes("Tag the commit")).to == (ana.id,)


def test_a_runbook_without_times_has_no_scheduled_summary() -> None:
    assert next_summary(started()) is None
    assert answer(started(runbook(reminders=NO_REMINDER)), time_passes(days=7)) == ()


def test_the_first_summary_comes_at_the_first_time_after_the_start() -> None:
    release = with_summaries()
    assert next_summary(release) == berlin(2026, 3, 2, 17)
    assert attention_at(release) == berlin(2026, 3, 2, 17)
    assert with_summaries(time(9)).started_at == berlin(2026, 3, 2, 10)
    assert next_summary(with_summaries(time(9))) == berlin(2026, 3, 3, 9)


def test_a_release_that_starts_at_the_very_time_is_told_of_the_next_day() -> None:
    assert next_summary(with_summaries(time(10))) == berlin(2026, 3, 3, 10)


def test_the_order_of_the_times_does_not_matter() -> None:
    assert next_summary(with_summaries(time(17), time(9))) == next_summary(with_summaries())


def test_a_summary_comes_when_it_is_exactly_due() -> None:
    release = with_summaries()
    assert answer(release, time_passes(hours=6, minutes=59, seconds=59)) == ()
    assert names(release, time_passes(hours=7)) == ["Summarized"]
    told = summary(release, time_passes(hours=7))
    assert (told.occasion, told.at, told.waiting) == (
        Occasion.SCHEDULE,
        berlin(2026, 3, 2, 17),
        waiting_on(release),
    )


def test_summaries_that_were_missed_are_caught_up_once() -> None:
    release = play(with_summaries(), time_passes(days=5, hours=1))
    assert len(release.summaries) == 1
    assert answer(release, time_passes()) == ()
    assert next_summary(play(release, gus.holds())) == berlin(2026, 3, 7, 17)


def test_a_summary_that_came_late_does_not_move_the_next() -> None:
    release = play(with_summaries(), time_passes(hours=7, minutes=20), gus.holds())
    assert next_summary(release) == berlin(2026, 3, 3, 9)


def test_a_change_of_hands_does_not_move_the_scheduled_summary() -> None:
    release = play(with_summaries(), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))
    release = play(release, ana.begins(), later(ben.finishes("Tag the commit"), hours=1))
    assert release.summaries[-1].occasion is Occasion.STAGE
    assert next_summary(play(release, dan.approves("Go"))) == berlin(2026, 3, 2, 17)


def test_what_a_change_of_hands_has_told_is_not_told_again_at_a_time_that_is_due() -> None:
    release = play(with_summaries(), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))
    release = play(release, ana.begins(), later(ben.finishes("Tag the commit"), hours=8))
    assert [told.occasion for told in release.summaries] == [Occasion.STAGE]
    assert next_summary(release) is None
    assert next_summary(play(release, dan.approves("Go"))) == berlin(2026, 3, 3, 9)


def test_where_nothing_is_new_no_summary_is_told_nor_looked_for() -> None:
    told = play(with_summaries(), time_passes(hours=7))
    assert (next_summary(told), attention_at(told)) == (None, NINE + NO_REMINDER.after)
    assert answer(told, time_passes(days=3)) == ()


def test_after_news_the_next_time_tells_them_and_not_one_that_has_passed() -> None:
    told = play(with_summaries(), time_passes(hours=7))
    release = play(told, later(ben.approves("QA"), days=1))
    assert release.at == berlin(2026, 3, 3, 17)
    assert attention_at(release) == next_summary(release) == berlin(2026, 3, 4, 9)
    assert [news.name for news in summary(release, time_passes(hours=16)).news] == ["QA"]
    # More of them do not move it.
    release = play(release, later(bea.approves("QA"), hours=1))
    assert next_summary(release) == berlin(2026, 3, 4, 9)


def test_whatever_else_it_waits_for_is_new_too() -> None:
    told = play(with_summaries(), time_passes(hours=7))
    other = play(told, later(gus.joins("qa"), hours=1))
    assert (other.news, next_summary(other)) == ((), berlin(2026, 3, 3, 9))
    assert gus.id in summary(other, time_passes(days=1)).waiting[0].on
    # The first time after it first did counts, and nothing is told where all is as it was.
    later_on = later(dee.joins("qa"), days=2)
    assert summary(other, later_on).occasion is Occasion.SCHEDULE
    again = play(told, later(gus.joins("qa"), hours=1), later(gus.leaves("qa"), hours=1))
    assert next_summary(again) is None
    assert next_summary(play(again, later(ben.approves("QA"), days=1))) == berlin(2026, 3, 4, 9)


def test_whose_go_it_was_is_news_and_that_a_stage_begins_by_itself_is_none() -> None:
    release = play(with_summaries(), ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))
    begun = play(release, time_passes(hours=7), later(ana.begins(), hours=1))
    assert [(news.by, news.what, news.name) for news in begun.news] == [(ana.id, "said go for", "Check")]
    assert next_summary(begun) == berlin(2026, 3, 3, 9)
    by_itself = Stage(name="Only", owner="qa", steps=steps("Tag"))
    assert started(runbook(by_itself)).news == ()


def test_no_summary_is_told_on_a_day_on_which_nobody_works_whom_it_is_for() -> None:
    book = runbook(handoffs=SHIFTS, reminders=NO_REMINDER, holidays=(date(2026, 3, 9),))
    people = (bea.id, ben.id, eli.id)
    berlin_week, short = Hours(zone="Europe/Berlin"), Hours(zone="Europe/Berlin", days=(0, 1, 2))
    friday = later(gus.holds(), days=4, hours=1)

    def after_friday(hours: dict[UserId, Hours]) -> datetime | None:
        return next_summary(play(started(book, hours=hours), time_passes(hours=7), friday))

    assert after_friday({}) == berlin(2026, 3, 7, 9)
    assert after_friday(dict.fromkeys(people, berlin_week)) == berlin(2026, 3, 10, 9)
    # Of two it is told to whom it finds at work, and whose hours are not known may be.
    on_saturdays = Hours(zone="Europe/Berlin", days=(5,))
    assert after_friday({**dict.fromkeys(people, short), ben.id: on_saturdays}) == berlin(2026, 3, 7, 9)
    assert after_friday(dict.fromkeys(people[:2], berlin_week)) == berlin(2026, 3, 7, 9)


def test_who_is_away_reads_no_summary_but_who_stands_in_does() -> None:
    book = runbook(handoffs=SHIFTS, reminders=NO_REMINDER)
    week, weekend = Hours(zone="Europe/Berlin"), Hours(zone="Europe/Berlin", days=(5, 6))
    hours = {**dict.fromkeys((bea.id, ben.id), week), eli.id: weekend, gus.id: week}
    release = play(started(book, hours=hours), time_passes(hours=7), later(gus.holds(), days=4, hours=1))
    assert next_summary(release) == berlin(2026, 3, 7, 9)
    absent = play(release, among(away(eli, gus, NINE + timedelta(days=20)), time_passes()))
    assert next_summary(absent) == berlin(2026, 3, 9, 9)


def test_reminders_and_a_summary_may_be_due_together() -> None:
    release = started(runbook(handoffs=SHIFTS, reminders=Reminders(after=timedelta(hours=7))))
    assert names(release, time_passes(hours=7)) == ["Reminded", "Reminded", "Summarized"]


def test_an_ended_release_is_not_summarized() -> None:
    assert next_summary(play(with_summaries(), ana.cancels())) is None


@pytest.mark.parametrize(
    ("at", "last", "expected"),
    [
        # The clocks go forward from 2:00 to 3:00 on 29 March 2026.
        (time(9), berlin(2026, 3, 28, 9), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (time(9), berlin(2026, 3, 29, 9), datetime(2026, 3, 30, 7, tzinfo=UTC)),
        (time(2, 30), berlin(2026, 3, 28, 12), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
        # They go back from 3:00 to 2:00 on 25 October 2026, so 2:30 comes twice; the first counts.
        (time(9), berlin(2026, 10, 24, 9), datetime(2026, 10, 25, 8, tzinfo=UTC)),
        (time(2, 30), berlin(2026, 10, 24, 12), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
        (time(2, 30), datetime(2026, 10, 25, 1, 0, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
        (time(0), berlin(2026, 12, 31, 12), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_times_of_day_hold_over_the_change_of_the_clocks(
    at: time, last: datetime, expected: datetime
) -> None:
    from_last = last.astimezone(UTC) - NINE
    release = started(runbook(handoffs=Handoffs(at=(at,), timezone="Europe/Berlin")))
    release = play(release, time_passes(seconds=from_last.total_seconds()), gus.holds())
    assert release.at == last
    assert next_summary(release) == expected


def test_the_runbook_says_in_which_zone_the_times_are() -> None:
    assert next_summary(with_summaries(time(9), zone="America/New_York")) == datetime(
        2026, 3, 2, 14, tzinfo=UTC
    )


def test_the_day_is_that_of_the_zone() -> None:
    release = play(with_summaries(time(21), time(22), zone="America/New_York"), time_passes(hours=17))
    release = play(release, gus.holds())
    assert release.at == datetime(2026, 3, 3, 2, tzinfo=UTC)
    assert next_summary(release) == datetime(2026, 3, 3, 3, tzinfo=UTC)


@UNHURRIED
@given(
    st.lists(
        st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=1, max_size=4, unique=True
    ),
    st.integers(0, 400 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
)
def test_the_next_summary_is_soon_and_at_a_time_of_the_plan(at: list[time], minutes: int, zone: str) -> None:
    release = with_summaries(*at, zone=zone)
    release = play(release, time_passes(minutes=minutes), gus.holds())
    last = release.at
    following = next_summary(release)
    assert following is not None
    assert last < following <= last + timedelta(hours=25)
    # One that the clocks skip is later by what they skip.
    written, skipped = following.astimezone(ZoneInfo(zone)), timedelta(hours=1)
    assert {one.time() for one in (written, written - skipped, written - skipped / 2)} & set(at)


def test_a_summary_tells_what_a_stage_without_gates_waits_for() -> None:
    book = runbook(
        Stage(name="Build", owner="qa", steps=steps("Tag")),
        Stage(name="Deploy", owner="on-call", steps=steps("Deploy")),
    )
    told = summary(started(book), ben.finishes("Tag"))
    assert [waiting.name for waiting in told.waiting] == ["Deploy"]


def test_a_summary_tells_of_a_gate_that_lapses_at_the_same_moment() -> None:
    release = with_summaries()
    release = play(release, ben.approves("QA"), bea.approves("QA"), cleo.approves("Security"))
    act = meanwhile(ben.leaves("qa"), time_passes(hours=7))
    assert GatesLapsed in map(type, events(release, act))
    assert [waiting.kind for waiting in summary(release, act).waiting] == [Awaited.APPROVAL]


def test_the_gates_of_the_next_stage_are_what_it_waits_for() -> None:
    two = (asks("Go", on_call=1), asks("Ready", security=1))
    book = runbook(
        Stage(name="Build", owner="qa", steps=steps("Tag")),
        Stage(name="Deploy", owner="on-call", gates=two, steps=steps("Deploy")),
    )
    told = summary(started(book), ben.finishes("Tag"))
    assert [waiting.name for waiting in told.waiting] == ["Go", "Ready"]
