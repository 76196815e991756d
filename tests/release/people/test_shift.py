"""A shift that begins takes over: who is asked, once more, and what is told when nobody comes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.release.attention import attention_at
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.handoff import Duty, DutyAccepted, Outcome, fingerprint
from bot.release.people.shift import ShiftAsked, ShiftMissed, ShiftReminded
from bot.release.refusal import Code
from bot.release.release import Ending, Members, Release
from bot.release.telling.summary import Occasion, Summarized
from bot.release.waiting import waiting_on
from bot.runbook.gates.gate import Reminders
from bot.runbook.handoffs import Handoffs, ShiftOfRole
from bot.runbook.model import Begin, Stage
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
    away,
    bea,
    ben,
    cleo,
    dan,
    dee,
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
    steps,
    time_passes,
)

HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
NEVER = Reminders(after=timedelta(days=90))
NOON, EVENING = NINE + 3 * HOUR, NINE + 11 * HOUR


def shift(hour: int, role: str) -> ShiftOfRole:
    return ShiftOfRole(begins=time(hour), timezone="UTC", role=role)


TWO = Handoffs(shifts=(shift(12, "on-call"), shift(20, "security")))


def in_shifts(plan: Handoffs = TWO, members: Members | None = None, **other: Any) -> Release:
    """Return a release of nine o'clock: at noon those on call come, in the evening security."""
    book = gated(asks("QA", NEVER, qa=1), begin=Begin.AUTOMATIC, handoffs=plan, **other)
    return started(book, members)


def at_noon(plan: Handoffs = TWO, **other: Any) -> Release:
    """Return such a release when those on call were asked to take it over."""
    return play(in_shifts(plan, None, **other), time_passes(hours=3))


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def told(release: Release, act: Act) -> Summarized:
    """Return the one summary that an act brings about."""
    (summary,) = (event for event in events(release, act) if isinstance(event, Summarized))
    return summary


def test_the_people_of_a_shift_are_asked_when_it_begins_and_the_captain_stays() -> None:
    release = in_shifts()
    assert attention_at(release) == NOON
    assert answer(release, time_passes(hours=3, seconds=-1)) == ()
    assert events(release, time_passes(hours=3)) == (
        ShiftAsked(at=NOON, by=ROLLCALL, roles=("on-call",), people=(dan.id, dee.id), until=NOON + HALF),
        Summarized(
            at=NOON,
            by=ROLLCALL,
            occasion=Occasion.SHIFT,
            stage=0,
            to=(dan.id, dee.id),
            news=(),
            waiting=waiting_on(release),
            roles=("on-call",),
            captain=ana.id,
        ),
    )
    assert at_noon().captain == ana.id
    assert refusal(at_noon(), dan.cancels()).code is Code.NOT_YOURS


def test_who_of_them_reads_it_back_first_is_captain() -> None:
    asked = at_noon()
    assert refusal(asked, dan.accepts(read="something else")).code is Code.STALE
    act = later(dan.accepts(), minutes=5)
    assert events(asked, act) == (
        DutyAccepted(at=NOON + timedelta(minutes=5), by=dan.id, duty=Duty.CAPTAIN, read=fingerprint(asked)),
    )
    after = play(asked, act)
    assert (after.captain, after.shift) == (dan.id, None)
    assert after.shifts[0].ended == Ending(by=dan.id, at=after.at, how="took over")
    assert (after.shifts[0].captain, after.handed) == (ana.id, ())
    assert (after.news[-1].by, after.news[-1].what) == (dan.id, "became captain")
    assert refusal(after, dee.accepts()).code is Code.STALE
    assert refusal(after, dan.accepts()).code is Code.STALE
    # Nobody is asked again before the next shift.
    assert attention_at(after) == EVENING


@pytest.mark.parametrize("act", [cleo.accepts(), gus.accepts(), ana.accepts()])
def test_nobody_else_takes_over(act: Act) -> None:
    assert refusal(at_noon(), act).code is Code.STALE


@pytest.mark.parametrize("duty", [Duty.DEPUTY, Duty.SHADOW])
def test_a_shift_is_asked_to_lead_and_for_nothing_else(duty: Duty) -> None:
    assert refusal(at_noon(), dan.accepts(duty)).code is Code.STALE
    assert refusal(at_noon(), dan.declines()).code is Code.STALE


def test_it_is_asked_once_more_and_then_missed() -> None:
    asked = at_noon()
    assert attention_at(asked) == NOON + HALF
    assert answer(asked, time_passes(minutes=29)) == ()
    assert events(asked, time_passes(minutes=30)) == (
        ShiftReminded(at=NOON + HALF, by=ROLLCALL, people=(dan.id, dee.id), until=NOON + HOUR),
    )
    again = play(asked, time_passes(minutes=30))
    assert again.shift is not None
    assert (again.shift.at, again.shift.reminded) == (NOON, NOON + HALF)
    assert attention_at(again) == NOON + HOUR
    assert play(again, dee.accepts()).captain == dee.id
    assert events(again, time_passes(minutes=30)) == (
        ShiftMissed(at=NOON + HOUR, by=ROLLCALL, roles=("on-call",)),
    )
    missed = play(again, time_passes(minutes=30))
    assert (missed.captain, missed.shift) == (ana.id, None)
    assert (missed.news[-1].what, missed.news[-1].name) == ("waited in vain for the shift", "on-call")
    assert refusal(missed, dee.accepts()).code is Code.STALE
    assert attention_at(missed) == EVENING


def test_the_runbook_says_how_long_a_shift_has() -> None:
    release = play(at_noon(offers=2 * HOUR), time_passes(hours=2))
    assert release.shift is not None
    assert (release.shift.reminded, release.shift.until) == (NOON + 2 * HOUR, NOON + 4 * HOUR)


def test_an_answer_that_comes_late_counts_as_long_as_nobody_was_told_that_none_came() -> None:
    late = later(dan.accepts(), hours=2)
    assert names(at_noon(), late) == ["DutyAccepted"]
    assert names(play(at_noon(), time_passes(minutes=30)), late) == ["DutyAccepted"]


def test_a_shift_is_missed_at_the_latest_when_the_next_one_begins() -> None:
    release = at_noon(offers=6 * HOUR)
    assert release.shift is not None
    assert release.shift.until == NOON + 6 * HOUR
    again = play(release, time_passes(hours=6))
    assert again.shift is not None
    assert again.shift.until == EVENING
    assert names(again, time_passes(hours=2)) == ["ShiftMissed", "ShiftAsked", "Summarized"]
    long = at_noon(offers=timedelta(days=1))
    assert long.shift is not None
    assert long.shift.until == EVENING
    assert names(long, time_passes(hours=8)) == ["ShiftMissed", "ShiftAsked", "Summarized"]


def test_of_shifts_that_were_missed_while_nobody_looked_the_one_that_began_last_is_asked() -> None:
    release = play(in_shifts(), time_passes(hours=12))
    assert [offer.roles for offer in release.shifts] == [("security",)]
    assert [summary.roles for summary in release.summaries] == [("security",)]
    nobody = play(at_noon(), time_passes(hours=24))
    assert [offer.roles for offer in nobody.shifts] == [("on-call",), ("on-call",)]


def test_a_captain_who_is_of_the_shift_is_not_relieved() -> None:
    release = play(in_shifts(), dan.joins("on-call"), ana.offers(dan), dan.accepts())
    assert names(release, time_passes(hours=3)) == ["Summarized"]
    summary = told(release, time_passes(hours=3))
    assert (summary.to, summary.captain) == ((dan.id, dee.id), dan.id)
    assert play(release, time_passes(hours=3)).shift is None
    # One who has left the channel is there no more.
    gone = play(release, dan.leaves_the_channel(), time_passes(hours=3))
    assert gone.shift is not None
    assert gone.shift.people == (dee.id,)


def test_a_captain_who_is_of_the_shift_and_away_is_relieved() -> None:
    release = play(in_shifts(), ana.offers(dan), dan.accepts())
    absent = play(release, among(away(dan, gus, at(20)), time_passes(hours=3)))
    assert absent.shift is not None
    assert absent.shift.people == (dee.id,)


def test_who_is_away_is_not_asked() -> None:
    act = among(away(dan, gus, at(20)), time_passes(hours=3))
    release = play(in_shifts(), act)
    assert (release.shift and release.shift.people, told(in_shifts(), act).to) == ((dee.id,), (dee.id,))
    back = among(away(dan, gus, at(20)), dan.accepts())
    assert refusal(release, back).code is Code.STALE


def test_where_all_of_a_shift_are_away_their_deputies_are_asked() -> None:
    def absent(act: Act, deputy: Person) -> Act:
        return among(away(dan, gus, at(20)), among(away(dee, deputy, at(20)), act))

    act = absent(time_passes(hours=3), gus)
    release = play(in_shifts(), act)
    assert (release.shift and release.shift.people, told(in_shifts(), act).to) == ((gus.id,), (gus.id,))
    assert play(release, absent(gus.accepts(), gus)).captain == gus.id
    two = play(in_shifts(), absent(time_passes(hours=3), bea))
    assert two.shift is not None
    assert two.shift.people == (gus.id, bea.id)
    # Who leads it already is not asked to take it over.
    alone = play(in_shifts(), dee.leaves("on-call"))
    assert play(alone, among(away(dan, ana, at(20)), time_passes(hours=3))).shift is None


def test_a_guest_is_told_and_not_asked() -> None:
    crew = Role(name="crew", users=("U0BEN", "U0GUS"), admits=(Standing.GUEST,))
    plan = Handoffs(shifts=(shift(12, "crew"),))
    both = {UserId("U0BEN"): Standing.MEMBER, UserId("U0GUS"): Standing.GUEST}
    act = among(lambda town: replace(town, people={**town.people, **both}), time_passes(hours=3))
    release = play(in_shifts(plan, roles=(crew,)), act)
    assert release.shift is not None
    assert (release.shift.people, release.summaries[0].to) == (("U0BEN",), ("U0BEN", "U0GUS"))


def test_who_may_not_lead_is_told_and_not_asked() -> None:
    members = {**EVERYBODY, "qa": (ana.id, *EVERYBODY["qa"])}
    release = in_shifts(members=members, lead="qa")
    assert names(release, time_passes(hours=3)) == ["Summarized"]
    assert told(release, time_passes(hours=3)).to == (dan.id, dee.id)
    both = play(release, dan.joins("qa"), time_passes(hours=3))
    assert both.shift is not None
    assert both.shift.people == (dan.id,)
    assert refusal(both, dee.accepts()).code is Code.STALE


def test_a_shift_of_which_nobody_is_there_is_not_asked() -> None:
    release = play(in_shifts(), dan.leaves("on-call"), dee.leaves("on-call"))
    assert names(release, time_passes(hours=3)) == ["Summarized"]
    assert told(release, time_passes(hours=3)).to == ()


def test_who_joins_the_role_may_take_over_and_who_leaves_it_may_not() -> None:
    changed = play(at_noon(), ben.joins("on-call"), dan.leaves("on-call"))
    assert play(changed, ben.accepts()).captain == ben.id
    assert refusal(changed, dan.accepts()).code is Code.STALE
    again = play(changed, time_passes(minutes=30))
    assert again.shift is not None
    assert again.shift.people == (ben.id, dee.id)


def test_where_everybody_has_left_nobody_is_asked_again() -> None:
    empty = play(at_noon(), dan.leaves("on-call"), dee.leaves("on-call"))
    assert names(empty, time_passes(minutes=30)) == ["ShiftMissed"]
    act = meanwhile(dan.leaves("on-call"), time_passes(minutes=30))
    assert names(play(at_noon(), dee.leaves("on-call")), act) == ["MembersRead", "ShiftMissed"]


def test_shifts_that_begin_together_are_asked_together() -> None:
    plan = Handoffs(shifts=(shift(12, "on-call"), shift(12, "security")))
    release = at_noon(plan)
    assert release.shift is not None
    assert release.shift.roles == ("on-call", "security")
    assert {dan.id, dee.id, cleo.id} <= {*release.shift.people}
    assert play(release, cleo.accepts()).captain == cleo.id


def test_the_captain_may_offer_it_to_somebody_meanwhile_and_whoever_accepts_first_has_it() -> None:
    both = play(at_noon(), ana.offers(bea))
    assert play(both, bea.accepts()).captain == bea.id
    personal = play(both, bea.accepts())
    assert personal.shifts[0].ended == Ending(by=bea.id, at=NOON, how="took over")
    assert [past.outcome for past in personal.handed] == [Outcome.ACCEPTED]
    shared = play(both, dan.accepts())
    assert (shared.captain, shared.offers) == (dan.id, {})
    assert [past.outcome for past in shared.handed] == [Outcome.REPLACED]
    of_shift = play(at_noon(), ana.offers(dan), dan.accepts())
    assert [past.outcome for past in of_shift.handed] == [Outcome.ACCEPTED]
    assert of_shift.shift is None
    # What is offered to nobody of the shift leaves it asked.
    deputy = play(at_noon(), ana.offers(bea, Duty.DEPUTY), bea.accepts(Duty.DEPUTY))
    assert deputy.shift is not None


def test_who_takes_the_lead_of_a_captain_who_has_gone_ends_it() -> None:
    release = play(at_noon(), ana.leaves_the_channel(), ben.takes_the_lead())
    assert (release.captain, release.shift) == (ben.id, None)
    assert release.shifts[0].ended == Ending(by=ben.id, at=NOON, how="took over")


def test_the_standing_of_whoever_takes_over_is_read_again() -> None:
    # As a guest, dan is in no role any more.
    no_member = among(standing(dan, Standing.GUEST), dan.accepts())
    assert refusal(at_noon(), no_member).code is Code.STALE
    unreadable = among(lambda town: type(town)(), dan.accepts())
    assert refusal(at_noon(), unreadable).code is Code.CANNOT_READ_PEOPLE


def test_a_change_of_hands_does_not_stand_for_a_shift_that_is_due() -> None:
    first = Stage(name="First", owner="qa", steps=steps("Try"))
    second = Stage(name="Second", owner="on-call", steps=steps("Deploy"))
    release = started(runbook(first, second, handoffs=TWO, reminders=NEVER))
    late = play(release, later(ben.finishes("Try"), hours=4))
    assert [past.occasion for past in late.summaries] == [Occasion.STAGE, Occasion.SHIFT]


def test_an_ended_release_asks_no_shift() -> None:
    release = play(at_noon(), ana.cancels())
    assert attention_at(release) is None
    assert answer(release, time_passes(days=1)) == ()
    assert answer(play(in_shifts(), ana.cancels()), time_passes(hours=3)) == ()
    assert UserId("dan") in release.shifts[0].people


def test_each_shift_that_was_asked_is_remembered() -> None:
    release = play(at_noon(), time_passes(minutes=30), time_passes(minutes=30), time_passes(hours=7))
    assert [(offer.roles[0], offer.ended is None) for offer in release.shifts] == [
        ("on-call", False),
        ("security", True),
    ]
    again = play(release, time_passes(minutes=30))
    assert [offer.reminded is not None for offer in again.shifts] == [True, True]
    taken = play(again, cleo.accepts())
    assert [offer.ended and offer.ended.by for offer in taken.shifts] == [ROLLCALL, cleo.id]
