"""How long the way back takes: for real, and in drills. The two stand side by side and are never mixed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.release.ids import ReleaseKey
from bot.release.release import Release
from bot.release.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A way back that came to its end, for real or in a drill: when, and how long it took."""

    key: ReleaseKey
    at: datetime
    took: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """The last way back of a service in a drill and for real, as far as there was one."""

    drill: Recovery | None = None
    rollback: Recovery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a drill rehearses: the way from a version to the one before it. `last` is how it went before.

    `to_commit` is the id of what was approved as the one before, or nothing.

    `production` are the environments in which the service is in production, which it leaves alone.
    """

    version: str
    to: str
    last: Recoveries
    production: tuple[str, ...] = ()
    to_commit: str = ""


def recovery(release: Release) -> Recovery | None:
    """Return how long the way back took with a release that was rolled back, or with a drill.

    A drill in which a step was skipped has rehearsed no whole way back.
    """
    match release.state:
        case State.ROLLED_BACK if release.taken_back:
            began = release.taken_back.at
        case State.COMPLETED if release.rehearsal and not any(tick.skipped for tick in release.done):
            began = release.began[0].at
        case _:
            return None
    return Recovery(key=release.key, at=release.since, took=release.since - began)
