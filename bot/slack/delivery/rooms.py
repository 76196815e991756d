"""Making the channel of a release match what it should be.

A channel is made once, because its name can be given once. Where none can be made, or one is lost, the
release goes on without; nor is one that is in the archive taken out of it again, which Slack lets no bot do.
"""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.ledger.database import Database
from bot.ledger.progress import rooms
from bot.ledger.progress.rooms import OVER, Room
from bot.release.ids import ChannelId, ReleaseId
from bot.release.release import Release
from bot.slack.delivery.room_calls import NAME_TAKEN, RoomCalls, RoomRefused
from bot.slack.messages.room import wanted_room

log = logging.getLogger(__name__)

NAMES: Final = 9
"""How many names are tried, where other channels have the first ones."""


class Rooms:
    """Make, fill and close the channels of releases.

    What calls Slack raises NotShown and RoomRefused.
    """

    def __init__(self, calls: RoomCalls, database: Database) -> None:
        self._calls = calls
        self._database = database

    async def known(self, release: ReleaseId) -> Room | None:
        """Return what is known of the channel of a release."""
        return await self._database.read(lambda connection: rooms.room(connection, release))

    async def enter(self, release: Release, room: Room | None) -> Room | None:
        """Make the channel that is missing, and invite whoever was not yet."""
        wanted = wanted_room(release)
        if wanted is None or (room.closed if room else release.state.ended):
            return room
        room = room or await self._make(release.id, release.channel, release.started_at, wanted.name)
        missing = sorted(wanted.people - room.invited)
        if not missing or room.channel is None:
            return room
        await self._calls.invite(room.channel, missing)
        return await self._note(release.id, replace(room, invited=room.invited | wanted.people))

    async def title(self, release: Release, room: Room) -> None:
        """Make the topic of the channel say how the release stands."""
        wanted = wanted_room(release)
        if wanted and room.open and room.topic != wanted.topic:
            await self._calls.set_topic(room.open, wanted.topic)
            await self._note(release.id, replace(room, topic=wanted.topic))

    async def leave(self, release: Release, room: Room) -> Room:
        """Put the channel into the archive when the release waits for nothing any more."""
        wanted = wanted_room(release)
        if wanted is None or room.open is None or not wanted.over:
            return room
        await self._calls.archive(room.open)
        return await self.close(release.id, OVER)

    async def close(self, release: ReleaseId, why: str) -> Room:
        """Use the channel of a release no more."""
        log.info("The channel of %s is closed: %s", release.key, why)
        room = await self.known(release)
        return await self._note(release, replace(room or Room(), closed=why))

    async def _make(self, release: ReleaseId, beside: ChannelId, since: datetime, name: str) -> Room:
        private = await self._calls.is_private(beside)
        for number in range(1, NAMES + 1):
            numbered = name if number == 1 else f"{name}-{number}"
            if channel := await self._calls.make(numbered, since, private=private):
                return await self._note(release, Room(channel=channel))
        raise RoomRefused(NAME_TAKEN)

    async def _note(self, release: ReleaseId, room: Room) -> Room:
        await self._database.write(lambda connection: rooms.note(connection, release, room))
        return room
