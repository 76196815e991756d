"""Reading releases from outside a transaction, for answers that change nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.ledger import listing, own
from bot.ledger.database import Database
from bot.ledger.ledger import Entry, Ledger, Row
from bot.ledger.listing import Place, WentOut
from bot.ledger.progress import rooms, shown
from bot.ledger.progress.shown import Shown
from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Own
from bot.release.release import Release
from bot.release.stages.recovery import Recoveries, Rehearsal


class Reader:
    """Read releases as they stand."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def find(self, release: ReleaseId) -> Release | None:
        """Return a release, or None."""
        return await self._database.read(lambda connection: self._ledger.find(connection, release))

    async def find_with_head(self, release: ReleaseId) -> tuple[Release, str] | None:
        """Return a release and the hash of its newest event, or None."""
        return await self._database.read(lambda connection: self._ledger.find_with_head(connection, release))

    async def entries(self, release: ReleaseId) -> Sequence[Entry]:
        """Return the events of a release in order, each with its place in the chain."""
        return await self._database.read(lambda connection: self._ledger.entries(connection, release))

    async def of_version(self, workspace: WorkspaceId, service: str, version: str) -> Release | None:
        """Return the newest release of a version of a service, or None."""
        return await self._database.read(lambda c: self._ledger.of_version(c, workspace, service, version))

    async def of_service(self, workspace: WorkspaceId, service: str) -> tuple[Release | None, Release | None]:
        """Return the release of a service that was completed last, and the one that is open."""
        return await self._database.read(lambda c: self._ledger.of_service(c, workspace, service))

    async def rehearsal(self, workspace: WorkspaceId, service: str) -> Rehearsal | None:
        """Return the way back that there is from what is in production; None before the second release."""
        return await self._database.read(lambda c: self._ledger.rehearsal(c, workspace, service))

    async def recoveries(self, workspace: WorkspaceId, service: str) -> Recoveries:
        """Return the last way back of a service in a drill, and for real."""
        return await self._database.read(lambda c: self._ledger.recoveries(c, workspace, service))

    async def going_out(
        self, workspace: WorkspaceId, service: str | None, after: Place | None, limit: int
    ) -> tuple[Sequence[Release], Place | None]:
        """Return some of the open releases, those started last first, and the place after which more come."""

        def read(connection: Connection) -> tuple[Sequence[Release], Place | None]:
            places = listing.going_out(connection, workspace, service, after, limit + 1)
            keys = [place.key for place in places[:limit]]
            found = (self._ledger.find(connection, ReleaseId(workspace, key)) for key in keys)
            more = places[limit - 1] if len(places) > limit else None
            return [release for release in found if release is not None], more

        return await self._database.read(read)

    async def went_out(
        self,
        workspace: WorkspaceId,
        service: str | None,
        since: datetime | None,
        after: Place | None,
        limit: int,
    ) -> Sequence[WentOut]:
        """Return some of the releases that have gone out, those that ended last first."""
        return await self._database.read(
            lambda c: listing.went_out(c, workspace, service, since, after, limit)
        )

    async def newest(self, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the release of a service that was started last, or None."""
        return await self._database.read(lambda c: self._ledger.newest(c, workspace, service))

    async def locked(self, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the release that was rolled back and keeps a service locked, or None."""
        return await self._database.read(lambda c: self._ledger.locked(c, workspace, service))

    async def last_drill(self, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the newest drill of a service that has come to its end, or None."""
        return await self._database.read(lambda c: self._ledger.last_drill(c, workspace, service))

    async def about(
        self, workspace: WorkspaceId, channel: ChannelId, thread: str | None = None
    ) -> Release | None:
        """Return the release whose own channel it is, or whose card is the root of a thread, or None."""
        id_ = await self._database.read(lambda connection: rooms.release_of(connection, workspace, channel))
        if id_ is None and thread is not None:
            id_ = await self._database.read(lambda c: shown.release_at(c, workspace, channel, thread))
        return await self.find(id_) if id_ else None

    async def open_in(
        self, workspace: WorkspaceId, channel: ChannelId | None = None, limit: int = 50
    ) -> Sequence[Row]:
        """Return the open releases of a workspace, or of one channel, the newest first."""
        return await self._database.read(
            lambda connection: self._ledger.open_in(connection, workspace, channel, limit)
        )

    async def completed_in(self, workspace: WorkspaceId, channel: ChannelId) -> Release | None:
        """Return the release of a channel that was completed last, or None; a drill is none."""
        return await self._database.read(lambda c: self._ledger.completed_in(c, workspace, channel))

    async def unsettled(self, workspace: WorkspaceId) -> Sequence[Release]:
        """Return the releases that are open, or wait for something after their end, the oldest first."""
        return await self._database.read(lambda connection: self._ledger.unsettled(connection, workspace))

    async def cards(self, workspace: WorkspaceId, keys: Sequence[ReleaseKey]) -> Mapping[ReleaseKey, Shown]:
        """Return the cards of some releases, as far as Slack shows them."""
        return await self._database.read(lambda connection: shown.cards(connection, workspace, keys))

    async def own(self, workspace: WorkspaceId) -> Mapping[UserId, Own]:
        """Return what people have said of themselves, and not taken back early."""
        return await self._database.read(lambda connection: own.said(connection, workspace))

    async def due(self, now: datetime, limit: int) -> Sequence[ReleaseId]:
        """Return the releases whose time for attention has come."""
        return await self._database.read(lambda connection: self._ledger.due(connection, now, limit))

    async def unshown(self) -> Sequence[ReleaseId]:
        """Return the releases with events that Slack may not show yet."""
        return await self._database.read(shown.unshown)
