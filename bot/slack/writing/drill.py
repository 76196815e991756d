"""A drill in words: what is rehearsed, and how long the way back takes, in drills and for real."""

from collections.abc import Iterable
from datetime import timedelta

from bot.release.release import Release
from bot.release.stages.recovery import Recoveries, Recovery, recovery
from bot.slack.writing.text import escape, moment


def rehearsed(release: Release) -> Iterable[str]:
    """Return the line of a drill's card that says which way back is rehearsed, and where."""
    if one := release.rehearsal:
        way = f"from {escape(one.version)} to {escape(one.to)}"
        verb = "was" if release.state.ended else "is"
        yield f"The way back {way} {verb} rehearsed in the environment {escape(release.stage_at(0).where)}"


def times(release: Release) -> Iterable[str]:
    """Return how long a drill took, beside the drill before it and the last way back for real."""
    one, this = release.rehearsal, recovery(release)
    if one and this:
        yield f"The way back took *{span(this.took)}* in this drill."
        yield f"Before it, in a drill: {_took(one.last.drill)}"
        yield _for_real(one.last)


def last_times(last: Recoveries) -> Iterable[str]:
    """Return how long the way back took last, in a drill and for real, each by itself."""
    yield f"Last in a drill: {_took(last.drill)}"
    yield _for_real(last)


def span(time: timedelta) -> str:
    """Return a duration as a person says it, such as `45 s`, `2 min 5 s`, `12 min` or `2 h 5 min`."""
    if time < timedelta(minutes=10):
        minutes, seconds = divmod(round(time / timedelta(seconds=1)), 60)
        parts = [(minutes, "min"), (seconds, "s")]
    else:
        hours, minutes = divmod(round(time / timedelta(minutes=1)), 60)
        parts = [(hours, "h"), (minutes, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _for_real(last: Recoveries) -> str:
    return f"Last for real: {_took(last.rollback)}"


def _took(one: Recovery | None) -> str:
    return f"{span(one.took)} ({one.key}, {moment(one.at)})" if one else "never so far"
