"""When a release is looked at again: everything that has a time is covered, and no time is left behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.release.attention import attention_at
from bot.release.command import Facts
from bot.release.decide import decide, decide_start, fold
from bot.release.ids import UserId
from bot.release.people.directory import Directory
from bot.release.people.handoff import Duty
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.runbook.gates.gate import CheckPassed, Of, Reminders, Seats
from bot.runbook.handoffs import ShiftOfRole
from bot.runbook.model import Begin, Check, Handoffs, Review, Rollback, Runbook
from bot.runbook.roles.role import Role, Rotation
from tests.release.given import (
    EVERYBODY,
    NINE,
    UNHURRIED,
    Act,
    Asked,
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
    eli,
    events,
    gated,
    gus,
    names,
    needs,
    play,
    start,
    start_facts,
    started,
    time_passes,
    town,
)

HOUR = timedelta(hours=1)
DAYS = timedelta(days=1)
SELDOM = Reminders(after=90 * DAYS)
USERS = town({**EVERYBODY, "u": (UserId("U0BEN"), UserId("U0BEA"))})
LINT = CheckPassed(check="lint")


def quiet(*, begin: Begin = Begin.CAPTAIN, **other: Any) -> Release:
    """Return a release of which nothing is due for months, but for what `other` adds."""
    return started(gated(asks("QA", qa=1), begin=begin, **{"reminders": SELDOM, **other}))


def rotation(**other: Any) -> Release:
    """Return such a release with a role that is passed on every Monday."""
    weekly = Rotation.model_validate(
        {"timezone": "UTC", "starting": "2026-03-02", "people": ["U0BEN", "U0BEA"]}
    )
    rota = Role(name="rota", rotation=weekly)
    book = gated(asks("QA", qa=1), begin=Begin.AUTOMATIC, roles=(rota,), reminders=SELDOM, **other)
    decision = decide_start(start(), start_facts(book, directory=USERS))
    assert not isinstance(decision, Refused)
    return fold(decision)


def among_users(release: Release, *acts: Act) -> Release:
    """Return a release after some acts, with the people of the rotation there."""
    return play(release, *(among(lambda here: USERS, act) for act in acts))


NOON = ShiftOfRole(begins=time(12), timezone="UTC", role="on-call")
TIMED: dict[str, tuple[Callable[[], Release], datetime, str]] = {
    "a reminder": (lambda: started(gated(asks("QA", qa=1))), NINE + HOUR, "Reminded"),
    "a summary": (
        lambda: quiet(handoffs=Handoffs(at=(time(17),), timezone="UTC")),
        NINE + 8 * HOUR,
        "Summarized",
    ),
    "a shift": (
        lambda: quiet(handoffs=Handoffs(shifts=(NOON,))),
        NINE + 3 * HOUR,
        "ShiftAsked",
    ),
    "a shift that does not come": (
        lambda: play(quiet(handoffs=Handoffs(shifts=(NOON,))), time_passes(hours=3)),
        NINE + 3.5 * HOUR,
        "ShiftReminded",
    ),
    "a hold": (lambda: play(quiet(), gus.holds(until=2 * HOUR)), NINE + 2 * HOUR, "HoldQuestioned"),
    "an offer": (lambda: play(quiet(), ana.offers(dan)), NINE + HOUR / 2, "OfferLapsed"),
    "an approval": (
        lambda: play(
            started(gated(asks("QA", qa=1, expires=3 * HOUR), begin=Begin.CAPTAIN, reminders=SELDOM)),
            ben.approves("QA"),
        ),
        NINE + 3 * HOUR,
        "ApprovalExpired",
    ),
    "a check": (
        lambda: play(quiet(checks=(Check(name="lint", by="on-call", fresh=4 * HOUR),)), dan.reports("lint")),
        NINE + 4 * HOUR,
        "CheckExpired",
    ),
    "a turn": (rotation, NINE + 7 * DAYS, "MembersRead"),
    "an absence": (
        lambda: play(quiet(), among(away(bea, gus, NINE + 5 * HOUR), time_passes())),
        NINE + 5 * HOUR,
        "MembersRead",
    ),
    "a review": (
        lambda: play(quiet(overrides="security", begin=Begin.AUTOMATIC), cleo.overrides("QA")),
        NINE + 12 * HOUR,
        "ReviewReminded",
    ),
    "a review after the end": (
        lambda: play(started(gated(review=Review(always=True, within=2 * HOUR))), ben.finishes("Deploy")),
        NINE + HOUR,
        "ReviewReminded",
    ),
    "a turn of those who review after the end": (
        lambda: among_users(
            rotation(overrides="security", review=Review(role="rota", within=20 * DAYS)),
            cleo.overrides("QA"),
            ben.finishes("Deploy"),
        ),
        NINE + 7 * DAYS,
        "MembersRead",
    ),
}


@pytest.mark.parametrize(("release", "at", "event"), TIMED.values(), ids=TIMED)
def test_everything_that_has_a_time_gets_attention_then_and_not_before(
    release: Callable[[], Release], at: datetime, event: str
) -> None:
    before = release()
    there = USERS if "rota" in before.members else None

    def look(**wait: float) -> Act:
        act = time_passes(**wait)
        return among(lambda here: there or here, act)

    assert attention_at(before) == at
    assert events(before, look(seconds=(at - before.at).total_seconds() - 1)) == ()
    assert event in names(before, look(seconds=(at - before.at).total_seconds()))


def test_what_has_ended_needs_no_attention() -> None:
    assert attention_at(completed()) is None
    assert attention_at(play(quiet(), ana.cancels())) is None


def test_what_was_open_at_the_end_has_no_time_any_more() -> None:
    """A hold, an offer and a gate stay as they were, and nobody is asked about them."""
    release = play(started(), gus.holds(until=2 * HOUR), ana.offers(dan), ana.cancels())
    assert attention_at(release) is None
    assert answer(release, time_passes(days=1)) == ()
    reviewed = play(
        started(
            gated(
                overrides="security", review=Review(role="qa"), rollback=Rollback(gates=(asks("Back", qa=1),))
            )
        ),
        gus.holds(until=2 * HOUR),
        ana.rolls_back(),
        cleo.overrides("Back"),
        ben.finishes("Put the version before back in place"),
    )
    assert names(reviewed, time_passes(days=1)) == ["ReviewReminded"]


def test_the_earliest_of_all_times_counts() -> None:
    release = play(quiet(), gus.holds("One.", until=3 * HOUR), gus.holds("Two.", until=2 * HOUR))
    assert attention_at(release) == NINE + 2 * HOUR
    assert attention_at(play(release, ana.offers(dan))) == NINE + HOUR / 2


PLANS = (
    Handoffs(at=(time(9), time(17)), timezone="Europe/Berlin"),
    Handoffs(shifts=(NOON, ShiftOfRole(begins=time(17), timezone="Europe/Berlin", role="qa"))),
)


def busy(plan: Handoffs) -> Runbook:
    """Return a runbook in which everything has a time."""
    weekly = Rotation.model_validate(
        {"timezone": "Europe/Berlin", "starting": "2026-03-01", "every": "1d", "people": ["U0BEN", "U0BEA"]}
    )
    need = Of(count=1, parts=(Of(parts=(Seats(role="qa", count=2), LINT)), Seats(role="security", count=2)))
    return gated(
        needs("Go", need),
        asks("QA", Reminders(after=HOUR, every=2 * HOUR, limit=4), qa=1, expires=5 * HOUR),
        begin=Begin.CAPTAIN,
        roles=(Role(name="rota", rotation=weekly),),
        checks=(Check(name="lint", by="on-call", fresh=3 * HOUR),),
        handoffs=plan,
        overrides="security",
        review=Review(role="qa", within=6 * HOUR, always=True),
    )


ACTS: tuple[Act, ...] = (
    *(person.approves("Go") for person in (bea, ben, cleo, eli)),
    *(person.approves("QA") for person in (bea, ben)),
    ben.rejects("Go"),
    bea.abstains("Go"),
    ben.withdraws("Go"),
    ana.settles("Go", ben),
    dan.reports("lint"),
    cleo.overrides("QA"),
    cleo.overrides("Go"),
    eli.signs(),
    ben.signs(),
    gus.holds(until=2 * HOUR),
    gus.holds("Another."),
    gus.keeps(1, until=4 * HOUR),
    gus.lifts(1),
    ana.offers(dan),
    ana.offers(gus, Duty.DEPUTY),
    dan.accepts(),
    gus.accepts(Duty.DEPUTY),
    ana.changes("1.4.1"),
    ana.begins(),
    ben.finishes("Deploy"),
    ben.fails("Deploy"),
    ana.rolls_back(),
    ben.finishes("Put the version before back in place"),
    ana.leaves_the_channel(),
)
WAITS = (timedelta(), timedelta(minutes=30), HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR, DAYS)


def happens(release: Release, act: Act, wait: timedelta, directory: Directory) -> Release:
    """Return the release after an act, or as it was where that is refused."""
    asked = act(release)
    facts = Facts(now=release.at + wait, directory=directory, neighbours=asked.facts.neighbours)
    decision = decide(release, asked.command, facts)
    return release if isinstance(decision, Refused) else fold(decision, release)


@UNHURRIED
@given(
    st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(WAITS)), max_size=14),
    st.sampled_from(WAITS),
    st.booleans(),
    st.sampled_from(PLANS),
)
def test_no_time_is_left_behind_once_a_release_was_looked_at(
    told: list[tuple[Act, timedelta]], wait: timedelta, absent: bool, plan: Handoffs
) -> None:
    here = away(bea, gus, NINE + 7 * HOUR)(USERS) if absent else USERS
    decision = decide_start(start(), start_facts(busy(plan), directory=here))
    assert not isinstance(decision, Refused)
    release, now = fold(decision), NINE
    for act, pause in told:
        release = happens(release, act, pause, here)
    now = release.at + wait
    looked_at = happens(release, time_passes(), wait, here)
    at = attention_at(looked_at)
    assert at is None or at > now
    assert events(looked_at, among(lambda town: here, moment(time_passes(), now))) == ()


def moment(act: Act, now: datetime) -> Act:
    """Let an act come at a moment."""

    def asked(release: Release) -> Asked:
        it = act(release)
        return replace(it, facts=replace(it.facts, now=now))

    return asked


@UNHURRIED
@given(
    st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(WAITS)), max_size=14), st.sampled_from(PLANS)
)
def test_nothing_happens_by_itself_before_the_time_that_was_told(
    told: list[tuple[Act, timedelta]], plan: Handoffs
) -> None:
    decision = decide_start(start(), start_facts(busy(plan), directory=USERS))
    assert not isinstance(decision, Refused)
    release = fold(decision)
    for act, pause in told:
        release = happens(release, act, pause, USERS)
    release = happens(release, time_passes(), timedelta(), USERS)
    at = attention_at(release)
    just_before = (at - timedelta(seconds=1)) if at else release.at + 400 * DAYS
    early = happens(release, time_passes(), max(just_before - release.at, timedelta()), USERS)
    assert early == release
