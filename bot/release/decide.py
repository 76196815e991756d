"""The decision: a release, a command and the facts give events, or a refusal that says why.

Everything that changes a release comes through here. `decide` first takes in what the people and the time
have made different, asks the command for its own events, then works out by rule what follows from them;
`apply` folds one event into the release.
"""

from collections.abc import Iterable

from bot.release.attention import due, taken_in
from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, News
from bot.release.gates.review import opens_review
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.stages.drill import StartDrill
from bot.release.stages.going_back import called_off
from bot.release.stages.stage import follows
from bot.release.stages.start import Start, Started, StartFacts
from bot.release.state import state_after
from bot.release.telling.summary import handed_over, untold_since


def decide(release: Release, command: Command, facts: Facts) -> Decision:
    """Return the events that `command` brings about in `release`, with all that follows, or a refusal."""
    if release.state.ended and not command.after_end:
        return Refused(
            code=Code.ENDED,
            because=f"{release.key} is {release.state.words}, and what has ended stays as it is.",
        )
    if command.bound not in ("", release.bound):
        return Refused(
            code=Code.STALE,
            because=f"What {release.key} is to release has changed since this was shown to you.",
            instead="Look at its newest messages, and answer to what goes out now.",
        )
    noted = taken_in(release, command, facts)
    known = fold(noted, release)
    decision = command.decide(known, facts)
    if isinstance(decision, Refused):
        return decision
    events = [*noted, *decision]
    return (*events, *_consequences(fold(decision, known), facts))


def decide_start(command: Start | StartDrill, facts: StartFacts) -> Decision:
    """Return the events that start a release or a drill, with all that follows, or a refusal."""
    decision = command.decide(facts)
    if isinstance(decision, Refused):
        return decision
    release = fold(decision)
    return (*decision, *_consequences(release, Facts(now=facts.now, directory=facts.directory)))


def apply(release: Release | None, event: Event) -> Release:
    """Return the release after `event`. Raises IllegalMove for an event that does not fit its state."""
    if release is None and isinstance(event, Started):
        release, state = event.release(), state_after(None, "Started")
    elif release is None:
        raise ValueError(f"The first event of a release is Started, not {type(event).__name__}.")
    else:
        state = state_after(release.state, type(event).__name__)
    changed = event.change(release)
    news = changed.news
    if told := event.told():
        one = News(at=event.at, by=event.by, what=told.what, name=told.name, reason=told.reason)
        news = (*news, one)
    after = replace(changed, state=state, at=event.at, seq=release.seq + 1, news=news)
    return replace(after, untold=untold_since(after, event))


def fold(events: Iterable[Event], release: Release | None = None) -> Release:
    """Return the release that `events` make of `release`; the same events always give the same release."""
    for event in events:
        release = apply(release, event)
    if release is None:
        raise ValueError("A release has at least one event.")
    return release


def _consequences(release: Release, facts: Facts) -> Iterable[Event]:
    now = facts.now
    while event := (
        called_off(release, now)
        or follows(release, facts)
        or opens_review(release, now)
        or handed_over(release, now)
        or due(release, facts)
    ):
        yield event
        release = apply(release, event)
