"""The decision: a release, a command and the facts give events, or a refusal that says why.

Everything that changes a release is decided here and nowhere else. `decide` asks the command for its own
events, then works out by rule what follows from them; `apply` folds one event into the release.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.release.attention import due
from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.handoff import handed_over
from bot.release.members import members_read
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stage import follows
from bot.release.start import Start, Started, StartFacts
from bot.release.state import state_after


def decide(release: Release, command: Command, facts: Facts) -> Decision:
    """Return the events that `command` brings about in `release`, with all that follows, or a refusal."""
    if release.state.ended:
        return Refused(
            code=Code.ENDED,
            because=f"{release.key} is {release.state.value}, and what has ended stays as it is.",
        )
    read = members_read(release, facts)
    known = fold(read, release)
    decision = command.decide(known, facts)
    if isinstance(decision, Refused):
        return decision
    events = [*read, *decision]
    return (*events, *_consequences(fold(events, release), facts.now))


def decide_start(command: Start, facts: StartFacts) -> Decision:
    """Return the events that start a release, with all that follows, or a refusal."""
    decision = command.decide(facts)
    if isinstance(decision, Refused):
        return decision
    release = fold(decision)
    return (*decision, *_consequences(release, facts.now))


def apply(release: Release | None, event: Event) -> Release:
    """Return the release after `event`. Raises IllegalMove for an event that does not fit its state."""
    if release is None and isinstance(event, Started):
        release, state = event.release(), state_after(None, "Started")
    elif release is None:
        raise ValueError(f"The first event of a release is Started, not {type(event).__name__}.")
    else:
        state = state_after(release.state, type(event).__name__)
    return replace(event.change(release), state=state, at=event.at, seq=release.seq + 1)


def fold(events: Iterable[Event], release: Release | None = None) -> Release:
    """Return the release that `events` make of `release`; the same events always give the same release."""
    for event in events:
        release = apply(release, event)
    if release is None:
        raise ValueError("A release has at least one event.")
    return release


def _consequences(release: Release, now: datetime) -> Iterable[Event]:
    while event := follows(release, now) or handed_over(release, now) or due(release, now):
        yield event
        release = apply(release, event)
