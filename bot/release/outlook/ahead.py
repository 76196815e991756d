"""What lies ahead of a release, of all that it waits for: the act that comes next, and the biggest risk."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from bot.release.gates.review import Because
from bot.release.outlook.why import Act, act_on
from bot.release.release import Release
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


def biggest_risk(waiting: Sequence[Waiting]) -> Waiting | None:
    """Return what of all that a release waits for is most likely to go wrong.

    Where nothing is wrong, it is what has waited longest, unless that comes next anyway: then it is None.
    """
    oldest = sorted(waiting, key=lambda one: one.since)
    wrong = (one for kind in RISKS for one in oldest if one.kind is kind and not _as_usual(one))
    longest = (one for one in oldest[:1] if one != waiting[0])
    return next(chain(wrong, longest), None)


def _as_usual(waiting: Waiting) -> bool:
    """Return whether it is the review that the runbook asks for after each release."""
    return waiting.kind is Awaited.REVIEW and waiting.name == Because.RUNBOOK
