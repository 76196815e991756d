"""Keeping up with who is in which group."""

from typing import Protocol

from bot.coordinator import Coordinator
from bot.jobs.attend import attend_open
from bot.ledger.reader import Reader
from bot.release.ids import WorkspaceId


class Directory(Protocol):
    """Something that knows the people of a workspace as they were read last."""

    async def refresh(self) -> bool:
        """Read people and groups again; return whether anything differs that releases hang on."""
        ...


class PeopleWatch:
    """Read people again when Slack tells that something has changed, and have open releases follow.

    Many changes that come together are read once. What could not be read is read at the next tick.
    """

    def __init__(
        self, directory: Directory, coordinator: Coordinator, releases: Reader, workspace: WorkspaceId
    ) -> None:
        self._directory = directory
        self._coordinator = coordinator
        self._releases = releases
        self._workspace = workspace
        self._stale = True
        self._said = False

    def own_changed(self) -> None:
        """Note that somebody is away, is back or works at other hours, so that open releases follow."""
        self._said = True

    def changed(self) -> None:
        """Note that people or groups are others than they were."""
        self._stale = True

    async def follow(self) -> None:
        """Read people again if something has changed."""
        if self._said:
            self._said = False
            await attend_open(self._coordinator, self._releases, self._workspace)
        if not self._stale:
            return
        # Noted before reading: what changes meanwhile is read again.
        self._stale = False
        try:
            differs = await self._directory.refresh()
        except Exception:
            self._stale = True
            raise
        if differs:
            await attend_open(self._coordinator, self._releases, self._workspace)
