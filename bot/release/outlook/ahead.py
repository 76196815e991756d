"""What lies ahead of a release, of all that it waits for: the act that comes next, and the biggest risk."""

from collections.abc import Iterator
from typing import Final

from bot.release.gates.review import Because
from bot.release.outlook.why import Act, act_on
from bot.release.release import DoneStep, Release
from bot.release.waiting import Awaited, Waiting, waiting_on

RISKS: Final = (
    Awaited.HELD_UP,
    Awaited.CHOICE,
    Awaited.REJECTION,
    Awaited.QUESTION,
    Awaited.HOLD,
    Awaited.REVIEW,
    Awaited.PEOPLE,
)
"""What may go wrong, the worst first; of two of a kind, the one that has waited longer is the worse."""


def next_act(release: Release) -> Act | None:
    """Return the act that ends the first thing for which a release waits; None where it waits for nothing."""
    return next((act_on(one) for one in waiting_on(release)), None)


def biggest_risk(release: Release) -> Waiting | DoneStep | None:
    """Return what of all that a release waits for is most likely to go wrong.

    Where nothing is wrong, it is the step that was skipped last, until production is done, as nobody knows
    what it would have shown; then what has waited longest, unless that comes next anyway: then it is None.
    """
    return next(_risks(release), None)


def _risks(release: Release) -> Iterator[Waiting | DoneStep]:
    waiting = waiting_on(release)
    oldest = sorted(waiting, key=lambda one: one.since)
    yield from (one for kind in RISKS for one in oldest if one.kind is kind and not _as_usual(one))
    if not release.state.ended and any(it.production for it in release.runbook.stages[release.stage :]):
        yield from (one for one in reversed(release.done) if one.skipped)
    yield from (one for one in oldest[:1] if one != waiting[0])


def _as_usual(waiting: Waiting) -> bool:
    """Return whether it is the review that the runbook asks for after each release."""
    return waiting.kind is Awaited.REVIEW and waiting.name == Because.RUNBOOK
