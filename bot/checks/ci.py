"""The state of the very commit of a release, as GitHub or GitLab has it, whichever has its repository."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from bot.checks.source import Asked, Reading, Unreadable, listed
from bot.release.gates.checks import Outcome

Found = Mapping[str, set[Outcome]]
"""Name -> how those of that name stand."""


class Hub(Protocol):
    """Where repositories are, and what has reported on their commits."""

    here: str
    """What it is called, such as `github.com, the GitHub of GITHUB_URL`."""

    def has(self, address: str) -> bool:
        """Return whether a repository of that address can be here."""
        ...

    async def found(self, address: str, commit: str) -> Found:
        """Return all that there is of a commit now. Raises Unreadable."""
        ...


class Ci:
    """Read the commit of a release at the first of some hubs that has its repository."""

    def __init__(self, hubs: Sequence[Hub]) -> None:
        self._hubs = hubs

    async def read(self, asked: Asked) -> Reading:
        """Return whether all that is asked for has passed for the very commit of the release."""
        assert asked.read.ci is not None
        if not (commit := asked.values.get("commit")):
            raise Unreadable("the commit of this release is not known")
        return _weighed(asked.read.ci, await self._hub(asked.repository).found(asked.repository, commit))

    def _hub(self, address: str) -> Hub:
        for hub in self._hubs:
            if hub.has(address):
                return hub
        places = " nor at ".join(hub.here for hub in self._hubs)
        raise Unreadable(f"the repository {address or 'of the runbook'} is neither at {places}")


def _weighed(names: Iterable[str], found: Found) -> Reading:
    """Return what comes of it: one failure is enough, and what is not there or not done has not passed."""
    wanted = tuple(names) or tuple(found)
    if failed := [name for name in wanted if Outcome.FAILED in found.get(name, ())]:
        return Reading(outcome=Outcome.FAILED, said=listed(sorted(failed)))
    if open_ := [name for name in wanted if found.get(name, {Outcome.PENDING}) != {Outcome.PASSED}]:
        return Reading(outcome=Outcome.PENDING, said=listed(sorted(open_)))
    if not wanted:
        return Reading(outcome=Outcome.PENDING, said="nothing has reported on this commit yet")
    return Reading(outcome=Outcome.PASSED)
