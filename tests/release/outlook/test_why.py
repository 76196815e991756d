"""Why a release waits: for each kind of waiting the rule and the act, and no fewer acts than are needed."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.release.decide import decide, decide_start, fold
from bot.release.gates.review import Because
from bot.release.ids import UserId
from bot.release.outlook.why import DEEDS, RULES, Act, Deed, why
from bot.release.people.directory import Away
from bot.release.refusal import Refused
from bot.release.release import Release, Verdict
from bot.release.state import State
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Need, Of, Reminders, Seats
from bot.runbook.model import Begin, Check, Review
from bot.runbook.roles.role import Standing
from tests.release import given as thread
from tests.release.given import (
    EVERYBODY,
    UNHURRIED,
    ana,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    gated,
    gus,
    in_production,
    needs,
    pipeline,
    play,
    reading,
    ready,
    run_step,
    start,
    start_facts,
    started,
    time_passes,
)

HOUR = timedelta(hours=1)
LINT = CheckPassed(check="lint")
CHECKS = (Check(name="lint", by="on-call"), Check(name="load", by="on-call"))
HEALTH = CheckPassed(check="health")
READ = Check(name="health", read=Read(url="https://shop.example/health"), soak=HOUR)
BACK = "Put the version before back in place"
QUIET = Reminders(after=timedelta(days=90))


def overridden() -> Release:
    return play(
        started(gated(asks("QA", qa=2), overrides="security", review=Review(role="qa"), reminders=QUIET)),
        cleo.overrides("QA"),
    )


def unmanned() -> Release:
    return play(started(gated(asks("QA", qa=2))), ben.leaves("qa"), bea.leaves("qa"))


def running() -> Release:
    return play(started(gated(asks("QA", qa=1), todo=(run_step("Deploy"),))), ben.approves("QA"))


WAITS: dict[Awaited, Callable[[], Release]] = {
    Awaited.APPROVAL: started,
    Awaited.PEOPLE: unmanned,
    Awaited.CHECK: lambda: started(gated(needs("Green", LINT), checks=CHECKS)),
    Awaited.READING: lambda: started(gated(needs("Green", HEALTH), checks=(READ,))),
    Awaited.SOAK: lambda: play(
        started(gated(needs("Green", HEALTH), checks=(READ,))), reading.passes("health")
    ),
    Awaited.REJECTION: lambda: play(ready(), eli.rejects("QA")),
    Awaited.GO: ready,
    Awaited.STEP: in_production,
    Awaited.RUN: running,
    Awaited.HELD_UP: lambda: play(running(), pipeline.waits_for("checkout-0")),
    Awaited.CHOICE: lambda: play(in_production(), dan.fails("Deploy")),
    Awaited.HOLD: lambda: play(in_production(), gus.holds("The dashboards are red.")),
    Awaited.QUESTION: lambda: play(in_production(), gus.holds(until=HOUR), time_passes(hours=1)),
    Awaited.CAPTAIN: lambda: play(ready(), ana.leaves_the_channel()),
    Awaited.REVIEW: lambda: play(overridden(), ben.finishes("Deploy")),
    Awaited.LOCK: lambda: play(in_production(), ana.rolls_back(), dan.finishes(BACK)),
}


@pytest.mark.parametrize("kind", Awaited)
def test_each_kind_of_waiting_has_a_rule_and_an_act(kind: Awaited) -> None:
    told = why(WAITS[kind]())
    assert kind in {one.kind for one in told.waiting}
    assert told.waiting == waiting_on(WAITS[kind]())
    assert RULES[kind]
    assert DEEDS[kind]


def acts(kind: Awaited) -> tuple[Act, ...]:
    return why(WAITS[kind]()).acts


def test_approvals_are_given_by_those_who_are_asked() -> None:
    assert acts(Awaited.APPROVAL) == snapshot(
        (
            Act(
                deed=Deed.APPROVE,
                name="QA",
                on=(UserId("bea"), UserId("ben"), UserId("eli")),
                role="qa",
                count=2,
            ),
            Act(deed=Deed.APPROVE, name="Security", on=(UserId("cleo"), UserId("eli")), role="security"),
        )
    )


def test_people_are_found_where_too_few_are_left() -> None:
    assert acts(Awaited.PEOPLE) == snapshot(
        (
            Act(deed=Deed.FIND_PEOPLE, name="QA", on=(UserId("ana"),), role="qa"),
            Act(deed=Deed.APPROVE, name="QA", on=(UserId("eli"),), role="qa"),
        )
    )


def test_a_check_is_reported_by_its_role() -> None:
    assert acts(Awaited.CHECK) == snapshot(
        (Act(deed=Deed.REPORT, name="lint", on=(UserId("dan"), UserId("dee")), role="on-call"),)
    )


def test_a_rejection_is_withdrawn_or_settled() -> None:
    assert acts(Awaited.REJECTION) == snapshot(
        (Act(deed=Deed.WITHDRAW, name="QA", on=(UserId("eli"), UserId("ana"))),)
    )


def test_a_go_is_given_by_who_leads() -> None:
    assert acts(Awaited.GO) == snapshot(
        (Act(deed=Deed.BEGIN, name="Check", on=(UserId("ana"),), role="captain"),)
    )


def test_a_step_is_finished_by_the_owners() -> None:
    assert acts(Awaited.STEP) == snapshot(
        (Act(deed=Deed.FINISH, name="Deploy", on=(UserId("dan"), UserId("dee")), role="on-call"),)
    )


def test_after_a_failure_somebody_chooses() -> None:
    assert acts(Awaited.CHOICE) == snapshot(
        (
            Act(
                deed=Deed.CHOOSE,
                name="Deploy",
                on=(UserId("ana"), UserId("dan"), UserId("dee")),
                role="on-call",
            ),
        )
    )


def test_a_hold_and_a_question_are_lifted() -> None:
    assert acts(Awaited.HOLD) == snapshot(
        (
            Act(deed=Deed.LIFT, name="The dashboards are red.", on=(UserId("gus"),)),
            Act(deed=Deed.FINISH, name="Deploy", on=(UserId("dan"), UserId("dee")), role="on-call"),
        )
    )
    assert [act.deed for act in acts(Awaited.QUESTION)] == [Deed.LIFT, Deed.FINISH]


def test_what_does_not_keep_an_open_release_is_no_act() -> None:
    assert [act.deed for act in acts(Awaited.CAPTAIN)] == [Deed.BEGIN]
    assert [act.deed for act in why(overridden()).acts] == [Deed.FINISH]


def test_what_has_ended_waits_for_its_review_and_its_lock() -> None:
    assert acts(Awaited.REVIEW) == snapshot(
        (
            Act(
                deed=Deed.SIGN,
                name=Because.OVERRIDE,
                on=(UserId("bea"), UserId("ben"), UserId("eli")),
                role="qa",
                count=2,
            ),
        )
    )
    assert acts(Awaited.LOCK) == snapshot(
        (
            Act(
                deed=Deed.UNLOCK,
                name="Orders are lost.",
                on=(UserId("ana"), UserId("dan"), UserId("dee")),
                role="on-call",
            ),
        )
    )
    assert why(completed()).acts == ()


def test_each_hold_is_one_act_whatever_its_number() -> None:
    release = play(in_production(), gus.holds("One."), ben.holds("Two."))
    assert [(act.deed, act.count) for act in why(release).acts] == [
        (Deed.LIFT, 1),
        (Deed.LIFT, 1),
        (Deed.FINISH, 1),
    ]


def test_a_check_that_two_gates_need_is_one_act() -> None:
    book = gated(needs("Green", LINT), needs("Clean", LINT), checks=CHECKS)
    assert [act.deed for act in why(started(book)).acts] == [Deed.REPORT]


def test_an_automatic_stage_that_is_held_needs_no_go() -> None:
    release = play(started(gated(asks("QA", qa=1))), gus.holds(), ben.approves("QA"))
    assert [act.deed for act in why(release).acts] == [Deed.LIFT]


def test_who_has_gone_is_not_named_to_settle_or_to_override() -> None:
    book = gated(asks("QA", qa=1), overrides="security")
    release = play(started(book), cleo.holds(), cleo.leaves_the_channel(), eli.rejects("QA"))
    assert why(release).override == (eli.id,)
    withdrawing = next(act for act in why(release).acts if act.deed is Deed.WITHDRAW)
    assert withdrawing.on == (eli.id, ana.id)
    left = play(release, ana.leaves_the_channel())
    assert next(act for act in why(left).acts if act.deed is Deed.WITHDRAW).on == (eli.id,)


def test_what_was_set_aside_is_told_with_its_reason() -> None:
    release = play(started(), ben.approves("QA"), ben.leaves("qa"))
    assert [(it.vote.by, it.because) for it in why(release).set_aside] == snapshot(
        [("ben", "they are no longer in a role that this gate asks")]
    )


def test_what_was_set_aside_is_told_no_more_when_the_release_has_ended() -> None:
    release = play(started(), ben.approves("QA"), ben.leaves("qa"), ana.cancels())
    assert why(release).set_aside == ()


def test_who_could_override_is_told_while_a_gate_is_not_met() -> None:
    book = gated(asks("QA", qa=1), overrides="security", begin=Begin.CAPTAIN)
    assert why(started(book)).override == (cleo.id, eli.id)
    assert why(play(started(book), ben.approves("QA"))).override == ()
    two = gated(asks("QA", qa=1), asks("Go", on_call=1), overrides="security")
    assert why(play(started(two), ben.approves("QA"))).override == (cleo.id, eli.id)
    assert why(started()).override == ()


def test_the_way_back_has_its_acts_too() -> None:
    release = play(in_production(), ana.rolls_back())
    assert [(act.deed, act.name) for act in why(release).acts] == [(Deed.FINISH, BACK)]


PEOPLE = (bea, ben, cleo, dan, dee, eli, gus)
Key = tuple[object, ...]


def key(release: Release) -> Key:
    """Return what tells one state of the gates from another."""
    return (
        release.state,
        frozenset((vote.gate, vote.by, vote.verdict) for vote in release.votes),
        frozenset((name, one.passed) for name, said in release.reports.items() for one in said),
        frozenset(hold.number for hold in release.holds),
    )


def single_acts(release: Release) -> Iterator[thread.Act]:
    """Yield all that one person could do to move the gates on, without changing their mind in public."""
    for name in (gate.name for gate in release.current.gates):
        for person in PEOPLE:
            said = release.vote(0, name, person.id)
            if said is None:
                yield person.approves(name)
            elif said.verdict is Verdict.REJECTED:
                yield person.withdraws(name)
                yield ana.settles(name, person)
    yield from (dan.reports(check.name) for check in release.runbook.checks)
    for hold in release.holds:
        yield ana.lifts(hold.number, "It is a test.")
    yield ana.begins()


def fewest(release: Release, most: int) -> int | None:
    """Return after how many acts the stage begins at the soonest; None where `most` are not enough."""
    seen, queue = {key(release)}, deque([(release, 0)])
    while queue:
        now, done = queue.popleft()
        if 0 in now.began:
            return done
        for act in single_acts(now) if done < most else ():
            asked = act(now)
            decision = decide(now, asked.command, asked.facts)
            after = now if isinstance(decision, Refused) else fold(decision, now)
            if key(after) not in seen:
                seen.add(key(after))
                queue.append((after, done + 1))
    return None


roles = st.sampled_from(("qa", "security", "on-call"))
seats = st.builds(Seats, role=roles, count=st.integers(1, 2))
lint_or_load = st.sampled_from(("lint", "load"))
plain = seats | st.builds(CheckPassed, check=lint_or_load)


def all_of(parts: st.SearchStrategy[Need]) -> st.SearchStrategy[Need]:
    return st.builds(Of, parts=st.lists(parts, min_size=1, max_size=2).map(tuple))


def some_of(parts: st.SearchStrategy[Need]) -> st.SearchStrategy[Need]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return several.flatmap(lambda of: st.builds(Of, parts=st.just(of), count=st.integers(1, len(of) - 1)))


expressions = plain | all_of(plain) | some_of(plain | all_of(plain)) | all_of(plain | some_of(plain))
said_before = st.lists(
    st.sampled_from(
        (
            *(person.approves("Go") for person in PEOPLE),
            *(person.rejects("Go") for person in (ben, eli, dan)),
            bea.abstains("Go"),
            dan.reports("lint"),
            dan.reports("load", passed=False),
            gus.holds("One."),
        )
    ),
    max_size=4,
)


CROWD = {**EVERYBODY, "security": (cleo.id, eli.id, gus.id)}


absences = st.dictionaries(
    st.sampled_from([person.id for person in PEOPLE]),
    st.sampled_from(PEOPLE).map(lambda deputy: Away(deputy=deputy.id, until=thread.NINE + HOUR)),
    max_size=2,
).filter(lambda away: not away.keys() & {absent.deputy for absent in away.values()})


def at_a_gate(need: Need, away: Mapping[UserId, Away], before: list[thread.Act]) -> Release:
    """Return a release that waits at a gate with nobody missing, after what people did, as far as they could."""
    town = thread.town(CROWD, away=away)
    decision = decide_start(
        start(), start_facts(gated(needs("Go", need), checks=CHECKS), CROWD, directory=town)
    )
    assume(not isinstance(decision, Refused))
    assert not isinstance(decision, Refused)
    release = fold(decision)
    for act in before:
        asked = act(release)
        made = decide(release, asked.command, asked.facts)
        release = release if isinstance(made, Refused) else fold(made, release)
    assume(0 not in release.began)
    assume(Deed.FIND_PEOPLE not in {act.deed for act in why(release).acts})
    return release


@UNHURRIED
@given(expressions, absences, said_before)
def test_no_fewer_acts_would_do_and_no_more_are_told(
    need: Need, away: Mapping[UserId, Away], before: list[thread.Act]
) -> None:
    release = at_a_gate(need, away, before)
    count = sum(act.count for act in why(release).acts)
    assume(count <= 5)
    assert fewest(release, count) == count


def done(release: Release, act: Act, by: UserId) -> Release:
    """Return the release after one of those named has done their part of an act."""
    person = thread.Person(by)
    match act.deed:
        case Deed.APPROVE:
            return play(release, person.approves(act.name))
        case Deed.WITHDRAW:
            (said, *_) = act.on
            settling = ana.settles(act.name, thread.Person(said))
            return play(release, person.withdraws(act.name) if by == said else settling)
        case Deed.REPORT:
            return play(release, person.reports(act.name))
        case _:
            assert act.deed is Deed.LIFT
            return play(release, person.lifts(because="It is a test."))


@UNHURRIED
@given(expressions, absences, said_before, st.randoms(use_true_random=False))
def test_whoever_of_those_named_acts_the_release_moves_on(
    need: Need, away: Mapping[UserId, Away], before: list[thread.Act], chance: Random
) -> None:
    release = at_a_gate(need, away, before)
    # A no is taken back first, because its giver may be one of those who approve then.
    told = sorted(why(release).acts, key=lambda act: act.deed is not Deed.WITHDRAW)
    approved = set[UserId]()
    for act in told:
        able = [by for by in act.on if act.deed is not Deed.APPROVE or by not in approved]
        assume(len(able) >= act.count)
        for by in chance.sample(able, act.count if act.deed is Deed.APPROVE else 1):
            release = done(release, act, by)
            approved |= {by} if act.deed is Deed.APPROVE else set()
    assert 0 in release.began


def test_the_fewest_acts_of_several_gates_are_those_of_each() -> None:
    gates = (asks("QA", qa=2), asks("Security", security=1), needs("Green", LINT))
    release = play(started(gated(*gates, checks=CHECKS)), ben.approves("QA"), eli.rejects("Security"))
    assert release.state is State.AWAITING_APPROVAL
    count = sum(act.count for act in why(release).acts)
    assert fewest(release, count) == count == 4


def test_a_release_that_waits_for_a_go_needs_one_act() -> None:
    release = play(started(gated(asks("QA", qa=1), begin=Begin.CAPTAIN)), ben.approves("QA"))
    assert fewest(release, 1) == sum(act.count for act in why(release).acts) == 1


def test_approvals_are_told_by_the_role_in_which_they_are_missing() -> None:
    both = Of(parts=(Seats(role="security", count=1), Seats(role="qa", count=2)))
    release = play(started(gated(needs("Go", both)), CROWD), eli.approves("Go"))
    # Eli could make room for one of security, but not for two.
    assert [(act.role, act.count, act.on) for act in why(release).acts] == [("qa", 2, (bea.id, ben.id))]


def test_of_several_ways_the_shortest_is_told() -> None:
    either = Of(parts=(Seats(role="security", count=2), Seats(role="qa", count=1)), count=1)
    release = started(gated(needs("Go", either)), CROWD)
    assert [(act.role, act.count, act.on) for act in why(release).acts] == [
        ("qa", 1, (eli.id, bea.id, ben.id))
    ]


def test_of_somebody_away_and_the_deputy_the_one_who_is_there_is_named() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id, eli.id)}
    gone = thread.among(thread.away(bea, gus, thread.NINE + HOUR), time_passes())
    release = play(started(gated(asks("QA", QUIET, qa=2)), members), gone)
    assert [(act.count, act.on) for act in why(release).acts] == [(2, (ben.id, eli.id, gus.id))]


def test_who_is_away_is_not_asked_when_their_deputy_has_answered() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id)}
    gone = thread.among(thread.away(bea, gus, thread.NINE + HOUR), gus.approves("QA"))
    release = play(started(gated(asks("QA", QUIET, qa=2)), members), gone)
    assert [(act.count, act.on) for act in why(release).acts] == [(1, (ben.id,))]


def test_who_is_away_is_asked_where_that_frees_their_deputy_for_another_seat() -> None:
    members = {**EVERYBODY, "qa": (bea.id,), "security": (dan.id,)}
    gone = thread.among(thread.away(bea, dan, thread.NINE + HOUR), dan.approves("Both"))
    release = play(started(gated(asks("Both", QUIET, qa=1, security=1)), members), gone)
    assert [(act.role, act.count, act.on) for act in why(release).acts] == [("qa", 1, (bea.id,))]


def test_who_is_away_is_not_named_who_would_only_take_their_deputys_seat() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id), "security": (cleo.id, dan.id)}
    gone = thread.among(thread.away(bea, dan, thread.NINE + HOUR), dan.approves("Both"))
    book = gated(asks("Both", QUIET, qa=2, security=1))
    release = play(started(book, members), gone, cleo.approves("Both"))
    assert [(act.role, act.count, act.on) for act in why(release).acts] == [("qa", 1, (ben.id,))]


def test_who_is_away_is_named_for_a_role_that_their_deputy_has_too() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id), "security": (bea.id, cleo.id)}
    gone = thread.among(thread.away(bea, cleo, thread.NINE + HOUR), time_passes())
    release = play(started(gated(asks("Both", QUIET, qa=1, security=1)), members), gone)
    assert [(act.role, act.on) for act in why(release).acts] == [
        ("qa", (ben.id, cleo.id)),
        ("security", (bea.id, cleo.id)),
    ]


def test_who_has_rejected_is_named_where_the_others_are_too_few() -> None:
    def approvals(count: int, *before: thread.Act) -> list[tuple[str, tuple[UserId, ...]]]:
        release = play(started(gated(asks("Both", qa=count, security=1)), CROWD), *before)
        return [(act.role, act.on) for act in why(release).acts if act.deed is Deed.APPROVE]

    security = ("security", (eli.id, gus.id))
    assert approvals(3, ben.rejects("Both"), cleo.rejects("Both")) == [
        ("qa", (bea.id, eli.id, ben.id)),
        security,
    ]
    assert approvals(2, ben.rejects("Both"), cleo.rejects("Both")) == [("qa", (bea.id, eli.id)), security]
    gone = (ben.rejects("Both"), bea.rejects("Both"), bea.leaves("qa"))
    assert approvals(3, *gone)[0] == ("qa", (eli.id, ben.id))


def test_somebody_who_leads_is_found_though_not_all_that_is_waited_for_is_theirs_alone() -> None:
    release = play(started(gated(asks("QA", qa=1))), ana.holds(), ana.leaves_the_channel())
    assert [(act.deed, act.on) for act in why(release).acts] == [
        (Deed.LIFT, (ana.id,)),
        (Deed.LEAD, (bea.id, ben.id, eli.id)),
        (Deed.APPROVE, (bea.id, ben.id, eli.id)),
    ]


def test_who_has_gone_is_followed_by_somebody_who_leads_before_what_only_they_could_do() -> None:
    release = play(started(gated(asks("QA", qa=1))), ana.holds(), ben.approves("QA"))
    deactivated = thread.among(thread.standing(ana, Standing.DEACTIVATED), time_passes())
    assert [(act.deed, act.on) for act in why(play(release, deactivated)).acts] == [
        (Deed.LIFT, (ana.id,)),
        (Deed.LEAD, (bea.id, ben.id, eli.id)),
    ]
