"""What lies ahead of a release: the act that comes next, and the biggest risk, one thing each."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.release.outlook.ahead import biggest_risk, next_act
from bot.release.outlook.why import Deed
from bot.release.release import DoneStep, Release
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.gates.gate import CheckPassed, Of, Reminders, Seats
from bot.runbook.model import Check, Review, Stage
from tests.release.given import (
    Act,
    Person,
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
    later,
    needs,
    play,
    ready,
    runbook,
    started,
    steps,
    time_passes,
)

HOUR = timedelta(hours=1)
QUIET = Reminders(after=timedelta(days=90))


def behind(*acts: Act) -> Release:
    """Return a release that waits at two gates, after some acts."""
    both = (asks("QA", qa=2), asks("Security", security=1))
    return play(started(gated(*both, overrides="security", reminders=QUIET)), *acts)


def with_check(*acts: Act) -> Release:
    """Return a release that waits for a check and an approval, after some acts."""
    need = Of(parts=(CheckPassed(check="lint"), Seats(role="qa", count=1)))
    checks = (Check(name="lint", by="on-call"),)
    return play(started(gated(needs("Go", need), checks=checks, reminders=QUIET)), *acts)


def in_trouble(*acts: Act) -> Release:
    """Return a release with a step that has failed and a gate that was overridden, after some acts."""
    first = Stage(name="Only", owner="on-call", gates=(asks("QA", qa=1),), steps=steps("Deploy"))
    book = runbook(first, overrides="security", reminders=QUIET, review=Review(count=1))
    return play(started(book), cleo.overrides("QA"), dan.fails("Deploy"), *acts)


NEXT: dict[str, tuple[Release, Deed, str, tuple[Person, ...]]] = {
    "an approval": (started(), Deed.APPROVE, "QA", (bea, ben, eli)),
    "a hold": (behind(gus.holds("It is red.")), Deed.LIFT, "It is red.", (gus,)),
    "a rejection": (behind(ben.rejects("QA")), Deed.WITHDRAW, "QA", (ben, ana)),
    "a step": (in_production(), Deed.FINISH, "Deploy", (dan, dee)),
    "the lead": (
        play(in_production(), ana.leaves_the_channel()),
        Deed.LEAD,
        "left the channel",
        (dan, dee),
    ),
}


@pytest.mark.parametrize(("release", "deed", "name", "on"), NEXT.values(), ids=NEXT)
def test_the_first_thing_that_is_waited_for_is_the_next_act(
    release: Release, deed: Deed, name: str, on: tuple[Person, ...]
) -> None:
    act = next_act(release)
    assert act is not None
    assert (act.deed, act.name, act.on) == (deed, name, tuple(person.id for person in on))


def test_what_waits_for_nothing_has_no_next_act() -> None:
    assert next_act(completed()) is None
    assert biggest_risk(completed()) is None


RISKS: dict[str, tuple[Callable[[], Release], tuple[Awaited, str, int]]] = {
    "what has waited longest": (
        lambda: with_check(later(dan.reports("lint", passed=False), hours=1)),
        (Awaited.APPROVAL, "Go", 1),
    ),
    "a seat for which too few are left": (
        lambda: behind(ben.leaves("qa"), bea.leaves("qa")),
        (Awaited.PEOPLE, "QA", 1),
    ),
    "a gate that was overridden": (
        lambda: behind(ben.leaves("qa"), bea.leaves("qa"), cleo.overrides("Security")),
        (Awaited.REVIEW, "override", 2),
    ),
    "the hold that is open the longest": (
        lambda: behind(gus.holds("One."), later(gus.holds("Two."), hours=1), cleo.overrides("Security")),
        (Awaited.HOLD, "One.", 1),
    ),
    "a hold past its time": (
        lambda: behind(gus.holds("One."), gus.holds("Two.", until=HOUR), time_passes(hours=1)),
        (Awaited.QUESTION, "Two.", 2),
    ),
    "a rejection": (
        lambda: behind(
            gus.holds("One.", until=HOUR), later(ben.rejects("QA"), hours=1), cleo.overrides("Security")
        ),
        (Awaited.REJECTION, "QA", 1),
    ),
    "a step that has failed": (lambda: in_trouble(gus.holds("One.")), (Awaited.CHOICE, "Deploy", 1)),
}
"""Each of them is worse than those before it."""


@pytest.mark.parametrize(("release", "risk"), RISKS.values(), ids=RISKS)
def test_the_biggest_risk_is(release: Callable[[], Release], risk: tuple[Awaited, str, int]) -> None:
    one = biggest_risk(release())
    assert isinstance(one, Waiting)
    assert (one.kind, one.name, one.count) == risk


def test_a_step_that_was_skipped_is_a_risk_until_production_is_done() -> None:
    begun = play(ready(), ana.begins(), ben.fails("Tag the commit"))
    on = play(begun, ben.skips("Tag the commit"))
    risk = biggest_risk(on)
    assert isinstance(risk, DoneStep)
    assert (risk.step, risk.skipped) == ("Tag the commit", "It is done by hand.")
    # A hold says more of what may go wrong, and what is tried again nobody has left out.
    assert isinstance(biggest_risk(play(on, gus.holds("It is red."))), Waiting)
    tried = play(begun, ben.retries("Tag the commit"), ben.finishes("Tag the commit"))
    assert not isinstance(biggest_risk(tried), DoneStep)
    # What goes back takes it with it.
    out = play(on, dan.approves("Go"), ben.approves("Go"))
    assert biggest_risk(out) == risk
    assert not isinstance(biggest_risk(play(out, ana.rolls_back())), DoneStep)
    done = play(out, dan.finishes("Deploy"), dan.finishes("Watch the errors"))
    assert not isinstance(biggest_risk(done), DoneStep)


def test_that_something_comes_next_is_no_risk() -> None:
    assert biggest_risk(behind()) is None
    assert biggest_risk(with_check()) is None


def test_the_review_that_follows_each_release_is_no_risk() -> None:
    book = gated(review=Review(always=True), reminders=QUIET)
    reviewed = play(started(book), ben.finishes("Deploy"))
    assert [one.kind for one in waiting_on(reviewed)] == [Awaited.REVIEW]
    assert biggest_risk(reviewed) is None
