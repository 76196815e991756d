"""Withdrawn changes: what was rolled back since the service was last released, and goes out again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.release.ids import ReleaseKey
from bot.release.manifest import Commit
from bot.release.release import Release

COMMITS_LIMIT: Final = 100
"""Commits of one that was rolled back by which its changes are known again, the newest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A release that was rolled back: when, why, what was mended as far as it was said, and its commits."""

    key: ReleaseKey
    version: str
    at: datetime
    reason: str
    mended: str = ""
    commits: tuple[str, ...] = ()


def withdrawn_with(release: Release) -> Withdrawn:
    """Return what was withdrawn with a release that was rolled back."""
    return Withdrawn(
        key=release.key,
        version=release.version,
        at=release.since,
        reason=release.ended_because,
        mended=release.mended,
        commits=tuple(one.id for one in release.manifest.commits[:COMMITS_LIMIT]),
    )


def going_out_again(release: Release) -> Iterable[tuple[Withdrawn, tuple[Commit, ...]]]:
    """Yield what was withdrawn before and goes out with a release again, and which of its commits those are.

    Where it is not known what was in one of the two, there are no commits. Of the same version it is said
    elsewhere that it was rolled back.
    """
    for one in release.withdrawn:
        if release.earlier and release.earlier.key == one.key:
            continue
        ids = frozenset(one.commits)
        again = tuple(commit for commit in release.manifest.commits if commit.id in ids)
        if again or not ids or not release.manifest.commit:
            yield one, again
